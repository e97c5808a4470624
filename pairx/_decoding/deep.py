"""Files of more, fewer or other numbers than three bytes a pixel: what their values are, and which of them is alpha."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

import cv2
import numpy as np
from PIL import Image

from pairx._decoding.levels import NEUTRAL, eight_bit, no_values
from pairx.types import InputError

_BITS, _PHOTOMETRIC, _PLANAR, _EXTRA, _KIND, _GDAL_NODATA = 258, 262, 284, 338, 339, 42113
_SIGNED, _IN_PLANES = 2, 2  # of _KIND and of _PLANAR
_PREMULTIPLIED, _ALPHA = 1, 2  # of _EXTRA
_CODESTREAM, _DEPTH_AT = b"\xff\x4f\xff\x51", 42  # of JPEG 2000 (ITU-T T.800, A.5.1)
UNNAMED = "Its fourth channel, which the file does not call transparency, was left out."


def require_readable(image: Image.Image, name: str) -> None:
    """Raise InputError for a TIFF that Pillow opens and does not read as it is meant."""
    tags = tags_of(image)
    bits = tags.get(_BITS, (1,))
    if tags.get(_PLANAR) == _IN_PLANES and len(bits) > 1 and (max(bits) > 8 or len(bits) > 3):
        raise InputError(
            f"{name} holds {len(bits)} planes of {max(bits)} bits, one behind the other, which is not read: save it "
            "with its colours pixel by pixel, or as PNG"
        )


def deep_colour(image: Image.Image, file: BinaryIO | None) -> tuple[Image.Image | None, tuple[str, ...]]:
    """Colour of more than 8 bits as 8-bit, and what was guessed. Pillow keeps only the upper byte of it, which leaves a
    12-bit photograph black, and rounds the brightest values of a JPEG 2000 up to black."""
    if file is None or image.mode not in ("RGB", "RGBA", "RGBX", "RGBa", "LA") or not _is_deep(image, file):
        return None, ()
    values = _by_opencv(file)
    if values is None or values.dtype != np.uint16 or values.ndim != 3:
        return None, ()
    colour, notes = eight_bit(values[..., 2::-1], _nodata(image))
    extra = _fourth(image)
    if values.shape[2] == 3:
        return Image.fromarray(colour), notes
    if extra not in (_PREMULTIPLIED, _ALPHA):
        return Image.fromarray(colour), (*notes, UNNAMED)
    alpha = values[..., 3]
    white = next(full for full in (1023, 4095, 16383, 65535) if max(alpha.max(), values.max()) <= full)
    pixels = np.dstack([colour, np.rint(alpha * (255 / white)).astype(np.uint8)])
    mode = "RGBa" if extra == _PREMULTIPLIED else "RGBA"
    return Image.frombuffer(mode, pixels.shape[1::-1], pixels.tobytes()), notes


def eight_bit_image(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """The image with 8 bits a channel, and what was guessed."""
    signed = _is_signed(image)
    if image.mode.startswith(("I", "F")) or (image.mode == "L" and signed):
        values, notes = eight_bit(_values(image, signed), _nodata(image), _black_where_zero_is_white(image))
        return Image.fromarray(values), notes
    if (nodata := _nodata(image)) is not None and image.mode in ("L", "RGB"):
        return _without_void(image, nodata)
    if image.mode in ("1", "P", "PA") or "transparency" in image.info:
        return image.convert("RGBA" if image.has_transparency_data else "RGB"), ()
    if image.mode in ("RGBA", "RGBX") and _fourth(image) not in (_PREMULTIPLIED, _ALPHA):
        return image.convert("RGBX").convert("RGB"), (UNNAMED,)
    return image, ()


def _by_opencv(file: BinaryIO) -> np.ndarray | None:
    """(H, W) or (H, W, C), blue first, without OpenCV's own words on stderr; None where it cannot."""
    logging = cv2.utils.logging
    level = logging.setLogLevel(logging.LOG_LEVEL_SILENT)
    file.seek(0)
    try:
        return cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        logging.setLogLevel(level)
        file.seek(0)


def _is_deep(image: Image.Image, file: BinaryIO) -> bool:
    """Whether a file has more than 8 bits a colour, of which it may use but a few."""
    if image.format == "JPEG2000":
        file.seek(0)
        head = file.read(1 << 16)
        at = head.find(_CODESTREAM) + _DEPTH_AT
        return at >= _DEPTH_AT and at < len(head) and (head[at] & 127) + 1 > 8
    if image.format == "PPM":
        return any(isinstance(tile.args, tuple) and tile.args[-1] == 65_535 for tile in _tiles(image))
    return image.format in ("PNG", "TIFF") and ";16" in str(_tiles(image))


def _tiles(image: Image.Image) -> list[Any]:
    """How the file's pieces are coded."""
    return getattr(image, "tile", [])


def tags_of(image: Image.Image) -> Mapping[int, Any]:
    """A TIFF's tags by their numbers; none of another file."""
    return getattr(image, "tag_v2", {})


def _is_signed(image: Image.Image) -> bool:
    return set(tags_of(image).get(_KIND, ())) == {_SIGNED}


def _values(image: Image.Image, signed: bool) -> np.ndarray:
    """The values of one channel, of the kind that the file says: Pillow has 32 bits with a sign for most of them."""
    values, tags = np.asarray(image), tags_of(image)
    if image.format == "PPM" and image.mode == "I":
        return values.astype(np.uint16)
    if signed:
        return values.view(np.int8) if image.mode == "L" else values.astype(f"i{max(tags[_BITS]) // 8}")
    return values.view(np.uint32) if image.mode == "I" and max(tags.get(_BITS, (0,))) == 32 else values


def _fourth(image: Image.Image) -> int:
    """What a fourth channel is: _ALPHA, _PREMULTIPLIED, or another number where a TIFF does not call it transparency
    (TIFF 6.0, section 18)."""
    return next(iter(tags_of(image).get(_EXTRA, (0,))), 0) if image.format == "TIFF" else _ALPHA


def _nodata(image: Image.Image) -> float | None:
    """What a TIFF says stands for no value."""
    try:
        return float(str(tags_of(image)[_GDAL_NODATA]).strip("\0 "))
    except (KeyError, ValueError):
        return None


def _black_where_zero_is_white(image: Image.Image) -> int | None:
    """The largest number that a TIFF's bits hold, where its zero is white: Pillow turns only 8 bits over."""
    tags = tags_of(image)
    bits = tags.get(_BITS, (16,))
    return (1 << int(np.max(bits))) - 1 if tags.get(_PHOTOMETRIC) == 0 else None


def _without_void(image: Image.Image, nodata: float) -> tuple[Image.Image, tuple[str, ...]]:
    """An image of 8 bits with neutral grey where the file says that there is no value."""
    values = np.array(image)
    void = values == (255 - nodata if _black_where_zero_is_white(image) else nodata)
    void = void.all(-1) if void.ndim == 3 else void
    if not void.any():
        return image, ()
    values[void] = NEUTRAL
    return Image.fromarray(values), (no_values(void, [f"{nodata:g}"]),)
