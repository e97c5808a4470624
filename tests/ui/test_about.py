"""The About tab: its examples are what the app would compute today, and say what is true of them."""

import json
from html import unescape

import pytest

from pairx.evaluation.reference import reference
from pairx.ui.about import examples
from pairx.ui.about.tab import NUMBERS, _table
from pairx.ui.shared.session import AppState


@pytest.fixture(scope="module")
def app_state() -> AppState:
    return AppState()


NUMBERS_KEPT = json.loads(examples.EXAMPLES.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", examples.PAIRS)
def test_an_example_is_of_this_model_these_pictures_and_this_maths(app_state, name):
    made = NUMBERS_KEPT[name]["key"]
    assert made == app_state.key(examples.request_of(app_state, name)), "run python -m tools.make_examples"


@pytest.mark.slow
@pytest.mark.parametrize("name", examples.PAIRS)
def test_an_example_has_the_numbers_that_explaining_gives(app_state, name):
    found = app_state.explain(examples.request_of(app_state, name))
    kept = NUMBERS_KEPT[name]
    assert found.similarity == pytest.approx(kept["similarity"], abs=1e-4)
    assert (found.matches.raising, found.matches.lowering) == (kept["raising"], kept["lowering"])


def test_the_page_shows_each_example_with_its_number_and_leads_to_it(app_state):
    page = unescape(examples.examples_html(app_state))
    known = reference(app_state.model(examples.MODEL))
    for name, (a, b) in examples.PAIRS.items():
        kept = NUMBERS_KEPT[name]
        assert f"{kept['similarity']:.2f}" in page and known.sentence(kept["similarity"]) in page
        assert f'href="?a={a}&b={b}&' in page
        assert {a, b} <= set(app_state.shelf.samples)
        assert (examples.FOLDER / f"{name}.webp").is_file()
    assert page.count("<img") == 4


def test_each_number_says_something_and_does_not_say_something():
    assert all(len(row) == 3 and all(row) for row in NUMBERS)
    assert _table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
