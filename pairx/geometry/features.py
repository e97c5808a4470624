"""What is kept of one photograph to match it: its local features, or all of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

SIFT = "sift"
KEYPOINTS = 2000  # SIFT's strongest of a photograph


@dataclass(frozen=True)
class LocalFeatures:
    """Local features of one photograph.

    kind: a name of `pairx.geometry.MATCHERS`. points: (N, 2) float64 x/y pixels of the photograph as given.
    descriptors: (N, D), such as (N, 128) uint8 of SIFT, (N, 64) or (N, 128) float32 of length 1 of a network. size:
    (width, height) of the photograph. seen: (width, height) at which they were found.
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


@dataclass(frozen=True)
class WholePhotograph:
    """A photograph for a matcher that looks at both at once. image: (H, W, 3) uint8 RGB, as it is seen; the rest as of
    `LocalFeatures`.
    """

    kind: str
    image: np.ndarray
    size: tuple[int, int]

    @property
    def seen(self) -> tuple[int, int]:
        """(width, height) of the image."""
        return self.image.shape[1::-1]

    @property
    def scale(self) -> float:
        """Pixels as seen per pixel of the photograph, along its longest side."""
        return max(self.seen) / max(self.size)


Seen = LocalFeatures | WholePhotograph


def sift(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 2) float64 x/y pixels and descriptors (N, 128) uint8 of (H, W, 3) uint8 RGB (Lowe 2004)."""
    # Without enable_precise_upscale OpenCV's keypoints are a quarter of a pixel off.
    detector = cv2.SIFT.create(nfeatures=KEYPOINTS, enable_precise_upscale=True)
    keypoints, descriptors = detector.detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None)
    points = np.array([keypoint.pt for keypoint in keypoints], float).reshape(-1, 2) + 0.5
    # SIFT's descriptors are whole numbers up to 255.
    return points, np.zeros((0, 128), np.uint8) if descriptors is None else descriptors.astype(np.uint8)
