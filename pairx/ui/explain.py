"""The Explain tab: what a person chooses at the left, the picture at the right."""

from __future__ import annotations

import gradio as gr

from pairx.ui.answers import Answers, Form
from pairx.ui.line import Line
from pairx.ui.links import CHOICES
from pairx.ui.meaning import References
from pairx.ui.parts import Messenger, SampleStrip, Status, thumbnails
from pairx.ui.samples import SamplePair
from pairx.ui.session import AT_ONCE, Request, Workshop
from pairx.ui.uploads import SafeImage, checked
from pairx.ui.viewer import LookPanel, Viewer
from pairx.ui.words import ADVANCED, LAYER_INFO, PRESETS, layer_choices, model_choices

QUEUE = {"concurrency_id": "explain", "concurrency_limit": AT_ONCE}
QUEUE_POINT = {"concurrency_id": "point", "concurrency_limit": AT_ONCE}
QUIET = {"show_progress": "hidden", "api_visibility": "private"}
WAITING = {"concurrency_id": "line", "concurrency_limit": None, "trigger_mode": "multiple", **QUIET}
"""Of what tells a session its place in the queue."""
LAST = {"trigger_mode": "always_last", **QUIET}
"""Of choices: who chooses again before the first answer gets the last choice's."""
SESSION_SECONDS = 6 * 3600
READ_FORM = "(...values) => { window.pairx?.form?.(...values); }"
SAVE_FILE = """(file) => {
  if (!file) return;
  const link = Object.assign(document.createElement("a"), { href: file.url, download: file.orig_name });
  document.body.append(link);
  link.click();
  link.remove();
}"""


class ExplainTab:
    """Lays the tab out when built inside a `gr.Blocks`, and wires it."""

    def __init__(
        self,
        page: gr.Blocks,
        workshop: Workshop,
        pairs: tuple[SamplePair, ...],
        opening: Request,
        ready: bool,
        references: References,
    ) -> None:
        """ready: whether the opening request's result is known, so that the page can show it at once."""
        self.page = page
        self.shown = gr.State(opening, time_to_live=SESSION_SECONDS)
        with gr.Row(elem_classes="px-columns"):
            with gr.Column(scale=1, min_width=300, elem_classes="px-controls"):
                wells = self._pair(workshop, pairs, opening)
                self.form = self._settings(workshop, opening, wells)
                gr.HTML('<hr class="px-rule"><h2>Look</h2>', apply_default_css=False)
                LookPanel()
            with gr.Column(scale=3, min_width=560, elem_classes="px-picture"):
                answers = Answers(workshop, pairs, opening, ready, self.form, references)
                self.viewer = Viewer(answers.opening_scene() if ready else None)
                self.point = Messenger("point")
                self.file = gr.File(visible="hidden")
        self._wire(answers)

    def _pair(self, workshop: Workshop, pairs: tuple[SamplePair, ...], opening: Request) -> tuple[SafeImage, SafeImage]:
        shelf = workshop.shelf
        gr.HTML("<h2>Pair</h2>", apply_default_css=False)
        thumbs = thumbnails({id: shelf.load(ref).image for id, ref in shelf.samples.items()})
        entries = [
            {"id": one.id, "title": one.title, "caption": one.sentence, "thumbs": [thumbs[one.a], thumbs[one.b]]}
            for one in pairs
        ]
        self.strip = SampleStrip(entries, "Sample pairs")
        how = {"shelf": shelf, "height": 170, "sources": ["upload"], "buttons": [], "interactive": True}
        with gr.Row(elem_classes="px-wells"):
            first = SafeImage(value=opening.photo0, label="Photograph A", alt_text="Photograph A", **how)
            second = SafeImage(value=opening.photo1, label="Photograph B", alt_text="Photograph B", **how)
        self.swap = gr.Button("Swap A and B", size="sm")
        return first, second

    def _settings(self, workshop: Workshop, opening: Request, wells: tuple[SafeImage, SafeImage]) -> Form:
        gr.HTML("<h2>Model and layer</h2>", apply_default_css=False)
        titles = model_choices(workshop.cards.values())
        layers = layer_choices(workshop.model(opening.model))
        model = gr.Dropdown(titles, value=opening.model, label="Model", interactive=True)
        layer = gr.Dropdown(layers, value=opening.layer, label="Layer", info=LAYER_INFO, interactive=True)
        with gr.Accordion("Advanced", open=False):
            label, info, choices = PRESETS
            self.preset = gr.Dropdown(choices, value="paper", label=label, info=info, interactive=True)
            options = {
                name: gr.Dropdown(choices, value=CHOICES[name][0], label=label, info=info, interactive=True)
                for name, (label, info, choices) in ADVANCED.items()
            }
        with gr.Row():
            self.go = gr.Button("Explain", variant="primary", elem_id="px-explain", scale=2, min_width=120)
            self.stop = gr.Button("Stop", interactive=False, elem_id="px-stop", scale=1, min_width=80)
        self.status = Status()
        return Form(wells, model, layer, options, gr.State(None, time_to_live=SESSION_SECONDS))

    def _wire(self, answers: Answers) -> None:
        form, wells = self.form, list(self.form.wells)
        switches = [self.status, self.go, self.stop]
        running = {
            "inputs": {*form.settings, form.asked},
            "outputs": [self.viewer, self.shown, *switches],
            "trigger_mode": "multiple",
            **QUEUE,
            **QUIET,
        }
        at_once = {"queue": False, **QUIET}
        clicked = self.go.click(answers.begin, outputs=switches, **at_once)
        turned = self.swap.click(None, wells, wells, js="(a, b) => [b, a]", **QUIET)
        swapped = turned.then(answers.begin, outputs=switches, **at_once)
        chosen = self.strip.choose(answers.choose, outputs=[*wells, *switches], trigger_mode="multiple", **at_once)
        opened = self.page.load(answers.open, outputs=[*form.settings, form.asked, self.status], **at_once)
        for event in (clicked, swapped, chosen):
            event.then(answers.run, **running)
        opened.then(answers.run_asked, **running)
        line = Line(self.page, QUEUE["concurrency_id"])
        for event in (clicked, swapped, chosen, opened):
            event.then(line.status, None, self.status, **WAITING)
        self.stop.click(answers.halt, outputs=switches, **at_once)

        for well in wells:
            well.upload(checked, well, well, **QUIET).failure(lambda: None, outputs=well, **at_once)
        form.model.input(answers.list_layers, [form.model, form.layer], [form.model, form.layer], **LAST)
        options = list(form.options.values())
        self.preset.input(answers.as_published, self.preset, options, **LAST)
        gr.on([one.change for one in options], answers.published_as, options, self.preset, **LAST)
        gr.on([one.change for one in form.settings], None, form.settings, js=READ_FORM, **QUIET)
        self.viewer.point(answers.point, self.shown, self.point, trigger_mode="multiple", **QUEUE_POINT, **QUIET)
        saved = self.viewer.download(answers.download, self.shown, self.file, **QUIET)
        saved.success(None, self.file, js=SAVE_FILE, **QUIET)
