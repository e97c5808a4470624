"""The Figure tab in Chromium: from Explore to a figure, by mouse and by keyboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pairx.figures import read_record, read_spec
from tests.browser.conftest import overflow

pytestmark = [pytest.mark.browser, pytest.mark.slow]

IS_DRAWN = """rows => {
  const root = document.querySelector('.px-figure-view');
  return root.dataset.drawn === localStorage['px-figure'] && JSON.parse(root.dataset.drawn).rows.length === rows
    && root.querySelector('.px-figure-image').naturalWidth > 0 && !root.classList.contains('px-stale');
}"""
ROW_ON_SHOW = "number => document.querySelector('.px-pairpanel:not(.px-stale)')?.dataset.number === number"


def choose(page, at: int):
    """Choose a row of Explore's table, and wait for its pair."""
    row = page.locator(".px-pairtable .px-row").nth(at)
    row.click()
    page.wait_for_function(ROW_ON_SHOW, arg=row.get_attribute("data-number"))


def titles(page) -> list[str]:
    return page.locator(".px-entries").first.locator("input").evaluate_all("all => all.map(({ value }) => value)")


def tab(page):
    return page.get_by_role("tab", name="Figure")


def test_from_explore_to_a_figure_by_mouse_and_by_keyboard(open_page, tmp_path):
    page = open_page()
    page.get_by_role("tab", name="Explore").click()
    page.wait_for_selector(".px-explore.px-ready")
    for at in (0, 2):
        choose(page, at)
        page.locator(".px-pairpanel").get_by_role("button", name="Add to figure").click()
    page.locator(".px-pairpanel").get_by_role("button", name="row 2").wait_for()
    tab(page).click()
    page.wait_for_function("document.querySelectorAll('.px-entry-photos img').length === 4")
    first, second = titles(page)
    handles = page.locator(".px-entries").first.locator(".px-handle")
    here, there = (handles.nth(at).bounding_box() for at in (1, 0))
    page.mouse.move(here["x"] + 9, here["y"] + 9)
    page.mouse.down()
    page.mouse.move(there["x"] + 9, there["y"] + 2, steps=4)
    page.mouse.up()
    assert titles(page) == [second, first]
    page.get_by_role("button", name="Move row 1 down").click()
    assert titles(page) == [first, second]
    assert page.evaluate("document.activeElement.ariaLabel") == "Move row 2 down"
    page.keyboard.press("Enter")  # there is nothing below
    page.get_by_role("button", name="Move row 2 up").click()
    assert titles(page) == [second, first]
    page.locator("#px-draw").click()
    page.wait_for_function(IS_DRAWN, arg=2)
    width = page.locator(".px-figure-image").evaluate("node => node.getBoundingClientRect().width")
    assert width == pytest.approx(175 * 96 / 25.4, abs=1), "true size"

    # A third row without the mouse: chosen, added, moved to the front, titled, drawn.
    page.get_by_role("tab", name="Explore").focus()
    page.keyboard.press("Enter")
    page.locator(".px-pairtable .px-row[tabindex='0']").focus()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    number = page.evaluate("document.activeElement.dataset.number")
    page.keyboard.press("Enter")
    page.wait_for_function(ROW_ON_SHOW, arg=number)
    page.keyboard.press("a")
    page.locator(".px-pairpanel").get_by_role("button", name="row 3").wait_for()
    tab(page).focus()
    page.keyboard.press("Enter")
    page.get_by_label("Title of row 3").focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    assert page.evaluate("document.activeElement.ariaLabel") == "Title of row 1"
    page.keyboard.press("Control+A")
    page.keyboard.type("By keyboard")
    page.locator("#px-draw").focus()
    page.keyboard.press("Enter")
    page.wait_for_function(IS_DRAWN, arg=3)

    # Only a title changed: it is drawn without being asked.
    page.get_by_label("Title of column 1").fill("Matches")
    page.wait_for_function(IS_DRAWN, arg=3)
    with page.expect_download() as saving:
        page.locator(".px-figure-view [data-kind=png]").click()
    saving.value.save_as(tmp_path / "figure.png")
    spec = read_spec(read_record(tmp_path / "figure.png")["spec"])
    assert [row.title for row in spec.rows] == ["By keyboard", None, None]
    assert [column.title for column in spec.columns] == ["Matches"]

    page.get_by_role("button", name="Remove row 1").click()
    page.get_by_role("button", name="Undo").click()
    assert titles(page) == ["By keyboard", second, first]
    page.reload()
    page.wait_for_selector(".px-explore.px-ready")  # the address is of that tab
    tab(page).click()
    page.wait_for_function("document.querySelectorAll('.px-entry-photos img').length === 6")
    assert titles(page) == ["By keyboard", second, first]

    # What was saved opens as the figure that it is, in a browser that knows nothing.
    other = open_page(width=390, height=844)
    tab(other).click()
    other.locator(".px-figure-hint").wait_for()
    assert overflow(other) == 0
    other.locator("input[type=file][accept*=yaml]").set_input_files(Path(tmp_path / "figure.png"))
    other.wait_for_function("JSON.parse(localStorage['px-figure'] ?? '{}').rows?.length === 3")
    ours, theirs = (json.loads(one.evaluate("localStorage['px-figure']")) for one in (page, other))
    assert (ours["rows"][0]["title"], ours["layer"]) == (theirs["rows"][0]["title"], theirs["layer"])
