"""The Trust tab and Compare's lines in a real browser: one story, from a table to a pair and back."""

from __future__ import annotations

from pathlib import Path

import pytest

import pairx
from pairx.judging.criteria import CRITERIA
from tests.browser.conftest import overflow
from tests.ui.judged import results, write

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def mine(address: str, app_folder: Path) -> str:
    """A made-up judgement of the model that the app serves."""
    model = pairx.load_model("reid-lite0", size=96)
    if not (app_folder / "judgements" / "mine").exists():
        write(app_folder / "judgements" / "mine", results(model.key, model.default_layer))
    return "mine"


def names(page) -> list[str]:
    """The methods of the table, as they stand."""
    return page.locator(".px-trust tbody:first-of-type .px-of-method").all_inner_texts()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_table_leads_to_a_pair_and_a_pair_to_the_table(open_page, mine, width):
    page = open_page(width=width, touch=width < 500)
    page.get_by_role("tab", name="Trust").click()
    page.wait_for_selector(".px-trust.px-ready")
    assert page.locator(".px-trust select").input_value() == mine, "what was judged here comes first"
    assert names(page) == ["PAIR-X", "Grad-CAM", "Eigen-CAM"]
    assert page.locator(".px-apart .px-of-method").first.inner_text() == "Random map"

    head = page.locator('.px-trust .px-sort[data-criterion="energy"]')
    head.click()
    assert names(page) == ["PAIR-X", "Eigen-CAM", "Grad-CAM"]
    page.keyboard.press("Enter")
    assert names(page) == ["Grad-CAM", "Eigen-CAM", "PAIR-X"], "the head kept the focus"
    assert page.locator('th[aria-sort="ascending"] .px-sort').inner_text() == "Energy inside"
    page.get_by_role("button", name="Energy inside: what it is").click()
    detail = page.locator(".px-detail")
    assert CRITERIA["energy"].definition in detail.inner_text()

    # From the method's name over the places without a number to the first that there is, by key.
    page.locator(".px-of-method").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".px-judged-photos img >> nth=7")
    said = detail.inner_text()
    assert "Grad-CAM: Energy inside" in said and "No better than a blob in the middle or the photograph's edges" in said
    assert "95 % interval 0.20 to 0.40, over 12 pairs of 11 individuals" in said
    page.wait_for_url("**by=-energy&cell=grad-cam+energy")
    assert overflow(page) == 0
    if width < 500:
        return

    page.reload()
    page.wait_for_selector(".px-judged-photos img >> nth=7")
    assert names(page) == ["Grad-CAM", "Eigen-CAM", "PAIR-X"] and "Grad-CAM: Energy inside" in detail.inner_text()
    page.get_by_role("link", name="Compare amara-1 and amara-2").first.click()
    page.wait_for_selector('.px-panel[data-id="grad-cam"] .px-judged summary')
    lines = page.locator(".px-judged summary")
    assert lines.nth(0).inner_text().startswith("right partner 81 % · falls 2.1 × random, no better than")
    page.locator(".px-board .px-order select").select_option("judged-deletion")
    assert page.locator(".px-panel h3").all_inner_texts() == ["Grad-CAM", "PAIR-X"], "less is better"
    assert "11 individuals, reid-lite0" in lines.nth(0).get_attribute("title")
    lines.nth(0).click()
    page.locator(".px-judged[open]").get_by_role("button", name="Energy inside").click()
    page.wait_for_selector('.px-trust.px-ready th[aria-sort="descending"]')
    assert CRITERIA["energy"].definition in detail.inner_text()
