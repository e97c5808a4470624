"""The metrics of matches that a benchmark compares, where they are known: cells that only move, relevance by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import separating
from benchmarks.matched import SEEDS, TRANSFORMS, Matched, Pair
from benchmarks.separating import METRICS, Way
from pairx.core.metrics import PRECISION

GRID, SIZE = (6, 7), np.array([70, 60])
ROLLED = 2  # columns by which the second photograph shows what the first does


def pair_of(relevance: np.ndarray | None = None, seed: int = 0) -> Pair:
    """Two photographs, the second moved by two columns; the columns that only one shows are its own."""
    rng = np.random.default_rng(seed)
    first = torch.from_numpy(rng.normal(size=(16, *GRID)))
    second = torch.from_numpy(rng.normal(size=(16, *GRID)))
    second[..., ROLLED:] = first[..., :-ROLLED]
    if relevance is None:
        relevance = rng.uniform(0.1, 1, (2, *GRID))
    stored = np.stack([np.stack([relevance, np.abs(relevance)], 1)] * len(SEEDS))
    moved = np.array([[1.0, 0, ROLLED * 10], [0, 1, 0], [0, 0, 1]])
    matched = Matched((first, second), (SIZE, SIZE))
    once = torch.from_numpy(relevance[:1]), torch.from_numpy(relevance[1:])
    shares = dict.fromkeys(("derivative", "cosine", "relevance"), once)
    return Pair(matched, stored, dict.fromkeys((*TRANSFORMS, "own"), moved), shares, 1.0)


def swapped(pair: Pair) -> Pair:
    """With its photographs exchanged."""
    matched = Matched(pair.matched.features[::-1], pair.matched.sizes[::-1])
    back = {name: np.linalg.inv(matrix) for name, matrix in pair.transforms.items()}
    shares = {name: both[::-1] for name, both in pair.shares.items()}
    return replace(pair, matched=matched, relevance=pair.relevance[:, ::-1], transforms=back, shares=shares)


def where(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    return tuple(at.numpy() for at in pair.matched.numbers)


def test_what_moved_is_matched_and_follows() -> None:
    pair = pair_of()
    start, end = pair.matched.ends["centres"]
    right = (end - start == (0, ROLLED)).all(1)
    assert right.sum() >= GRID[0] * (GRID[1] - ROLLED)
    distances = Way().distances(pair)
    np.testing.assert_allclose(distances[right], 0, atol=1e-9)
    assert (distances[~right] >= 1).all()


@pytest.mark.parametrize("name", [name for name in METRICS if "one transform" not in name])
def test_metrics_do_not_depend_on_which_photograph_comes_first(name: str) -> None:
    pair = pair_of()
    assert METRICS[name](swapped(pair)) == pytest.approx(METRICS[name](pair), rel=1e-6)


def test_joint_coverage_is_one_where_all_relevance_is_matched_alike_and_bounded() -> None:
    relevance = np.zeros((2, *GRID))
    relevance[0, :, :-ROLLED] = np.random.default_rng(1).uniform(1, 2, (GRID[0], GRID[1] - ROLLED))
    relevance[1, :, ROLLED:] = 3 * relevance[0, :, :-ROLLED]
    assert separating.joint_coverage(pair_of(relevance), Way()) == pytest.approx(1)
    assert 0 < separating.joint_coverage(pair_of(), Way()) < 1
    assert 0 < separating.joint_coverage(pair_of(), Way(agree=True)) < separating.joint_coverage(pair_of(), Way())


def test_cells_that_both_lower_count_as_the_way_says() -> None:
    pair = pair_of(np.full((2, *GRID), -2.0))
    for sign, expected in (("nothing", 0), ("for", 4), ("against", -4)):
        np.testing.assert_array_equal(Way(sign=sign).strengths(pair), np.full(len(where(pair)[0]), expected))
    share = len(where(pair)[0]) / np.prod(GRID)
    found = [separating.coverage_of_signs(pair, Way(sign=sign)) for sign in ("nothing", "for", "against")]
    assert found == pytest.approx([0, share, -share])


def test_cells_that_disagree_say_nothing() -> None:
    pair = pair_of(np.stack([np.ones(GRID), -np.ones(GRID)]))
    for sign in ("nothing", "for", "against"):
        assert not Way(sign=sign).strengths(pair).any()


def test_weights_choose_which_residuals_count() -> None:
    """All relevance in matches that follow: the mean is as small as a mean may be, and all follow."""
    relevance = np.zeros((2, *GRID))
    relevance[0, :, :-ROLLED] = relevance[1, :, ROLLED:] = 1
    pair = pair_of(relevance)
    assert separating.inverted_weighted(pair, Way()) == pytest.approx(1 / PRECISION)
    assert separating.following(pair, Way()) == 1
    assert separating.following(pair.framed(), Way()) == 0  # two columns are more than WITHIN


def test_controls_keep_what_they_do_not_ask() -> None:
    pair = pair_of()
    shuffled = pair.shuffled(3)
    np.testing.assert_allclose(np.sort(shuffled.relevance.ravel()), np.sort(pair.relevance.ravel()))
    assert not np.array_equal(shuffled.relevance, pair.relevance)
    np.testing.assert_array_equal(np.abs(shuffled.relevance[:, :, 0]), shuffled.relevance[:, :, 1])
    assert shuffled.matched is pair.matched
    first, last = where(pair.in_place())
    np.testing.assert_array_equal(first, last)
    assert len(first) == np.prod(GRID)


def test_without_a_transform_there_is_no_number() -> None:
    nowhere = np.full((3, 3), np.nan)
    pair = replace(pair_of(), transforms=dict.fromkeys((*TRANSFORMS, "own"), nowhere))
    for name, metric in METRICS.items():
        asks = any(word in name for word in ("residual", "follows", "transform"))
        assert np.isnan(metric(pair)) == asks, name
        assert np.isnan(metric(pair.framed())) == asks, name
