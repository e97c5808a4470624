"""Ready-made views of a run: which pairs are worth a look, and why.

A metric is higher where a pair's matches are more plausible. All views look at one layer's rows (`OpenRun.at`), and
"the correct pairs" are those of the same rows that have the metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from pairx.types import InputError

Chooser = Callable[[pd.DataFrame, str], np.ndarray]
NAMES = ("query_id", "gallery_id", "query_identity", "gallery_identity")


@dataclass(frozen=True)
class ReadyView:
    """title: on its chip. meaning: one sentence. choose: from rows and a metric's name, which rows belong to it, (N,)
    bool. order: the column by which they are sorted ("metric" is the metric), and whether upwards. of_metric: whether
    it is built on the metric, and so worth no more than that.
    """

    title: str
    meaning: str
    choose: Chooser
    order: tuple[str, bool] = ("cosine", False)
    of_metric: bool = False


def incorrect_but_plausible(rows: pd.DataFrame, metric: str) -> np.ndarray:
    """Incorrect pairs whose metric is at least the upper quartile of the correct pairs' metric."""
    values = rows[metric].to_numpy(float)
    return ~_correct(rows) & (values >= _quantile(values[_correct(rows)], 0.75))


def correct_but_implausible(rows: pd.DataFrame, metric: str) -> np.ndarray:
    """Correct pairs whose metric is at most the lower quartile of the incorrect pairs' metric."""
    values = rows[metric].to_numpy(float)
    return _correct(rows) & (values <= _quantile(values[~_correct(rows)], 0.25))


def sure_and_wrong(rows: pd.DataFrame, metric: str) -> np.ndarray:
    """Incorrect pairs whose cosine is at least the upper quartile of the correct pairs' cosine, whatever the metric."""
    cosine = rows["cosine"].to_numpy(float)
    return ~_correct(rows) & (cosine >= _quantile(cosine[_correct(rows)], 0.75))


def correct_but_far(rows: pd.DataFrame, metric: str) -> np.ndarray:
    """Correct pairs whose cosine is far below those of the other correct pairs, 1.5 interquartile ranges below their
    lower quartile (Tukey's fence), or at most the lower quartile of the incorrect pairs' cosine."""
    cosine, correct = rows["cosine"].to_numpy(float), _correct(rows)
    low, high = (_quantile(cosine[correct], share) for share in (0.25, 0.75))
    fence = low - 1.5 * (high - low)
    return correct & ((cosine < fence) | (cosine <= _quantile(cosine[~correct], 0.25)))


def all_pairs(rows: pd.DataFrame, metric: str) -> np.ndarray:
    """All pairs."""
    return np.ones(len(rows), bool)


VIEWS = {
    "all": ReadyView("All pairs", "Every pair of the run; those without this metric are in the table only.", all_pairs),
    "plausible": ReadyView(
        "Incorrect but plausible",
        "Two animals, yet the matches fit better than those of three quarters of the correct pairs: look for a wrong "
        "label, or for animals that truly look alike.",
        incorrect_but_plausible,
        ("metric", False),
        of_metric=True,
    ),
    "implausible": ReadyView(
        "Correct but implausible",
        "One animal, yet the matches fit worse than those of three quarters of the incorrect pairs: another side or "
        "pose, or a model that recognised something beside the markings.",
        correct_but_implausible,
        ("metric", True),
        of_metric=True,
    ),
    "sure": ReadyView(
        "Sure and wrong",
        "Two animals that the model finds more alike than three quarters of the correct pairs.",
        sure_and_wrong,
    ),
    "far": ReadyView(
        "Correct but far",
        "One animal, yet the model finds its photographs far less alike than those of the other correct pairs, or than "
        "three quarters of the incorrect pairs: suspects for a wrong label, or another side or pose.",
        correct_but_far,
        ("cosine", True),
    ),
}
"""The views by id."""


def view_rows(rows: pd.DataFrame, metric: str, view: str) -> pd.DataFrame:
    """The rows of a view in its order. Raises InputError for an unknown view."""
    if view not in VIEWS:
        raise InputError(f"There is no view {view!r}: choose one of {', '.join(VIEWS)}.")
    chosen = VIEWS[view]
    column, upwards = chosen.order
    found = rows[chosen.choose(rows, metric)]
    return found.sort_values(metric if column == "metric" else column, ascending=upwards, kind="stable")


def filtered(rows: pd.DataFrame, column: str | None, values: Sequence[str], text: str = "") -> pd.DataFrame:
    """The rows (`OpenRun.at`) whose column has one of the values, as texts (none given is all), and in which the name
    of a photograph or an individual holds the text, whatever its case. Raises InputError for an unknown column."""
    kept = np.ones(len(rows), bool)
    if column and values:
        if column not in rows:
            raise InputError(f"This run has no column {column}. Choose another filter.")
        kept &= rows[column].astype(str).isin(values).to_numpy()
    if text.strip():
        wanted = text.strip().casefold()
        named = [rows[name].str.casefold().str.contains(wanted, regex=False) for name in NAMES]
        kept &= np.logical_or.reduce([one.to_numpy(bool) for one in named])
    return rows[kept]


def _correct(rows: pd.DataFrame) -> np.ndarray:
    return rows["correct"].to_numpy(bool)


def _quantile(values: np.ndarray, share: float) -> float:
    """NaN, which no value reaches, where there is none."""
    values = values[np.isfinite(values)]
    return float(np.quantile(values, share)) if len(values) else float("nan")
