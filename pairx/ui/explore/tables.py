"""The numbers of runs as tables: retrieval, rho and Delta, and in which settings several runs differ."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from pairx.evaluation.comparing import Comparison, compare_runs
from pairx.evaluation.reading import OpenRun
from pairx.evaluation.remarks import p_value, remarks
from pairx.ui.explore.payload import Table
from pairx.ui.explore.scene import number, span
from pairx.ui.shared.words import metric_title

HEAD = ("Layer", "Metric", "Pairs", "rho", "95 %", "Delta", "95 %", "By chance", "p", "AUC", "95 %")


def tables(runs: list[OpenRun], names: list[str] | None = None) -> list[Table]:
    """Tables as the browser shows them: retrieval and transforms, what to be careful of, rho and Delta, and what
    differs."""
    named = dict(zip(names or [run.name for run in runs], runs, strict=True))
    several, compared = len(runs) > 1, compare_runs(named)
    rows = [
        [one.run] * several
        + [one.layer, metric_title(one.metric), f"{one.correct} + {one.incorrect}"]
        + [number(one.rho), span((one.rho_low, one.rho_high))]
        + [number(one.delta), span((one.delta_low, one.delta_high)) or one.delta_reason]
        + [span((one.chance_low, one.chance_high)), p_value(one.delta_p, one.delta_p_floor).replace("-", "–")]
        + [number(one.auc), span((one.auc_low, one.auc_high))]
        for one in _each(compared.scores)
    ]
    cautions = [[name] * several + [one] for name, run in named.items() for one in remarks(run.summary)]
    found: list[Table] = [
        _retrieval(named, compared),
        *[Table(title="With care", head=["Run"] * several + ["What to know"], rows=cautions)] * bool(cautions),
        {"title": "rho and Delta", "head": ["Run"] * several + list(HEAD), "rows": rows},
    ]
    if several:
        differing = compared.differing.astype(object).where(compared.differing.notna(), "")
        parts = [[str(index), *map(str, row)] for index, row in zip(differing.index, differing.to_numpy(), strict=True)]
        found.append({"title": "Settings that differ", "head": ["Setting", *named], "rows": parts})
    return found


def _each(table: pd.DataFrame) -> Iterator[Any]:
    """The rows of a table, each with its columns as attributes."""
    return table.itertuples()


def _retrieval(runs: dict[str, OpenRun], compared: Comparison) -> Table:
    rows, several = [], len(runs) > 1
    for one in _each(compared.runs):
        counts = ", ".join(f"{name} {count}" for name, count in runs[one.run].summary["status"].items())
        shares = [number(value, ".1%").replace("%", " %") for value in (one.top_1, one.top_5, one.map)]
        rows.append([one.run] * several + [str(one.queries), *shares, f"{one.correct} + {one.incorrect}", counts])
    head = ["Queries", "Top-1", "Top-5", "mAP", "Pairs, correct + incorrect", "Transforms"]
    return {"title": "Retrieval, pairs and transforms", "head": ["Run"] * several + head, "rows": rows}
