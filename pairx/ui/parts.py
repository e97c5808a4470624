"""Small parts of the page: the strip of sample pairs, the line that says what runs and the switches beside it."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from pairx import images
from pairx.ui.samples import SamplePair
from pairx.ui.viewer import script


class SampleStrip(gr.HTML):
    """Ready pairs as buttons. Event: `choose` with {"id"}."""

    def __init__(self, pairs: Sequence[SamplePair], pictures: dict[str, np.ndarray], **kwargs: Any) -> None:
        thumbs = {id: _thumbnail(picture) for id, picture in pictures.items()}
        value = [
            {"id": one.id, "title": one.title, "caption": one.sentence, "thumbs": [thumbs[one.a], thumbs[one.b]]}
            for one in pairs
        ]
        super().__init__(
            value,
            html_template='<div class="px-strip" role="group" aria-label="Sample pairs"></div>',
            js_on_load=script("shared.js", "strip.js"),
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


def _thumbnail(picture: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(images.thumbnail(picture, 220)).save(file, "JPEG", quality=82)
    return f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
