"""TIFFs, JPEG 2000 and PPM of other numbers than three bytes a pixel: signs, planes, fourth channels, deep colour."""

from __future__ import annotations

import struct

import cv2
import numpy as np
import pytest

from pairx._decoding.deep import UNNAMED
from pairx.images import decode, load_image
from pairx.types import InputError

HEIGHT, WIDTH = 100, 120
PICTURE = np.linspace(0, 1, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
COLOURS = np.dstack([PICTURE, PICTURE[::-1], PICTURE[:, ::-1]])
NIR = PICTURE[::-1, ::-1]


def tiff(values: np.ndarray, photometric: int = 1, planar: int = 1, extra: int | None = None) -> bytes:
    """A plain TIFF of values (H, W) or (H, W, C), with planar 2 one channel behind the other."""
    channels = 1 if values.ndim == 2 else values.shape[2]
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    planes = [values] if planar == 1 else list(np.moveaxis(values, -1, 0))
    data = [np.ascontiguousarray(plane).tobytes() for plane in planes]
    tags: dict[int, tuple[str, list[int]]] = {
        256: ("I", [values.shape[1]]), 257: ("I", [values.shape[0]]), 258: ("H", [8 * values.itemsize] * channels),
        259: ("H", [1]), 262: ("H", [photometric]), 273: ("I", [0] * len(data)), 277: ("H", [channels]),
        278: ("I", [values.shape[0]]), 279: ("I", [len(one) for one in data]), 284: ("H", [planar]),
        **({} if extra is None else {338: ("H", [extra])}), 339: ("H", [kind] * channels),
    }  # fmt: skip
    start = 1000
    tags[273] = ("I", [start + sum(map(len, data[:i])) for i in range(len(data))])
    rows, beyond = b"", b""
    for tag, (code, numbers) in tags.items():
        raw = struct.pack(f"<{len(numbers)}{code}", *numbers)
        if len(raw) > 4:
            raw, beyond = struct.pack("<I", 500 + len(beyond)), beyond + raw
        rows += struct.pack("<HHI", tag, 3 if code == "H" else 4, len(numbers)) + raw.ljust(4, b"\0")
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + rows + bytes(4)
    return (head.ljust(500, b"\0") + beyond).ljust(start, b"\0") + b"".join(data)


def off(content: bytes, expected: np.ndarray) -> float:
    """How far the decoded photograph is from the expected one, levels of 255."""
    result = decode(content).astype(float)
    return float(np.abs(result - 255 * (expected if expected.ndim == 3 else expected[..., None])).max())


def test_signs_are_read_as_the_file_says():
    signed, half = np.rint(PICTURE * 255 - 128), np.rint(PICTURE * 127)
    assert off(tiff(signed.astype(np.int8)), (signed + 128) / 255) <= 1
    assert off(tiff(half.astype(np.int8)), half / 127) <= 0.51
    assert off(tiff(np.rint(PICTURE * 32_767).astype(np.int16)), PICTURE) <= 0.51
    assert off(tiff((PICTURE * (2**32 - 1)).astype(np.uint32)), PICTURE) <= 0.51
    assert off(tiff((PICTURE * 65_535).astype(np.uint32)), PICTURE) <= 0.51
    assert load_image(tiff(np.rint(PICTURE * 32_767).astype(np.int16)))[1].notes == ()


@pytest.mark.parametrize("values", [COLOURS, np.dstack([COLOURS, NIR])])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_channels_one_behind_the_other_are_read_or_refused(values, kind):
    content = tiff(
        np.rint(values * np.iinfo(kind).max).astype(kind), 2, planar=2, extra=2 if values is not COLOURS else None
    )
    if kind == np.uint8 and values is COLOURS:
        assert off(content, COLOURS) <= 0.51
    else:
        with pytest.raises(InputError, match="one behind the other"):
            decode(content)


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_a_fourth_channel_is_transparency_only_where_the_file_says_so(kind):
    full = np.iinfo(kind).max
    values = np.rint(np.dstack([COLOURS, NIR]) * full).astype(kind)
    assert off(tiff(values, 2), COLOURS) <= 1 and load_image(tiff(values, 2))[1].notes == (UNNAMED,)
    assert off(tiff(values, 2, extra=0), COLOURS) <= 1
    assert off(tiff(values, 2, extra=2), COLOURS * NIR[..., None] + 1 - NIR[..., None]) <= 2
    half = np.rint(np.dstack([COLOURS / 2, np.full_like(NIR, 0.5)]) * full).astype(kind)
    assert off(tiff(half, 2, extra=1), COLOURS / 2 + 0.5) <= 2, "multiplied already"


@pytest.mark.parametrize("ending", [".jp2", ".ppm"])
@pytest.mark.parametrize("bits", [12, 16])
def test_deep_colour_of_other_formats(ending, bits):
    values = np.rint(COLOURS * (2**bits - 1)).astype(np.uint16)[..., ::-1]
    options = [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, 1000] if ending == ".jp2" else []
    content = cv2.imencode(ending, values, options)[1].tobytes()
    assert off(content, COLOURS) <= 1.01
    said = () if bits == 16 else ("White was taken to be 4,095: no value is more.",)
    assert load_image(content)[1].notes == said


def test_opaque_alpha_of_twelve_bits_is_opaque():
    values = np.rint(np.dstack([COLOURS[..., ::-1], np.ones_like(PICTURE)]) * 4095).astype(np.uint16)
    assert off(cv2.imencode(".png", values)[1].tobytes(), COLOURS) <= 1


def test_what_is_wholly_transparent_is_said():
    content = cv2.imencode(".png", np.dstack([np.uint8(255 * COLOURS), np.zeros((HEIGHT, WIDTH), np.uint8)]))[1]
    image, view = load_image(content.tobytes())
    assert (image == 255).all() and view.notes[0].startswith("All of it is transparent")


@pytest.mark.parametrize("values", [PICTURE, COLOURS.astype(np.float32), PICTURE.astype(np.float16)])
def test_other_tiffs_are_refused_as_such(values):
    with pytest.raises(InputError, match="TIFF of a kind that is not read"):
        decode(tiff(values, 2 if values.ndim == 3 else 1))
