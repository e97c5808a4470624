"""A network that fails for a moment, or longer: what could not be fetched comes once it can be."""

from __future__ import annotations

import pytest

from benchmarks.explore import SHOWN
from tests.browser.test_app import FRESH, names, shown_sample

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def failing(page, pattern: str, times: int) -> list[str]:
    """Let so many requests for such a file fail; those that did are noted in the list."""
    failed: list[str] = []

    def answer(route):
        if len(failed) < times:
            failed.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    page.route(pattern, answer)
    return failed


def test_a_picture_that_failed_once_comes_by_itself(open_page):
    page = open_page()
    before = names(page)
    failed = failing(page, "**/scene.json", 1)
    page.click(".px-strip button:nth-child(2)")
    shown_sample(page, 2)
    assert len(failed) == 1 and names(page) != before


def test_a_picture_that_failed_for_long_comes_when_explain_is_pressed(open_page):
    page = open_page()
    page.evaluate("window.setTimeout = ((wait) => (act, ms, ...rest) => wait(act, ms / 50, ...rest))(setTimeout)")
    failed = failing(page, "**/scene.json", 5)
    page.click(".px-strip button:nth-child(2)")
    page.get_by_text("The picture could not be fetched. Press Explain again.").wait_for()
    assert len(failed) == 5
    page.click("#px-explain")
    shown_sample(page, 2)
    page.click("#px-explain")
    page.wait_for_function(f"{FRESH} && document.querySelector('.px-notice.px-none')")


def test_the_panels_and_the_plot_come_by_themselves(open_page):
    page = open_page()
    failed = failing(page, "**/panel.json", 2)
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_selector(".px-panel:not(.px-waiting)")
    assert len(failed) == 2 and page.get_by_text("could not be fetched").count() == 0
    failed = failing(page, "**/run.json", 1)
    page.get_by_role("tab", name="Explore").click()
    page.wait_for_function(SHOWN)
    assert len(failed) == 1


def test_no_word_asks_for_explain_while_its_picture_is_on_the_way(open_page):
    page = open_page()
    page.route("**/scene.json", lambda route: (page.wait_for_timeout(600), route.continue_()))
    page.evaluate("""() => {
      window.said = [];
      const notice = document.querySelector('.px-viewer .px-notice');
      const look = () => { window.said.push(notice.firstChild.textContent); requestAnimationFrame(look); };
      look();
    }""")
    page.click(".px-strip button:nth-child(3)")
    shown_sample(page, 3)
    said = list(dict.fromkeys(page.evaluate("window.said")))
    started = next(i for i, text in enumerate(said) if "free place" in text)
    assert not [text for text in said[started:] if "settings changed" in text], said
    assert "Fetching the picture" in said
