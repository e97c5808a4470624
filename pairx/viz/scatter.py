"""A run as a picture: a metric against the similarity, one point a pair."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import Any
from unicodedata import bidirectional

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from pairx.viz.colors import match_colors

# Okabe and Ito's green and vermilion, and a shape each: told apart without colour, too.
CLASSES = ((True, "correct", "#009e73", "circle"), (False, "incorrect", "#d55e00", "x"))
WINDOW = "rgba(190, 160, 80, .16)"
EDGE = "rgba(150, 130, 80, .6)"
NEUTRAL = "#888888"
PLAIN = "rgba(0, 0, 0, 0)"
GROUPS = 7  # values of a column that have a colour of their own
BARS = 40
CROWD = 3000
"""Points from which on they are drawn smaller and fainter, so that a class does not cover the other."""
PRIVATE = {"plotlyServerURL": "", "modeBarButtonsToRemove": ["sendChartToCloud"], "displaylogo": False}
"""plotly's configuration without what would send a chart to its makers."""


def scatter_figure(
    rows: pd.DataFrame, metric: str, bins: list[dict[str, Any]], title: str = "", color: str | None = None
) -> go.Figure:
    """A metric against the similarity with the histograms of both at the margins.

    rows: one a pair, with query_id, gallery_id, correct, cosine and the metric; their index is each point's customdata.
    Those without the metric are left out. bins: of the hard window, drawn in. title: of the metric, for its axis.
    color: a column that decides the colours instead of correct and incorrect, which keep their shapes.
    """
    rows = rows[np.isfinite(rows[metric])]
    figure = go.Figure()
    groups = list(color_groups(rows, color))
    size = {"size": 4, "opacity": 0.45} if len(rows) > CROWD else {}
    for name, part, paint in groups:
        entry = bool(part["correct"].any())  # which trace is a group's in the legend: one of them may be empty
        for correct, class_name, class_color, symbol in CLASSES:
            found = part[part["correct"] == correct]
            marker = {"color": class_color} if color is None else paint(found)
            figure.add_trace(points(found, metric, name or class_name, {**marker, **size, "symbol": symbol}))
            shown = color is None or (bool(name) and correct == entry)
            figure.data[-1].update(legendgroup=name, showlegend=shown)
    if color is not None:
        for _, name, _, symbol in CLASSES:
            figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", name=name, marker_symbol=symbol))
            figure.data[-1].update(marker={"color": NEUTRAL, "size": 8}, hoverinfo="skip")
    for trace in _histograms(rows, metric):
        figure.add_trace(trace)
    quiet = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
    figure.update_layout(
        template="plotly_white",
        barmode="overlay",
        bargap=0,
        paper_bgcolor=PLAIN,
        plot_bgcolor=PLAIN,
        margin={"l": 64, "r": 8, "t": 34, "b": 48},
        legend={"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom", "itemsizing": "constant"},
        coloraxis={"colorscale": "Viridis", "colorbar": {"title": {"text": color}, "thickness": 12, "x": 1.0}},
        hovermode="closest",
        dragmode="zoom",
        xaxis={"title": {"text": "cosine similarity"}, "domain": [0, 0.86], "zeroline": False},
        yaxis={"title": {"text": title or metric}, "domain": [0, 0.86], "zeroline": False},
        xaxis2={"domain": [0.88, 1], **quiet},
        yaxis2={"domain": [0.88, 1], **quiet},
        shapes=window_shapes(bins),
    )
    return figure


def points(rows: pd.DataFrame, metric: str, name: str, marker: dict[str, Any]) -> go.Scattergl:
    """The points of some pairs."""
    return go.Scattergl(
        x=rows["cosine"],
        y=rows[metric],
        customdata=rows.index.tolist(),
        mode="markers",
        name=name,
        marker={"size": 7, "opacity": 0.7, **marker},
        text=[f"{isolated(a)} and {isolated(b)}" for a, b in zip(rows["query_id"], rows["gallery_id"], strict=True)],
        hovertemplate="%{text}<br>cosine %{x:.3f}, metric %{y:.4g}",
    )


def isolated(name: str) -> str:
    """A name whose direction, where it is from right to left, moves nothing beside it, nor the parts of its path."""
    if not any(bidirectional(letter) in ("R", "AL") for letter in name):
        return name
    return "/".join(f"\u2068{part}\u2069" for part in name.split("/"))


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
            figure.add_trace(points(rows[rows["correct"] == correct], metric, name, {"color": color, "symbol": symbol}))
            figure.data[-1].visible = (layer, metric) == views[0]
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
    return stand_alone(figure)


def stand_alone(figure: go.Figure, title: str = "Pairs") -> str:
    """A page of the figure that needs nothing beside itself, as large as its window. title: of the page."""
    page = figure.to_html(include_plotlyjs=True, full_html=True, config=PRIVATE, default_height="96vh")
    return page.replace("</head>", f"<title>{html.escape(title)}</title></head>", 1)


def with_words(figure: go.Figure, title: str, facts: Iterable[str]) -> go.Figure:
    """The figure with a title, and lines below it of what is shown."""
    below = "<br>".join(html.escape(fact) for fact in facts)
    lines = below.count("<br>") + 1
    figure.update_layout(
        title={"text": html.escape(title), "x": 0.01, "y": 0.985, "yanchor": "top"},
        margin={"t": 84, "b": 78 + 18 * lines},
        paper_bgcolor="white",
    )
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        axis.update(showline=True, linecolor="#999999", showgrid=True, automargin=True)
    figure.add_annotation(
        text=below, xref="paper", yref="paper", x=0, y=0, yshift=-56, xanchor="left", yanchor="top", showarrow=False,
        align="left", font={"size": 12, "color": "#59636e"},
    )  # fmt: skip
    return figure


def _layout(found: dict[str, Any], layer: str, metric: str) -> dict[str, Any]:
    """What changes with the view, as plotly's `update` takes it."""
    rho, delta = ("none" if found[name] is None else f"{found[name]:.2f}" for name in ("rho", "delta"))
    count = found["correct"] + found["incorrect"]
    return {
        "title.text": f"{metric} at {layer}: rho {rho}, Delta {delta}, {count} pairs",
        "xaxis.title.text": "cosine similarity",
        "yaxis.title.text": metric,
        "shapes": window_shapes(found["bins"]),
    }


def window_shapes(bins: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hard window and the edges of its bins, as plotly's shapes."""
    if not bins:
        return []
    tall = {"yref": "y domain", "y0": 0, "y1": 1, "layer": "below"}
    start, stop = bins[0]["start"], bins[-1]["stop"]
    edges = [start, *(found["stop"] for found in bins)]
    area = {**tall, "type": "rect", "x0": start, "x1": stop, "fillcolor": WINDOW, "line": {"width": 0}}
    line = {"color": EDGE, "width": 1, "dash": "dot"}
    return [area, *({**tall, "type": "line", "x0": edge, "x1": edge, "line": line} for edge in edges)]


def color_groups(rows: pd.DataFrame, color: str | None) -> Iterator[tuple[str, pd.DataFrame, Any]]:
    """Name of a group of points, its rows, and what paints any of them; the most frequent value first."""
    if color is None:
        yield "", rows, dict
    elif pd.api.types.is_numeric_dtype(rows[color]):
        yield "", rows, lambda part: {"color": part[color].to_numpy(), "coloraxis": "coloraxis"}
    else:
        values = rows[color].astype(str)
        names = list(values.value_counts().index[:GROUPS])
        colors = [*match_colors(GROUPS, "okabe-ito")[: len(names)], NEUTRAL]
        grouped = values.where(values.isin(names), "other")
        for name, one in zip(dict.fromkeys([*names, "other"]), colors, strict=False):  # a value may be "other" itself
            if (grouped == name).any():
                yield name, rows[grouped == name], lambda part, one=one: {"color": one}


def _histograms(rows: pd.DataFrame, metric: str) -> Iterator[go.Bar]:
    for column, upright in (("cosine", True), (metric, False)):
        if rows.empty:
            return
        edges = np.histogram_bin_edges(rows[column].to_numpy(float), BARS)
        for correct, name, color, _ in CLASSES:
            counts, _ = np.histogram(rows.loc[rows["correct"] == correct, column].to_numpy(float), edges)
            middles = (edges[1:] + edges[:-1]) / 2
            x, y = (middles, counts) if upright else (counts, middles)
            yield go.Bar(
                x=x,
                y=y,
                **({"yaxis": "y2"} if upright else {"xaxis": "x2"}),
                width=np.diff(edges),
                orientation="v" if upright else "h",
                name=name,
                marker={"color": color, "line": {"width": 0}},
                opacity=0.55,
                showlegend=False,
                hoverinfo="skip",
            )


def _nested(flat: dict[str, Any]) -> dict[str, Any]:
    """ "title.text" as plotly's Python takes it: title_text."""
    return {name.replace(".", "_"): value for name, value in flat.items()}
