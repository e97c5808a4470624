"""Photographs of other kinds than JPEG whose copy was broken off: zeros where their data were."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pairx.images import decode
from pairx.types import InputError
from tests.decoding.test_jpeg import textured

KINDS = ["PNG", "WEBP", "HEIF", "AVIF", "JPEG2000"]


def coded(kind: str, picture: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_zeros_to_the_end_are_damage(kind: str, share: float) -> None:
    content = coded(kind, textured())
    assert decode(content).shape == (208, 256, 3)
    lost = int(share * len(content))
    with pytest.raises(InputError, match="damaged"):
        decode(content[:-lost] + bytes(lost))


def test_zeros_within_a_png_are_damage() -> None:
    for level in (0, 6):
        content = coded("PNG", textured(), compress_level=level)
        middle = len(content) // 2
        with pytest.raises(InputError, match="damaged"):
            decode(content[:middle] + bytes(64) + content[middle + 64 :])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_colour_is_no_damage(kind: str, level: int) -> None:
    flat = np.full((600, 800, 3), level, np.uint8)
    assert np.abs(decode(coded(kind, flat)).astype(int) - level).max() <= 3
    assert np.abs(decode(coded(kind, flat, lossless=True)).astype(int) - level).max() <= 3
