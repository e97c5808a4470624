"""What the Explain tab answers when a person acts: the events' functions, without any layout."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import asdict
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component

from pairx import viz
from pairx.commands.laying import blinked
from pairx.types import Explanation, ImagePair, InputError, Steps
from pairx.ui.explain.copy import LONGEST, QUALITY, offline_copy
from pairx.ui.explain.payload import AnsweredScene, PointAnswer
from pairx.ui.explain.references import SAME, References, comparable, same_picture
from pairx.ui.explain.samples import SamplePair
from pairx.ui.explain.scene import scene_of
from pairx.ui.shared import export, links
from pairx.ui.shared.events import SKIP, Switches, resting, sent, waiting
from pairx.ui.shared.figures import part_of
from pairx.ui.shared.files import cached
from pairx.ui.shared.form import Form
from pairx.ui.shared.links import Link, Options
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.photos import pair_of
from pairx.ui.shared.session import AppState, Request
from pairx.ui.shared.words import (
    NO_LONGER,
    OTHER_MISSING,
    OUR_FAULT,
    OWN_PAIR,
    POINT_FAULT,
    STOPPED,
    capitalised,
    layer_choices,
    layer_title,
)

log = logging.getLogger(__name__)


def read_place(asked: dict[str, Any]) -> tuple[int, list[float]]:
    """Side and place (x0, y0, x1, y1) that the browser asked for. Raises InputError for anything else."""
    side, place = asked.get("side"), asked.get("place")
    numbers = place if isinstance(place, list) else []
    inside = [float(one) for one in numbers if isinstance(one, int | float) and 0 <= one <= 1]
    if side not in (0, 1) or len(numbers) != 4 or len(inside) != 4:
        raise InputError("This is no place in a photograph. Click again.")
    return side, inside


def _wanted(link: Link) -> dict[str, Any]:
    """What a link asks of the viewer."""
    return {"look": link.look, "match": link.match, "seen": link.seen, "back": link.back}


class RunOutputs(NamedTuple):
    """What a run changes."""

    viewer: Any = SKIP
    shown: Any = SKIP
    status: Any = SKIP
    go: Any = SKIP
    stop: Any = SKIP


class PairOutputs(NamedTuple):
    """What the choice of a sample pair changes."""

    photo0: Any = SKIP
    photo1: Any = SKIP
    status: Any = SKIP
    go: Any = SKIP
    stop: Any = SKIP


class LayerOutputs(NamedTuple):
    """What the choice of a model changes."""

    model: Any = SKIP
    layer: Any = SKIP


class ExplainEvents:
    """The events' functions. opening: what the page opens on."""

    def __init__(
        self,
        app_state: AppState,
        pairs: tuple[SamplePair, ...],
        opening: Request,
        form: Form,
        references: References,
    ) -> None:
        self.app_state = app_state
        self.references = references
        self.pairs = {pair.id: pair for pair in pairs}
        self.opening = opening
        self.form = form

    def begin(self, request: gr.Request) -> Switches:
        """A run was asked for; whatever the session ran before ends."""
        self.app_state.turns.take(str(request.session_hash))
        return Switches(**waiting())

    def halt(self, request: gr.Request) -> Switches:
        """Stop was pressed."""
        self.app_state.turns.take(str(request.session_hash), stopped=True)
        return Switches(**resting(STOPPED))

    def choose(self, request: gr.Request, event: gr.EventData) -> PairOutputs:
        """A sample pair goes into the wells."""
        pair = self.pairs.get(str(sent(event).get("id")))
        if pair is None:
            raise gr.Error("There is no such sample pair.", print_exception=False)
        samples = self.app_state.shelf.samples
        return PairOutputs(samples[pair.a], samples[pair.b], *self.begin(request))

    def begin_filled(self, photo0: Any, photo1: Any, status: StatusValue | None, request: gr.Request) -> Switches:
        """A photograph came into a well: where both are filled, the pair is explained. status: what was said of it."""
        if photo0 is None or photo1 is None:
            return Switches() if status and status.get("error") else Switches(**resting(OTHER_MISSING))
        return self.begin(request)

    def run_filled(self, values: dict[Component, Any], session: gr.Request) -> Generator[RunOutputs]:
        """Explain what the form holds, once both wells are filled."""
        if any(values[one] is None for one in self.form.photo_inputs):
            yield RunOutputs()
        else:
            yield from self.run(values, session)

    def as_published(self, preset: str | None) -> list[Any]:
        """The options of a preset, in the form's order."""
        return list(asdict(links.published(preset or "paper")).values())

    def published_as(self, *values: str) -> str | None:
        """The preset that the form's options are, or none."""
        return links.preset_of(Options(**dict(zip(self.form.options, values, strict=True))))

    def opening_scene(self) -> dict[str, Any]:
        """What the viewer shows before anybody acted."""
        pair = self.app_state.pair(self.opening)
        paths = [one.value["path"] for one in self.form.photo_inputs]
        return {
            "scene": self.describe(self.opening, self.app_state.explain(self.opening, pair), pair, paths),
            "quiet": True,
        }

    def run_asked(self, values: dict[Component, Any], session: gr.Request) -> Generator[RunOutputs]:
        """Explain what the page's address asked for, if it asked."""
        if values[self.form.asked] is None:
            yield RunOutputs()
        else:
            yield from self.run(values, session, values[self.form.asked])

    def run(self, values: dict[Component, Any], session: gr.Request, link: Link | None = None) -> Generator[RunOutputs]:
        """Explain what the form holds, step by step, until the session asks for something else."""
        name, turns = str(session.session_hash), self.app_state.turns
        turn = turns.now(name)
        if turn[1]:
            yield RunOutputs(**resting(STOPPED))
            return
        try:
            photos = self.form.photos(values)
            request = self.form.request(values)
            pair = pair_of(*photos)
            steps = Steps(self.app_state.steps(request, pair))
            yield RunOutputs(**waiting())
            for step in steps:
                text = capitalised(step.what)
                yield RunOutputs(status=StatusValue(text=text, done=step.done, total=step.total, busy=True))
                if turns.now(name) != turn:
                    break
            else:
                scene = self.describe(request, steps.result, pair, [str(photo.ref.path) for photo in photos])
                value = {"scene": scene, "quiet": link is not None and not link.a}
                value |= _wanted(link) if link else {}
                yield RunOutputs(value, request, **resting())
                return
            if turns.now(name)[1]:
                yield RunOutputs(**resting(STOPPED))
        except InputError as error:
            yield RunOutputs(**resting(str(error), error=True))
        except Exception:
            log.exception("an explanation failed")
            yield RunOutputs(**resting(OUR_FAULT, error=True))

    def describe(
        self, request: Request, explanation: Explanation, pair: ImagePair, paths: list[str], **photographs: int
    ) -> AnsweredScene:
        """The scene of a result with its words, its link, and the form that it answers. photographs: as `scene_of`
        takes them."""
        model = self.app_state.model(request.model)
        ids = request.photo0.id, request.photo1.id
        cuts = request.photo0.cut, request.photo1.cut
        sample = next((one for one in self.pairs.values() if {one.a, one.b} == {*ids}), None)
        scene = scene_of(explanation, pair, **photographs)
        own = not all(one in self.app_state.shelf.samples for one in ids)
        counted = f"{scene['matches']} {'match' if scene['matches'] == 1 else 'matches'}"
        seconds = f" · {explanation.seconds:.0f} s" if explanation.seconds >= 1 else ""
        words: Any = {
            "key": self.app_state.key(request),
            "sample": sample.id if sample and cuts == (None, None) else None,
            "own": own,
            "story": sample.sentence if sample else OWN_PAIR,
            "references": self.references.texts(model, explanation.similarity, own) if comparable(pair) else [],
            "notes": [SAME] * same_picture(pair) + scene["notes"],
            "about": f"{model.title} · {layer_title(model, request.layer)} · {counted}{seconds}",
            "link": links.query(*ids, request.model, request.layer, request.options, cuts),
            "figure": part_of(request, self.app_state.shelf.samples),
            "form": [*paths, request.model, request.layer, *asdict(request.options).values()],
        }
        return scene | words

    def point(self, request: Request | None, event: gr.EventData) -> PointAnswer:
        """What the other photograph answers to a place that a person points at: a message for the viewer."""
        asked = sent(event)
        message: PointAnswer = {"ticket": asked.get("ticket", 0)}
        try:
            if request is None or asked.get("key") != self.app_state.key(request):
                raise InputError(NO_LONGER)
            side, place = read_place(asked)
            cells = self.app_state.point_map(request, side, place)
        except InputError as error:
            return message | {"error": str(error)}
        except Exception:
            log.exception("a place could not be explained")
            return message | {"error": POINT_FAULT}
        h, w = cells.shape
        return message | {"cells": cells.ravel().tolist(), "grid": (h, w), "scale": viz.scale_of(cells)}

    def list_layers(self, name: str, layer: str) -> LayerOutputs:
        """The layers of a newly chosen model. Where it cannot be had, the model of the opening comes back."""
        try:
            model = self.app_state.model(name)
        except InputError as error:
            gr.Warning(f"This model cannot be used: {error}", duration=15)
            name = self.opening.model
            model = self.app_state.model(name)
        known = [one.name for one in model.layers]
        chosen = layer if layer in known else model.default_layer
        return LayerOutputs(name, gr.update(choices=layer_choices(model), value=chosen))

    def download(self, request: Request | None, event: gr.EventData) -> str:
        """Write what the person sees to a file of the cache."""
        asked = sent(event)
        if request is None or asked.get("key") != self.app_state.key(request):
            raise gr.Error(NO_LONGER, print_exception=False)
        try:
            pair = self.app_state.pair(request)
            explanation = self.app_state.explain(request, pair)
            kind = str(asked.get("kind"))
            seen = asked.get("look")
            look, detail = export.look_from(seen, explanation.matches), export.detail_from(seen)
            if kind == "html":
                data = self._copy(request, explanation, pair, look, detail)
            elif kind == "gif":
                data = blinked(pair)[0].content(kind)
            else:
                answer = self._answer(request, seen.get("point")) if isinstance(seen, dict) else None
                data = export.content(explanation, pair, kind, look, detail, answer)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return cached(data, export.file_name(explanation, pair, kind, look))

    def _answer(self, request: Request, asked: Any) -> viz.Answer | None:
        """What is answered on the picture, None where nothing is pointed at. Raises InputError for what is no place."""
        if not isinstance(asked, dict):
            return None
        side, (x0, y0, x1, y1) = read_place(asked)
        return viz.Answer(side, (x0, y0, x1, y1), self.app_state.point_map(request, side, (x0, y0, x1, y1)))

    def _copy(
        self, request: Request, explanation: Explanation, pair: ImagePair, look: viz.Look, detail: viz.Detail | None
    ) -> bytes:
        """The offline copy, as the picture looks now."""
        scene = self.describe(request, explanation, pair, [], longest=LONGEST, quality=QUALITY)
        seen = {"lines": look.k_lines, "colors": look.k_colors, "opacity": look.opacity, "palette": look.palette}
        part = asdict(detail) if detail else {"zoom": 1, "centers": []}
        about = f"{pair.id0} and {pair.id1}: cosine similarity {explanation.similarity:.2f}, PAIR-X"
        return offline_copy(scene, {**seen, **part, "isolate": look.isolate}, about)
