"""The metrics of a pair, from PAIR-X's matches and a transform that knows nothing of the model."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from pairx import geometry
from pairx.core import metrics
from pairx.datasets import Dataset
from pairx.types import Explanation, Extent

PHOTOGRAPHS_KEPT = 8  # so that few are decoded again for their local features
FEATURES_KEPT = 1024  # photographs whose local features stay in memory


class Scorer:
    """Scores pairs of a data set. features, transform: see `pairx.geometry`. size: (height, width) of the
    model's input, px."""

    def __init__(self, dataset: Dataset, features: str, transform: str, size: tuple[int, int]) -> None:
        self._transform, self._size = transform, size
        self.photograph = lru_cache(PHOTOGRAPHS_KEPT)(lambda row: dataset.load(row)[0])  # (H, W, 3) uint8 RGB of a row
        self._features = lru_cache(FEATURES_KEPT)(lambda row: geometry.local_features(self.photograph(row), features))

    def score(self, query: int, candidate: int, explanations: list[Explanation]) -> list[dict[str, Any]]:
        """The scores of a pair of rows at each layer, one for each explanation: see `pairx.evaluation.store.SCORES`."""
        features0, features1 = self._features(query), self._features(candidate)
        alignment = geometry.align(features0, features1, self._transform)
        return [
            pair_scores(explanation, alignment, features0.size, features1.size, self._size)
            for explanation in explanations
        ]


def pair_scores(
    explanation: Explanation,
    alignment: geometry.Alignment,
    size0: tuple[int, int],
    size1: tuple[int, int],
    input_size: tuple[int, int],
) -> dict[str, Any]:
    """All metrics of one pair at one layer.

    explanation: of PAIR-X; its matches' keypoints are in pixels of the images, whose (width, height) are size0 and
    size1. alignment: of image 0 to image 1. Residuals are in pixels of the model's input, (height, width);
    "normalised" ones in pixels of image 1 as parts of its diagonal. NaN where the alignment has no matrix. "resize_":
    the same with a transform that only lays what the model sees of image 0 over what it sees of image 1.
    """
    matches = explanation.matches
    scores: dict[str, Any] = {}
    extents = [
        extent or (0.0, 0.0, *size) for extent, size in ((explanation.extent0, size0), (explanation.extent1, size1))
    ]
    control = geometry.resize_only(*extents)
    for prefix, matrix in (("", alignment.matrix), ("resize_", control)):
        matrix = np.full((3, 3), np.nan) if matrix is None else matrix
        found = residual_scores(
            matches.keypoints0, matches.keypoints1, matrix, size1, extents[1], input_size, explanation.map1.shape
        )
        scores |= {prefix + name: value for name, value in found.items()}
    return scores | {
        "match_coverage": float("nan")
        if explanation.withheld
        else metrics.match_coverage(explanation.map0, explanation.map1, matches),
        "n_matches": len(matches),
        "local_matches": alignment.matches,
        "homography_inliers": alignment.inliers,
        "status": alignment.status,
    }


def residual_scores(
    points0: np.ndarray,
    points1: np.ndarray,
    matrix: np.ndarray,
    size1: tuple[int, int],
    extent1: Extent,
    input_size: tuple[int, int],
    grid: tuple[int, int],
) -> dict[str, float]:
    """The residual metrics of matched points (N, 2), (N, 2) in pixels of the images; NaN where the matrix is. extent1:
    what the input of (height, width) and the cells, grid of (rows, columns), cover of image 1."""
    if np.isnan(matrix).any():
        names = [*metrics.residual_metrics(np.ones(1), 1.0), "inverted_residual_mean_normalised"]
        return dict.fromkeys(names, float("nan"))
    cells = np.sqrt(grid[0] * grid[1])
    stretch = np.array(input_size[::-1]) / extent1[2:]
    in_input = metrics.residuals(points0, points1 * stretch, np.diag([*stretch, 1]) @ matrix)
    diagonal = np.hypot(*size1)
    in_image = metrics.residuals(points0, points1, matrix) / diagonal
    normalised = metrics.residual_metrics(in_image, np.sqrt(extent1[2] * extent1[3]) / cells / diagonal)
    return metrics.residual_metrics(in_input, np.sqrt(np.prod(input_size)) / cells) | {
        "inverted_residual_mean_normalised": normalised["inverted_residual_mean"]
    }
