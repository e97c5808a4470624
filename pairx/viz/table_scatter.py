"""A run's pairs as points beside a table, whose panels are pinned to theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Page

from pairx.viz.layout import POINT, Box
from pairx.viz.scatter import CLASSES, CROWD
from pairx.viz.scatter_print import GRID, MARKERS
from pairx.viz.table_cell import badge
from pairx.viz.text import INK, one_line, smaller

if TYPE_CHECKING:
    from pairx.viz.table import Table
    from pairx.viz.table_layout import TableLayout

_LEADER = "#5c636b"


@dataclass(frozen=True)
class TableScatter:
    """rows: with correct, cosine and the metric. label: of the metric's axis. pins: (cosine, metric) by number, from
    1."""

    rows: pd.DataFrame
    metric: str
    label: str
    pins: tuple[tuple[float, float], ...]


def draw_scatter(page: Page, axes: Axes, table: Table, layout: TableLayout) -> None:
    """The points with their axes, and a line from every row's number to its pair's point."""
    scatter, box = table.scatter, layout.plot
    if scatter is None or box is None:
        return
    inner = _inner(box, table.size)
    place = (
        inner.x / layout.width,
        1 - (inner.y + inner.h) / layout.height,
        inner.w / layout.width,
        inner.h / layout.height,
    )
    plot = page.add_axes(place, zorder=-1)
    plot.patch.set_alpha(0)
    rows = scatter.rows[np.isfinite(scatter.rows[scatter.metric])]
    for correct, _, color, symbol in CLASSES:
        own = rows[rows["correct"] == correct]
        faint: dict[str, Any] = {"s": 5, "alpha": 0.35} if len(rows) > CROWD else {"s": 8, "alpha": 0.6}
        plot.scatter(own["cosine"], own[scatter.metric], marker=MARKERS[symbol], color=color, linewidths=0, **faint)
    plot.grid(color=GRID, lw=0.5)
    plot.set_axisbelow(True)
    small = smaller(table.size)
    plot.set_xlabel("cosine similarity", fontsize=table.size, color=INK, labelpad=1.5)
    plot.set_ylabel(one_line(scatter.label), fontsize=table.size, color=INK, parse_math=False, labelpad=1.5)
    plot.tick_params(labelsize=small, colors=INK, length=2, width=0.5, pad=1.5)
    for side, spine in plot.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_linewidth(0.5)
    page.draw_without_rendering()
    _pin(axes, table, layout, plot, inner)


def _inner(box: Box, size: float) -> Box:
    """The plot without the room for its words."""
    left, below = round(4.2 * size * POINT), round(3.2 * size * POINT)
    return Box(box.x + left, box.y + round(POINT), box.w - left - round(4 * POINT), box.h - below)


def _pin(axes: Axes, table: Table, layout: TableLayout, plot: Axes, inner: Box) -> None:
    (low_x, high_x), (low_y, high_y) = plot.get_xlim(), plot.get_ylim()
    middles: dict[int, float] = {}
    for row, (top, height) in zip(table.cells, layout.rows, strict=True):
        if number := row[0].number:
            middles.setdefault(number, top + height / 2)
            badge(axes, layout.badges, top + height / 2, number, table.size)
    for number, (cosine, metric) in enumerate(table.scatter.pins if table.scatter else (), 1):
        x = inner.x + (cosine - low_x) / (high_x - low_x) * inner.w
        y = inner.y + (high_y - metric) / (high_y - low_y) * inner.h
        for color, width in (("white", 1.6), (_LEADER, 0.6)):
            axes.plot([x, layout.badges], [y, middles[number]], color=color, linewidth=width, zorder=1)
        badge(axes, x, y, number, table.size)
