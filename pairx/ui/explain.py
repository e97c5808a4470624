"""The Explain tab: what a person chooses at the left, the picture at the right, and what happens in between."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import asdict
from typing import Any

import gradio as gr
from gradio.processing_utils import save_bytes_to_cache

from pairx import viz
from pairx.evaluation.reference import similarity_sentence
from pairx.types import Explanation, ImagePair, InputError
from pairx.ui import export, links
from pairx.ui.links import CHOICES, Options
from pairx.ui.parts import SampleStrip, Status
from pairx.ui.photos import Photo, pair_of
from pairx.ui.samples import SamplePair
from pairx.ui.session import AT_ONCE, Request, Workshop
from pairx.ui.uploads import SafeImage, showable
from pairx.ui.viewer import LookPanel, Viewer, scene_of
from pairx.ui.words import ADVANCED, LAYER_INFO, OWN_PAIR, layer_choices, layer_title, model_choices

log = logging.getLogger(__name__)

QUEUE = {"concurrency_id": "explain", "concurrency_limit": AT_ONCE}
QUIET = {"show_progress": "hidden", "api_visibility": "private"}
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
        self, page: gr.Blocks, workshop: Workshop, pairs: tuple[SamplePair, ...], opening: Request, ready: bool
    ) -> None:
        """ready: whether the opening request's result is known, so that the page can show it at once."""
        self.page = page
        self.workshop = workshop
        self.pairs = {pair.id: pair for pair in pairs}
        self.opening = opening
        self.ready = ready
        self.shown = gr.State(opening, time_to_live=SESSION_SECONDS)
        self.asked = gr.State(None, time_to_live=SESSION_SECONDS)
        with gr.Row(elem_classes="px-columns"):
            with gr.Column(scale=1, min_width=300, elem_classes="px-controls"):
                self._pair()
                self._model()
                self._look()
            with gr.Column(scale=3, min_width=560, elem_classes="px-picture"):
                self.viewer = Viewer(self._opening_scene() if ready else None)
                self.file = gr.File(visible="hidden")
        self._wire()

    def _pair(self) -> None:
        shelf = self.workshop.shelf
        gr.HTML("<h2>Pair</h2>", apply_default_css=False)
        pictures = {id: shelf.load(ref).image for id, ref in shelf.samples.items()}
        self.strip = SampleStrip(list(self.pairs.values()), pictures)
        with gr.Row(elem_classes="px-wells"):
            first, second = (
                SafeImage(
                    value=ref,
                    shelf=shelf,
                    label=label,
                    height=170,
                    sources=["upload"],
                    buttons=[],
                    interactive=True,
                    alt_text=label,
                )
                for ref, label in ((self.opening.photo0, "Photograph A"), (self.opening.photo1, "Photograph B"))
            )
        self.wells = [first, second]
        self.swap = gr.Button("Swap A and B", size="sm")

    def _model(self) -> None:
        gr.HTML("<h2>Model and layer</h2>", apply_default_css=False)
        model = self.workshop.model(self.opening.model)
        self.model = gr.Dropdown(
            model_choices(self.workshop.cards.values()), value=model.name, label="Model", interactive=True
        )
        self.layer = gr.Dropdown(
            layer_choices(model), value=self.opening.layer, label="Layer", info=LAYER_INFO, interactive=True
        )
        with gr.Accordion("Advanced", open=False):
            self.options = {
                name: gr.Dropdown(choices, value=CHOICES[name][0], label=label, info=info, interactive=True)
                for name, (label, info, choices) in ADVANCED.items()
            }
        with gr.Row():
            self.go = gr.Button("Explain", variant="primary", elem_id="px-explain", scale=2, min_width=120)
            self.stop = gr.Button("Stop", interactive=False, elem_id="px-stop", scale=1, min_width=80)
        self.status = Status()

    def _look(self) -> None:
        gr.HTML('<hr class="px-rule"><h2>Look</h2>', apply_default_css=False)
        LookPanel()

    @property
    def form(self) -> list[gr.components.Component]:
        """All that a result depends on, in the order of `Scene.form`."""
        return [*self.wells, self.model, self.layer, *self.options.values()]

    def _opening_scene(self) -> dict[str, Any]:
        pair = self.workshop.pair(self.opening)
        paths = [well.value["path"] for well in self.wells]
        scene = self.describe(self.opening, self.workshop.explain(self.opening), pair, paths)
        return {"scene": scene, "quiet": True}

    def _wire(self) -> None:
        switches = [self.status, self.go, self.stop]
        running = {
            "inputs": {*self.form, self.asked},
            "outputs": [self.viewer, self.shown, *switches],
            **QUEUE,
            **QUIET,
        }
        running["trigger_mode"] = "always_last"
        clicked = self.go.click(self.wait, outputs=switches, queue=False, **QUIET)
        swapped = self.swap.click(None, self.wells, self.wells, js="(a, b) => [b, a]", **QUIET)
        chosen = self.strip.choose(
            self.choose, outputs=[*self.wells, *switches], queue=False, trigger_mode="multiple", **QUIET
        )
        opened = self.page.load(self.open, outputs=[*self.form, self.asked, self.status], queue=False, **QUIET)
        runs = [event.then(self.run, **running) for event in (clicked, swapped, chosen)]
        runs.append(opened.then(self.run_asked, **running))
        for run in runs:
            run.failure(self.fail, outputs=switches, queue=False, **QUIET)
        self.strip.choose(None, cancels=runs, **QUIET)
        self.stop.click(self.halt, outputs=switches, cancels=runs, queue=False, **QUIET)

        for well in self.wells:
            checked = well.upload(lambda photo, cache=well.GRADIO_CACHE: showable(photo, cache), well, well, **QUIET)
            checked.failure(lambda: None, outputs=well, queue=False, **QUIET)
        self.model.input(self.list_layers, [self.model, self.layer], [self.model, self.layer], **QUIET)
        gr.on([one.change for one in self.form], None, self.form, js=READ_FORM, **QUIET)
        self.viewer.download(self.download, self.shown, self.file, **QUIET).success(
            None, self.file, js=SAVE_FILE, **QUIET
        )

    # What the events do

    def wait(self) -> list[Any]:
        """The switches while a run waits for its turn."""
        return [
            {"text": "Waiting for a free place", "busy": True},
            gr.update(interactive=False),
            gr.update(interactive=True),
        ]

    def rest(self, text: str = "", error: bool = False) -> list[Any]:
        """The switches when nothing runs."""
        return [{"text": text, "error": error}, gr.update(interactive=True), gr.update(interactive=False)]

    def halt(self) -> list[Any]:
        """Stop was pressed."""
        return self.rest("Stopped. The picture is the one from before.")

    def fail(self) -> list[Any]:
        """A run broke before it began: its message is on the screen already."""
        return self.rest("Nothing was explained. Check both photographs, then press Explain.", error=True)

    def choose(self, event: gr.EventData) -> list[Any]:
        """A sample pair goes into the wells."""
        pair = self.pairs.get(str(event._data.get("id"))) if isinstance(event._data, dict) else None
        if pair is None:
            raise gr.Error("There is no such sample pair.", print_exception=False)
        samples = self.workshop.shelf.samples
        return [samples[pair.a], samples[pair.b], *self.wait()]

    def open(self, request: gr.Request) -> list[Any]:
        """Fill the form from the page's address. The opening page is left as it was built."""
        nothing = [gr.skip()] * len(self.form)
        workshop = self.workshop
        try:
            link = links.parse(dict(request.query_params), workshop.shelf.samples, workshop.cards, viz.palettes())
            if link is None:
                return [*nothing, None if self.ready else links.Link("", "", self.opening.model), {}]
            photos = [workshop.shelf.find(link.a), workshop.shelf.find(link.b)]
            model = workshop.model(link.model or self.opening.model)
        except (ValueError, InputError) as error:
            asked = None if self.ready else links.Link("", "", self.opening.model)
            return [*nothing, asked, {"text": str(error), "error": True}]
        known = [layer.name for layer in model.layers]
        layer = link.layer if link.layer in known else model.default_layer
        choice = gr.update(choices=layer_choices(model), value=layer)
        return [
            *photos,
            model.name,
            choice,
            *asdict(link.options).values(),
            link,
            {"text": "Opening the link", "busy": True},
        ]

    def run_asked(self, form: dict[Any, Any]) -> Generator[list[Any]]:
        """Explain what the page's address asked for, if it asked."""
        if form[self.asked] is None:
            yield [gr.skip()] * 5
        else:
            yield from self.run(form, form[self.asked])

    def run(self, form: dict[Any, Any], link: links.Link | None = None) -> Generator[list[Any]]:
        """Explain what the form holds, step by step."""
        kept = [gr.skip(), gr.skip()]
        try:
            photos = [form[well] for well in self.wells]
            request = self.request(form)
            pair = pair_of(*photos)
            steps = self.workshop.steps(request, pair)
            yield [*kept, *self.wait()]
            while True:
                try:
                    step = next(steps)
                except StopIteration as stop:
                    explanation = stop.value
                    break
                text = f"{step.what[:1].upper()}{step.what[1:]}"
                yield [
                    *kept,
                    {"text": text, "done": step.done, "total": step.total, "busy": True},
                    gr.skip(),
                    gr.skip(),
                ]
            scene = self.describe(request, explanation, pair, [str(photo.ref.path) for photo in photos])
            value = {"scene": scene, "look": link.look if link else None, "match": link.match if link else None}
            yield [value, request, *self.rest()]
        except InputError as error:
            yield [*kept, *self.rest(str(error), error=True)]
        except Exception:
            log.exception("an explanation failed")
            yield [
                *kept,
                *self.rest(
                    "This pair could not be explained: a fault of ours. Try another layer or model.", error=True
                ),
            ]

    def request(self, form: dict[Any, Any]) -> Request:
        """The form as a request. Raises InputError."""
        photos: list[Photo | None] = [form[well] for well in self.wells]
        if None in photos:
            raise InputError("Choose two photographs first: upload them, or take a sample pair.")
        try:
            options = Options(**{name: form[one] for name, one in self.options.items()})
        except ValueError as error:
            raise InputError(f"{error}.") from error
        return Request(photos[0].ref, photos[1].ref, form[self.model], str(form[self.layer]), options)

    def describe(self, request: Request, explanation: Explanation, pair: ImagePair, paths: list[str]) -> dict[str, Any]:
        """The scene of a result with its words, its link, and the form that it answers."""
        model = self.workshop.model(request.model)
        ids = request.photo0.id, request.photo1.id
        sample = next((one for one in self.pairs.values() if (one.a, one.b) == ids), None)
        scene = scene_of(explanation, pair)
        seconds = f" · {explanation.seconds:.0f} s" if explanation.seconds >= 1 else ""
        return scene | {
            "key": self.workshop.key(request),
            "sample": sample and sample.id,
            "story": sample.sentence if sample else OWN_PAIR,
            "sentence": similarity_sentence(model, explanation.similarity),
            "about": f"{model.title} · {layer_title(model, request.layer)} · {scene['matches']} matches{seconds}",
            "link": links.query(*ids, request.model, request.layer, request.options),
            "form": [*paths, request.model, request.layer, *asdict(request.options).values()],
        }

    def list_layers(self, name: str, layer: str) -> list[Any]:
        """The layers of a newly chosen model. Where it cannot be had, the model of the opening comes back."""
        try:
            model = self.workshop.model(name)
        except InputError as error:
            gr.Warning(str(error), duration=15, title="This model cannot be used")
            model = self.workshop.model(self.opening.model)
        known = [one.name for one in model.layers]
        return [
            model.name,
            gr.update(choices=layer_choices(model), value=layer if layer in known else model.default_layer),
        ]

    def download(self, request: Request | None, event: gr.EventData) -> str:
        """Write what the person sees to a file of the cache."""
        asked = event._data if isinstance(event._data, dict) else {}
        if request is None or asked.get("key") != self.workshop.key(request):
            raise gr.Error(
                "This picture is no longer the session's. Press Explain, then download it.", print_exception=False
            )
        try:
            pair, explanation = self.workshop.pair(request), self.workshop.explain(request)
            kind = str(asked.get("kind"))
            look = export.look_from(asked.get("look"), len(explanation.matches) if explanation.matches else 0)
            data = export.content(explanation, pair, kind, look)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return save_bytes_to_cache(data, export.file_name(explanation, pair, kind, look), self.file.GRADIO_CACHE)
