"""How events run, and what every long one says and switches."""

from __future__ import annotations

from typing import Any

import gradio as gr

from pairx.ui.shared.page import imported
from pairx.ui.shared.session import AT_ONCE

QUEUE = {"concurrency_id": "explain", "concurrency_limit": AT_ONCE}
QUEUE_POINT = {"concurrency_id": "point", "concurrency_limit": AT_ONCE}
QUIET = {"show_progress": "hidden", "api_visibility": "private"}
WAITING = {"concurrency_id": "line", "concurrency_limit": None, "trigger_mode": "multiple", **QUIET}
"""Of what tells a session its place in the queue."""
LAST = {"trigger_mode": "always_last", **QUIET}
"""Of choices: who chooses again before the first answer gets the last choice's."""
SESSION_SECONDS = 6 * 3600
READ_FORM = f"(...values) => {imported('page/state.js')}.then(({{ formChanged }}) => formChanged(...values))"
SAVE_FILE = """(file) => {
  if (!file) return;
  const link = Object.assign(document.createElement("a"), { href: file.url, download: file.orig_name });
  document.body.append(link);
  link.click();
  link.remove();
}"""


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


def sent(event: gr.EventData) -> dict[str, Any]:
    """What the browser sent with an event: it may hold anything."""
    return event._data if isinstance(event._data, dict) else {}
