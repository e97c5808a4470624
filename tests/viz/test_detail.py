"""A detail and an answer are drawn where the screen has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pairx import viz
from pairx.testing import make_pair, smooth_noise
from pairx.types import InputError
from pairx.viz import maps
from pairx.viz.detail import cut
from pairx.viz.pointed import answered
from pairx.viz.scene import compose
from tests.ui.conftest import explanation_of


@pytest.fixture
def pair():
    return replace(make_pair(), image0=smooth_noise(0, 240, 320), image1=smooth_noise(1, 200, 320))


@pytest.fixture
def scene(pair):
    return compose(explanation_of(pair), pair)


MIDDLE = ((0.5, 0.5), (0.5, 0.5))


def test_a_detail_is_the_same_part_of_all_layers(scene):
    part = cut(scene, viz.Detail(2, ((0.25, 0.5), (0.9, 0.1))))
    assert np.array_equal(part.photo0, scene.photo0[60:180, 0:160])
    assert np.array_equal(part.photo1, scene.photo1[0:100, 160:320]), "a part never leaves its photograph"
    for name, window in (("0", np.s_[60:180, 0:160]), ("1", np.s_[0:100, 160:320])):
        for kind in ("heat", "paint"):
            photo, layer = getattr(scene, f"photo{name}"), getattr(scene, f"{kind}{name}")
            whole = maps.over(photo, layer, 0.75)[window].astype(int)
            own = maps.over(getattr(part, f"photo{name}"), getattr(part, f"{kind}{name}"), 0.75).astype(int)
            assert abs(own - whole).mean() < 1.5 and np.quantile(abs(own - whole), 0.99) < 12, (kind, name)


def test_a_match_moves_with_the_detail_and_one_beyond_it_is_left_out(scene):
    part = cut(scene, viz.Detail(4, MIDDLE))
    known = {mark.rank: mark for mark in scene.marks}
    for mark in part.marks:
        x, y = known[mark.rank].point0
        assert mark.point0 == pytest.approx((4 * (x - 0.375), 4 * (y - 0.375)), abs=1e-9)
    kept = {mark.rank for mark in part.marks}
    ends = {rank: (mark.point0, mark.point1) for rank, mark in known.items()}
    assert kept == {
        rank for rank, both in ends.items() if any(all(0.375 <= one <= 0.625 for one in end) for end in both)
    }
    assert "detail, 400 %" in part.legend[-1]


def test_what_the_model_does_not_see_stays_unseen_in_a_detail(pair):
    explained = replace(explanation_of(pair), extent0=(80.0, 0.0, 160.0, 240.0))
    scene = compose(explained, pair)
    part = cut(scene, viz.Detail(2, MIDDLE))
    assert part.extent0 is None, "the detail lies within what is seen"
    left = cut(scene, viz.Detail(2, ((0.25, 0.5), (0.5, 0.5))))
    assert left.extent0 == pytest.approx((0.5, 0, 0.5, 1))
    gone = cut(scene, viz.Detail(8, ((0.05, 0.5), (0.5, 0.5))))
    assert gone.extent0[2] == 0 and not gone.heat0.any()
    viz.Figure(gone, ("a", "b")).png(40)


@pytest.mark.parametrize(
    ("zoom", "centers"), [(0.5, MIDDLE), (99, MIDDLE), (float("nan"), MIDDLE), (2, ((float("inf"), 0), (0, 0)))]
)
def test_a_detail_that_is_none_is_refused(zoom, centers):
    with pytest.raises(InputError, match="zoom"):
        viz.Detail(zoom, centers)


def test_an_answer_is_over_the_other_photograph_and_its_strongest_place_is_ringed(scene):
    cells = np.zeros((4, 8), np.float32)
    cells[1, 6], cells[3, 0] = 2.0, -3.0
    asked = answered(scene, viz.Answer(0, (0.3, 0.4, 0.3, 0.4), cells))
    assert asked.heat0 is None and asked.heat1 is not None and not asked.marks and asked.paint0 is None
    assert asked.pointed.partner == pytest.approx((6.5 / 8, 1.5 / 4)) and asked.pointed.outline == ()
    height, width = asked.heat1.shape[:2]
    red = asked.heat1[int(1.5 / 4 * height), int(6.5 / 8 * width)]
    blue = asked.heat1[int(3.5 / 4 * height), int(0.5 / 8 * width)]
    assert red[0] > red[2] and blue[2] > blue[0]
    part = cut(asked, viz.Detail(2, ((0.25, 0.25), (0.75, 0.25))))
    assert part.pointed.place == pytest.approx((0.6, 0.8, 0.6, 0.8))
    assert part.pointed.partner == pytest.approx((2 * (6.5 / 8 - 0.5), 0.75))


def test_the_partners_of_a_box_are_outlined_in_as_large_a_part(scene):
    cells = np.zeros((8, 8), np.float32)
    cells[2:4, 2:6] = 1
    asked = answered(scene, viz.Answer(1, (0.1, 0.1, 0.6, 0.35), cells))
    (line,) = asked.pointed.outline
    x, y = line.T
    assert (x.max() - x.min()) * (y.max() - y.min()) == pytest.approx(0.5 * 0.25, rel=0.35)
    assert (x.mean(), y.mean()) == pytest.approx((0.5, 0.375), abs=0.05)


@pytest.mark.slow
def test_both_are_printed(pair):
    known = explanation_of(pair)
    plain = viz.draw(known, pair).png(50)
    detail = viz.draw(known, pair, detail=viz.Detail(3, MIDDLE)).png(50)
    answer = viz.draw(known, pair, answer=viz.Answer(0, (0.2, 0.2, 0.5, 0.5), known.map0)).png(50)
    assert len({plain, detail, answer}) == 3
    assert viz.draw(known, pair, detail=viz.Detail(1, MIDDLE)).png(50) == plain
