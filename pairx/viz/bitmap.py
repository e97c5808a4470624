"""Bitmaps: photographs that lie on a page dot for dot, and the PNG of a page."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.transforms import Affine2D, Bbox

# Photographs hardly shrink beyond zlib's first level, and of PNG's filters Paeth's alone is as good as the best of all
# for each row, in half the time. OpenCV before 4.12 has no name for the choice, and does not heed it.
_PACKING = (cv2.IMWRITE_PNG_COMPRESSION, 1, getattr(cv2, "IMWRITE_PNG_FILTER", 19), 128)
_HEAD = 33  # bytes of a PNG up to the end of its first chunk


class Bitmap(AxesImage):
    """Opaque pixels (H, W, 3) uint8. Where each is one dot of the page they are taken as they are; matplotlib would
    resample them, in float64, to the same.
    """

    def make_image(self, renderer: Any, magnification: float = 1.0, unsampled: bool = False) -> Any:
        """What matplotlib asks: (H, W, 4) uint8, where it lies, and how it is turned."""
        box, seen = self.get_window_extent(), self.axes.bbox
        sides = np.round(dots := np.array(box.extents) * magnification).astype(int)
        pixels = np.asarray(self.get_array())
        exact = np.abs(dots - sides).max() < 1e-6 and (sides[3] - sides[1], sides[2] - sides[0]) == pixels.shape[:2]
        within = Bbox.intersection(box, seen)
        if unsampled or not exact or within is None or not np.allclose(within.extents, box.extents):
            return super().make_image(renderer, magnification, unsampled)
        opaque = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])[::-1]
        return opaque, sides[0] / magnification, sides[1] / magnification, Affine2D()


def paste(axes: Axes, picture: np.ndarray, extent: tuple[float, float, float, float], zorder: float = 0) -> None:
    """A picture (H, W, 3) uint8 on axes that count dots from the top left. extent: left, right, bottom, top."""
    bitmap = Bitmap(axes, extent=extent, zorder=zorder, resample=True)
    bitmap.set_data(picture)
    bitmap.set_clip_path(axes.patch)
    axes.add_image(bitmap)


def png(pixels: np.ndarray, dpi: float) -> bytes:
    """A PNG of pixels (H, W, 4) uint8 RGBA, without their alpha where all are opaque."""
    to_opencv = cv2.COLOR_RGBA2BGR if pixels[..., 3].min() == 255 else cv2.COLOR_RGBA2BGRA
    _, packed = cv2.imencode(".png", cv2.cvtColor(pixels, to_opencv), _PACKING)
    a_metre = round(dpi / 0.0254)
    body = b"pHYs" + struct.pack(">IIB", a_metre, a_metre, 1)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    data = packed.tobytes()
    return data[:_HEAD] + chunk + data[_HEAD:]
