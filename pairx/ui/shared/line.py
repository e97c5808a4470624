"""How many requests are before a person's own, told while it waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import gradio as gr

EVERY_SECONDS = 1.0


class Line:
    """One of a page's queues, in which each session finds its own place. name: its concurrency_id. What the app's
    programs ask for stands in it too."""

    def __init__(self, page: gr.Blocks, name: str) -> None:
        self.page = page
        self.name = name

    def before(self, session: str) -> int | None:
        """How many requests come before the session's last one, those that run included; None where it does not
        wait."""
        queue = self.page._queue.event_queue_per_concurrency_id.get(self.name)
        waiting = [event.session_hash for event in list(queue.queue)] if queue else []
        if queue is None or session not in waiting:
            return None
        return len(waiting) - 1 - waiting[::-1].index(session) + queue.current_concurrency

    async def tell(self, session: str, value: Callable[[str], Any]) -> AsyncGenerator[Any]:
        """A component's value with each new place of a waiting session. value: makes it from a sentence."""
        # What a generator ends with, gradio sends once more: that must not write over what the run says by then.
        yield gr.skip()
        said = None
        await asyncio.sleep(EVERY_SECONDS / 4)
        while (before := self.before(session)) is not None:
            if before != said:
                yield value(place(before))
                said = before
            await asyncio.sleep(EVERY_SECONDS)
        yield gr.skip()

    async def status(self, session: gr.Request) -> AsyncGenerator[Any]:
        """The value of a `pairx.ui.shared.parts.Status` while the session waits."""
        async for value in self.tell(str(session.session_hash), lambda text: {"text": text, "busy": True}):
            yield value


def place(before: int) -> str:
    """A place in the queue, in words."""
    return f"Waiting for a free place: {before} {'request is' if before == 1 else 'requests are'} before yours"
