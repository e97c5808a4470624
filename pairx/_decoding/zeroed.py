"""Whether a compressed photograph that decodes has lost a part to zeros, as a copy that was broken off leaves it."""

from __future__ import annotations

import struct
import zlib

_CODED = ("WEBP", "HEIF", "AVIF", "JPEG2000")  # whose coded data hold no long runs of zeros
_RUN, _SHARE = 256, 1 / 50  # bytes and part of a file: a longer run of zeros at its end is no photograph's
_PNG_HEAD = 8


def zeroed(format: str | None, content: bytes) -> bool:
    """Whether the file of a format (Pillow's names) is damaged so. JPEGs have a check of their own; uncompressed files
    and TIFFs may well be black."""
    if format == "PNG":
        return not _sums_are_right(content)
    zeros = len(content) - len(content.rstrip(b"\0"))
    return format in _CODED and zeros >= max(_RUN, _SHARE * len(content))


def _sums_are_right(content: bytes) -> bool:
    """Whether the pixels' chunks of a PNG have the sums that are written behind them (ISO/IEC 15948, 5.3)."""
    at, view = _PNG_HEAD, memoryview(content)
    while at + 12 <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        end = at + 8 + length
        if kind == b"IDAT" and view[end : end + 4] != zlib.crc32(view[at + 4 : end]).to_bytes(4, "big"):
            return False
        if kind == b"IEND":
            break
        at = end + 4
    return True
