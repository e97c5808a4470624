"""How one photograph lies in another, estimated robustly from matched points.

MAGSAC (Barath et al. 2019) in OpenCV's USAC. A transform is a (3, 3) matrix that takes points of image 0 to image 1
(PAIR-X, eq. 3). An estimate that fails says why instead of giving a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pairx.geometry.features import Seen
from pairx.geometry.matchers import local_matches
from pairx.geometry.matching import LocalMatches
from pairx.types import InputError

TRANSFORMS = ("homography", "affine", "similarity")
DEFAULT_TRANSFORM = "affine"
THRESHOLD = 3.0  # px of the photograph in which features are found: how far an inlier may be off
ITERATIONS, CONFIDENCE = 10_000, 0.9999  # of the search: at most so many, fewer where it is as sure as this
FEWEST = 4  # inliers that an estimate needs
AREA_RATIO = (0.1, 10.0)  # of the projected image 0 to image 1
COLLAPSED = 1e-6  # the same, up to which only rounding tells whether it is mirrored

ENOUGH = 15
"""Inliers from which on one photograph may be shown laid over the other. Photographs of nothing in common reached up to
14: a picture of them would look as if it were true."""

OK, FEW_INLIERS, NON_CONVEX, FLIPPED, AREA = "ok", "few inliers", "non-convex", "flipped", "area ratio"


@dataclass(frozen=True)
class Alignment:
    """How image 0 lies in image 1.

    matrix: (3, 3) float64, pixels of image 0 to pixels of image 1; None where there are fewer than 4 inliers. follows:
    (N,) bool, which of the N local matches it was estimated from follow it; none where there is no matrix. matches,
    inliers: how many there are, and how many the best estimate had. status: "ok"; "few inliers"; or why the matrix
    cannot be true: "non-convex" (the frame crosses the horizon), "flipped" (mirrored), "area ratio" (the projected
    frame's area is outside .1 to 10 times that of image 1, as where it falls into a line or a point because many
    places of image 0 were matched with one of image 1).
    """

    matrix: np.ndarray | None
    follows: np.ndarray
    inliers: int
    status: str

    @property
    def matches(self) -> int:
        return len(self.follows)


def align(features0: Seen, features1: Seen, transform: str = "homography") -> Alignment:
    """Estimate how image 0 lies in image 1 from local features of one kind.

    transform: "homography", "affine" or "similarity".
    """
    return follow(local_matches(features0, features1), features0, features1, transform)


def follow(matches: LocalMatches, features0: Seen, features1: Seen, transform: str = "homography") -> Alignment:
    """The same from the two photographs' `local_matches`."""
    threshold = THRESHOLD / features1.scale
    return estimate(matches.points0, matches.points1, features0.size, features1.size, transform, threshold)


def estimate(
    points0: np.ndarray,
    points1: np.ndarray,
    size0: tuple[float, float],
    size1: tuple[float, float],
    transform: str = "homography",
    threshold: float = THRESHOLD,
) -> Alignment:
    """The transform that most matched points (N, 2), (N, 2) follow to within a threshold in pixels of image 1.

    size0, size1: (width, height) of the images. Homography and affine by MAGSAC, similarity by RANSAC, as OpenCV has no
    MAGSAC for it. The same input gives the same answer. Raises InputError for an unknown transform.
    """
    if transform not in TRANSFORMS:
        raise InputError(f"The transform is {', '.join(TRANSFORMS)}, not {transform!r}.")
    nothing = np.zeros(len(points0), bool)
    if len(points0) < FEWEST:
        return Alignment(None, nothing, 0, FEW_INLIERS)
    points0, points1 = (np.ascontiguousarray(points, float) for points in (points0, points1))
    if transform == "homography":
        matrix, mask = cv2.findHomography(
            points0, points1, cv2.USAC_MAGSAC, threshold, maxIters=ITERATIONS, confidence=CONFIDENCE
        )
    else:
        fit, method = (
            (cv2.estimateAffine2D, cv2.USAC_MAGSAC)
            if transform == "affine"
            else (cv2.estimateAffinePartial2D, cv2.RANSAC)
        )
        matrix, mask = fit(
            points0,
            points1,
            method=method,
            ransacReprojThreshold=threshold,
            maxIters=ITERATIONS,
            confidence=CONFIDENCE,
        )
    inliers = 0 if matrix is None else int(np.count_nonzero(mask))
    if inliers < FEWEST or not np.isfinite(matrix).all():
        return Alignment(None, nothing, inliers, FEW_INLIERS)
    if transform != "homography":
        matrix = np.vstack([matrix, [0, 0, 1]])
    return Alignment(matrix, mask.ravel() > 0, inliers, usability(matrix, size0, size1))


def resize_only(extent0: Sequence[float], extent1: Sequence[float]) -> np.ndarray:
    """The control: the matrix (3, 3) that lays one rectangle (x, y, w, h), of image 0, over another, of image 1, and
    knows nothing of either. An image's (width, height) is the whole of it.
    """
    (x0, y0, w0, h0), (x1, y1, w1, h1) = ((0, 0, *one)[-4:] for one in (extent0, extent1))
    x, y = w1 / w0, h1 / h0
    return np.array([[x, 0, x1 - x * x0], [0, y, y1 - y * y0], [0, 0, 1]])


def project(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Points (N, 2) x/y mapped by a homography (3, 3) (PAIR-X, eq. 3); infinite where they fall on the horizon."""
    points = np.asarray(points, float).reshape(-1, 2)
    mapped = np.column_stack([points, np.ones(len(points))]) @ np.asarray(matrix, float).T
    with np.errstate(divide="ignore", invalid="ignore"):
        projected = mapped[:, :2] / mapped[:, 2:]
    return np.where(np.isfinite(projected), projected, np.inf)


def usability(matrix: np.ndarray, size0: tuple[float, float], size1: tuple[float, float]) -> str:
    """Whether a matrix can take a flat thing seen in image 0 (width, height) to image 1: "ok", or why not: see
    `Alignment`.
    """
    width, height = size0
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    depths = np.column_stack([corners, np.ones(4)]) @ np.asarray(matrix, float)[2]
    if depths.min() <= 0 <= depths.max():
        return NON_CONVEX
    # All of the photograph lies on one side of the horizon, so its frame is convex, and its area tells the rest.
    frame = project(corners, matrix)
    x, y = (frame - frame[0]).T
    area = (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2 / (size1[0] * size1[1])
    low, high = AREA_RATIO
    if area < -COLLAPSED:
        return FLIPPED
    return OK if low <= area <= high else AREA


def doubt(alignment: Alignment) -> str:
    """Why image 1 must not be shown laid over image 0, in words; nothing where it may be."""
    found, least = f"{alignment.inliers} of {alignment.matches} matches", f"at least {ENOUGH} have to"
    if alignment.inliers < ENOUGH:
        return f"only {found} follow one transform, and {least}"
    return {
        OK: "",
        FLIPPED: f"{found} say that one mirrors the other",
        NON_CONVEX: f"the transform that {found} follow bends the photograph over its own horizon",
        AREA: f"the transform that {found} follow makes the photograph more than ten times as large or small",
    }.get(alignment.status, alignment.status)
