"""A photograph in a file: opened, measured, and decoded to upright 8-bit RGB."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageCms

from pairx._decoding import jpeg
from pairx._decoding.deep import deep_colour, eight_bit_image, require_readable
from pairx._decoding.formats import FORMATS, SAVE_AS, is_raw, kind_of, plugin
from pairx._decoding.zeroed import zeroed
from pairx.types import InputError

Source = str | Path | bytes | BinaryIO | np.ndarray | Image.Image

MAX_PIXELS = 200_000_000  # the largest phone sensors
MAX_SIDE = 30_000
ONE_AT_A_TIME = 40_000_000  # pixels: photographs larger than this are decoded one after the other, whatever the threads


_BIG = threading.Lock()
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION = 0x0112  # a tag of EXIF
_JPEGS = ("JPEG", "MPO")


class Photograph:
    """An opened photograph whose upright size is known and whose pixels may still be undecoded. notes: what was guessed
    while it was decoded, a sentence each."""

    def __init__(self, image: Image.Image, file: BinaryIO | None, name: str) -> None:
        self._image = image
        self._file = file
        self._name = name
        self._profile = image.info.get("icc_profile")
        self.notes: tuple[str, ...] = ()
        with _damage_reported(name):
            require_readable(image, name)
            self._deep, self.notes = deep_colour(image, file)
            if image.format not in _JPEGS:
                image.load()  # a PNG may give its orientation, a HEIC its true size, only after the pixels
                self._require_no_zeros(image.format)
        self._orientation = _orientation(image)
        self.width, self.height = image.size[::-1] if self._orientation > 4 else image.size

    def pixels(self, scale: float) -> np.ndarray:
        """The upright photograph, (round(height * scale), round(width * scale), 3) uint8 RGB; scale is at most 1."""
        size = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        if self._orientation > 4:
            size = size[::-1]
        with _damage_reported(self._name):
            image, notes = _opaque(_rgb(self._reduced(size), self._profile))
            self.notes += notes
        turn = _TURNS.get(self._orientation)
        return np.array(image if turn is None else image.transpose(turn))

    def _reduced(self, size: tuple[int, int]) -> Image.Image:
        image, box = self._image, None
        if size != image.size and image.format in _JPEGS:
            # the JPEG decoder itself leaves out detail; `box` is exact where the size does not divide
            box = (image.draft(None, size) or (None, None))[1]
        if image.format in _JPEGS and self._file is not None:
            _require_whole(image, self._file)
        if self._deep is None:
            image, notes = eight_bit_image(image)
            self.notes += notes
        else:
            image = self._deep
        return image if image.size == size else image.resize(size, Image.Resampling.BILINEAR, box)

    def _require_no_zeros(self, format: str | None) -> None:
        if self._file is not None:
            self._file.seek(0)
            if zeroed(format, self._file.read()):
                raise OSError("a part of it is zeros")


def _require_whole(image: Image.Image, file: BinaryIO) -> None:
    image.load()
    file.seek(0)
    bottom = image.crop((0, max(0, image.height - jpeg.BOTTOM), *image.size))
    if jpeg.damaged(file.read(), np.asarray(bottom)):
        raise OSError("libjpeg made up a part of it")


@contextmanager
def open_photograph(source: Source, name: str) -> Iterator[Photograph]:
    """Open a source. Whatever is wrong with it, now or while decoding, becomes an InputError about `name`."""
    file: BinaryIO | None = None
    with _stream(source, name) as stream:
        if isinstance(stream, np.ndarray | Image.Image):
            image = _in_memory(stream, name)
        else:
            image, file = _header(stream, name), stream
        width, height = image.size
        if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
            raise InputError(
                f"{name} has {width} x {height} px, more than the {MAX_PIXELS // 10**6} megapixels or {MAX_SIDE} px a"
                " side that are read: make it smaller first"
            )
        with _BIG if width * height > ONE_AT_A_TIME else nullcontext():
            yield Photograph(image, file, name)


def label(source: Source, name: str | None) -> str:
    """What messages call a source: one printable line."""
    said: object = name
    if said is None:
        said = source if isinstance(source, str | Path) else getattr(source, "name", None) or "The image"
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in str(said))


@contextmanager
def _damage_reported(name: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except (MemoryError, Image.DecompressionBombError) as error:
        raise InputError(f"{name} is too large to decode: make it smaller first") from error
    except Exception as error:  # decoders raise anything from OSError to struct.error on hostile bytes
        if str(error) == "unknown pixel mode":  # Pillow's, of a TIFF
            raise InputError(
                f"{name} is a TIFF of a kind that is not read (its channels or bits): {SAVE_AS}"
            ) from error
        raise InputError(
            f"{name} cannot be decoded, it is damaged, cut short or of an unusual kind: copy it again, or {SAVE_AS}"
        ) from error


@contextmanager
def _stream(source: Source, name: str) -> Iterator[BinaryIO | np.ndarray | Image.Image]:
    """The source as a seekable file; what is in memory already, as it is."""
    if isinstance(source, np.ndarray | Image.Image):
        yield source
    elif isinstance(source, str | Path):
        with _file(source, name) as file:
            yield file
    elif isinstance(source, bytes | bytearray | memoryview):
        yield io.BytesIO(source)
    elif hasattr(source, "read"):
        yield io.BytesIO(source.read())
    else:
        raise InputError(f"{name} is a {type(source).__name__}: give a path, bytes, an open file or an image")


def _file(path: str | Path, name: str) -> BinaryIO:
    try:
        if Path(path).is_dir():
            raise InputError(f"{name} is a folder: give a photograph")
        if Path(path).exists() and not Path(path).is_file():
            raise InputError(f"{name} is not a file: give a photograph")
        return open(path, "rb")
    except FileNotFoundError as error:
        raise InputError(f"{name} does not exist: check the path") from error
    except PermissionError as error:
        raise InputError(f"{name} may not be read: change the file's permissions") from error
    except InputError:
        raise
    except (OSError, ValueError) as error:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise InputError(f"{name} cannot be opened ({why}): check the path") from error


def _in_memory(source: np.ndarray | Image.Image, name: str) -> Image.Image:
    if isinstance(source, np.ndarray):
        if source.ndim != 3 or source.shape[2] != 3 or source.dtype != np.uint8 or not source.size:
            raise InputError(f"{name} is an array {source.dtype} {source.shape}: give (height, width, 3) uint8 RGB")
        return Image.fromarray(source)
    if not all(source.size):
        raise InputError(f"{name} has no pixels: give a photograph")
    with _damage_reported(name):
        return source.copy()


def _header(file: BinaryIO, name: str) -> Image.Image:
    """Parse the header only. Not with Image.open: its bomb check is global, warns, and hides the size it refuses."""
    start = file.read(512)
    if not start:
        raise InputError(f"{name} is empty: copy it again")
    for format in FORMATS:
        factory, accepts = plugin(format)
        if accepts(start[:16]) is not True:
            continue
        file.seek(0)
        with _damage_reported(name):
            image = factory(file, "")
        if image.format == "TIFF" and is_raw(image, start, name):
            break
        return image
    raise InputError(f"{name} is {kind_of(start, name)}, not an image that can be read: {SAVE_AS}")


def _orientation(image: Image.Image) -> int:
    """EXIF orientation, 1 to 8. Pillow has turned TIFF, and libheif HEIC, by now: theirs reads 1."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # a broken EXIF block is no reason to refuse the photograph
        return 1
    return value if value in _TURNS else 1


def _opaque(image: Image.Image) -> tuple[Image.Image, tuple[str, ...]]:
    """The image over white, and what there is to say of that."""
    if image.mode != "RGBA":
        return image, ()
    white = Image.new("RGBA", image.size, "white")
    white.alpha_composite(image)
    unseen = not image.getchannel("A").getbbox()
    return white.convert("RGB"), ("All of it is transparent: nothing but white is seen.",) * unseen


def _rgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """To sRGB, as RGB or RGBA; a profile that does not fit the pixels is ignored."""
    if image.mode in ("LA", "La", "RGBa"):
        image = image.convert("RGBA")
    if image.mode == "LAB":
        return _converted(image, ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")), "RGB")
    if profile:
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            image = _to_srgb(image, profile)
    return image if image.mode == "RGBA" else image.convert("RGB")


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.getOpenProfile(io.BytesIO(profile))
    if "srgb" in ImageCms.getProfileDescription(source).lower():  # nearly every photograph
        return image
    if source.profile.xcolor_space.strip() == "RGB" and image.mode != "RGBA":
        image = image.convert("RGB")
    return _converted(image, source, "RGBA" if image.mode == "RGBA" else "RGB")


def _converted(image: Image.Image, source: ImageCms.ImageCmsProfile, mode: str) -> Image.Image:
    found = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    return image if found is None else found  # None is of a conversion in place
