"""Two candidates of one query: what is said of one is the contrary of what is said of the other."""

import numpy as np
import pytest

import pairx
from pairx import viz
from pairx.cli import main
from pairx.contrasting import NEAR
from pairx.images import cell_centres
from pairx.testing import make_pair
from pairx.types import InputError


@pytest.fixture(scope="module")
def pairs():
    return make_pair(0, 1), make_pair(0, 2)


@pytest.fixture(scope="module")
def found(tiny, pairs):
    return pairx.contrast(tiny, *pairs)


def test_a_candidate_and_itself_differ_in_nothing(tiny, pairs):
    for one in pairx.contrast(tiny, pairs[0], pairs[0]):
        assert one.metrics["difference"] == 0 and not one.map0.any() and not one.map1.any()
        assert len(one.matches) == 0 and one.metrics["alone"] == 0


def test_exchanged_candidates_give_the_contrary(tiny, pairs, found):
    second, first = pairx.contrast(tiny, *pairs[::-1])
    for one, other in zip(found, (first, second), strict=True):
        np.testing.assert_allclose(one.map0, other.map0, atol=1e-6)
        np.testing.assert_allclose(one.map1, other.map1, atol=1e-6)
        np.testing.assert_array_equal(one.matches.cells0, other.matches.cells0)
    np.testing.assert_array_equal(found[0].map0, -found[1].map0)
    assert found[0].metrics["difference"] == -found[1].metrics["difference"]


def test_the_candidates_maps_sum_to_the_difference_and_the_querys_to_that_less_the_blurred_ones(found):
    difference = found[0].similarity - found[1].similarity
    for one, sign in zip(found, (1, -1), strict=True):
        assert one.metrics["difference"] == pytest.approx(sign * difference, abs=1e-6)
        assert one.map1.sum() == pytest.approx(sign * difference, abs=2e-3)
        assert one.map0.sum() == pytest.approx(sign * difference - one.metrics["left0"], abs=2e-3)
        assert abs(one.metrics["elsewhere0"]) < 2e-3 and abs(one.metrics["elsewhere1"]) < 2e-3


def test_matches_of_one_candidate_alone_are_not_near_the_others(tiny, pairs, found):
    raising = []
    for pair in pairs:
        matches = pairx.explain(tiny, pair, k_colors=0).matches
        raising.append({tuple(cell) for cell in matches.cells0[: matches.raising]})
    for number, one in enumerate(found):
        alone = {tuple(cell) for cell in one.matches.cells0}
        assert alone <= raising[number] and (one.matches.relevance > 0).all()
        near = {
            cell for cell in raising[number]
            if any(max(abs(np.subtract(cell, other))) <= NEAR for other in raising[1 - number])
        }  # fmt: skip
        assert alone == raising[number] - near
        assert (one.metrics["alone"], one.metrics["shared"]) == (len(alone), len(near))
        places = cell_centres(one.matches.cells0, one.map0.shape, pairs[0].image0.shape[1::-1])
        np.testing.assert_allclose(one.matches.keypoints0, places)


@pytest.mark.slow
def test_it_holds_for_a_real_model(lite0, pairs):
    for one in pairx.contrast(lite0, *pairs):
        assert one.map1.sum() == pytest.approx(one.metrics["difference"], abs=5e-3)


def test_two_queries_are_refused(tiny, pairs):
    with pytest.raises(InputError, match="same query"):
        pairx.contrast(tiny, pairs[0], make_pair(3, 1))


def test_the_figure_names_both_candidates_and_their_difference(found, pairs, tmp_path):
    figure = viz.draw_contrast(found, pairs)
    assert pairs[0].id1 in figure.heading and len(figure.panels) == 2
    figure.save(tmp_path / "a.png")
    assert (tmp_path / "a.png").stat().st_size > 10_000


@pytest.mark.slow
def test_the_command_writes_the_figure_and_says_what_each_has(tmp_path, capsys):
    from pairx.datasets import load_herd

    herd = load_herd()
    paths = [str(herd.path(image_id)) for image_id in herd.table["image_id"][:3]]
    assert main(["contrast", *paths, "-o", str(tmp_path / "c.png"), "--size", "96"]) == 0
    said = capsys.readouterr().out
    assert said.count("matches of its own") == 2 and "difference" in said and (tmp_path / "c.png").exists()
    assert main(["contrast", *paths, "-o", str(tmp_path / "c.gif")]) == 2
    assert "\n" not in capsys.readouterr().err.strip()
