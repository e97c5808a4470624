"""The Explore tab: runs and what is shown of them at the left, the plot and the chosen pair, below them the table."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import gradio as gr

from pairx.ui.explore.events import CORRECTNESS, ExploreEvents, LayerOutputs, OpenOutputs, TurnOutputs
from pairx.ui.explore.pair_events import PairEvents
from pairx.ui.explore.parts import (
    PairGallery,
    PairPanel,
    PairTable,
    RunList,
    RunProgress,
    RunWatch,
    ScatterPlot,
    Tables,
    ViewChips,
)
from pairx.ui.explore.running import SKIP
from pairx.ui.explore.runs import ONLY_HERE, RunOutputs, Runs
from pairx.ui.shared.events import LAST, QUEUE, QUIET, SAVE_FILE, SESSION_SECONDS, WAITING, sent
from pairx.ui.shared.inputs import dataset_input, model_input
from pairx.ui.shared.library import READY, Library
from pairx.ui.shared.line import Line
from pairx.ui.shared.parts import Messenger, SheetButton
from pairx.ui.shared.session import AppState
from pairx.ui.shared.words import layer_choices

INTRO = (
    "Each point is a pair of photographs. Further right, the model finds them more alike; further up, their matches "
    "fit together better. Choose one to see its photographs."
)


class ExploreTab:
    """Lays the tab out when built inside a `gr.Tab`, and wires it."""

    def __init__(
        self,
        page: gr.Blocks,
        tabs: gr.Tabs,
        tab: gr.Tab,
        known: RunWatch,
        app_state: AppState,
        library: Library,
        model: str,
    ) -> None:
        """known: what the page knows of the runs. model: that a new run takes unless another is chosen."""
        self.exploration = ExploreEvents(app_state, library)
        self.pairs_chosen = PairEvents(app_state, library)
        self.runs = Runs(app_state, library)
        self.opened = gr.State("", time_to_live=SESSION_SECONDS)
        with gr.Row(elem_classes="px-columns px-exploring"):
            with gr.Column(scale=1, min_width=300, elem_classes="px-controls"):
                with gr.Row(elem_classes="px-dock"):
                    SheetButton("Runs and filters")
                with gr.Column(elem_classes="px-sheet"):
                    gr.HTML("<h2>Runs</h2>", apply_default_css=False)
                    RunList()
                    self._new_run(library, app_state, model)
                    RunProgress()
                    gr.HTML('<hr class="px-rule"><h2>What to show</h2>', apply_default_css=False)
                    self._choices()
            with gr.Column(scale=3, min_width=560, elem_classes="px-picture"):
                with gr.Row(elem_classes="px-split"):
                    with gr.Column(elem_classes="px-at-plot"):
                        gr.HTML(f'<p class="px-intro">{INTRO}</p>', apply_default_css=False)
                        self.chips = ViewChips(library.places.own_machine)
                        self.plot = ScatterPlot()
                        PairTable(elem_classes="px-below-pair")
                        self.gallery = PairGallery(elem_classes="px-below-pair")
                    self.panel = PairPanel(elem_classes="px-at-pair")
                self.ahead = Messenger("ahead")
                gr.HTML("<h2>Numbers of the run</h2>", apply_default_css=False)
                self.numbers = Tables()
                gr.HTML("<h2>Runs side by side</h2>", apply_default_css=False)
                self.compared = gr.Dropdown(
                    [], multiselect=True, label="Runs to compare", max_choices=6, interactive=True
                )
                self.comparison = Tables()
                self.file = gr.File(visible="hidden")
        self._wire(page, tabs, tab, known)

    def _choices(self) -> None:
        one: dict[str, Any] = {"interactive": True, "choices": []}
        self.metric = gr.Dropdown(label="Metric", info="Higher is more plausible.", **one)
        self.layer = gr.Dropdown(label="Layer", **one)
        self.color = gr.Dropdown(
            [CORRECTNESS], value="", label="Colour by", info="Shapes stay: ● correct, ✕ incorrect.", interactive=True
        )
        self.column = gr.Dropdown([("All pairs", "")], value="", label="Only pairs with", interactive=True)
        self.values = gr.Dropdown([], multiselect=True, label="One of", visible=False, interactive=True)
        self.text = gr.Textbox(
            label="Photograph or individual", placeholder="part of a name", max_lines=1, interactive=True
        )
        self.shown = [self.opened, self.layer, self.metric, self.color, self.column, self.values, self.text]

    def _new_run(self, library: Library, app_state: AppState, model: str) -> None:
        own = library.places.own_machine
        if not own:
            gr.HTML(f'<p class="px-hint">{ONLY_HERE}</p>', apply_default_css=False)
        with gr.Accordion("New run", open=False, visible=own):
            self.dataset, self.model = dataset_input(library), model_input(app_state, model)
            loaded = app_state.model(model)
            self.layers = gr.Dropdown(
                layer_choices(loaded), value=[loaded.default_layer], multiselect=True, label="Layers", interactive=True
            )
            with gr.Row():
                self.pairs = gr.Number(400, label="Pairs", precision=0, minimum=2, min_width=100, interactive=True)
                self.seed = gr.Number(0, label="Seed", precision=0, minimum=0, min_width=100, interactive=True)
            self.own = gr.Checkbox(label="Leave out pairs of one encounter", interactive=True)
            self.skip = gr.Checkbox(label=SKIP, interactive=True)
            self.name = gr.Textbox(
                label="Name", placeholder="made from data set and model", max_lines=1, elem_id="px-run-name"
            )
            self.go = gr.Button("Start", variant="primary", elem_id="px-start-run")

    def _wire(self, page: gr.Blocks, tabs: gr.Tabs, tab: gr.Tab, known: RunWatch) -> None:
        answers, runs = self.exploration, self.runs
        at_once, last = {"queue": False, **QUIET}, {"queue": False, **LAST}
        filters = {"column": self.column, "values": self.values, "text": self.text}
        chosen = {"layer": self.layer, "metric": self.metric, "color": self.color, **filters}
        opening = [*OpenOutputs(opened=self.opened, **chosen, plot=self.plot, tabs=tabs)]
        listing = [*RunOutputs(runs=known, compared=self.compared)]

        def open_first(opened: str) -> OpenOutputs:
            return OpenOutputs() if opened else answers.open(READY)

        def open_named(event: gr.EventData) -> OpenOutputs:
            return answers.open(str(sent(event).get("name")))

        page.load(answers.open_link, None, opening, **at_once)
        page.load(runs.refresh, None, listing, **at_once)
        first = tab.select(open_first, self.opened, opening, **at_once)
        named = known.open(open_named, None, opening, **last)
        back = self.plot.back(answers.go_back, None, opening, **last)
        for event in (first, named, back):
            event.then(runs.refresh, None, listing, **at_once)
            event.then(runs.summary, self.opened, self.numbers, **at_once)

        listed = self.column.input(answers.list_values, [self.opened, self.layer, self.column], self.values, **last)
        listed.then(answers.show, self.shown, self.plot, **at_once)  # with this column's values, not the last one's
        changed = [one.input for one in (self.layer, self.metric, self.color, self.values)]
        gr.on([*changed, self.text.change], answers.show, self.shown, self.plot, **last)
        layers = LayerOutputs(metric=self.metric, values=self.values)
        self.layer.input(answers.change_layer, self.shown, [*layers], **last)
        turning = [*TurnOutputs(metric=self.metric, **filters, plot=self.plot)]
        self.plot.turn(answers.turn, self.shown, turning, trigger_mode="multiple", **at_once)
        self._wire_pair(page)
        self.gallery.browse(answers.browse, None, self.gallery, trigger_mode="multiple", **at_once)
        for part in (self.plot, self.gallery):
            saved = part.download(answers.download, self.shown, self.file, **QUIET)
            saved.success(None, self.file, js=SAVE_FILE, **QUIET)

        form = [self.name, self.dataset, self.model, self.layers, self.pairs, self.seed, self.own, self.skip]
        # In the queue, as only from there gradio shows a warning. A press before the last one's answer counts, too.
        beginning = {"outputs": listing, "trigger_mode": "multiple", **QUIET}
        self.go.click(runs.start, form, **beginning)
        known.resume(runs.resume, self.dataset, **beginning)
        known.halt(runs.halt, **at_once)
        known.look(runs.watch, None, listing, **at_once)
        self.model.input(runs.list_layers, self.model, self.layers, **LAST)
        self.compared.input(runs.compare, self.compared, self.comparison, **last)

    def _wire_pair(self, page: gr.Blocks) -> None:
        answers = self.pairs_chosen
        several = {"queue": False, "trigger_mode": "multiple", **QUIET}
        self.plot.choose(answers.choose, None, self.panel, **several)
        self.plot.choose(answers.explain, None, self.panel, trigger_mode="multiple", **QUEUE, **QUIET)
        line = Line(page, QUEUE["concurrency_id"])

        async def wait(session: gr.Request, event: gr.EventData) -> AsyncGenerator:
            async for value in answers.wait(line, session, event):
                yield value

        self.plot.choose(wait, None, self.panel, **WAITING)
        self.panel.halt(answers.halt, **several)
        # Not in the queue, where it would take a place that a person may want.
        self.panel.ahead(answers.look_ahead, None, self.ahead, **several)
