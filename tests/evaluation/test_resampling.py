"""Resamples of Delta against the same resamples, one by one, and against what is known of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pairx.evaluation import resampling, separability
from pairx.evaluation.separability import finite_only
from pairx.models import ASSETS
from tests.evaluation.test_separability import pairs


def interval(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, groups: np.ndarray, resamples: int) -> tuple:
    found = separability.delta(metric, cosine, correct)
    return resampling.delta_interval(found, metric, cosine, correct, groups, resamples, 0)


def null(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, resamples: int) -> tuple:
    found = separability.delta(metric, cosine, correct)
    return resampling.delta_null(found, metric, cosine, correct, resamples, 0)


def sample_run() -> tuple[np.ndarray, ...]:
    """Inverted residual mean, cosine, correct and query of the sample's run."""
    table = pd.read_parquet(ASSETS / "run" / "pairs.parquet")
    rows = table[table["layer"] == "blocks.4"]
    return tuple(rows[name].to_numpy() for name in ("inverted_residual_mean", "cosine", "correct", "query_id"))


@pytest.mark.parametrize("given", [(*pairs(5, 500, shift=0.3), np.arange(500) // 3), sample_run()], ids=["made", "run"])
def test_interval_is_that_of_deltas_computed_one_by_one(given: tuple[np.ndarray, ...]) -> None:
    metric, cosine, correct, groups = finite_only(*given)
    names, rng, found = np.unique(groups), np.random.default_rng(0), []
    for _ in range(60):
        rows = np.concatenate([np.flatnonzero(groups == names[i]) for i in rng.integers(0, len(names), len(names))])
        found.append(separability.delta(metric[rows], cosine[rows], correct[rows]).value)
    low, high = np.percentile(found, (25, 75))
    value, margin = separability.delta(metric, cosine, correct).value, 1.96 * (high - low) / 1.349
    expected = pytest.approx((value - margin, value + margin), abs=margin / 50)
    assert interval(*given, 60) == expected


def test_null_is_that_of_deltas_computed_one_by_one() -> None:
    """Other labels are drawn, so that only chance tells the two apart."""
    metric, cosine, correct = pairs(6, 500, shift=0.3)
    bins = [one for one in separability.delta(metric, cosine, correct).bins if one.distance == one.distance]
    rng, found = np.random.default_rng(1), []
    for _ in range(300):
        shuffled = [rng.permutation(metric[(one.start < cosine) & (cosine < one.stop)]) for one in bins]
        parts = [(values[: one.correct], values[one.correct :]) for values, one in zip(shuffled, bins, strict=True)]
        distances = [separability.signed_distance(*part) for part in parts]
        found.append(np.average(distances, weights=[len(values) for values in shuffled]))
    spread = np.std(found)
    (low, high), p = null(metric, cosine, correct, 300)
    assert (low, high) == pytest.approx(np.percentile(found, (2.5, 97.5)), abs=0.4 * spread)
    true = abs(separability.delta(metric, cosine, correct).value)
    assert p == pytest.approx((np.abs(found) >= true).mean(), abs=0.1)


def test_distances_side_by_side_are_those_of_single_samples() -> None:
    """Values that count several times, classes far from each other, constant ones and ones with two values."""
    rng, parts = np.random.default_rng(2), []
    for correct, incorrect in ((0, 0.5), (3, 0), (0, 0.01), (0, 1e4), (2, 2)):
        sides = rng.normal(correct, 1, 40), rng.exponential(1, 70) + incorrect
        parts.append([(values, rng.integers(1, 4, len(values))) for values in sides])
    parts.append([(np.full(9, 0.1), np.ones(9, int)), (rng.normal(size=9), np.ones(9, int))])
    parts.append([(rng.normal(size=2), np.ones(2, int)), (rng.normal(size=9), np.ones(9, int))])
    flat = [(*one, 2 * i + 1 - j) for i, sides in enumerate(parts) for j, one in enumerate(sides)]
    values, times = (np.concatenate([one[k] for one in flat]) for k in (0, 1))
    segments = np.repeat([one[2] for one in flat], [len(one[0]) for one in flat])
    order = rng.permutation(len(values))
    found = resampling._distances(values[order], times[order].astype(float), segments[order], len(parts))
    expected = [separability.signed_distance(*(np.repeat(*one) for one in sides)) for sides in parts]
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.002)
    assert np.isnan(found[-2:]).all() and found[3] < -1e3


def test_no_delta_has_no_interval_and_no_null() -> None:
    _, cosine, correct = pairs(0)
    assert np.isnan(interval(np.ones(400), cosine, correct, np.arange(400), 5)).all()
    assert np.isnan(null(np.ones(400), cosine, correct, 5)[1])


def test_pairs_without_a_metric_do_not_count() -> None:
    metric, cosine, correct = pairs(2)
    missing, groups = np.arange(len(metric)) % 7 == 0, np.arange(len(metric)) // 2
    with_gaps = np.where(missing, np.where(correct, np.nan, np.inf), metric)
    kept = [values[~missing] for values in (metric, cosine, correct, groups)]
    assert null(with_gaps, cosine, correct, 5) == null(*kept[:3], 5)
    assert interval(with_gaps, cosine, correct, groups, 5) == interval(*kept, 5)


def test_null_tells_chance_from_difference() -> None:
    metric, cosine, correct = pairs(3, 600, shift=2.0)
    (low, high), p = null(metric, cosine, correct, 49)
    assert low < 0 < high < separability.delta(metric, cosine, correct).value / 4
    assert p == 1 / 50
    values = [null(*pairs(seed, 200, shift=0.0), 29)[1] for seed in range(10)]
    assert min(values) < 0.5 < max(values) and sum(value <= 0.1 for value in values) <= 3


def test_a_few_resamples_far_off_do_not_decide() -> None:
    """Few pairs: how wide the interval is hardly depends on which resamples were drawn."""
    given = (*pairs(2, 150), np.arange(150))
    found = separability.delta(*given[:3])
    widths = [np.diff(resampling.delta_interval(found, *given, 200, seed))[0] for seed in range(5)]
    assert np.ptp(widths) < 0.3 * np.mean(widths)


def test_interval_is_no_narrower_than_delta_varies() -> None:
    """Against the spread of Delta over independent samples of the same distributions: wider, by less than twice."""
    values = [separability.delta(*pairs(seed)).value for seed in range(40)]
    widths = [np.diff(interval(*pairs(seed), np.arange(400), 40))[0] for seed in range(3)]
    assert 1 < np.mean(widths) / (2 * 1.96) / np.std(values, ddof=1) < 2


def test_interval_holds_delta_and_draws_whole_groups() -> None:
    metric, cosine, correct = pairs(4)
    each, value = np.arange(len(metric)), separability.delta(metric, cosine, correct).value
    low, high = interval(metric, cosine, correct, each, 20)
    assert low < value < high and (low + high) / 2 == pytest.approx(value)
    assert (low, high) == interval(metric, cosine, correct, each, 20)
    # All pairs in one group: every resample is the sample.
    one = interval(metric, cosine, correct, np.zeros(len(metric)), 5)
    assert one == pytest.approx((value, value))
    # Every pair three times, as a group of three: resampling whole groups sees that there is nothing new.
    three = [np.tile(values, 3) for values in (metric, cosine, correct, each)]
    low3, high3 = interval(*three, 20)
    alone = interval(*three[:3], np.arange(3 * len(metric)), 20)
    assert high3 - low3 > 1.3 * (alone[1] - alone[0])


def test_parts_of_resamples_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    together = interval(*pairs(7), np.arange(400) // 2, 10)
    monkeypatch.setattr(resampling, "TOGETHER", 1000)
    assert interval(*pairs(7), np.arange(400) // 2, 10) == pytest.approx(together, rel=1e-9)
