"""Files that people take away: the figure as it looks on the screen, and the raw values."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from pairx import viz
from pairx.types import Explanation, ImagePair, InputError, Matches
from pairx.ui.shared.links import MOST_COLORS, MOST_LINES

KINDS = ("png", "svg", "pdf", "npz")


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


def content(explanation: Explanation, pair: ImagePair, kind: str, look: viz.Look) -> bytes:
    """The bytes of a file. Raises InputError for another kind."""
    if kind not in KINDS:
        raise InputError(f"There is no download of this kind: choose {', '.join(KINDS)}.")
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
        path = Path(folder) / f"file.{kind}"
        if kind == "npz":
            explanation.save(path)
        else:
            viz.draw(explanation, pair, look).save(path)
        return path.read_bytes()
