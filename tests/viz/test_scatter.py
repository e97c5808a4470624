"""The scatter page: every pair with a metric is a point of its class, and nothing comes from elsewhere."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd

from pairx.viz.scatter import scatter_html

BINS = [{"start": 0.1 * i, "stop": 0.1 * (i + 1)} for i in range(1, 5)]


def page(n: int = 40) -> str:
    rng = np.random.default_rng(0)
    rows = {
        "query_id": [f"q{i}" for i in range(n)],
        "gallery_id": [f"g{i}" for i in range(n)],
        "correct": rng.random(n) < 0.5,
        "cosine": rng.random(n),
        "layer": ["a", "b"] * (n // 2),
        "coverage": rng.random(n),
        "residual": np.where(np.arange(n) < 6, [np.nan, np.inf] * (n // 2), rng.random(n)),
    }
    found = {"rho": 0.25, "delta": None, "correct": 9, "incorrect": 8, "bins": BINS}
    layer = {"coverage": found, "residual": {**found, "delta": 0.5, "bins": []}}
    return scatter_html(pd.DataFrame(rows), {"layers": {"a": layer, "b": layer}}, ("coverage", "residual"))


def newest_plot(html: str) -> tuple[list, dict]:
    """Traces and layout, from the call that draws them."""
    call = html[html.rindex("Plotly.newPlot(") :]
    decode = json.JSONDecoder().raw_decode
    traces, end = decode(call, call.index("["))
    layout, _ = decode(call, call.index("{", end))
    return traces, layout


def count(values: dict | list) -> int:
    """How many numbers plotly wrote, as a list or as base64 of float64."""
    return len(values) if isinstance(values, list) else len(values["bdata"]) * 3 // 4 // 8


def test_points_and_views() -> None:
    traces, layout = newest_plot(page())
    assert [trace["name"] for trace in traces] == ["correct", "incorrect"] * 4
    assert traces[0]["marker"]["color"] != traces[1]["marker"]["color"]
    assert traces[0]["marker"]["symbol"] != traces[1]["marker"]["symbol"]
    sizes = [count(trace["x"]) for trace in traces]
    assert [sum(sizes[i : i + 2]) for i in range(0, 8, 2)] == [20, 20, 17, 17]
    assert [trace["visible"] for trace in traces] == [True, True] + [False] * 6
    buttons = layout["updatemenus"][0]["buttons"]
    assert [button["label"] for button in buttons] == ["coverage, a", "coverage, b", "residual, a", "residual, b"]
    assert buttons[2]["args"][0]["visible"] == [False] * 4 + [True] * 2 + [False] * 2
    assert layout["title"]["text"] == "coverage at a: rho 0.25, Delta none, 17 pairs"
    area, *edges = layout["shapes"]
    assert (area["x0"], area["x1"]) == (0.1, 0.5)
    assert [edge["x0"] for edge in edges] == [0.1, *(one["stop"] for one in BINS)]
    assert buttons[2]["args"][1]["shapes"] == []


def test_the_page_stands_alone() -> None:
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=", page())
