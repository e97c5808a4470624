"""Makes a figure again from what its file says of how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pairx.figures.computed import Figure
from pairx.figures.computing import figure_steps
from pairx.figures.drawing import drawn
from pairx.figures.reading import read_spec
from pairx.figures.record import embedded, format_of, read_record, record
from pairx.figures.sources import Sources
from pairx.types import Computation


@dataclass(frozen=True)
class Remade:
    """A figure made again. data: its file, of the format of the first. identical: whether that is, byte for byte, what
    the first file holds. differs: what is not as it was when that was made, a sentence each."""

    figure: Figure
    data: bytes
    identical: bool
    differs: tuple[str, ...]


def remake_steps(path: Path, sources: Sources | None = None) -> Computation[Remade]:
    """Make the figure of a file again; its paths start at the file's folder. Yields Steps. Raises SpecError where its
    photographs are gone, and InputError where the file does not say how it was made."""
    before, folder = read_record(path), path.absolute().parent
    figure = yield from figure_steps(read_spec(before["spec"]), folder, sources)
    now = record(figure, before["dpi"], folder)
    differs = tuple(_differences(before, now))
    format, old = format_of(path), path.read_bytes()
    data = embedded(drawn(figure, format, before["dpi"]), format, now if differs else before)
    if not differs and data != old:
        differs = ("It was edited, or made where other fonts are installed: the file is not the same.",)
    return Remade(figure, data, data == old, differs)


def _differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    old = {one["source"]: one["sha256"] for one in before["photographs"]}
    new = {one["source"]: one["sha256"] for one in now["photographs"]}
    for name in new:
        if name not in old:
            yield f"{name} was not in it."
        elif new[name] != old[name]:
            yield f"{name} holds another photograph than then."
    yield from (f"{name} is no longer in it." for name in old if name not in new)
    for name, key in now["models"].items():
        if (then := before["models"].get(name)) != key:
            yield f"The model {name} has other weights or another input than then ({then} then, {key} now)."
    for name in {**before["versions"], **now["versions"]}:
        then, today = (one["versions"].get(name, "none") for one in (before, now))
        if then != today:
            what = {"code": "The code that computes", "drawing": "The code that draws"}.get(name, name)
            yield f"{what} is another version than then ({then} then, {today} now)."
