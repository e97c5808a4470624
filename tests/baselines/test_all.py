"""What every registered method has to keep, on a network small enough to run them all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

import pairx
from pairx import methods
from pairx.models import EmbeddingModel
from pairx.testing import METHOD_CHECKS, TinyNet, few, make_pair
from pairx.types import Explanation, InputError, Step

NAMES = [card.name for card in pairx.list_methods()]


@pytest.mark.parametrize("check", METHOD_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_every_method_keeps_what_methods_have_to(name: str, check: Callable[..., None], tiny: EmbeddingModel) -> None:
    check(name, tiny)


class Normalised(TinyNet):
    """Ends as most metric learning does."""

    def __init__(self, way: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.way = way

    def forward(self, x: Tensor) -> Tensor:
        return self.way(super().forward(x))


WAYS = {
    "normalize": F.normalize,
    "division": lambda e: e / e.norm(dim=1, keepdim=True).clamp(min=1e-9),
    "linalg": lambda e: e / torch.linalg.vector_norm(e, dim=-1, keepdim=True),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", [card.name for card in pairx.list_methods() if card.family != "classical"])
def test_a_network_that_normalises_its_embedding_gives_the_maps_of_the_one_that_does_not(
    name: str, way: str, tiny: EmbeddingModel
) -> None:
    normalised = Normalised(WAYS[way])
    normalised.load_state_dict(tiny.module.state_dict())
    other = EmbeddingModel(tiny.card, normalised, tiny.preprocessing)
    found, expected = (pairx.explain(model, make_pair(), name, **few(name)) for model in (other, tiny))
    np.testing.assert_allclose(found.map0, expected.map0, rtol=1e-3, atol=3e-4 * np.abs(expected.map0).max())


def test_comparing_shares_what_was_seen_and_says_who_cannot(tiny: EmbeddingModel) -> None:
    names = ["grad-cam", "pair-x", "ksam", "sam"]
    found = pairx.compare(tiny, make_pair(), names, samples=4)
    assert [one.method for one in found] == names
    np.testing.assert_array_equal(found[0].map0, pairx.explain(tiny, make_pair(), "grad-cam").map0)
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
