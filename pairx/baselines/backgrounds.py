"""What stands for "absent": in the place of a photograph's pixels, or of a layer's features.

A background makes an explanation relative. With another photograph as background it answers why the pair is more
similar than that photograph would be.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from pairx.baselines.sides import Side
from pairx.types import InputError

Background = str | np.ndarray
"""One of BACKGROUNDS, or a photograph (H, W, 3) uint8."""
BACKGROUNDS = ("blur", "mean", "zero")
BLUR = 25
"""Side of the box blur, pixels of the model's input (Hamilton et al., A.2)."""


def check(background: Background) -> None:
    """Raises InputError for what is no background."""
    if isinstance(background, np.ndarray):
        if background.ndim != 3 or background.shape[2] != 3 or background.dtype != np.uint8:
            raise InputError("A background photograph is (height, width, 3) of 8-bit RGB; use `pairx.load_pair`.")
    elif background not in BACKGROUNDS:
        raise InputError(f"background is {' or '.join(BACKGROUNDS)}, or a photograph, not {background!r}.")


def of_pixels(side: Side, background: Background) -> Tensor:
    """(3, height, width) model input in the background's place: blurred, of the photograph's mean colour, black, or
    another.
    """
    return side.input_of(photo_of(side, background))


def photo_of(side: Side, background: Background) -> np.ndarray:
    """(height, width, 3) uint8: the same before it is normalised."""
    if isinstance(background, np.ndarray):
        return side.model.preprocessing.framed(background)
    if background == "blur":
        return cv2.blur(side.photo, (BLUR, BLUR))
    color = side.photo.mean((0, 1)) if background == "mean" else np.zeros(3)
    return np.broadcast_to(color.round().astype(np.uint8), side.photo.shape).copy()


def of_features(side: Side, background: Background) -> Tensor:
    """(C, h, w) features in the background's place: those of the blurred or of another photograph; the mean of all
    cells; zero.
    """
    if isinstance(background, str) and background == "zero":
        return torch.zeros_like(side.activation)
    if isinstance(background, str) and background == "mean":
        return side.activation.mean((1, 2), keepdim=True).expand_as(side.activation)
    return side.features(of_pixels(side, background)[None])[0]
