"""The Explain tab: what a person chooses at the left, the picture at the right."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pairx.choices import OFFERED
from pairx.ui.explain.events import ExplainEvents, LayerOutputs, PairOutputs, RunOutputs
from pairx.ui.explain.opening import FormOutputs, Opening
from pairx.ui.explain.parts import LookPanel, RecentPairs, Samples, Viewer, Wells
from pairx.ui.explain.references import References
from pairx.ui.explain.samples import SamplePair
from pairx.ui.explain.wells import WellEvents
from pairx.ui.shared.events import (
    LAST,
    QUEUE,
    QUEUE_POINT,
    QUIET,
    READ_FORM,
    SAVE_FILE,
    SESSION_SECONDS,
    WAITING,
    Switches,
)
from pairx.ui.shared.files import thumbnails
from pairx.ui.shared.form import Form
from pairx.ui.shared.line import Line
from pairx.ui.shared.parts import Messenger, SheetButton, Status
from pairx.ui.shared.payload import StripEntry
from pairx.ui.shared.session import AppState, Request
from pairx.ui.shared.uploads import SafeImage
from pairx.ui.shared.words import LAYER_INFO, PRESETS, layer_choices, model_choices

WELL_HEIGHT = 150  # px


class ExplainTab:
    """Lays the tab out when built inside a `gr.Blocks`, and wires it."""

    def __init__(
        self,
        page: gr.Blocks,
        app_state: AppState,
        pairs: tuple[SamplePair, ...],
        opening: Request,
        ready: bool,
        references: References,
    ) -> None:
        """ready: whether the opening request's result is known, so that the page can show it at once."""
        self.page = page
        self.shown = gr.State(opening, time_to_live=SESSION_SECONDS)
        with gr.Row(elem_classes="px-columns px-explaining"):
            with gr.Column(scale=1, min_width=300, elem_classes="px-controls"):
                photos = self._wells(app_state, opening)
                self._dock()
                with gr.Column(elem_classes="px-sheet"):
                    self._pairs(app_state, pairs)
                    self.form = self._settings(app_state, opening, photos)
                    gr.HTML('<hr class="px-rule"><h2>Look</h2>', apply_default_css=False)
                    LookPanel()
            with gr.Column(scale=3, min_width=560, elem_classes="px-picture"):
                answers = ExplainEvents(app_state, pairs, opening, self.form, references)
                self.viewer = Viewer(answers.opening_scene() if ready else None)
                self.point = Messenger("point")
                self.well = Messenger("well")
                self.file = gr.File(visible="hidden")
        self._wire(answers, Opening(app_state, opening, ready), WellEvents(app_state.shelf, photos[0].GRADIO_CACHE))

    def _wells(self, app_state: AppState, opening: Request) -> tuple[SafeImage, SafeImage]:
        how: dict[str, Any] = {
            "shelf": app_state.shelf,
            "height": WELL_HEIGHT,
            "sources": ["upload"],
            "buttons": [],
            "interactive": True,
        }
        with gr.Column(elem_classes="px-first"):
            with gr.Row(elem_classes="px-photos"):
                first = SafeImage(value=opening.photo0, label="Photograph A", alt_text="Photograph A", **how)
                second = SafeImage(value=opening.photo1, label="Photograph B", alt_text="Photograph B", **how)
            self.wells = Wells()
            self.swap = gr.Button("Swap A and B", size="sm")
        return first, second

    def _dock(self) -> None:
        with gr.Row(elem_classes="px-dock"):
            self.go = gr.Button("Explain", variant="primary", elem_id="px-explain", scale=2, min_width=120)
            self.stop = gr.Button("Stop", interactive=False, elem_id="px-stop", scale=1, min_width=80)
            SheetButton("Samples, settings")
        self.status = Status("status")

    def _pairs(self, app_state: AppState, pairs: tuple[SamplePair, ...]) -> None:
        shelf = app_state.shelf
        thumbs = thumbnails({id: shelf.load(ref).image for id, ref in shelf.samples.items()})
        entries: list[StripEntry] = [
            {"id": one.id, "title": one.title, "caption": one.sentence, "thumbs": [thumbs[one.a], thumbs[one.b]]}
            for one in pairs
        ]
        self.strip = Samples(entries, "Sample pairs")
        self.recent = RecentPairs()

    def _settings(self, app_state: AppState, opening: Request, photos: tuple[SafeImage, SafeImage]) -> Form:
        gr.HTML("<h2>Model and layer</h2>", apply_default_css=False)
        titles = model_choices(app_state.cards.values())
        layers = layer_choices(app_state.model(opening.model))
        model = gr.Dropdown(titles, value=opening.model, label="Model", interactive=True)
        layer = gr.Dropdown(layers, value=opening.layer, label="Layer", info=LAYER_INFO, interactive=True)
        with gr.Accordion("Advanced", open=False):
            label, info, choices = PRESETS
            self.preset = gr.Dropdown(choices, value="paper", label=label, info=info, interactive=True)
            options = {
                name: gr.Dropdown(
                    [(title, value) for value, title in choice.offered.items()],
                    value=choice.default,
                    label=choice.title,
                    info=choice.info,
                    interactive=True,
                )
                for name, choice in OFFERED.items()
            }
        return Form(photos, model, layer, options, gr.State(None, time_to_live=SESSION_SECONDS))

    def _wire(self, answers: ExplainEvents, opening: Opening, wells: WellEvents) -> None:
        form, photos = self.form, list(self.form.photo_inputs)
        states = {"status": self.status, "go": self.go, "stop": self.stop}
        switches = [*Switches(**states)]
        running = {
            "inputs": {*form.settings, form.asked},
            "outputs": [*RunOutputs(viewer=self.viewer, shown=self.shown, **states)],
            "trigger_mode": "multiple",
            **QUEUE,
            **QUIET,
        }
        at_once = {"queue": False, **QUIET}
        line = Line(self.page, QUEUE["concurrency_id"])
        clicked = self.go.click(answers.begin, outputs=switches, **at_once)
        turned = self.swap.click(None, photos, photos, js="(a, b) => [b, a]", **QUIET)
        swapped = turned.then(answers.begin, outputs=switches, **at_once)
        sample = PairOutputs(*photos, **states)
        chosen = self.strip.choose(answers.choose, outputs=[*sample], trigger_mode="multiple", **at_once)
        fields = FormOutputs(*form.settings, asked=form.asked, status=self.status)
        opened = self.page.load(opening.open, outputs=[*fields], **at_once)
        for event in (clicked, swapped, chosen):
            event.then(answers.run, **running)
        reopened = self.viewer.reopen(opening.reopen, outputs=[*fields], trigger_mode="multiple", **at_once)
        again = self.recent.open(opening.again, outputs=[*fields], trigger_mode="multiple", **at_once)
        for event in (opened, reopened, again):
            event.then(answers.run_asked, **running)
        for event in (clicked, swapped, chosen, opened, reopened, again):
            event.then(line.status, None, self.status, **WAITING)
        self.stop.click(answers.halt, outputs=switches, **at_once)

        arrivals = []
        for photo, other in ((photos[0], photos[1]), (photos[1], photos[0])):
            came = photo.upload(wells.arrive, [photo, other], [photo, other, self.status], **QUIET)
            arrivals.append(came)
        self.wells.edit(wells.edit, photos, self.well, trigger_mode="multiple", **at_once)
        arrivals.append(self.wells.cut(wells.cut, photos, photos, **QUIET))
        for event in arrivals:
            # The wells as the browser names their files: nothing is decoded to see whether both are filled.
            filled = event.success(answers.begin_filled, [*photos, self.status], switches, preprocess=False, **at_once)
            filled.then(answers.run_filled, **running)
            filled.then(line.status, None, self.status, **WAITING)
        layers = LayerOutputs(model=form.model, layer=form.layer)
        form.model.input(answers.list_layers, [form.model, form.layer], [*layers], **LAST)
        options = list(form.options.values())
        self.preset.input(answers.as_published, self.preset, options, **LAST)
        gr.on([one.change for one in options], answers.published_as, options, self.preset, **LAST)
        gr.on([one.change for one in form.settings], None, form.settings, js=READ_FORM, **QUIET)
        self.viewer.point(answers.point, self.shown, self.point, trigger_mode="multiple", **QUEUE_POINT, **QUIET)
        saved = self.viewer.download(answers.download, self.shown, self.file, **QUIET)
        saved.success(None, self.file, js=SAVE_FILE, **QUIET)
