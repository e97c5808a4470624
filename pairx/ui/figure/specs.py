"""A figure as the page holds it: a specification's values, its rows and columns as lists. What comes from a browser may
hold anything: all of it is read by `pairx.figures`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pairx.baselines.backgrounds import BACKGROUNDS
from pairx.figures import SpecError, read_record, read_spec
from pairx.figures.making import text_of
from pairx.figures.spec import FORMATS, Entry, FromRun, Spec
from pairx.types import InputError

MOST_PANELS = 60
"""Of a figure here; `pairx figure` makes larger ones."""
AXES = ("rows", "columns")
TITLES = {"rows": "Row", "columns": "Column"}
_BREAKS = {ord(one): f"\\u{ord(one):04x}" for one in "\x85\u2028\u2029"}
_SHORT = {
    "pairs": "pair", "methods": "method", "layers": "layer", "models": "model", "options": "options",
    "backgrounds": "background", "photographs": "photograph", "shows": "show",
}  # fmt: skip
"""The lists that a specification may give in place of rows or columns, with the setting of each."""


def spec_of(figure: Any) -> Spec:
    """The specification of a figure of the page. Raises InputError: every problem, with its row or column."""
    if not isinstance(figure, dict) or not isinstance(figure.get("rows"), list) or not figure["rows"]:
        raise InputError("The figure has no rows. Press Add to figure beside a picture.")
    text, lines = _written(figure)
    try:
        spec = read_spec(text)
    except SpecError as error:
        raise InputError(placed(error, lines)) from error
    panels = math.prod(sum(map(_count, axis)) for axis in (spec.rows, spec.columns))
    if panels > MOST_PANELS:
        raise InputError(
            f"{panels} panels are too many here: {MOST_PANELS} are the most. Download the specification, and run "
            "`pairx figure` on it."
        )
    return spec


def _count(entry: Entry) -> int:
    """Of how many rows or columns an entry is."""
    return entry.settings.pair.first if isinstance(entry.settings.pair, FromRun) else 1


def placed(error: SpecError, lines: dict[int, str]) -> str:
    """The problems of a specification, each with the row or column that it is of."""
    said = [f"{lines[line]}: {text}" if line in lines else text for line, text in error.problems]
    return " ".join(dict.fromkeys(said[:5])) + (f" And {len(said) - 5} more." if len(said) > 5 else "")


def places(figure: dict[str, Any]) -> dict[int, str]:
    """What stands in which line of a figure's text."""
    return _written(figure)[1]


def _written(figure: dict[str, Any]) -> tuple[str, dict[int, str]]:
    """A figure as text with a line for each row and column, and what stands in which line."""
    lines, known = ["{"], {}
    for axis in AXES:
        entries = figure.get(axis)
        if not isinstance(entries, list) or not entries:
            continue
        lines.append(f"{json.dumps(axis)}: [")
        for number, entry in enumerate(entries):
            lines.append(_json(entry) + ",")
            known[len(lines)] = f"{TITLES[axis]} {number + 1}"
        lines[-1] = lines[-1].removesuffix(",")
        lines.append("],")
    rest = {name: value for name, value in figure.items() if name not in AXES}
    lines += [f"{_json(str(name))}: {_json(value)}," for name, value in rest.items()]
    lines[-1] = lines[-1].removesuffix(",")
    return "\n".join([*lines, "}"]), known


def _json(value: Any) -> str:
    """JSON in one line, as YAML counts lines."""
    return json.dumps(value, ensure_ascii=False, default=str).translate(_BREAKS)


def opened(path: Path) -> dict[str, Any]:
    """The figure of a file that was uploaded: a specification, or a figure that was made by one. Raises InputError."""
    is_figure = path.suffix.lower().removeprefix(".") in FORMATS
    source = read_spec(read_record(path)["spec"] if is_figure else text_of(path)).source
    values = source.plain() if source is not None else {}
    return values | {axis: [*_listed(values.get(axis))] for axis in AXES}


def _listed(axis: Any) -> Iterator[dict[str, Any]]:
    """Rows or columns, each as a mapping."""
    if isinstance(axis, dict):
        kind = next((one for one in _SHORT if one in axis), "pairs")
        for value in _items(axis.get(kind)):
            whole = isinstance(value, dict) and (kind != "options" or {"options", "title"} & value.keys())
            yield from _listed([value if whole else {_SHORT[kind]: value}])
        return
    for entry in _items(axis):
        pair = entry.get("pair")
        rest = {name: value for name, value in entry.items() if name != "pair"}
        yield {"a": pair[0], "b": pair[1], **rest} if isinstance(pair, list) else entry


def _items(value: Any) -> list[Any]:
    """The items of a list, or a single one."""
    return value if isinstance(value, list) else [value] if value else []


def photographs(entry: Any) -> list[str]:
    """The photographs of a row or column, as its values name them."""
    if not isinstance(entry, dict):
        return []
    pair = entry.get("pair")
    values = [entry.get("a"), entry.get("b"), *(pair if isinstance(pair, list) else [])]
    if entry.get("background") not in BACKGROUNDS:
        values.append(entry.get("background"))
    files = [one.get("file") if isinstance(one, dict) else one for one in values]
    return [one for one in files if isinstance(one, str)]
