"""Where the parts of a table stand on its page. Whole dots from the top left corner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pairx.viz.layout import POINT, Box
from pairx.viz.sheets import TALLEST as TALLEST_PAGE
from pairx.viz.sheets import dots
from pairx.viz.table_cell import badge_radius
from pairx.viz.table_keys import Key, flowed, keys_of
from pairx.viz.text import one_line, smaller, width_of, wrapped

if TYPE_CHECKING:
    from pairx.viz.table import Table, TableCell

TALLEST = dots(90)
"""Of a row."""
BESIDE = dots(30)
"""Of a row beside a scatter."""
_STRIPS = (0.06, 0.08, 0.1, 0.12, 0.15, 0.2)
"""Shares of the width that row titles may take."""
_PLOT = 0.46
"""Share of the width that the scatter takes."""
ROWS = dots(TALLEST_PAGE - 25)
"""Of all rows together, where a page has its titles and caption besides."""
_ROUNDED = 2
"""Dots by which the panels of a row may differ where they should be of one height."""
INNER = round(1 * POINT)
"""Between the photographs of a panel."""

Span = tuple[int, int]
"""Start and length, dots."""


@dataclass
class TableLayout:
    """width, height: of the page. strip: of the row titles. titled: where these stand, "upright" or "beside" their rows
    in the strip, or "above" them. columns, rows: spans. boxes: of each cell, row by row. plot: of the scatter. badges:
    middle of the rows' numbers beside it. outline: around
    each cell. foot: top of the caption. line, small_line: heights."""

    width: int
    height: int = 0
    margin: int = round(1.5 * POINT)
    line: float = 0
    small: float = 0
    small_line: float = 0
    heads: int = 0
    head_lines: int = 0
    strip: Span = (0, 0)
    titled: str = "upright"
    columns: list[Span] = field(default_factory=list)
    rows: list[Span] = field(default_factory=list)
    boxes: list[list[Box]] = field(default_factory=list)
    column_titles: list[list[str]] = field(default_factory=list)
    row_titles: list[list[str]] = field(default_factory=list)
    plot: Box | None = None
    badges: float = 0
    outline: int = 0
    bars: int = 0
    bar_strip: Span = (0, 0)
    keys: list[tuple[Key, int, int]] = field(default_factory=list)
    caption: list[str] = field(default_factory=list)
    foot: int = 0


def place(table: Table) -> TableLayout:
    """The layout of a table: panels as large as the width allows, those of a row of one height."""
    size = table.size
    small = smaller(size)
    found = TableLayout(dots(table.width), line=1.25 * size * POINT, small=small, small_line=1.3 * small * POINT)
    right = found.width - found.margin
    if table.bars and table.scale == "row":
        room = round(9 * POINT + max(width_of(f"−{0.000123:.2g}", small), 0))
        found.bar_strip = (right - room, room)
        right -= room + round(2 * POINT)
    left = found.margin
    if table.scatter is not None:
        left += round(_PLOT * (right - left))
        beside, radius = left, badge_radius(len(table.scatter.pins), size)
        found.badges = left + radius
        left += round(2 * radius + 2 * POINT)
    titles = [one_line(title) for title in table.row_titles]
    found.outline = round(_gap(table) / 4) if _outlined(table) else 0
    _fit(table, found, titles, left, right)
    gap = _gap(table)
    top = found.margin + (round(1.5 * (size + 1.5) * POINT) if table.title else 0)
    found.heads = top
    found.column_titles = [
        wrapped(one_line(title), span[1], size, most=3)
        for title, span in zip(table.column_titles, found.columns, strict=True)
    ]
    found.head_lines = max(map(len, found.column_titles), default=0)
    top += round(found.head_lines * found.line + (2 * POINT if found.head_lines else 0))
    top += found.outline
    above = _above(table, found, titles)
    for row, height, room in zip(table.cells, _heights(table, found.columns), above, strict=True):
        top += room
        found.rows.append((top, height))
        found.boxes.append(
            [_box(table, cell, span, top, height) for cell, span in zip(row, found.columns, strict=True)]
        )
        top += height + gap
    top -= gap - found.outline
    found.row_titles = [_row_title(found, title, row[1], size) for title, row in zip(titles, found.rows, strict=True)]
    if table.scatter is not None:
        height = max(top - found.heads, dots(0.75 * _PLOT * table.width))
        found.plot = Box(found.margin, found.heads, beside - found.margin - round(3 * POINT), height)
        top = max(top, found.heads + height)
    found.bars = top + round(2.5 * POINT)
    if table.bars and table.scale == "column" and any(_has_scale(table)):
        top = found.bars + round(5 * POINT + found.small_line)
    top += round(3 * POINT)
    found.keys = flowed(keys_of(table, small), found.margin, top, right, found.small_line)
    if found.keys:
        top = max(y for _, _, y in found.keys) + round(found.small_line + 2 * POINT)
    found.foot = top
    room = found.width - 2 * found.margin
    found.caption = [line for text in table.caption for line in wrapped(one_line(text), room, small)]
    found.height = round(top + len(found.caption) * found.small_line) + found.margin
    return found


def _fit(table: Table, found: TableLayout, titles: list[str], left: int, right: int) -> None:
    """Room for the titles of rows: turned where their rows are tall enough for it, beside them where they fit, their
    words whole or at least parted at hyphens, or above them. The columns have the rest, as far as all rows fit a page,
    in the middle."""
    size, wide = table.size, right - left
    tried = [("upright", round(lines * found.line), False) for lines in ((1, 2) if any(titles) else (0,))]
    tried += [("beside", round(share * wide), parted) for parted in (False, True) for share in _STRIPS]
    for titled, strip, parted in [*tried, ("above", wide, False)]:
        found.titled, found.strip = titled, (left, strip)
        _narrow(table, found, titles, right)
        rows = zip(titles, _heights(table, found.columns), strict=True)
        if titled == "above" or all(_fits(title, found, height, size, parted=parted) for title, height in rows):
            break
    if found.titled == "beside":
        words = [line for title in titles for line in wrapped(title, found.strip[1], size)]
        found.strip = (left, min(found.strip[1], round(max(width_of(line, size) for line in words) + POINT)))
        _narrow(table, found, titles, right)
    by = (right - sum(found.columns[-1]) - found.outline) // 2
    found.columns = [(start + by, width) for start, width in found.columns]
    if found.titled != "above":
        found.strip = (left + by, found.strip[1])


def _narrow(table: Table, found: TableLayout, titles: list[str], right: int) -> None:
    """Columns as wide as there is room beside the strip, but so narrow that all rows fit a page."""
    left, strip = found.strip
    if found.titled != "above" and strip:
        left += strip + round((2 if found.titled == "upright" else 3) * POINT)
    besides = _gap(table) * (len(table.cells) - 1) + sum(_above(table, found, titles))
    for _ in range(4):
        found.columns = _columns(table, left, right)
        heights = sum(_heights(table, found.columns))
        if heights + besides <= ROWS:
            return
        right = left + round((right - left) * max(0.2, (ROWS - besides) / heights))


def _gap(table: Table) -> int:
    """Between columns, and between rows: more where outlines need room."""
    return round((7 if _outlined(table) else 3.5) * POINT)


def _outlined(table: Table) -> bool:
    return any(cell.correct is not None for row in table.cells for cell in row)


def _fits(title: str, found: TableLayout, height: int, size: float, *, parted: bool) -> bool:
    """Whether a title fits into the strip beside a row of that height, with its words whole, or parted at hyphens."""
    strip = found.strip[1]
    along, across = (height, strip) if found.titled == "upright" else (strip, height)
    words = (title.replace("-", "- ") if parted else title).split()
    whole = found.titled == "upright" or all(width_of(word, size) <= along for word in words)
    return whole and len(wrapped(title, along, size)) * found.line <= across + 1


def _row_title(found: TableLayout, title: str, height: int, size: float) -> list[str]:
    return wrapped(title, height if found.titled == "upright" else found.strip[1], size)


def _above(table: Table, found: TableLayout, titles: list[str]) -> list[int]:
    """Dots that each row's title takes above it."""
    if found.titled != "above":
        return [0] * len(titles)
    lines = [len(_row_title(found, title, 0, table.size)) for title in titles]
    return [round(count * found.line + POINT) if count else 0 for count in lines]


def _columns(table: Table, left: int, right: int) -> list[Span]:
    """Columns as wide as their panels' mean aspect asks for, so that the panels of a row are of one height."""
    gap = _gap(table)
    aspects = [
        sum(row[number].aspect for row in table.cells) / len(table.cells) for number in range(len(table.cells[0]))
    ]
    outline = round(gap / 4) if _outlined(table) else 0
    left, right = left + outline, right - outline
    room = right - left - gap * (len(aspects) - 1)
    spans, at = [], float(left)
    for aspect in aspects:
        width = room * aspect / sum(aspects)
        spans.append((round(at), max(1, round(at + width) - round(at))))
        at += width + gap
    return spans


def _heights(table: Table, columns: list[Span]) -> list[int]:
    """Of rows: the tallest of their panels, within reason."""
    tallest = TALLEST if table.scatter is None else BESIDE
    return [
        max(
            1,
            min(
                tallest * max(len(cell.layers) for cell in row),
                max(_natural(cell, span[1]) for cell, span in zip(row, columns, strict=True)),
            ),
        )
        for row in table.cells
    ]


def _natural(cell: TableCell, width: int) -> int:
    """Height of a cell that fills so many dots of width."""
    count, layers = len(cell.sides), len(cell.layers)
    return round((width - INNER * (count - 1)) / (cell.aspect * layers) * layers + INNER * (layers - 1))


def _box(table: Table, cell: TableCell, span: Span, top: int, height: int) -> Box:
    """Where a cell stands in its column and row, undistorted: in their middle, or at the left beside a scatter."""
    own = _natural(cell, span[1])
    own = height if own >= height - _ROUNDED else own
    layers = len(cell.layers)
    inner = (own - INNER * (layers - 1)) / layers
    width = min(span[1], round(inner * cell.aspect * layers) + INNER * (len(cell.sides) - 1))
    left = 0 if table.scatter is not None else (span[1] - width) // 2
    return Box(span[0] + left, top + (height - own) // 2, width, own)


def _has_scale(table: Table) -> list[bool]:
    return [bool(scene and scene.heat_scale) for row in table.scenes for scene in row]
