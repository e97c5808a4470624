"""Files that people and robots upload: `hostile_files` must each raise an InputError, `odd_but_fine` must decode."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, TiffImagePlugin

LONG_NAME = "camera 7 – north waterhole – 2021-03-14 06.52.11 – nyala, left flank – reviewed.jpg"


def hostile_files(folder: Path) -> dict[str, Path]:
    """Write the hostile files into `folder` (missing and unreadable ones too); what is wrong to path."""
    photo = _photo()
    files = {
        "empty": ("empty.jpg", b""),
        "text": ("notes.jpg", b"just some notes, not a photograph\n"),
        "web page": ("page.jpg", b"<!DOCTYPE html><html><body>404 Not Found</body></html>"),
        "pdf": ("scan.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n"),
        "svg": ("drawing.svg", _SVG),
        "svg renamed": ("drawing.png", _SVG),
        "zip": ("archive.jpg", b"PK\x03\x04" + bytes(40)),
        "postscript": ("page.eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"),
        "photoshop": ("layers.jpg", b"8BPS\0\1" + bytes(60)),
        "random bytes": ("noise.jpg", np.random.default_rng(7).bytes(4000)),
        "mp4": ("clip.jpg", b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(200)),
        "avi": ("clip.png", b"RIFF\0\1\0\0AVI LIST" + bytes(200)),
        "matroska": ("clip.webp", b"\x1aE\xdf\xa3" + bytes(200)),
        "cut JPEG": ("half.jpg", _half(_encoded(photo, "JPEG"))),
        "cut PNG": ("half.png", _half(_encoded(photo, "PNG"))),
        "cut WebP": ("half.webp", _half(_encoded(photo, "WEBP"))),
        "cut lossless WebP": ("half lossless.webp", _half(_encoded(photo, "WEBP", lossless=True))),
        "cut TIFF": ("half.tif", _half(_encoded(photo, "TIFF"))),
        "cut compressed TIFF": ("half lzw.tif", _half(_encoded(photo, "TIFF", compression="tiff_lzw"))),
        "cut HEIC": ("half.heic", _half(_encoded(photo, "HEIF"))),
        "cut AVIF": ("half.avif", _half(_encoded(photo, "AVIF"))),
        "cut GIF": ("half.gif", _half(_encoded(photo, "GIF"))),
        "cut BMP": ("half.bmp", _half(_encoded(photo, "BMP"))),
        "JPEG's first bytes": ("start.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
        "PNG's first bytes": ("start.png", b"\x89PNG\r\n\x1a\n"),
        "PNG with a broken checksum": ("flipped.png", _flipped(_encoded(photo, "PNG"))),
        "PNG with no pixels": ("zero.png", _png(0, 5)),
        "BMP with no pixels": ("zero.bmp", _bmp(0, 5)),
        "PNG bomb": ("bomb.png", _png(30_000, 30_000)),
        "PNG too wide": ("wide.png", _png(40_000, 10)),
        "GIF bomb": ("bomb.gif", _gif_header(60_000, 60_000)),
        "BMP bomb": ("bomb.bmp", _bmp(100_000, 100_000)),
        "TIFF bomb": ("bomb.tif", _tiff({256: 29_000, 257: 29_000})),
        "PPM bomb": ("bomb.ppm", b"P6 30000 30000 255\n"),
        "raw DNG": ("IMG_1.dng", _tiff({50706: b"\1\4\0\0"})),
        "raw DNG renamed": ("IMG_1.tif", _tiff({50706: b"\1\4\0\0"})),
        "raw by its ending only": ("DSC_1.nef", _tiff({})),
        "raw NEF": ("DSC_2.tif", _tiff({254: 1})),
        "raw CR3": ("IMG_2.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(200)),
        "raw RAF": ("DSCF1.raf", b"FUJIFILMCCD-RAW 0201" + bytes(200)),
        "raw ORF": ("P1.orf", b"IIRO\x08\0\0\0" + bytes(200)),
        "markup in the name": ("<img src=x onerror=alert(1)>.jpg", b"text"),
        "line break in the name": ("two\nlines.jpg", b"text"),
        "long name": (LONG_NAME, b"text"),
    }
    paths = {what: _write(folder / name, content) for what, (name, content) in files.items()}
    paths["folder"] = folder / "folder.jpg"
    paths["folder"].mkdir()
    paths["missing"] = folder / "missing.jpg"
    paths["name too long"] = folder / ("a" * 300 + ".jpg")
    paths["link to nothing"] = folder / "link.jpg"
    paths["link to nothing"].symlink_to(folder / "gone.jpg")
    paths["pipe"] = folder / "pipe.jpg"
    os.mkfifo(paths["pipe"])
    if os.geteuid() != 0:  # root may read everything
        paths["no permission"] = _write(folder / "secret.jpg", _encoded(photo, "JPEG"))
        paths["no permission"].chmod(0)
    return paths


def odd_but_fine(folder: Path) -> dict[str, Path]:
    """Write files into `folder` that are unusual and must decode; what is unusual to path."""
    photo = _photo()
    jpeg = _encoded(photo, "JPEG")
    frames = [photo.transpose(turn) for turn in (Image.Transpose.ROTATE_180, Image.Transpose.FLIP_TOP_BOTTOM)]
    film = {"save_all": True, "append_images": frames}
    files = {
        "unicode name": ("ñandú 鹿 🦌.jpg", jpeg),
        "spaces in the name": ("  my  photo .jpg", jpeg),
        "long name": ("fine " + LONG_NAME, jpeg),
        "markup in the name": ("<b>bold & \"quoted\" 'name'.jpg", jpeg),
        "no ending": ("photo", jpeg),
        "wrong ending": ("really a png.jpg", _encoded(photo, "PNG")),
        "capital ending": ("DSC_0001.JPG", jpeg),
        "bytes after the end": ("trailing.jpg", jpeg + b"\0" * 5000),
        "progressive JPEG": ("progressive.jpg", _encoded(photo, "JPEG", progressive=True)),
        "corrupt EXIF": ("exif.jpg", _encoded(photo, "JPEG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff\0\x09garbage")),
        "EXIF of noise": ("exif noise.jpg", _encoded(photo, "JPEG", exif=b"Exif\0\0" + bytes(range(256)))),
        "absurd orientation": ("orientation.jpg", _encoded(photo, "JPEG", exif=_orientation(77))),
        "broken colour profile": ("profile.jpg", _encoded(photo, "JPEG", icc_profile=b"not a profile" * 20)),
        "animated GIF": ("film.gif", _encoded(photo.quantize(), "GIF", **film)),
        "animated PNG": ("film.png", _encoded(photo, "PNG", **film)),
        "animated WebP": ("film.webp", _encoded(photo, "WEBP", lossless=True, **film)),
        "many-page TIFF": ("pages.tif", _encoded(photo, "TIFF", **film)),
        "one pixel": ("dot.png", _encoded(photo.resize((1, 1)), "PNG")),
        "one pixel wide": ("line.png", _encoded(photo.resize((1, 300)), "PNG")),
        "one pixel high": ("line.jpg", _encoded(photo.resize((300, 1)), "JPEG")),
        "1 x 10000": ("thread.png", _encoded(photo.resize((1, 10_000)), "PNG")),
    }
    return {what: _write(folder / name, content) for what, (name, content) in files.items()}


_SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><rect width="9" height="9"/></svg>'


def _photo() -> Image.Image:
    noise = np.random.default_rng(3).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((320, 240), Image.Resampling.BICUBIC)


def _encoded(image: Image.Image, format: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def _half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def _orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def _png(width: int, height: int) -> bytes:
    """A PNG that is correct but for holding next to no pixels: a bomb's header."""
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(4000))))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (*chunks, (b"IEND", b""))
    )
    return b"\x89PNG\r\n\x1a\n" + body


def _bmp(width: int, height: int) -> bytes:
    about = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 154, 0, 0, 54) + about + bytes(100)


def _gif_header(width: int, height: int) -> bytes:
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x44\x01\0;"
    return b"GIF89a" + screen + frame


def _tiff(tags: dict[int, int | bytes]) -> bytes:
    """A small TIFF with such tags; 254: 1 (a thumbnail) brings the pointer to the real picture that raw files have."""
    ifd = TiffImagePlugin.ImageFileDirectory_v2()
    pointer = {330: 500} if tags.get(254) == 1 else {}
    grey = {256: 8, 257: 8, 258: 8, 259: 1, 262: 1, 273: 400, 277: 1, 278: 8, 279: 64}
    for tag, value in (grey | pointer | tags).items():
        ifd[tag] = value
    return b"II*\0" + struct.pack("<I", 8) + ifd.tobytes(8).ljust(392, b"\0") + bytes(200)


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
