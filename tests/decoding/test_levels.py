"""Values deeper than 8 bits: sensors, temperatures, values that are none, and what is said of them."""

from __future__ import annotations

import io
import struct

import cv2
import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from pairx.images import decode, load_image
from pairx.testing import smooth_noise


def light(height: int = 120, width: int = 160) -> np.ndarray:
    """(H, W) float64, 0 to 1: a photograph."""
    grey = cv2.GaussianBlur(smooth_noise(3, height, width)[..., 1], (0, 0), 1).astype(float)
    return (grey - grey.min()) / (grey.max() - grey.min())


def tiff(values: np.ndarray, nodata: str | None = None, white_is_zero: bool = False) -> bytes:
    file, tags = io.BytesIO(), TiffImagePlugin.ImageFileDirectory_v2()
    if nodata is not None:
        tags[42113] = nodata
    Image.fromarray(values).save(file, "TIFF", tiffinfo=tags)
    content = bytearray(file.getvalue())
    if white_is_zero:
        start = struct.unpack("<I", content[4:8])[0]
        for entry in range(struct.unpack("<H", content[start : start + 2])[0]):
            place = start + 2 + 12 * entry
            if struct.unpack("<H", content[place : place + 2])[0] == 262:
                content[place + 8 : place + 10] = struct.pack("<H", 0)
    return bytes(content)


def off(content: bytes, expected: np.ndarray) -> float:
    """How far the decoded photograph is from the expected one, levels of 255."""
    return float(np.abs(decode(content)[..., 1] - 255 * expected).max())


@pytest.mark.parametrize("top", [1.0, 1.004, 1.2])
def test_floats_a_little_above_one_are_white(top):
    picture = light()
    values = np.where(picture == 1, top, picture).astype(np.float32)
    assert off(tiff(values), picture) <= 0.51
    assert load_image(tiff(values))[1].notes == ()


def test_floats_resized_beyond_their_white_are_white():
    ringing = (light() * 1.015 - 0.004).astype(np.float32)
    assert off(tiff(ringing), ringing.clip(0, 1)) <= 0.51
    assert off(tiff(ringing * 255), ringing.clip(0, 1)) <= 0.51


@pytest.mark.parametrize(
    ("scale", "offset", "kind"),
    [
        (1500, 29_000, np.uint16),  # hundredths of a kelvin
        (45, -10, np.float32),  # degrees Celsius
        (35, 3, np.float32),
        (50, 60, np.float32),  # degrees Fahrenheit
        (60, 15, np.float32),
        (4500, -1000, np.int16),
        (15_000, 290_000, np.int32),
        (400, 7000, np.uint16),  # a sensor's counts
        (0.08, 0.02, np.float32),  # reflectance
        (2, -1, np.float32),  # normalised
    ],
)
def test_what_is_no_usual_photograph_is_spread_and_said(scale, offset, kind):
    picture = light()
    values = (picture * scale + offset).astype(kind)
    content = cv2.imencode(".tif", values)[1].tobytes() if kind == np.int16 else tiff(values)
    assert off(content, picture) < 4
    (note,) = load_image(content)[1].notes
    low, high = note.removeprefix("Its values, ").split(" were")[0].rstrip(",").split(" to ")
    assert float(low.replace(",", "")) == pytest.approx(offset, abs=0.02 * scale)
    assert float(high.replace(",", "")) == pytest.approx(scale + offset, abs=0.02 * scale)


def test_dead_and_hot_pixels_do_not_count():
    picture = light()
    values = (picture * 1500 + 29_000).astype(np.uint16)
    values[5, 5], values[60, 7], values[61, 8] = 0, 65_535, 65_000
    result = decode(tiff(values))[..., 1]
    assert np.median(np.abs(result - 255 * picture)) < 3 and result.std() > 40


@pytest.mark.parametrize(("scale", "depth"), [(255, 8), (4095, 12), (60_000, 16)])
def test_usual_depths_stay_as_they_are(scale, depth):
    values = (light() * scale).astype(np.uint16)
    assert off(tiff(values), values / (2**depth - 1)) <= 0.51
    notes = load_image(tiff(values))[1].notes
    assert notes == (() if depth == 16 else (f"White was taken to be {2**depth - 1:,}: no value is more.",))
    studio = np.where(light() < 0.2, 0, 40_000 + light() * 25_000).astype(np.uint16)
    assert off(tiff(studio), studio / 65_535) <= 0.51, "a black background is a value"


def test_a_constant_sensor_image_is_constant():
    for values in (np.zeros((120, 120), np.uint16), np.full((120, 120), 3.5, np.float32)):
        assert np.ptp(decode(tiff(values))) == 0


@pytest.mark.parametrize(
    ("void", "nodata", "kind", "scale", "offset"),
    [
        (-9999, None, np.float32, 1, 0),
        (-9999, None, np.float32, 45, -10),
        (-999, "-999", np.float32, 45, -10),
        (-32_768, None, np.int32, 4500, -1000),
        (np.nan, None, np.float32, 1, 0),
        (np.inf, None, np.float32, 255, 0),
        (-3.4028235e38, None, np.float32, 1, 0),
        (1e20, None, np.float32, 1, 0),
        (0, None, np.uint16, 1500, 29_000),
        (65_535, None, np.uint16, 1500, 29_000),
        (30_001, "30001", np.uint16, 65_000, 0),
        (0.2501, "0.2501", np.float32, 1, 0),
    ],
)
def test_no_data_is_no_value(void, nodata, kind, scale, offset):
    picture = light()
    values = (picture * scale + offset).astype(kind)
    hole = np.zeros(values.shape, bool)
    hole[:12] = True
    values[hole] = void
    content = tiff(values, nodata)
    result = decode(content)[..., 1]
    assert (result[hole] == 128).all()
    assert np.abs(result - 255 * picture)[~hole].max() < 12 and result[~hole].std() > 40
    notes = load_image(content)[1].notes
    assert any(note.startswith("10.") and "has no value" in note for note in notes), notes


def test_no_data_of_eight_bits():
    values = (light() * 200 + 20).astype(np.uint8)
    values[:12] = 7
    result = decode(tiff(values, "7"))[..., 1]
    assert (result[:12] == 128).all() and np.array_equal(result[12:], values[12:])
    assert np.array_equal(decode(tiff(values, "none"))[..., 1], values)


def test_nothing_but_no_data():
    image, view = load_image(tiff(np.full((120, 120), np.nan, np.float32)))
    assert (image == 128).all() and "It holds no values at all." in view.notes


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_white_is_zero(kind):
    """Zero is white in 16 bits as in 8; a narrow range is spread there, too."""
    picture, full = light(), np.iinfo(kind).max
    values = np.rint((1 - picture) * full).astype(kind)
    assert off(tiff(values, white_is_zero=True), picture) <= 1
    if kind == np.uint16:
        thermal = (30_500 - picture * 1500).astype(kind)
        assert off(tiff(thermal, white_is_zero=True), picture) < 4
