"""Criteria of right places: known answers, what exchanging and scaling leave, and what has none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pairx.judging import places
from pairx.judging.case import Case
from pairx.judging.truth import Truth
from tests.judge.made_up import MODEL, PAIR, SIZE, TRUTH, case, framed, masks, matches, same_place, tensor

MAPS: tuple[Callable[[Case], float | None], ...] = (
    places.energy, places.pointing, places.localisation, places.twins,
)  # fmt: skip


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(SIZE).astype(np.float32)


def of_maps(first: np.ndarray, second: np.ndarray) -> Case:
    return case(map0=first, map1=second)


def test_the_mask_itself_is_wholly_inside_and_its_box_is_found() -> None:
    found = of_maps(*framed())
    assert places.energy(found) == pytest.approx(1)
    assert places.pointing(found) == pytest.approx(1)
    assert places.localisation(found) == pytest.approx(1)


def test_all_but_the_mask_is_wholly_outside() -> None:
    first, second = framed()
    found = of_maps(1 - first, 1 - second)
    assert places.energy(found) == 0
    assert places.pointing(found) == 0


def test_an_even_map_has_the_animals_share_of_the_energy() -> None:
    even = np.ones(SIZE, np.float32)
    share = np.mean([one.mean() for one in framed()])
    assert places.energy(of_maps(even, even)) == pytest.approx(share)
    assert places.pointing(of_maps(even, even)) == pytest.approx(share)


def test_negative_evidence_is_no_energy() -> None:
    first, second = framed()
    assert places.energy(of_maps(first - 1, second - 1)) == 0
    assert places.localisation(of_maps(-first, -second)) == 0


def test_half_of_each_box_is_not_enough() -> None:
    halves = [one.copy() for one in framed()]
    for one in halves:
        columns = np.flatnonzero(one.any(0))
        one[:, columns[: len(columns) // 2 + 1]] = 0
    assert places.localisation(of_maps(*halves)) == 0


def test_the_largest_part_counts_and_not_the_highest() -> None:
    spotted = [one.copy() for one in framed()]
    for one in spotted:
        one[0, 0] = 1.5
    assert places.localisation(of_maps(*spotted)) == pytest.approx(6 / 7)  # at .7 of 1.5 the spot alone is left


def test_evidence_that_lacks_where_twins_differ_points_at_it() -> None:
    marks = [np.zeros_like(mask) for mask in masks()]
    marks[0][10:20, 20:30] = True
    marks[1][25:35, 12:20] = True
    truth = Truth(masks(), same_place, (marks[0], marks[1]))
    maps = [-MODEL.preprocessing.framed_mask(mask).astype(np.float32) for mask in marks]
    assert places.twins(case(truth, map0=maps[0], map1=maps[1])) == pytest.approx(1)
    assert places.twins(case(truth, map0=-maps[0], map1=-maps[1])) == pytest.approx(0)
    assert places.twins(case(truth, map0=0 * maps[0], map1=0 * maps[1])) == pytest.approx(0.5)


@pytest.mark.parametrize("measure", MAPS)
def test_scaling_a_map_changes_nothing(measure: Callable[[Case], float | None]) -> None:
    marks = (masks()[0] & (np.indices(masks()[0].shape)[1] > 30), masks()[1] & (np.indices(masks()[1].shape)[1] > 20))
    truth = Truth(masks(), same_place, marks)
    first, second = noise(1), noise(2)
    one = measure(case(truth, map0=first, map1=second))
    assert one is not None and one == pytest.approx(measure(case(truth, map0=7 * first, map1=0.25 * second)))


@pytest.mark.parametrize("measure", MAPS)
def test_exchanging_the_photographs_changes_nothing(measure: Callable[[Case], float | None]) -> None:
    marks = (masks()[0] & (np.indices(masks()[0].shape)[1] > 30), masks()[1] & (np.indices(masks()[1].shape)[1] > 20))
    one = case(Truth(masks(), None, marks), map0=noise(1), map1=noise(2))
    truth = Truth(masks()[::-1], None, marks[::-1])
    assert measure(one) == pytest.approx(measure(case(truth, pair=PAIR.swapped(), map0=noise(2), map1=noise(1))))


def test_partners_at_the_same_place_are_right_and_two_cells_off_wrong() -> None:
    assert places.right_places(case(tensor=tensor())) == 1
    assert places.distance(case(tensor=tensor())) == pytest.approx(0)
    assert places.right_places(case(tensor=tensor(1))) > 0.5  # one cell off is within 1.5, but for the last column
    assert places.right_places(case(tensor=tensor(2))) == 0


def test_matches_are_measured_as_pairs_of_cells_are() -> None:
    points = np.array([[10.0, 10], [30, 20], [50, 40]])
    true, _ = same_place(0, points)
    assert places.right_places(case(matches=matches(points, true))) == 1
    off = true + np.array([0, 7])  # both directions: 7 of 60 px high are 5.6 of 48
    assert places.distance(case(matches=matches(points, off))) == pytest.approx((7 + 5.6) / 2)
    assert places.right_places(case(matches=matches(points, true + np.array([0, 16])))) == 0


def test_a_match_that_starts_where_nothing_is_known_misses() -> None:
    def nowhere(_side: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.full_like(points, np.nan), np.zeros(len(points), bool)

    found = case(Truth(masks(), nowhere, None), tensor=tensor())
    assert (places.right_places(found), places.distance(found)) == (0, None)


def test_labels_are_sent_to_the_same_place() -> None:
    sent = places.label_transfer(case(Truth((masks()[0], masks()[0])), tensor=tensor()))
    turned = places.label_transfer(case(Truth((masks()[0], masks()[0])), tensor=tensor(3)))
    assert sent is not None and turned is not None and sent > 0.5 > turned


def test_what_a_method_does_not_give_has_no_number() -> None:
    nothing = case()
    for measure in (*MAPS, places.right_places, places.distance, places.label_transfer):
        assert measure(nothing) is None
    unknown = case(Truth(), map0=noise(1), map1=noise(2), tensor=tensor())
    for measure in (*MAPS, places.right_places, places.distance, places.label_transfer):
        assert measure(unknown) is None
    assert TRUTH.knows("masks") and not Truth().knows("masks")
