"""What a panel says of how its method fared where it was judged on this model."""

from __future__ import annotations

from pairx.judging.contenders import CENTRE, EDGES, RANDOM
from pairx.judging.criteria import CRITERIA
from pairx.judging.results import Cell as JudgedCell
from pairx.judging.results import Results
from pairx.ui.compare.axes import PAIR_X, Cell
from pairx.ui.compare.payload import JudgedLine, JudgedRow, PanelJudged
from pairx.ui.shared.judgements import Judged, Judgements
from pairx.ui.shared.links import Options
from pairx.ui.shared.numbers import interval, plain
from pairx.ui.shared.session import AppState, takes_background
from pairx.ui.shared.words import capitalised

CONTROLS = {RANDOM: "a random map", CENTRE: "a blob in the middle", EDGES: "the photograph's edges"}
"""The controls that a method may have to beat, in words."""
ALIKE = 0.9
"""Rank correlation from which on two maps hardly differ."""


def judged(cell: Cell, app_state: AppState, judgements: Judgements) -> PanelJudged | None:
    """What is known of a panel's method on its model; None where exactly this was not judged: another model, layer or
    weights, other options of PAIR-X, or another background than the method's own."""
    request, facts = cell.request, app_state.facts.get(cell.request.model)
    if facts is None or (cell.method == PAIR_X and request.options != Options()):
        return None
    if request.background is not None and takes_background(cell.method):
        return None
    known = judgements.of(facts.key, request.layer or facts.default_layer)
    return None if known is None else panel_judged(known, cell.method)


def panel_judged(known: Judged, method: str) -> PanelJudged | None:
    """A method's part of a judgement; None where it was not judged."""
    cells = list(known.cells(method))
    if not cells:
        return None
    return {
        "judgement": known.id,
        "dataset": known.dataset,
        "about": about(known, cells),
        "line": line(known.results, method),
        "rows": [_row(one) for one in cells],
    }


def about(known: Judged, cells: list[JudgedCell]) -> str:
    """Where numbers come from: data set, pairs, model and layer."""
    settings, most = known.results.settings, max(cells, key=lambda one: one.pairs)
    return (
        f"Measured on {known.dataset}: {most.pairs} pairs of {most.individuals} individuals, "
        f"{known.results.model_title} at {settings['layer']}. Your photographs may be unlike these."
    )


def line(results: Results, method: str) -> list[JudgedLine]:
    """A method in a few words: whether it finds the right places, whether the model depends on what it marks, whether
    it looks at the partner, and whether at what was learned. What was not measured is not said."""
    told = (_places, _falls, _partner, _weights)
    return [said for one in told if (said := one(results, method)) is not None]


def no_better(flagged: tuple[str, ...]) -> str:
    """Such as "no better than a random map or the photograph's edges"; "" where it beats its controls."""
    names = [CONTROLS.get(name, name) for name in flagged]
    return f"no better than {' or '.join(filter(None, [', '.join(names[:-1]), names[-1]]))}" if names else ""


def _places(results: Results, method: str) -> JudgedLine | None:
    for name, words in (("right-places", "right partner {} %"), ("energy", "{} % of the evidence on the animal")):
        if (cell := results.cell(method, name)) is not None:
            return {"text": words.format(round(100 * cell.mean)), "fails": no_better(cell.flagged)}
    return None


def _falls(results: Results, method: str) -> JudgedLine | None:
    cell, random = (results.cell(one, "faithfulness") for one in (method, RANDOM))
    if cell is None:
        return None
    said = f"falls by {plain(cell.mean)}"
    if random is not None and random.mean > 0:
        said = f"falls {cell.mean / random.mean:.1f} × random".replace("-", "−")
    return {"text": said, "fails": no_better(cell.flagged)}


def _partner(results: Results, method: str) -> JudgedLine | None:
    cell = results.cell(method, "partner")
    if cell is None:
        return None
    if cell.flagged or cell.mean >= ALIKE:
        return {"text": "", "fails": "hardly changes with the partner"}
    return {"text": "changes with the partner", "fails": ""}


def _weights(results: Results, method: str) -> JudgedLine | None:
    cell = results.cell(method, "weights")
    if cell is None or not (cell.flagged or cell.mean >= ALIKE):
        return None
    return {"text": "", "fails": "hardly changes without what was learned"}


def _row(cell: JudgedCell) -> JudgedRow:
    criterion, known = CRITERIA[cell.criterion], interval(cell.low, cell.high)
    return {
        "criterion": cell.criterion,
        "title": capitalised(criterion.title),
        "higher": criterion.higher,
        "mean": cell.mean,
        "text": f"{plain(cell.mean)} ({known})" if known else plain(cell.mean),
        "fails": no_better(cell.flagged),
    }
