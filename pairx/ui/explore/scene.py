"""One view of a run as a scene, from which the page draws plot, views and table."""

from __future__ import annotations

import json
from dataclasses import asdict, astuple
from typing import Any

import numpy as np
import pandas as pd

from pairx.evaluation import summary
from pairx.evaluation.reading import OpenRun
from pairx.evaluation.views import VIEWS, view_rows
from pairx.ui.explore.choice import Choice, chosen_rows
from pairx.ui.explore.doubts import doubt, summarised
from pairx.ui.explore.payload import RunScene
from pairx.ui.shared.library import READY
from pairx.ui.shared.links import RunLink
from pairx.ui.shared.words import column_title, metric_title
from pairx.viz.scatter import scatter_figure

ALL_LEFT = "Every pair that the filters leave; those without this metric are in the table only."
"""What the view of all pairs means where pairs are filtered."""


def standing(run: OpenRun, choice: Choice, rows: pd.DataFrame) -> dict[str, Any]:
    """What a metric says over the rows: rho, delta, bins and counts; as the run's summary has it where it has it."""
    known = run.summary["layers"][choice.layer].get(summarised(choice))
    if known is not None:
        return known
    return summary.metric_statistics(*(rows[name].to_numpy() for name in (choice.metric, "cosine", "correct")))


def figure_of(choice: Choice, rows: pd.DataFrame, found: dict[str, Any]) -> Any:
    """The plotly figure of the rows. found: their `standing`."""
    return scatter_figure(rows, choice.metric, found["bins"], metric_title(choice.metric), choice.color or None)


def scene_of_run(run: OpenRun, choice: Choice) -> RunScene:
    """All that the browser needs to draw a choice, its views and its table, JSON-ready."""
    rows = chosen_rows(run, choice)
    found, values = standing(run, choice, rows), rows[choice.metric].to_numpy(float)
    against = doubt(run, choice)
    return {
        "key": json.dumps(astuple(choice)),
        "run": choice.run,
        "link": RunLink(**asdict(choice)).parameters(),
        "layer": choice.layer,
        "metric": metric_title(choice.metric),
        "sentence": sentence(found, rows),
        "doubt": against,
        "figure": json.loads(figure_of(choice, rows, found).to_json()),
        "number": rows.index.tolist(),
        "correct": rows["correct"].astype(int).tolist(),
        "cosine": rows["cosine"].round(4).tolist(),
        "value": [float(f"{value:.4g}") if np.isfinite(value) else None for value in values],
        "query_id": rows["query_id"].astype(str).tolist(),
        "gallery_id": rows["gallery_id"].astype(str).tolist(),
        "query_identity": rows["query_identity"].astype(str).tolist(),
        "gallery_identity": rows["gallery_identity"].astype(str).tolist(),
        "status": rows["status"].astype(str).tolist(),
        "n_matches": rows["n_matches"].tolist(),
        "transform_inliers": rows["transform_inliers"].tolist(),
        "views": [
            {"id": id, "title": view.title, "meaning": meaning(choice, id), "numbers": _numbers(rows, choice, id)}
            for id, view in VIEWS.items()
            if not (view.of_metric and against.get("grey"))
        ],
    }


def heading(choice: Choice) -> str:
    """The title of a figure of a choice."""
    return f"{metric_title(choice.metric)} against cosine similarity"


def facts(run: OpenRun, choice: Choice, rows: pd.DataFrame, selected: int | None = None) -> tuple[str, ...]:
    """What a figure of a choice shows, in lines: whence its pairs are, which are left, what its numbers are. selected:
    how many of them are, None where all are on show."""
    settings, left = run.settings, []
    name = "the sample herd" if choice.run == READY else choice.run
    whence = f"Data set {settings['dataset']} · model {settings['model']} · layer {choice.layer} · run {name}"
    if choice.column and choice.values:
        left.append(f"{column_title(choice.column).lower()} is {' or '.join(choice.values)}")
    if choice.text.strip():
        left.append(f"a photograph or individual is called “{choice.text.strip()}” in part")
    kept = f"Only pairs of which {', and '.join(left)}" if left else "All pairs"
    if selected is not None:
        kept += f" · {selected:,} selected, the others faint"
    return whence, kept, sentence(standing(run, choice, rows), rows)


def meaning(choice: Choice, view: str) -> str:
    """One sentence on a view of a choice."""
    return ALL_LEFT if view == "all" and choice.filtering else VIEWS[view].meaning


def _numbers(rows: pd.DataFrame, choice: Choice, view: str) -> list[int]:
    return view_rows(rows, choice.metric, view).index.tolist()


def sentence(found: dict[str, Any], rows: pd.DataFrame) -> str:
    """What rho and Delta of the rows are, in one line above the plot. found: their `standing`."""
    count = found["correct"] + found["incorrect"]
    parts = [f"rho {number(found['rho'])}", f"Delta {number(found['delta'])}"]
    if interval := span(found.get("rho_interval")):
        parts[0] += f" (95 % {interval})"
    if interval := span(found.get("delta_interval")):
        parts[1] += f" (95 % {interval}, by chance {span(found.get('delta_null')) or '–'})"
    if found["delta"] is None or found["delta"] != found["delta"]:
        parts[1] = f"no Delta: {found['delta_reason']}"
    if found.get("auc") is not None and found["auc"] == found["auc"]:
        interval = span(found.get("auc_interval"))
        parts.append(f"AUC {number(found['auc'])}" + (f" (95 % {interval})" if interval else ""))
    missing = len(rows) - count
    parts.append(f"{count:,} pairs" + (f", {missing:,} without this metric" if missing else ""))
    return " · ".join(parts)


def number(value: float | None, form: str = ".2f") -> str:
    """A number for a table; a dash where there is none."""
    return "–" if value is None or value != value else f"{value:{form}}".replace("-", "−")


def span(values: Any) -> str:
    """An interval in words, nothing where there is none."""
    known = values and values[0] is not None and values[0] == values[0]
    return f"{number(values[0])} to {number(values[1])}" if known else ""
