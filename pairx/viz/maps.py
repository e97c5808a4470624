"""Raw signed maps to paint: scale, upsample, colour, blend. The only place where values are clipped."""

from __future__ import annotations

import cv2
import numpy as np

from pairx.types import Extent

FINE = 384
"""Pixels to which a side of a coarse map is upsampled at least."""
COARSE = 64
"""Cells along a side of a map up to which a small picture shows them one by one."""
PERCENTILE = 99.5
SMOOTH = 1.0
"""Standard deviation, in pixels of the model's input, by which colour maps are smoothed: strided layers leave a fine
grid in them that prints as moiré."""
FADE = (1.0, 0.5)
"""How a photograph fades beneath the colour maps: share of its colour that goes, then share of white that comes. In
CSS, over white: filter: grayscale(FADE[0]) opacity(1 - FADE[1])."""

HATCH = 0.02
"""Distance of the stripes over what the model does not see, in parts of the photograph's longer side."""
_INK = (140, 149, 159)

# Of the strongest evidence: markings show through even there.
_HEAT_OPACITY = 0.8
_LUMA = (0.2126, 0.7152, 0.0722)
# Ends of the diverging map (ColorBrewer RdBu's poles, deepened): pale where evidence is weak, deep where it is strong.
_RAISES = np.array([[250, 130, 100], [236, 52, 40], [200, 8, 24]]) / 255
_LOWERS = np.array([[110, 175, 250], [36, 112, 232], [12, 64, 190]]) / 255


def scale_of(*maps: np.ndarray) -> float:
    """The |value| that is painted in full colour, shared by all `maps`; 0 where all are zero.

    It is the 99.5th percentile of the |values| that are not zero, but at least a third of the largest, so that a lone
    peak does not lift the noise around it to full colour.
    """
    values = np.abs(np.concatenate([np.ravel(one) for one in maps])) if maps else np.zeros(0)
    values = values[values > 0]
    if not len(values):
        return 0.0
    at = round((len(values) - 1) * PERCENTILE / 100)
    return float(max(np.partition(values, at)[at], values.max() / 3))


def upsample(cells: np.ndarray, height: int, width: int) -> np.ndarray:
    """A map (h, w) at (height, width), float32, never smaller than it is.

    The centre of cell (i, j) of an h x w map lies at ((j + .5) / w, (i + .5) / h) of the image. Cubic, and held between
    the two neighbouring cells along each axis: a cubic alone rings and would invent evidence of the other sign around a
    peak.
    """
    wide = _stretch(np.ascontiguousarray(cells.T, np.float32), width).T
    return _stretch(np.ascontiguousarray(wide), height)


def gathered(pixels: np.ndarray) -> np.ndarray:
    """A map (H, W) of so many cells that single ones cannot be seen in a small picture, smoothed over a hundredth of
    its side, which keeps its sum and lets neighbours of opposite sign cancel; a coarser map as it is.
    """
    side = max(pixels.shape)
    if side <= COARSE:
        return pixels
    return cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), side / 100, borderType=cv2.BORDER_REFLECT)


def _stretch(rows: np.ndarray, n: int) -> np.ndarray:
    """(h, w) to (n, w) along the first axis; as it is where n <= h."""
    h, w = rows.shape
    if n <= h:
        return rows
    cubic = cv2.resize(rows, (w, n), interpolation=cv2.INTER_CUBIC).reshape(n, w)
    above = np.floor((np.arange(n) + 0.5) * h / n - 0.5).astype(int)
    a, b = rows[np.clip(above, 0, h - 1)], rows[np.clip(above + 1, 0, h - 1)]
    return np.clip(cubic, np.minimum(a, b), np.maximum(a, b))


def diverging(values: np.ndarray) -> np.ndarray:
    """Paint for values in units of the scale, clipped to -1 ... 1: RGBA uint8 (..., 4).

    Red raises the similarity, blue lowers it, zero is transparent; opacity grows with |value|, so that markings show
    through.
    """
    index = np.round(np.clip(values, -1, 1) * 255).astype(np.int16) + 255
    return _DIVERGING[index]


def _diverging_table() -> np.ndarray:
    at = np.linspace(-1, 1, 511)
    strength = np.abs(at)

    def ramp(stops: np.ndarray) -> np.ndarray:
        return np.column_stack([np.interp(strength, [0, 0.5, 1], channel) for channel in stops.T])

    color = np.where(at[:, None] < 0, ramp(_LOWERS), ramp(_RAISES))
    return np.round(255 * np.column_stack([color, _HEAT_OPACITY * strength])).astype(np.uint8)


_DIVERGING = _diverging_table()


def strength(pixels: np.ndarray) -> np.ndarray:
    """How strongly one match's map (H, W) is painted: (H, W) float32, 0 to 1, the root of |value|, smoothed by
    `SMOOTH`, over the map's own `scale_of`.

    Each photograph of a match has its own scale: the colour says where the match comes from, the line's width how much
    it counts.
    """
    smooth = cv2.GaussianBlur(np.abs(pixels.astype(np.float32)), (0, 0), SMOOTH)
    scale = scale_of(smooth)
    return np.sqrt(np.minimum(smooth / scale, 1)) if scale else smooth


def tint(alpha: np.ndarray, color: np.ndarray) -> np.ndarray:
    """RGBA uint8 (H, W, 4) of one colour (3,), 0 to 1, with opacity `alpha` (H, W), 0 to 1."""
    layer = np.empty((*alpha.shape, 4), np.uint8)
    layer[..., :3] = np.round(255 * color)
    layer[..., 3] = np.round(255 * alpha)
    return layer


def blend(alphas: np.ndarray, colors: np.ndarray) -> np.ndarray:
    """One RGBA uint8 (H, W, 4) of k paints: opacities (k, H, W), 0 to 1, and colours (k, 3), 0 to 1, in any order.

    The colour is the paints' mean weighted by squared opacity, so the stronger leads and the weaker still tints; the
    opacity is the strongest one's, so that many weak paints do not bury the photograph.
    """
    weights = np.square(alphas)
    total = weights.sum(axis=0)
    mixed = np.tensordot(weights, colors.astype(weights.dtype), axes=(0, 0)) / np.maximum(total, 1e-12)[..., None]
    return np.round(255 * np.dstack([mixed, alphas.max(axis=0)])).astype(np.uint8)


def faded(photo: np.ndarray) -> np.ndarray:
    """A photograph (H, W, 3) uint8 without its colour and toward white, of the same shape: the ground for colour
    maps."""
    gray_share, white_share = FADE
    gray = np.outer(np.ones(3), _LUMA)
    matrix = (1 - white_share) * (gray_share * gray + (1 - gray_share) * np.eye(3))
    return cv2.transform(photo, np.column_stack([matrix, np.full(3, 255 * white_share)]))


def over(photo: np.ndarray, layer: np.ndarray, opacity: float, extent: Extent | None = None) -> np.ndarray:
    """A photograph (H, W, 3) uint8 under a layer RGBA uint8 of any resolution, stretched over its extent, whose parts
    beyond the photograph are left out: uint8 (H, W, 3). extent: (x, y, w, h) in fractions of the photograph.

    The same arithmetic as a browser's: non-linear sRGB, interpolated with premultiplied opacity.
    """
    left, top, right, bottom = _edges(photo, extent)
    width, height = max(1, right - left), max(1, bottom - top)
    alpha = layer[..., 3:].astype(np.float32) * np.float32(opacity / 255)
    paint = np.dstack([layer[..., :3] * alpha, alpha])
    shrinks = paint.shape[0] > height or paint.shape[1] > width
    paint = cv2.resize(paint, (width, height), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    to, within = photo.copy(), (slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0)))
    paint = paint[max(-top, 0) :, max(-left, 0) :][: to[within].shape[0], : to[within].shape[1]]
    to[within] = np.round(to[within] * (1 - paint[..., 3:]) + paint[..., :3])
    return to


def unseen(photo: np.ndarray, extent: Extent | None) -> np.ndarray:
    """A photograph (H, W, 3) uint8 dimmed and hatched where the model does not see it, beyond its extent (x, y, w, h),
    in fractions.
    """
    left, top, right, bottom = _edges(photo, extent)
    height, width = photo.shape[:2]
    if left <= 0 and top <= 0 and right >= width and bottom >= height:
        return photo
    period = max(6, round(HATCH * max(height, width)))
    stripe = np.add.outer(np.arange(height), np.arange(width)) % period < period / 4
    dimmed = np.where(stripe[..., None], _INK, faded(photo)).astype(np.uint8)
    seen = slice(max(top, 0), max(bottom, 0)), slice(max(left, 0), max(right, 0))
    dimmed[seen] = photo[seen]
    return dimmed


def _edges(photo: np.ndarray, extent: Extent | None) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of an extent, in whole pixels of the photograph."""
    height, width = photo.shape[:2]
    x, y, w, h = extent or (0, 0, 1, 1)
    return round(x * width), round(y * height), round((x + w) * width), round((y + h) * height)
