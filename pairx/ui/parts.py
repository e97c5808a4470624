"""Small parts of the page: the strip of sample pairs, the line that says what runs and the switches beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import gradio as gr
import numpy as np

from pairx import images
from pairx.ui.viewer import data_uri, script


class SampleStrip(gr.HTML):
    """Ready photographs as buttons. Takes {"id", "title", "caption", "thumbs"} of each; see `thumbnails`. Event:
    `choose` with {"id"}."""

    def __init__(self, entries: Sequence[dict[str, Any]], label: str, **kwargs: Any) -> None:
        super().__init__(
            entries,
            html_template='<div class="px-strip" role="group"></div>',
            js_on_load=script("shared.js", "strip.js"),
            label_text=label,
            apply_default_css=False,
            **kwargs,
        )

    def get_block_name(self) -> str:
        return "html"

    def postprocess(self, value: Any) -> Any:
        return value


class Messenger(gr.HTML):
    """Hands each value that it gets to the page's bus, as an event of this name. Shows nothing."""

    def __init__(self, event: str, **kwargs: Any) -> None:
        super().__init__(
            None,
            html_template="<div></div>",
            js_on_load=script("shared.js", "messenger.js"),
            event=event,
            apply_default_css=False,
            **kwargs,
        )

    def get_block_name(self) -> str:
        return "html"

    def postprocess(self, value: Any) -> Any:
        return value


class Status(gr.HTML):
    """What runs and how far, or what went wrong: {"text", "done", "total", "busy", "error"}.

    event: its name on the page's bus, for the picture that it is about.
    """

    def __init__(self, event: str = "status", **kwargs: Any) -> None:
        super().__init__(
            {},
            html_template='<div class="px-status" role="status"></div>',
            js_on_load=script("shared.js", "status.js"),
            event=event,
            apply_default_css=False,
            **kwargs,
        )

    def get_block_name(self) -> str:
        return "html"

    def postprocess(self, value: Any) -> Any:
        return value


def waiting() -> list[Any]:
    """Status, start and stop while a run waits for its turn."""
    return [
        {"text": "Waiting for a free place", "busy": True},
        gr.update(interactive=False),
        gr.update(interactive=True),
    ]


def resting(text: str = "", error: bool = False) -> list[Any]:
    """Status, start and stop when nothing runs."""
    return [{"text": text, "error": error}, gr.update(interactive=True), gr.update(interactive=False)]


def thumbnails(pictures: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Small pictures for a page, by the same names."""
    return {name: data_uri(images.thumbnail(picture, 220), "jpeg", quality=82) for name, picture in pictures.items()}
