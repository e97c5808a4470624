"""What an address asks the form for: at the start, and when the browser goes back."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import gradio as gr

from pairx import viz
from pairx.types import InputError
from pairx.ui.shared import links
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.links import CHOICES, Link
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.photos import GONE, Ref
from pairx.ui.shared.session import AppState, Request
from pairx.ui.shared.words import layer_choices

_FORM = ("photo0", "photo1", "model", "layer", *CHOICES, "asked", "status")
FormOutputs = namedtuple("FormOutputs", _FORM, defaults=[SKIP] * len(_FORM))
"""What an address changes: the form, what it asks for, the status."""


class Opening:
    """Fills the form from addresses. request: what the page opens on; ready: whether its picture is there."""

    def __init__(self, app_state: AppState, request: Request, ready: bool) -> None:
        self.app_state = app_state
        self.request = request
        self.ready = ready

    def open(self, request: gr.Request) -> FormOutputs:
        """From the page's address. The opening page is left as it was built; where a photograph cannot be had its place
        stays empty, and the status says why."""
        try:
            link = self._link(dict(request.query_params))
        except ValueError as error:
            return FormOutputs(None, None, asked=None, status=StatusValue(text=str(error), error=True))
        if link is None:
            return FormOutputs(asked=None if self.ready else Link("", "", self.request.model), status={})
        return self.fill(link)

    def again(self, request: gr.Request, event: gr.EventData) -> FormOutputs:
        """From a link that a person chose on the page."""
        self.app_state.turns.take(str(request.session_hash))
        query = sent(event).get("query")
        try:
            link = self._link({str(name): str(text) for name, text in query.items()} if isinstance(query, dict) else {})
        except ValueError as error:
            return FormOutputs(None, None, asked=None, status=StatusValue(text=str(error), error=True))
        own = self.request
        return self.fill(link or Link(own.photo0.id, own.photo1.id, own.model, own.layer, own.options))

    def reopen(self, request: gr.Request, event: gr.EventData) -> FormOutputs:
        """From an address to which the browser went back; the page's own without a query."""
        found = self.again(request, event)
        return found._replace(asked=replace(found.asked, back=True)) if found.asked else found

    def _link(self, query: Mapping[str, str]) -> Link | None:
        return links.parse(query, self.app_state.shelf.samples, self.app_state.cards, viz.palettes())

    def fill(self, link: Link) -> FormOutputs:
        """The form of a link."""
        name = link.model or self.request.model
        photos = [self._find(one) for one in (link.a, link.b)]
        try:
            model = self.app_state.model(name)
            photos = [
                self.app_state.shelf.cut(photo, cut).ref if photo and cut else photo
                for photo, cut in zip(photos, link.cuts, strict=True)
            ]
        except InputError as error:
            return FormOutputs(*photos, asked=None, status=StatusValue(text=str(error), error=True))
        known = [layer.name for layer in model.layers]
        layer = link.layer if link.layer in known else model.default_layer
        choice = gr.update(choices=layer_choices(model), value=layer)
        filled = FormOutputs(*photos, name, choice, **asdict(link.options))
        if why := missing(photos):
            return filled._replace(asked=None, status=StatusValue(text=why, error=True))
        return filled._replace(asked=link, status=StatusValue(text="Opening the link", busy=True))

    def _find(self, id: str) -> Ref | None:
        try:
            return self.app_state.shelf.find(id)
        except InputError:
            return None


def missing(photos: list[Any]) -> str:
    """Which photographs of a pair are gone; empty where none is."""
    lost = [letter for letter, photo in zip("AB", photos, strict=True) if photo is None]
    if len(lost) == 2:
        return f"Both photographs of this pair are {GONE.removeprefix('is ').replace('it', 'them')}"
    return f"Photograph {lost[0]} of this pair {GONE}" if lost else ""
