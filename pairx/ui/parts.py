"""What the parts of the page have in common, and the small ones: the strip of samples, the line that says what runs."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder
from PIL import Image

from pairx import images
from pairx.ui.theme import PAGE


class Part(gr.HTML):
    """A part of the page that our own JavaScript draws. template: the node that it fills. scripts: its files of page/,
    joined, so that what a file declares is known to those after it; they draw `props.value` and read `given`."""

    template = "<div></div>"
    scripts: tuple[str, ...] = ()

    def __init__(self, value: Any = None, given: dict[str, Any] | None = None, **how: Any) -> None:
        """given: constants, JSON-ready; props of `gr.HTML` would be gone after a `gr.skip()`. how: of `gr.HTML`."""
        files = [(PAGE / name).read_text(encoding="utf-8") for name in self.scripts]
        script = "\n".join([f"const given = {json.dumps(given or {})};", *files])
        super().__init__(value, html_template=self.template, js_on_load=script, apply_default_css=False, **how)


class SampleStrip(Part):
    """Ready photographs as buttons. Takes {"id", "title", "caption", "thumbs"} of each; see `thumbnails`. Event:
    `choose` with {"id"}."""

    template = '<div class="px-strip" role="group"></div>'
    scripts = ("shared.js", "strip.js")

    def __init__(self, entries: Sequence[dict[str, Any]], label: str, **how: Any) -> None:
        super().__init__(entries, {"label": label}, **how)


class Messenger(Part):
    """Hands each value that it gets to the page's bus, as an event of this name. Shows nothing."""

    template = "<div></div>"
    scripts = ("shared.js", "messenger.js")

    def __init__(self, event: str, **how: Any) -> None:
        super().__init__(given={"event": event}, **how)


class Status(Part):
    """What runs and how far, or what went wrong: {"text", "done", "total", "busy", "error"}.

    event: its name on the page's bus, for the picture that it is about.
    """

    template = '<div class="px-status" role="status"></div>'
    scripts = ("shared.js", "status.js")

    def __init__(self, event: str = "status", **how: Any) -> None:
        super().__init__({}, {"event": event}, **how)


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


def encoded(image: np.ndarray, kind: str, **how: Any) -> bytes:
    """The bytes of an image file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, kind, **how)
    return file.getvalue()


def cached(data: bytes, name: str) -> str:
    """The path of a file of this name in gradio's cache that holds the data. It is written whole or not at all, as
    others may be fetching the same."""
    folder = Path(get_upload_folder()) / hashlib.sha256(data).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(data)
    path = folder / name
    os.replace(file.name, path)
    return str(path.resolve())


def file_data(path: str) -> dict[str, Any]:
    """A file of gradio's cache in a component's value, from which the browser gets its address."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


def fresh(value: dict[str, Any]) -> dict[str, Any]:
    """The value, unlike any before: the browser draws it although it may hold the same, as the person asked again."""
    return {**value, "asked": uuid.uuid4().hex}


def data_uri(image: np.ndarray, kind: str, **how: Any) -> str:
    """An image within a value."""
    return f"data:image/{kind};base64,{base64.b64encode(encoded(image, kind, **how)).decode()}"


def sent(event: gr.EventData) -> dict[str, Any]:
    """What the browser sent with an event: it may hold anything."""
    return event._data if isinstance(event._data, dict) else {}
