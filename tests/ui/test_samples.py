"""The sample pairs: each title says what is true of its animals, and those that mislead warn."""

from __future__ import annotations

import pytest

from pairx.datasets.herd import load_herd
from pairx.ui.explain.samples import opening_pair, ready_pairs
from pairx.ui.shared.photos import PhotoShelf


@pytest.fixture(scope="module")
def pairs():
    return ready_pairs(PhotoShelf())


def test_the_titles_say_what_is_true(pairs):
    table = load_herd().table.fillna("").set_index("image_id")
    assert len(pairs) == 6
    for pair in pairs:
        a, b = table.loc[pair.a], table.loc[pair.b]
        assert pair.title.startswith("Same animal") == (a["identity"] == b["identity"]), pair
        assert ("other side" in pair.title) == (
            a["identity"] == b["identity"] and a["orientation"] != b["orientation"]
        ), pair
        assert ("Twins" in pair.title) == (a["twin"] == b["identity"]), pair
        assert (pair.title == "Different kinds") == (a["species"] != b["species"]), pair


def test_the_page_opens_on_one_animal_and_the_stories_of_misleading_pairs_warn(pairs):
    assert opening_pair(pairs).title == "Same animal"
    warned = {pair.title: pair.sentence for pair in pairs if pair.title != "Same animal"}
    assert "share no marking" in warned["Same animal, other side"]
    assert "although the animals differ" in warned["Twins, few markings differ"]
    assert "truly alike" in warned["Different animals"] and "cannot be the same" in warned["Different kinds"]
