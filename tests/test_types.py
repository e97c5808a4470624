"""Views map both ways exactly; explanations survive a file."""

from __future__ import annotations

import numpy as np
import pytest

from pairx.types import Explanation, ImagePair, InputError, Matches, View


def random_view(seed: int) -> View:
    random = np.random.default_rng(seed)
    box = (*random.uniform(-50, 300, 2), *random.uniform(0.3, 900, 2))
    return View(1200, 800, box, random.uniform(-4, 4), random.choice([1.0, 0.37]))


@pytest.mark.parametrize("seed", range(50))
def test_view_round_trip(seed):
    view = random_view(seed)
    points = np.random.default_rng(seed).uniform(-100, 1300, (20, 2))
    assert np.abs(view.to_photograph(view.to_image(points)) - points).max() < 1e-9
    again = view.to_image(view.to_photograph(points / 10))
    assert np.abs(again - points / 10).max() < 1e-9
    assert np.allclose(points @ view.matrix[:, :2].T + view.matrix[:, 2], view.to_image(points))


@pytest.mark.parametrize("seed", range(20))
def test_view_maps_the_box_to_the_image(seed):
    view = random_view(seed)
    x, y, w, h = view.box
    width, height = view.image_size
    centre = view.to_photograph([[width / 2, height / 2]])
    assert np.allclose(centre, [[x + w / 2, y + h / 2]])
    right = (view.to_photograph([[width, height / 2]]) - centre)[0]
    assert np.allclose(right, np.array([np.cos(view.theta), np.sin(view.theta)]) * w / 2), "clockwise on screen"


def test_view_of_a_whole_photograph_is_the_identity():
    view = View.whole(30, 20)
    assert view.image_size == (30, 20) and np.allclose(view.matrix, [[1, 0, 0], [0, 1, 0]])


def test_image_size_is_at_least_a_pixel():
    assert View(10, 10, (0, 0, 0.2, 4.6)).image_size == (1, 5)
    assert View(1, 10_000, (0, 0, 1, 10_000), scale=0.4096).image_size == (1, 4096)


def test_swapped_twice_is_the_same():
    pair = ImagePair(np.zeros((2, 3, 3)), np.ones((4, 5, 3)), "a", "b", View.whole(3, 2), View.whole(5, 4))
    swapped = pair.swapped()
    assert (swapped.id0, swapped.view0, swapped.image0 is pair.image1) == ("b", pair.view1, True)
    assert swapped.swapped() == pair or swapped.swapped().id0 == "a"


def matches(count: int = 3) -> Matches:
    cells = np.arange(2 * count).reshape(count, 2)
    return Matches(cells, cells[::-1], cells + 0.5, cells * 2.0, np.linspace(1, -1, count), np.ones(count))


@pytest.mark.parametrize(
    "explanation",
    [
        Explanation("pair-x", 0.5),
        Explanation(
            "cam", -0.25, np.eye(3, dtype=np.float32), np.ones((2, 4), np.float32), seconds=1.5, notes=("Hm.", "ü.")
        ),
        Explanation(
            "pair-x",
            0.9,
            matches=matches(),
            pixel_maps0=np.zeros((3, 4, 5), np.float32),
            pixel_maps1=np.zeros((3, 6, 7), np.float32),
            tensor=np.zeros((2, 2, 3, 3), np.float32),
            metrics={"inverted_residual_mean": 0.1},
            settings={"model": "reid-lite0 ü", "layer": "blocks.3"},
        ),
        Explanation("pair-x", 0.1, matches=matches(0)),
    ],
)
def test_explanation_survives_a_file(tmp_path, explanation):
    explanation.save(tmp_path / "x.npz")
    loaded = Explanation.load(tmp_path / "x.npz")
    for name in ("method", "similarity", "metrics", "settings", "seconds", "notes"):
        assert getattr(loaded, name) == getattr(explanation, name)
    for name in ("map0", "map1", "pixel_maps0", "pixel_maps1", "tensor"):
        same_array(getattr(loaded, name), getattr(explanation, name))
    assert (loaded.matches is None) == (explanation.matches is None)
    if explanation.matches is not None:
        assert len(loaded.matches) == len(explanation.matches)
        for name in ("cells0", "cells1", "keypoints0", "keypoints1", "relevance", "distance"):
            same_array(getattr(loaded.matches, name), getattr(explanation.matches, name))


def same_array(a: np.ndarray | None, b: np.ndarray | None) -> None:
    assert (a is None) == (b is None)
    if a is not None:
        assert a.dtype == b.dtype and np.array_equal(a, b)


def test_other_files_are_not_explanations(tmp_path):
    (tmp_path / "x.npz").write_text("not an archive")
    with pytest.raises(InputError, match=r"x\.npz"):
        Explanation.load(tmp_path / "x.npz")
    np.savez(tmp_path / "x.npz", numbers=np.ones(3))
    with pytest.raises(InputError):
        Explanation.load(tmp_path / "x.npz")
    with pytest.raises(InputError):
        Explanation.load(tmp_path / "missing.npz")


def test_a_pair_tells_what_was_guessed_of_either_photograph_once():
    blank, guessed = np.zeros((2, 2, 3), np.uint8), View(2, 2, (0, 0, 2, 2), notes=("white is 4095",))
    pair = ImagePair(blank, blank + 1, "a", "b", guessed, View.whole(2, 2))
    assert pair.notes == ("a: white is 4095",) and pair.swapped().notes == pair.notes
    assert ImagePair(blank, blank + 1, "a", "a", guessed, guessed).notes == ("a: white is 4095",)
