"""A run's scatter for a paper: axes with a grid, the histograms of both, and below it what is shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_rgba
from matplotlib.figure import Figure as Page
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D

from pairx.viz.figure import Printed
from pairx.viz.layout import DPI, POINT
from pairx.viz.scatter import BARS, CLASSES, NEUTRAL, color_groups
from pairx.viz.text import INK, LEAST, LEFT_TO_RIGHT, QUIET, one_line, wrapped, write

WIDTH, PLOT = 7.0, 5.0  # inches; of the page, and the height of the plot
MARKERS = {"circle": "o", "x": "X"}
WINDOW, EDGE, GRID = "#f5efdd", "#96823c", "#d8d8d8"
FAINT = 0.12
"""Opacity of the pairs that are not selected."""
_LINE = 1.35  # of the letters' height
_LONGEST = 28  # letters of a name in the legend


@dataclass(frozen=True)
class PrintedScatter(Printed):
    """A metric against the similarity.

    rows: as `pairx.viz.scatter.scatter_figure` takes them, and so bins, label (of the metric's axis) and color. title:
    above. facts: lines below. selected: numbers of the pairs that stay bright, None is all. ranges: what of each axis
    is shown, (low, high), None is all.
    """

    rows: pd.DataFrame
    metric: str
    bins: list[dict[str, Any]]
    label: str
    title: str
    facts: tuple[str, ...]
    color: str | None = None
    selected: frozenset[int] | None = None
    ranges: tuple[tuple[float, float] | None, tuple[float, float] | None] = (None, None)

    def page(self) -> Page:
        """The page, to be drawn while the lock is held."""
        room = round((WIDTH - 0.4) * DPI)
        title = wrapped(one_line(self.title), room, 10, most=2)
        facts = [line for fact in self.facts for line in wrapped(one_line(fact), room, 7, most=4)]
        above, below = (len(title) * 10 * _LINE + 30) / 72, (len(facts) * 7 * _LINE + 46) / 72
        height = above + PLOT + below
        page = Page(figsize=(WIDTH, height), facecolor="white")
        sides = {"left": 0.118, "right": 0.975, "bottom": below / height, "top": 1 - above / height}
        grid = page.add_gridspec(2, 2, width_ratios=(7, 1), height_ratios=(1, 7), wspace=0.03, hspace=0.04, **sides)
        plot = page.add_subplot(grid[1, 0])
        self._points(page, plot, grid[0, 1])
        self._histograms(page.add_subplot(grid[0, 0], sharex=plot), page.add_subplot(grid[1, 1], sharey=plot))
        words = page.add_axes((0, 0, 1, 1), frameon=False, xticks=[], yticks=[], zorder=4)
        words.set(xlim=(0, WIDTH * DPI), ylim=(height * DPI, 0))
        for number, line in enumerate(title):
            write(words, 0.2 * DPI, (8 + number * 10 * _LINE) * POINT, line, 10, bold=True)
        start = height * DPI - (len(facts) * 7 * _LINE + 8) * POINT
        for number, line in enumerate(facts):
            write(words, 0.2 * DPI, start + number * 7 * _LINE * POINT, line, 7, color=QUIET)
        return page

    def _points(self, page: Page, plot: Axes, corner: SubplotSpec) -> None:
        rows = self.rows[np.isfinite(self.rows[self.metric])]
        if self.bins:
            plot.axvspan(self.bins[0]["start"], self.bins[-1]["stop"], color=WINDOW, lw=0, zorder=0)
            for edge in (self.bins[0]["start"], *(one["stop"] for one in self.bins)):
                plot.axvline(edge, color=EDGE, lw=0.5, ls=":", zorder=0.5)
        plot.grid(color=GRID, lw=0.6)
        plot.set_axisbelow(True)
        shown: list[tuple[str, str, str]] = []
        ramp = self._ramp(page, corner, rows)
        for name, part, paint in color_groups(rows, self.color):
            color = NEUTRAL
            for correct, class_name, class_color, symbol in CLASSES:
                of = part[part["correct"] == correct]
                color = class_color if self.color is None else paint(of)["color"]
                opacity: Any = 0.75 if self.selected is None else np.where(of.index.isin(self.selected), 0.75, FAINT)
                plot.scatter(
                    of["cosine"], of[self.metric], marker=MARKERS[symbol], s=20, linewidths=0, alpha=opacity, zorder=2,
                    color=color if ramp is None else ramp.to_rgba(of[self.color].to_numpy()),
                )  # fmt: skip
                if self.color is None:
                    shown.append((class_name, color, MARKERS[symbol]))
            if name:
                shown.append((name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…", color, "s"))
        if self.color is not None:
            shown += [(name, NEUTRAL, MARKERS[symbol]) for _, name, _, symbol in CLASSES]
        self._axes(plot)
        _legend(plot, shown)

    def _ramp(self, page: Page, corner: SubplotSpec, rows: pd.DataFrame) -> ScalarMappable | None:
        """The colours of a column of numbers, with their legend; None where it holds no numbers."""
        if self.color is None or not pd.api.types.is_numeric_dtype(rows[self.color]) or rows.empty:
            return None
        ramp = ScalarMappable(Normalize(rows[self.color].min(), rows[self.color].max()), "viridis")
        place = page.add_subplot(corner)
        place.axis("off")
        bar = page.colorbar(ramp, cax=place.inset_axes((0.1, 0.5, 0.85, 0.12)), orientation="horizontal")
        bar.ax.tick_params(labelsize=LEAST, colors=INK)
        bar.ax.set_title(self.color.replace("_", " "), fontsize=7, color=INK, parse_math=False)
        return ramp

    def _axes(self, plot: Axes) -> None:
        plot.set_xlabel("cosine similarity", fontsize=9, color=INK)
        plot.set_ylabel(self.label, fontsize=9, color=INK, parse_math=False)
        plot.tick_params(labelsize=8, colors=INK)
        for side in ("top", "right"):
            plot.spines[side].set_visible(False)
        for limit, range_ in ((plot.set_xlim, self.ranges[0]), (plot.set_ylim, self.ranges[1])):
            if range_ is not None:
                limit(*range_)

    def _histograms(self, across: Axes, upwards: Axes) -> None:
        rows = self.rows[np.isfinite(self.rows[self.metric])]
        lying: list[tuple[Axes, str, Literal["vertical", "horizontal"]]] = [
            (across, "cosine", "vertical"),
            (upwards, self.metric, "horizontal"),
        ]
        for axes, column, lie in lying:
            axes.axis("off")
            if rows.empty:
                continue
            edges = np.histogram_bin_edges(rows[column].to_numpy(float), BARS).tolist()
            for correct, _, color, _ in CLASSES:
                values = rows.loc[rows["correct"] == correct, column]
                axes.hist(values, edges, orientation=lie, color=to_rgba(color, 0.55), lw=0)


def _legend(plot: Axes, shown: Iterable[tuple[str, str, str]]) -> None:
    """Above the histogram; a name that begins with an underscore is a name like any other."""
    entries = [
        (Line2D([], [], color=color, marker=marker, ls="", ms=5, mew=0), LEFT_TO_RIGHT + one_line(name))
        for name, color, marker in shown
    ]
    handles, labels = zip(*entries, strict=True)
    box = plot.legend(
        handles, labels, loc="lower left", bbox_to_anchor=(0, 1.17), ncols=4, frameon=False, fontsize=8,
        borderpad=0, handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip
    for text in box.get_texts():
        text.set_parse_math(False)
