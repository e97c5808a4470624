"""One photograph laid over the other, and pictures that move."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pairx import viz
from pairx.types import Explanation, InputError
from pairx.viz.aligned import laid_over
from tests.viz import samples

TURN = np.array([[0, -1, 90], [1, 0, 0], [0, 0, 1.0]])  # a quarter, clockwise: (x, y) to (90 - y, x)


def smooth(width: int, height: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2)


def of(image0: np.ndarray, image1: np.ndarray):
    sizes = [image.shape[1::-1] for image in (image0, image1)]
    return replace(samples.pair(*sizes), image0=image0, image1=image1)


def test_a_turned_photograph_lies_pixel_on_pixel() -> None:
    first = smooth(120, 90)
    assert (laid_over(of(first, np.rot90(first, -1)), viz.Laid(TURN, "")) == first).all()


def test_a_larger_photograph_lies_true_and_is_not_thinned_out() -> None:
    first = smooth(120, 90)
    second = cv2.resize(first, (480, 360), interpolation=cv2.INTER_CUBIC)
    second = (second // 2 + (np.indices((360, 480)).sum(0) % 2 * 100)[..., None]).astype(np.uint8)  # a fine chequer
    shown = laid_over(of(first, second), viz.Laid(np.diag([4, 4, 1.0]), "")).astype(int)
    assert np.abs(shown - (first // 2 + 50)).max() < 8


def test_where_the_second_does_not_reach_is_hatched() -> None:
    first = smooth(120, 90)
    away = np.array([[1, 0, -60], [0, 1, 0], [0, 0, 1.0]])
    shown = laid_over(of(first, first), viz.Laid(away, ""))
    assert (shown[:, 60:] == first[:, :60]).all()
    assert set(np.unique(shown[:, :59])) == {214, 250}


def test_a_figure_has_a_row_in_which_one_lies_over_the_other() -> None:
    pair = samples.pair((900, 600), (700, 600))
    none = Explanation("none", 0.1, notes=("A note.",))
    laid = viz.Laid(np.eye(3), "20 of 30 matches follow one affine transform")
    plain, more = (viz.draw(none, pair, laid=one) for one in (None, laid))
    assert Image.open(io.BytesIO(more.png())).height > Image.open(io.BytesIO(plain.png())).height + 600
    said = more._print("svg").decode()
    assert "Right: second.jpg laid over first.jpg, as 20 of 30 matches follow one affine transform." in said
    assert "A note." in said and "Right:" not in plain._print("svg").decode()


def decoded(content: bytes) -> tuple[Image.Image, list[np.ndarray]]:
    moving = Image.open(io.BytesIO(content))
    frames = []
    for number in range(moving.n_frames):
        moving.seek(number)
        frames.append(np.asarray(moving.convert("RGB")).astype(int))
    return moving, frames


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gif", "png"])
def test_a_blink_shows_both_in_turn_and_says_which(kind: str) -> None:
    first = smooth(300, 200)
    moving = viz.blink(of(first, np.roll(first, 40, 1)), viz.Laid(np.eye(3), "all say so"))
    packed, frames = decoded(moving.content(kind))
    assert len(frames) == 2 and packed.info["duration"] == 700 and packed.info["loop"] == 0
    exact = [np.asarray(Image.open(io.BytesIO(one.png())).convert("RGB")).astype(int) for one in moving.frames]
    for frame, true in zip(frames, exact, strict=True):
        assert frame.shape == true.shape and np.abs(frame - true).mean() < (0.1 if kind == "png" else 8)
    svgs = [one._print("svg").decode() for one in moving.frames]
    assert [letter in svg for svg in svgs for letter in (">A<", ">B<")] == [True, False, False, True]
    assert "Laid over A: all say so." in svgs[1] and "Laid" not in svgs[0]
    assert moving.content(kind) == moving.content(kind)


@pytest.mark.slow
def test_what_does_not_move_does_not_flicker() -> None:
    pair = samples.pair((300, 200), (200, 200))
    rng = np.random.default_rng(0)
    answers = [viz.Answer(0, (x, 0.5, x, 0.5), rng.normal(size=(5, 5))) for x in (0.2, 0.5, 0.8)]
    moving = viz.follow_points(Explanation("point-to-point", 0.5), pair, answers)
    packed, frames = decoded(moving.content("gif"))
    assert len(frames) == 3 and packed.info["duration"] == 160
    exact = [np.asarray(Image.open(io.BytesIO(one.png(moving.dpi))).convert("RGB")) for one in moving.frames]
    still = (exact[0] == exact[1]).all(2) & (exact[1] == exact[2]).all(2)
    assert 0.3 < still.mean() < 0.99
    assert (frames[0] == frames[1])[still].all() and (frames[1] == frames[2])[still].all()
    assert (exact[0] != exact[1]).any()


def test_what_cannot_be_shown_or_written_is_an_input_error(tmp_path: Path) -> None:
    pair = samples.pair()
    with pytest.raises(InputError, match="not believed"):
        viz.follow_points(Explanation("p", 0.5, withheld="not believed"), pair, [])
    with pytest.raises(InputError, match="at least one"):
        viz.follow_points(Explanation("p", 0.5), pair, [])
    blink = viz.blink(pair, viz.Laid(np.eye(3), ""))
    for name, word in (("a.mp4", ".gif"), ("no/a.gif", "folder")):
        with pytest.raises(InputError, match=word):
            blink.save(tmp_path / name)
