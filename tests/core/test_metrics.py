"""Pair metrics on matches with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from pairx.core import metrics
from pairx.geometry import resize_only
from pairx.types import Matches


def matches_of(cells0: list, cells1: list) -> Matches:
    n = len(cells0)
    cells = [np.array(given, int).reshape(-1, 2) for given in (cells0, cells1)]
    return Matches(*cells, cells[0] + 0.5, cells[1] + 0.5, np.zeros(n), np.zeros(n))


def test_residuals_are_on_image_1() -> None:
    points0 = np.array([[1.0, 2.0], [10.0, 20.0]])
    points1 = np.array([[2.0 + 3, 4.0 + 4], [20.0, 40.0 - 7]])
    assert metrics.residuals(points0, points1, np.diag([2, 2, 1.0])).tolist() == [5, 7]


def test_residuals_divide_by_the_third_coordinate() -> None:
    """By hand: (10, 0, 1) goes to (10, 5, 2), so to (5, 2.5)."""
    matrix = np.array([[1, 0, 0], [0, 1, 5], [0.1, 0, 1]])
    assert metrics.residuals(np.array([[10.0, 0.0]]), np.array([[5.0, 0.0]]), matrix) == pytest.approx([2.5])
    assert metrics.residuals(np.array([[-10.0, 0.0]]), np.zeros((1, 2)), matrix).tolist() == [np.inf]


def test_reciprocals_of_mean_median_and_first_twenty() -> None:
    distances = np.array([2.0] * 20 + [4.0] * 20 + [1000.0])
    found = metrics.residual_metrics(distances, cell=0.5)
    assert found["inverted_residual_mean"] == pytest.approx(41 / (40 + 80 + 1000))
    assert found["inverted_residual_median"] == 1 / 4
    assert found["inverted_residual_top20"] == 1 / 2


def test_reciprocals_at_the_ends() -> None:
    assert all(np.isnan(value) for value in metrics.residual_metrics(np.zeros(0), 1).values())
    assert metrics.residual_metrics(np.array([1.0, np.inf, 1.0]), 1)["inverted_residual_mean"] == 0


def test_no_residual_is_finer_than_a_cell() -> None:
    """A point anywhere in a cell of 16 px is .38 of it from the centre on average, as a sample of points says; a
    photograph against itself counts as that, whether its residuals are zero or what rounding left."""
    points = np.random.default_rng(0).uniform(-8, 8, (200_000, 2))
    off = float(np.linalg.norm(points, axis=1).mean())
    for residual in (0.0, 1e-14, 0.1):
        found = metrics.residual_metrics(np.full(30, residual), cell=16)
        assert list(found.values()) == pytest.approx([1 / off] * 3, rel=0.01)
    assert metrics.residual_metrics(np.full(30, 6.2), cell=16)["inverted_residual_mean"] == pytest.approx(1 / 6.2)


def test_resize_only_is_the_identity_of_the_frame() -> None:
    """Matches at the same place of two frames have no residual under the control, whatever their sizes."""
    points = np.array([[10.0, 5.0], [50.0, 25.0]])
    assert metrics.residuals(points, points * (3, 4), resize_only((100, 50), (300, 200))).tolist() == [0, 0]


def test_coverage_by_hand() -> None:
    relevance0 = np.array([[1.0, 2.0], [3.0, -4.0]])
    relevance1 = np.array([[0.0, 6.0, 0.0], [0.0, -1.0, 4.0]])
    matches = matches_of([(0, 1), (1, 1)], [(0, 1), (1, 1)])
    # Image 0: 2 and nothing for the negative cell, of 6; image 1: 6 and nothing, of 10.
    assert metrics.match_coverage(relevance0, relevance1, matches) == pytest.approx((2 + 6) / (6 + 10))


def test_coverage_of_remnants_is_no_number() -> None:
    cells = [(0, 0)]
    for against, expected in ((-2.5, 1), (-3.5, np.nan)):
        relevance = np.array([[3.0, against]])
        found = metrics.match_coverage(relevance, relevance, matches_of(cells, cells))
        np.testing.assert_equal(found, expected)


def test_coverage_at_the_ends() -> None:
    everything = [(0, 0), (0, 1)]
    ones = np.ones((1, 2))
    assert metrics.match_coverage(ones, ones, matches_of(everything, everything)) == 1
    assert metrics.match_coverage(ones, ones, matches_of([], [])) == 0
    assert np.isnan(metrics.match_coverage(-ones, -ones, matches_of(everything, everything)))
