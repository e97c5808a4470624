"""People are told their place in the queue, and nothing that is over writes over what runs."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import gradio as gr
import pytest

from pairx.ui.shared import line as line_module
from pairx.ui.shared.line import Line, place


@pytest.fixture
def queue() -> SimpleNamespace:
    return SimpleNamespace(queue=[], current_concurrency=1)


@pytest.fixture
def line(queue, monkeypatch) -> Line:
    monkeypatch.setattr(line_module, "EVERY_SECONDS", 0)
    page = SimpleNamespace(_queue=SimpleNamespace(event_queue_per_concurrency_id={"explain": queue}))
    return Line(page, "explain")


def waiting(*sessions: str) -> list[SimpleNamespace]:
    return [SimpleNamespace(session_hash=one) for one in sessions]


def test_a_place_counts_what_runs_and_what_waits_before_the_last_request(line, queue):
    queue.queue = waiting("a", "me", "b", "me", "c")
    assert line.before("a") == 1 and line.before("me") == 4 and line.before("nobody") is None
    assert Line(line.page, "never used").before("a") is None


def test_each_new_place_is_told_and_the_last_word_changes_nothing(line, queue):
    places = [waiting("a", "me"), waiting("a", "me"), waiting("me"), []]

    async def told() -> list:
        found = []
        queue.queue = places.pop(0)
        async for value in line.status(SimpleNamespace(session_hash="me")):
            found.append(value)
            queue.queue = places.pop(0) if places else []
        return found

    first, *texts, last = asyncio.run(told())
    assert first == last == gr.skip()
    assert texts == [{"text": place(2), "busy": True}, {"text": place(1), "busy": True}]


def test_who_does_not_wait_is_told_nothing(line):
    async def told() -> list:
        return [value async for value in line.status(SimpleNamespace(session_hash="me"))]

    assert asyncio.run(told()) == [gr.skip(), gr.skip()]


def test_places_in_words():
    assert place(1) == "Waiting for a free place: 1 request is before yours"
    assert place(3) == "Waiting for a free place: 3 requests are before yours"
