"""Finished runs side by side: their numbers in one table, and the settings in which they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pairx.evaluation.run import PAIRS, SETTINGS, SUMMARY, Run
from pairx.evaluation.store import FILE
from pairx.types import InputError

NUMBERS = ("correct", "incorrect", "rho", "delta", "delta_low", "delta_high", "chance_low", "chance_high", "delta_p")


@dataclass(frozen=True)
class Comparison:
    """Several runs side by side. A run is called by its folder, as given.

    runs: one row a run: run, dataset, photographs, model, pairs, correct, incorrect, k, queries, top_1, top_5, map,
    best_layer. scores: one row a metric, layer and run: metric, layer, run and NUMBERS, Delta's bootstrap interval
    (delta_low, delta_high) and its middle 95 % under shuffled labels (chance_low, chance_high) among them; rows that
    can be compared follow one another. What a run does not have is NaN. differing: one row a setting in which not all
    runs agree, one column a run.
    """

    runs: pd.DataFrame
    scores: pd.DataFrame
    differing: pd.DataFrame


def open_run(folder: str | Path) -> Run:
    """The finished run in a folder. Raises InputError where there is none, or one that is not finished."""
    run = Run(Path(folder))
    if not all((run.folder / name).is_file() for name in (PAIRS, SUMMARY, SETTINGS)):
        if (run.folder / FILE).is_file():
            raise InputError(f"The run in {folder} is not finished: the command that started it continues it.")
        raise InputError(f"{folder} holds no run. Give a folder that `evaluate -o` wrote.")
    try:
        known = isinstance(run.summary, dict) and isinstance(run.settings, dict)
    except (OSError, ValueError):
        known = False
    if not known:
        raise InputError(f"The run in {folder} is damaged: the command that started it writes its files again.")
    return run


def compare_runs(runs: Sequence[Run]) -> Comparison:
    """Runs, each of another folder, side by side."""
    names = [str(run.folder) for run in runs]
    settings = pd.DataFrame({name: _flat(run.settings) for name, run in zip(names, runs, strict=True)}, dtype=object)
    settings = settings.astype(object).where(settings.notna(), None)
    differing = settings[[len(set(map(repr, row))) > 1 for row in settings.to_numpy()]]
    scores = [row for name, run in zip(names, runs, strict=True) for row in _scores(name, run.summary)]
    table = pd.DataFrame(scores, columns=["metric", "layer", "run", *NUMBERS])
    for column in ("metric", "layer", "run"):  # in the order in which they are met
        table[column] = pd.Categorical(table[column], table[column].unique())
    table = table.sort_values(["metric", "layer", "run"], ignore_index=True)
    table = table.astype({"metric": str, "layer": str, "run": str, **dict.fromkeys(NUMBERS[2:], float)})
    return Comparison(pd.DataFrame([_about(run) for run in runs]), table, differing)


def _about(run: Run) -> dict[str, Any]:
    settings, summary = run.settings, run.summary
    found = {"run": str(run.folder), **{name: settings.get(name) for name in ("dataset", "photographs", "model")}}
    found |= {name: summary.get(name) for name in ("pairs", "correct", "incorrect", "k")}
    retrieval = summary.get("retrieval", {})
    found |= {name: retrieval.get(name) for name in ("queries", "top_1", "top_5", "map")}
    return {**found, "best_layer": summary.get("best_layer")}


def _scores(name: str, summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for layer, metrics in summary.get("layers", {}).items():
        for metric, values in metrics.items():
            low, high = values.get("delta_interval", (None, None))
            chance = values.get("delta_null", (None, None))
            ends = {"delta_low": low, "delta_high": high, "chance_low": chance[0], "chance_high": chance[1]}
            rows.append({"metric": metric, "layer": layer, "run": name, **values, **ends})
    return rows


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by dotted names, lists as JSON."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = json.dumps(value) if isinstance(value, list) else value
    return found
