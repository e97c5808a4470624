"""What a run's scores say of a data set, a model and its layers: the row of PAIR-X's table 1, with its controls."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from pairx.evaluation import resampling, separability
from pairx.evaluation.metrics import CONTROL, METRICS, USABLE, controlled
from pairx.evaluation.permuting import delta_null
from pairx.types import Computation, Step

RESAMPLES = 200  # of the bootstrap and of the permutations
RESIDUAL = "inverted_residual_mean"  # by which PAIR-X chooses layers


def summarise_steps(table: pd.DataFrame, facts: dict[str, Any], seed: int) -> Computation[dict[str, Any]]:
    """A run's summary, JSON-ready (null where a number does not exist), from its table of scores and its facts.

    pairs, correct, incorrect, queries: counts. layers: by layer and metric rho, delta and auc, each with a 95 %
    bootstrap interval over queries, Delta's window and bins, where it lies by chance (delta_null: the middle 95 %;
    delta_p, and delta_p_floor, the smallest there can be). Of each residual metric there are two more: "resize_", the
    control that only resizes, over the same pairs; and for the mean "_usable", over pairs whose transform is usable,
    with its control. over_control: by how much rho, delta and auc are more than the control's, with intervals.
    best_layer: the one with the highest rho of the inverted residual mean, by which PAIR-X chooses layers (B.4);
    other_layers: by how much its rho is higher than theirs, with an interval. status: how many pairs have which, of the
    transform.
    """
    layers = list(table["layer"].unique())
    metrics = {layer: _metrics(table[table["layer"] == layer]) for layer in layers}
    total, done = sum(map(len, metrics.values())), 0
    found: dict[str, Any] = {}
    for layer in layers:
        rows = table[table["layer"] == layer]
        samples = {}
        found[layer] = {}
        for name, values in metrics[layer].items():
            yield Step(done, total, "comparing with chance")
            samples[name] = resampling.resampled(*_columns(values, rows), RESAMPLES, seed)
            found[layer][name] = _describe(values, rows, samples[name], seed)
            done += 1
        for name in samples:
            if CONTROL + name in samples:
                found[layer][name]["over_control"] = _numbers(samples[name].less(samples[CONTROL + name]))
    once = table[table["layer"] == layers[0]] if layers else table
    best = _best_layer(found)
    summary = {
        "pairs": len(once),
        "correct": int(once["correct"].sum()),
        "incorrect": int((~once["correct"]).sum()),
        "queries": int(once["query_id"].nunique()),
        **facts,
        "status": {name: int(count) for name, count in once["status"].value_counts().items()},
        "median_inliers": float(once["transform_inliers"].median()) if len(once) else math.nan,
        "best_layer": best,
        "other_layers": _other_layers(table, best, seed),
        "layers": found,
    }
    return _without_nan(summary)


def _best_layer(found: dict[str, Any]) -> str | None:
    rhos = {layer: metrics[RESIDUAL]["rho"] for layer, metrics in found.items()}
    known = [layer for layer, rho in rhos.items() if not math.isnan(rho)]
    return max(known, key=rhos.__getitem__, default=None)


def _other_layers(table: pd.DataFrame, best: str | None, seed: int) -> dict[str, Any]:
    """By layer: by how much rho is higher at the best one, over the same pairs and resamples, and the interval."""
    if best is None:
        return {}
    found: dict[str, Any] = {}
    groups = table.groupby("layer", sort=False)
    by_layer = {str(layer): rows.set_index(["query_id", "gallery_id"]) for layer, rows in groups}
    mine = by_layer.pop(best)
    for layer, rows in by_layer.items():
        other = rows[RESIDUAL].reindex(mine.index)
        columns = (mine[RESIDUAL], other, mine["cosine"], mine.index.get_level_values(0))
        first, second, cosine, queries = (one.to_numpy() for one in columns)
        rho, interval = resampling.rho_difference(first, second, cosine, queries, RESAMPLES, seed)
        found[layer] = {"rho": rho, "rho_interval": interval}
    return found


def _metrics(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Name to values (N,), NaN where a pair has none. A control has a value where its metric has one."""
    found = {}
    usable = rows["status"] == "ok"
    for name in controlled():
        found[name] = rows[name]
        found[CONTROL + name] = rows[CONTROL + name].where(rows[name].notna())
    for name in (RESIDUAL, CONTROL + RESIDUAL):
        found[name + USABLE] = rows[name].where(usable)
    found |= {name: rows[name] for name, metric in METRICS.items() if not metric.of_transform}
    return {name: values.to_numpy(float) for name, values in found.items()}


def metric_statistics(metric: np.ndarray, cosine: np.ndarray, correct: np.ndarray) -> dict[str, Any]:
    """What a metric (N,) says of pairs: how many correct and incorrect ones have it, rho, Delta (algorithm 1), why
    there is none, its window of cosines (low, high), its bins, and the AUC within them.
    """
    finite, delta = np.isfinite(metric), separability.delta(metric, cosine, correct)
    return {
        "correct": int((finite & correct).sum()),
        "incorrect": int((finite & ~correct).sum()),
        "rho": separability.rho(metric, cosine),
        "delta": delta.value,
        "delta_reason": delta.reason,
        "window": delta.window,
        "bins": [asdict(found) for found in delta.bins],
        "auc": separability.auc(metric, cosine, correct),
    }


def _describe(metric: np.ndarray, rows: pd.DataFrame, found: resampling.Resampled, seed: int) -> dict[str, Any]:
    null = delta_null(*_columns(metric, rows), RESAMPLES, seed)
    chance = {
        "delta_null": null.interval,
        "delta_p": null.p,
        "delta_p_floor": null.floor,
        "delta_p_reason": null.reason,
    }
    return metric_statistics(metric, rows["cosine"].to_numpy(), rows["correct"].to_numpy()) | _numbers(found) | chance


def _numbers(found: resampling.Resampled) -> dict[str, Any]:
    """rho, delta, auc and their intervals."""
    return found.values() | {f"{name}_interval": interval for name, interval in found.intervals().items()}


def _columns(metric: np.ndarray, rows: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A metric beside the cosine, the label and the query of its pairs."""
    return metric, rows["cosine"].to_numpy(), rows["correct"].to_numpy(), rows["query_id"].to_numpy()


def _without_nan(value: Any) -> Any:
    """The same with None for NaN, as JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _without_nan(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
