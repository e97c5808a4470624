"""Which local features of two photographs show one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from pairx.geometry import networks
from pairx.geometry.features import LocalFeatures

RATIO = 0.8  # Lowe 2004, section 7.1


@dataclass(frozen=True)
class LocalMatches:
    """N places of two photographs with alike local features.

    points0, points1: (N, 2) float64 x/y pixels of the photographs as given. score: (N,) 0 to 1, of SIFT 1 less the
    ratio of the distances to the nearest and the second nearest feature, of a network its confidence. distance: (N,) L2
    between the two descriptors, or 1 less the score where there are none.
    """

    points0: np.ndarray
    points1: np.ndarray
    score: np.ndarray
    distance: np.ndarray

    def __len__(self) -> int:
        return len(self.score)


def by_lightglue(features0: LocalFeatures, features1: LocalFeatures) -> LocalMatches:
    """Match features of one of `networks.NETWORKS` by its LightGlue (Lindenberger et al. 2023)."""
    points0, points1 = (one.points * (np.array(one.seen) / one.size) for one in (features0, features1))
    matched, scores = networks.match(
        features0.kind,
        (points0, points1),
        (features0.descriptors, features1.descriptors),
        (features0.seen, features1.seen),
    )
    first, second = matched.T
    distance = np.linalg.norm(features0.descriptors[first] - features1.descriptors[second], axis=1)
    return LocalMatches(features0.points[first], features1.points[second], scores, distance.astype(float))


def by_ratio(features0: LocalFeatures, features1: LocalFeatures) -> LocalMatches:
    """Match SIFT's features by Lowe's ratio test (section 7.1). A pair of places counts once, though SIFT describes
    some places several times, at several orientations.
    """
    # As signed bytes, all less 128, which changes no distance.
    a, b = ((one.descriptors ^ 128).view(np.int8) for one in (features0, features1))
    if not len(a) or len(b) < 2:
        return LocalMatches(np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    # Nearest is where 2 a b - |b|^2 is largest.
    squared0, squared1 = ((one.astype(np.int32) ** 2).sum(1, dtype=np.int32) for one in (a, b))
    closeness, rows = _inner_products(a, b), np.arange(len(a))
    closeness *= 2
    closeness -= squared1
    nearest = closeness.argmax(1)
    best = (squared0 - closeness[rows, nearest]).astype(np.float32)
    closeness[rows, nearest] = np.iinfo(np.int32).min
    second = (squared0 - closeness.max(1)).astype(np.float32)
    good = np.flatnonzero(best < RATIO**2 * second)
    places = np.column_stack([features0.points[good], features1.points[nearest[good]]])
    _, first = np.unique(places.round(2), axis=0, return_index=True)
    first = np.sort(first)
    places, good = places[first], good[first]
    return LocalMatches(places[:, :2], places[:, 2:], 1 - np.sqrt(best[good] / second[good]), np.sqrt(best[good]))


def _inner_products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Inner products (N, M) int32 of vectors (N, D), (M, D) int8, exact for up to 1024 dimensions."""
    if torch.cpu._is_vnni_supported():  # without, products of bytes may saturate
        return torch._int_mm(torch.from_numpy(a), torch.from_numpy(b).T).numpy()
    return (a.astype(np.float32) @ b.astype(np.float32).T).astype(np.int32)
