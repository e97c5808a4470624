"""The tab Explain in one screen: what is in sight, what starts by itself, pointing on the picture, links and the way
back."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse

import pytest
from PIL import Image

from pairx.testing import smooth_noise
from tests.browser.conftest import drawn, overflow
from tests.browser.test_app import FRESH, chosen_sample, names, shown_sample, upload

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SCREEN = {"width": 1440, "height": 900}
TELEPHONE = {"width": 390, "height": 844, "touch": True}


@pytest.fixture
def photographs(tmp_path) -> list[Path]:
    paths = [tmp_path / f"mine {letter}.png" for letter in "abc"]
    for number, path in enumerate(paths):
        Image.fromarray(smooth_noise(number + 1, 150, 220)).save(path)
    return paths


def lowest(page, selector: str) -> float:
    """The lower edge of a node, px from the window's upper one."""
    return page.locator(selector).first.evaluate("(node) => node.getBoundingClientRect().bottom")


def shows(page, name: str, side: int = 0) -> None:
    """Wait for the picture of a photograph."""
    page.wait_for_function(
        f"document.querySelectorAll('.px-name')[{side}].textContent.includes({name!r}) && {FRESH}", timeout=60_000
    )


def test_all_that_one_looks_at_is_in_one_screen(open_page):
    page = open_page(**SCREEN)
    for selector in ("#px-explain", ".px-words", ".px-main .px-stage", ".px-main .px-tools", ".px-row:nth-child(3)"):
        assert lowest(page, selector) <= 900, selector
    assert lowest(page, ".px-pixels .px-frame") <= 960, "the colour maps begin in sight"
    assert page.locator(".px-pixels .px-frame").first.evaluate("(e) => e.getBoundingClientRect().top") < 800
    assert page.get_by_role("button", name="Keys").bounding_box()["x"] > 1300, "at the right end of the head"
    width = page.locator(".px-main .px-stage").first.evaluate("(e) => e.clientWidth")
    assert width > 1440 * 2 / 3


def test_two_uploads_start_by_themselves_and_settings_wait(open_page, photographs):
    page = open_page(**SCREEN)
    upload(page, 0, photographs[0])
    page.wait_for_function("pairx.values?.[1] === null && pairx.values[0]?.orig_name === 'mine a.png'")
    page.locator(".px-viewer .px-notice", has_text="choose the other photograph").wait_for()
    assert page.locator(".px-strip [aria-pressed=true]").count() == 0, "its photographs are no longer in the wells"
    upload(page, 1, photographs[1])
    shows(page, "mine a")
    assert "mine b" in names(page)[1]
    assert not page.locator(".px-samples").evaluate("(e) => e.open"), "the samples fold"
    page.locator(".px-samples summary").click()
    assert page.locator(".px-strip button").first.is_visible()
    upload(page, 1, photographs[2])
    shows(page, "mine c", 1)
    assert "mine a" in names(page)[0], "a query stays while its candidates change"

    page.get_by_label("Layer").click()
    page.get_by_role("option").first.click()
    notice = page.locator(".px-viewer .px-notice")
    notice.get_by_text("The settings changed").wait_for()
    page.wait_for_timeout(1000)
    assert not page.evaluate(FRESH), "nothing starts that was not asked for"
    notice.get_by_role("button", name="Explain").click()
    page.wait_for_function(FRESH)
    assert "blocks.4" not in page.locator(".px-about-pair").inner_text()


def test_the_notice_moves_nothing(open_page):
    page = open_page(**SCREEN)
    nodes = "[...document.querySelectorAll('.px-main .px-stage, .px-verdict, .px-table')]"
    place = f"{nodes}.map((node) => node.getBoundingClientRect().y)"
    before = page.evaluate(place)
    page.get_by_label("Layer").click()
    page.get_by_role("option").first.click()
    page.locator(".px-viewer .px-notice").get_by_text("The settings changed").wait_for()
    assert page.evaluate(place) == before


def test_one_points_on_the_picture_itself(open_page):
    page = open_page(**SCREEN)
    stage = page.locator(".px-main .px-stage")
    assert page.locator(".px-viewer .px-photo").count() == 4, "two views of both photographs, and no third"
    assert page.locator(".px-pointing").count() == 0
    page.keyboard.press("p")
    assert page.get_by_role("button", name="Point (P)").get_attribute("aria-pressed") == "true"
    for side, (x, y) in enumerate(((0.4, 0.4), (0.6, 0.5))):
        box = stage.locator(".px-frame").nth(side).bounding_box()
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
        ring = stage.locator(".px-partner").nth(1 - side)
        ring.wait_for(state="visible")
        assert stage.locator(".px-partner").nth(side).is_hidden()
        page.get_by_text("to the similarity; its strongest partner", exact=False).wait_for()
        assert stage.locator(".px-lines").evaluate("e => getComputedStyle(e).visibility") == "hidden"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("!document.querySelector('.px-main .px-said').textContent.includes('Asking')")
    ring.wait_for(state="visible")
    assert page.locator(".px-row[aria-selected=true]").count() == 0, "the arrow keys stay with the place"
    page.keyboard.press("Escape")
    ring.wait_for(state="hidden")
    assert page.locator(".px-pointing").count() == 0
    assert stage.locator(".px-lines").evaluate("e => getComputedStyle(e).visibility") == "visible"


def test_a_row_brightens_its_line_in_sight(open_page):
    page = open_page(**SCREEN)
    page.locator(".px-row").nth(1).hover()
    drawn(page)
    bright = page.locator(".px-main .px-mark.px-bright .px-line")
    box = bright.first.evaluate("(e) => { const { top, bottom } = e.getBoundingClientRect(); return [top, bottom]; }")
    assert bright.count() == 1 and 0 <= box[0] <= box[1] <= 900
    page.locator(".px-row").nth(1).dblclick()
    drawn(page)
    assert "scale(4)" in page.locator(".px-main .px-world").first.evaluate("(e) => e.style.transform")
    assert page.locator(".px-main .px-dot.px-alone").count() > 0, "a dashed ring: its partner is outside of the view"
    assert page.evaluate("scrollY") == 0


def test_the_colour_maps_can_be_the_large_picture(open_page):
    page = open_page(**SCREEN)
    page.keyboard.press("c")
    assert page.locator(".px-main .px-faded").count() == 1 and page.locator(".px-pixels .px-lines").count() == 1
    wide = [page.locator(f"{place} .px-stage").evaluate("(e) => e.clientWidth") for place in (".px-main", ".px-pixels")]
    assert wide[0] > wide[1]
    page.keyboard.press("p")
    assert page.locator(".px-main .px-pointing").count() == 1, "one points at the lines' picture"


def test_back_and_forward_walk_through_the_pairs(open_page):
    page = open_page(**SCREEN)
    first = names(page)
    chosen_sample(page, 2)
    page.wait_for_url("**/?*a=*")
    second, address = names(page), page.url
    chosen_sample(page, 5)
    page.wait_for_function(f"location.href !== {address!r}")
    third = names(page)
    page.go_back()
    shown_sample(page, 2)
    assert names(page) == second
    page.go_back()
    shown_sample(page, 1)
    assert names(page) == first
    page.go_forward()
    shown_sample(page, 2)
    page.go_forward()
    shown_sample(page, 5)
    assert names(page) == third


def test_a_link_opens_the_part_and_the_answer_that_were_seen(open_page):
    page = open_page(**SCREEN)
    page.get_by_label("Zoom in").click()
    page.get_by_label("Zoom in").click()
    page.keyboard.press("p")
    box = page.locator(".px-pointing .px-frame").nth(1).bounding_box()
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    page.locator(".px-partner").first.wait_for(state="visible")
    page.wait_for_function("location.search.includes('point=b') && location.search.includes('view=2.25')")
    seen = """() => [...document.querySelectorAll('.px-main :is(.px-world, .px-partner, .px-cross)')]
      .map((node) => node.getBoundingClientRect()).flatMap(({ x, y, width }) => [x, y, width])"""
    said, expected = page.inner_text(".px-main .px-said"), page.evaluate(seen)
    other = open_page("?" + urlparse(page.url).query, **SCREEN)
    other.locator(".px-partner").first.wait_for(state="visible")
    drawn(other)
    assert other.inner_text(".px-main .px-said") == said and "strongest partner" in said
    assert other.evaluate(seen) == pytest.approx(expected, abs=1)


def test_a_broken_link_shows_an_empty_place_and_keeps_its_address(open_page):
    query = f"?a=chui-1&b={'f' * 24}&model=reid-lite0"
    page = open_page(query, shown=".px-blank")
    page.locator(".px-blank", has_text="Photograph B of this pair is no longer on the server").wait_for()
    page.wait_for_timeout(800)
    assert page.locator(".px-score-number").is_hidden() and page.locator(".px-ready").count() == 0
    assert page.url.endswith(query)
    wells = page.locator(".px-photos > *")
    assert wells.nth(0).locator("img").count() == 1 and wells.nth(1).locator("img").count() == 0


def test_numbers_can_be_read_and_their_signs_are_of_one_kind(open_page):
    page = open_page("?a=zuri-2&b=twiga-4&model=reid-lite0", shown=".px-ready .px-row")
    text = page.locator(".px-viewer").inner_text()
    scales = page.locator(".px-main .px-scales").inner_text()
    assert "e-0" not in text and "e−" not in text and "-" not in scales and "−" in scales and "+" in scales


@pytest.mark.parametrize("dark", [False, True])
def test_on_a_telephone_the_upload_comes_first_then_picture_number_matches(open_page, dark):
    page = open_page(width=390, height=844, dark=dark, touch=True)
    order = (".px-photos", ".px-main .px-stage", ".px-score-number", ".px-table", ".px-pixels .px-stage")
    tops = [page.locator(one).first.evaluate("(e) => e.getBoundingClientRect().top") for one in order]
    assert tops == sorted(tops) and tops[1] < 844 and overflow(page) <= 0
    small = page.evaluate("""() => [...document.querySelectorAll('.px-explaining button, .px-explaining summary')]
      .filter((node) => node.checkVisibility({ checkVisibilityCSS: true }))
      .map((node) => [node.textContent, node.getBoundingClientRect()])
      .filter(([, box]) => box.height && (box.height < 43.5 || box.width < 43.5))
      .map(([text, box]) => `${text} ${box.width} x ${box.height}`)""")
    assert small == []
    assert page.locator(".px-main .px-tools").evaluate("(e) => e.clientHeight") < 3 * 44, "two rows of tools"
    page.locator(".px-menu summary").click()
    assert page.locator(".px-menu-list").get_by_text("Copy link").is_visible() and overflow(page) <= 0
    page.locator(".px-menu summary").click()
    page.get_by_role("button", name="Samples, settings").click()
    page.locator(".px-strip button").nth(1).click()
    page.keyboard.press("Escape")
    shown_sample(page, 2)


@pytest.mark.parametrize("size", [SCREEN, TELEPHONE])
def test_nothing_moves_while_the_page_opens(open_page, size):
    page = open_page(**size)
    shifts = page.evaluate("""() => new Promise((done) => {
      const moved = [];
      new PerformanceObserver((list) => {
        for (const { value, sources } of list.getEntries())
          moved.push([value, ...sources.map(({ node }) => node?.className ?? "")]);
      }).observe({ type: 'layout-shift', buffered: true });
      setTimeout(() => done(moved), 500);
    })""")
    assert sum(value for value, *_ in shifts) < 0.005, shifts


def test_the_menu_gives_what_one_sees(open_page):
    page = open_page(**SCREEN)

    def saved(kind: str) -> bytes:
        page.locator(".px-menu summary").focus()
        page.keyboard.press("Enter")
        with page.expect_download() as got:
            page.locator(f"button[data-kind={kind}]").focus()
            page.keyboard.press("Enter")
        assert got.value.suggested_filename.endswith(f".{kind}")
        return Path(got.value.path()).read_bytes()

    whole = saved("png")
    page.get_by_label("Zoom in").click()
    page.get_by_label("Zoom in").click()
    detail = saved("png")
    assert detail != whole, "a detail is a figure of its own"
    page.keyboard.press("p")
    page.locator(".px-pointing .px-frame").first.click()
    page.locator(".px-answer").nth(1).wait_for(state="visible")
    assert b"point to point" in saved("svg")
    assert saved("csv").decode("utf-8-sig").startswith("match,relevance,share,distance,a_x,a_y,b_x,b_y")
    assert b"Content-Security-Policy" in saved("html")
    page.locator(".px-menu summary").press("Enter")
    page.keyboard.press("Escape")
    assert page.locator(".px-menu-list").is_hidden() and page.locator(".px-pointing").count() == 1


def test_recent_pairs_are_kept_here_and_can_be_forgotten(open_page, photographs):
    page = open_page(**SCREEN)
    recent = page.locator(".px-recent-list button")
    assert recent.count() == 0 and page.locator(".px-recent").is_hidden(), "what the page opens on is nobody's pair"
    chosen_sample(page, 2)
    recent.first.wait_for()
    upload(page, 0, photographs[0])
    page.wait_for_function("pairx.values?.[1] === null")
    upload(page, 1, photographs[1])
    shows(page, "mine a")
    page.wait_for_function("document.querySelectorAll('.px-recent-list button').length === 2")
    assert "mine a.png and mine b.png, similarity" in recent.first.get_attribute("aria-label")
    kept = page.evaluate("localStorage.getItem('pairx.recent')")
    assert len(kept) < 20_000 and "/tmp" not in kept

    page.goto(page.url.split("?")[0])
    page.wait_for_selector(".px-viewer.px-ready")
    recent.first.click()
    shows(page, "mine a")
    page.wait_for_url("**/?*a=*")
    page.go_back()
    shown_sample(page, 1)

    lost = (
        "JSON.stringify(JSON.parse(localStorage.getItem('pairx.recent')).map((one) => ({ ...one, query: { ...one.query,"
    )
    page.evaluate(f"localStorage.setItem('pairx.recent', {lost} b: 'f'.repeat(24) }} }}))))")
    page.reload()
    page.wait_for_selector(".px-viewer.px-ready")
    recent.first.click()
    page.locator(".px-viewer .px-notice", has_text="Photograph B of this pair is no longer on the server").wait_for()
    upload(page, 1, photographs[1])
    shows(page, "mine b", 1)

    page.get_by_role("button", name="Forget").click()
    assert recent.count() == 0 and page.evaluate("localStorage.getItem('pairx.recent')") is None
