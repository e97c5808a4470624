"""What is known of a pair beside its cosine: local features that know nothing of the model, and PAIR-X's matches."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pairx import geometry
from pairx.evaluation.scoring import pair_scores as metrics_of_a_pair
from pairx.models import EmbeddingModel
from pairx.types import Explanation

VERSION = 1  # of the scores: raised whenever the same pair gets others
FEATURES, TRANSFORM = "sift", "similarity"
LOOSE = 8.0  # px as `geometry.THRESHOLD`: how far an inlier may be off on a body that bends
FAR = 0.5  # of a diagonal: a transform that is so far from a plain resize is as good as none
GRID = np.stack(np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 5)), -1).reshape(-1, 2)


@dataclass(frozen=True)
class Score:
    """A number of a pair. title: as shown. better: whether "more" or "less" of it is. given: as a fusion takes it,
    where more is better; of NaN what stands for no number."""

    title: str
    better: str
    given: Callable[[np.ndarray], np.ndarray]


def _or_none(values: np.ndarray) -> np.ndarray:
    return np.nan_to_num(values, nan=0.0)


def _near(values: np.ndarray) -> np.ndarray:
    return -np.minimum(np.nan_to_num(values, nan=FAR), FAR)


SCORES = {
    "cosine": Score("Cosine", "more", np.asarray),
    "match_coverage": Score("Match coverage", "more", _or_none),
    "inverted_residual": Score("Inverted residual mean, 1/px", "more", _or_none),
    "inliers": Score("Inliers of local features", "more", np.log1p),
    "resize_distance": Score("Distance from a plain resize", "less", _near),
    "resize_distance_loose": Score("Distance from a plain resize, loose", "less", _near),
}
"""By the name of their column, in the order they are shown."""
LOCAL = ("inliers", "resize_distance", "resize_distance_loose")


def given(table: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """(N, S) float64: some scores of pairs as a fusion takes them."""
    return np.column_stack([SCORES[name].given(table[name].to_numpy(float)) for name in names])


def local_scores(features0: geometry.Seen, features1: geometry.Seen) -> tuple[dict[str, float], geometry.Alignment]:
    """The LOCAL scores of a pair with `local_matches`, how many there are, and the alignment that inliers follow.

    A similarity transform is estimated twice: inliers may be 3 px off, and LOOSE px. inliers: of the first, 0 where it
    cannot be true. resize_distance, resize_distance_loose: how far each is from `geometry.resize_only`, see
    `resize_distance`; NaN where there is no transform.
    """
    matches = geometry.local_matches(features0, features1)
    sizes = features0.size, features1.size
    strict, loose = (
        geometry.estimate(matches.points0, matches.points1, *sizes, TRANSFORM, threshold / features1.scale)
        for threshold in (geometry.THRESHOLD, LOOSE)
    )
    return {
        "local_matches": len(matches),
        "inliers": strict.inliers if strict.status == geometry.OK else 0,
        "resize_distance": resize_distance(strict.matrix, *sizes),
        "resize_distance_loose": resize_distance(loose.matrix, *sizes),
    }, strict


def all_scores(
    explanation: Explanation, features0: geometry.Seen, features1: geometry.Seen, model: EmbeddingModel
) -> dict[str, float]:
    """The scores of a pair but for the cosine, with `local_matches`, from PAIR-X's explanation of it and the local
    features of both photographs."""
    local, alignment = local_scores(features0, features1)
    return local | deep_scores(explanation, alignment, features0.size, features1.size, model)


def resize_distance(matrix: np.ndarray | None, size0: tuple[float, float], size1: tuple[float, float]) -> float:
    """How far a transform (3, 3) of image 0 to image 1 is from one that only resizes: root mean square over a grid of
    5 x 5 places of image 0 of how far apart the two send a place, in parts of image 1's diagonal. NaN without one.
    """
    if matrix is None:
        return math.nan
    places = GRID * size0
    apart = geometry.project(places, matrix) - geometry.project(places, geometry.resize_only(size0, size1))
    return float(np.sqrt((apart**2).sum(1).mean()) / np.hypot(*size1))


def deep_scores(
    explanation: Explanation,
    alignment: geometry.Alignment,
    size0: tuple[int, int],
    size1: tuple[int, int],
    model: EmbeddingModel,
) -> dict[str, float]:
    """match_coverage and inverted_residual of PAIR-X's matches, the latter against the local features' transform; NaN
    where there is none. size0, size1: (width, height) of the images.
    """
    found = metrics_of_a_pair(explanation, alignment, size0, size1, model.size)
    return {"match_coverage": found["match_coverage"], "inverted_residual": found["inverted_residual_mean"]}
