"""Deltas by chance: what a metric that says nothing has, query by query."""

from __future__ import annotations

import numpy as np
import pytest

from pairx.evaluation import permuting, separability
from pairx.evaluation.permuting import delta_null
from tests.evaluation.test_separability import pairs


def clustered(seed: int, per: int = 6, level: float = 3.0, queries: int = 60) -> tuple[np.ndarray, ...]:
    """Metric, cosine, correct, query: a query's pairs are all likely or all unlikely to be correct, and their metrics
    lie at one level, but neither has to do with the other. Both rise with the cosine.
    """
    rng = np.random.default_rng(seed)
    query = np.repeat(np.arange(queries), per)
    correct = rng.random(len(query)) < np.where(rng.random(queries) < 0.5, 0.9, 0.1)[query]
    cosine = rng.normal(0.5 + 0.05 * correct, 0.1)
    return rng.normal(0, level, queries)[query] + rng.normal(5 * cosine, 1), cosine, correct, query


@pytest.mark.slow
@pytest.mark.parametrize("per", [6, 1])
def test_a_metric_without_relation_is_rarely_found_significant(per: int) -> None:
    """One of 20 is what p < .05 promises; 12 of 100 would be one in 20,000. Labels that go from one query to another
    give 24 of 100 with 6 pairs a query."""
    found = [delta_null(*clustered(seed, per, queries=360 // per), 39, seed).p for seed in range(100)]
    assert sum(p <= 0.05 for p in found) < 12
    assert 0.3 < np.mean(found) < 0.7


def test_a_difference_within_queries_is_found() -> None:
    metric, cosine, correct, query = clustered(1)
    found = delta_null(metric + 6 * correct, cosine, correct, query, 39, 0)
    assert found.p == found.floor == 1 / 40
    assert found.interval[0] < found.interval[1] < separability.delta(metric + 6 * correct, cosine, correct).value


def test_labels_of_a_query_stay_together_and_follow_the_cosine() -> None:
    _, cosine, correct, query = clustered(2)
    labels = np.concatenate(list(permuting._drawn(cosine, correct, query, 200, np.random.default_rng(0))))
    counts = np.stack([labels[:, query == one].sum(1) for one in np.unique(query)], 1)
    true = np.bincount(query, correct)
    assert (np.sort(counts, 1) == np.sort(true)).all() and (counts != true).any(0).mean() > 0.9
    # As steeply with the cosine as the labels were, within queries and over all.
    level = np.bincount(query, cosine) / np.bincount(query)
    for values in (cosine - level[query], cosine - cosine.mean()):
        drawn = labels @ values
        assert (values @ correct - drawn.mean()) == pytest.approx(0, abs=2 * drawn.std())
        assert drawn.mean() > 2 * drawn.std()


def test_the_slope_is_that_of_a_logistic_model() -> None:
    rng = np.random.default_rng(0)
    query, sizes = np.repeat(np.arange(1500), 4), np.full(1500, 4)
    cosine, level = rng.normal(0.5, 0.1, 6000), rng.normal(0, 2, 1500)[query]
    correct = rng.random(6000) < 1 / (1 + np.exp(-(level + 12 * (cosine - 0.5))))
    exchanges = [permuting._within(query, sizes, rng) for _ in range(8)]
    assert permuting._slope(exchanges, cosine, correct) == pytest.approx(12, rel=0.1)


def test_exchanges_are_of_pairs_of_a_query_and_of_queries_of_a_size() -> None:
    rng, sizes = np.random.default_rng(0), np.array([1, 3, 2, 3, 2, 3, 1, 5])
    number = rng.permutation(np.repeat(np.arange(8), sizes))
    within = permuting._within(number, sizes, rng)
    assert (number[within.one] == number[within.other]).all() and len(within.one) == (sizes // 2).sum()
    between = permuting._between(number, sizes, rng)
    one, other = (np.split(number[side], between.start[1:]) for side in (between.one, between.other))
    assert [len(part) for part in one] == [1, 2, 3]
    for mine, theirs in zip(one, other, strict=True):
        assert np.ptp(mine) == np.ptp(theirs) == 0 and mine[0] != theirs[0]
        assert sizes[mine[0]] == sizes[theirs[0]] == len(mine)
    for found in (within, between):
        assert len(set(found.one) | set(found.other)) == 2 * len(found.one)


def test_no_delta_has_no_null_and_the_reason_is_said() -> None:
    metric, cosine, correct = pairs(0)
    assert np.isnan(delta_null(np.ones(400), cosine, correct, np.arange(400) // 2, 5, 0).p)
    found = delta_null(metric, cosine, correct, correct & (np.arange(400) > 3), 5, 0)
    assert found.reason == ""
    found = delta_null(metric, cosine, correct, correct, 5, 0)
    assert np.isnan(found.p) and found.reason == "there are no two queries whose labels can be exchanged"


def test_pairs_without_a_metric_do_not_count() -> None:
    metric, cosine, correct = pairs(2)
    missing, query = np.arange(400) % 7 == 0, np.arange(400) // 3
    with_gaps = np.where(missing, np.where(correct, np.nan, np.inf), metric)
    kept = [values[~missing] for values in (metric, cosine, correct, query)]
    assert delta_null(with_gaps, cosine, correct, query, 5, 0) == delta_null(*kept, 5, 0)
