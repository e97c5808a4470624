"""What every method has to keep: tests to run on one's own, such as those that ours pass.

@pytest.mark.parametrize("check", pairx.testing.METHOD_CHECKS)
def test_mine(check): check("dense-cosine")
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pairx.methods import card_of, explain, explain_steps, option_names
from pairx.models import EmbeddingModel, ModelCard, Preprocessing
from pairx.types import Explanation, ImagePair, Matches, View

FEW = {"samples": 40, "segments": 12, "players": 2}
"""Options, by name, that make a method quick on `tiny_model`."""
RELATIVE, ABSOLUTE = 1e-3, 1e-5
"""How far maps that ought to be the same may differ: of a value, and of the map's largest."""


class TinyNet(nn.Module):
    """Two convolutions, a residual sum, mean pooling, a linear layer: small enough to rewrite by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.stage = nn.Sequential(self.first, nn.ReLU())
        self.head = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Images (N, 3, H, W) to embeddings (N, 5)."""
        x = self.stage(x)
        x = x + torch.relu(self.second(x))
        return self.head(x.mean((2, 3)))


def tiny_model() -> EmbeddingModel:
    """`TinyNet` with seeded weights, an input of 12 px and a grid of 6 x 6 at its layer "stage"."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = TinyNet()
    card = ModelCard("tiny", "tiny", "", "tiny", "MIT", "", layer="stage")
    return EmbeddingModel(card, network, Preprocessing((12, 12), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)))


def smooth_noise(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    """(height, width, 3) uint8: soft blobs, as different from one another as photographs are."""
    coarse = np.random.default_rng(seed).uniform(0, 1, (1, 3, 6, 8))
    fine = nn.functional.interpolate(torch.from_numpy(coarse), (height, width), mode="bicubic")[0].clamp(0, 1)
    return (fine.permute(1, 2, 0).numpy() * 255).astype(np.uint8)


def make_pair(seed0: int = 0, seed1: int = 1) -> ImagePair:
    """Two different images of different shapes."""
    image0, image1 = smooth_noise(seed0), smooth_noise(seed1, 60, 40)
    return ImagePair(image0, image1, "first", "second", View.whole(64, 48), View.whole(40, 60))


def check_method(name: str, model: EmbeddingModel | None = None) -> None:
    """Raise AssertionError where a registered method does not keep what every method has to.

    model: by default `tiny_model()`; a small one, as the method runs a dozen times. See METHOD_CHECKS.
    """
    for check in METHOD_CHECKS:
        check(name, model)


def card_says_it_all(name: str, model: EmbeddingModel | None = None) -> None:
    """The card names title, family, summary, paper, equation, license, cost and what the method looks at."""
    card = card_of(name)
    assert card.name == name
    for fact in ("title", "family", "summary", "paper", "equation", "license", "cost", "needs"):
        assert getattr(card, fact), f"{name}'s card names no {fact}"
    assert card.summary.endswith("."), f"{name}'s summary is no sentence"
    assert not card.caveat or card.caveat.endswith("."), f"{name}'s caveat is no sentence"


def finds_finite_numbers(name: str, model: EmbeddingModel | None = None) -> None:
    """Maps of both photographs or of none, float32 of the right shapes and finite; a tensor where the card says so."""
    model = model or _tiny()
    one, card = _explained(model, name), card_of(name)
    assert (one.method, one.seconds > 0) == (name, True)
    cosine = model.embed(make_pair().images)
    assert abs(one.similarity - float(_unit(cosine[0]) @ _unit(cosine[1]))) < 1e-5, f"{name}: not the cosine"
    assert (one.map0 is None) == (one.map1 is None), f"{name}: a map of one photograph only"
    assert one.map0 is not None or one.matches is not None, f"{name}: neither maps nor matches"
    for found, sides in ((one.map0, 2), (one.map1, 2), (one.tensor, 4)):
        if found is not None:
            assert found.dtype == np.float32 and found.ndim == sides and np.isfinite(found).all(), name
    assert (one.tensor is not None) == card.second_order, f"{name}: second_order is not as the card says"
    if one.tensor is not None and one.map0 is not None and one.map1 is not None:
        assert one.tensor.shape == (*one.map0.shape, *one.map1.shape), name
    assert all(np.isfinite(value) for value in one.metrics.values()), f"{name}: a metric is not finite"


def leaves_the_model_alone(name: str, model: EmbeddingModel | None = None) -> None:
    """Weights, gradients, hooks and mode of the model are as they were."""
    model = model or _tiny()
    before = {key: value.clone() for key, value in model.module.state_dict().items()}
    training = [part.training for part in model.module.modules()]
    _explained(model, name)
    for key, value in model.module.state_dict().items():
        assert torch.equal(value, before[key]), f"{name} changes {key}"
    assert all(parameter.grad is None for parameter in model.module.parameters()), f"{name} leaves gradients"
    assert not any(part._forward_hooks for part in model.module.modules()), f"{name} leaves hooks"
    assert training == [part.training for part in model.module.modules()], f"{name} changes the mode"


def gives_the_same_again(name: str, model: EmbeddingModel | None = None) -> None:
    """The same in two threads at once, and from the file that it is saved to."""
    model = model or _tiny()
    first, found = _explained(model, name), []
    threads = [threading.Thread(target=lambda: found.append(_explained(model, name))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(threads), f"{name} fails in a thread"
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
        first.save(Path(folder) / "one.npz")
        found.append(Explanation.load(Path(folder) / "one.npz"))
    for again in found:
        for part in ("map0", "map1", "tensor"):
            _assert_close(getattr(again, part), getattr(first, part), f"{name}: another {part} for the same input")
        assert again.settings == first.settings, name


def exchanges_with_the_photographs(name: str, model: EmbeddingModel | None = None) -> None:
    """Where the card says symmetric, exchanging the photographs exchanges the maps, the tensor's sides and the matches'
    places.
    """
    model = model or _tiny()
    if card_of(name).symmetric:
        one, other = _explained(model, name), _explained(model, name, make_pair().swapped())
        said = f"{name} is not symmetric"
        _assert_close(other.map0, one.map1, said)
        _assert_close(other.map1, one.map0, said)
        _assert_close(other.tensor, None if one.tensor is None else one.tensor.transpose(2, 3, 0, 1), said)
        if one.matches is not None:
            assert _places(one.matches) == _places(other.matches, swapped=True), said


def _places(matches: Matches | None, swapped: bool = False) -> set[tuple[float, ...]]:
    """Where each match lies in the first and the second photograph (x, y, x, y), or the other way about."""
    if matches is None:
        return set()
    sides = [np.round(side, 3).tolist() for side in (matches.keypoints0, matches.keypoints1)]
    return {(*a, *b) for a, b in zip(*(sides[::-1] if swapped else sides), strict=True)}


def knows_the_partner_as_its_card_says(name: str, model: EmbeddingModel | None = None) -> None:
    """A photograph's map changes with its partner where the card's `needs` say so, and otherwise does not."""
    model, card = model or _tiny(), card_of(name)
    one, other = _explained(model, name), _explained(model, name, make_pair(0, 5))
    if one.map0 is not None:
        assert other.map0 is not None and np.array_equal(one.map0, other.map0) != card.knows_partner, (
            f"{name}: `needs` is not as it is"
        )
        assert card.knows_partner or "not look at the partner" in card.summary, f"{name}'s summary does not say it"


def takes_one_photograph_twice(name: str, model: EmbeddingModel | None = None) -> None:
    """Two identical photographs: a similarity of 1, finite maps, and the same ones where the card says symmetric."""
    model, pair = model or _tiny(), make_pair()
    one = _explained(model, name, replace(pair, image1=pair.image0, view1=pair.view0))
    assert abs(one.similarity - 1) < 1e-5, name
    assert all(found is None or np.isfinite(found).all() for found in (one.map0, one.map1)), name
    if card_of(name).symmetric:
        _assert_close(one.map1, one.map0, f"{name}: two maps of one photograph")


def stops_when_asked(name: str, model: EmbeddingModel | None = None) -> None:
    """It says what it does before its first result, and ends when nobody goes on asking."""
    steps = explain_steps(model or _tiny(), make_pair(), name, **few(name))
    for _ in range(2):
        step = next(steps)
        assert step.what and 0 <= step.done <= max(1, step.total), f"{name}: {step}"
    steps.close()


METHOD_CHECKS: tuple[Callable[..., None], ...] = (
    card_says_it_all,
    finds_finite_numbers,
    leaves_the_model_alone,
    gives_the_same_again,
    exchanges_with_the_photographs,
    knows_the_partner_as_its_card_says,
    takes_one_photograph_twice,
    stops_when_asked,
)
"""Functions of a method's name and, if given, a model; each raises AssertionError where the method does not keep it."""


def few(name: str) -> dict[str, Any]:
    """The options of FEW that a method has."""
    return {option: value for option, value in FEW.items() if option in option_names(name)}


_tiny = cache(tiny_model)


def _explained(model: EmbeddingModel, name: str, pair: ImagePair | None = None) -> Explanation:
    return explain(model, pair or make_pair(), name, **few(name))


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def _assert_close(found: np.ndarray | None, expected: np.ndarray | None, said: str) -> None:
    assert (found is None) == (expected is None), said
    if found is not None and expected is not None:
        scale = np.abs(expected).max() + np.abs(found).max()
        np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=ABSOLUTE * scale + 1e-9, err_msg=said)
