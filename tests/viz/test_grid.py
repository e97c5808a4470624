"""Several methods on one page."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pairx import viz
from pairx.types import Explanation, InputError, Matches, MethodCard, Refusal
from pairx.viz import maps
from pairx.viz.sheets import dots
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
    text = viz.draw_grid([signed("second")], samples.pair(), CARDS, width=85)._print("svg").decode()
    assert text.count("Beware") >= 2 and "…" in text
    lines = [part for part in text.split("<text") if "Beware" in part or "everything" in part]
    assert len(lines) == 3
    bare = viz.draw_grid([signed("second")], samples.pair(), CARDS, cautions=False)
    assert "Beware" not in bare._print("svg").decode()
    refused = viz.draw_grid([Refusal("third", "it needs a layer")], samples.pair(), CARDS, cautions=False)
    assert "it needs a layer" in refused._print("svg").decode(), "a reason is no caution"


@pytest.mark.parametrize("width", viz.WIDTHS)
@pytest.mark.parametrize("count", [1, 2, 3, 6, 20, 39])
def test_any_number_of_methods_fits_a_page_of_a_journal(width: int, count: int) -> None:
    grid = viz.draw_grid([signed("second")] * count, samples.pair((120, 80), (120, 80)), CARDS, width=width)
    pages = grid.pages()
    assert all(dots(width) == dots(one.width) and one.height <= dots(230) for one in pages)
    assert sum(len(one.panels) for one in pages) == count and (len(pages) == 1 or width == 85)
    assert grid.column >= dots(25)


def test_columns_leave_no_hole_where_one_more_helps() -> None:
    columns = {n: viz.draw_grid([signed("first")] * n, samples.pair(), CARDS).columns for n in (1, 2, 3, 4, 6, 9)}
    assert columns == {1: 1, 2: 2, 3: 3, 4: 2, 6: 2, 9: 3}


def test_the_figure_reads_row_by_row() -> None:
    names = ["first", "second", "third", "first"]
    text = viz.draw_grid([signed(name) for name in names], samples.pair(), CARDS, cautions=False)._print("svg").decode()
    at = [text.index(f">{name}<") for name in ("First", "Second", "Third")]
    places = [re.search(r"translate\(([\d.]+) ([\d.]+)\)|x=\"([\d.]+)\" y=\"([\d.]+)\"", text[:i][-400:]) for i in at]
    assert all(places)
    (x0, y0), (x1, y1), (x2, y2) = (tuple(float(n) for n in one.groups() if n) for one in places)
    assert y0 == y1 < y2 and x0 == x2 < x1


def test_the_legend_says_what_the_screen_says() -> None:
    text = viz.draw_grid([signed("first")], samples.pair(), CARDS)._print("svg").decode()
    assert all(f">{one}<" in text for one in (*viz.ENDS, "each panel has its own scale"))
    assert "raises similarity" not in text
    unsigned = replace(CARDS["first"], signed=False)
    entry = viz.Entry("First", signed("first"), samples.pair(), unsigned)
    other = viz.draw_entries([entry], ends=("against the match, for x.jpg", "for the match"))._print("svg").decode()
    assert "Sign by convention." in other and "for x.jpg" in other
    long = viz.Entry("A title of two words", signed("first"), samples.pair(), unsigned)
    assert ">A title of two words<" in viz.draw_entries([long] * 4, width=85, cautions=False)._print("svg").decode()


def test_seconds_are_printed_where_they_are_wanted() -> None:
    with_, without = (
        viz.draw_grid([signed("first")], samples.pair(), CARDS, seconds=one)._print("svg").decode()
        for one in (True, False)
    )
    assert "1.2 s" in with_ and "1.2 s" not in without


def test_a_bitmap_is_light_enough_to_send() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8)
    pair = replace(samples.pair(), image0=noise, image1=noise[::-1])
    grid = viz.draw_grid([signed("first")] * 6, pair, CARDS)
    (png,) = grid.files("png")
    assert len(grid._print("png")) > 3e6 > len(png)
    with Image.open(BytesIO(png)) as picture:
        assert picture.width / picture.info["dpi"][0] * 25.4 == pytest.approx(175, abs=1)


def test_a_table_names_its_columns_once_and_goes_on_over_pages(tmp_path) -> None:
    pairs = [replace(samples.pair((64, 64), (64, 64)), id0=f"{n}.jpg") for n in range(9)]
    entries = [
        viz.Entry(f"pair {n}", signed(name), pair, CARDS[name], name.title())
        for n, pair in enumerate(pairs)
        for name in ("first", "second")
    ]
    grid = viz.draw_entries(entries, columns=2)
    pages = grid.pages()
    assert len(pages) > 1 and all(page.height <= dots(230) and not len(page.panels) % 2 for page in pages)
    texts = [page._print("svg").decode() for page in pages]
    assert all(text.count(">First<") == 1 for text in texts) and sum(text.count(">pair 3<") for text in texts) == 1
    grid.save(tmp_path / "table.pdf")
    assert (tmp_path / "table.pdf").read_bytes().count(b"/Type /Page ") == len(pages)
    grid.save(tmp_path / "table.png")
    assert (tmp_path / f"table-{len(pages)}.png").is_file()


def test_other_similarities_are_said_with_each_panel() -> None:
    entries = [
        viz.Entry(name, replace(signed("first"), similarity=value), samples.pair(), CARDS["first"])
        for name, value in (("blocks.1", 0.25), ("blocks.2", -0.5))
    ]
    text = viz.draw_entries(entries)._print("svg").decode()
    assert ">blocks.1 · 0.25<" in text and ">blocks.2 · −0.50<" in text and "similarity" not in text
    with pytest.raises(InputError, match="nothing to draw"):
        viz.draw_entries([])
    with pytest.raises(InputError, match="mm wide"):
        viz.draw_entries(entries, width=10)


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


def test_a_detail_is_drawn_of_every_panel_and_said_once() -> None:
    entries = [viz.Entry(name, signed(name), samples.pair(), CARDS[name]) for name in ("first", "third")]
    detail = viz.Detail(2.5, ((0.3, 0.4), (0.6, 0.5)))
    whole, part = (viz.draw_entries(entries, detail=one) for one in (None, detail))
    for grid in (whole, part):
        alone = [viz.draw(one.result, one.pair, detail=None if grid is whole else detail).scene for one in entries]
        for panel, scene in zip(grid.panels, alone, strict=True):
            np.testing.assert_array_equal(panel.scene.photo0, scene.photo0)
            np.testing.assert_array_equal(panel.scene.photo1, scene.photo1)
    assert part._print("svg").decode().count("A detail, 250 %") == 1 and "A detail" not in whole._print("svg").decode()
    assert part.png(100) != whole.png(100)
