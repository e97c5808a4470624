from dataclasses import replace

import numpy as np
import pytest

from pairx.types import NOTHING_RAISES, Explanation, InputError
from pairx.viz import AGAINST, FAINT, NEUTRAL, Look, compose, match_colors
from tests.viz import samples

PAIR = samples.pair()
EXPLANATION = samples.explanation(PAIR)


def test_matches_are_ranked_colored_and_placed():
    marks = compose(EXPLANATION, PAIR, Look(k_lines=5, k_colors=3)).marks
    assert [mark.rank for mark in marks] == [1, 2, 3, 4, 5]
    assert [mark.color for mark in marks] == [*match_colors(3), NEUTRAL, NEUTRAL]
    row, column = EXPLANATION.matches.cells1[1]
    assert marks[1].point1 == pytest.approx(((column + 0.5) / 8, (row + 0.5) / 8))
    assert marks[0].share == pytest.approx(6 / 21)
    assert marks[0].width > marks[2].width > marks[3].width
    assert [mark.layer0 is not None for mark in marks] == [True, True, True, False, False]


def test_a_layer_paints_its_match_in_its_color_at_its_place():
    mark = compose(EXPLANATION, PAIR, Look(k_colors=2)).marks[1]
    assert {tuple(color) for color in mark.layer0[..., :3].reshape(-1, 3)} == {tuple(bytes.fromhex(mark.color[1:]))}
    y, x = (np.argwhere(mark.layer0[..., 3] == mark.layer0[..., 3].max()) + 0.5).mean(axis=0) / 64
    assert (x, y) == pytest.approx(mark.point0, abs=1.5 / 64)


def test_isolating_leaves_one_match_bright():
    free, lone = compose(EXPLANATION, PAIR), compose(EXPLANATION, PAIR, Look(isolate=2))
    assert [mark.opacity for mark in lone.marks] == [FAINT, FAINT, 1, FAINT, FAINT, FAINT]
    at = np.unravel_index(lone.marks[2].layer1[..., 3].argmax(), (64, 64))
    assert lone.paint1[at][3] == 255
    far = lone.marks[2].layer1[..., 3] == 0
    if far.any():
        assert lone.paint1[far][:, 3].max() <= round(255 * FAINT) < free.paint1[far][:, 3].max()
    assert (lone.heat0 == free.heat0).all()


def test_both_photographs_share_one_heat_scale():
    weak = replace(EXPLANATION, map1=EXPLANATION.map0 / 10)
    scene = compose(weak, PAIR)
    assert scene.heat0[..., 3].max() > 5 * scene.heat1[..., 3].max()
    assert scene.heat_scale == compose(samples.swapped(weak), PAIR.swapped()).heat_scale


def test_the_colour_bar_shows_the_heats_own_colors():
    scene = compose(replace(EXPLANATION, map0=np.array([[-9.0, 0, 9]], np.float32), map1=None), PAIR)
    shown = ["#" + color.tobytes().hex() for color in scene.heat0[0, [0, 192, -1]]]
    assert shown[0] == scene.heat_colors[0] and shown[2] == scene.heat_colors[-1]
    assert scene.heat_scale == 9 and scene.heat1 is None
    assert scene.heat_colors[16].endswith("00")


@pytest.mark.parametrize("cells", ["abs_of_sum", "sum_of_abs"])
def test_heat_without_signs_claims_no_direction(cells):
    scene = compose(replace(EXPLANATION, settings={"cells": cells}), PAIR)
    assert scene.heat_low == 0 and scene.heat_colors[0].endswith("00")
    assert "raises" not in " ".join(scene.heat_words)
    signed = compose(replace(EXPLANATION, settings={"cells": "signed"}), PAIR)
    assert signed.heat_low == -signed.heat_scale and signed.heat_words == ("lowers similarity", "raises similarity")


def test_an_exchanged_pair_mirrors_the_scene():
    a, b = compose(EXPLANATION, PAIR), compose(samples.swapped(EXPLANATION), PAIR.swapped())
    for one, other in ((a, b), (b, a)):
        assert (one.photo0 == other.photo1).all()
        assert (one.heat0 == other.heat1).all()
        assert (one.paint0 == other.paint1).all()
    assert [(mark.point0, mark.point1) for mark in a.marks] == [(mark.point1, mark.point0) for mark in b.marks]
    assert a.legend == b.legend


@pytest.mark.parametrize("n", [0, 1, 4, 40])
def test_any_number_of_matches(n):
    scene = compose(samples.explanation(PAIR, n=n, painted=n) if n else without_matches(), PAIR, Look(40, 40))
    assert len(scene.marks) == n and (scene.paint0 is None) == (n == 0)
    assert len({mark.color for mark in scene.marks}) == n


def without_matches() -> Explanation:
    none = replace(
        EXPLANATION.matches, **{name: getattr(EXPLANATION.matches, name)[:0] for name in Explanation._MATCHES}
    )
    return replace(EXPLANATION, matches=none, pixel_maps0=EXPLANATION.pixel_maps0[:0], pixel_maps1=None)


def test_matches_at_equal_cells_both_show():
    m = EXPLANATION.matches
    points = {"keypoints0": np.repeat(m.keypoints0[:1], 6, 0), "keypoints1": np.repeat(m.keypoints1[:1], 6, 0)}
    stack = np.repeat(EXPLANATION.pixel_maps0[:1], 2, 0)
    scene = compose(replace(EXPLANATION, matches=replace(m, **points), pixel_maps0=stack), PAIR)
    assert len({mark.point0 for mark in scene.marks}) == 1 and len(scene.marks) == 6
    top = scene.paint0[scene.paint0[..., 3] == 255][0, :3].astype(float)
    both = np.array([list(bytes.fromhex(mark.color[1:])) for mark in scene.marks[:2]])
    np.testing.assert_allclose(top, both.mean(axis=0), atol=1)


def with_relevance(*relevance: float) -> Explanation:
    return replace(EXPLANATION, matches=replace(EXPLANATION.matches, relevance=np.array(relevance)))


def test_what_lowers_is_blue_has_a_negative_share_and_needs_strength_to_be_drawn():
    scene = compose(with_relevance(3.0, 1, -9, -2, -0.5, 0), PAIR, Look(k_lines=3, k_colors=1))
    assert [mark.rank for mark in scene.marks] == [1, 2, 3, 4], "the fifth is not among the strongest 3"
    assert [mark.share for mark in scene.marks] == pytest.approx([3 / 15.5, 1 / 15.5, -9 / 15.5, -2 / 15.5])
    assert [mark.color for mark in scene.marks] == [match_colors(1)[0], NEUTRAL, AGAINST, AGAINST]
    assert [mark.against for mark in scene.marks] == [False, False, True, True]
    assert "4 of 6 matches, 1 in colour, 2 of them lower it (dashed blue)" in scene.legend[1]
    assert scene.banner == ""
    assert [(mark.rank, mark.at) for mark in compose(with_relevance(3.0, 1, -9, -2, -0.5, 0), PAIR).marks] == [
        (1, 1), (2, 2), (3, 1), (4, 3), (5, 5),
    ]  # fmt: skip


def test_where_nothing_raises_the_picture_says_so_and_shows_what_lowers():
    scene = compose(with_relevance(-5.0, -4, -3, -2, -1, 0), PAIR, Look(k_lines=3, k_colors=2))
    assert scene.banner == NOTHING_RAISES
    assert "3 of 6 matches, all of them lower it (dashed blue)" in scene.legend[1]
    assert "similarity −0.100" in compose(replace(EXPLANATION, similarity=-0.1), PAIR).legend[1]
    assert [(mark.rank, mark.line, mark.color) for mark in scene.marks] == [(n, True, AGAINST) for n in (1, 2, 3)]
    assert [mark.layer0 is not None for mark in scene.marks] == [True, True, False]
    painted = scene.paint0[scene.paint0[..., 3] > 0][:, :3]
    assert {tuple(color) for color in painted} == {tuple(bytes.fromhex(AGAINST[1:]))}
    nothing = compose(with_relevance(0, 0, 0, 0, 0, 0), PAIR)
    assert nothing.banner == NOTHING_RAISES and nothing.marks == () and nothing.paint0 is None
    assert compose(without_matches(), PAIR).banner == ""


def test_one_that_lowers_can_be_isolated():
    scene = compose(with_relevance(3.0, 1, -9, -2, -0.5, 0), PAIR, Look(isolate=2))
    assert [mark.opacity for mark in scene.marks] == [FAINT, FAINT, 1, FAINT, FAINT]
    assert "match 3 lowers the similarity by 58.1% of" in scene.legend[2]
    with pytest.raises(InputError, match="Match 6"):
        compose(with_relevance(3.0, 1, -9, -2, -0.5, 0), PAIR, Look(isolate=5))


def test_legend_tells_what_was_computed_and_leaves_out_what_is_unknown():
    text = "\n".join(compose(EXPLANATION, PAIR, Look(k_lines=5, k_colors=4)).legend)
    for words in (
        "reid-lite0",
        "blocks.3 (1/16)",
        "similarity 0.812",
        "5 of 6 matches, 4 in colour",
        "from the activation",
    ):
        assert words in text
    bare = compose(Explanation("cosine", 0.25), PAIR)
    assert bare.legend == ("cosine", "similarity 0.250")
    assert bare.heat_scale is None and bare.heat_colors == () and bare.marks == ()


@pytest.mark.parametrize("name", ["map0", "map1", "pixel_maps0", "pixel_maps1"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_our_fault(name, value):
    values = getattr(EXPLANATION, name).copy()
    values.flat[-1] = value
    with pytest.raises(ValueError, match=f"{name} of pair-x") as caught:
        compose(replace(EXPLANATION, **{name: values}), PAIR)
    assert not isinstance(caught.value, InputError)


@pytest.mark.parametrize(
    ("look", "word"),
    [
        (Look(opacity=1.5), "Opacity 1.5"),
        (Look(k_lines=-1), "k_lines -1"),
        (Look(k_colors=41), "40"),
        (Look(palette="rainbow"), "rainbow"),
        (Look(isolate=6), "Match 7"),
        (Look(isolate=-1), "Match 0"),
    ],
)
def test_impossible_looks_are_input_errors(look, word):
    with pytest.raises(InputError, match=word):
        compose(EXPLANATION, PAIR, look)
