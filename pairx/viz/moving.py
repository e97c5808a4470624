"""Pictures that move, for talks: GIF and animated PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure as Page
from matplotlib.patches import Rectangle
from PIL import Image

from pairx.files import whole
from pairx.types import Explanation, ImagePair, InputError
from pairx.viz.aligned import Laid, laid_over
from pairx.viz.figure import Figure, Printed, blank, fit, show
from pairx.viz.layout import DPI, POINT, Box
from pairx.viz.marks import Look
from pairx.viz.pointed import Answer, answered
from pairx.viz.scene import compose
from pairx.viz.text import INK, QUIET, elide, one_line, wrapped, write

MOVING = (".gif", ".png", ".apng")
"""Endings of what a moving picture can be written as."""
BLINK, PACE = 700, 160  # ms that a frame stays
_LONGEST, _NARROWEST = 1000, 480  # px of a photograph's longer side in a blink, and of a picture's width
_WIDTH = 4.0  # inches of a figure that moves
_DPI = 240
_LETTER, _NAME, _SAID = 13, 9, 7
_MARGIN = round(3 * POINT)


@dataclass(frozen=True)
class Moving:
    """Pictures in turn, over and over. frames: each drawn at so many dots per inch. pace: ms that each stays."""

    frames: tuple[Printed, ...]
    pace: int
    dpi: int = DPI

    def save(self, path: str | Path) -> None:
        """Write a .gif, or an animated .png or .apng. Raises InputError for another ending or where the file cannot be
        written."""
        path = checked(path)
        content = self.content("gif" if path.suffix.lower() == ".gif" else "png")
        with whole(path) as new:
            new.write_bytes(content)

    def content(self, kind: str) -> bytes:
        """The bytes of a "gif", of 256 colours, or of an animated "png", of all."""
        pictures = [Image.fromarray(one.pixels(self.dpi)).convert("RGB") for one in self.frames]
        if kind == "gif":
            pictures = _in_few_colours(pictures)
        packed = io.BytesIO()
        pictures[0].save(packed, kind, save_all=True, append_images=pictures[1:], duration=self.pace, loop=0)
        return packed.getvalue()


def checked(path: str | Path) -> Path:
    """A path that a moving picture can be written to. Raises InputError for any other."""
    path = Path(path)
    if path.suffix.lower() not in MOVING:
        raise InputError(f"{path}: a moving picture is written as {', '.join(MOVING)}; give one of these endings.")
    if not path.parent.is_dir():
        raise InputError(f"{path}: the folder {path.parent} does not exist; create it first.")
    return path


def blink(pair: ImagePair, laid: Laid) -> Moving:
    """The first photograph and the second one laid over it, in turn."""
    width, _ = _shown(pair.image0)
    said = wrapped(one_line(f"Laid over A: {laid.said}."), max(width, _NARROWEST) - 2 * _MARGIN, _SAID)
    foot = round((15 + 9 * len(said)) * POINT)
    first = Still(pair.image0, "A", pair.id0, (), foot)
    return Moving((first, Still(laid_over(pair, laid), "B", pair.id1, tuple(said), foot)), BLINK)


def follow_points(explanation: Explanation, pair: ImagePair, answers: Sequence[Answer]) -> Moving:
    """What one photograph answers to place after place of the other, each in a scale of its own, which its colour bar
    tells: next to the place that weighs most, most answers could not be seen.

    explanation: says how the answers were computed. Raises InputError where it is withheld, or there are no answers.
    """
    if explanation.withheld:
        raise InputError(explanation.withheld)
    if not answers:
        raise InputError("There is no place to point at: give at least one.")
    scene = compose(explanation, pair, Look(k_lines=0, k_colors=0))
    scenes = [answered(scene, one) for one in answers]
    return Moving(tuple(Figure(one, (pair.id0, pair.id1), width=_WIDTH) for one in scenes), PACE, _DPI)


@dataclass(frozen=True)
class Still(Printed):
    """A photograph with its letter, and below it its name and lines of words. foot: height of what is below, dots."""

    photo: np.ndarray
    letter: str
    name: str
    words: tuple[str, ...]
    foot: int

    def page(self) -> Page:
        """The page, to be drawn while the lock is held."""
        width, height = _shown(self.photo)
        whole_width = max(width, _NARROWEST)
        page, axes = blank(whole_width, height + self.foot)
        box = Box(0, 0, width, height)
        show(axes, box, fit(self.photo, box), None, 0)
        side = round(1.5 * _LETTER * POINT)
        axes.add_patch(Rectangle((_MARGIN, _MARGIN), side, side, facecolor="white", edgecolor=INK, linewidth=0.6))
        top = _MARGIN + side / 2 - 0.485 * _LETTER * POINT
        write(axes, _MARGIN + side / 2, top, self.letter, _LETTER, bold=True, align="center")
        name = elide(one_line(self.name), whole_width - 2 * _MARGIN, _NAME)
        write(axes, _MARGIN, height + 2 * POINT, name, _NAME)
        for number, line in enumerate(self.words):
            write(axes, _MARGIN, height + (13 + 9 * number) * POINT, line, _SAID, color=QUIET)
        return page


def _shown(photo: np.ndarray) -> tuple[int, int]:
    """Width and height of a photograph in a blink, dots."""
    height, width = photo.shape[:2]
    scale = _LONGEST / max(height, width)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _in_few_colours(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Pictures of one palette of 256 colours. What does not change from one to the next keeps its colour, which
    dithering would make flicker."""
    palette = _palette(pictures)
    few: list[Image.Image] = []
    for number, picture in enumerate(pictures):
        indices = np.array(picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG))
        if number:
            same = (np.asarray(picture) == np.asarray(pictures[number - 1])).all(axis=2)
            indices[same] = np.asarray(few[-1])[same]
        one = Image.fromarray(indices, "P")
        one.putpalette(palette.getpalette() or [])
        few.append(one)
    return few


def _palette(pictures: Sequence[Image.Image]) -> Image.Image:
    """A picture with a palette of their colours, each weighted by the root of its count, so that rare ones are kept,
    too; paper and ink stay as they are."""
    some = pictures[:: max(1, len(pictures) // 8)]
    codes = [np.asarray(one).astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32) for one in some]
    found, counts = np.unique(np.concatenate([one.ravel() for one in codes]), return_counts=True)
    often = np.repeat(found, np.ceil(np.sqrt(counts)).astype(int))
    row = np.stack([often >> 16, often >> 8 & 0xFF, often & 0xFF], axis=-1).astype(np.uint8)[None]
    chosen = Image.fromarray(row).quantize(254, Image.Quantize.MEDIANCUT).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette([*chosen[: 3 * 254], *b"\xff\xff\xff", *bytes.fromhex(INK[1:])])
    return palette
