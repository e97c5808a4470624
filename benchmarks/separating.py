"""Metrics of a pair's matches that `benchmarks.separation` compares: PAIR-X's own, each changed in one way, and some in
several ways at once.

A pair's matches are its mutual nearest cells. `Way` says where their relevance comes from and what else counts; each of
`METRICS` is a number of a pair, more is more plausible, NaN where there is none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from benchmarks.matched import SEEDS, WITHIN, Pair
from benchmarks.second_order import together
from pairx.core.metrics import PRECISION, match_coverage, residual_metrics
from pairx.types import Matches

Numbers = Callable[[Pair], float]


@dataclass(frozen=True)
class Way:
    """How a metric sees relevance. seed, cells: as PAIR-X's options. weight: of a match: "product" of both cells'
    relevances, or second-order relevance, by name. sign: what a match whose cells both lower the similarity counts:
    "nothing", "for" it or "against" it. agree: whether it is multiplied by the agreement of the neighbours. positions,
    transform: of residuals.
    """

    seed: str = "relevance"
    cells: str = "signed"
    weight: str = "product"
    sign: str = "nothing"
    agree: bool = False
    positions: str = "centres"
    transform: str = "xfeat"

    def maps(self, pair: Pair) -> list[np.ndarray]:
        """(h, w) relevance of either photograph's cells."""
        summed, magnitude = np.moveaxis(pair.relevance[SEEDS.index(self.seed)], 1, 0).astype(float)
        if self.cells == "sum_of_abs":
            return list(magnitude)
        return list(np.abs(summed) if self.cells == "abs_of_sum" else summed)

    def strengths(self, pair: Pair) -> np.ndarray:
        """(M,) relevance of matches, signed where the way is."""
        numbers = pair.matched.numbers
        if self.weight != "product":
            found = together(*pair.shares[self.weight], pair.lengths, *numbers).double().numpy()
        else:
            one, other = (part.ravel()[at.numpy()] for part, at in zip(self.maps(pair), numbers, strict=True))
            low = {"nothing": 0, "for": 1, "against": -1}[self.sign]
            found = one * other * np.where((one > 0) & (other > 0), 1, np.where((one < 0) & (other < 0), low, 0))
        return found * pair.matched.agreement if self.agree else found

    def distances(self, pair: Pair) -> np.ndarray | None:
        """(M,) residuals in cells, in the order of the matches; None where there is no transform."""
        matrix = pair.transforms[self.transform]
        return None if np.isnan(matrix).any() else pair.matched.distances(matrix, self.positions)


def coverage(pair: Pair, way: Way) -> float:
    """Equation 5, as it is."""
    cells0, cells1 = (ends.astype(int) for ends in pair.matched.ends["centres"])
    nothing = np.zeros(len(cells0))
    return match_coverage(*way.maps(pair), Matches(cells0, cells1, cells0, cells1, nothing, nothing))


def coverage_of_signs(pair: Pair, way: Way) -> float:
    """Equation 5 over all magnitude, cells that lower the similarity and match such a cell counted as the way says."""
    maps, numbers = way.maps(pair), [at.numpy() for at in pair.matched.numbers]
    ends = np.stack([part.ravel()[at] for part, at in zip(maps, numbers, strict=True)])
    low = {"nothing": 0, "for": 1, "against": -1}[way.sign]
    counted = np.maximum(ends, 0).sum() + low * np.abs(ends[:, (ends < 0).all(0)]).sum()
    return float(counted / sum(np.abs(part).sum() for part in maps))


def joint_coverage(pair: Pair, way: Way) -> float:
    """`sum_n a_n sqrt(R_i R_j) / sqrt(sum R sum R)` over matches n of cells i and j, -1 to 1: the part of both
    photographs' positive relevance that lies in the same matches, each by its own relevance. a: 1, or the agreement."""
    strengths = replace(way, agree=False).strengths(pair)
    rooted = np.sign(strengths) * np.sqrt(np.abs(strengths)) * (pair.matched.agreement if way.agree else 1.0)
    scale = np.sqrt(np.prod([np.maximum(part, 0).sum() for part in way.maps(pair)]))
    return float(rooted.sum() / scale) if scale > 0 else np.nan


def similarity_in_matches(pair: Pair, way: Way) -> float:
    """The sum of the matches' second-order relevance, in units of the cosine."""
    return float(way.strengths(pair).sum())


def likeness(pair: Pair, way: Way) -> float:
    """The mean cosine similarity of matched descriptors, weighed by relevance."""
    return _mean(pair.matched.likeness, way.strengths(pair))


def agreement_of(pair: Pair, way: Way) -> float:
    """The mean agreement of neighbours, weighed by relevance."""
    return _mean(pair.matched.agreement, way.strengths(pair))


def inverted_mean(pair: Pair, way: Way) -> float:
    """Equation 4: all matches count alike."""
    found = way.distances(pair)
    return np.nan if found is None else residual_metrics(found, 1.0)["inverted_residual_mean"]


def inverted_top(pair: Pair, way: Way) -> float:
    """Of the first 20 alone, in the order of the way."""
    found = way.distances(pair)
    order = np.argsort(-way.strengths(pair), kind="stable")
    return np.nan if found is None else residual_metrics(found[order], 1.0)["inverted_residual_top20"]


def inverted_weighted(pair: Pair, way: Way) -> float:
    """Of the mean weighed by the matches' positive relevance."""
    found = way.distances(pair)
    return np.nan if found is None else 1 / max(_mean(found, way.strengths(pair)), PRECISION)


def following(pair: Pair, way: Way) -> float:
    """The share of the matches' positive relevance within WITHIN cells of the transform, 0 to 1."""
    found = way.distances(pair)
    return np.nan if found is None else _mean((found <= WITHIN).astype(float), way.strengths(pair))


def agreeing_and_following(pair: Pair, way: Way) -> float:
    """The mean agreement of neighbours, 0 for matches that are farther from the transform, weighed by relevance."""
    found = way.distances(pair)
    return np.nan if found is None else _mean(pair.matched.agreement * (found <= WITHIN), way.strengths(pair))


def _mean(values: np.ndarray, strengths: np.ndarray) -> float:
    weights = np.maximum(strengths, 0)
    return float(weights @ values / weights.sum()) if weights.sum() > 0 else np.nan


BASE = Way()
MAPS = {
    "as it is": BASE,
    "gradient": Way(seed="gradient"),
    "abs_of_sum": Way(cells="abs_of_sum"),
    "sum_of_abs": Way(cells="sum_of_abs"),
}
SIGNS = {
    f"{seed}both lower: {sign}": Way(seed=way.seed, sign=sign)
    for seed, way in (("", BASE), ("gradient, ", MAPS["gradient"]))
    for sign in ("for", "against")
}
SECOND = {
    "second order": Way(weight="derivative"),
    "second order of the cosine": Way(weight="cosine"),
    "second order, BiLRP": Way(weight="relevance"),
}
AGREE = {"agree": Way(agree=True)}
PLACES = {
    "between": Way(positions="between"),
    "agree, between": Way(agree=True, positions="between"),
    "SIFT": Way(transform="sift"),
}
EVERY = MAPS | SIGNS | AGREE | SECOND


def _named(
    title: str, metric: Callable[[Pair, Way], float], ways: Mapping[str, Way], **changes: str
) -> dict[str, Numbers]:
    return {f"{title}: {name}": partial(metric, way=replace(way, **changes)) for name, way in ways.items()}


METRICS: dict[str, Numbers] = {
    **_named("coverage", coverage, MAPS),
    **_named("coverage of all magnitude", coverage_of_signs, {"as it is": BASE, "gradient": MAPS["gradient"], **SIGNS}),
    **_named("joint coverage", joint_coverage, MAPS | AGREE),
    **_named("similarity in matches", similarity_in_matches, SECOND),
    **_named("likeness", likeness, EVERY),
    **_named("agreement", agreement_of, MAPS | SIGNS | SECOND),
    **_named("mean residual", inverted_mean, {"as it is": BASE, **PLACES}),
    **_named("residual of the first 20", inverted_top, EVERY | PLACES),
    **_named("residual by relevance", inverted_weighted, EVERY | PLACES),
    **_named("share that follows", following, EVERY | PLACES),
    **_named("share that follows one transform", following, EVERY, transform="own"),
    **_named("agreement within one transform", agreeing_and_following, MAPS | SECOND, transform="own"),
}
FIRST_ORDER = {name: metric for name, metric in METRICS.items() if "second order" not in name}
