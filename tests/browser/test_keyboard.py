"""The page's head by keyboard: the list of tabs and the sheet of keys."""

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_arrows_lead_through_the_tabs_and_only_one_of_them_takes_the_focus(open_page):
    page = open_page()
    tabs = page.locator("[role=tablist] button[role=tab]")
    names = tabs.all_inner_texts()
    assert tabs.evaluate_all("tabs => tabs.filter((tab) => tab.tabIndex === 0).map((tab) => tab.textContent)") == [
        "Explain"
    ]
    tabs.first.focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == names[-1]
    assert tabs.last.get_attribute("aria-selected") == "true"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == names[1]
    assert tabs.nth(1).get_attribute("aria-selected") == "true"
    assert tabs.evaluate_all("tabs => tabs.filter((tab) => tab.tabIndex === 0).length") == 1


def test_a_question_mark_opens_the_sheet_of_keys_but_not_where_a_person_writes(open_page):
    page = open_page()
    sheet = page.get_by_role("dialog", name="Keys")
    page.keyboard.press("?")
    assert sheet.is_visible()
    assert "bare photographs" in sheet.inner_text()
    page.keyboard.press("Escape")
    assert not sheet.is_visible()
    page.get_by_role("button", name="Keys (?)").click()
    sheet.get_by_role("button", name="Close").click()
    assert not sheet.is_visible()
    page.get_by_label("Model", exact=True).focus()
    page.keyboard.press("?")
    assert not sheet.is_visible()
