"""Which pairs of a run a specification names: "most plausible incorrect" and the like."""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd

from pairx.evaluation.reading import OpenRun
from pairx.figures.nodes import Problems, short
from pairx.types import InputError

SAMPLE = "sample"
"""The run, and before a colon the photographs, that come with the package."""
_BY = ("plausible", "similar")
_WHICH = ("correct", "incorrect", "pairs")
VIEWS = tuple(f"{how} {by} {which}" for how in ("most", "least") for by in _BY for which in _WHICH)
"""Plausible is by the metric, similar by the cosine."""


def check_view(view: str, line: int, problems: Problems) -> None:
    """Add a problem where there is no view of these words."""
    if " ".join(view.lower().split()) not in VIEWS:
        close = difflib.get_close_matches(view.lower(), VIEWS, 1, cutoff=0.6)
        advice = f"Did you mean {close[0]}?" if close else f"Write such as {VIEWS[1]}: {', '.join(VIEWS)}."
        problems.add(line, f"There is no view {short(view)}. {advice}")


def metric_of(run: OpenRun, metric: str | None) -> str:
    """A metric of a run, by default its first. Raises InputError."""
    if metric is not None and metric not in run.metrics:
        raise InputError(f"The run {run.name} has no metric {short(metric)}. It has {', '.join(run.metrics)}.")
    if not run.metrics:
        raise InputError(f"The run {run.name} has no metrics. Evaluate its data set again.")
    return metric or run.metrics[0]


def chosen(run: OpenRun, view: str, first: int, layer: str | None, metric: str | None) -> pd.DataFrame:
    """The first rows of a view of a run, in its order. Raises InputError where the run has no such layer or metric, or
    none of these pairs."""
    how, by, which = view.lower().split()
    column = metric_of(run, metric)
    rows = run.at(layer or run.layers[-1])
    rows = rows[np.isfinite(rows[column])]
    if which != "pairs":
        rows = rows[rows["correct"] == (which == "correct")]
    if rows.empty:
        raise InputError(f"The run {run.name} has no {which} pairs with {column}.")
    return rows.sort_values(column if by == "plausible" else "cosine", ascending=how == "least", kind="stable")[:first]
