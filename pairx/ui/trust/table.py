"""A judgement as the page shows it: methods by criteria, the controls, and what is said of each."""

from __future__ import annotations

import math

from pairx.judging.contenders import CENTRE, EDGES, RANDOM, UNTRAINED
from pairx.judging.criteria import CRITERIA, Criterion
from pairx.judging.results import Cell
from pairx.judging.truth import KINDS
from pairx.methods import cards
from pairx.ui.compare.judged import CONTROLS, no_better
from pairx.ui.compare.panels import card_rows
from pairx.ui.shared.judgements import Judged
from pairx.ui.shared.numbers import interval, plain
from pairx.ui.shared.words import capitalised
from pairx.ui.trust.payload import TrustCell, TrustChoice, TrustCriterion, TrustRow, TrustValue

MEANING = {
    RANDOM: "A random number for each place, and for each pair of places.",
    CENTRE: "A bell in the middle of the photograph, its standard deviation a quarter of a side.",
    EDGES: "The photograph's edges, whatever the model: how steep the brightness is.",
    UNTRAINED: "PAIR-X on the same model with the numbers of every weight shuffled.",
}
"""What each control is."""


def criteria() -> list[TrustCriterion]:
    """All that methods are judged by."""
    return [_criterion(one) for one in CRITERIA.values()]


def table(known: Judged, choices: list[TrustChoice]) -> TrustValue:
    """A judgement, JSON-ready."""
    results = known.results
    settings, cells = results.settings, results.cells
    pairs, individuals = (max((getattr(one, name) for one in cells), default=0) for name in ("pairs", "individuals"))
    reference = cards()[results.reference].title if results.reference in cards() else results.reference
    return {
        "chosen": known.id,
        "choices": choices,
        "about": f"{known.dataset}: {settings['photographs']} photographs, {pairs} pairs of {individuals} individuals, "
        f"with {results.model_title} at {settings['layer']}.",
        "command": results.command,
        "notes": [*results.notes],
        "rows": [
            *(_row(known, name, False, reference) for name in results.methods),
            *(_row(known, name, True, reference) for name in results.controls),
        ],
    }


def _criterion(one: Criterion) -> TrustCriterion:
    return {
        "name": one.name,
        "title": capitalised(one.title),
        "group": one.group,
        "unit": one.unit,
        "higher": one.higher,
        "needs": KINDS.get(one.needs, ""),
        "beats": ", ".join(CONTROLS.get(name, name) for name in one.beats),
        "paper": one.paper,
        "definition": one.definition,
        "page": f"docs/judge.md#{one.name}",
    }


def _row(known: Judged, name: str, control: bool, reference: str) -> TrustRow:
    card = cards().get(name)
    return {
        "method": name,
        "title": card.title if card else capitalised(name),
        "control": control,
        "card": card_rows(card) if card else [("Meaning", MEANING.get(name, ""))],
        "cells": {one.criterion: _cell(one, reference) for one in known.cells(name)},
    }


def _cell(one: Cell, reference: str) -> TrustCell:
    people = "individual" if one.individuals == 1 else "individuals"
    return {
        "mean": one.mean,
        "low": None if math.isnan(one.low) else one.low,
        "high": None if math.isnan(one.high) else one.high,
        "text": plain(one.mean),
        "interval": interval(one.low, one.high),
        "difference": _difference(one, reference),
        "count": f"{one.pairs} {'pair' if one.pairs == 1 else 'pairs'} of {one.individuals} {people}",
        "fails": no_better(one.flagged),
        "short": ", ".join(one.flagged),
    }


def _difference(one: Cell, reference: str) -> str:
    """Such as "0.52 less than PAIR-X, 0.40 to 0.61 less"."""
    if math.isnan(one.difference):
        return ""
    more = f"{plain(abs(one.difference))} {'more' if one.difference > 0 else 'less'} than {reference}"
    known = interval(one.difference_low, one.difference_high)
    return f"{more}; 95 % interval of the difference {known}" if known else more
