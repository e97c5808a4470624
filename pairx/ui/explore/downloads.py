"""Files of a run that people take away: its pairs as a table, its plot for a paper or as a page."""

from __future__ import annotations

import io
import math
import tempfile
from pathlib import Path
from typing import Any

import pandas as pd

from pairx.evaluation.reading import OpenRun
from pairx.sheets import csv_bytes
from pairx.types import InputError
from pairx.ui.explore.choice import Choice, chosen_rows
from pairx.ui.explore.scene import facts, figure_of, heading, standing
from pairx.ui.shared.words import metric_title
from pairx.viz.scatter import stand_alone, with_words
from pairx.viz.scatter_print import PrintedScatter

TABLES, FIGURES = ("csv", "parquet"), ("png", "svg", "pdf")
KINDS = (*TABLES, *FIGURES, "html")


def content(run: OpenRun, choice: Choice, kind: str, numbers: Any = None, ranges: Any = None) -> bytes:
    """The bytes of a file: the shown rows as CSV or Parquet, only those of some numbers where given; or the plot, in
    which these stay bright, and of whose axes only these ranges are seen, as the browser sent them: {"x": [low, high],
    "y": [low, high]}. Raises InputError for another kind."""
    if kind not in KINDS:
        raise InputError(f"There is no download of this kind: choose {', '.join(KINDS)}.")
    rows = chosen_rows(run, choice)
    known = (
        [one for one in numbers if isinstance(one, int) and one in rows.index] if isinstance(numbers, list) else None
    )
    if kind in TABLES:
        return _table(rows if known is None else rows.loc[known], kind)
    if kind == "html":
        figure = with_words(
            figure_of(choice, rows, standing(run, choice, rows)), heading(choice), facts(run, choice, rows)
        )
        return stand_alone(figure, f"{heading(choice)}, {choice.run}").encode()
    return _figure(run, choice, rows, kind, known, ranges)


def _table(rows: pd.DataFrame, kind: str) -> bytes:
    table = rows.drop(columns="number")
    if kind == "csv":
        return csv_bytes(table)
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()


def _figure(run: OpenRun, choice: Choice, rows: pd.DataFrame, kind: str, known: list[int] | None, ranges: Any) -> bytes:
    figure = PrintedScatter(
        rows,
        choice.metric,
        standing(run, choice, rows)["bins"],
        metric_title(choice.metric),
        heading(choice),
        facts(run, choice, rows, None if known is None else len(known)),
        choice.color or None,
        None if known is None else frozenset(known),
        (_range(ranges, "x"), _range(ranges, "y")),
    )
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
        path = Path(folder) / f"plot.{kind}"
        figure.save(path)
        return path.read_bytes()


def _range(ranges: Any, axis: str) -> tuple[float, float] | None:
    """A range as the browser sent it: it may hold anything."""
    found = ranges.get(axis) if isinstance(ranges, dict) else None
    if not isinstance(found, list) or len(found) != 2:
        return None
    numbers = [one for one in found if isinstance(one, int | float) and math.isfinite(one) and abs(one) < 1e6]
    return (numbers[0], numbers[1]) if len(numbers) == 2 and numbers[0] < numbers[1] else None
