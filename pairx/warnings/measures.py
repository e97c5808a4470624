"""What the warnings measure: numbers of two photographs, each higher where there is more to beware of; None where it
cannot be known.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import torch

from pairx import geometry
from pairx.models import cosine_similarity
from pairx.warnings.photograph import Photograph

SIDE = 256  # px of the longest side at which two photographs are laid over each other
OVERLAP = 0.3  # of the smaller one's area, from which on they are compared
FEWEST = 12  # details that one transform has to take along before it is looked at
MARGIN = 9  # px around the animal that are neither animal nor background
STILL = 0.01  # of a side: how far apart a detail may lie in two photographs to be at the same place
COPY = 0.8  # correlation from which on two photographs are one picture


@dataclass(frozen=True)
class Case:
    """A pair, as the checks look at it: what several need is computed once."""

    first: Photograph
    second: Photograph

    @property
    def photographs(self) -> tuple[Photograph, Photograph]:
        """Both."""
        return self.first, self.second

    @cached_property
    def identical(self) -> bool:
        """Whether they are the same, pixel for pixel."""
        return np.array_equal(self.first.image, self.second.image)

    @cached_property
    def local(self) -> geometry.LocalMatches:
        """Alike local features."""
        return geometry.local_matches(self.first.features, self.second.features)

    @cached_property
    def agreement(self) -> float:
        """Correlation, -1 to 1, of the grey values of the two, one laid over the other by a similarity transform of
        their local features; 0 where there is none.
        """
        first, second = self.first, self.second
        if self.identical:
            return 1.0
        found = geometry.follow(self.local, first.features, second.features, "similarity")
        if found.matrix is None or found.inliers < FEWEST or found.status != geometry.OK:
            return 0.0
        return _correlation(first.image, second.image, found.matrix)


def agreement(case: Case) -> float | None:
    """How far two photographs are one picture: near 1 for copies that were cut, resized or saved again."""
    return case.agreement


def same_encounter(case: Case) -> float | None:
    """1 where both are of one encounter, 0 where they are not."""
    if not case.first.encounter or not case.second.encounter:
        return None
    return float(case.first.encounter == case.second.encounter)


def background_details(case: Case) -> float | None:
    """How many local features the two backgrounds share: those outside the animals that follow one affine map, or,
    where nobody knows the animals, those at the same place of both photographs, as with a camera that stands still.
    None for two copies.
    """
    if case.agreement >= COPY:
        return None
    first, second, local = case.first, case.second, case.local
    sizes = first.features.size, second.features.size
    if first.animal is None or second.animal is None:
        apart = np.abs(local.points0 / sizes[0] - local.points1 / sizes[1])
        return float((apart.max(1, initial=0) < STILL).sum())
    outside = ~(_on(local.points0, first.animal) | _on(local.points1, second.animal))
    points = local.points0[outside], local.points1[outside]
    found = geometry.estimate(*points, *sizes, "affine", geometry.THRESHOLD / second.features.scale)
    return float(found.inliers if found.status == geometry.OK else 0)


def without_animals(case: Case) -> float | None:
    """Cosine of the two photographs with the animals painted over in the mean colour of what surrounds them."""
    e, f = case.first.background_embedding, case.second.background_embedding
    return None if e is None or f is None else _cosine(e, f)


def mirrored_gain(case: Case) -> float | None:
    """By how much the cosine is higher when the second photograph is mirrored, left to right."""
    e, second = case.first.embedding, case.second
    return _cosine(e, second.mirrored_embedding) - _cosine(e, second.embedding)


def strangeness(case: Case) -> float | None:
    """Share of the data set's photographs that lie nearer to their nearest others than the stranger of the two does."""
    return stranger(case).strangeness


def stranger(case: Case) -> Photograph:
    """The one of two that lies farther from all others."""
    known = [one for one in case.photographs if one.strangeness is not None]
    return max(known, key=lambda one: one.strangeness or 0.0, default=case.first)


def _correlation(image0: np.ndarray, image1: np.ndarray, matrix: np.ndarray) -> float:
    """Of the grey values of two images where they overlap, the first laid over the second by a matrix (3, 3)."""
    scales = [min(1.0, SIDE / max(image.shape[:2])) for image in (image0, image1)]
    grey0, grey1 = (_grey(*one) for one in zip((image0, image1), scales, strict=True))
    small = np.diag([scales[1], scales[1], 1]) @ matrix @ np.diag([1 / scales[0], 1 / scales[0], 1])
    half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV counts from the first pixel's centre
    affine, size = (np.linalg.inv(half) @ small @ half)[:2], grey1.shape[1::-1]
    warped = cv2.warpAffine(grey0, affine, size)
    covered = cv2.warpAffine(np.ones_like(grey0), affine, size, flags=cv2.INTER_NEAREST) > 0
    least = min(grey1.size, grey0.size * abs(np.linalg.det(affine[:, :2])))
    a, b = warped[covered], grey1[covered]
    spread = a.std() * b.std() if a.size else 0.0
    if covered.sum() < OVERLAP * least or not spread:
        return 0.0
    return float(((a - a.mean()) * (b - b.mean())).mean() / spread)


def _cosine(e: np.ndarray, f: np.ndarray) -> float:
    return cosine_similarity(torch.from_numpy(e), torch.from_numpy(f))


def _grey(image: np.ndarray, scale: float) -> np.ndarray:
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)


def _on(points: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(N,) bool: which points (N, 2) x/y lie within MARGIN of a mask (H, W) bool."""
    x, y = np.clip(np.floor(points).astype(int), 0, (mask.shape[1] - 1, mask.shape[0] - 1)).T
    return widened(mask)[y, x]


def widened(mask: np.ndarray) -> np.ndarray:
    """A mask (H, W) bool, MARGIN wider all around."""
    side = 2 * MARGIN + 1
    return cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
