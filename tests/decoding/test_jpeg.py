"""Damaged JPEGs are told from ordinary ones, of whatever coding, however flat."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pairx.images import decode, load_image
from pairx.testing import smooth_noise
from pairx.types import InputError

KINDS = {
    "usual": {},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
    "full colour": {"subsampling": 0},
    "restarts": {"restart_marker_rows": 1},
    "many restarts": {"restart_marker_blocks": 1},
    "coarse": {"quality": 5},
    "fine": {"quality": 100},
}


def textured() -> np.ndarray:
    noise = np.random.default_rng(0).integers(-30, 30, (208, 256, 1))
    return (smooth_noise(1, 208, 256).astype(int) + noise).clip(0, 255).astype(np.uint8)


def jpeg(picture: np.ndarray, mode: str = "RGB", **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).convert(mode).save(file, "JPEG", **options)
    return file.getvalue()


def damages(content: bytes) -> dict[str, bytes]:
    half = len(content) // 2
    rng = np.random.default_rng(5)
    return {
        "zeros to the end": content[:half] + bytes(len(content) - half),
        "erased to the end": content[:half] + b"\xff" * (len(content) - half),
        "other bytes to the end": content[:half] + rng.bytes(len(content) - half),
        "text to the end": content[:half] + b"<html>" * ((len(content) - half) // 6),
        "cut": content[:half],
        "cut at the end": content[:-200],
    }


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_damage_is_found(kind, mode):
    content = jpeg(textured(), mode, **KINDS[kind])
    assert load_image(content)[0].shape == (208, 256, 3)
    for what, broken in damages(content).items():
        with pytest.raises(InputError, match="damaged"):
            print(what, decode(broken, name="half.jpg").shape)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "progressive"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_an_end_put_behind_half_a_picture_is_found(kind, mode):
    content = jpeg(textured(), mode, **KINDS[kind])
    with pytest.raises(InputError, match="damaged"):
        decode(content[: len(content) // 2] + b"\xff\xd9")


def test_a_hole_amid_the_data_is_found():
    content = jpeg(textured())
    start = len(content) // 2
    with pytest.raises(InputError, match="damaged"):
        decode(content[:start] + bytes(512) + content[start + 512 :])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("colour", [0, 127, 128, 129, 200, 255])
def test_flat_pictures_are_fine(kind, mode, colour):
    for rows in (20, 104, 208):
        picture = textured()
        picture[-rows:] = colour
        content = jpeg(picture, mode, **KINDS[kind])
        bottom = decode(content)[-8:].astype(int)
        assert np.abs(bottom - colour).max() <= 8
        assert np.array_equal(decode(content + bytes(5000))[-8:], bottom), "bytes behind the end"
        load_image(content, (0, 0.5, 1, 0.5))


@pytest.mark.parametrize("size", [(8, 8), (16, 16), (17, 33), (5, 300), (300, 5), (1, 1)])
def test_small_grey_pictures_are_fine(size):
    for options in KINDS.values():
        decode(jpeg(np.full((*size, 3), 128, np.uint8), **options))
