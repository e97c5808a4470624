"""The metrics of a pair, from PAIR-X's matches and a transform that knows nothing of the model."""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from pairx import geometry
from pairx.datasets import Dataset
from pairx.evaluation.metrics import Case, measured
from pairx.types import Explanation

PHOTOGRAPHS_KEPT = 8  # so that few are decoded again for their local features
FEATURES_KEPT = 1024  # photographs whose local features stay in memory


class Scorer:
    """Scores pairs of a data set, in any thread. features, transform: see `pairx.geometry`. size: (height, width) of
    the model's input, px."""

    def __init__(self, dataset: Dataset, features: str, transform: str, size: tuple[int, int]) -> None:
        self._transform, self._size = transform, size
        self.load = lru_cache(PHOTOGRAPHS_KEPT)(dataset.load)  # a row's photograph and view
        self._found = lru_cache(FEATURES_KEPT)(lambda row: geometry.local_features(self.photograph(row), features))
        self._locks: defaultdict[int, threading.Lock] = defaultdict(threading.Lock)

    def photograph(self, row: int) -> np.ndarray:
        """(H, W, 3) uint8 RGB of a row."""
        return self.load(row)[0]

    def _features(self, row: int) -> geometry.Seen:
        """A photograph's local features, looked for once, whatever pairs are under way."""
        with self._locks[row]:
            return self._found(row)

    def score(self, query: int, candidate: int, explanations: list[Explanation]) -> list[dict[str, Any]]:
        """The scores of a pair of rows at each layer, one for each explanation: see `pair_scores`."""
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
    size1. alignment: of image 0 to image 1. input_size: (height, width) of the model's input. Controls' transform only
    lays what the model sees of image 0 over what it sees of image 1.
    """
    extent0 = explanation.extent0 or (0.0, 0.0, *size0)
    extent1 = explanation.extent1 or (0.0, 0.0, *size1)
    matrix = np.full((3, 3), np.nan) if alignment.matrix is None else alignment.matrix
    case = Case(explanation, matrix, size1, extent1, input_size)
    control = replace(case, matrix=geometry.resize_only(extent0, extent1))
    return measured(case, control) | {
        "n_matches": len(case.maps_and_matches[2]),
        "local_matches": alignment.matches,
        "transform_inliers": alignment.inliers,
        "status": alignment.status,
    }
