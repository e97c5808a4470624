"""A part of a photograph is chosen in the page, and photographs are replaced by keyboard alone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlparse

import pytest
from PIL import Image

from pairx.testing import smooth_noise
from tests.browser.conftest import drawn
from tests.browser.test_app import FRESH, chosen_sample, names

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def cut_now(page, side: str = "a") -> list[int]:
    return [int(one) for one in parse_qs(urlparse(page.url).query)[f"cut_{side}"][0].split(",")[:5]]


def opened(page, letter: str) -> dict:
    page.get_by_role("button", name=f"Crop, turn or mirror photograph {letter}").click()
    page.wait_for_selector(".px-cutter[open]")
    page.wait_for_function("document.querySelector('.px-cut-area').clientHeight > 50")
    return page.locator(".px-cut-area").bounding_box()


def aspect(page, side: int) -> float:
    return page.locator(".px-main .px-frame").nth(side).evaluate("(e) => e.clientWidth / e.clientHeight")


def test_a_part_is_dragged_turned_and_taken_back(open_page):
    page = open_page()
    whole, before = aspect(page, 0), page.inner_text(".px-score-number")
    box = opened(page, "A")
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.9 * box["height"], steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Turn right").click()
    page.get_by_role("button", name="Use this part").click()
    page.wait_for_function(f"location.search.includes('cut_a') && {FRESH}")
    x, _, w, h, turns = cut_now(page)
    assert turns == 1 and aspect(page, 0) == pytest.approx(h / w, rel=0.02)
    assert w / h == pytest.approx(0.5 * whole / 0.7, rel=0.05) and x / w == pytest.approx(0.2, abs=0.05)
    assert page.inner_text(".px-score-number") != before
    link = urlparse(page.url).query

    other = open_page("?" + link)
    other.wait_for_function(FRESH)
    assert other.inner_text(".px-score-number") == page.inner_text(".px-score-number")
    assert aspect(other, 0) == pytest.approx(aspect(page, 0), rel=0.01)

    opened(page, "A")
    page.get_by_role("button", name="Whole photograph").click()
    page.get_by_role("button", name="Use this part").click()
    page.wait_for_function(f"!location.search.includes('cut_a') && {FRESH}")
    assert page.inner_text(".px-score-number") == before


def test_a_part_is_chosen_by_keyboard_and_mirrored(open_page):
    page = open_page()
    page.get_by_role("button", name="Crop, turn or mirror photograph B").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".px-cutter[open]")
    page.wait_for_function("document.activeElement.className === 'px-cut-area'")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_function(f"location.search.includes('cut_b') && {FRESH}")
    x, _, w, _, _ = cut_now(page, "b")
    assert x > 0 and w / x == pytest.approx(45, rel=0.1)
    opened(page, "B")
    page.get_by_role("button", name="Mirror left to right").click()
    page.keyboard.press("Escape")
    page.wait_for_selector(".px-cutter:not([open])", state="attached")
    assert "m" not in parse_qs(urlparse(page.url).query)["cut_b"][0], "Escape changes nothing"


def test_a_filled_well_is_replaced_by_keyboard(open_page, tmp_path):
    page = open_page()
    paths = []
    for number in range(2):
        paths.append(tmp_path / f"mine {number}.png")
        Image.fromarray(smooth_noise(number, 150, 220)).save(paths[-1])
    assert [page.get_by_role("button", name=f"Remove photograph {letter}").count() for letter in "AB"] == [1, 1]
    for letter, path in zip("AB", paths, strict=True):
        button = page.get_by_role("button", name=f"photograph {letter}").filter(has_text="Replace")
        if letter == "B":
            button = page.get_by_role("button", name="Choose photograph B")  # the sample has made room
        button.wait_for()
        button.focus()
        with page.expect_file_chooser() as chooser:
            drawn(page)  # the browser has been told by then to hand its dialog to the test
            page.keyboard.press("Enter")
        chooser.value.set_files(path)
        page.wait_for_function(f"pairx.values?.['AB'.indexOf('{letter}')]?.orig_name === '{path.name}'")
    page.wait_for_function(f"document.querySelector('.px-name').textContent.includes('mine 0') && {FRESH}")
    assert "mine 1" in names(page)[1]


def test_another_sample_comes_whole(open_page):
    page = open_page("?a=chui-1&b=chui-2&cut_a=50,30,200,150,0&model=reid-lite0")
    page.wait_for_function(FRESH)
    chosen_sample(page, 2)
    page.wait_for_function("!location.search.includes('cut_a')")
