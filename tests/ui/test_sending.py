"""From Explore to Review: which queue a set of pairs becomes, and what is refused."""

from __future__ import annotations

import gradio as gr
import pytest

from pairx.reviews import ReviewLog
from pairx.ui.review.sending import Sending
from pairx.ui.shared.library import Library, Places
from tests.evaluation.made_up import write_run

ASKED = {"run": "cows", "layer": "early", "metric": "match_coverage", "view": "far", "numbers": [3, 1]}


@pytest.fixture
def places(tmp_path) -> Places:
    write_run(tmp_path / "runs" / "cows", model="reid-lite0")
    write_run(tmp_path / "runs" / "calves", model="unheard-of")
    return Places(None, tmp_path / "runs", own_machine=True, reviews=tmp_path / "reviews")


def taken(app_state, places, **changed):
    sending = Sending(app_state, Library(places), "review")
    return sending.take(gr.EventData(None, ASKED | changed))


def test_pairs_become_a_review_that_is_named_by_what_it_is_of(app_state, places):
    chosen, board, tabs = taken(app_state, places)
    assert board == {"name": "cows-Correct-but-far"} and chosen["value"] == board["name"]
    assert chosen["choices"] == [board["name"]] and tabs.selected == "review"
    with ReviewLog(places.reviews / board["name"]) as log:
        assert [task.query_id for task in log.tasks()] == ["q3", "q1"]


def test_what_is_sent_again_goes_on_and_other_pairs_are_another_review(app_state, places):
    names = [
        taken(app_state, places, **changed).board["name"]
        for changed in ({}, {"numbers": [1, 3]}, {"numbers": [1]}, {"view": None}, {"layer": "stage"}, {})
    ]
    far, selected = "cows-Correct-but-far", "cows-selected"
    assert names == [far, far, f"{far}-2", selected, f"{far}-3", far]
    assert sorted(Library(places).reviews()) == sorted(set(names))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"run": "../cows"}, "Name the run"),
        ({"run": "gone"}, "does not exist"),
        ({"run": "calves"}, "unheard-of, which this app does not have"),
        ({"numbers": None}, "no such pairs"),
        ({"numbers": [True, "1", 2.0]}, "no such pairs"),
        ({"numbers": [1, 999]}, "no such pairs"),
        ({"layer": ["early"]}, "no layer"),
        ({"metric": "path"}, "no metric"),
    ],
)
def test_what_cannot_be_reviewed_says_why_and_leaves_nothing(app_state, places, changed, said):
    with pytest.raises(gr.Error, match=said):
        taken(app_state, places, **changed)
    assert not places.reviews.exists()


def test_nobody_begins_a_review_on_somebody_elses_machine(app_state, places):
    public = Places(places.datasets, places.runs, own_machine=False, reviews=places.reviews)
    with pytest.raises(gr.Error, match="own machine"):
        taken(app_state, public)
    assert not places.reviews.exists()
