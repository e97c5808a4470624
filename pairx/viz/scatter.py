"""A run as a picture: a metric against the similarity, one point a pair."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

# Okabe and Ito's blue and vermilion, and a shape each: told apart without colour, too.
CLASSES = ((True, "correct", "#0072b2", "circle"), (False, "incorrect", "#d55e00", "x"))
WINDOW = "#f3f0e6"


def scatter_html(pairs: pd.DataFrame, summary: dict[str, Any], metrics: tuple[str, ...]) -> str:
    """A page that needs nothing beside itself: each of the metrics at each layer, chosen from a list.

    pairs: one row a pair and layer, with query_id, gallery_id, correct, cosine, layer and the metrics. summary: by
    layer and metric rho, delta and the bins of the hard window, which are drawn in. Pairs without a metric are left
    out, and the title says how many are shown.
    """
    views = [(layer, metric) for metric in metrics for layer in summary["layers"]]
    figure = go.Figure()
    for layer, metric in views:
        rows = pairs[(pairs["layer"] == layer) & pairs[metric].abs().lt(float("inf"))]
        for correct, name, color, symbol in CLASSES:
            shown = rows[rows["correct"] == correct]
            figure.add_trace(
                go.Scattergl(
                    x=shown["cosine"],
                    y=shown[metric],
                    mode="markers",
                    name=name,
                    marker={"color": color, "symbol": symbol, "size": 7, "opacity": 0.7},
                    text=shown["query_id"] + " and " + shown["gallery_id"],
                    hovertemplate="%{text}<br>cosine %{x:.3f}, metric %{y:.4g}",
                    visible=(layer, metric) == views[0],
                )
            )
    layouts = [_layout(summary["layers"][layer][metric], layer, metric) for layer, metric in views]
    buttons = [
        {
            "label": f"{metric}, {layer}",
            "method": "update",
            "args": [{"visible": [view == i for view in range(len(views)) for _ in CLASSES]}, layouts[i]],
        }
        for i, (layer, metric) in enumerate(views)
    ]
    menu = {"buttons": buttons, "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"}
    figure.update_layout(template="plotly_white", updatemenus=[menu], margin={"t": 110}, **_nested(layouts[0]))
    return figure.to_html(include_plotlyjs=True, full_html=True)


def _layout(found: dict[str, Any], layer: str, metric: str) -> dict[str, Any]:
    """What changes with the view, as plotly's `update` takes it."""
    rho, delta = ("none" if found[name] is None else f"{found[name]:.2f}" for name in ("rho", "delta"))
    count = found["correct"] + found["incorrect"]
    return {
        "title.text": f"{metric} at {layer}: rho {rho}, Delta {delta}, {count} pairs",
        "xaxis.title.text": "cosine similarity",
        "yaxis.title.text": metric,
        "shapes": _window(found["bins"]),
    }


def _window(bins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hard window and the edges of its bins."""
    if not bins:
        return []
    tall = {"yref": "paper", "y0": 0, "y1": 1, "layer": "below"}
    start, stop = bins[0]["start"], bins[-1]["stop"]
    edges = [start, *(found["stop"] for found in bins)]
    area = {**tall, "type": "rect", "x0": start, "x1": stop, "fillcolor": WINDOW, "line": {"width": 0}}
    line = {"color": "#b8b09a", "width": 1, "dash": "dot"}
    return [area, *({**tall, "type": "line", "x0": edge, "x1": edge, "line": line} for edge in edges)]


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """ "title.text" as plotly's Python takes it: title_text."""
    return {name.replace(".", "_"): value for name, value in flat.items()}
