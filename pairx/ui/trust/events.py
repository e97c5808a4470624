"""What the Trust tab answers when a person acts: the events' functions, without any layout."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

import gradio as gr

from pairx.types import InputError
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.judgements import Judgements
from pairx.ui.shared.library import Library
from pairx.ui.shared.session import AppState
from pairx.ui.trust.pairs import JudgedPairs
from pairx.ui.trust.payload import TrustPairs, TrustValue
from pairx.ui.trust.table import table

log = logging.getLogger(__name__)
TRUST = "trust"
"""The tab's id."""
NONE_HERE = "There is no judgement here. `pairx judge DATASET` makes one."
OUR_FAULT = "These pairs could not be shown: a fault of ours. Choose another number."


class TrustOutputs(NamedTuple):
    """What another judgement changes."""

    board: Any = SKIP
    chosen: Any = SKIP
    tabs: Any = SKIP


class TrustEvents:
    """The events' functions."""

    def __init__(self, app_state: AppState, library: Library, judgements: Judgements) -> None:
        self.judgements = judgements
        self.pairs_of = JudgedPairs(app_state, library)

    def open_link(self, request: gr.Request) -> TrustOutputs:
        """The page's address may name a judgement: then the tab is shown with it."""
        asked = str(request.query_params.get("judged", ""))
        return self.show(asked)._replace(tabs=gr.Tabs(selected=TRUST)) if asked else TrustOutputs()

    def show(self, chosen: str, model: str = "") -> TrustOutputs:
        """A judgement by its id; where nobody chose, or it is gone, the first of a model, or the first of all."""
        known = self.judgements.all()
        if not known:
            return TrustOutputs(TrustValue(problem=NONE_HERE.replace("`", "")), "")
        fitting = [one for one in known if one.id == chosen]
        fitting += [one for one in known if one.results.settings["model"] == model]
        first = [*fitting, *known][0]
        return TrustOutputs(table(first, [{"id": one.id, "title": one.title} for one in known]), first.id)

    def choose(self, event: gr.EventData) -> TrustOutputs:
        """A judgement was chosen."""
        return self.show(str(sent(event).get("judgement")))

    def pairs(self, event: gr.EventData) -> TrustPairs:
        """The pairs behind a number."""
        asked = sent(event)
        names = (str(asked.get(name)) for name in ("judgement", "method", "criterion"))
        ticket = asked.get("ticket")
        answer: TrustPairs = {"ticket": ticket if isinstance(ticket, int) else 0, "best": [], "worst": [], "note": ""}
        try:
            judgement, method, criterion = names
            return self.pairs_of.of(self.judgements.find(judgement), method, criterion, answer["ticket"])
        except InputError as error:
            return {**answer, "note": str(error)}
        except Exception:
            log.exception("the pairs behind a number could not be shown")
            return {**answer, "note": OUR_FAULT}
