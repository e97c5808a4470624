"""How events run, and what every long one says and switches."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from pairx.ui.shared.page import imported
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.session import AT_ONCE

QUEUE: dict[str, Any] = {"concurrency_id": "explain", "concurrency_limit": AT_ONCE}
QUEUE_POINT: dict[str, Any] = {"concurrency_id": "point", "concurrency_limit": AT_ONCE}
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
WAITING: dict[str, Any] = {"concurrency_id": "line", "concurrency_limit": None, "trigger_mode": "multiple", **QUIET}
"""Of what tells a session its place in the queue."""
LAST: dict[str, Any] = {"trigger_mode": "always_last", **QUIET}
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


SKIP = gr.skip()
"""In place of an output: it stays as it is."""


class Switches(NamedTuple):
    """The outputs of what starts or stops a run: its status, and the buttons that start and stop one."""

    status: Any = SKIP
    go: Any = SKIP
    stop: Any = SKIP


def waiting() -> dict[str, Any]:
    """The `Switches` while a run waits for its turn."""
    status = StatusValue(text="Waiting for a free place", busy=True)
    return {"status": status, "go": gr.update(interactive=False), "stop": gr.update(interactive=True)}


def resting(text: str = "", error: bool = False) -> dict[str, Any]:
    """The `Switches` when nothing runs."""
    status = StatusValue(text=text, error=error)
    return {"status": status, "go": gr.update(interactive=True), "stop": gr.update(interactive=False)}


def sent(event: gr.EventData) -> dict[str, Any]:
    """What the browser sent with an event: it may hold anything."""
    return event._data if isinstance(event._data, dict) else {}
