"""The Figure tab: rows, columns and options at the left, the figure at its true size at the right."""

from __future__ import annotations

import gradio as gr

from pairx.ui.compare.tab import QUEUE
from pairx.ui.figure.events import FigureEvents, FigureOutputs, OpenOutputs
from pairx.ui.figure.parts import FigureButtons, FigureLists, FigurePreview
from pairx.ui.review.desk import ReviewDesk
from pairx.ui.shared.events import QUIET, SAVE_FILE, SESSION_SECONDS, WAITING
from pairx.ui.shared.library import Library
from pairx.ui.shared.line import Line
from pairx.ui.shared.parts import Messenger, SheetButton
from pairx.ui.shared.session import AppState

FILES = [".yaml", ".yml", ".json", ".png", ".svg", ".pdf"]


class FigureTab:
    """Lays the tab out when built inside a `gr.Tab`, and wires it. A figure in progress is the browser's alone."""

    def __init__(self, page: gr.Blocks, app_state: AppState, library: Library, desk: ReviewDesk) -> None:
        self.asked = gr.State(None, time_to_live=SESSION_SECONDS)
        self.wanted = gr.State(None, time_to_live=SESSION_SECONDS)
        with gr.Row(elem_classes="px-columns px-figuring"):
            with gr.Column(scale=1, min_width=320, elem_classes="px-controls"):
                with gr.Row(elem_classes="px-dock"):
                    SheetButton("Rows, look")
                    self.buttons = FigureButtons(min_width=0)
                with gr.Column(elem_classes="px-sheet"):
                    self.lists = FigureLists()
                    self.open = gr.UploadButton(
                        "Open a specification or figure", file_types=FILES, size="sm", elem_id="px-figure-open"
                    )
            with gr.Column(scale=3, min_width=560, elem_classes="px-picture"):
                self.preview = FigurePreview()
                self.file = gr.File(visible="hidden")
                self.facts = Messenger("figure-facts")
                self.opened = Messenger("figure-opened")
                self.status = Messenger("figure-status")
        self._wire(page, FigureEvents(app_state, library, desk))

    def _wire(self, page: gr.Blocks, answers: FigureEvents) -> None:
        at_once = {"queue": False, **QUIET}
        line = Line(page, QUEUE["concurrency_id"])
        self.lists.look(answers.look, None, self.facts, trigger_mode="multiple", **at_once)
        self.open.upload(answers.open, self.open, [*OpenOutputs(opened=self.opened, status=self.status)], **QUIET)
        begun = self.buttons.go(answers.begin, None, [self.asked, self.status], trigger_mode="multiple", **at_once)
        shown = [*FigureOutputs(shown=self.preview, status=self.status)]
        begun.then(answers.draw, self.asked, shown, trigger_mode="multiple", **QUEUE, **QUIET)
        wanted = self.preview.download(
            answers.begin_file, None, [self.wanted, self.status, self.file], trigger_mode="multiple", **at_once
        )
        kept = [*FigureOutputs(shown=self.file, status=self.status)]
        saved = wanted.then(answers.save, self.wanted, kept, trigger_mode="multiple", **QUEUE, **QUIET)
        saved.success(None, self.file, js=SAVE_FILE, **QUIET)
        for event in (begun, wanted):
            event.then(line.status, None, self.status, **WAITING)
        self.buttons.halt(answers.halt, None, self.status, **at_once)
