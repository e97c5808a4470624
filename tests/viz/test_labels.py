"""The numbers of matches stand beside their ends, and nothing meets them."""

from __future__ import annotations

import itertools
from dataclasses import replace

import matplotlib.patches
import numpy as np
import pytest
from matplotlib.text import Text

from pairx.types import Explanation
from pairx.viz import Look, draw, labels, match_colors
from pairx.viz.colors import contrasting
from pairx.viz.layout import Box
from tests.viz import samples

ROOM = Box(40, 20, 480, 320)  # of a photograph in a figure 85 mm wide


def some(rng: np.random.Generator, n: int, crowded: float) -> np.ndarray:
    """(n, 2, 2) ends of lines whose first ones lie in ROOM, as crowded as said, many on one place."""
    middle = np.array([ROOM.x, ROOM.y]) + rng.random(2) * (ROOM.w, ROOM.h)
    here = rng.random((n, 2)) * (ROOM.w, ROOM.h) + (ROOM.x, ROOM.y)
    here = np.round((middle + (here - middle) * crowded) / 16) * 16
    here = np.clip(here, (ROOM.x, ROOM.y), (ROOM.x + ROOM.w, ROOM.y + ROOM.h))
    return np.stack([here, here + np.array([600, 0])], axis=1)


def meet(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.w and other.x < one.x + one.w and one.y < other.y + other.h and other.y < one.y + one.h
    )


@pytest.mark.parametrize("crowded", [1.0, 0.2, 0.0])
@pytest.mark.parametrize("seed", range(8))
def test_twenty_numbers_meet_neither_each_other_nor_the_edge(seed: int, crowded: float) -> None:
    rng = np.random.default_rng(seed)
    lines, widths = some(rng, 20, crowded), rng.integers(25, 40, 20).tolist()
    found = labels.places(lines[:, 0], widths, ROOM, lines)
    assert all(found) and [plate.w for plate in found] == widths
    assert not [pair for pair in itertools.combinations(found, 2) if meet(*pair)]
    for plate in found:
        assert plate.x > ROOM.x and plate.y > ROOM.y
        assert plate.x + plate.w < ROOM.x + ROOM.w and plate.y + plate.h < ROOM.y + ROOM.h
    assert found == labels.places(lines[:, 0], widths, ROOM, lines), "the same matches, the same places"


def test_a_number_hides_no_end_where_there_is_room() -> None:
    lines = some(np.random.default_rng(5), 8, 1.0)
    for plate in labels.places(lines[:, 0], [26] * 8, ROOM, lines):
        assert not [
            x for x, y in lines[:, 0] if plate.x <= x <= plate.x + plate.w and plate.y <= y <= plate.y + plate.h
        ]


def test_a_lone_number_stands_at_its_end() -> None:
    end = np.array([[200.0, 150.0]])
    (plate,) = labels.places(end, [26], ROOM, np.stack([end, end + np.array([500, 0])], axis=1))
    assert np.linalg.norm(labels._nearest(end[0], plate) - end[0]) < 20


def test_where_no_room_is_left_a_number_is_missing_and_not_on_another() -> None:
    lines = some(np.random.default_rng(1), 40, 1.0)
    small = replace(ROOM, w=80, h=70)
    lines[:, 0] = lines[:, 0].clip((40, 20), (120, 90))
    found = [plate for plate in labels.places(lines[:, 0], [30] * 40, small, lines) if plate]
    assert 1 < len(found) < 8 and not [pair for pair in itertools.combinations(found, 2) if meet(*pair)]
    assert labels.places(lines[:1, 0], [30], replace(ROOM, w=20), lines) == [None]


def written(explanation: Explanation, look: Look, **how: float) -> list[tuple[str, str]]:
    """Each number in a figure, with the colour of its plate."""
    page = draw(explanation, samples.pair((900, 600), (700, 600)), look, **how).page()
    plates = {one.get_gid(): one for one in page.findobj(matplotlib.patches.Rectangle) if one.get_gid()}
    said = [text.get_text() for text in page.findobj(Text) if text.get_text().isdigit() and text.get_zorder() > 4]
    assert sorted({f"number-{one}" for one in said}) == sorted(plates)
    return [(one, matplotlib.colors.to_hex(plates[f"number-{one}"].get_facecolor())) for one in said]


@pytest.mark.slow
def test_each_match_in_colour_has_its_rank_at_both_ends() -> None:
    over = samples.pair((900, 600), (700, 600))
    twenty = samples.explanation(over, n=25, painted=20)
    for width in (85 / 25.4, 175 / 25.4):
        found = written(twenty, Look(k_lines=25, k_colors=20), width=width)
        assert sorted(found) == sorted(2 * [(str(i + 1), color) for i, color in enumerate(match_colors(20))])
    assert written(twenty, Look(numbers=False)) == []
    assert written(twenty, Look(isolate=2)) == 2 * [("3", match_colors(3)[2])]
    lowering = replace(twenty, matches=replace(twenty.matches, relevance=-twenty.matches.relevance[::-1]))
    assert written(lowering, Look()) == [], "all of one blue, dashed"


def test_a_number_can_be_read_on_its_plate() -> None:
    assert contrasting("#ffff00") == "#000000" and contrasting("#0000ff") == "#ffffff"
