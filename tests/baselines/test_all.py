"""What every registered method has to keep, on a network small enough to run them all."""

from __future__ import annotations

import threading
from dataclasses import asdict, fields, replace
from typing import Any

import numpy as np
import pytest
import torch

import pairx
from pairx import methods
from pairx.baselines import METHODS
from pairx.models import EmbeddingModel
from pairx.types import Explanation, InputError, Step
from tests.conftest import make_pair

FEW = {"samples": 40, "segments": 12, "players": 2}
NAMES = list(METHODS)


def few(name: str) -> dict[str, Any]:
    """The options that make a method fast on the tiny network."""
    known = [field.name for field in fields(METHODS[name].options)]
    return {option: value for option, value in FEW.items() if option in known}


def explained(model: EmbeddingModel, name: str, seed0: int = 0, seed1: int = 1) -> Explanation:
    return pairx.explain(model, make_pair(seed0, seed1), name, **few(name))


@pytest.mark.parametrize("name", NAMES)
def test_a_method_gives_finite_maps_and_changes_nothing(name: str, tiny: EmbeddingModel) -> None:
    before = {key: value.clone() for key, value in tiny.module.state_dict().items()}
    one = explained(tiny, name)
    assert one.method == name
    assert one.seconds > 0
    assert one.similarity == pytest.approx(pairx.explain(tiny, make_pair(), k_colors=0).similarity, abs=1e-6)
    assert (one.map0 is None) == (one.map1 is None)
    assert one.map0 is not None or one.matches is not None
    for found in (one.map0, one.map1, one.tensor):
        if found is not None:
            assert found.dtype == np.float32
            assert found.ndim == (4 if found is one.tensor else 2)
            assert np.isfinite(found).all()
    assert (one.tensor is not None) == METHODS[name].card.second_order
    if one.tensor is not None:
        assert one.tensor.shape == (*one.map0.shape, *one.map1.shape)
    assert all(np.isfinite(value) for value in one.metrics.values())
    for key, value in tiny.module.state_dict().items():
        assert torch.equal(value, before[key])
    assert all(parameter.grad is None for parameter in tiny.module.parameters())
    assert not any(module._forward_hooks for module in tiny.module.modules())


@pytest.mark.parametrize("name", NAMES)
def test_the_same_again_in_any_thread_and_after_saving(name: str, tiny: EmbeddingModel, tmp_path: Any) -> None:
    first, found = explained(tiny, name), []
    threads = [threading.Thread(target=lambda: found.append(explained(tiny, name))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(threads)
    first.save(tmp_path / "one.npz")
    for again in (*found, Explanation.load(tmp_path / "one.npz")):
        for part in ("map0", "map1", "tensor"):
            ours, theirs = getattr(first, part), getattr(again, part)
            assert (ours is None) == (theirs is None)
            if ours is not None:
                np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-6 * np.abs(ours).max())
        assert again.settings == first.settings


@pytest.mark.parametrize("name", [name for name in NAMES if METHODS[name].card.symmetric])
def test_exchanging_the_photographs_exchanges_the_maps(name: str, tiny: EmbeddingModel) -> None:
    one = explained(tiny, name)
    other = pairx.explain(tiny, make_pair().swapped(), name, **few(name))
    if one.map0 is not None:
        scale = np.abs(one.map0).max() + np.abs(one.map1).max()
        np.testing.assert_allclose(other.map0, one.map1, rtol=1e-3, atol=1e-5 * scale)
        np.testing.assert_allclose(other.map1, one.map0, rtol=1e-3, atol=1e-5 * scale)


@pytest.mark.parametrize("name", NAMES)
def test_a_map_depends_on_the_partner_as_its_card_says(name: str, tiny: EmbeddingModel) -> None:
    card = METHODS[name].card
    one, other = explained(tiny, name), explained(tiny, name, seed1=5)
    if one.map0 is None:
        pytest.skip("gives matches, and no maps")
    same = np.array_equal(one.map0, other.map0)
    assert same != card.knows_partner
    assert card.knows_partner or "not look at the partner" in card.summary


@pytest.mark.parametrize("name", NAMES)
def test_two_identical_photographs(name: str, tiny: EmbeddingModel) -> None:
    pair = make_pair()
    pair = replace(pair, image1=pair.image0, view1=pair.view0)
    one = pairx.explain(tiny, pair, name, **few(name))
    assert one.similarity == pytest.approx(1, abs=1e-6)
    for found in (one.map0, one.map1):
        assert found is None or np.isfinite(found).all()
    if METHODS[name].card.symmetric and one.map0 is not None:
        np.testing.assert_allclose(one.map1, one.map0, rtol=1e-3, atol=1e-5 * np.abs(one.map0).max() + 1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_card_says_it_all(name: str) -> None:
    card = METHODS[name].card
    assert all(getattr(card, field) for field in ("title", "family", "summary", "paper", "equation", "license", "cost"))
    assert card.needs
    assert card.summary[-1] == "." and card.caveat[-1:] in (".", "")
    assert methods.CARDS[name] is card and asdict(card)["name"] == name


def test_comparing_shares_what_was_seen_and_says_who_cannot(tiny: EmbeddingModel) -> None:
    names = ["grad-cam", "pair-x", "ksam", "sam"]
    found = pairx.compare(tiny, make_pair(), names, samples=4)
    assert [one.method for one in found] == names
    np.testing.assert_array_equal(found[0].map0, explained(tiny, "grad-cam").map0)
    assert len(found[1].matches)
    assert isinstance(found[2], pairx.Refusal)
    assert "Give more samples" in found[2].reason
    with pytest.raises(InputError, match="None of these methods has an option 'sample'"):
        pairx.compare(tiny, make_pair(), names, sample=4)
    with pytest.raises(InputError, match="no method 'grad-kam'"):
        pairx.compare(tiny, make_pair(), ["grad-kam"])


def test_comparing_goes_on_where_a_method_refuses_the_value_of_an_option(tiny: EmbeddingModel) -> None:
    names = ["ig-sam", "grad-cam", "integrated-jacobians"]
    found = pairx.compare(tiny, make_pair(), names, samples=10)
    assert [(one.method, type(one)) for one in found] == [
        ("ig-sam", Explanation),
        ("grad-cam", Explanation),
        ("integrated-jacobians", pairx.Refusal),
    ]
    assert found[2].reason == "samples is 20 or more, not 10."
    assert found[0].settings["samples"] == 10


def test_comparing_takes_the_samples_given_at_most(tiny: EmbeddingModel) -> None:
    for most, taken in (
        (30, {"ig-sam": 30, "integrated-gradients": 30}),
        (80, {"ig-sam": 80, "integrated-gradients": 50}),
    ):
        found = pairx.compare(tiny, make_pair(), list(taken), samples=most)
        assert {one.method: one.settings["samples"] for one in found} == taken


def test_comparing_tells_how_far_it_is_and_stops_when_asked(tiny: EmbeddingModel) -> None:
    steps = methods.compare_steps(tiny, make_pair(), ["grad-cam", "ksam"])
    told = [next(steps) for _ in range(5)]
    steps.close()
    assert [step.done / step.total for step in told] == sorted(step.done / step.total for step in told)
    assert "Grad-CAM" in told[0].what and "KSAM" in told[-1].what


def test_comparing_gives_each_result_before_the_next_method_runs(tiny: EmbeddingModel) -> None:
    items = methods.compare_each(tiny, make_pair(), ["grad-cam", "ksam", "sam"])
    first = next(item for item in items if not isinstance(item, Step))
    assert first.method == "grad-cam" and "KSAM" in next(items).what


def test_a_method_refuses_options_that_it_does_not_have(tiny: EmbeddingModel) -> None:
    with pytest.raises(InputError, match=r"grad-cam has no option 'samples'\. It takes none"):
        pairx.explain(tiny, make_pair(), "grad-cam", samples=3)
