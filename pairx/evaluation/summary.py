"""What a run's scores say of a data set, a model and its layers: the row of PAIR-X's table 1, with its controls."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from pairx.evaluation import resampling, separability
from pairx.types import Step

RESIDUALS = tuple(f"inverted_residual_{name}" for name in ("mean", "mean_normalised", "median", "top20"))
RESAMPLES = 200  # of the bootstrap and of the permutations
CONTROL, USABLE = "resize_", "_usable"


def summarise_steps(table: pd.DataFrame, facts: dict[str, Any], seed: int) -> Generator[Step, None, dict[str, Any]]:
    """A run's summary, JSON-ready (null where a number does not exist), from its table of scores and its facts.

    pairs, correct, incorrect: counts. layers: by layer and metric rho, delta, its window and bins, a 95 % bootstrap
    interval over queries, and the middle 95 % and p-value under shuffled labels. Of each residual metric there are two
    more: "resize_", the control that only resizes, over the same pairs; and for the mean "_usable", over pairs whose
    transform is usable, with its control. best_layer: the one with the highest rho of the inverted residual mean, by
    which PAIR-X chooses layers (B.4). status: how many pairs have which, of the transform.
    """
    layers = list(table["layer"].unique())
    metrics = {layer: _metrics(table[table["layer"] == layer]) for layer in layers}
    total = sum(map(len, metrics.values()))
    found: dict[str, Any] = {}
    for layer in layers:
        rows = table[table["layer"] == layer]
        found[layer] = {}
        for name, values in metrics[layer].items():
            done = sum(map(len, found.values()))
            yield Step(done, total, "comparing with chance")
            found[layer][name] = _describe(values, rows, seed)
    once = table[table["layer"] == layers[0]] if layers else table
    summary = {
        "pairs": len(once),
        "correct": int(once["correct"].sum()),
        "incorrect": int((~once["correct"]).sum()),
        **facts,
        "status": {name: int(count) for name, count in once["status"].value_counts().items()},
        "median_inliers": float(once["homography_inliers"].median()) if len(once) else math.nan,
        "best_layer": _best_layer(found),
        "layers": found,
    }
    return _without_nan(summary)


def _best_layer(found: dict[str, Any]) -> str | None:
    rhos = {layer: metrics[RESIDUALS[0]]["rho"] for layer, metrics in found.items()}
    known = [layer for layer, rho in rhos.items() if not math.isnan(rho)]
    return max(known, key=rhos.__getitem__, default=None)


def _metrics(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Name to values (N,), NaN where a pair has none. A control has a value where its metric has one."""
    found = {}
    usable = rows["status"] == "ok"
    for name in RESIDUALS:
        found[name] = rows[name]
        found[CONTROL + name] = rows[CONTROL + name].where(rows[name].notna())
    for name in (RESIDUALS[0], CONTROL + RESIDUALS[0]):
        found[name + USABLE] = rows[name].where(usable)
    found["match_coverage"] = rows["match_coverage"]
    return {name: values.to_numpy(float) for name, values in found.items()}


def standing(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray) -> dict[str, Any]:
    """What a metric (N,) says of pairs: how many correct and incorrect ones have it, rho, Delta (algorithm 1), why
    there is none, its window of cosines (low, high) and its bins.
    """
    return _standing(separability.delta(metric, cosine, correct), metric, cosine, correct)


def _standing(delta: separability.Delta, metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray) -> dict[str, Any]:
    finite = np.isfinite(metric)
    return {
        "correct": int((finite & correct).sum()),
        "incorrect": int((finite & ~correct).sum()),
        "rho": separability.rho(metric, cosine),
        "delta": delta.value,
        "delta_reason": delta.reason,
        "window": delta.window,
        "bins": [asdict(found) for found in delta.bins],
    }


def _describe(metric: np.ndarray, rows: pd.DataFrame, seed: int) -> dict[str, Any]:
    pairs = metric, rows["cosine"].to_numpy(), rows["correct"].to_numpy()
    delta = separability.delta(*pairs)
    interval = resampling.delta_interval(delta, *pairs, rows["query_id"].to_numpy(), RESAMPLES, seed)
    null, p_value = resampling.delta_null(delta, *pairs, RESAMPLES, seed)
    return _standing(delta, *pairs) | {"delta_interval": interval, "delta_null": null, "delta_p": p_value}


def _without_nan(value: Any) -> Any:
    """The same with None for NaN, as JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _without_nan(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
