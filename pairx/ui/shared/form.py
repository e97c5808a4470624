"""The form of the Explain tab, whose pair, model and layer the Compare tab shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component

from pairx.types import InputError
from pairx.ui.shared.links import Options
from pairx.ui.shared.photos import Photo
from pairx.ui.shared.session import Request


@dataclass(frozen=True)
class Form:
    """The components that a result depends on, and what the page's address asked for."""

    photo_inputs: tuple[Component, Component]
    model: Component
    layer: Component
    options: Mapping[str, Component]
    asked: gr.State

    @property
    def settings(self) -> list[Component]:
        """In the order of a scene's `form`."""
        return [*self.photo_inputs, self.model, self.layer, *self.options.values()]

    def photos(self, values: dict[Component, Any]) -> list[Photo]:
        """The photographs that were chosen. Raises InputError where one is missing or is none."""
        photos = [values[one] for one in self.photo_inputs]
        for photo in photos:
            if photo is None:
                raise InputError("Choose two photographs first: upload them, or take a sample pair.")
            if isinstance(photo, InputError):
                raise photo
        return photos

    def request(self, values: dict[Component, Any]) -> Request:
        """What the values ask for. Raises InputError."""
        photos = self.photos(values)
        try:
            options = Options(**{name: values[one] for name, one in self.options.items()})
        except ValueError as error:
            raise InputError(f"{error}.") from error
        return Request(photos[0].ref, photos[1].ref, values[self.model], str(values[self.layer]), options)
