"""Several methods on one page."""

from __future__ import annotations

from dataclasses import fields, replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pairx import viz
from pairx.types import Explanation, InputError, Matches, MethodCard, Refusal
from pairx.viz import maps
from tests.viz import samples

CAVEAT = "Beware of everything that this method says. " * 8


def card(name: str, caveat: str = "") -> MethodCard:
    return MethodCard(name, name.title(), "family", "", "", "", "", (), True, "", caveat=caveat)


CARDS = {name: card(name, CAVEAT if name == "second" else "") for name in ("first", "second", "third")}


def signed(name: str, sign: float = 1.0) -> Explanation:
    cells = np.zeros((4, 4), np.float32)
    cells[1:3, 1:3] = sign
    settings = {"model": "reid-lite0", "layer": "blocks.3", "size": 416}
    return Explanation(name, 0.5, cells, cells, settings=settings, seconds=1.25)


def drawn(results: list) -> np.ndarray:
    png = viz.draw_grid(results, samples.pair(), CARDS).png(dpi=150)
    return np.asarray(Image.open(BytesIO(png)).convert("RGB")).astype(int)


def test_red_is_for_and_blue_against() -> None:
    none, red, blue = (drawn([signed("first", sign)]) for sign in (0.0, 1.0, -1.0))
    assert none.shape == red.shape == blue.shape
    changed = (red != blue).any(2)
    more = (red - blue)[changed].mean(0)
    assert more[0] > 40 > -40 > more[2]


@pytest.mark.parametrize(("seconds", "said"), [(0.0012, "<0.01 s"), (0.27, "0.27 s"), (3.14, "3.1 s")])
def test_no_method_takes_no_time(seconds: float, said: str) -> None:
    assert viz.panel_of(replace(signed("first"), seconds=seconds), samples.pair(), CARDS["first"]).seconds == said


def test_every_method_has_its_own_scale() -> None:
    small = replace(signed("first"), map0=signed("first").map0 / 1000, map1=signed("first").map1 / 1000)
    np.testing.assert_array_equal(drawn([small]), drawn([signed("first")]))


def test_who_cannot_run_says_why_over_faded_photographs() -> None:
    svg = viz.draw_grid([signed("first"), Refusal("third", "it needs a layer")], samples.pair(), CARDS)
    text = svg._print("svg").decode()
    assert "cannot run: it needs a layer" in text
    assert "1.2 s" in text and "similarity 0.500" in text and "reid-lite0, 416 px, layer blocks.3" in text
    page = drawn([Refusal("third", "no")])
    assert page.max() == 255


def test_a_long_caveat_takes_three_lines_and_an_ellipsis() -> None:
    text = viz.draw_grid([signed("second")], samples.pair(), CARDS)._print("svg").decode()
    assert text.count("Beware") >= 2 and "…" in text
    lines = [part for part in text.split("<text") if "Beware" in part or "everything" in part]
    assert len(lines) == 3


def test_many_methods_take_several_columns() -> None:
    one, many = drawn([signed("first")]), drawn([signed("first")] * 14)
    assert many.shape[1] > 1.8 * one.shape[1]
    assert many.shape[0] < 9 * one.shape[0]


def test_matches_are_lines_between_the_photographs() -> None:
    over = samples.pair()
    explanation = replace(samples.explanation(over), method="first")
    text = viz.draw_grid([explanation], over, CARDS)._print("svg").decode()
    assert 'id="match-1"' in text and "No matches." not in text
    none = replace(
        explanation, matches=Matches(*(getattr(explanation.matches, one.name)[:0] for one in fields(Matches)))
    )
    assert "No matches." in viz.draw_grid([none], over, CARDS)._print("svg").decode()


def test_notes_are_said_once_with_the_methods_they_are_about() -> None:
    both, own = "White is 4095.", "Nothing raises this similarity."
    results = [replace(signed("first"), notes=(own, both)), replace(signed("second"), notes=(both,))]
    text = viz.draw_grid(results, samples.pair(), CARDS)._print("svg").decode()
    assert text.count(f">{both}<") == 1 and f">First: {own}<" in text


def test_a_grid_is_saved_or_refused(tmp_path) -> None:
    grid = viz.draw_grid([signed("first")], samples.pair(), CARDS)
    grid.save(tmp_path / "grid.pdf")
    assert (tmp_path / "grid.pdf").read_bytes().startswith(b"%PDF")
    with pytest.raises(InputError, match="suffixes"):
        grid.save(tmp_path / "grid.gif")


def test_a_lone_pixel_of_a_fine_map_can_be_seen_and_noise_cancels() -> None:
    lone, noise = np.zeros((2, 400, 400), np.float32)
    lone[200, 200] = 1
    noise[::2], noise[1::2] = 1, -1
    assert (maps.gathered(lone) > 0.001).sum() > 50
    assert maps.gathered(lone).sum() == pytest.approx(1, rel=1e-3)
    assert np.abs(maps.gathered(noise)).max() < 0.2
    coarse = np.eye(20, dtype=np.float32)
    np.testing.assert_array_equal(maps.gathered(coarse), coarse)
