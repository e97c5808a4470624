"""Local features of one photograph: SIFT, or what a network finds."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pairx import images
from pairx.geometry import networks
from pairx.types import InputError

SIFT = "sift"
FEATURES = (SIFT, *networks.NETWORKS)
DEFAULT_FEATURES = "xfeat"  # with DEFAULT_TRANSFORM most often usable and right: `python -m benchmarks.homography`
LONGEST = 800  # px; local features are looked for in photographs reduced to this
KEYPOINTS = 2000  # SIFT's strongest of a photograph


@dataclass(frozen=True)
class LocalFeatures:
    """Local features of one photograph.

    kind: one of FEATURES. points: (N, 2) float64 x/y pixels of the photograph as given. descriptors: (N, 128) uint8 of
    SIFT, (N, 64) or (N, 128) float32 of length 1 of a network. size: (width, height) of the photograph. seen: (width,
    height) at which they were found.
    """

    kind: str
    points: np.ndarray
    descriptors: np.ndarray
    size: tuple[int, int]
    seen: tuple[int, int]

    @property
    def scale(self) -> float:
        """Pixels as seen per pixel of the photograph, along its longest side."""
        return max(self.seen) / max(self.size)


def require(features: str) -> None:
    """Raise InputError for unknown local features, and for a network's whose weights are not installed."""
    if features not in FEATURES:
        raise InputError(f"The local features are {', '.join(FEATURES)}, not {features!r}.")
    if features != SIFT:
        networks.require(features)


def local_features(image: np.ndarray, features: str = SIFT) -> LocalFeatures:
    """Local features of (H, W, 3) uint8 RGB, found at a longest side of about LONGEST px at most.

    features: "sift" (Lowe 2004), "xfeat" (Potje et al. 2024), "aliked" (Zhao et al. 2023) or "disk" (Tyszkiewicz et al.
    2020). The same photograph gives the same features. Raises InputError as `require` does.
    """
    require(features)
    reduced = _reduced(image, 1 if features == SIFT else networks.MULTIPLE)
    points, descriptors = _sift(reduced) if features == SIFT else networks.detect(reduced, features)
    size, seen = image.shape[1::-1], reduced.shape[1::-1]
    return LocalFeatures(features, images.scale_points(points, seen, size), descriptors, size, seen)


def _reduced(image: np.ndarray, multiple: int) -> np.ndarray:
    """The photograph at a longest side of at most LONGEST px, each side rounded to a multiple of some pixels."""
    height, width = image.shape[:2]
    scale = min(1.0, LONGEST / max(height, width)) / multiple
    return images.resize(image, tuple(multiple * max(1, round(side * scale)) for side in (height, width)))


def _sift(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    # Without enable_precise_upscale OpenCV's keypoints are a quarter of a pixel off.
    sift = cv2.SIFT_create(nfeatures=KEYPOINTS, enable_precise_upscale=True)
    keypoints, descriptors = sift.detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None)
    points = np.array([keypoint.pt for keypoint in keypoints], float).reshape(-1, 2) + 0.5
    # SIFT's descriptors are whole numbers up to 255.
    return points, np.zeros((0, 128), np.uint8) if descriptors is None else descriptors.astype(np.uint8)
