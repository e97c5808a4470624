"""How far rho, Delta and the AUC within bins vary over resamples of the queries, and by how much two metrics differ.

Pairs of one query are not independent, so that whole queries are drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from pairx.evaluation import side_by_side
from pairx.evaluation.separability import auc, delta, finite_only, rho

QUARTILES = 1.349  # standard deviations between the quartiles of a normal distribution
MIDDLE = 2.5, 97.5  # percentiles of a 95 % interval
TOGETHER = 1 << 18  # pairs of all resamples that are computed at once
SAMPLES = 64  # resamples that are computed at once
QUERIES = 8  # that resamples need at least: of fewer there are so few different ones that they hardly vary

Interval = tuple[float, float]
NOWHERE = math.nan, math.nan


@dataclass(frozen=True)
class Resampled:
    """A metric's numbers, each with those of R resamples, (R,): rho, Delta, and the AUC within bins."""

    rho: tuple[float, np.ndarray]
    delta: tuple[float, np.ndarray]
    auc: tuple[float, np.ndarray]

    def values(self) -> dict[str, float]:
        """By name, rho, delta and auc: each number itself."""
        return {one.name: getattr(self, one.name)[0] for one in fields(self)}

    def intervals(self) -> dict[str, Interval]:
        """By name: 95 % interval of each number, NaN where there is none.

        Of rho and AUC the middle 95 % of the resamples. Of Delta 1.96 standard errors to either side, the error of a
        normal distribution with the resamples' quartiles: resampling repeats pairs, which drives densities apart where
        a bin has few, so that only the spread of the resamples counts, not where they lie; and those few in which a bin
        has hardly more than copies of one pair are far off. With few pairs it is wider than Delta really varies.
        """
        return {"rho": _middle(*self.rho), "delta": _around(*self.delta), "auc": _middle(*self.auc)}

    def less(self, other: Resampled) -> Resampled:
        """By how much it is more than another of the same pairs and resamples."""
        mine, others = ([getattr(one, field.name) for field in fields(self)] for one in (self, other))
        return Resampled(*((a[0] - b[0], a[1] - b[1]) for a, b in zip(mine, others, strict=True)))


def resampled(
    metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, queries: np.ndarray, resamples: int, seed: int
) -> Resampled:
    """Numbers of a metric (N,), and of resamples of the queries (N,) of its pairs.

    Windows and bins are found anew in each. The same seed draws the same queries for any metric of the same pairs.
    Resamples are NaN where there are fewer than QUERIES queries.
    """
    order = np.argsort(cosine, kind="stable")
    metric, cosine, correct, queries = finite_only(
        *(np.asarray(one)[order] for one in (metric, cosine, correct, queries))
    )
    found: list[list[np.ndarray]] = [[], [], []]
    for times in _draws(queries, resamples, seed):
        sides = times * correct, times * ~correct
        found[0].append(side_by_side.rhos(metric, cosine, times))
        found[1].append(side_by_side.deltas(metric, cosine, *sides))
        found[2].append(side_by_side.aucs(metric, cosine, *sides))
    samples = [np.concatenate(parts) if parts else np.full(resamples, math.nan) for parts in found]
    values = rho(metric, cosine), delta(metric, cosine, correct).value, auc(metric, cosine, correct)
    return Resampled(*zip(values, samples, strict=True))


def rho_difference(
    metric: np.ndarray, other: np.ndarray, cosine: np.ndarray, queries: np.ndarray, resamples: int, seed: int
) -> tuple[float, Interval]:
    """By how much rho of a metric (N,) is higher than that of another of the same pairs, and its 95 % interval; over
    the pairs that have both."""
    both = np.isfinite(metric) & np.isfinite(other)
    metric, other, cosine, queries = (np.asarray(one)[both] for one in (metric, other, cosine, queries))
    samples = [
        side_by_side.rhos(metric, cosine, times) - side_by_side.rhos(other, cosine, times)
        for times in _draws(queries, resamples, seed)
    ]
    value = rho(metric, cosine) - rho(other, cosine)
    return value, _middle(value, np.concatenate(samples) if samples else np.full(0, math.nan))


def parts(resamples: int, pairs: int) -> Iterator[int]:
    """How many resamples to compute together, until there are all."""
    largest = min(SAMPLES, max(1, TOGETHER // max(1, pairs)))
    for start in range(0, resamples, largest):
        yield min(largest, resamples - start)


def _draws(queries: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often (R, N) resamples hold each pair, some resamples at a time; none where there are too few queries."""
    names, number = np.unique(queries, return_inverse=True)
    if len(names) < QUERIES:
        return
    rng = np.random.default_rng(seed)
    for count in parts(resamples, len(queries)):
        drawn = rng.integers(0, len(names), (count, len(names))) + len(names) * np.arange(count)[:, None]
        yield np.bincount(drawn.ravel(), minlength=count * len(names)).reshape(count, -1)[:, number]


def _middle(value: float, samples: np.ndarray) -> Interval:
    samples = samples[np.isfinite(samples)]
    if math.isnan(value) or len(samples) < 2:
        return NOWHERE
    low, high = np.percentile(samples, MIDDLE)
    return float(low), float(high)


def _around(value: float, samples: np.ndarray) -> Interval:
    samples = samples[np.isfinite(samples)]
    if math.isnan(value) or len(samples) < 2:
        return NOWHERE
    margin = 1.96 * float(np.subtract(*np.percentile(samples, (75, 25)))) / QUARTILES
    return value - margin, value + margin
