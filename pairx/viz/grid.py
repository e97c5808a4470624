"""Several explanations side by side: methods, layers or models on one pair, or several pairs, on pages of a journal."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Page
from PIL import Image

from pairx.files import whole
from pairx.types import Explanation, ImagePair, InputError, MethodCard, Refusal, said_size
from pairx.viz import maps
from pairx.viz.caption import NOTE_LINE, note_lines, ramp
from pairx.viz.detail import Detail, cut
from pairx.viz.figure import Printed, across, blank, fit, join, print_pages, show
from pairx.viz.layout import DPI, POINT, Box
from pairx.viz.marks import Look
from pairx.viz.scene import UNSEEN, Scene, compose, hides
from pairx.viz.sheets import TALLEST, WIDTHS, columns_of, dots, paged
from pairx.viz.text import INK, LEAST, QUIET, elide, one_line, plate, width_of, wrapped, write

ENDS = ("against the match", "for the match")
"""What blue and red mean."""
OWN_SCALE = "each panel has its own scale"
CONVENTION = "Sign by convention."
MOST_BYTES = 3_000_000
"""Of a bitmap; a larger one is printed coarser."""
_HEAD, _NAME, _NOTE = 9, 7, LEAST
_NOTE_LINES = 3
_TALLEST_PHOTO = dots(62)
_MARGIN, _GAP = round(3 * POINT), round(2 * POINT)
_BETWEEN, _BELOW = round(8 * POINT), round(8 * POINT)
_HEADER, _FOOTER = round(34 * POINT), round(14 * POINT)
_TITLE_HEIGHT, _NOTE_HEIGHT = round(10 * POINT), round(7.5 * POINT)
_REASON = "#a40e26"


@dataclass(frozen=True)
class Entry:
    """What a panel is made of. title: what it is called. column: what its column is called, where columns have names of
    their own."""

    title: str
    result: Explanation | Refusal
    pair: ImagePair
    card: MethodCard
    column: str = ""


@dataclass(frozen=True)
class Panel:
    """One explanation, drawn small. about: what its sign is worth, where it is a convention. sampled: how far sampling
    got, or nothing. note: its caveat, or why
    it cannot run, in which case there is no scene."""

    title: str
    seconds: str
    note: str
    scene: Scene | None
    pair: ImagePair
    about: str = ""
    column: str = ""
    sampled: str = ""


@dataclass(frozen=True)
class Grid(Printed):
    """Panels in rows. width: of a page, mm. columns: so many stand in a row. named: whether each column has a name, and
    each row one title. heading: what was compared; subheading: by what. ends: what blue and red mean. cautions: whether
    the panels' notes are printed; notes: what the reader has to know, at the foot."""

    panels: tuple[Panel, ...]
    width: int
    columns: int
    heading: str
    subheading: str
    ends: tuple[str, str] = ENDS
    notes: tuple[str, ...] = ()
    cautions: bool = True
    named: bool = False

    @property
    def column(self) -> int:
        """Width of a panel, dots."""
        return (dots(self.width) - 2 * _MARGIN - (self.columns - 1) * _BETWEEN) // self.columns

    @cached_property
    def rows(self) -> list[tuple[Panel, ...]]:
        """The panels, row by row."""
        return [self.panels[at : at + self.columns] for at in range(0, len(self.panels), self.columns)]

    def lines(self, panel: Panel) -> list[str]:
        """What stands below a panel."""
        note = panel.note if self.cautions or panel.scene is None else ""
        about = "" if "convention" in note else panel.about  # a caution may say already what the sign is
        said = " ".join(filter(None, (about, panel.sampled, note)))
        return wrapped(one_line(said), self.column, _NOTE, _NOTE_LINES)

    def height_of(self, row: Sequence[Panel]) -> int:
        """Of a row, dots."""
        photos = max(boxes(panel.pair, self.column)[0].h for panel in row)
        return _TITLE_HEIGHT + photos + _GAP + max(len(self.lines(one)) for one in row) * _NOTE_HEIGHT + _BELOW

    @property
    def around(self) -> int:
        """Height of all that is no row, dots."""
        notes = note_lines(self.notes, dots(self.width) - 2 * _MARGIN)
        return 2 * _MARGIN + _HEADER + self.named * _TITLE_HEIGHT + _FOOTER + len(notes) * NOTE_LINE

    @property
    def height(self) -> int:
        """Of a page that holds all rows, dots."""
        return self.around + sum(map(self.height_of, self.rows))

    def pages(self) -> list[Grid]:
        """The grid in parts of which each fits a page."""
        parts = paged([self.height_of(row) for row in self.rows], dots(TALLEST) - self.around)
        rows = [[self.rows[number] for number in part] for part in parts]
        return [replace(self, panels=tuple(panel for row in part for panel in row)) for part in rows]

    def files(self, kind: str) -> list[bytes]:
        """The bytes of a "pdf", which holds all pages, or of a "png" or "svg" a page; bitmaps have at most
        `MOST_BYTES`."""
        pages = self.pages()
        if kind == "pdf":
            return [print_pages(pages)]
        return [_light(page._print(kind)) if kind == "png" else page._print(kind) for page in pages]

    def save(self, path: str | Path) -> None:
        """Write a .pdf, or a .png or .svg, of which each further page is NAME-2 and so on. Raises as `Figure.save`."""
        path = self.checked(path)
        for number, data in enumerate(self.files(path.suffix[1:].lower())):
            name = path if not number else path.with_stem(f"{path.stem}-{number + 1}")
            with whole(name) as new:
                new.write_bytes(data)

    def page(self) -> Page:
        """The page, to be drawn while the lock is held."""
        page, axes = blank(dots(self.width), self.height)
        room, top = dots(self.width) - 2 * _MARGIN, _MARGIN
        write(axes, _MARGIN, top, elide(one_line(self.heading), room, _HEAD, bold=True), _HEAD, bold=True)
        for number, line in enumerate(wrapped(one_line(self.subheading), room, _NOTE, 2)):
            write(axes, _MARGIN, top + round(12 * POINT) + number * _NOTE_HEIGHT, line, _NOTE, color=QUIET)
        top += _HEADER
        lefts = [_MARGIN + number * (self.column + _BETWEEN) for number in range(self.columns)]
        if self.named:
            for left, panel in zip(lefts, self.rows[0], strict=False):
                write(axes, left, top, elide(one_line(panel.column), self.column, _NAME, bold=True), _NAME, bold=True)
            top += _TITLE_HEIGHT
        for row in self.rows:
            if self.named:
                write(axes, _MARGIN, top, elide(one_line(row[0].title), room, _NAME), _NAME, color=QUIET)
            for left, panel in zip(lefts, row, strict=False):
                self._draw(axes, panel, left, top)
            top += self.height_of(row)
        self._key(axes, top)
        for number, line in enumerate(note_lines(self.notes, room)):
            write(axes, _MARGIN, top + _FOOTER + number * NOTE_LINE, line, _NAME)
        return page

    def _draw(self, axes: Axes, panel: Panel, left: int, top: int) -> None:
        if not self.named:
            room = self.column - (width_of(panel.seconds, _NAME) + 2 * _GAP if panel.seconds else 0)
            write(axes, left, top, elide(one_line(panel.title), room, _NAME, bold=True), _NAME, bold=True)
            write(axes, left + self.column, top, panel.seconds, _NAME, color=QUIET, align="right")
        top += _TITLE_HEIGHT
        box0, box1 = (replace(box, x=left + box.x, y=top) for box in boxes(panel.pair, self.column))
        placed, scene = (box0, box1), panel.scene
        heats = (scene.heat0, scene.heat1) if scene else (None, None)
        extents = (scene.extent0, scene.extent1) if scene else (None, None)
        photos = (scene.photo0, scene.photo1) if scene else panel.pair.images
        for box, photo, heat, extent in zip(placed, photos, heats, extents, strict=True):
            fitted = fit(photo, box)
            show(axes, box, fitted if scene else maps.faded(fitted), heat, scene.look.opacity if scene else 0, extent)
        for mark in reversed(scene.marks if scene else ()):
            if mark.line:
                join(axes, placed, replace(mark, width=mark.width / 2))
        if scene and scene.banner:
            plate(axes, across(placed), scene.banner, _NOTE)
        color = QUIET if scene else _REASON
        for number, line in enumerate(self.lines(panel)):
            write(axes, left, top + box0.h + _GAP + number * _NOTE_HEIGHT, line, _NOTE, color=color)

    def _key(self, axes: Axes, top: int) -> None:
        """The legend, as the screen says it."""
        keys = [panel.scene for panel in self.panels if panel.scene and panel.scene.heat_scale]
        if not keys:
            return
        key = max(keys, key=lambda scene: bool(scene.heat_words[0]))  # of a method whose sign has a meaning
        left, (against, supports) = _MARGIN, self.ends
        for text, color in ((against, INK), ("", ""), (supports, INK), (OWN_SCALE, QUIET)):
            if not text:
                bar = Box(left, top + round(1.5 * POINT), dots(18), round(6 * POINT))
                ramp(axes, bar, key)
                left += bar.w + _BETWEEN // 2
                continue
            shown = elide(one_line(text), dots(self.width) - _MARGIN - left, _NAME)
            write(axes, left, top, shown, _NAME, color=color)
            left += round(width_of(shown, _NAME)) + _BETWEEN // 2


def draw_entries(
    entries: Sequence[Entry],
    look: Look | None = None,
    *,
    detail: Detail | None = None,
    width: int = WIDTHS[0],
    columns: int = 0,
    ends: tuple[str, str] = ENDS,
    seconds: bool = True,
    cautions: bool = True,
) -> Grid:
    """A figure of several explanations, row by row in the order given.

    detail: the part of each photograph to draw, None is all. width: of a page, 50 to 300 mm. columns: 0 for as many as
    let all fit on a page 230 mm high; given, the entries are a table, and its columns have the names that the entries
    say. ends: what blue and red mean. seconds, cautions: whether they are printed. Each panel has its own colour scale,
    shared by its two photographs, because methods measure in different units; red is evidence for the similarity, blue
    against, zero is transparent. Raises InputError for another width, and where there is nothing to draw.
    """
    if not 50 <= width <= 300:
        raise InputError(f"A page {width} mm wide: give 50 to 300.")
    if not entries:
        raise InputError("There is nothing to draw: give at least one explanation.")
    done = [one.result for one in entries if isinstance(one.result, Explanation)]
    same = len({f"{one.similarity:.3f}" for one in done}) < 2
    panels = tuple(_panel(one, look, detail, seconds=seconds and not columns, similarity=not same) for one in entries)
    heading, subheading = _headings(entries, done, panels, detail)
    grid = Grid(panels, width, columns or 1, heading, subheading, ends, _notes(entries), cautions, bool(columns))
    if columns:
        return grid
    count = len(panels)
    return replace(grid, columns=columns_of(count, width, lambda some: replace(grid, columns=some).height))


def draw_grid(
    results: Sequence[Explanation | Refusal],
    pair: ImagePair,
    cards: Mapping[str, MethodCard],
    look: Look | None = None,
    **how: bool | int,
) -> Grid:
    """A figure of what several methods say of one pair, or why they cannot, in the order given.

    cards: of these methods by name. how: as `draw_entries` takes it.
    """
    entries = [Entry(cards[one.method].title, one, pair, cards[one.method]) for one in results]
    return draw_entries(entries, look, **how)  # type: ignore[arg-type]


def _notes(entries: Sequence[Entry]) -> tuple[str, ...]:
    """All notes, each once, with the panels that it is about where it is not about all of them."""
    found: dict[str, list[str]] = {}
    for one in entries:
        for note in one.result.notes if isinstance(one.result, Explanation) else ():
            found.setdefault(note, []).append(one.title)
    done = sum(isinstance(one.result, Explanation) for one in entries)
    return tuple(
        note if len(titles) == done else f"{', '.join(dict.fromkeys(titles))}: {note}" for note, titles in found.items()
    )


def _headings(
    entries: Sequence[Entry], done: Sequence[Explanation], panels: Sequence[Panel], detail: Detail | None
) -> tuple[str, str]:
    """What was compared, and by what: of models and layers only what all have in common."""
    names = list(dict.fromkeys(f"{one.pair.id0} and {one.pair.id1}" for one in entries))
    similarities = {f"{one.similarity:.3f}".replace("-", "−") for one in done}
    heading = names[0] if len(names) == 1 else f"{len(names)} pairs"
    if len(similarities) == 1:
        heading += f": similarity {similarities.pop()}"
    said = []
    for name, text in (("model", "{}"), ("size", "{}"), ("layer", "layer {}")):
        known = {said_size(one.settings.get(name)) if name == "size" else one.settings.get(name) for one in done}
        if len(known) == 1:
            said.append(text.format(known.pop()))
    lines = [", ".join(said)] if said else []
    if detail is not None and detail.zoom > 1:
        lines.append(f"A detail, {100 * detail.zoom:.0f} %")
    scenes = [panel.scene for panel in panels if panel.scene]
    if any(hides(one) for scene in scenes for one in (scene.extent0, scene.extent1)):
        lines.append(f"Hatched: {UNSEEN}")
    return heading, ". ".join(
        [*lines, "The two photographs of a panel share its scale; maps of single pixels are smoothed."]
    )


def notes_of(results: Sequence[Explanation | Refusal]) -> list[tuple[str, list[str]]]:
    """All notes, each once, with the names of the methods that it is about; none where it is about all of them."""
    done = [result for result in results if isinstance(result, Explanation)]
    found: dict[str, list[str]] = {}
    for one in done:
        for note in one.notes:
            found.setdefault(note, []).append(one.method)
    return [(note, [] if len(names) == len(done) else names) for note, names in found.items()]


def panel_of(
    result: Explanation | Refusal, pair: ImagePair, card: MethodCard, look: Look | None = None, title: str = ""
) -> Panel:
    """What one method says of a pair, ready to be drawn small."""
    title = title or card.title
    if isinstance(result, Refusal):
        return Panel(title, "", f"cannot run: {result.reason}", None, pair)
    nothing = result.matches is not None and not len(result.matches)
    note = f"No matches. {card.caveat}".strip() if nothing else card.caveat
    about = "" if card.signed else CONVENTION
    scene = compose(_gathered(result), pair, look)
    return Panel(title, _seconds(result.seconds), note, scene, pair, about, sampled=sentence(result.sampled))


def sentence(words: str) -> str:
    """Words as a sentence of their own, or nothing."""
    return f"{words[0].upper()}{words[1:]}." if words else ""


def _panel(entry: Entry, look: Look | None, detail: Detail | None, *, seconds: bool, similarity: bool) -> Panel:
    panel = panel_of(entry.result, entry.pair, entry.card, look, entry.title)
    if detail is not None and panel.scene is not None:
        panel = replace(panel, scene=cut(panel.scene, detail))
    if similarity and isinstance(entry.result, Explanation):
        panel = replace(panel, title=f"{panel.title} · {entry.result.similarity:.2f}".replace(" -", " −"))
    return replace(panel, column=entry.column, seconds=panel.seconds if seconds else "")


def _gathered(explanation: Explanation) -> Explanation:
    """As a small picture shows it: smooth, and without the pixels behind each match."""
    map0, map1 = (None if one is None else maps.gathered(one) for one in (explanation.map0, explanation.map1))
    return replace(explanation, map0=map0, map1=map1, pixel_maps0=None, pixel_maps1=None, withheld_pixels="")


def _seconds(seconds: float) -> str:
    if seconds < 0.005:
        return "<0.01 s"  # what an earlier method has computed costs the next one nothing
    return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds:.2f} s"


def boxes(pair: ImagePair, width: int) -> tuple[Box, Box]:
    """Where two photographs stand side by side in so many dots: of one height, each with its own aspect."""
    aspects = [image.shape[1] / image.shape[0] for image in pair.images]
    height = max(1, min(_TALLEST_PHOTO, round((width - _GAP) / sum(aspects))))
    widths = [max(1, round(height * aspect)) for aspect in aspects]
    return Box(0, 0, widths[0], height), Box(widths[0] + _GAP, 0, widths[1], height)


def _light(png: bytes) -> bytes:
    """A bitmap of at most `MOST_BYTES`, coarser where it has to be."""
    if len(png) <= MOST_BYTES:
        return png
    dpi, made = float(DPI), png
    with Image.open(io.BytesIO(png)) as opened:
        picture = opened.convert("RGB")
    while len(made) > MOST_BYTES:
        dpi *= 0.95 * (MOST_BYTES / len(made)) ** 0.5
        size = (round(picture.width * dpi / DPI), round(picture.height * dpi / DPI))
        packed = io.BytesIO()
        picture.resize(size, Image.Resampling.LANCZOS).save(packed, "png", dpi=(dpi, dpi), optimize=True)
        made = packed.getvalue()
    return made
