"""Criteria of truth to the model: known answers, and the agreement with `faithfulness`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import pairx
from pairx.baselines import PairAtLayer
from pairx.judging import fidelity
from pairx.judging.untrained import untrained_copy
from pairx.testing import smooth_noise
from pairx.types import Explanation
from tests.judge.made_up import GRID, MODEL, PAIR, UNTRAINED, case


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(GRID).astype(np.float32)


def test_faithfulness_is_the_number_that_the_library_gives() -> None:
    explanation = pairx.explain(MODEL, PAIR, "layercam")
    assert explanation.map0 is not None and explanation.map1 is not None
    explanation = replace(explanation, map0=explanation.map0 + 1e-6 * noise(1), map1=explanation.map1 + 1e-6 * noise(2))
    known = pairx.faithfulness(MODEL, PAIR, explanation).drop
    found = fidelity.drop(case(method="layercam", map0=explanation.map0, map1=explanation.map1))
    assert known is not None and found == pytest.approx(np.mean(known), abs=1e-6)


def test_scaling_a_map_changes_nothing() -> None:
    one, other = noise(1), noise(2)
    first = case(map0=one, map1=other).curves
    again = case(map0=3 * one, map1=0.5 * other).curves
    assert first is not None and again is not None
    np.testing.assert_allclose(first, again, atol=1e-6)


def test_curves_are_cosines_and_equal_maps_have_equal_ones() -> None:
    even = np.ones(GRID, np.float32)
    one, other = case(map0=even, map1=even), case(map0=0 * even, map1=0 * even)
    assert fidelity.deletion(one) == fidelity.deletion(other)
    assert -1 <= fidelity.insertion(one) <= 1


def test_exchanging_the_photographs_changes_nothing() -> None:
    one = case(map0=noise(1), map1=noise(2))
    other = case(pair=PAIR.swapped(), map0=noise(2), map1=noise(1))
    for measure in (fidelity.deletion, fidelity.insertion, fidelity.drop):
        assert measure(one) == pytest.approx(measure(other), abs=1e-6)


def test_a_map_that_stays_is_told_from_one_that_turns() -> None:
    one = noise(1)
    stays = case(map0=one, map1=one)
    turns = case(map0=one, map1=one, explain=lambda *_: replace(stays.explanation, map0=-5 * one))
    for measure in (fidelity.partner, fidelity.weights):
        assert measure(stays) == pytest.approx(1)
        assert measure(turns) == pytest.approx(-1)


def test_another_partner_and_other_weights_are_asked_for() -> None:
    asked = []

    def explain(at: PairAtLayer) -> Explanation:
        asked.append((at.model, at.pair))
        return case(map0=noise(1), map1=noise(2)).explanation

    found = case(map0=noise(1), map1=noise(2), explain=explain)
    fidelity.partner(found)
    fidelity.weights(found)
    assert asked == [(MODEL, found.others.beside), (UNTRAINED.whole, PAIR)]
    fidelity.cascade(found)
    assert asked[2:] == [(model, PAIR) for model in UNTRAINED.cascade[:-1]]  # what is known is not asked for again


def test_a_sum_that_is_promised_is_kept_and_half_of_it_misses_half() -> None:
    explanation = pairx.explain(MODEL, PAIR, "lrp")
    assert explanation.map0 is not None and explanation.map1 is not None
    total = explanation.similarity / explanation.map0.size
    whole = np.full_like(explanation.map0, total)
    assert fidelity.completeness(case(method="lrp", map0=whole, map1=whole)) == pytest.approx(0, abs=1e-5)
    half = fidelity.completeness(case(method="lrp", map0=whole / 2, map1=whole / 2))
    assert half == pytest.approx(abs(explanation.similarity) / 2, abs=1e-5)
    assert fidelity.completeness(case(map0=whole, map1=whole)) is None


def test_constant_maps_have_no_ranks_and_no_maps_no_numbers() -> None:
    even = np.ones(GRID, np.float32)
    assert fidelity.partner(case(map0=even, map1=even)) is None
    for measure in (fidelity.deletion, fidelity.insertion, fidelity.drop, fidelity.partner, fidelity.weights):
        assert measure(case()) is None


def test_an_untrained_copy_has_the_same_numbers_elsewhere_and_leaves_the_model_alone() -> None:
    before = {name: value.clone() for name, value in MODEL.module.state_dict().items()}
    other = untrained_copy(MODEL, [smooth_noise(i) for i in range(3)], seed=0)
    assert other.key != MODEL.key
    for (name, value), after in zip(before.items(), other.module.state_dict().values(), strict=True):
        assert np.array_equal(value.numpy(), MODEL.module.state_dict()[name].numpy())
        np.testing.assert_array_equal(np.sort(value.numpy().ravel()), np.sort(after.numpy().ravel()))
    again = untrained_copy(MODEL, [smooth_noise(i) for i in range(3)], seed=0)
    assert again.key == other.key != untrained_copy(MODEL, [smooth_noise(1)] * 2, seed=1).key
