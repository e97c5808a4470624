"""The Compare tab: what is compared at the left, a board with one panel a choice at the right."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pairx.ui.compare.axes import Ground
from pairx.ui.compare.background import BackgroundChoice
from pairx.ui.compare.choosing import chooser_value
from pairx.ui.compare.events import CompareEvents, MeasureOutputs, RunOutputs, ShowOutputs
from pairx.ui.compare.files import Files
from pairx.ui.compare.parts import Board, Chooser, ChosenPair, CompareButtons
from pairx.ui.compare.times import Times
from pairx.ui.explain.samples import SamplePair
from pairx.ui.shared.events import LAST, QUIET, READ_FORM, SAVE_FILE, SESSION_SECONDS, WAITING
from pairx.ui.shared.form import Form
from pairx.ui.shared.judgements import Judgements
from pairx.ui.shared.line import Line
from pairx.ui.shared.parts import Messenger, SheetButton
from pairx.ui.shared.session import AT_ONCE, AppState, Request

COMPARE = "compare"
"""The tab's id."""
QUEUE: dict[str, Any] = {"concurrency_id": "compare", "concurrency_limit": AT_ONCE}


class CompareTab:
    """Lays the tab out when built inside a `gr.Tab`, and wires it. form: of the Explain tab, whose pair it shares."""

    def __init__(
        self,
        page: gr.Blocks,
        tabs: gr.Tabs,
        tab: gr.Tab,
        explain: str,
        app_state: AppState,
        judgements: Judgements,
        form: Form,
        opening: Request,
        pairs: tuple[SamplePair, ...],
    ) -> None:
        """explain: id of the tab in which the pair is chosen. opening: what the page opens on. pairs: the samples."""
        self.form = form
        self.asked = gr.State(None, time_to_live=SESSION_SECONDS)
        self.shown = gr.State(None, time_to_live=SESSION_SECONDS)
        with gr.Row(elem_classes="px-columns px-compare"):
            with gr.Column(scale=1, min_width=300, elem_classes="px-controls"):
                with gr.Column(elem_classes="px-sheet"):
                    gr.HTML("<h2>Pair</h2>", apply_default_css=False)
                    ChosenPair()
                    self.change = gr.Button("Change photographs or model", size="sm")
                    self.chooser = Chooser(chooser_value(Ground(app_state, opening, pairs), Times(app_state)))
                    self.background = BackgroundChoice(app_state.shelf)
                with gr.Row(elem_classes="px-dock"):
                    SheetButton("What to compare")
                    self.buttons = CompareButtons(min_width=0)
            with gr.Column(scale=3, min_width=560, elem_classes="px-picture"):
                self.board = Board()
                self.file = gr.File(visible="hidden")
                self.measured = Messenger("measured")
                self.status = Messenger("compare-status")
        answers = CompareEvents(app_state, judgements, form, self.background, self.asked, pairs)
        self._wire(page, tabs, tab, explain, answers)

    def _wire(self, page: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab, explain: str, answers: CompareEvents) -> None:
        at_once = {"queue": False, **QUIET}
        showing = [*ShowOutputs(chooser=self.chooser, board=self.board, shown=self.shown, status=self.status)]
        changed = [*RunOutputs(board=self.board, shown=self.shown, status=self.status)]
        page.load(answers.open, None, [tabs, *self.background.inputs], **at_once)
        tab.select(None, self.form.settings, js=READ_FORM, **QUIET)
        self.background.wire(**LAST)
        self.change.click(lambda: gr.Tabs(selected=explain), outputs=tabs, **at_once)
        asked = self.chooser.ask(answers.ask, None, self.asked, queue=False, **LAST)
        asked.then(answers.show, answers.inputs, showing, queue=False, **LAST)
        begun = self.buttons.go(answers.begin, None, [self.asked, self.status], trigger_mode="multiple", **at_once)
        begun.then(answers.run, answers.inputs, changed, trigger_mode="multiple", **QUEUE, **QUIET)
        begun.then(Line(page, QUEUE["concurrency_id"]).status, None, self.status, **WAITING)
        self.buttons.halt(answers.halt, None, self.status, **at_once)
        measuring = [*MeasureOutputs(measured=self.measured, status=self.status)]
        self.board.measure(answers.measure, self.shown, measuring, trigger_mode="multiple", **QUEUE, **QUIET)
        saved = self.board.download(Files(answers.cells).download, self.shown, self.file, **QUIET)
        saved.success(None, self.file, js=SAVE_FILE, **QUIET)
