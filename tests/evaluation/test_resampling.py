"""Resamples against the same resamples, one by one, and against what is known of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from pairx.assets import ASSETS
from pairx.evaluation import resampling, separability, side_by_side
from pairx.evaluation.separability import finite_only
from tests.evaluation.test_separability import pairs


def interval(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, groups: np.ndarray, resamples: int) -> tuple:
    return resampling.resampled(metric, cosine, correct, groups, resamples, 0).intervals()["delta"]


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
    found = side_by_side._distances(values[order], times[order].astype(float), segments[order], len(parts))
    expected = [separability.signed_distance(*(np.repeat(*one) for one in sides)) for sides in parts]
    np.testing.assert_allclose(found, expected, rtol=0.02, atol=0.002)
    assert np.isnan(found[-2:]).all() and found[3] < -1e3


def test_no_delta_has_no_interval() -> None:
    _, cosine, correct = pairs(0)
    assert np.isnan(interval(np.ones(400), cosine, correct, np.arange(400), 5)).all()


def test_pairs_without_a_metric_do_not_count() -> None:
    metric, cosine, correct = pairs(2)
    missing, groups = np.arange(len(metric)) % 7 == 0, np.arange(len(metric)) // 2
    with_gaps = np.where(missing, np.where(correct, np.nan, np.inf), metric)
    kept = [values[~missing] for values in (metric, cosine, correct, groups)]
    assert interval(with_gaps, cosine, correct, groups, 5) == interval(*kept, 5)


def test_a_few_resamples_far_off_do_not_decide() -> None:
    """Few pairs: how wide the interval is hardly depends on which resamples were drawn."""
    given = (*pairs(2, 150), np.arange(150))
    widths = [np.diff(resampling.resampled(*given, 200, seed).intervals()["delta"])[0] for seed in range(5)]
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
    # Every pair three times, as a group of three: resampling whole groups sees that there is nothing new.
    three = [np.tile(values, 3) for values in (metric, cosine, correct, each)]
    low3, high3 = interval(*three, 20)
    alone = interval(*three[:3], np.arange(3 * len(metric)), 20)
    assert high3 - low3 > 1.3 * (alone[1] - alone[0])


def test_parts_of_resamples_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    together = interval(*pairs(7), np.arange(400) // 2, 10)
    monkeypatch.setattr(resampling, "TOGETHER", 1000)
    assert interval(*pairs(7), np.arange(400) // 2, 10) == pytest.approx(together, rel=1e-9)


def test_numbers_side_by_side_are_those_of_single_samples() -> None:
    """With ties in both columns, and samples that hold pairs several times or not at all."""
    metric, cosine, correct = pairs(8, 200)
    metric, cosine = metric.round(1), np.sort(cosine)
    times = np.random.default_rng(3).integers(0, 4, (5, 200))
    sides = times * correct, times * ~correct
    rhos, aucs = side_by_side.rhos(metric, cosine.round(2), times), side_by_side.aucs(metric, cosine, *sides)
    for sample, rho, auc in zip(times, rhos, aucs, strict=True):
        held = [np.repeat(one, sample) for one in (metric, cosine, correct)]
        assert rho == pytest.approx(separability.rho(held[0], held[1].round(2)))
        assert auc == pytest.approx(separability.auc(*held))
    assert np.isnan(side_by_side.rhos(np.ones(200), cosine, times)).all()
    assert np.isnan(side_by_side.aucs(metric, cosine, times, np.zeros_like(times))).all()


@pytest.mark.slow
def test_intervals_hold_what_is_true() -> None:
    """Rho and AUC of many pairs are known; the intervals of 40 small samples, clustered by query, mostly hold them."""

    def sample(seed: int, queries: int) -> tuple[np.ndarray, ...]:
        rng = np.random.default_rng(seed)
        query = np.repeat(np.arange(queries), 4)
        correct, cosine = rng.random(4 * queries) < 0.5, rng.normal(0.5, 0.1, 4 * queries)
        level = rng.normal(0, 0.7, queries)[query]
        return 4 * cosine + level + 0.8 * correct + rng.normal(0, 0.7, 4 * queries), cosine, correct, query

    true = resampling.resampled(*sample(1000, 20_000), 0, 0).values()
    within = dict.fromkeys(("rho", "auc"), 0)
    for seed in range(40):
        found = resampling.resampled(*sample(seed, 60), 60, 0).intervals()
        for name in within:
            within[name] += found[name][0] <= true[name] <= found[name][1]
    assert all(32 <= count <= 40 for count in within.values()), within


def test_a_difference_is_of_the_same_resamples() -> None:
    """Two metrics that nearly agree differ by nearly nothing, however far each varies."""
    metric, cosine, correct = pairs(9, shift=0.5)
    queries, like = np.arange(400) // 3, metric + 0.01 * np.random.default_rng(0).normal(size=400)
    one, other = (resampling.resampled(values, cosine, correct, queries, 60, 0) for values in (like, metric))
    alone, apart = one.intervals(), one.less(other).intervals()
    for name in ("rho", "delta", "auc"):
        assert apart[name][1] - apart[name][0] < 0.2 * (alone[name][1] - alone[name][0])
    value, (low, high) = resampling.rho_difference(like, metric, cosine, queries, 60, 0)
    assert value == pytest.approx(one.less(other).values()["rho"]) and (low, high) == pytest.approx(apart["rho"])
    value, (low, high) = resampling.rho_difference(cosine, metric, cosine, queries, 60, 0)
    assert 0 < low < value < high
    assert np.isnan(resampling.rho_difference(cosine, np.full(400, np.nan), cosine, queries, 60, 0)[1]).all()


def test_too_few_queries_have_no_interval() -> None:
    metric, cosine, correct = pairs(10)
    for queries, known in ((8, True), (7, False), (1, False)):
        found = resampling.resampled(metric, cosine, correct, np.arange(400) % queries, 20, 0)
        assert np.isfinite(list(found.values().values())).all()
        assert np.isfinite(list(found.intervals().values())).all() == known
