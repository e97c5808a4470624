"""What the parts of the page have in common, and the small ones: the strip of samples, the line that says what runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from pairx.ui.shared.theme import PAGE


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
