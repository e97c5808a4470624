"""Criteria of changes, that a map should follow or should not care about: known answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest

import pairx
from pairx.baselines import PairAtLayer
from pairx.judging import disturbing, fidelity, places
from pairx.judging.case import Case
from pairx.judging.untrained import CASCADE, untrained_copy
from pairx.testing import smooth_noise
from pairx.types import Explanation
from tests.judge.made_up import GRID, MODEL, PAIR, TRUTH, UNTRAINED, case, masks, matches, tensor

FINE = (24, 32)
"""A grid of square cells on the first photograph."""
IMAGE = PAIR.image0


def noise(seed: int = 1, size: tuple[int, int] = GRID) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(size).astype(np.float32)


def answering(find: Callable[[PairAtLayer], np.ndarray]) -> Case:
    """A case of a method whose first map is found from the pair."""

    def explain(at: PairAtLayer) -> Explanation:
        return replace(own.explanation, map0=find(at))

    own = case(map0=noise(), map1=noise(2), explain=explain)
    return replace(own, explanation=explain(own.at))


# ---- noise, compression, a shift

STEADY = fidelity.noise, fidelity.compression


@pytest.mark.parametrize("measure", STEADY)
def test_a_map_that_stays_is_told_from_one_that_turns(measure: Callable[[Case], float | None]) -> None:
    assert measure(answering(lambda _at: noise())) == pytest.approx(1)
    assert measure(answering(lambda at: noise() if at.pair is PAIR else -noise())) == pytest.approx(-1)
    assert measure(case()) is None
    assert measure(case(map0=np.ones(GRID), map1=noise())) is None


def test_only_the_first_photograph_is_changed() -> None:
    others = case().others
    for at in (others.noisy, others.compressed, others.shifted):
        assert not np.array_equal(at.pair.image0, IMAGE)
        assert at.pair.image1 is PAIR.image1


def test_noise_is_as_loud_as_it_is_said_to_be() -> None:
    grey = np.full((*MODEL.size, 3), 128, np.uint8)
    other = disturbing.noisy(MODEL, grey).astype(float)
    assert np.std(other) == pytest.approx(disturbing.NOISE, rel=0.1)
    assert np.array_equal(other, disturbing.noisy(MODEL, grey))


def test_a_photograph_is_compressed_at_the_models_size() -> None:
    assert disturbing.compressed(MODEL, IMAGE).shape == (12, 16, 3)  # 64 x 48, and the model's input is 12 x 12
    small = IMAGE[:8, :8]
    assert disturbing.compressed(MODEL, small).shape == small.shape


def test_a_map_that_moves_with_the_photograph_is_right_and_one_that_stays_is_not() -> None:
    def seen(at: PairAtLayer) -> np.ndarray:
        return cv2.cvtColor(at.sides[0].photo, cv2.COLOR_RGB2GRAY).astype(np.float32)

    still = noise(3, MODEL.size)
    moves, stays = fidelity.shift(answering(seen)), fidelity.shift(answering(lambda _at: still))
    assert moves is not None and stays is not None
    assert moves > 0.99 and abs(stays) < 0.3
    assert disturbing.shift(MODEL, IMAGE) == (16, 12)  # 3 of 12 px, of 64 x 48
    assert fidelity.shift(case()) is None


# ---- weights that go


def test_the_last_weights_go_first_and_all_of_them_in_the_end() -> None:
    photographs = [smooth_noise(i) for i in range(3)]
    own = [one for one in MODEL.module.parameters() if one.ndim > 1]
    changed = []
    for share in CASCADE:
        other = untrained_copy(MODEL, photographs, 0, share)
        theirs = [one for one in other.module.parameters() if one.ndim > 1]
        changed.append([not np.array_equal(a.detach(), b.detach()) for a, b in zip(own, theirs, strict=True)])
    for share, which in zip(CASCADE, changed, strict=True):
        gone = round(share * len(own))
        assert which == [False] * (len(own) - gone) + [True] * gone


def test_the_cascade_is_the_mean_over_its_steps() -> None:
    found = answering(lambda at: -noise() if at.model is UNTRAINED.whole else noise())
    assert fidelity.cascade(found) == pytest.approx((1 + 1 - 1) / 3)
    assert fidelity.weights(found) == pytest.approx(-1)
    assert fidelity.cascade(case()) is None


# ---- a turn


def test_a_spot_turns_to_where_it_is_said_to() -> None:
    spot = np.array([[40.0, 12.0]])
    image = np.zeros(IMAGE.shape, np.uint8)
    image[10:14, 38:42] = 255
    there = disturbing.turned_points(spot, image)
    weights = disturbing.turned(image)[..., 0].astype(float)
    rows, columns = np.indices(weights.shape) + 0.5
    found = np.array([(columns * weights).sum(), (rows * weights).sum()]) / weights.sum()
    assert np.allclose(found, there, atol=0.6)
    assert there[0, 0] > spot[0, 0] and there[0, 1] > spot[0, 1]  # clockwise: from above to the right and down
    assert np.allclose(disturbing.turned_points(there, image, back=True), spot)


def spot(point: np.ndarray) -> np.ndarray:
    """A map of FINE that is highest at a point of the first photograph."""
    one = np.zeros(FINE, np.float32)
    column, row = np.floor(point / 2).astype(int)
    one[row, column] = 1
    return one


HERE = np.array([51.0, 25.0])
THERE = disturbing.turned_points(HERE[None], IMAGE)[0]


def turning(second: np.ndarray, **found: object) -> Case:
    own = case(map0=spot(HERE), map1=second, **found)
    return replace(own, explain=lambda _at: own.explanation)


def test_the_turn_is_told_by_the_highest_places() -> None:
    right, still = places.orientation(turning(spot(THERE))), places.orientation(turning(spot(HERE)))
    assert right is not None and right < 4  # a cell is 2 px, 20 px from the middle
    assert still == pytest.approx(disturbing.TURN)
    opposite = np.array(IMAGE.shape[1::-1]) - THERE
    assert places.orientation(turning(spot(opposite))) == pytest.approx(180, abs=6)
    assert places.orientation(case()) is None


def test_a_place_that_the_other_does_not_show_is_not_asked() -> None:
    corner = spot(np.array([1.0, 1.0])) * 2  # turned, it is out of the photograph
    own = turning(spot(THERE))
    both = replace(own.explanation, map0=spot(HERE) + corner)
    assert places.orientation(replace(own, explanation=both, explain=lambda _at: both)) == places.orientation(own)


def test_the_turn_is_told_by_the_partner() -> None:
    link = np.zeros((*FINE, *FINE), np.float32)
    rows, columns = np.nonzero(spot(HERE))
    link[rows[0], columns[0]] = spot(THERE)
    wrong = spot(HERE)
    right = places.orientation_partner(turning(wrong, tensor=link))
    assert right is not None and right < 4
    assert places.orientation(turning(wrong, tensor=link)) == pytest.approx(disturbing.TURN)
    matched = places.orientation_partner(turning(wrong, matches=matches(HERE[None], THERE[None])))
    assert matched == pytest.approx(0, abs=1e-6)
    far = matches(np.array([[2.0, 2.0]]), np.array([[2.0, 2.0]]))
    assert places.orientation_partner(turning(wrong, matches=far)) == 90
    assert places.orientation_partner(turning(wrong)) is None


# ---- second-order faithfulness


def test_what_is_kept_is_the_number_that_the_library_gives() -> None:
    found = case(TRUTH, map0=noise(), map1=noise(2), tensor=tensor() + 1e-3 * noise(3, (*GRID, *GRID)))
    known = pairx.faithfulness(MODEL, PAIR, found.explanation, masks())
    assert known.kept is not None and known.mean_iou is not None
    assert fidelity.kept(found) == pytest.approx(np.mean(known.kept), abs=1e-6)
    assert places.label_transfer(found) == pytest.approx(np.mean(known.mean_iou), abs=1e-6)
    assert fidelity.kept(case(TRUTH, map0=noise(), map1=noise(2))) is None
