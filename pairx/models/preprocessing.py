"""How a photograph becomes a model's input, and which part of it the model sees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from PIL import Image

from pairx.types import InputError

RESIZES = ("squash", "pad", "crop")
SMOOTH = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
}
PLAIN = {"nearest": cv2.INTER_NEAREST, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}


@dataclass(frozen=True)
class Preprocessing:
    """How a photograph becomes a model's input: resized, cut or padded to `size` about its centre, scaled to 0..1,
    normalised per channel.

    size: (height, width) of the input, pixels. mean, std: per channel, of values in 0..1. interpolation: "bilinear",
    "bicubic" or "nearest"; with antialias as Pillow resizes, without as OpenCV does. resize: "squash" brings both
    sides to size / crop_pct, each by its own factor; "crop" the shorter side, and "pad" the longer one, proportions
    kept. What is larger than `size` is cut, what is smaller is padded: with the mean colour in "pad", else with black.
    These are the modes "squash", "center" and "border" of timm's transforms, whose rounding is kept.

    Raises InputError for unknown choices and for a size or crop_pct that is not above 0.
    """

    size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bilinear"
    antialias: bool = True
    resize: str = "squash"
    crop_pct: float = 1.0

    def __post_init__(self) -> None:
        if self.resize not in RESIZES:
            raise InputError(f"There is no resize {self.resize!r}: give {', '.join(RESIZES)}.")
        if self.interpolation not in SMOOTH:
            raise InputError(f"There is no interpolation {self.interpolation!r}: give {', '.join(SMOOTH)}.")
        if np.shape(self.size) != (2,) or min(self.size) < 1 or not self.crop_pct > 0:
            raise InputError(
                f"A model's input of {self.size} and crop_pct {self.crop_pct}: give (height, width), all above 0."
            )

    @property
    def identity(self) -> str:
        """All that it depends on, in words, for digests: a square and what is at its default are said as they always
        were, so that kept embeddings and runs stay valid.
        """
        height, width = self.size
        named = {"size": height if height == width else self.size, "mean": self.mean, "std": self.std}
        for field in fields(self)[len(named) :]:
            if (value := getattr(self, field.name)) != field.default:
                named[field.name] = value
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in named.items())})"

    def __call__(self, image: np.ndarray) -> torch.Tensor:
        """(H, W, 3) uint8 RGB to (3, height, width) float32."""
        return self.normalised(self.framed(image))

    def normalised(self, framed: np.ndarray) -> torch.Tensor:
        """What `framed` gives, (height, width, 3) uint8, to (3, height, width) float32."""
        pixels = torch.from_numpy(framed).permute(2, 0, 1).float() / 255
        return (pixels - torch.tensor(self.mean)[:, None, None]) / torch.tensor(self.std)[:, None, None]

    def framed(self, image: np.ndarray) -> np.ndarray:
        """The part of an (H, W, 3) uint8 image that the model sees, as it sees it: (height, width, 3) uint8."""
        fill = [round(255 * value) for value in self.mean] if self.resize == "pad" else (0, 0, 0)
        return self._framed(image, fill)

    def framed_mask(self, mask: np.ndarray) -> np.ndarray:
        """The same of a mask (H, W) bool over an image, false where it is padded: (height, width) bool."""
        return self._framed(np.repeat(255 * (mask[..., None] != 0).astype(np.uint8), 3, 2), (0, 0, 0))[..., 0] > 127

    def _framed(self, image: np.ndarray, fill: Sequence[int]) -> np.ndarray:
        height, width = self._resized(*image.shape[:2])
        if self.antialias:
            resized = np.array(Image.fromarray(image).resize((width, height), SMOOTH[self.interpolation]))
        else:
            resized = cv2.resize(image, (width, height), interpolation=PLAIN[self.interpolation])
        framed = np.full((*self.size, 3), fill, np.uint8)
        (from_y, to_y), (from_x, to_x) = (_overlap(*sides) for sides in zip((height, width), self.size, strict=True))
        framed[to_y, to_x] = resized[from_y, from_x]
        return framed

    def extent(self, width: int, height: int) -> tuple[float, float, float, float]:
        """The rectangle (x, y, w, h) that the input spans of an image of width x height, in the image's pixels,
        continuous: within the image where it is cut, beyond it where it is padded.
        """
        resized = self._resized(height, width)
        x, y = (_start(resized[axis], self.size[axis]) / resized[axis] * (height, width)[axis] for axis in (1, 0))
        return x, y, self.size[1] / resized[1] * width, self.size[0] / resized[0] * height

    def _resized(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of the whole image on the scale of the input, before it is cut or padded."""
        target = math.floor(self.size[0] / self.crop_pct), math.floor(self.size[1] / self.crop_pct)
        if self.resize == "squash":
            return target
        if self.resize == "crop" and target[0] == target[1]:  # as torchvision's Resize of one side, rounded down
            longer = int(target[0] * max(height, width) / min(height, width))
            return (target[0], longer) if height <= width else (longer, target[0])
        ratios = height / target[0], width / target[1]
        ratio = max(ratios) if self.resize == "pad" else min(ratios)
        return max(1, round(height / ratio)), max(1, round(width / ratio))


def _start(length: int, size: int) -> int:
    """The first pixel of `size` about the centre of `length`, below 0 where it is padded; rounded as torchvision's."""
    return -((size - length) // 2) if length < size else round((length - size) / 2)


def _overlap(length: int, size: int) -> tuple[slice, slice]:
    """Where `size` pixels about the centre of `length` overlap it: counted in `length`, and in `size`."""
    start = _start(length, size)
    first, last = max(start, 0), min(start + size, length)
    return slice(first, last), slice(first - start, last - start)
