"""Several methods' explanations of one pair on a page: a row a method, in as many columns as a page takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Page

from pairx.types import Explanation, ImagePair, MethodCard, Refusal, said_size
from pairx.viz import maps
from pairx.viz.caption import NOTE_LINE, colour_bar, note_lines
from pairx.viz.figure import Printed, across, blank, fit, join, show
from pairx.viz.layout import DPI, POINT, Box
from pairx.viz.marks import Look
from pairx.viz.scene import UNSEEN, Scene, compose, hides
from pairx.viz.text import QUIET, elide, one_line, plate, wrapped, write

_HEAD, _NAME, _NOTE = 9, 7, 5.5
_NOTE_LINES = 3
_ROWS = 13
"""Of a column; more methods take more columns."""
_COLUMN = round(2.7 * DPI)
_TALLEST = round(1.6 * DPI)
_MARGIN, _GAP = round(6 * POINT), round(2 * POINT)
_BETWEEN = round(10 * POINT)
_HEADER, _FOOTER = round(38 * POINT), round(30 * POINT)
_TITLE_HEIGHT, _NOTE_HEIGHT = round(10 * POINT), round(7 * POINT)
_REASON = "#a40e26"


@dataclass(frozen=True)
class Panel:
    """One method's row. note: its caveat, or why it cannot run, in which case there is no scene."""

    title: str
    seconds: str
    note: str
    scene: Scene | None


@dataclass(frozen=True)
class Grid(Printed):
    """Panels of one pair. heading: what was compared; subheading: by what, and what the colours mean. notes: what the
    reader has to know, at the foot."""

    pair: ImagePair
    panels: tuple[Panel, ...]
    heading: str
    subheading: str
    notes: tuple[str, ...] = ()

    def page(self) -> Page:
        """The page, to be drawn while the lock is held."""
        columns = -(-len(self.panels) // _ROWS)
        rows = -(-len(self.panels) // columns)
        first, second = _boxes(self.pair)
        height = _TITLE_HEIGHT + first.h + _GAP + _NOTE_LINES * _NOTE_HEIGHT + _BETWEEN
        width = columns * (_COLUMN + _BETWEEN) - _BETWEEN + 2 * _MARGIN
        room = width - 2 * _MARGIN
        notes = note_lines(self.notes, room)
        foot = _MARGIN + _HEADER + rows * height + _FOOTER
        page, axes = blank(width, foot + len(notes) * NOTE_LINE + _MARGIN)
        for number, line in enumerate(notes):
            write(axes, _MARGIN, foot + number * NOTE_LINE, line, _NAME)
        write(axes, _MARGIN, _MARGIN, elide(one_line(self.heading), room, _HEAD, bold=True), _HEAD, bold=True)
        below = _MARGIN + round(12 * POINT)
        for line in wrapped(one_line(self.subheading), room, _NOTE, _NOTE_LINES):
            write(axes, _MARGIN, below, line, _NOTE, color=QUIET)
            below += _NOTE_HEIGHT
        for number, panel in enumerate(self.panels):
            left = _MARGIN + number // rows * (_COLUMN + _BETWEEN)
            top = _MARGIN + _HEADER + number % rows * height
            _draw(axes, self.pair, panel, left, top, (first, second))
        keys = [panel.scene for panel in self.panels if panel.scene and panel.scene.heat_scale]
        if keys:
            key = max(keys, key=lambda scene: bool(scene.heat_words[0]))  # of a method whose sign has a meaning
            bar = Box(_MARGIN, _MARGIN + _HEADER + rows * height, _COLUMN, _FOOTER)
            # Every method has its own scale, so the bar is in parts of it.
            colour_bar(axes, bar, replace(key, heat_low=-1.0), 1.0)
        return page


def draw_grid(
    results: Sequence[Explanation | Refusal], pair: ImagePair, cards: Mapping[str, MethodCard], look: Look | None = None
) -> Grid:
    """A figure of what several methods say of one pair, or why they cannot, in the order given.

    cards: of these methods by name. Each method has its own colour scale, shared by its two photographs, because they
    measure in different units; red is evidence for the similarity, blue against, zero is transparent.
    """
    panels = [panel_of(result, pair, cards[result.method], look) for result in results]
    done = [result for result in results if isinstance(result, Explanation)]
    heading, subheading = f"{pair.id0} and {pair.id1}", ""
    if done:
        known = done[0].settings
        heading += f": similarity {done[0].similarity:.3f}"
        subheading = f"{known.get('model')}, {said_size(known.get('size'))}, layer {known.get('layer')}. "
    scenes = [panel.scene for panel in panels if panel.scene]
    if any(hides(one) for scene in scenes for one in (scene.extent0, scene.extent1)):
        subheading += f"Hatched: {UNSEEN}. "
    subheading += (
        "Every method has its own colour scale, shared by its two photographs. Maps of single pixels are smoothed."
    )
    notes = [
        ", ".join(cards[name].title for name in names) + f": {note}" if names else note
        for note, names in notes_of(results)
    ]
    return Grid(pair, tuple(panels), heading, subheading, tuple(notes))


def notes_of(results: Sequence[Explanation | Refusal]) -> list[tuple[str, list[str]]]:
    """All notes, each once, with the names of the methods that it is about; none where it is about all of them."""
    done = [result for result in results if isinstance(result, Explanation)]
    found: dict[str, list[str]] = {}
    for one in done:
        for note in one.notes:
            found.setdefault(note, []).append(one.method)
    return [(note, [] if len(names) == len(done) else names) for note, names in found.items()]


def panel_of(result: Explanation | Refusal, pair: ImagePair, card: MethodCard, look: Look | None = None) -> Panel:
    """What one method says of a pair, ready to be drawn small."""
    if isinstance(result, Refusal):
        return Panel(card.title, "", f"cannot run: {result.reason}", None)
    nothing = result.matches is not None and not len(result.matches)
    note = f"No matches. {card.caveat}".strip() if nothing else card.caveat
    return Panel(card.title, _seconds(result.seconds), note, compose(_gathered(result), pair, look))


def _gathered(explanation: Explanation) -> Explanation:
    """As a small picture shows it: smooth, and without the pixels behind each match."""
    map0, map1 = (None if one is None else maps.gathered(one) for one in (explanation.map0, explanation.map1))
    return replace(explanation, map0=map0, map1=map1, pixel_maps0=None, pixel_maps1=None, withheld_pixels="")


def _seconds(seconds: float) -> str:
    if seconds < 0.005:
        return "<0.01 s"  # what an earlier method has computed costs the next one nothing
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


def _boxes(pair: ImagePair) -> tuple[Box, Box]:
    """Where the two photographs stand in a row: of one height, each with its own aspect."""
    aspects = [image.shape[1] / image.shape[0] for image in (pair.image0, pair.image1)]
    height = max(1, min(_TALLEST, round((_COLUMN - _GAP) / sum(aspects))))
    widths = [max(1, round(height * aspect)) for aspect in aspects]
    return Box(0, 0, widths[0], height), Box(widths[0] + _GAP, 0, widths[1], height)


def _draw(axes: Axes, pair: ImagePair, panel: Panel, left: int, top: int, boxes: tuple[Box, Box]) -> None:
    seconds_room = round(30 * POINT)
    write(axes, left, top, elide(panel.title, _COLUMN - seconds_room, _NAME, bold=True), _NAME, bold=True)
    write(axes, left + _COLUMN, top, panel.seconds, _NAME, color=QUIET, align="right")
    top += _TITLE_HEIGHT
    box0, box1 = (replace(box, x=left + box.x, y=top) for box in boxes)
    placed = (box0, box1)
    scene = panel.scene
    heats = (scene.heat0, scene.heat1) if scene else (None, None)
    extents = (scene.extent0, scene.extent1) if scene else (None, None)
    for box, photo, heat, extent in zip(placed, pair.images, heats, extents, strict=True):
        fitted = fit(photo, box)
        show(axes, box, fitted if scene else maps.faded(fitted), heat, scene.look.opacity if scene else 0, extent)
    for mark in reversed(scene.marks if scene else ()):
        if mark.line:
            join(axes, placed, replace(mark, width=mark.width / 2))
    if scene and scene.banner:
        plate(axes, across(placed), scene.banner, _NOTE)
    color = QUIET if scene else _REASON
    for number, line in enumerate(wrapped(one_line(panel.note), _COLUMN, _NOTE, _NOTE_LINES)):
        write(axes, left, top + boxes[0].h + _GAP + number * _NOTE_HEIGHT, line, _NOTE, color=color)
