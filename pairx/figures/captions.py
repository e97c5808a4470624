"""The words below a figure: by what it was made, and what has to be known to read it."""

from __future__ import annotations

from collections.abc import Iterable

from pairx.figures.cells import DEFAULT_MODEL, method_of, shown_of, takes_background
from pairx.figures.computed import Figure, Panel
from pairx.figures.sources import RANDOM
from pairx.figures.titles import name_of
from pairx.methods import card_of
from pairx.types import Explanation, said_size

_UNSAID = ("model", "model_key", "size", "layer", "stride", "grid", "version", "k_lines", "k_colors", "sign", "account")


def caption(figure: Figure) -> tuple[str, ...]:
    """Lines of what was computed. Without a caption only that weights are random, which nobody may overlook."""
    if not figure.spec.caption:
        return tuple(note for note in figure.notes if RANDOM in note)
    panels = [panel for row in figure.panels for panel in row]
    done = [panel for panel in panels if isinstance(panel.result, Explanation)]
    lines = [_said(figure, done), _read(panels), *figure.notes]
    return tuple(line for line in lines if line)


def _said(figure: Figure, done: list[Panel]) -> str:
    """Models, layers, methods and their settings, and the similarities."""
    results = [panel.result for panel in done if isinstance(panel.result, Explanation)]
    parts = []
    for model in dict.fromkeys(one.settings.get("model") for one in results):
        own = [one for one in results if one.settings.get("model") == model]
        sizes = _listed(said_size(one.settings.get("size")) for one in own)
        layers = [one.settings.get("layer") for one in own]
        layers = [str(layer) for layer in dict.fromkeys(layers) if layer]
        title = next(_title(panel) for panel in done if _model(panel) == model)
        said = f"layer {layers[0]}" if len(layers) == 1 else f"layers {_listed(layers)}"
        parts.append(f"{title} ({sizes}), {said}")
    methods = [method_of(panel.settings) for panel in done]
    named = {card_of(name).title for name in methods}
    if not named <= {*figure.row_titles, *figure.column_titles}:
        parts.append(_listed(card_of(name).title for name in methods))
    parts += _chosen(done)
    if backgrounds := _listed(_backgrounds(figure)):
        parts.append(f"Background: {backgrounds}")
    told = {(id(panel.pair), _model(panel)): one.similarity for panel, one in zip(done, results, strict=True)}
    similarities = [f"{one:.2f}".replace("-", "−") for one in told.values()]
    if similarities and len(similarities) <= 12:
        parts.append(f"Cosine similarity {', '.join(similarities)}")
    return ". ".join(part for part in parts if part) + "." if parts else ""


def _read(panels: list[Panel]) -> str:
    """How the colours read."""
    shown = {shown_of(panel.settings) for panel in panels}
    parts = []
    if shown & {"map", "matches", "both", "point"}:
        parts.append(_signs([panel.result for panel in panels if isinstance(panel.result, Explanation)]))
    if shown & {"matches", "both"} and any(_matched(panel) for panel in panels):
        lines = _listed(
            str(20 if one.settings.lines is None else one.settings.lines) for one in panels if _matched(one)
        )
        parts.append(f"Lines: the strongest matches, {lines} at most; dashed blue ones lower the similarity.")
    if shown & {"colours", "both"}:
        parts.append("Pixels have the colour of the match that rests on them.")
    if "point" in shown:
        parts.append(
            "What each place of the second photograph adds together with the crossed one; ringed: the strongest."
        )
    if "labels" in shown:
        parts.append(
            "Labels of the first photograph, and of the second as large a part for each, where the evidence together "
            "with it is the strongest; parts may overlap."
        )
    return " ".join(parts)


def _signs(results: list[Explanation]) -> str:
    """What red and blue mean: for some methods less than for others."""
    plain = [one for one in results if one.settings.get("cells", "signed") == "signed"]
    by_convention = _listed(card_of(one.method).title for one in plain if one.settings.get("sign") == "convention")
    said = "Red raises the similarity, blue lowers it"
    if by_convention:
        said += f"; of {by_convention} the sign is a convention"
    if len(plain) < len(results):
        said = "Red matters, either way" if not plain else f"{said}; without blue, red matters either way"
    return f"{said}."


def _matched(panel: Panel) -> bool:
    return isinstance(panel.result, Explanation) and panel.result.matches is not None


def _model(panel: Panel) -> str | None:
    return panel.result.settings.get("model") if isinstance(panel.result, Explanation) else None


def _title(panel: Panel) -> str:
    wanted = panel.settings.model or DEFAULT_MODEL
    return f"{wanted.name}, random weights" if wanted.random else wanted.name


def _chosen(done: list[Panel]) -> list[str]:
    """The options that the author chose, with the methods that take them where these are not all."""
    takers: dict[str, list[str]] = {}
    for panel in done:
        for name, value in _options(panel):
            takers.setdefault(f"{name.replace('_', ' ')} {value}", []).append(card_of(method_of(panel.settings)).title)
    every = {card_of(method_of(panel.settings)).title for panel in done}
    grouped: dict[str, list[str]] = {}
    for text, titles in takers.items():
        grouped.setdefault("" if set(titles) == every else _listed(titles), []).append(text)
    return [f"{titles}: {_listed(texts)}" if titles else _listed(texts) for titles, texts in grouped.items()]


def _backgrounds(figure: Figure) -> list[str]:
    """What stands for absent, with the titles of the rows or columns where it is not the same in all."""
    shown = [
        (_background(panel), column or row)
        for row, panels in zip(figure.row_titles, figure.panels, strict=True)
        for column, panel in zip(figure.column_titles, panels, strict=True)
        if method_of(panel.settings)
    ]
    same = len({name for name, _ in shown}) == 1
    return [name if same or not title else f"{name} ({title})" for name, title in shown if name]


def _background(panel: Panel) -> str | None:
    """What stands for absent, where the author said it and the method takes it."""
    said = panel.settings.background
    if said is None or not takes_background(method_of(panel.settings)):
        return None
    return said if isinstance(said, str) else name_of(said)


def _options(panel: Panel) -> Iterable[tuple[str, object]]:
    """What the author chose of a method's options."""
    said = dict(panel.settings.options or ())
    known = panel.result.settings if isinstance(panel.result, Explanation) else {}
    return [
        (name, value) for name, value in said.items() if (name in known or name == "preset") and name not in _UNSAID
    ]


def _listed(names: Iterable[str | None]) -> str:
    return ", ".join(dict.fromkeys(name for name in names if name))
