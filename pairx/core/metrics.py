"""How plausible a pair's matches are (PAIR-X, section 3.3): do they follow a transform, do they cover what is relevant?

Residuals are on image 1, in whatever unit its points are in. All matches count, before any is left out for its
relevance.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pairx.geometry import project
from pairx.types import Matches

TOP = 20  # matches that PAIR-X draws as lines
PRECISION = (np.sqrt(2) + np.arcsinh(1)) / 6
"""Mean distance of a point in a square cell of side 1 to the cell's centre: so far off is even a right match."""


def residuals(points0: np.ndarray, points1: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """`|H(p0) - p1|` (N,) of matched points (N, 2), (N, 2) x/y, H (3, 3) (eq. 3); infinite on the horizon."""
    return np.linalg.norm(project(points0, matrix) - np.asarray(points1, float).reshape(-1, 2), axis=1)


def residual_metrics(distances: np.ndarray, cell: float) -> dict[str, float]:
    """Reciprocals of the mean residual (PAIR-X's metric, eq. 4), of the median, and of the mean of the first 20.

    distances: (N,) residuals, those of the most relevant matches first. cell: side of a cell, in the residuals' unit.
    Higher is more plausible, in units of one over the residuals' unit. A few wild matches rule the mean, hence the
    other two. NaN where there are no matches.

    No mean and no median counts as less than PRECISION of a cell: matches join centres of cells, so that one below says
    that two frames are the same, as in two copies of a photograph, and its reciprocal, which may be infinite, would
    outweigh all others.
    """
    return {
        "inverted_residual_mean": _inverse(distances, np.mean, cell),
        "inverted_residual_median": _inverse(distances, np.median, cell),
        "inverted_residual_top20": _inverse(distances[:TOP], np.mean, cell),
    }


def match_coverage(relevance0: np.ndarray, relevance1: np.ndarray, matches: Matches) -> float:
    """Share of the relevance of both images that lies in matched cells, 0 to 1 (eq. 5).

    relevance0, relevance1: (h, w) relevance of each image's cells. Negative relevance, which speaks against the
    similarity, counts as none: the equation is a share only of non-negative numbers. NaN where there is no positive
    relevance, and where it is the smaller part of all magnitude: a share of remnants would say nothing of the pair.
    """
    covered = total = against = 0.0
    for relevance, cells in ((relevance0, matches.cells0), (relevance1, matches.cells1)):
        signed = np.asarray(relevance, float)
        positive = np.maximum(signed, 0)
        matched = np.zeros(positive.shape, bool)
        matched[cells[:, 0], cells[:, 1]] = True
        covered += positive[matched].sum()
        total += positive.sum()
        against += (positive - signed).sum()
    return float(covered / total) if total > 0 and total >= against else float("nan")


def _inverse(distances: np.ndarray, centre: Callable[[np.ndarray], float], cell: float) -> float:
    return 1 / max(float(centre(distances)), PRECISION * cell) if len(distances) else float("nan")
