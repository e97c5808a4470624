"""Scores to a table: means with intervals, differences to a named method, who is no better than a control."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from pairx.judging.criteria import Criterion

RESAMPLES = 2000
INDIVIDUALS = 8
"""That an interval needs at least: of fewer there are so few different resamples that they hardly vary."""
_MIDDLE = 2.5, 97.5
_NOTHING = 1e-9  # a difference that rounding makes
Interval = tuple[float, float]


def interval(values: np.ndarray, individuals: np.ndarray, seed: int = 0) -> Interval:
    """95 % interval of the mean of values (N,): the middle of its means over resamples of the individuals (N,) with all
    their pairs; NaN where there are fewer than INDIVIDUALS of them."""
    names, owner = np.unique(individuals, return_inverse=True)
    if len(names) < INDIVIDUALS:
        return math.nan, math.nan
    sums, counts = np.bincount(owner, values), np.bincount(owner)
    drawn = np.random.default_rng(seed).integers(0, len(names), (RESAMPLES, len(names)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), _MIDDLE)
    return float(low), float(high)


def tabulate(
    scores: pd.DataFrame, contenders: Sequence[str], criteria: Sequence[Criterion], reference: str
) -> pd.DataFrame:
    """One row a contender and criterion that is defined for it, from scores with number, individual, method, criterion
    and value, one row each.

    Columns: method, criterion, mean, low, high (95 % interval), pairs, individuals; difference, difference_low,
    difference_high: to the reference, over the pairs that both have; flagged: names of the criterion's controls that it
    is not better than, that is, where the interval of the paired difference reaches 0; "" for none, or where there are
    too few individuals to tell.
    """
    rows = []
    for criterion in criteria:
        part = scores[scores["criterion"] == criterion.name]
        owner = part.drop_duplicates("number").set_index("number")["individual"]
        values = part.pivot(index="number", columns="method", values="value")
        for name in (one for one in contenders if one in values):
            own = values[name].dropna()
            low, high = interval(own.to_numpy(), owner[own.index].to_numpy(str))
            row = {"method": name, "criterion": criterion.name, "mean": own.mean(), "low": low, "high": high}
            row |= {"pairs": len(own), "individuals": owner[own.index].nunique()}
            mean, low, high = _difference(values, owner, name, reference)
            row |= {"difference": mean, "difference_low": low, "difference_high": high}
            rows.append(row | {"flagged": ", ".join(_no_better(values, owner, name, criterion))})
    return pd.DataFrame(rows)


def flags(table: pd.DataFrame) -> dict[str, int]:
    """By method: in how many criteria it is no better than a control that it has to beat."""
    return {str(name): int((part["flagged"] != "").sum()) for name, part in table.groupby("method", sort=False)}


def _difference(values: pd.DataFrame, owner: pd.Series, name: str, other: str) -> tuple[float, float, float]:
    if other not in values or name == other:
        return math.nan, math.nan, math.nan
    less = (values[name] - values[other]).dropna()
    if less.empty:
        return math.nan, math.nan, math.nan
    return (float(less.mean()), *interval(less.to_numpy(), owner[less.index].to_numpy(str)))


def _no_better(values: pd.DataFrame, owner: pd.Series, name: str, criterion: Criterion) -> list[str]:
    found = []
    for control in criterion.beats:
        _, low, high = _difference(values, owner, name, control)
        if (low <= _NOTHING) if criterion.higher else (high >= -_NOTHING):  # never where they are NaN
            found.append(control)
    return found
