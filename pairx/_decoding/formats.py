"""The formats that photographs are read in, and what a file is that is in none of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pillow_heif
from PIL import Image

from pairx._decoding.deep import tags_of

# Only these are ever tried: Pillow also has parsers that run programs (EPS) or that nobody takes photographs with.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "HEIF", "AVIF", "GIF", "BMP", "JPEG2000", "PPM")
SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".tif", ".tiff", ".heic", ".heics", ".heif",
    ".heifs", ".hif", ".avif", ".avifs", ".gif", ".bmp", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".ppm", ".pgm",
    ".pbm", ".pnm", ".pfm",
}  # fmt: skip
RAW_SUFFIXES = {".3fr", ".arw", ".cr2", ".cr3", ".dng", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".srw"}
SAVE_AS = "save the photograph as JPEG or PNG"
_SIGNATURES = (  # offset, bytes, what that is
    (0, b"%PDF", "a PDF"),
    (0, b"PK\x03\x04", "a zip archive or an office document"),
    (0, b"\x1f\x8b", "a gzip archive"),
    (0, b"%!PS", "a PostScript drawing"),
    (0, b"8BPS", "a Photoshop document"),
    (4, b"ftypcrx", "a camera's raw file"),
    (0, b"FUJIFILMCCD-RAW", "a camera's raw file"),
    (0, b"IIRO", "a camera's raw file"),
    (0, b"IIRS", "a camera's raw file"),
    (0, b"IIU\0", "a camera's raw file"),
    (4, b"ftyp", "a video"),
    (4, b"moov", "a video"),
    (8, b"AVI ", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (0, b"\0\0\1\xba", "a video"),
    (0, b"FLV", "a video"),
)
_TIFF = (b"II*\0", b"MM\0*")
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
_NEW_SUBFILE_TYPE, _SUB_IFDS, _DNG_VERSION = 254, 330, 50706  # tags of TIFF


def plugin(format: str) -> tuple[Callable[..., Image.Image], Callable[[bytes], bool | str]]:
    """What opens a format, and what knows it by its first bytes. Pillow's plugin for HEIF is not registered: that
    would be for everybody in the process."""
    if format == "HEIF":
        return pillow_heif.HeifImageFile, lambda start: start[4:8] == b"ftyp" and start[8:12] in _HEIF_BRANDS
    Image.init()
    factory, accepts = Image.OPEN[format]
    return factory, accepts or (lambda start: True)


def is_raw(image: Image.Image, start: bytes, name: str) -> bool:
    """Raw files are TIFFs whose first picture is a thumbnail."""
    tags = tags_of(image)
    thumbnail = tags.get(_NEW_SUBFILE_TYPE) == 1 and _SUB_IFDS in tags
    return Path(name).suffix.lower() in RAW_SUFFIXES or start[8:10] == b"CR" or _DNG_VERSION in tags or thumbnail


def kind_of(start: bytes, name: str) -> str:
    """What a file is by its first bytes and its name, in words: "a PDF"."""
    for offset, signature, kind in _SIGNATURES:
        if start.startswith(signature, offset):
            return kind
    text = start.lower()
    if b"<svg" in text:
        return "an SVG drawing"
    if b"<html" in text or b"<!doctype" in text:
        return "a web page"
    if start.isascii() and b"\0" not in start:
        return "a text"
    raw = start.startswith(_TIFF) or Path(name).suffix.lower() in RAW_SUFFIXES
    return "a camera's raw file" if raw else "in an unknown format"
