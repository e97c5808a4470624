"""What a metric says over many pairs: does it follow the similarity (rho), does it tell correct from incorrect pairs
that the model scores alike (Delta, and the AUC within bins)? PAIR-X, sections 4 and B.3.

Arrays: metric (N,) and cosine (N,) of the pairs, correct (N,) bool: whether both photographs show one individual. Pairs
whose metric is not finite are no part of any number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

BINS = 10
FEWEST = 3  # pairs of either class in a bin that counts
GRID = 1000  # points at which densities are compared
MANY = 10_000  # values of which a density is estimated; more are counted in as many equal ranges first
WINDOW = 2.5, 97.5  # percentiles between which a class is common


@dataclass(frozen=True)
class Bin:
    """A range of cosines. correct, incorrect: how many pairs it holds. distance: between the two classes' metrics,
    negative where the correct mean is lower; NaN where the bin does not count.
    """

    start: float
    stop: float
    correct: int
    incorrect: int
    distance: float


@dataclass(frozen=True)
class Delta:
    """The binned Bhattacharyya distance (algorithm 1).

    value: 0 where the classes look alike, positive where correct pairs have the higher metric; NaN where no bin counts,
    and `reason` says why. window: cosines at which both classes are common. bins: 10 of equal width.
    """

    value: float
    window: tuple[float, float]
    bins: tuple[Bin, ...]
    reason: str = ""


def rho(metric: np.ndarray, cosine: np.ndarray) -> float:
    """Spearman's rank correlation, -1 to 1; equal values share their mean rank. NaN for fewer than 3 pairs and where
    one of the two does not vary.
    """
    finite = np.isfinite(metric)
    one, other = (pd.Series(np.asarray(values)[finite]).rank().to_numpy(float) for values in (metric, cosine))
    if finite.sum() < 3 or np.ptp(one) == 0 or np.ptp(other) == 0:
        return math.nan
    return float(np.corrcoef(one, other)[0, 1])


def delta(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray) -> Delta:
    """Delta of a metric (algorithm 1), over the pairs whose metric is finite."""
    metric, cosine, correct = finite_only(metric, cosine, correct)
    nowhere = (math.nan, math.nan)
    for name, count in (("correct", correct.sum()), ("incorrect", (~correct).sum())):
        if not count:
            return Delta(math.nan, nowhere, (), f"no {name} pair has this metric")
    low, high = window(cosine, correct)
    if not low < high:
        return Delta(math.nan, (low, high), (), "correct and incorrect pairs have no cosines in common")
    edges = low + (high - low) / BINS * np.arange(BINS + 1)
    bins = []
    for start, stop in pairwise(edges):
        inside = (start < cosine) & (cosine < stop)
        a, b = metric[inside & correct], metric[inside & ~correct]
        bins.append(Bin(float(start), float(stop), len(a), len(b), signed_distance(a, b)))
    value = _weighted([found.distance for found in bins], [found.correct + found.incorrect for found in bins])
    reason = f"no bin has {FEWEST} pairs of either class whose metric varies" if math.isnan(value) else ""
    return Delta(value, (low, high), tuple(bins), reason)


def auc(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray) -> float:
    """The AUC within Delta's bins: how often, of a correct and an incorrect pair of one bin, the correct one has the
    higher metric; equal ones count half. 0.5 where the classes look alike, 0 to 1, NaN where no bin has FEWEST of both
    classes: a contest or two say nothing, and no resample of them says otherwise.

    It depends on the ranks alone, while Delta changes with the metric's scale: of 1 / r, r and log r each has another.
    """
    metric, cosine, correct = finite_only(metric, cosine, correct)
    won = contests = 0.0
    for found in delta(metric, cosine, correct).bins:
        inside = (found.start < cosine) & (cosine < found.stop)
        a, b = metric[inside & correct], np.sort(metric[inside & ~correct])
        if min(len(a), len(b)) < FEWEST:
            continue
        won += (np.searchsorted(b, a, "left") + np.searchsorted(b, a, "right")).sum() / 2
        contests += len(a) * len(b)
    return won / contests if contests else math.nan


def window(cosine: np.ndarray, correct: np.ndarray) -> tuple[float, float]:
    """Cosines that lie in the middle 95 % of both the correct and the incorrect pairs: where pairs are hard to tell."""
    a, b = (np.percentile(cosine[chosen], WINDOW) for chosen in (correct, ~correct))
    return float(max(a[0], b[0])), float(min(a[1], b[1]))


def signed_distance(correct: np.ndarray, incorrect: np.ndarray) -> float:
    """Bhattacharyya distance between the densities of two samples, negative where the first has the lower mean.

    Densities are Gaussian kernel estimates with Scott's bandwidth, at GRID points from the smallest to the largest
    value of both, each summing to 1. NaN where either has fewer than 3 values or no spread, which leaves no density.
    """
    if min(len(correct), len(incorrect)) < FEWEST or np.ptp(correct) == 0 or np.ptp(incorrect) == 0:
        return math.nan
    both = np.concatenate([correct, incorrect])
    grid = np.linspace(both.min(), both.max(), GRID)
    log_p, log_q = _log_density(correct, grid), _log_density(incorrect, grid)
    distance = -_log_sum_exp((log_p + log_q) / 2)
    return float(-distance if correct.mean() < incorrect.mean() else distance)


def finite_only(metric: np.ndarray, *others: np.ndarray) -> list[np.ndarray]:
    """The pairs whose metric is finite: all arrays (N,) without the others."""
    metric = np.asarray(metric, float)
    finite = np.isfinite(metric)
    return [metric[finite], *(np.asarray(other)[finite] for other in others)]


def _log_density(values: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Logarithm of a Gaussian kernel estimate at the grid's points, normalised to sum 1: far tails do not vanish."""
    bandwidth = values.std(ddof=1) * len(values) ** -0.2
    places, log_counts = values, 0.0
    if len(values) > MANY:
        counts, edges = np.histogram(values, MANY)
        places, log_counts = ((edges[1:] + edges[:-1]) / 2)[counts > 0], np.log(counts[counts > 0])
    exponents = -0.5 * ((grid[:, None] - places) / bandwidth) ** 2 + log_counts
    largest = exponents.max(1)
    log_density = largest + np.log(np.exp(exponents - largest[:, None]).sum(1))
    return log_density - _log_sum_exp(log_density)


def _log_sum_exp(values: np.ndarray) -> float:
    largest = values.max()
    return float(largest + np.log(np.exp(values - largest).sum()))


def _weighted(distances: list[float], counts: list[int]) -> float:
    counted = [(distance, count) for distance, count in zip(distances, counts, strict=True) if distance == distance]
    total = sum(count for _, count in counted)
    return sum(distance * count for distance, count in counted) / total if total else math.nan
