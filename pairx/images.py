"""Photographs in, images out: one decoder, one resize, and the mapping between pixels and cells.

Four frames of reference, all continuous x/y with (0, 0) the top left corner and (.5, .5) the first pixel's centre:
pixels of the upright photograph as its file holds it; pixels of the image (the part that a `View` shows); pixels of
the model's input; and the cells (row, column) of a layer. `View` maps the first two to each other, `scale_points` the
second and third, `cell_centres` and `cell_at` cells to either.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from pairx._decoding import MAX_PIXELS, MAX_SIDE, RAW_SUFFIXES, SUFFIXES, Source, label, open_photograph
from pairx.types import ImagePair, InputError, View

__all__ = [
    "LONGEST",
    "MAX_PIXELS",
    "MAX_SIDE",
    "RAW_SUFFIXES",
    "SUFFIXES",
    "cell_at",
    "cell_centres",
    "corners",
    "decode",
    "digest",
    "encode_png",
    "flaws",
    "load_image",
    "load_pair",
    "resize",
    "scale_points",
    "thumbnail",
]

VERSION = 4  # of the pixels: raised whenever a file that was read before gives others
LONGEST = 4096  # px, longest side of an image
WORKING_PIXELS = 64_000_000  # a photograph larger than this is halved, once or more, before a box is cut from it
OVERSHOOT = 0.01  # by which fractions may lie outside 0..1, as rounding leaves them
FEW_PIXELS, LONG, FLAT = 100, 4, 8  # px a side; sides' ratio; levels between almost all: beyond, an image gets a note
SMALLEST_CUT = 4  # px: a side of a box shorter than that shows nothing, and is nearly always a fraction misread

Box = Sequence[float]


def decode(source: Source, name: str | None = None) -> np.ndarray:
    """The whole photograph as (H, W, 3) uint8 RGB.

    source: a path, the bytes of a file, an open binary file, a PIL image, or an (H, W, 3) uint8 RGB array. name: what
    errors call it. JPEG, PNG, WebP, TIFF, HEIC, AVIF, GIF, BMP, JPEG 2000 and PPM are read; of an animation the first
    frame.

    The picture is upright (EXIF), transparency lies over white, and colours are sRGB where the file has a readable
    colour profile. Deeper than 8 bits: white is the smallest of 1 (floats only), 2^8 - 1, 2^10 - 1, 2^12 - 1, 2^14 - 1
    and 2^16 - 1 that no value exceeds (floats by 2 % at most, all but one in a thousand), so that 12 bits in a 16-bit
    file are not black; alpha always has the file's full range. Where that would leave values less than an eighth of
    black to white, or nothing above a fourth of it (floats above 1: a third and a half), or makes black of more than
    stray negative ones, as with temperatures, black and white are the values that all but one in a thousand lie above
    and below. NaN, infinity, what a TIFF's GDAL_NODATA names, and an extreme value far apart from all others are no
    values and become mid grey. Where the photograph's longest side exceeds LONGEST, it is reduced to that, smoothly.

    Raises InputError, one line, where the source is missing, not a photograph, damaged, or larger than MAX_PIXELS or
    MAX_SIDE. What was guessed is in the notes of `load_image`'s View.
    """
    return load_image(source, name=name)[0]


def load_image(
    source: Source, box: Box | None = None, theta: float = 0.0, name: str | None = None, mirrored: bool = False
) -> tuple[np.ndarray, View]:
    """The part of a photograph in a box, turned upright: (H, W, 3) uint8 RGB and the View that says where it lies.

    box: (x, y, w, h) in pixels of the upright photograph as its file holds it; where all four lie in 0..1, give or take
    OVERSHOOT, fractions of its width and height, cut to 0..1. None is the whole photograph. theta: radians, clockwise
    on screen, by which the box is turned about its centre. mirrored: whether the image is mirrored after that, left to
    right.

    Unturned boxes are rounded to whole pixels and clipped to the photograph, so nothing is interpolated; a turned box
    may reach outside, where the image is black. The View holds the box as used, in the file's pixels, always; where
    the box's longest side exceeds LONGEST, or the photograph WORKING_PIXELS, the image is smaller than the box by
    `View.scale`. Its notes say what was guessed, and what makes the image a poor one to explain: nearly one colour,
    few pixels, very long.

    Raises InputError as `decode`, and where the box has no area, is not finite, lies outside the photograph, or leaves
    less than SMALLEST_CUT px of a longer side.
    """
    name = label(source, name)
    with open_photograph(source, name) as photograph:
        view = _view(photograph.width, photograph.height, box, theta, name)
        pixels = photograph.pixels(view.scale)
        guessed = photograph.notes
    image = _cut(pixels, view)
    if mirrored:
        image = np.ascontiguousarray(image[:, ::-1])
    return image, replace(view, notes=(*guessed, *flaws(image)), mirrored=mirrored)


def load_pair(
    a: Source,
    b: Source,
    box0: Box | None = None,
    box1: Box | None = None,
    theta0: float = 0.0,
    theta1: float = 0.0,
    mirrored0: bool = False,
    mirrored1: bool = False,
) -> ImagePair:
    """Two photographs (or boxes in them, see `load_image`) as an ImagePair; ids are the names without endings."""
    image0, view0 = load_image(a, box0, theta0, mirrored=mirrored0)
    image1, view1 = load_image(b, box1, theta1, mirrored=mirrored1)
    return ImagePair(image0, image1, _stem(a, "image 1"), _stem(b, "image 2"), view0, view1)


def corners(box: Box, size: tuple[int, int], name: str) -> tuple[float, float, float, float]:
    """A box (x, y, w, h) in an image (width, height), in its pixels or fractions as `load_image` reads them, as two
    corners (x0, y0, x1, y1), fractions. Raises InputError where the box has no area in the image.
    """
    width, height = size
    x, y, w, h = _absolute(box, width, height, name)
    if x >= width or y >= height or x + w <= 0 or y + h <= 0:
        raise InputError(f"{name}: the box {_said(box)} lies outside the photograph of {width} x {height} px")
    return x / width, y / height, (x + w) / width, (y + h) / height


def resize(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(H, W, 3) uint8 to size (h, w): (h, w, 3) uint8, bilinear with antialiasing, squashed."""
    height, width = size
    return np.array(Image.fromarray(image).resize((width, height), Image.Resampling.BILINEAR))


def thumbnail(image: np.ndarray, longest: int) -> np.ndarray:
    """(H, W, 3) uint8 with its longest side at most `longest` px, proportions kept."""
    height, width = image.shape[:2]
    scale = min(1.0, longest / max(height, width))
    return resize(image, (max(1, round(height * scale)), max(1, round(width * scale))))


def cell_centres(
    cells: np.ndarray, grid: tuple[int, int], size: tuple[float, float], origin: tuple[float, float] = (0, 0)
) -> np.ndarray:
    """Centres (N, 2) x/y of cells (N, 2) row/column; their grid (rows, columns) covers an image (width, height), or the
    rectangle of that size in it whose top left corner is the origin (x, y).
    """
    rows, columns = grid
    width, height = size
    centres = (np.asarray(cells, float).reshape(-1, 2)[:, ::-1] + 0.5) * (width / columns, height / rows)
    return centres + origin


def cell_at(points: np.ndarray, grid: tuple[int, int], size: tuple[float, float]) -> np.ndarray:
    """Cells (N, 2) int row/column that hold points (N, 2) x/y; points outside the image get the nearest cell."""
    rows, columns = grid
    width, height = size
    cells = np.asarray(points, float).reshape(-1, 2)[:, ::-1] * (rows / height, columns / width)
    return np.clip(np.floor(cells), 0, (rows - 1, columns - 1)).astype(int)


def scale_points(points: np.ndarray, from_size: tuple[float, float], to_size: tuple[float, float]) -> np.ndarray:
    """Points (N, 2) x/y of an image resized from (width, height) to (width, height), such as the model's input."""
    return np.asarray(points, float) * (np.asarray(to_size, float) / np.asarray(from_size, float))


def flaws(image: np.ndarray) -> list[str]:
    """What makes an image a poor one to explain, a sentence each."""
    height, width = image.shape[:2]
    notes = []
    if min(height, width) < FEW_PIXELS:
        notes.append(f"It has only {width} x {height} px: the model sees it enlarged, and what it matches may be blur.")
    if max(height, width) > LONG * min(height, width):
        notes.append(
            f"Its sides are as {max(height, width) / min(height, width):.0f} to 1: squashed into the model's input, "
            "what it shows is hardly recognisable. Cut out the animal with a box."
        )
    low, high = np.percentile(image[:: 1 + height // 256, :: 1 + width // 256], (1, 99), method="nearest")
    if high - low < FLAT:
        notes.append("It is nearly one colour: whatever is matched in it is noise.")
    return notes


def digest(image: np.ndarray) -> str:
    """sha256 (hexadecimal) of an array's shape, type and values: a key for caches."""
    seed = f"{image.shape}{image.dtype}".encode()
    return hashlib.sha256(seed + np.ascontiguousarray(image).tobytes()).hexdigest()


def encode_png(image: np.ndarray) -> bytes:
    """(H, W, 3) RGB or (H, W, 4) RGBA uint8 as the bytes of a PNG."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(image)).save(file, "PNG")
    return file.getvalue()


def _stem(source: Source, otherwise: str) -> str:
    name = source if isinstance(source, str | Path) else getattr(source, "name", None)
    return Path(name).stem if isinstance(name, str | Path) else otherwise


def _view(width: int, height: int, box: Box | None, theta: float, name: str) -> View:
    theta = _angle(theta, name)
    whole = (0.0, 0.0, float(width), float(height))
    box = whole if box is None else _absolute(box, width, height, name)
    view = View(width, height, box, theta)
    if _apart(view):
        raise InputError(f"{name}: the box {_said(box)} lies outside the photograph of {width} x {height} px")
    if theta == 0:
        view = View(width, height, _whole_pixels(view))
    _require_cut(view, name)
    scale = min(1.0, LONGEST / max(view.box[2:]))
    while view.box != whole and width * height * scale**2 > WORKING_PIXELS:
        scale /= 2  # the steps in which a JPEG decoder saves memory
    return View(width, height, view.box, theta, scale)


def _angle(theta: float, name: str) -> float:
    try:
        angle = math.remainder(float(theta), 2 * math.pi)  # refuses infinity
    except (TypeError, ValueError):
        angle = math.nan
    if math.isnan(angle):
        raise InputError(f"{name}: theta is {theta!r}: give radians")
    return 0.0 if abs(angle) < 1e-9 else angle


def _absolute(box: Box, width: int, height: int, name: str) -> tuple[float, float, float, float]:
    try:
        x, y, w, h = (float(value) for value in box)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name}: the box is {box!r}: give four numbers, x, y, w, h") from error
    if not all(map(math.isfinite, (x, y, w, h))) or w <= 0 or h <= 0:
        raise InputError(f"{name}: the box {_said((x, y, w, h))} has no area: give x, y, w, h with w and h above 0")
    if all(-OVERSHOOT <= value <= 1 + OVERSHOOT for value in (x, y, w, h)):
        x, y, w, h = max(x, 0.0), max(y, 0.0), min(w, 1.0), min(h, 1.0)
        return x * width, y * height, w * width, h * height
    if w < min(SMALLEST_CUT, width) or h < min(SMALLEST_CUT, height):
        raise InputError(
            f"{name}: the box {_said((x, y, w, h))} is {w:g} x {h:g} in pixels, and as fractions it leaves 0..1: give "
            f"pixels, at least {SMALLEST_CUT} a side, or fractions"
        )
    return x, y, w, h


def _require_cut(view: View, name: str) -> None:
    """Raise InputError for a box that leaves next to nothing of a photograph that has more."""
    _, _, w, h = view.box
    if w < min(SMALLEST_CUT, view.width) or h < min(SMALLEST_CUT, view.height):
        raise InputError(
            f"{name}: {w:g} x {h:g} px of the photograph lie in the box, too few to show anything: give a box of at "
            f"least {SMALLEST_CUT} px a side"
        )


def _said(box: Box) -> str:
    return ", ".join(f"{value:g}" for value in box)


def _apart(view: View) -> bool:
    """Whether box and photograph share no area: two rectangles do where they overlap along both of each one's axes."""
    photograph, box = (view.width, view.height), view.image_size
    in_photograph = view.to_photograph(_corners(*box))
    in_image = view.to_image(_corners(*photograph))
    return _misses(in_photograph, photograph) or _misses(in_image, box)


def _corners(width: float, height: float) -> np.ndarray:
    return np.array([(0, 0), (width, 0), (0, height), (width, height)], float)


def _misses(points: np.ndarray, size: tuple[float, float]) -> bool:
    return bool(np.any(points.max(axis=0) <= 0) or np.any(points.min(axis=0) >= size))


def _whole_pixels(view: View) -> tuple[float, float, float, float]:
    x, y, w, h = view.box
    left, right = _whole_range(x, x + w, view.width)
    top, bottom = _whole_range(y, y + h, view.height)
    return float(left), float(top), float(right - left), float(bottom - top)


def _whole_range(start: float, end: float, length: int) -> tuple[int, int]:
    first = min(max(round(start), 0), length - 1)
    return first, max(first + 1, min(round(end), length))


def _cut(pixels: np.ndarray, view: View) -> np.ndarray:
    """The view's image out of the photograph's pixels, which may be fewer than the file's."""
    height, width = pixels.shape[:2]
    matrix = view.matrix
    linear = matrix[:, :2] @ np.diag([view.width / width, view.height / height])
    offset = matrix[:, 2]
    image_width, image_height = view.image_size
    left, top = np.rint(-offset).astype(int)
    if np.allclose(linear, np.eye(2), rtol=0, atol=1e-9) and np.allclose(offset, (-left, -top), rtol=0, atol=1e-6):
        if (image_width, image_height) == (width, height):
            return pixels
        return pixels[top : top + image_height, left : left + image_width].copy()
    offset = offset + linear @ (0.5, 0.5) - 0.5  # OpenCV counts from the first pixel's centre
    return cv2.warpAffine(pixels, np.column_stack([linear, offset]), view.image_size, flags=cv2.INTER_LINEAR)
