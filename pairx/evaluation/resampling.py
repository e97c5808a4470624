"""How far Delta varies over resamples of the pairs, and where it lies by chance.

Hundreds of Deltas (`pairx.evaluation.separability`, PAIR-X, section 4 and algorithm 1), computed side by side. Their
densities are had from counts on POINTS places, which moves such a Delta by far less than one differs from the next.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from pairx.evaluation.separability import BINS, FEWEST, WINDOW, Delta, finite_only, signed_distance

QUARTILES = 1.349  # standard deviations between the quartiles of a normal distribution
POINTS = 128  # places at which a density is known, from the smallest to the largest value of both classes
TOGETHER = 1 << 18  # pairs of all resamples that are computed at once
SAMPLES = 64  # resamples that are computed at once
OVERLAP = 1e-4  # densities that share less are compared by their logarithms, one by one


def delta_interval(
    found: Delta, metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, groups: np.ndarray, resamples: int,
    seed: int,
) -> tuple[float, float]:  # fmt: skip
    """95 % interval of Delta: 1.96 bootstrap standard errors to either side, NaN where Delta has none.

    The error is that of a normal distribution with the resamples' quartiles, since those few in which a bin has hardly
    more than copies of one pair are far off.

    found: the metric's Delta. groups: (N,) of the pairs, such as their query: whole groups are drawn, as pairs of one
    query are not independent. Windows and bins are found anew in each resample. Only the spread of the resamples
    counts, not where they lie: resampling repeats pairs, which drives densities apart where a bin has few. With few
    pairs it is therefore wider than Delta really varies.
    """
    if math.isnan(found.value):
        return math.nan, math.nan
    order = np.argsort(cosine, kind="stable")
    metric, cosine, correct, groups = finite_only(
        *(np.asarray(one)[order] for one in (metric, cosine, correct, groups))
    )
    names, number = np.unique(groups, return_inverse=True)
    rng, deltas = np.random.default_rng(seed), []
    for count in _parts(resamples, len(metric)):
        drawn = rng.integers(0, len(names), (count, len(names))) + len(names) * np.arange(count)[:, None]
        times = np.bincount(drawn.ravel(), minlength=count * len(names)).reshape(count, -1)[:, number]
        deltas.append(_deltas(metric, cosine, correct, times))
    values = np.concatenate(deltas)
    values = values[np.isfinite(values)]
    margin = 1.96 * float(np.subtract(*np.percentile(values, (75, 25)))) / QUARTILES if len(values) > 1 else math.nan
    return found.value - margin, found.value + margin


def delta_null(
    found: Delta, metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, resamples: int, seed: int
) -> tuple[tuple[float, float], float]:
    """Where Delta lies when the metric means nothing: labels shuffled within each bin of cosines.

    found: the metric's Delta. Returns the middle 95 % of such Deltas, and the share (with the true one counted in) that
    is at least as far from zero as the true one, its p-value. NaN where Delta has no value.
    """
    if math.isnan(found.value):
        return (math.nan, math.nan), math.nan
    metric, cosine, correct = finite_only(metric, cosine, correct)
    inside = [(one.start < cosine) & (cosine < one.stop) for one in found.bins if one.distance == one.distance]
    values, labels = np.concatenate([metric[one] for one in inside]), np.concatenate([correct[one] for one in inside])
    sizes = np.array([np.count_nonzero(one) for one in inside])
    ends, bins = np.cumsum(sizes), np.repeat(np.arange(len(sizes)), sizes)
    rng = np.random.default_rng(seed)

    def deltas(labels: np.ndarray) -> np.ndarray:
        """Of labels (R, N)."""
        segments = 2 * (bins + len(sizes) * np.arange(len(labels))[:, None]) + labels
        distances = _distances(
            np.tile(values, len(labels)), np.ones(labels.size), segments.ravel(), len(labels) * len(sizes)
        )
        return _weighted(distances.reshape(len(labels), -1), np.broadcast_to(sizes, (len(labels), len(sizes))))

    def shuffled(count: int) -> np.ndarray:
        parts = [np.tile(part, (count, 1)) for part in np.split(labels, ends[:-1])]
        return np.concatenate([rng.permuted(part, axis=1) for part in parts], axis=1)

    (true,) = deltas(labels[None])
    chance = np.concatenate([deltas(shuffled(count)) for count in _parts(resamples, len(values))])
    chance = chance[np.isfinite(chance)]
    low, high = np.percentile(chance, (2.5, 97.5)) if len(chance) else (math.nan, math.nan)
    extreme = int((np.abs(chance) >= abs(true)).sum())
    return (float(low), float(high)), (1 + extreme) / (1 + len(chance))


def _parts(resamples: int, pairs: int) -> Iterator[int]:
    """How many resamples to compute together, until there are all."""
    largest = min(SAMPLES, max(1, TOGETHER // max(1, pairs)))
    for start in range(0, resamples, largest):
        yield min(largest, resamples - start)


def _deltas(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Delta of each resample, NaN where it has none. times: (R, N) how often it holds each pair; cosine: ascending."""
    count = len(times)
    sides = [_middle(cosine[side], times[:, side]) for side in (correct, ~correct)]
    low = np.maximum(*(side[0] for side in sides))
    high = np.minimum(*(side[1] for side in sides))
    with np.errstate(divide="ignore", invalid="ignore"):
        place = (cosine - low[:, None]) * (BINS / (high - low))[:, None]
        bins = np.floor(place)
    # Neither an end of the window nor an edge of a bin is in a bin.
    sample, pair = np.nonzero((low < high)[:, None] & (place > 0) & (place < BINS) & (place != bins) & (times > 0))
    held, where = times[sample, pair].astype(float), sample * BINS + bins[sample, pair].astype(int)
    distances = _distances(metric[pair], held, 2 * where + correct[pair], count * BINS)
    counts = np.bincount(where, held, count * BINS)
    return _weighted(distances.reshape(count, BINS), counts.reshape(count, BINS))


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
    usable = ((counts >= FEWEST) & (low < high)).reshape(count, 2).all(1)
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
        sides = [
            np.repeat(values[segments == 2 * one + side], times[segments == 2 * one + side].astype(int))
            for side in (1, 0)
        ]
        found[one] = abs(signed_distance(*sides))
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
