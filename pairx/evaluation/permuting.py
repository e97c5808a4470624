"""Where Delta lies when a metric says nothing of whether a pair is correct: labels exchanged by query."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pairx.evaluation import side_by_side
from pairx.evaluation.resampling import MIDDLE, NOWHERE, Interval, parts
from pairx.evaluation.separability import delta, finite_only

ROUNDS = 20  # of exchanges: after these, a draw has forgotten where it began
LEARNED = 8  # rounds of exchanges that slopes are learned from
NEWTON = 20  # steps to a slope
STEEPEST = 20.0  # slope, per standard deviation, where the cosine tells all labels


@dataclass(frozen=True)
class Null:
    """Delta by chance. interval: the middle 95 %. p: the share of such Deltas, the true one counted in, that is at
    least as far from zero as the true one; floor: the smallest p that so many can give. NaN where there is none, and
    reason says why.
    """

    interval: Interval
    p: float
    floor: float
    reason: str = ""


@dataclass(frozen=True)
class _Exchange:
    """Who may exchange labels with whom. one, other: (K,) pairs, each at most once in both. start: (S,) where each of
    S groups of them begins, which exchange all or none."""

    one: np.ndarray
    other: np.ndarray
    start: np.ndarray

    def fit(self, cosine: np.ndarray, labels: np.ndarray) -> np.ndarray:
        """How much better labels (R, N) fit the cosines (N,) than they would after each exchange: (R, S)."""
        gain = labels[:, self.one].astype(int) - labels[:, self.other]
        return np.add.reduceat((cosine[self.one] - cosine[self.other]) * gain, self.start, axis=1)


def delta_null(
    metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, queries: np.ndarray, resamples: int, seed: int
) -> Null:
    """Delta of a metric (N,) against Deltas of labels that were exchanged, by query (N,).

    Pairs of one query have much in common, their metric as well as how often they are correct, and shuffling all labels
    would take that for a relation of the two. So labels are exchanged between pairs of one query, and all labels of a
    query with all of another that has as many pairs. As Delta is at a given cosine, exchanges are the likelier, the
    better the cosine fits them: the conditional permutation test (Berrett et al. 2020, section 2 and algorithm 1), the
    odds by a logistic model. Windows and bins are found anew each time.
    """
    order = np.argsort(cosine, kind="stable")
    metric, cosine, correct, queries = finite_only(
        *(np.asarray(one)[order] for one in (metric, cosine, correct, queries))
    )
    if math.isnan(delta(metric, cosine, correct).value):
        return Null(NOWHERE, math.nan, math.nan)

    def deltas(labels: np.ndarray) -> np.ndarray:
        return side_by_side.deltas(metric, cosine, labels.astype(int), (~labels).astype(int))

    drawn, found = False, []
    for labels in _drawn(cosine, correct, queries, resamples, np.random.default_rng(seed)):
        drawn = drawn or bool((labels != correct).any())
        found.append(deltas(labels))
    if not drawn:
        return Null(NOWHERE, math.nan, math.nan, "there are no two queries whose labels can be exchanged")
    (true,), chance = deltas(correct[None]), np.concatenate(found)
    chance = chance[np.isfinite(chance)]
    low, high = np.percentile(chance, MIDDLE) if len(chance) else NOWHERE
    floor = 1 / (1 + len(chance))
    return Null((float(low), float(high)), floor * (1 + int((np.abs(chance) >= abs(true)).sum())), floor)


def _drawn(
    cosine: np.ndarray, correct: np.ndarray, queries: np.ndarray, resamples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Labels (R, N), some draws at a time."""
    _, number, sizes = np.unique(queries, return_inverse=True, return_counts=True)
    kinds = [kind for kind in (_within, _between) if len(kind(number, sizes, rng).one)]
    slopes = [_slope([kind(number, sizes, rng) for _ in range(LEARNED)], cosine, correct) for kind in kinds]
    for count in parts(resamples, len(cosine)):
        labels = np.tile(correct, (count, 1))
        for _ in range(ROUNDS):
            for kind, slope in zip(kinds, slopes, strict=True):
                exchange = kind(number, sizes, rng)
                fit = slope * exchange.fit(cosine, labels)
                done = rng.random(fit.shape) < 1 / (1 + np.exp(np.clip(fit, -500, 500)))
                done = np.repeat(done, np.diff(exchange.start, append=len(exchange.one)), axis=1)
                one, other = labels[:, exchange.one], labels[:, exchange.other]
                labels[:, exchange.one] = np.where(done, other, one)
                labels[:, exchange.other] = np.where(done, one, other)
        yield labels


def _within(number: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> _Exchange:
    """Pairs of one query, two by two at random. number: (N,) of each pair's query. sizes: (Q,) pairs of each."""
    order = np.lexsort((rng.random(len(number)), number))
    place = np.arange(len(order)) - np.repeat(sizes.cumsum() - sizes, sizes)
    first = np.flatnonzero((place % 2 == 0) & (place + 1 < np.repeat(sizes, sizes)))
    return _Exchange(order[first], order[first + 1], np.arange(len(first)))


def _between(number: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> _Exchange:
    """Queries of equally many pairs, two by two at random, and their pairs in any order. As `_within`."""
    order, begin = np.lexsort((rng.random(len(number)), number)), sizes.cumsum() - sizes
    shuffled = np.lexsort((rng.random(len(sizes)), sizes))
    ordered = sizes[shuffled]
    place = np.arange(len(sizes)) - np.searchsorted(ordered, ordered)
    first = np.flatnonzero((place[:-1] % 2 == 0) & (ordered[:-1] == ordered[1:]))
    count = ordered[first]
    start = count.cumsum() - count
    inside = np.arange(count.sum()) - np.repeat(start, count)
    one, other = (order[np.repeat(begin[shuffled[at]], count) + inside] for at in (first, first + 1))
    return _Exchange(one, other, start)


def _slope(exchanges: list[_Exchange], cosine: np.ndarray, correct: np.ndarray) -> float:
    """By how much the log odds of labels rise with their `fit`: the one that makes the true labels likeliest, each time
    against those after an exchange."""
    fits = np.concatenate([one.fit(cosine, correct[None])[0] for one in exchanges])
    deviation, slope = float(cosine.std()) or 1.0, 0.0
    fits = fits[fits != 0] / deviation
    for _ in range(NEWTON):
        wrong = 1 / (1 + np.exp(slope * np.clip(fits, -20, 20)))
        curvature = (fits**2 * wrong * (1 - wrong)).sum()
        slope += float((fits * wrong).sum() / curvature) if curvature > 1e-12 else 0.0
        slope = min(max(slope, -STEEPEST), STEEPEST)
    return slope / deviation
