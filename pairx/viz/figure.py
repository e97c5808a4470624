"""Prints a scene: two photographs under the heat with lines between their matches, the same two faded under colour
maps."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Page
from matplotlib.lines import Line2D
from matplotlib.text import Text

from pairx.files import whole
from pairx.types import Explanation, Extent, ImagePair, InputError
from pairx.viz import bitmap, fonts, maps
from pairx.viz.aligned import Laid, laid_over
from pairx.viz.caption import NOTE_LINE, caption, note_lines, write_notes
from pairx.viz.detail import Detail, cut
from pairx.viz.labels import number
from pairx.viz.layout import DPI, Box, Layout, arrange
from pairx.viz.marks import Look, MatchMark
from pairx.viz.place import Point, inside
from pairx.viz.pointed import Answer, answered, draw_pointed
from pairx.viz.scene import Scene, compose
from pairx.viz.text import JOINERS, LEFT_TO_RIGHT, plate

_BANNER = 9  # points
DASHES = (3.5, 2.0)  # of a line that lowers the similarity, in its own widths: on, off
THINNEST = 0.5  # points, of a line that prints
_SUFFIXES = (".png", ".svg", ".pdf")
# A date would make equal figures differ.
_WRITING: dict[str, dict[str, Any]] = {
    "svg": {"metadata": {"Date": None}},
    "pdf": {"metadata": {"CreationDate": None}},
}
# matplotlib reads these from its process-wide settings only, while it saves: text stays text, with fallbacks where our
# font is missing, but what that font lacks is drawn, as who looks may have no other; equal figures are equal files.
_SETTINGS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "pairx",
    "pdf.fonttype": 42,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "Helvetica", "sans-serif"],
}
# matplotlib is not thread-safe (settings above, font and layout caches), so one figure is drawn at a time.
_LOCK = threading.RLock()


class Printed:
    """What stands on a page, ready to be saved. Safe to use from several threads at once."""

    def page(self) -> Page:
        """The page, to be drawn while the lock is held."""
        raise NotImplementedError

    def save(self, path: str | Path) -> None:
        """Write a .png (300 dpi), .svg or .pdf. Raises InputError for another suffix or where the file cannot be
        written."""
        path = self.checked(path)
        printed = self._print(path.suffix[1:].lower())
        with whole(path) as new:
            new.write_bytes(printed)

    @staticmethod
    def checked(path: str | Path) -> Path:
        """A path that a figure can be written to. Raises InputError for any other."""
        path = Path(path)
        suffix = path.suffix.lower()
        if suffix not in _SUFFIXES:
            raise InputError(f"{path}: a figure is written as {', '.join(_SUFFIXES)}; give one of these suffixes.")
        if not path.parent.is_dir():
            raise InputError(f"{path}: the folder {path.parent} does not exist; create it first.")
        return path

    def png(self, dpi: int = DPI) -> bytes:
        """The figure as a PNG file of so many dots per inch."""
        return bitmap.png(self.pixels(dpi), dpi)

    def pixels(self, dpi: int = DPI) -> np.ndarray:
        """The figure (H, W, 4) uint8 RGBA, of so many dots per inch."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        with _LOCK, _settings():
            page = self.page()
            page.set_dpi(dpi)
            canvas = FigureCanvasAgg(page)
            canvas.draw()
            return np.asarray(canvas.buffer_rgba())

    def _repr_png_(self) -> bytes:
        return self.png(dpi=DPI // 2)

    def _print(self, kind: str) -> bytes:
        if kind == "png":
            return self.png()
        buffer = io.BytesIO()
        with _LOCK, _settings():
            page = self.page()
            matplotlib.rcParams["svg.fonttype"] = "none" if _plain(page) else "path"
            page.savefig(buffer, format=kind, dpi=DPI, **_WRITING[kind])
        return buffer.getvalue()


def print_pages(pages: Sequence[Printed]) -> bytes:
    """A PDF of several pages."""
    buffer = io.BytesIO()
    from matplotlib.backends.backend_pdf import PdfPages  # it imports all of fontTools

    with _LOCK, _settings(), PdfPages(buffer, metadata=_WRITING["pdf"]["metadata"]) as pdf:
        for one in pages:
            pdf.savefig(one.page(), dpi=DPI)
    return buffer.getvalue()


@dataclass(frozen=True)
class Figure(Printed):
    """A printed scene. laid: the first photograph, the second one laid over it, and what is said of it."""

    scene: Scene
    ids: tuple[str, str]
    title: str | None = None
    legend: bool = True
    width: float = 7.0
    laid: tuple[np.ndarray, np.ndarray, str] | None = None

    def page(self) -> Page:
        """The page, to be drawn while the lock is held."""
        return _page(self)


def draw(
    explanation: Explanation,
    pair: ImagePair,
    look: Look | None = None,
    *,
    title: str | None = None,
    legend: bool = True,
    width: float = 7.0,
    detail: Detail | None = None,
    answer: Answer | None = None,
    laid: Laid | None = None,
) -> Figure:
    """A figure of an explanation over its pair, for a paper or a notebook.

    title: a line above, or None. legend: whether to tell below what was computed and what the colours mean. width:
    inches at most, 2 to 20; tall photographs take less. detail: the part to draw, None is all. answer: to a place, in
    stead of what the method says of the whole photographs. laid: how the second photograph lies over the first, for a
    row in which it does. Raises what `compose` raises.
    """
    if not 2 <= width <= 20:
        raise InputError(f"A figure {width} inches wide: give 2 to 20.")
    scene = compose(explanation, pair, look)
    if answer is not None:
        scene = answered(scene, answer)
    if detail is not None and detail.zoom > 1:
        scene = cut(scene, detail)
    said = laid and f"Right: {pair.id1} laid over {pair.id0}, as {laid.said}."
    over = (pair.image0, laid_over(pair, laid), said) if laid and said else None
    return Figure(scene, (pair.id0, pair.id1), title, legend, width, over)


def _plain(page: Page) -> bool:
    """Whether matplotlib's own font has all letters of a page."""
    letters = {ord(letter) for text in page.findobj(Text) for letter in text.get_text()}
    return letters <= fonts.plain() | {ord(LEFT_TO_RIGHT), *map(ord, JOINERS)}


@contextmanager
def _settings() -> Iterator[None]:
    """Our settings in matplotlib's global ones while the lock is held; only these are put back, unlike rc_context's,
    which would undo what another thread has changed in the meantime."""
    before = {name: matplotlib.rcParams[name] for name in _SETTINGS}
    matplotlib.rcParams.update(_SETTINGS)
    try:
        yield
    finally:
        matplotlib.rcParams.update(before)


def _page(figure: Figure) -> Page:
    scene = figure.scene
    size0, size1 = ((photo.shape[1], photo.shape[0]) for photo in (scene.photo0, scene.photo1))
    painted = scene.paint0 is not None or scene.paint1 is not None or bool(scene.paint_banner)
    layout = arrange(
        size0,
        size1,
        rows=2 if painted else 1,
        width=figure.width,
        title=bool(figure.title),
        lines=figure.legend,
        bar=figure.legend and bool(scene.heat_scale),
    )
    if figure.laid:
        layout = layout.with_laid(figure.laid[0].shape, NOTE_LINE * len(note_lines(figure.laid[2:], layout.notes.w)))
    layout = layout.noted(NOTE_LINE * len(note_lines(scene.notes, layout.notes.w)))

    page, axes = blank(layout.width, layout.height)
    opacity = scene.look.opacity
    photos = (scene.photo0, scene.photo1)
    extents = (scene.extent0, scene.extent1)
    for box, photo, heat, extent in zip(layout.rows[0], photos, (scene.heat0, scene.heat1), extents, strict=True):
        show(axes, box, fit(photo, box), heat, opacity, extent)
    for box, photo, paint, extent in zip(layout.rows[-1], photos, (scene.paint0, scene.paint1), extents, strict=True):
        if painted:
            show(axes, box, maps.faded(fit(photo, box)), paint, opacity, extent)
    for mark in reversed(scene.marks):
        if mark.line:
            join(axes, layout.rows[0], mark)
    if scene.look.numbers:
        number(axes, layout.rows[0], scene.marks)
    if figure.laid:
        _lay(axes, layout, figure.laid)
    if scene.pointed:
        draw_pointed(axes, layout.rows[0], scene.pointed)
    if scene.banner:
        plate(axes, across(layout.rows[0]), scene.banner, _BANNER)
    if scene.paint_banner:
        plate(axes, across(layout.rows[-1]), scene.paint_banner, _BANNER)
    caption(axes, layout, scene, figure.ids, figure.title, legend=figure.legend)
    return page


def _lay(axes: Axes, layout: Layout, laid: tuple[np.ndarray, np.ndarray, str]) -> None:
    """The row in which the second photograph lies over the first."""
    first, second, below = layout.laid
    for box, photo in ((first, laid[0]), (second, laid[1])):
        show(axes, box, fit(photo, box), None, 0)
    write_notes(axes, below, laid[2:])


def blank(width: int, height: int) -> tuple[Page, Axes]:
    """An empty page of so many dots, and axes that count them from its top left corner."""
    page = Page(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    page.suppressComposite = True  # one bitmap a photograph, exactly where it belongs
    axes = page.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0), autoscale_on=False)
    axes.set_axis_off()
    return page, axes


def across(boxes: tuple[Box, Box]) -> Box:
    """The box that two boxes beside each other fill."""
    left, right = boxes
    return Box(left.x, left.y, right.x + right.w - left.x, left.h)


def fit(photo: np.ndarray, box: Box) -> np.ndarray:
    """The photograph at the page's own resolution."""
    shrinks = photo.shape[0] > box.h
    return cv2.resize(photo, (box.w, box.h), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)


def show(
    axes: Axes, box: Box, photo: np.ndarray, layer: np.ndarray | None, opacity: float, extent: Extent | None = None
) -> None:
    """One bitmap of a photograph and what lies over its extent (x, y, w, h), in fractions; what the model does not see
    of it is hatched.
    """
    picture = maps.unseen(photo if layer is None else maps.over(photo, layer, opacity, extent), extent)
    bitmap.paste(axes, picture, (box.x, box.x + box.w, box.y + box.h, box.y))


def join(axes: Axes, boxes: tuple[Box, Box], mark: MatchMark, strength: float = 1.0) -> list[Line2D]:
    """A match's line with its casing and dots, most relevant on top; dashed where it lowers the similarity.
    strength: of line and dots, 1 on a picture of a page's width; no line is thinner than THINNEST. Returns all that it
    draws."""
    points = (mark.point0, mark.point1)
    seen = [inside(point) for point in points]
    if not all(seen):
        return _alone(axes, boxes[seen.index(True)], points[seen.index(True)], mark)
    x, y = np.array([(b.x + u * b.w, b.y + v * b.h) for b, (u, v) in zip(boxes, points, strict=True)]).T
    # Not on whole dots: a level line would lie beside its ends, by up to half a dot.
    line: dict[str, Any] = {"alpha": mark.opacity, "solid_capstyle": "butt", "zorder": 3, "snap": False}
    width = max(THINNEST, mark.width * strength)
    drawn = axes.plot(x, y, color=mark.casing, linewidth=1.8 * width, gid=f"casing-{mark.rank}", **line)
    stroke: dict[str, Any] = {"dashes": DASHES} if mark.against else {}
    drawn += axes.plot(x, y, color=mark.color, linewidth=width, gid=f"match-{mark.rank}", **line | stroke)
    return drawn + axes.plot(
        x,
        y,
        "o",
        color=mark.color,
        alpha=mark.opacity,
        zorder=4,  # above all lines: where a match ends must not be hidden
        gid=f"dots-{mark.rank}",
        snap=False,
        markersize=(1.8 + 1.4 * mark.width) * strength,
        markeredgewidth=0.4 * mark.width * strength,
        markeredgecolor=mark.casing,
    )


def _alone(axes: Axes, box: Box, point: Point, mark: MatchMark) -> list[Line2D]:
    """The end of a match whose other end lies outside of the detail: a ring, and no line into nowhere."""
    at = [box.x + point[0] * box.w], [box.y + point[1] * box.h]
    size = 1.8 + 1.4 * mark.width
    ring: dict[str, Any] = {"mfc": "none", "alpha": mark.opacity, "markersize": size, "zorder": 4}
    drawn = axes.plot(*at, "o", color=mark.casing, markeredgewidth=1.2, **ring)
    return drawn + axes.plot(*at, "o", color=mark.color, markeredgewidth=0.6, **ring)
