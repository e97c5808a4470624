"""Holding H bares the photographs in every tab, and moves nothing: one compares by blinking."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.explore import SHOWN
from tests.browser.conftest import drawn
from tests.browser.test_compare import visit
from tests.browser.test_explore import EXPLAINED

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BOXES = """() => [...document.querySelectorAll('.gradio-container *')]
  .map((node) => node.getBoundingClientRect())
  .filter(({ width, height }) => width && height)
  .map(({ x, y, width, height }) => [x, y, width, height].map((one) => Math.round(100 * one)).join())"""
"""Where everything is that takes room."""
OVER = ".px-overlay, .px-lines, .px-region, .px-asked > *"
"""What may lie over photographs."""
ROUNDED = 10
"""Levels by which half-transparent pixels differ from one picture of the page to the next."""


def explain(page) -> None:
    page.get_by_role("button", name="Point (P)").click()
    page.locator(".px-pointing .px-frame").first.click()
    page.locator(".px-answer").nth(1).wait_for(state="visible")


def compare(page) -> None:
    visit(page)
    page.wait_for_selector(".px-panel:not(.px-waiting)")


def explore(page) -> None:
    page.get_by_role("tab", name="Explore").click()
    page.wait_for_function(SHOWN)
    page.wait_for_function(EXPLAINED)
    page.wait_for_selector(".px-tables table")
    page.wait_for_selector(".px-pair-card img")
    settle(page)


def settle(page) -> None:
    """Wait until nothing comes any more that takes a place."""
    before = None
    for _ in range(60):
        now = page.evaluate(BOXES)
        if now == before:
            return
        before = now
        page.wait_for_timeout(500)
    raise AssertionError("the page does not come to rest")


def picture(page) -> np.ndarray:
    drawn(page)
    page.wait_for_timeout(300)
    return np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)


def seen(page) -> int:
    """How many overlays are seen."""
    return page.evaluate(
        f"""() => [...document.querySelectorAll('{OVER}')].filter((node) => node.checkVisibility({{
          checkVisibilityCSS: true }}) && node.getBoundingClientRect().width > 0).length"""
    )


def stages(page, shape) -> np.ndarray:
    """(H, W) bool: where photographs and the lines between them may be, the buttons that are held, and the plot, which
    the graphics card draws anew at will."""
    boxes = page.evaluate("""() => [...document.querySelectorAll('.px-stage, .px-hold, .px-plot')].map((node) => {
      const { left, top, right, bottom } = node.getBoundingClientRect();
      return [left, top, right, bottom];
    })""")
    inside = np.zeros(shape, bool)
    for left, top, right, bottom in boxes:
        inside[max(0, int(top) - 2) : max(0, int(bottom) + 2), max(0, int(left) - 2) : max(0, int(right) + 2)] = True
    return inside


def with_key(page):
    page.locator("h1").click()
    page.keyboard.down("h")
    return lambda: page.keyboard.up("h")


def with_finger(page):
    button = page.locator(".px-hold:visible").first
    box = button.bounding_box()
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    session = page.context.new_cdp_session(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    page.wait_for_timeout(900)  # longer than a long press
    return lambda: session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize(("width", "hold"), [(1440, with_key), (390, with_finger)], ids=["key", "finger"])
@pytest.mark.parametrize("tab", [explain, compare, explore])
def test_holding_hides_what_lies_over_the_photographs_and_moves_nothing(open_page, tab, width, hold):
    page = open_page(width=width, height=900, touch=hold is with_finger)
    tab(page)
    page.locator(".px-hold:visible").first.scroll_into_view_if_needed()
    page.mouse.move(1, 1)
    places, rest = page.evaluate(BOXES), picture(page)
    assert seen(page) > 0
    release = hold(page)
    held = picture(page)
    assert seen(page) == 0
    assert page.evaluate(BOXES) == places
    changed = (abs(rest - held) > ROUNDED).any(axis=2)
    inside = stages(page, changed.shape)
    assert changed.any() and not (changed & ~inside).any()
    release()
    again = picture(page)
    assert seen(page) > 0 and page.evaluate(BOXES) == places
    assert not ((abs(again - rest) > ROUNDED).any(axis=2) & ~inside).any()


def test_a_letter_typed_into_a_field_hides_nothing(open_page):
    page = open_page()
    explore(page)
    page.get_by_label("Photograph or individual").press("h")
    assert page.locator(".px-held").count() == 0
