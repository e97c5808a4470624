"""From Explore to Review: the pairs that a person looks at become a queue to decide."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from pairx import __version__
from pairx.evaluation.views import VIEWS
from pairx.reviews.queues import begin_of_run
from pairx.types import InputError
from pairx.ui.shared.events import sent
from pairx.ui.shared.library import Library
from pairx.ui.shared.session import AppState

HERE = "Reviews are begun where the app runs on one's own machine."
NO_MODEL = "The run used {model}, which this app does not have: its pairs cannot be reviewed here."


class SentOutputs(NamedTuple):
    """What the sending of pairs changes: the review that is chosen and open, and the tab on show."""

    chosen: Any
    board: Any
    tabs: Any


class Sending:
    """Takes pairs for review. tab: id of the tab in which they are decided."""

    def __init__(self, app_state: AppState, library: Library, tab: str) -> None:
        self.app_state = app_state
        self.library = library
        self.tab = tab

    def take(self, event: gr.EventData) -> SentOutputs:
        """The person wants to review what Explore shows. Raises a gr.Error where that cannot be."""
        try:
            name = self._begun(sent(event))
        except InputError as error:
            raise gr.Error(str(error), duration=15, title="No review was begun", print_exception=False) from error
        chosen = gr.update(choices=self.library.reviews(), value=name, info="")
        return SentOutputs(chosen, {"name": name}, gr.Tabs(selected=self.tab))

    def _begun(self, asked: dict[str, Any]) -> str:
        """The name of the review of these pairs: the one that was begun before, or a new one. Raises InputError."""
        if not self.library.places.own_machine:
            raise InputError(HERE)
        run = self.library.run(str(asked.get("run")))
        if (model := str(run.settings["model"])) not in self.app_state.cards:
            raise InputError(NO_MODEL.format(model=model))
        sent_numbers = asked.get("numbers")
        numbers = [one for one in sent_numbers if type(one) is int] if isinstance(sent_numbers, list) else []
        how = str(asked.get("layer")), str(asked.get("metric"))
        view = VIEWS.get(str(asked.get("view")))
        for name in self.library.review_names(f"{asked.get('run')} {view.title if view else 'selected'}"):
            folder = self.library.review_folder(name)
            there = folder.exists()
            try:
                begin_of_run(folder, run, *how, numbers, __version__)
                return name
            except InputError:
                if not there:
                    raise
        raise AssertionError("there is always another name")
