"""Photographs on a page dot for dot, and the PNG of a page."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pairx.viz import bitmap
from pairx.viz.figure import Printed, blank

PICTURE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
SIDES = 60, 50  # dots of the page: width, height


class Page(Printed):
    """One picture at (left, top), by our bitmap or by matplotlib's own."""

    def __init__(self, left: float, top: float, ours: bool) -> None:
        self.extent = left, left + PICTURE.shape[1], top + PICTURE.shape[0], top
        self.ours = ours

    def page(self):
        page, axes = blank(*SIDES)
        if self.ours:
            bitmap.paste(axes, PICTURE, self.extent)
        else:
            axes.imshow(PICTURE, extent=self.extent, aspect="auto")
        return page


@pytest.mark.parametrize("at", [(0, 0), (7, 11), (7.4, 11.3), (-5, 30), (100, 100)])
def test_a_bitmap_is_what_matplotlib_draws(at: tuple[float, float]) -> None:
    ours, theirs = Page(*at, ours=True), Page(*at, ours=False)
    for dpi in (300, 600, 110):
        np.testing.assert_array_equal(ours.pixels(dpi), theirs.pixels(dpi))
    assert ours._print("svg") == theirs._print("svg")
    assert ours._print("pdf") == theirs._print("pdf")


def test_dot_on_dot_no_pixel_changes() -> None:
    drawn = Page(7, 11, ours=True).pixels()
    assert drawn.shape == (*SIDES[::-1], 4)
    np.testing.assert_array_equal(drawn[11:41, 7:47, :3], PICTURE)


@pytest.mark.parametrize(("alpha", "mode"), [(255, "RGB"), (0, "RGBA")])
def test_a_png_keeps_every_pixel_and_its_size_on_paper(alpha: int, mode: str) -> None:
    pixels = np.dstack([PICTURE, np.full(PICTURE.shape[:2], 255, np.uint8)])
    pixels[3, 5, 3] = alpha
    with Image.open(io.BytesIO(bitmap.png(pixels, 300))) as opened:
        assert opened.mode == mode and opened.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        np.testing.assert_array_equal(np.asarray(opened), pixels[..., : len(mode)])
