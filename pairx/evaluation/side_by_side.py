"""rho, Delta and the AUC (`pairx.evaluation.separability`) of hundreds of samples, computed side by side.

A sample says how often it holds each of N pairs: counts (R, N) of R samples. Densities are had from counts on POINTS
places, which moves a Delta by far less than one sample's differs from the next.
"""

from __future__ import annotations

import math

import numpy as np

from pairx.evaluation.separability import BINS, FEWEST, WINDOW, signed_distance

POINTS = 128  # places at which a density is known, from the smallest to the largest value of both classes
OVERLAP = 1e-4  # densities that share less are compared by their logarithms, one by one


def rhos(metric: np.ndarray, cosine: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Spearman's rank correlation (R,) of each sample, NaN where it has none. times: (R, N) how often it holds each
    pair.
    """
    totals = times.sum(1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b = (ranks - (times * ranks).sum(1, keepdims=True) / totals for ranks in _ranks((metric, cosine), times))
        found = (times * a * b).sum(1) / np.sqrt((times * a * a).sum(1) * (times * b * b).sum(1))
    return np.where((totals[:, 0] >= FEWEST) & np.isfinite(found), found, math.nan)


def deltas(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, incorrect: np.ndarray) -> np.ndarray:
    """Delta (R,) of each sample, NaN where it has none. correct, incorrect: (R, N) how often it holds each pair as one
    of the class; no pair as both. cosine: (N,) ascending. Windows and bins are each sample's own.
    """
    count = len(correct)
    pair, held, where, label = _binned(cosine, correct, incorrect)
    distances = _distances(metric[pair], held, 2 * where + label, count * BINS)
    counts = np.bincount(where, held, count * BINS)
    return _weighted(distances.reshape(count, BINS), counts.reshape(count, BINS))


def aucs(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, incorrect: np.ndarray) -> np.ndarray:
    """The AUC within bins (R,) of each sample, NaN where it has none. As `deltas`."""
    count = len(correct)
    pair, held, where, label = _binned(cosine, correct, incorrect)
    order = np.lexsort((metric[pair], where))
    values, held, where, label = metric[pair][order], held[order], where[order], label[order]
    first = np.ones(len(where), bool)  # of equal values in one bin
    first[1:] = (where[1:] != where[:-1]) | (values[1:] != values[:-1])
    group = np.cumsum(first) - 1
    high, low = (np.bincount(group, held * (label == side)) for side in (1, 0))
    bins = where[first]
    a, b = (np.bincount(bins, side, count * BINS) for side in (high, low))
    below = low.cumsum() - low - (b.cumsum() - b)[bins]  # incorrect ones of the same bin with less
    won, enough = np.bincount(bins, high * (below + low / 2), count * BINS), np.minimum(a, b) >= FEWEST
    won, contests = (np.where(enough, one, 0).reshape(count, BINS).sum(1) for one in (won, a * b))
    with np.errstate(divide="ignore", invalid="ignore"):
        return won / contests


def _ranks(columns: tuple[np.ndarray, ...], times: np.ndarray) -> list[np.ndarray]:
    """Of each column (N,) the ranks (R, N) in each sample; equal values share their mean rank."""
    found = []
    for values in columns:
        order = np.argsort(values, kind="stable")
        first = np.ones(len(order), bool)
        first[1:] = np.diff(values[order]) != 0
        held = np.add.reduceat(times[:, order], np.flatnonzero(first), axis=1)
        ranks = np.empty(times.shape)
        ranks[:, order] = (held.cumsum(1) - (held - 1) / 2)[:, np.cumsum(first) - 1]
        found.append(ranks)
    return found


def _binned(
    cosine: np.ndarray, correct: np.ndarray, incorrect: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All that lies in a bin of any sample (K,): the pair, how often, in which of R BINS bins, 1 if correct else 0."""
    low, high = (
        choose(*ends)
        for choose, ends in zip(
            (np.maximum, np.minimum),
            zip(_middle(cosine, correct), _middle(cosine, incorrect), strict=True),
            strict=True,
        )
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        place = (cosine - low[:, None]) * (BINS / (high - low))[:, None]
        bins = np.floor(place)
    # Neither an end of the window nor an edge of a bin is in a bin.
    inside = (low < high)[:, None] & (place > 0) & (place < BINS) & (place != bins)
    sample, pair = np.nonzero(inside & (correct + incorrect > 0))
    held = (correct + incorrect)[sample, pair].astype(float)
    return pair, held, sample * BINS + bins[sample, pair].astype(int), (correct[sample, pair] > 0).astype(int)


def _middle(cosine: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Between which two cosines (R,), (R,) the middle 95 % of each resample lie: as `numpy.percentile`, linear."""
    sums = times.cumsum(1)
    ends = []
    for share in WINDOW:
        place = share / 100 * np.maximum(sums[:, -1] - 1, 0)
        below = np.floor(place)
        first, second = (
            cosine[np.minimum((sums <= rank[:, None]).sum(1), len(cosine) - 1)]
            for rank in (below, np.minimum(below + 1, sums[:, -1] - 1))
        )
        ends.append(np.where(sums[:, -1] > 0, first + (place - below) * (second - first), math.nan))
    return ends[0], ends[1]


def _distances(values: np.ndarray, times: np.ndarray, segments: np.ndarray, count: int) -> np.ndarray:
    """`signed_distance` in each of so many bins, (count,), NaN where it has none.

    values: (N,) of the metric; times: (N,) how often each counts; segments: (N,) twice its bin, plus 1 if correct.
    """
    counts = np.bincount(segments, times, 2 * count)
    low, high = np.full(2 * count, np.inf), np.full(2 * count, -np.inf)
    np.minimum.at(low, segments, values)
    np.maximum.at(high, segments, values)
    usable = np.asarray(((counts >= FEWEST) & (low < high)).reshape(count, 2).all(1))
    kept = np.flatnonzero(usable)
    low, high = low.reshape(count, 2)[kept].min(1), high.reshape(count, 2)[kept].max(1)
    chosen = usable[segments // 2]
    number = np.cumsum(usable) - 1
    values, times, segments = values[chosen], times[chosen], 2 * number[segments[chosen] // 2] + segments[chosen] % 2
    counts = counts.reshape(count, 2)[kept].ravel()
    mean = np.bincount(segments, times * values, 2 * len(kept)) / counts
    variance = np.bincount(segments, times * (values - mean[segments]) ** 2, 2 * len(kept)) / (counts - 1)
    step = (high - low) / (POINTS - 1)
    width = np.sqrt(variance) * counts**-0.2 / np.repeat(step, 2)  # Scott's bandwidth, in places
    place = (values - low[segments // 2]) / step[segments // 2]
    before = np.minimum(place.astype(int), POINTS - 2)
    after, at, size = place - before, segments * POINTS + before, 2 * len(kept) * POINTS
    spread = np.bincount(at, times * (1 - after), size) + np.bincount(at + 1, times * after, size)
    overlap = _overlaps(spread.reshape(-1, POINTS), width)
    found = -np.log(np.maximum(overlap, OVERLAP / 2))
    for one in np.flatnonzero(overlap < OVERLAP):
        correct, incorrect = (
            np.repeat(values[segments == 2 * one + side], times[segments == 2 * one + side].astype(int))
            for side in (1, 0)
        )
        found[one] = abs(signed_distance(correct, incorrect))
    distances = np.full(count, math.nan)
    distances[kept] = np.where(mean[1::2] < mean[::2], -found, found)
    return distances


def _overlaps(spread: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Bhattacharyya coefficients (K,) of the Gaussian kernel estimates of counts (2 K, POINTS), widths (2 K,) in
    places."""
    lags = np.arange(POINTS + 1)
    kernel = np.exp(-0.5 * (lags / width[:, None]) ** 2)
    kernel = np.concatenate([kernel, kernel[:, -2:0:-1]], 1)  # of both directions, around a circle of 2 POINTS
    smooth = np.fft.irfft(np.fft.rfft(spread, 2 * POINTS) * np.fft.rfft(kernel), 2 * POINTS)[:, :POINTS]
    density = np.maximum(smooth, 0)
    density /= density.sum(1, keepdims=True)
    return np.sqrt(density[::2] * density[1::2]).sum(1)


def _weighted(distances: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean (R,) of distances (R, B), by how many pairs (R, B) a bin has; NaN ones do not count."""
    weights = np.where(np.isnan(distances), 0, counts)
    with np.errstate(invalid="ignore"):
        return (np.nan_to_num(distances) * weights).sum(1) / weights.sum(1)
