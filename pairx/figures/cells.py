"""Whether the panels that a specification asks for can be: what only rows, columns and figure together tell."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Any

from pairx import core, methods
from pairx.figures.nodes import Problems, short
from pairx.figures.pairs import SAMPLE
from pairx.figures.spec import Entry, Model, Pair, Settings, Spec
from pairx.models import list_models
from pairx.types import InputError, MethodCard

PAIR_X = core.CARD.name
DEFAULT_MODEL = Model("reid-lite0")
MOST_MAPS = 400
"""Pixel maps of all panels together, of each photograph: half a gigabyte at 416 px."""
_OPEN = re.compile(r"^(timm:|hf[-_]hub:|[./~])|\.(safetensors|pth|pt|bin)$", re.IGNORECASE)


def method_of(settings: Settings) -> str:
    """By which a panel is made; "" where it shows photographs alone."""
    return "" if settings.show == "photographs" else settings.method or PAIR_X


def shown_of(settings: Settings) -> str:
    """What a panel shows."""
    return settings.show or "matches"


def options_of(settings: Settings) -> dict[str, Any]:
    """Of the options that a panel's row, column and figure name, those that its method takes."""
    name = method_of(settings)
    known = {*methods.option_names(name), *(("preset",) if name == PAIR_X else ())}
    return {option: value for option, value in settings.options or () if option in known}


def takes_background(method: str) -> bool:
    """Whether something stands for absent in a method."""
    return "background" in methods.option_names(method)


def check_cells(spec: Spec, problems: Problems) -> None:
    """Add what is wrong with the panels, each problem once. What is missing may have been written wrong, and is said
    only where nothing was."""
    found: dict[tuple[int, str], None] = {}
    cells = [(row, column, spec.cell(row, column)) for row in spec.rows for column in spec.columns]
    for row, column, settings in cells:
        found |= dict.fromkeys(_of_panel(spec, row, column, settings))
        if spec.scatter is not None and column.settings.pair is not None:
            found[column.line, "A scatter has a number for each row's pair: put the pairs into rows."] = None
        if settings.pair is None and not problems.found:
            found[row.line, "This row has no pair, and neither has its column: give a and b."] = None
    known = [settings for _, _, settings in cells if method_of(settings) in methods.cards()]
    found |= dict.fromkeys(_of_all(spec, known))
    for line, text in found:
        problems.add(line, text)


def _of_panel(spec: Spec, row: Entry, column: Entry, settings: Settings) -> Iterator[tuple[int, str]]:
    def line(name: str) -> int:
        said = next((entry for entry in (column, row) if getattr(entry.settings, name) is not None), None)
        return said.line if said else line_of(spec, {"side": "photograph"}.get(name, name))

    if spec.outlines and isinstance(settings.pair, Pair) and not _is_judged(settings.pair):
        text = "The outline of this pair has to know whether it is correct: add `correct: true` or `correct: false`."
        yield settings.pair.a.line, text
    if settings.model is not None and (wrong := _unknown_model(settings.model)):
        yield settings.model.line, wrong
    name = method_of(settings)
    if not name:
        return
    try:
        card = methods.card_of(name)
    except InputError:
        close = difflib.get_close_matches(name, methods.cards(), 1)
        advice = f"Did you mean {close[0]}?" if close else "`python -m pairx methods` lists all."
        yield line("method"), f"There is no method {short(name)}. {advice}"
        return
    try:
        methods.options_of(name, **options_of(settings))
    except (InputError, TypeError, ValueError) as error:
        yield line("options"), str(error)
    yield from ((line(at), text) for at, text in _unfit(settings, card))


def _unfit(settings: Settings, card: MethodCard) -> Iterator[tuple[str, str]]:
    """What a method cannot show, each with the setting at fault."""
    shown = shown_of(settings)
    if shown in ("colours", "both") and card.name != PAIR_X:
        yield "show", f"{shown} are PAIR-X's: {card.name} has no pixels behind its matches. Show its map."
    if shown in ("point", "labels"):
        if getattr(settings, {"point": "point", "labels": "labels"}[shown]) is None:
            what = "point: [x, y]" if shown == "point" else "labels: [{name: head, box: [x, y, w, h]}]"
            yield "show", f"To show {shown}, say which in the first photograph: `{what}`."
        if not card.second_order:
            able = [name for name, one in methods.cards().items() if one.second_order]
            text = f"To show {shown} takes a method that tells pairs of places, not {card.name}: {', '.join(able)}."
            yield "method" if settings.method else "show", text


def _of_all(spec: Spec, cells: list[Settings]) -> Iterator[tuple[int, str]]:
    """What no panel, or not all of them together, can do."""
    names = {method_of(settings) for settings in cells}
    taken = {option for name in names for option in methods.option_names(name)} | {"preset"}
    for entry in (Entry(spec.base, None, line_of(spec, "options")), *spec.rows, *spec.columns):
        for option, _ in entry.settings.options or ():
            if option not in taken:
                close = difflib.get_close_matches(option, taken, 1)
                advice = f" Did you mean {close[0]}?" if close else ""
                yield entry.line, f"None of these methods has an option {short(option)}.{advice}"
    if any(one.background is not None for one in cells) and not any(map(takes_background, names)):
        yield line_of(spec, "background"), "None of these methods takes a background."
    maps = sum(settings.colours or 10 for settings in cells if shown_of(settings) in ("colours", "both"))
    if maps > MOST_MAPS:
        text = f"{maps} matches in colour are too many for one figure: {MOST_MAPS} in all panels are the most."
        yield line_of(spec, "show"), text
    for group in groups(spec, spec.scale):
        mixed = {method_of(spec.cell(*entries)) for entries in group} - {""}
        if len(mixed) > 1:
            text = f"Methods measure in units of their own: {' and '.join(sorted(mixed)[:2])} cannot share a scale."
            yield line_of(spec, "scale"), f"{text} Share it by {'row' if spec.scale == 'column' else 'column'}, or not."
            return


def groups(spec: Spec, scale: str) -> list[list[tuple[Entry, Entry]]]:
    """The panels, as (row, column), in groups that share a scale."""
    if scale == "row":
        return [[(row, column) for column in spec.columns] for row in spec.rows]
    if scale == "column":
        return [[(row, column) for row in spec.rows] for column in spec.columns]
    every = [(row, column) for row in spec.rows for column in spec.columns]
    return [every] if scale == "all" else [[one] for one in every]


def line_of(spec: Spec, name: str) -> int:
    """Where the figure itself says something, or its first line."""
    names = spec.source.value if spec.source is not None and isinstance(spec.source.value, dict) else {}
    return names[name].line if name in names else 1


def _is_judged(pair: Pair) -> bool:
    """Whether it is known, or will be, that a pair is correct or not: the sample knows its own."""
    return pair.correct is not None or all(one.source.startswith(f"{SAMPLE}:") for one in (pair.a, pair.b))


def _unknown_model(model: Model) -> str:
    if _OPEN.search(model.name):
        return ""
    known = [card.name for card in list_models()]
    if model.name in known:
        return ""
    close = difflib.get_close_matches(model.name, known, 1)
    advice = f"Did you mean {close[0]}?" if close else "`python -m pairx models` lists all; timm:NAME is another."
    return f"There is no model {short(model.name)}. {advice}"
