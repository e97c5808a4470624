"""Files that people take away: the figure as it looks on the screen, and the raw values."""

from __future__ import annotations

import csv
import io
import math
import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pairx import viz
from pairx.types import Explanation, ImagePair, InputError, Matches
from pairx.ui.shared.links import MOST_COLORS, MOST_LINES

KINDS = ("png", "svg", "pdf", "npz", "csv")
FIGURES = KINDS[:3]
COLUMNS = ("match", "relevance", "share", "distance", "a_x", "a_y", "b_x", "b_y")


def look_from(values: Any, matches: Matches | None = None) -> viz.Look:
    """A look as the browser sent it, forced into range: it may hold anything. matches: one of which may be isolated."""
    values = values if isinstance(values, dict) else {}
    lines = _whole(values.get("lines"), 20, MOST_LINES)
    colors = _whole(values.get("colors"), 10, MOST_COLORS)
    opacity = values.get("opacity")
    palette = values.get("palette")
    isolate = values.get("isolate")
    look = viz.Look(
        lines,
        colors,
        min(1.0, max(0.0, float(opacity))) if isinstance(opacity, int | float) and opacity == opacity else 0.75,
        palette if palette in viz.palettes() else viz.palettes()[0],
    )
    if matches is None or not isinstance(isolate, int) or isinstance(isolate, bool):
        return look
    return replace(look, isolate=isolate) if isolate in viz.marked(matches, look) else look


def detail_from(values: Any) -> viz.Detail | None:
    """The part of the photographs that a look shows, forced into range; None for all. It may hold anything."""
    values = values if isinstance(values, dict) else {}
    zoom, centers = values.get("zoom"), values.get("centers")
    points = centers if isinstance(centers, list) and len(centers) == 2 else []
    numbers = [zoom, *(value for one in points if isinstance(one, list) and len(one) == 2 for value in one)]
    if len(numbers) != 5 or not all(isinstance(one, int | float) and math.isfinite(one) for one in numbers):
        return None
    zoom, *places = (float(one) for one in numbers)
    x0, y0, x1, y1 = (min(1.0, max(0.0, one)) for one in places)
    return viz.Detail(min(viz.MOST_ZOOM, max(1.0, zoom)), ((x0, y0), (x1, y1)))


def _whole(value: Any, otherwise: int, most: int) -> int:
    return min(most, max(0, int(value))) if isinstance(value, int | float) and value == value else otherwise


def file_name(explanation: Explanation, pair: ImagePair, kind: str, look: viz.Look | None = None) -> str:
    """A name that says what the file holds: both photographs, model, layer, and the match that stands alone."""
    parts = ["pairx", pair.id0, pair.id1, explanation.settings.get("model", ""), explanation.settings.get("layer", "")]
    if look is not None and look.isolate is not None:
        parts.append(f"match{look.isolate + 1}")
    plain = [
        re.sub(r"[^A-Za-z0-9.-]+", "-", Path(str(part)).stem if i in (1, 2) else str(part)).strip("-.")[:40]
        for i, part in enumerate(parts)
    ]
    return f"{'_'.join(part for part in plain if part)}.{kind}"


def content(
    explanation: Explanation,
    pair: ImagePair,
    kind: str,
    look: viz.Look,
    detail: viz.Detail | None = None,
    answer: viz.Answer | None = None,
) -> bytes:
    """The bytes of a file. detail, answer: as `pairx.viz.draw` takes them. Raises InputError for another kind."""
    if kind not in KINDS:
        raise InputError(f"There is no download of this kind: choose {', '.join(KINDS)}.")
    if kind == "csv":
        return table_of(explanation, pair).encode("utf-8-sig")
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
        path = Path(folder) / f"file.{kind}"
        if kind == "npz":
            explanation.save(path)
        else:
            viz.draw(explanation, pair, look, detail=detail, answer=answer).save(path)
        return path.read_bytes()


def table_of(explanation: Explanation, pair: ImagePair) -> str:
    """All matches as CSV, in their order: COLUMNS, places in pixels of the photographs as their files hold them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    found = explanation.matches
    if found is None:
        return text.getvalue()
    total = np.abs(found.relevance).sum() or 1.0
    a, b = pair.view0.to_photograph(found.keypoints0), pair.view1.to_photograph(found.keypoints1)
    for i in range(len(found)):
        numbers = (found.relevance[i], found.relevance[i] / total, found.distance[i])
        writer.writerow([i + 1, *(f"{value:.6g}" for value in numbers), *(f"{value:.2f}" for value in (*a[i], *b[i]))])
    return text.getvalue()
