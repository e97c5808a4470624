"""What the Explore tab answers when a person chooses a pair: its photographs and scores, then PAIR-X."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import gradio as gr

from pairx.evaluation.reading import OpenRun
from pairx.evaluation.store import SIZE
from pairx.models import EmbeddingModel
from pairx.types import Explanation, InputError, Steps, said_size
from pairx.ui.explain.scene import scene_of
from pairx.ui.explore.chosen_pair import Tickets, describe_pair, pair_rows, photo_of, ticket_of
from pairx.ui.explore.payload import PairText
from pairx.ui.shared import links
from pairx.ui.shared.events import sent
from pairx.ui.shared.files import json_file
from pairx.ui.shared.library import Library
from pairx.ui.shared.line import Line
from pairx.ui.shared.links import Options
from pairx.ui.shared.photos import Photo, pair_of
from pairx.ui.shared.session import AppState, Request
from pairx.ui.shared.words import capitalised

log = logging.getLogger(__name__)

OUR_FAULT = "This could not be shown: a fault of ours. Choose another pair, or another layer."
TELL_SECONDS = 0.3  # between two words on progress: each costs the page and the queue some time
NO_MODEL = "The run used {model}, which this app does not have: its scores are shown, PAIR-X is not."
OTHER_SIZE = "The run used {model} at {size} and found {then:.2f}; here it is explained at {here}: {now:.2f}."
OTHER_COSINE = "The run found {then:.2f}, this app's model {now:.2f}: {why}."
SAME_COSINE = 0.01  # computed elsewhere, a cosine differs by less


class Chosen(NamedTuple):
    """A pair of a run at a layer. photos: or why they cannot be shown."""

    run: OpenRun
    layer: str
    photos: Any
    pair: PairText


class PairEvents:
    """The events' functions about the chosen pair."""

    def __init__(self, app_state: AppState, library: Library) -> None:
        self.app_state = app_state
        self.library = library
        self.tickets = Tickets()
        self.wishes = Tickets()

    def choose(self, session: gr.Request, event: gr.EventData) -> Any:
        """A point was clicked: its photographs and scores, at once."""
        values = sent(event)
        ticket = ticket_of(values)
        if not self.tickets.ask(str(session.session_hash), ticket):
            return gr.skip()
        try:
            chosen = self._chosen(values)
            if isinstance(chosen.photos, InputError):
                return {"ticket": ticket, "pair": chosen.pair, "note": str(chosen.photos), "error": True}
            return {"ticket": ticket, "pair": chosen.pair, "busy": True, "note": "Waiting for a free place"}
        except InputError as error:
            return {"ticket": ticket, "pair": None, "note": str(error), "error": True}

    async def wait(self, line: Line, session: gr.Request, event: gr.EventData) -> AsyncGenerator[Any]:
        """How many are before the clicked point's PAIR-X, while it waits."""
        shown = await asyncio.to_thread(self.choose, session, event)
        if not shown.get("busy"):
            yield gr.skip()
            return
        async for value in line.tell(str(session.session_hash), lambda text: shown | {"note": text}):
            yield value

    def explain(self, session: gr.Request, event: gr.EventData) -> Generator[Any]:
        """PAIR-X of the clicked point, step by step, until the session clicks another."""
        with self.app_state.waiting:
            yield from self._explain(str(session.session_hash), sent(event))

    def _explain(self, name: str, values: dict[str, Any]) -> Generator[Any]:
        ticket = ticket_of(values)
        if not self.tickets.ask(name, ticket):
            yield gr.skip()
            return
        shown: dict[str, Any] = {"ticket": ticket, "pair": None}
        try:
            chosen = self._chosen(values)
            shown["pair"] = chosen.pair
            request = self._request(chosen)
            steps, said = Steps(self.app_state.steps(request, pair_of(*chosen.photos))), -TELL_SECONDS
            for step in steps:
                note = capitalised(step.what)
                if time.monotonic() - said >= TELL_SECONDS:
                    yield shown | {"busy": True, "note": note, "done": step.done, "total": step.total}
                    said = time.monotonic()
                if not self.tickets.ask(name, ticket):
                    return
            yield shown | self._answer(chosen, request, steps.result)
        except InputError as error:
            yield shown | {"note": str(error), "error": True}
        except Exception:
            log.exception("a pair could not be explained")
            yield shown | {"note": OUR_FAULT, "error": True}

    async def look_ahead(self, session: gr.Request, event: gr.EventData) -> Any:
        """The value of a pair that the person will probably choose next, computed with what the machine has left;
        nothing where the session wants another by then, or has left."""
        values, name = sent(event), str(session.session_hash)
        ticket, ahead = ticket_of(values), self.app_state.ahead

        async def wanted() -> bool:
            return self.wishes.ask(name, ticket) and not await has_left(session)

        if not self.wishes.ask(name, ticket) or values.get("number") is None:
            return gr.skip()
        async with ahead.turn:
            try:
                if not await wanted():
                    return gr.skip()
                chosen = await ahead.run(lambda: self._chosen(values))
                request = self._request(chosen)
                steps = self.app_state.steps_ahead(request, pair_of(*chosen.photos))
                found = await ahead.compute(request, steps, wanted)
                if found is None:
                    return gr.skip()
                answer = await ahead.run(lambda: self._answer(chosen, request, found))
                return {"ticket": ticket, "pair": chosen.pair, **answer}
            except InputError:
                return gr.skip()  # it is said when the person comes there

    def halt(self, session: gr.Request, event: gr.EventData) -> Any:
        """Stop was pressed: what runs for an earlier click ends."""
        self.tickets.ask(str(session.session_hash), ticket_of(sent(event)))

    def _chosen(self, values: dict[str, Any]) -> Chosen:
        """The pair that the page names. Raises InputError where there is none."""
        run, layer = self.library.run(str(values.get("run"))), str(values.get("layer"))
        number: Any = values.get("number")
        row = pair_rows(run, layer, number)
        photos: list[Photo] | InputError
        try:
            photos = [photo_of(self.app_state.shelf, run, row[f"{side}_id"]) for side in ("query", "gallery")]
        except InputError as error:
            photos = error
        known = [] if isinstance(photos, InputError) else photos
        return Chosen(run, layer, photos, describe_pair(run, layer, number, known))

    def _request(self, chosen: Chosen) -> Request:
        """What explains a pair. Raises InputError where nothing can."""
        if isinstance(chosen.photos, InputError):
            raise chosen.photos
        model = str(chosen.run.settings["model"])
        if model not in self.app_state.cards:
            raise InputError(NO_MODEL.format(model=model))
        return Request(chosen.photos[0].ref, chosen.photos[1].ref, model, chosen.layer)

    def _answer(self, chosen: Chosen, request: Request, explanation: Explanation) -> dict[str, Any]:
        """What of a `PairValue` an explanation adds."""
        cosine = float(pair_rows(chosen.run, chosen.layer, chosen.pair["number"])["cosine"])
        model = self.app_state.model(request.model)
        link = links.query(request.photo0.id, request.photo1.id, request.model, request.layer, Options())
        return {
            "scene": json_file(scene_of(explanation, pair_of(*chosen.photos)), "scene.json"),
            "link": f"?{urlencode(link)}",
            "note": unlike(chosen.run.settings, cosine, model, explanation.similarity),
        }


async def has_left(session: gr.Request) -> bool:
    """Whether the page that asked is closed."""
    return session.request is not None and await session.request.is_disconnected()


def unlike(settings: Mapping[str, Any], then: float, model: EmbeddingModel, now: float) -> str:
    """Why the app does not find what the run found, if so. then, now: the pair's cosine, in the run and by the app's
    model."""
    size = settings.get(SIZE)
    said, here = said_size(size), said_size(model.size)
    if size and said != here:
        return OTHER_SIZE.format(model=settings["model"], size=said, then=then, here=here, now=now)
    if abs(now - then) <= SAME_COSINE:
        return ""
    why = "the run was made with other weights" + ("" if size else " or another input size")
    if settings.get("model_key") == model.key:
        why = "the photographs have changed since"
    return OTHER_COSINE.format(then=then, now=now, why=why)
