"""What addresses ask the form for: links, broken ones, and those to which the browser goes back."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import pytest

from pairx.ui.explain.events import RunOutputs
from pairx.ui.explain.opening import Opening
from pairx.ui.shared.links import Link

SESSION = SimpleNamespace(session_hash="me")


@pytest.fixture
def opening(app_state, request_of) -> Opening:
    return Opening(app_state, request_of, ready=True)


def opened(opening: Opening, **params: str):
    return opening.open(SimpleNamespace(query_params=params))


def test_a_link_fills_the_form(opening, photo_files):
    upload = opening.app_state.shelf.open(photo_files[2], "mine.png").ref
    params = {"a": "one", "b": upload.id, "layer": "nonsense", "start": "relevance", "lines": "3", "match": "2"}
    a, b, model, layer, *options, asked, status = opened(opening, **params)
    assert (a.id, b.id, model, layer["value"]) == ("one", upload.id, "reid-lite0", "stage")
    assert options == [
        "signed",
        "relevance",
        "norm",
        "merge",
        "relevance",
        "norm",
        "signed",
        "fast",
        "centres",
        "relevance",
    ]
    assert (asked.look, asked.match) == ({"lines": 3}, 2) and status["busy"]


def test_a_link_whose_upload_is_gone_leaves_its_place_empty_and_says_why(opening):
    found = opened(opening, a="one", b="f" * 24, start="relevance")
    assert (found.photo0.id, found.photo1, found.asked, found.start) == ("one", None, None, "relevance")
    assert found.status["error"] and found.status["text"].startswith("Photograph B of this pair is no longer")
    assert "Upload it again" in found.status["text"]
    both = opened(opening, a="e" * 24, b="f" * 24)
    assert both.photo0 is both.photo1 is both.asked is None
    assert both.status["text"].startswith("Both photographs") and "Upload them again" in both.status["text"]


@pytest.mark.parametrize("params", [{"a": "../../etc/passwd", "b": "one"}, {"a": "one", "b": "two", "model": "no"}])
def test_a_link_that_means_nothing_shows_no_sample_pair(opening, params):
    found = opened(opening, **params)
    assert found.photo0 is found.photo1 is found.asked is None and found.status["error"]


def test_without_a_stored_opening_the_page_computes_it(opening, explain_events):
    assert opened(opening).asked is None
    opening.ready = False
    assert opened(opening).asked == Link("", "", "reid-lite0")
    assert [*explain_events.run_asked({explain_events.form.asked: None}, SESSION)] == [RunOutputs()]


def reopened(opening: Opening, query):
    return opening.reopen(SESSION, gr.EventData(None, {"query": query}))


def test_the_way_back_fills_the_form_and_is_no_new_step(opening):
    found = reopened(opening, {"a": "two", "b": "one", "layer": "stage"})
    assert (found.photo0.id, found.photo1.id) == ("two", "one") and found.asked.back
    own = reopened(opening, {})
    assert (own.photo0.id, own.photo1.id, own.model) == ("one", "two", "reid-lite0") and own.asked.back


@pytest.mark.parametrize("query", [None, "text", [1], {"a": None, "b": 3}, {"a": {"x": 1}, "b": ["two"]}])
def test_a_way_back_may_hold_anything(opening, query):
    found = reopened(opening, query)
    assert found.asked is None or found.asked.back


def test_going_back_ends_what_ran(opening, explain_events, photo_files):
    before = opening.app_state.turns.now("me")
    reopened(opening, {})
    assert opening.app_state.turns.now("me") != before
