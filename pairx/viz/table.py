"""A table of explanations for a paper: rows, columns, titles, shared scales, outlines, insets, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Page

from pairx.types import Explanation, Extent, ImagePair, InputError
from pairx.viz import maps
from pairx.viz.figure import Printed, blank
from pairx.viz.layout import DPI, POINT
from pairx.viz.marks import Look
from pairx.viz.pointed import Answer, answered
from pairx.viz.scene import Scene, compose
from pairx.viz.table_cell import draw_cell
from pairx.viz.table_keys import draw_bars, draw_keys
from pairx.viz.table_layout import TableLayout, place
from pairx.viz.table_scatter import TableScatter, draw_scatter
from pairx.viz.text import QUIET, elide, one_line, write, write_upwards

MOST_DOTS = 200_000_000
"""Of a bitmap, width times height."""
SHARED = ("panel", "row", "column", "all")


@dataclass(frozen=True)
class Region:
    """A named part of both photographs. masks: (H, W) bool over each photograph's extent."""

    name: str
    color: str
    mask0: np.ndarray
    mask1: np.ndarray


@dataclass(frozen=True)
class TableCell:
    """One panel. result: None for photographs alone. layers: what is shown, one above the other, of "plain", "map",
    "matches" and "colours". sides: the photographs shown, of 0 and 1. reason: why there is no result. correct: its
    outline, None is none. insets: (side, (x, y, w, h)) each, in fractions. number: of its point."""

    pair: ImagePair
    result: Explanation | None
    look: Look
    layers: tuple[str, ...] = ("matches",)
    sides: tuple[int, ...] = (0, 1)
    reason: str = ""
    correct: bool | None = None
    insets: tuple[tuple[int, Extent], ...] = ()
    answer: Answer | None = None
    regions: tuple[Region, ...] = ()
    number: int | None = None

    @property
    def aspect(self) -> float:
        """Width by height."""
        shapes = [self.pair.images[side].shape for side in self.sides]
        return sum(shape[1] / shape[0] for shape in shapes) / len(self.layers)


@dataclass(frozen=True)
class Table(Printed):
    """cells: row by row. width: mm. size: of letters, points. scale: of `SHARED`. bars: whether scales are drawn.
    caption: lines below. dpi: of the photographs. scatter: beside the panels."""

    cells: tuple[tuple[TableCell, ...], ...]
    row_titles: tuple[str, ...]
    column_titles: tuple[str, ...]
    width: float = 183
    size: float = 7
    title: str = ""
    caption: tuple[str, ...] = ()
    scale: str = "panel"
    bars: bool = True
    transparent: bool = False
    dpi: int = DPI
    scatter: TableScatter | None = None

    @cached_property
    def scenes(self) -> tuple[tuple[Scene | None, ...], ...]:
        """Of each cell, with the scale that it shares."""
        scales = self._scales()
        return tuple(
            tuple(_scene(cell, scales[number][place]) for place, cell in enumerate(row))
            for number, row in enumerate(self.cells)
        )

    def _scales(self) -> list[list[float | None]]:
        rows, columns = len(self.cells), len(self.cells[0])
        found: list[list[float | None]] = [[None] * columns for _ in range(rows)]
        every = [(row, column) for row in range(rows) for column in range(columns)]
        keys = {"panel": lambda at: at, "row": lambda at: at[0], "column": lambda at: at[1], "all": lambda at: 0}
        key = keys[self.scale]
        for group in dict.fromkeys(map(key, every)):
            own = [at for at in every if key(at) == group]
            values = [one for row, column in own for one in _values(self.cells[row][column])]
            for row, column in own:
                found[row][column] = maps.scale_of(*values) if values else None
        return found

    @cached_property
    def layout(self) -> TableLayout:
        """Where everything stands."""
        return place(self)

    @property
    def height(self) -> float:
        """Of the page, mm."""
        return self.layout.height / DPI * 25.4

    def bitmap(self, dpi: int) -> bytes:
        """A PNG. Raises InputError where it would be huge."""
        size = self.layout.width * self.layout.height * (dpi / DPI) ** 2
        if size > MOST_DOTS:
            fitting = int(dpi * (MOST_DOTS / size) ** 0.5)
            raise InputError(f"At {dpi} dpi this figure has {size / 1e6:.0f} million dots: give {fitting} dpi at most.")
        return self.png(dpi)

    def vector(self, kind: str) -> bytes:
        """A "pdf" or "svg": lines and text are vectors."""
        return self._print(kind)

    def page(self) -> Page:
        """The page, to be drawn while the lock is held."""
        layout = self.layout
        page, axes = blank(layout.width, layout.height)
        if self.transparent:
            page.patch.set_alpha(0)
        self._titles(axes, layout)
        for row_cells, row_scenes, boxes in zip(self.cells, self.scenes, layout.boxes, strict=True):
            for cell, scene, box in zip(row_cells, row_scenes, boxes, strict=True):
                draw_cell(axes, cell, scene, box, self.size, max(1, -(-self.dpi // DPI)))
        if self.scatter is not None and layout.plot is not None:
            draw_scatter(page, axes, self, layout)
        draw_bars(axes, self, layout)
        draw_keys(axes, layout)
        for number, line in enumerate(layout.caption):
            top = layout.foot + number * layout.small_line
            write(axes, layout.margin, top, line, layout.small, color=QUIET)
        return page

    def _titles(self, axes: Axes, layout: TableLayout) -> None:
        if self.title:
            shown = elide(one_line(self.title), layout.width - 2 * layout.margin, self.size + 1.5, bold=True)
            write(axes, layout.margin, layout.margin, shown, self.size + 1.5, bold=True)
        for lines, (left, width) in zip(layout.column_titles, layout.columns, strict=True):
            top = layout.heads + (layout.head_lines - len(lines)) * layout.line
            for number, line in enumerate(lines):
                write(axes, left + width / 2, top + number * layout.line, line, self.size, align="center")
        left, width = layout.strip
        for lines, (top, height) in zip(layout.row_titles, layout.rows, strict=True):
            for number, line in enumerate(lines):
                if layout.titled == "above":
                    over = top - layout.outline - 0.75 * POINT - (len(lines) - number) * layout.line
                    write(axes, left, over, line, self.size)
                    continue
                offset = (number - (len(lines) - 1) / 2) * layout.line
                middle = top + height / 2
                if layout.titled == "upright":
                    write_upwards(axes, left + width / 2 + offset, middle, line, self.size)
                else:
                    write(axes, left + width, middle + offset - 0.5 * layout.line, line, self.size, align="right")


def _values(cell: TableCell) -> list[np.ndarray]:
    """The maps that a cell's scale is taken from."""
    if cell.answer is not None:
        return [cell.answer.cells]
    if cell.result is None or cell.result.withheld:
        return []
    return [maps.gathered(one) for one in (cell.result.map0, cell.result.map1) if one is not None]


def _scene(cell: TableCell, scale: float | None) -> Scene | None:
    """What is drawn of a cell: pixel maps smoothed, as single pixels cannot be seen so small."""
    result = cell.result
    if result is None:
        return None
    fine = [None if one is None else maps.gathered(one) for one in (result.map0, result.map1)]
    scene = compose(replace(result, map0=fine[0], map1=fine[1]), cell.pair, cell.look, scale)
    if cell.answer is not None:
        scene = answered(scene, cell.answer, scale)
    if "map" in cell.layers or cell.regions:
        scene = replace(scene, marks=())
    return replace(scene, heat0=None, heat1=None) if cell.regions else scene


def rows_of(cells: Sequence[TableCell], columns: int) -> tuple[tuple[TableCell, ...], ...]:
    """Cells in rows of so many."""
    return tuple(tuple(cells[at : at + columns]) for at in range(0, len(cells), columns))
