"""What of a run a person looks at: which layer, metric, colours and pairs."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass

import pandas as pd

from pairx.evaluation.reading import OpenRun
from pairx.evaluation.remarks import opening_metric
from pairx.evaluation.views import filtered
from pairx.types import InputError
from pairx.ui.shared.links import RunLink


@dataclass(frozen=True)
class Choice:
    """What of a run is shown. color: a column, or "" for correct and incorrect. column, values, text: what the pairs
    are filtered by, see `pairx.evaluation.views.filtered`."""

    run: str
    layer: str
    metric: str
    color: str = ""
    column: str = ""
    values: tuple[str, ...] = ()
    text: str = ""

    @property
    def filtering(self) -> bool:
        return bool((self.column and self.values) or self.text.strip())


def categories(run: OpenRun) -> list[str]:
    """The columns of a run's pairs by which they can be filtered: those that hold no numbers."""
    return [name for name, values in run.columns.items() if not pd.api.types.is_numeric_dtype(values)]


def fitting(run: OpenRun, link: RunLink) -> tuple[Choice, list[str]]:
    """The choice that a link asks for, and what of it the run does not have: that is as the run opens."""
    lost: list[str] = []

    def known(what: str, asked: str, among: Container[str], otherwise: str) -> str:
        if asked and asked not in among:
            lost.append(f"{what} “{asked[:80]}”")
        return asked if asked in among else otherwise

    layer = known("layer", link.layer, run.layers, run.summary.get("best_layer") or run.layers[0])
    metric = known("metric", link.metric, run.metrics, opening_metric(run.summary, layer, run.metrics))
    color = known("colour", link.color, run.columns, "")
    column = known("column", link.column, categories(run), "")
    there = set(run.columns[column].astype(str)) if column else set()
    values = [known(column, one, there, "") for one in link.values] if column else []
    return Choice(link.run, layer, metric, color, column, tuple(filter(None, values)), link.text), lost


def chosen_rows(run: OpenRun, choice: Choice) -> pd.DataFrame:
    """The rows that a choice leaves, indexed by number. Raises InputError where the run does not have what is asked."""
    if choice.metric not in run.metrics:
        raise InputError(f"{run.name} has no metric {choice.metric}. It has {', '.join(run.metrics)}.")
    if choice.color and choice.color not in run.columns:
        raise InputError(f"{run.name} has no column {choice.color}. Colour by another.")
    return filtered(run.at(choice.layer), choice.column, choice.values, choice.text)
