"""Whether a JPEG that decodes is damaged all the same: libjpeg makes up what is missing, and Pillow does not tell.

The structure is ITU-T T.81, annex B: segments behind markers, and behind each scan's header its coded data, in which a
byte 255 is followed by 0 or belongs to a marker.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

_EOI, _SOS, _DHT, _DRI = 0xD9, 0xDA, 0xC4, 0xDD
_FRAMES = {0xC0, 0xC1, 0xC2}
_PROGRESSIVE = 0xC2
_BETWEEN_SCANS = {_DHT, 0xDB, 0xDC, _DRI, _SOS, _EOI, 0xFE, *range(0xE0, 0xF0)}
_ZEROS, _ONES = bytes(128), b"\xff" * 16
_GREY = 128  # what libjpeg paints where there are no data
BOTTOM = 16  # rows, the most that a coded unit has


@dataclass
class _Jpeg:
    """What a file says of itself. components: (id, blocks a unit). tables: (class, id) to symbols by their code, a text
    of bits. scan: (component, DC table, AC table) of the first scan, and where its data are.
    """

    progressive: bool = False
    components: list[tuple[int, int]] = field(default_factory=list)
    tables: dict[tuple[int, int], dict[int, str]] = field(default_factory=dict)
    scan: list[tuple[int, int, int]] = field(default_factory=list)
    start: int = 0


def damaged(content: bytes, bottom: np.ndarray) -> bool:
    """Whether parts of a JPEG's coded data are gone. bottom: (BOTTOM, W) or (BOTTOM, W, 3), the last rows as decoded,
    perhaps reduced, before colours or orientation are changed."""
    try:
        jpeg = _header(content)
    except (IndexError, ValueError):
        return False  # of a kind that we do not know; the decoder has taken it
    end, whole, foreign = _first_scan(content, jpeg.start)
    data = content[jpeg.start : end]
    if foreign or not whole or _ONES in data:
        return True
    if jpeg.progressive:
        return False
    if _ZEROS in data and not _zeros_are_flat(jpeg):
        return True
    grey = len(bottom) == BOTTOM and bool((bottom == _GREY).all())
    return grey and not _coded_as_flat(jpeg, data)


def _header(content: bytes) -> _Jpeg:
    """All up to the first scan's data. Raises IndexError or ValueError where that is no JPEG of a usual kind."""
    jpeg, at = _Jpeg(), 2
    while True:
        at = content.index(b"\xff", at)
        while content[at] == 0xFF:
            at += 1
        kind, length = content[at], int.from_bytes(content[at + 1 : at + 3], "big")
        body = content[at + 3 : at + 1 + length]
        at += 1 + length
        if kind in _FRAMES:
            jpeg.progressive = kind == _PROGRESSIVE
            jpeg.components = [(body[i], (body[i + 1] >> 4) * (body[i + 1] & 15)) for i in range(6, len(body), 3)]
        elif kind == _DHT:
            jpeg.tables |= _codes(body)
        elif kind == _SOS:
            jpeg.scan = [(body[i], body[i + 1] >> 4, body[i + 1] & 15) for i in range(1, 1 + 2 * body[0], 2)]
            jpeg.start = at
            if not jpeg.components:
                raise ValueError("lossless, arithmetic or hierarchical")
            return jpeg


def _codes(body: bytes) -> dict[tuple[int, int], dict[int, str]]:
    """The Huffman codes of a segment (annex C.2)."""
    tables, at = {}, 0
    while at < len(body):
        codes, code, symbol = {}, 0, at + 17
        for bits in range(1, 17):
            for _ in range(body[at + bits]):
                codes[body[symbol]] = f"{code:0{bits}b}"
                code, symbol = code + 1, symbol + 1
            code <<= 1
        tables[body[at] >> 4, body[at] & 15] = codes
        at = symbol
    return tables


def _first_scan(content: bytes, start: int) -> tuple[int, bool, bool]:
    """Where the first scan's data end, whether the file ends as it should, and whether other bytes lie among them."""
    values = np.frombuffer(content, np.uint8)[start:]
    ends = np.flatnonzero(values[:-1] == 0xFF)
    kinds = values[ends + 1]
    markers = ends[(kinds != 0) & (kinds != 0xFF) & ((kinds < 0xD0) | (kinds > 0xD7))]
    if not len(markers):
        return len(content), False, False
    first = start + int(markers[0])
    foreign = content[first + 1] not in _BETWEEN_SCANS
    return first, not foreign and content.find(b"\xff\xd9", first) >= 0, foreign


def _zeros_are_flat(jpeg: _Jpeg) -> bool:
    """Whether bits of 0 say that block after block is like the last one: no change, and nothing but its mean."""
    for _, dc, ac in jpeg.scan:
        for table in ((0, dc), (1, ac)):
            code = jpeg.tables.get(table, {}).get(0)
            if code is None or "1" in code:
                return False
    return True


def _coded_as_flat(jpeg: _Jpeg, data: bytes) -> bool:
    """Whether the data end as they do where the picture really ends in one colour (annex F.1.2)."""
    blocks = dict(jpeg.components)
    unit = ""
    for component, dc, ac in jpeg.scan:
        mean, rest = (jpeg.tables.get(table, {}).get(0) for table in ((0, dc), (1, ac)))
        if mean is None or rest is None:
            return False
        unit += (mean + rest) * (blocks.get(component, 1) if len(jpeg.scan) > 1 else 1)
    last = data.rstrip(b"\xff")[-512:]
    for restart in range(0xD0, 0xD8):
        last = last.rsplit(bytes((0xFF, restart)), 1)[-1]
    bits = "".join(f"{byte:08b}" for byte in last.replace(b"\xff\x00", b"\xff"))
    units = max(1, min(2, (len(bits) - 7) // len(unit)))
    return any(bits[: len(bits) - padding].endswith(unit * units) for padding in range(8))
