"""What every registered method has to keep, on a network small enough to run them all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import pairx
from pairx import methods
from pairx.models import EmbeddingModel
from pairx.testing import METHOD_CHECKS, make_pair
from pairx.types import Explanation, InputError, Step

NAMES = [card.name for card in pairx.list_methods()]


@pytest.mark.parametrize("check", METHOD_CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_every_method_keeps_what_methods_have_to(name: str, check: Callable[..., None], tiny: EmbeddingModel) -> None:
    check(name, tiny)


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
