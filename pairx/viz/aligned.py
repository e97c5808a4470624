"""The second photograph laid over the first, as the matches of the two say: a row of a figure, and a blink."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pairx.types import ImagePair
from pairx.viz import maps

_PAPER, _STRIPE = 250, 214
"""Grey levels of the hatching where the second photograph does not reach."""


@dataclass(frozen=True)
class Laid:
    """How the second photograph lies over the first.

    matrix: (3, 3), pixels of image 0 to pixels of image 1, continuous, the first one's centre at (.5, .5), as
    `pairx.geometry.align` estimates it. said: in a few words, how many matches of what kind follow it.
    """

    matrix: np.ndarray
    said: str


def laid_over(pair: ImagePair, laid: Laid) -> np.ndarray:
    """(H, W, 3) uint8 of the first photograph's size: the second one as it lies over it, hatched where it does not
    reach."""
    height, width = pair.image0.shape[:2]
    photo, matrix = _reduced(pair.image1, laid.matrix, (width, height))
    centred = _moved(-0.5) @ matrix @ _moved(0.5)  # OpenCV's first pixel has its centre at (0, 0)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    warped = cv2.warpPerspective(photo, centred, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    reached = cv2.warpPerspective(
        np.full(photo.shape[:2], 255, np.uint8), centred, (width, height), flags=flags, borderValue=0
    )
    share = reached[..., None].astype(np.float32) / 255
    return np.round(warped * share + _hatched(height, width)[..., None] * (1 - share)).astype(np.uint8)


def _hatched(height: int, width: int) -> np.ndarray:
    period = max(6, round(maps.HATCH * max(height, width)))
    stripe = np.add.outer(np.arange(height), np.arange(width)) % period < period / 4
    return np.where(stripe, _STRIPE, _PAPER).astype(np.float32)


def _moved(by: float) -> np.ndarray:
    return np.array([[1, 0, by], [0, 1, by], [0, 0, 1.0]])


def _reduced(photo: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A photograph with no finer pixels than it is shown with, so that none is left out, and its matrix."""
    width, height = size
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], float)
    frame = cv2.perspectiveTransform(corners[None], matrix)[0].astype(np.float32)
    finer = (cv2.contourArea(frame) / (width * height)) ** 0.5
    if finer <= 1:
        return photo, matrix
    to = [max(1, round(side / finer)) for side in photo.shape[1::-1]]
    scale = np.diag([to[0] / photo.shape[1], to[1] / photo.shape[0], 1.0])
    return cv2.resize(photo, to, interpolation=cv2.INTER_AREA), scale @ matrix
