"""Several runs beside each other: their row of PAIR-X's table 1, and the settings in which they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

RETRIEVAL = ("top_1", "top_5", "map")
NUMBERS = ("rho", "delta", "delta_interval", "delta_null", "delta_p")


def metric_rows(summaries: Mapping[str, Mapping[str, Any]], metrics: Sequence[str] = ()) -> pd.DataFrame:
    """One row a run, layer and metric: run, layer, metric, correct, incorrect (pairs that have it), rho, delta,
    delta_interval, delta_null, delta_p, delta_reason.

    summaries: by run's name, as `summarise_steps` made them. metrics: only these, in this order; none given is all.
    """
    rows = []
    for name, summary in summaries.items():
        for layer, found in summary["layers"].items():
            for metric in metrics or found:
                if metric in found:
                    rows.append({"run": name, "layer": layer, "metric": metric, **found[metric]})
    columns = ["run", "layer", "metric", "correct", "incorrect", *NUMBERS, "delta_reason"]
    return pd.DataFrame(rows, columns=columns)


def retrieval_rows(summaries: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """One row a run: pairs, top_1, top_5, map, and the share of pairs whose transform is usable (status "ok")."""
    rows = []
    for name, summary in summaries.items():
        usable = summary["status"].get("ok", 0) / summary["pairs"] if summary["pairs"] else None
        found = {key: summary["retrieval"].get(key) for key in RETRIEVAL}
        rows.append({"run": name, "pairs": summary["pairs"], **found, "usable": usable})
    return pd.DataFrame(rows)


def differing_settings(settings: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """The settings that are not the same in all runs, one row a setting and a column a run, texts; "" is not set.

    settings: by run's name. Nested ones are named with a dot, as "pair_x.engine".
    """
    flat = {name: dict(_flat(one)) for name, one in settings.items()}
    names = list(dict.fromkeys(name for one in flat.values() for name in one))
    rows = {name: [one.get(name, "") for one in flat.values()] for name in names}
    differing = {name: values for name, values in rows.items() if len(set(values)) > 1}
    return pd.DataFrame.from_dict(differing, orient="index", columns=list(flat))


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found = []
    for name, value in values.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append((prefix + name, value if isinstance(value, str) else json.dumps(value)))
    return found
