"""How faithful the panels of a comparison are, measured on demand and said in words."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any, NamedTuple

import gradio as gr

from pairx.evaluation.faithfulness import Faithfulness, Two, faithfulness
from pairx.methods import card_of
from pairx.types import InputError
from pairx.ui.compare.events import GONE, STOPPED, Shown, turn_of
from pairx.ui.compare.payload import Measured, MeasuredPanel, MeasuredRow
from pairx.ui.shared.events import SKIP, resting, sent, waiting
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.session import AppState

log = logging.getLogger(__name__)

OUR_FAULT = "The measurement broke off: a fault of ours. Measure the panels one by one."
FALL = (
    "By how much the similarity falls when the 30 % of a photograph's pixels that the map rates highest are blurred. "
    "Higher is better."
)
KEPT = (
    "The similarity that is left when only the highest 30 % of one photograph and their strongest partners in the "
    "other stay sharp. Higher is better."
)
INEFFICIENCY = (
    "How far the sum of the map is from the similarity that it ought to share out: all of it, less what is left "
    "without any place. 0 is best."
)
NO_SHARES = "Not defined: the method's numbers are not shares of the similarity."
NO_MAP = "The method draws matches and no map, so there is nothing to blur."


def in_words(found: Faithfulness) -> MeasuredPanel:
    """Faithfulness in words, JSON-ready: the line under a panel, and rows for its card."""
    if found.drop is None:
        return {"line": NO_MAP, "rows": [{"name": "Faithfulness", "value": NO_MAP}]}
    line = (
        f"Blurred, its 30 % lower the similarity by {_both(found.drop)}; 30 % at random by {_both(found.random_drop)}."
    )
    rows: list[MeasuredRow] = [
        {"name": "Faithfulness", "value": f"{_both(found.drop)} (random: {_both(found.random_drop)})", "meaning": FALL}
    ]
    if found.kept is not None:
        value = f"{_both(found.kept)} (at random: {_both(found.random_kept)})"
        rows.append({"name": "Faithfulness of pairs", "value": value, "meaning": KEPT})
    if found.inefficiency is None and found.pair_inefficiency is None:
        rows.append({"name": "Inefficiency", "value": NO_SHARES})
    if found.inefficiency is not None:
        value = f"{_both(found.inefficiency)} ({_shares(found.relative_inefficiency)})"
        rows.append({"name": "Inefficiency", "value": value, "meaning": INEFFICIENCY})
    if found.pair_inefficiency is not None and found.relative_pair_inefficiency is not None:
        value = f"{_number(found.pair_inefficiency)} ({_share(found.relative_pair_inefficiency)})"
        rows.append({"name": "Inefficiency of pairs", "value": value, "meaning": INEFFICIENCY})
    return {"line": line, "rows": rows}


class MeasureOutputs(NamedTuple):
    """What a measurement changes."""

    measured: Any = SKIP
    status: Any = SKIP
    go: Any = SKIP
    stop: Any = SKIP


class Measurements:
    """The event's function."""

    def __init__(self, app_state: AppState) -> None:
        self.app_state = app_state

    def run(self, shown: Shown | None, session: gr.Request, event: gr.EventData) -> Generator[MeasureOutputs]:
        """Measure the panels that were asked for, one after the other: all that is known so far, and what runs."""
        asked = sent(event)
        name, turns = turn_of(session), self.app_state.turns
        turns.take(name)
        turn = turns.now(name)
        yield MeasureOutputs(**waiting())
        try:
            if shown is None or asked.get("run") != shown.run:
                raise InputError(GONE)
            wanted = asked.get("names")
            names = [one for one in shown.names if isinstance(wanted, list) and one in wanted]
            known = self.app_state.compared(shown.request, names)
            if not known:
                raise InputError(GONE)
            pair, model = self.app_state.pair(shown.request), self.app_state.model(shown.request.model)
            background = self.app_state.background(shown.request)
            photograph = None if isinstance(background, str) else background
            found: dict[str, MeasuredPanel] = {}
            for number, (method, explanation) in enumerate(known.items()):
                text = f"Measuring {card_of(method).title}"
                status = StatusValue(text=text, done=number, total=len(known), busy=True)
                yield MeasureOutputs(Measured(run=shown.run, found=dict(found)), status)
                if turns.now(name) != turn:
                    if turns.now(name)[1]:
                        yield MeasureOutputs(**resting(STOPPED))
                    return
                found[method] = in_words(faithfulness(model, pair, explanation, background=photograph))
            yield MeasureOutputs(Measured(run=shown.run, found=found), **resting())
        except InputError as error:
            yield MeasureOutputs(**resting(str(error), error=True))
        except Exception:
            log.exception("a measurement failed")
            yield MeasureOutputs(**resting(OUR_FAULT, error=True))


def _both(values: Two | None) -> str:
    return "" if values is None else f"A {_number(values[0])}, B {_number(values[1])}"


def _shares(values: Two | None) -> str:
    return "" if values is None else f"{_share(values[0])}, {_share(values[1])}"


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _share(value: float) -> str:
    return f"{value:.0%} of it" if value < 10 else "over ten times"
