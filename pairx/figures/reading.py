"""From a specification's text to a `Spec`: all of it checked but what only files and models can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pairx.figures.cells import check_cells
from pairx.figures.nodes import Node, Problems, Reader, each, read
from pairx.figures.pairs import check_view
from pairx.figures.spec import (
    GROUNDS,
    NARROWEST,
    SCALES,
    SHOWN,
    WIDEST,
    WIDTHS,
    Entry,
    FromRun,
    Pair,
    Scatter,
    Settings,
    Spec,
)
from pairx.figures.values import Values
from pairx.viz import palettes
from pairx.viz.text import LEAST

MOST_ENTRIES = 60
MOST_PANELS = 240
MOST_LABELS, MOST_INSETS = 12, 3
_OWN = ("title",)
_PHOTOGRAPH = ("box", "theta", "mirrored")


def read_spec(text: str) -> Spec:
    """The figure that a text in YAML specifies. Raises SpecError, which tells every problem with its line: unknown
    names, each with the nearest known one, values of another kind or out of range, methods, models and options that do
    not exist, and what does not go together. Files are looked at once the figure is made."""
    problems = Problems()
    root = read(text, problems)
    spec = _Reading(problems).spec(root)
    check_cells(spec, problems)
    problems.raise_any()
    return spec


class _Reading(Values):
    """Reads the parts."""

    def spec(self, root: Node) -> Spec:
        top = Reader(root, self.problems, "The figure")
        rows, columns = (self._axis(top, name) for name in ("rows", "columns"))
        if not rows:
            top.fail("rows", "The figure has no rows: give at least `rows: {pairs: [[a.jpg, b.jpg]]}`.")
        if len(rows) * max(1, len(columns)) > MOST_PANELS:
            top.fail("rows", f"{len(rows)} rows of {len(columns)} are too many panels: {MOST_PANELS} are the most.")
        given: dict[str, Any] = {
            "title": top.text("title"),
            "width": self._width(top),
            "size": top.number("font_size", LEAST, 24),
            "ground": top.one_of("ground", GROUNDS),
            "dpi": top.whole("dpi", 72, 1200),
            "scale": top.one_of("scale", SCALES),
            "bars": top.flag("bars"),
            "caption": top.flag("caption"),
            "outlines": top.flag("outlines"),
            "palette": top.one_of("palette", palettes()),
            "opacity": top.number("opacity", 0, 1),
            "scatter": self._scatter(top),
        }
        base = self._settings(top)
        top.done()
        known = {name: value for name, value in given.items() if value is not None}
        columns = columns or (Entry(Settings(), "", root.line),)
        return Spec(rows, columns, base, **known, source=root, paths=tuple(self.paths))

    def _width(self, top: Reader) -> float | None:
        node = top.get("width")
        if node is None or not isinstance(node.value, str) or not node.value[:1].isalpha():
            return top.number("width", NARROWEST, WIDEST)
        return WIDTHS[node.value] if top.known(node.value, WIDTHS, node.line, "journal's column named") else None

    def _scatter(self, top: Reader) -> Scatter | None:
        own = top.inner("scatter", "scatter")
        if own is None:
            return None
        run = self.path(own, "run")
        found = Scatter(run or "", own.text("metric"), own.text("layer"), own.node.line)
        if run is None:
            own.fail("run", "scatter takes a run: its folder, or sample.")
        own.done()
        return found

    def _axis(self, top: Reader, name: str) -> tuple[Entry, ...]:
        node = top.get(name)
        if node is None:
            return ()
        if isinstance(node.value, list):
            return each(top.items(name, MOST_ENTRIES), lambda one: self._entry(one, ""))
        axis = Reader(node, self.problems, name)
        kinds = [kind for kind in _KINDS if kind in axis.names]
        if len(kinds) > 1:
            axis.fail(kinds[1], f"{name} varies one thing: {kinds[0]} or {kinds[1]}.")
        found: tuple[Entry, ...] = ()
        if kinds:
            found = each(axis.items(kinds[0], MOST_ENTRIES), lambda one: self._entry(one, kinds[0]))
        axis.done(_KINDS)
        return found

    def _entry(self, node: Node, kind: str) -> Entry | None:
        """A row or a column: a mapping of settings, or the one value of its kind in short."""
        name, short_form = _KINDS.get(kind, ("", None))
        own = isinstance(node.value, dict) and (kind != "options" or {name, *_OWN} & node.value.keys())
        if own:
            reader = Reader(node, self.problems, f"An item of {kind}" if kind else "A row or column")
            title = reader.text("title")
            settings = self._settings(reader)
            reader.done()
            return Entry(settings, title, node.line)
        if short_form is None:
            return self.problems.add(node.line, "A row or column is names with values, such as `method: grad-cam`.")
        wrapped = Reader(Node({name: node}, node.line, node.path), self.problems, kind)
        value = short_form(self, wrapped, name)
        return (
            None if value is None else Entry(replace(Settings(), **{_FIELDS.get(name, name): value}), None, node.line)
        )

    def _settings(self, reader: Reader) -> Settings:
        """The settings among the names of a mapping."""
        labels = each(reader.items("labels", MOST_LABELS), self.label) or None
        insets = each(reader.items("insets", MOST_INSETS), self.inset) or None
        return Settings(
            pair=self._pair_of(reader),
            model=self.model(reader, "model"),
            layer=reader.text("layer") or None,
            method=reader.text("method") or None,
            options=self.options(reader, "options"),
            background=self.background(reader, "background"),
            point=reader.numbers("point", 2),  # type: ignore[arg-type]
            labels=labels,
            insets=insets,
            show=reader.one_of("show", SHOWN),
            side=self.side(reader, "photograph"),
            lines=reader.whole("lines", 0, 200),
            colours=reader.whole("colours", 1, 40),
        )

    def _pair_of(self, reader: Reader) -> Pair | FromRun | None:
        """A pair among the names of a mapping: `pair: [a, b]`, `a` and `b`, or `run`."""
        run, pair = reader.get("run"), self.pair(reader, "pair")
        view, first = reader.text("view"), reader.whole("first", 1, MOST_ENTRIES)
        metric, layer = reader.text("metric"), reader.text("run_layer")
        correct = reader.flag("correct")
        a, b = (self.photograph(reader, name) for name in ("a", "b"))
        if run is not None:
            found = FromRun(self.path(reader, "run") or "", view or "", first or 1, layer, metric, reader.line("run"))
            if view is None:
                reader.fail("run", "A run's pairs are named by a view, such as `view: most plausible incorrect`.")
            else:
                check_view(view, reader.line("view"), self.problems)
            return found
        for name in ("view", "first", "metric", "run_layer"):
            if reader.get(name) is not None:
                reader.fail(name, f"{name} is of a run: give `run: FOLDER` beside it.")
        if (a is None) != (b is None) and {"a", "b"} & reader.names.keys() != {"a", "b"}:
            reader.problems.add(reader.node.line, "A pair is two photographs: give both a and b.")
        if a is not None and b is not None:
            pair = Pair(a, b)
        if pair is None:
            return None if correct is None else reader.fail("correct", "correct is of a pair: give a and b beside it.")
        return replace(pair, correct=correct)


_KINDS: dict[str, tuple[str, Callable[[Values, Reader, str], Any]]] = {
    "pairs": ("pair", Values.pair),
    "methods": ("method", Values.word),
    "layers": ("layer", Values.word),
    "models": ("model", Values.model),
    "options": ("options", Values.options),
    "backgrounds": ("background", Values.background),
    "photographs": ("photograph", Values.side),
    "shows": ("show", Values.shown),
}
"""What rows or columns vary: the setting of each, and what reads its short form."""
_FIELDS = {"photograph": "side"}
