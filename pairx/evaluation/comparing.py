"""Finished runs side by side: their numbers in one table, and the settings in which they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from pairx.core.options import completed
from pairx.evaluation.store import PAIR_X, SIZE
from pairx.types import said_size

INTERVALS = {
    "rho_interval": ("rho_low", "rho_high"),
    "delta_interval": ("delta_low", "delta_high"),
    "delta_null": ("chance_low", "chance_high"),
    "auc_interval": ("auc_low", "auc_high"),
}
NUMBERS = (
    "correct", "incorrect", "rho", "delta", "delta_p", "delta_p_floor", "auc",
    *(name for ends in INTERVALS.values() for name in ends),
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """Several runs side by side.

    runs: one row a run: run, dataset, photographs, model, pairs, correct, incorrect, k, queries, top_1, top_5, map,
    best_layer. scores: one row a metric, layer and run: metric, layer, run and NUMBERS, the bootstrap intervals
    (…_low, …_high) and Delta's middle 95 % by chance (chance_low, chance_high) among them, and why there is no Delta
    (delta_reason); rows that can be compared follow one another. What a run does not have is NaN.
    differing: one row a setting in which not all runs agree, one column a run.
    """

    runs: pd.DataFrame
    scores: pd.DataFrame
    differing: pd.DataFrame


class Evaluated(Protocol):
    """A finished run, however it was read. settings, summary: as `evaluate` wrote them."""

    @property
    def settings(self) -> Mapping[str, Any]: ...

    @property
    def summary(self) -> Mapping[str, Any]: ...


def compare_runs(runs: Mapping[str, Evaluated]) -> Comparison:
    """Runs, by what to call them, side by side."""
    settings = pd.DataFrame({name: _flat(one) for name, one in _completed(runs).items()}, dtype=object)
    settings = settings.astype(object).where(settings.notna(), None)
    differing = settings[[len(set(map(repr, row))) > 1 for row in settings.to_numpy()]]
    scores = [row for name, run in runs.items() for row in _scores(name, run.summary)]
    table = pd.DataFrame(scores, columns=["metric", "layer", "run", *NUMBERS, "delta_reason"])
    for column in ("metric", "layer", "run"):  # in the order in which they are met
        table[column] = pd.Categorical(table[column], table[column].unique())
    table = table.sort_values(["metric", "layer", "run"], ignore_index=True)
    table = table.astype({"metric": str, "layer": str, "run": str, **dict.fromkeys(NUMBERS[2:], float)})
    table["delta_reason"] = table["delta_reason"].astype(object).fillna("")
    return Comparison(pd.DataFrame([_about(name, run) for name, run in runs.items()]), table, differing)


def _completed(runs: Mapping[str, Evaluated]) -> dict[str, dict[str, Any]]:
    """Settings, those of older runs with the model's input size where another run of the same model names it, and with
    the defaults of options that came later."""
    said = {name: said_size(run.settings[SIZE]) for name, run in runs.items() if SIZE in run.settings}
    known = {runs[name].settings.get("model_key"): size for name, size in said.items()}
    sizes = {name: said.get(name, known.get(run.settings.get("model_key"))) for name, run in runs.items()}
    chosen = {name: completed(run.settings[PAIR_X]) for name, run in runs.items() if PAIR_X in run.settings}
    return {
        name: {**run.settings, SIZE: sizes[name]} | ({PAIR_X: chosen[name]} if name in chosen else {})
        for name, run in runs.items()
    }


def _about(name: str, run: Evaluated) -> dict[str, Any]:
    settings, summary = run.settings, run.summary
    found = {"run": name, **{key: settings.get(key) for key in ("dataset", "photographs", "model")}}
    found |= {key: summary.get(key) for key in ("pairs", "correct", "incorrect", "k")}
    retrieval = summary.get("retrieval", {})
    found |= {key: retrieval.get(key) for key in ("queries", "top_1", "top_5", "map")}
    return {**found, "best_layer": summary.get("best_layer")}


def _scores(name: str, summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for layer, metrics in summary.get("layers", {}).items():
        for metric, values in metrics.items():
            ends = {
                end: value
                for interval, names in INTERVALS.items()
                for end, value in zip(names, values.get(interval, (None, None)), strict=True)
            }
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
