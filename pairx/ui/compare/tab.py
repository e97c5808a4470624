"""The Compare tab: methods at the left, a board with one panel a method at the right."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from pairx.methods import cards, families
from pairx.ui.compare.background import BackgroundChoice
from pairx.ui.compare.events import FAST, CompareEvents, RunOutputs, by_family, presets
from pairx.ui.compare.faithfulness import Measurements, MeasureOutputs
from pairx.ui.compare.parts import Board, ChosenPair
from pairx.ui.shared.events import LAST, QUIET, READ_FORM, SAVE_FILE, SESSION_SECONDS, WAITING, Switches
from pairx.ui.shared.form import Form
from pairx.ui.shared.line import Line
from pairx.ui.shared.parts import Messenger, Status
from pairx.ui.shared.session import AT_ONCE, AppState, Request
from pairx.ui.shared.words import capitalised

QUEUE: dict[str, Any] = {"concurrency_id": "compare", "concurrency_limit": AT_ONCE}
INTRO = (
    "Many methods say why two photographs are similar. Here they answer side by side, on the pair, model and layer of "
    "the tab Explain, each with the settings of its paper."
)


class CompareTab:
    """Lays the tab out when built inside a `gr.Tab`, and wires it. form: of the Explain tab, whose pair it shares."""

    def __init__(
        self,
        page: gr.Blocks,
        tabs: gr.Tabs,
        tab: gr.Tab,
        explain: str,
        app_state: AppState,
        form: Form,
        opening: Request,
    ) -> None:
        """explain: id of the tab in which the pair is chosen. opening: what the page opens on."""
        self.form = form
        with gr.Row(elem_classes="px-columns px-compare"):
            with gr.Column(scale=1, min_width=300, elem_classes="px-controls"):
                gr.HTML("<h2>Pair</h2>", apply_default_css=False)
                ChosenPair()
                self.change = gr.Button("Change photographs or model", size="sm")
                gr.HTML("<h2>Methods</h2>", apply_default_css=False)
                with gr.Row(elem_classes="px-presets"):
                    self.presets = {name: gr.Button(name, size="sm", min_width=60) for name in presets()}
                with gr.Row(elem_classes="px-go"):
                    self.go = gr.Button("Compare", variant="primary", elem_id="px-compare", scale=2, min_width=120)
                    self.stop = gr.Button("Stop", interactive=False, elem_id="px-halt", scale=1, min_width=80)
                self.status = Status("compare-status")
                self.background = BackgroundChoice(app_state.shelf)
                self.groups = self._groups()
            with gr.Column(scale=3, min_width=560, elem_classes="px-picture"):
                gr.HTML(f'<p class="px-intro">{INTRO}</p>', apply_default_css=False)
                self.board = Board()
                self.shown = gr.State(None, time_to_live=SESSION_SECONDS)
                self.file = gr.File(visible="hidden")
                self.measured = Messenger("measured")
        self._wire(page, tabs, tab, explain, app_state, opening)

    def _groups(self) -> list[gr.CheckboxGroup]:
        groups = []
        for family, first in zip(families(), by_family(presets()[FAST]), strict=True):
            choices = [
                (card.title + (" (slow)" if card.slow else ""), name)
                for name, card in cards().items()
                if card.family == family
            ]
            label = capitalised(family)
            groups.append(gr.CheckboxGroup(choices, value=first, label=label, interactive=True))
        return groups

    def _wire(
        self, page: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab, explain: str, app_state: AppState, opening: Request
    ) -> None:
        answers = CompareEvents(app_state, self.form, self.groups, self.background, opening)
        states = {"status": self.status, "go": self.go, "stop": self.stop}
        switches = [*Switches(**states)]
        changed = RunOutputs(board=self.board, shown=self.shown, **states)
        run = {"inputs": answers.inputs, "outputs": [*changed], **QUEUE, **QUIET}
        at_once = {"queue": False, **QUIET}
        tab.select(None, self.form.settings, js=READ_FORM, **QUIET)
        tab.select(answers.open, **run)
        self.background.wire(**LAST)
        self.change.click(lambda: gr.Tabs(selected=explain), outputs=tabs, **at_once)
        chosen = presets()
        for name, button in self.presets.items():
            button.click(partial(by_family, chosen[name]), outputs=self.groups, **at_once)
        begun = self.go.click(answers.begin, outputs=switches, **at_once)
        begun.then(answers.run, trigger_mode="multiple", **run)
        for event in (begun.then, tab.select):
            event(Line(page, QUEUE["concurrency_id"]).status, None, self.status, **WAITING)
        self.board.measure(
            Measurements(app_state).run,
            inputs=self.shown,
            outputs=[*MeasureOutputs(measured=self.measured, **states)],
            trigger_mode="multiple",
            **QUEUE,
            **QUIET,
        )
        self.stop.click(answers.halt, outputs=switches, **at_once)
        saved = self.board.download(answers.download, self.shown, self.file, **QUIET)
        saved.success(None, self.file, js=SAVE_FILE, **QUIET)
