"""The Compare tab in a real browser."""

from __future__ import annotations

import io
import zipfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest

from pairx.assets import ASSETS
from pairx.core import correspondence
from pairx.methods import cards
from pairx.ui.compare.axes import SIX
from tests.browser.conftest import drawn, overflow

pytestmark = [pytest.mark.browser, pytest.mark.slow]
OWN_PHOTO = ASSETS / "herd" / "amara-1.jpg"
PANELS = ".px-panels > .px-panel"


def visit(page) -> None:
    """Go to the tab, and wait until its board says what is there."""
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_selector(".px-board.px-ready")
    page.wait_for_function(
        "/there\\.|press Compare|Choose two/.test(document.querySelector('.px-board .px-notice').textContent)"
    )


def row(page, title: str):
    """A choice of the list by its title."""
    return page.locator(f'.px-choice:has(> .px-choice-title:text-is("{title}"))').locator("visible=true")


def choose(page, *titles: str) -> None:
    """Tick these choices and no others, and wait until the board has their panels."""
    page.locator(".px-presets").get_by_role("button", name="None", exact=True).click()
    for title in titles:
        row(page, title).click()
    page.wait_for_function(
        """(titles) => {
          const shown = [...document.querySelectorAll('.px-panel h3')].map((node) => node.textContent);
          return shown.length === titles.length && titles.every((title) => shown.includes(title));
        }""",
        arg=list(titles),
    )


def compare(page) -> None:
    """Press Compare and wait for all panels."""
    page.click("#px-compare")
    page.wait_for_function("/there\\.$/.test(document.querySelector('.px-board .px-notice').textContent)")
    page.wait_for_function("!document.querySelector('.px-panels .px-waiting')")


def open_compare(open_page, *titles: str, **how):
    """The tab with panels of these methods, computed."""
    page = open_page(**how)
    visit(page)
    with sheet(page):
        choose(page, *titles)
    compare(page)
    return page


@contextmanager
def sheet(page):
    """Within it the controls are on show, on a narrow screen, too."""
    opener = page.get_by_role("button", name="What to compare")
    narrow = opener.is_visible()
    if narrow:
        opener.click()
    yield
    if narrow:
        page.locator(".px-compare .px-sheet").get_by_role("button", name="Done").click()


def test_opening_the_tab_shows_what_explain_has_and_computes_nothing(open_page):
    page = open_page()
    visit(page)
    six = [cards()[name].title for name in SIX]
    assert page.locator(".px-panel h3").all_inner_texts() == six
    assert page.locator(".px-panel:not(.px-waiting) h3").first.inner_text() == "PAIR-X", "known from Explain"
    page.wait_for_timeout(2500)
    assert page.locator("#px-halt").is_disabled(), "nothing runs unasked"


def other_sample(page):
    page.click(".px-strip button:nth-child(3)")


def other_layer(page):
    page.get_by_label("Layer").first.click()
    page.get_by_role("option").first.click()


def run_in_explain(page):
    page.click("#px-explain")
    page.wait_for_selector("#px-stop[disabled]")


def upload(page):
    page.locator(".px-photos input[type=file]").first.set_input_files(str(OWN_PHOTO))


WAYS = {
    "nothing": lambda page: None,
    "another sample": other_sample,
    "another layer": other_layer,
    "a run in Explain": run_in_explain,
    "an upload": upload,
    "a swap": lambda page: page.get_by_role("button", name="Swap A and B").click(),
}


@pytest.mark.parametrize("way", [*WAYS, "a link"])
def test_the_buttons_keep_their_labels_on_every_visit(open_page, way):
    page = open_page("?a=chui-1&b=chui-2&model=reid-lite0" if way == "a link" else "")
    for _ in range(3):
        visit(page)
        page.wait_for_timeout(500)
        for button, label in (("#px-compare", "Compare"), ("#px-halt", "Stop")):
            assert page.locator(button).inner_text() == label
            assert page.locator(button).bounding_box()["height"] > 30
        page.get_by_role("tab", name="Explain").click()
        WAYS.get(way, WAYS["nothing"])(page)
        page.wait_for_timeout(300)


def test_a_long_list_is_searched_and_fits_the_screen(open_page):
    page = open_page(width=1440, height=900)
    visit(page)
    chooser = page.locator(".px-chooser")
    assert page.locator("#px-compare").bounding_box()["y"] < 900, "the button is on the first screen"
    boxes = chooser.locator(".px-choice:visible")
    assert boxes.count() > 30 and chooser.locator(".px-choice-list:visible").bounding_box()["height"] < 400
    field = chooser.get_by_role("searchbox", name="Find by name or family: methods")
    field.fill("shapley second")
    assert boxes.all_inner_texts()[0].startswith("IG-SAM, second order") and boxes.count() == 2
    field.fill("no such method")
    assert boxes.count() == 0 and chooser.locator("text=Nothing has this name >> visible=true").count() == 1
    field.fill("hires")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.get_by_role("article", name="HiResCAM").wait_for()
    field.fill("")
    assert chooser.get_by_role("checkbox", checked=True).count() == len(SIX) + 1, "what is not found stays chosen"


def test_a_panel_says_how_far_it_is(open_page):
    page = open_page()
    visit(page)
    choose(page, "Kernel SHAP", "LIME")
    notes = page.locator(".px-panel .px-note")
    assert notes.all_inner_texts() == ["Not computed yet"] * 2
    page.click("#px-compare")
    page.wait_for_function("/Running: \\d+ %/.test(document.querySelector('.px-panels').textContent)")
    texts = notes.all_inner_texts()
    assert "Loading" not in page.locator(".px-board .px-notice").inner_text() and len(set(texts)) == 2
    page.click("#px-halt")
    page.get_by_text("Stopped.", exact=False).first.wait_for()
    page.wait_for_function("!/Running/.test(document.querySelector('.px-panels').textContent)")


def test_two_methods_on_a_sample_pair(open_page):
    page = open_compare(open_page, "Grad-CAM", "SIFT + MAGSAC")
    assert page.locator(".px-panel h3").all_inner_texts() == ["Grad-CAM", "SIFT + MAGSAC"]
    assert all(text.endswith("\u00a0s") for text in page.locator(".px-panel-head .px-hint").all_inner_texts())
    first, second = page.locator(".px-panel").all()
    boxes = first.evaluate(
        """(panel) => [...panel.querySelectorAll('.px-world')].map((world) => [...world.children].map((node) => {
             const box = node.getBoundingClientRect();
             return [box.x, box.y, box.width, box.height];
           }))"""
    )
    assert len(boxes) == 2 and all(photo == overlay for photo, overlay in boxes), "a map lies on its photograph"
    assert second.locator(".px-overlay").count() == 0 and "Does not look at the model" in second.inner_text()

    sent = len(page.requests)
    page.locator(".px-board .px-opacity input").fill("20")
    assert first.locator(".px-overlay").first.evaluate("e => getComputedStyle(e).opacity") == "0.2"
    page.locator(".px-board").get_by_label("Zoom in").click()
    scales = page.evaluate(
        "[...document.querySelectorAll('.px-panel .px-world')].map(e => e.style.transform.split('scale')[1])"
    )
    assert scales == ["(1.5)"] * 4, "zoom is linked over all panels"
    first.get_by_text("About this method").click()
    assert "Selvaraju" in first.locator("dl").inner_text()
    assert len(page.requests) == sent, "all that without the server"
    page.keyboard.down("h")
    assert first.locator(".px-overlay").first.evaluate("e => getComputedStyle(e).visibility") == "hidden"
    page.keyboard.up("h")

    with page.expect_download() as got:
        page.click(".px-board button[data-kind=zip]")
    with zipfile.ZipFile(io.BytesIO(Path(got.value.path()).read_bytes())) as archive:
        assert archive.namelist() == ["grad-cam.npz", "sift.npz"]
    assert {urlparse(url).hostname for url in page.requests if url.startswith(("http", "ws"))} == {"127.0.0.1"}


def test_the_look_of_explain_holds_here(open_page):
    page = open_page()
    page.locator("[data-look=lines]").fill("3")
    visit(page)
    panel = page.locator(".px-panel").first
    panel.locator(".px-line").first.wait_for(state="attached")
    shown = "node => [...node.querySelectorAll('.px-mark')].filter((mark) => mark.style.display !== 'none').length"
    assert panel.evaluate(shown) == 3
    page.locator(".px-board .px-opacity input").fill("30")
    page.get_by_role("tab", name="Explain").click()
    heat = page.locator(".px-explaining .px-overlay").first
    assert heat.evaluate("e => getComputedStyle(e).opacity") == "0.3"


def test_the_pair_is_the_one_of_the_tab_explain(open_page):
    page = open_compare(open_page, "Grad-CAM", "HiResCAM")
    before = page.locator(".px-board .px-story").inner_text()
    page.get_by_role("button", name="Change photographs or model").click()
    page.click(".px-strip button:nth-child(4)")
    visit(page)
    page.wait_for_function(
        "(before) => document.querySelector('.px-board .px-story').textContent !== before", arg=before
    )
    assert page.locator(".px-panel h3").all_inner_texts() == ["Grad-CAM", "HiResCAM"], "the choice stays"
    compare(page)
    assert page.locator(".px-board .px-story").inner_text() != before


def test_layers_on_one_pair(open_page):
    page = open_page()
    visit(page)
    page.locator(".px-axes").get_by_text("Layers").click()
    page.wait_for_function(
        "[...document.querySelectorAll('.px-panel h3')].every((e) => /1\\/\\d+/.test(e.textContent))"
    )
    count = page.locator(PANELS).count()
    assert count > 3 and "PAIR-X" in page.locator(".px-board .px-story").inner_text()
    compare(page)
    maps = page.eval_on_selector_all(".px-panel .px-overlay", "nodes => nodes.map((node) => node.src)")
    assert len(set(maps)) == len(maps) == 2 * count, "each layer has its own"
    page.locator(".px-axes").get_by_text("Methods").click()
    page.get_by_role("article", name="Decomposition").wait_for()


def test_pairs_by_two_methods_are_a_table(open_page):
    page = open_page()
    visit(page)
    page.locator(".px-axes").get_by_text("Pairs").click()
    page.locator(".px-chooser .px-choice").filter(has_text="Twins").wait_for()
    page.locator(".px-presets").get_by_role("button", name="None").click()
    for text in ("Twins", "Different animals"):
        page.locator(".px-choice").filter(has_text=text).first.click()
    page.locator(".px-by summary").click()
    page.locator(".px-by .px-choice").filter(has_text="HiResCAM").click()
    page.wait_for_function("document.querySelectorAll('.px-panels > .px-panel').length === 4")
    compare(page)
    names = page.eval_on_selector_all(".px-panel .px-photo", "nodes => nodes.map((node) => node.alt)")
    assert len(names) == 8 and names[:2] == names[2:4] != names[4:6], "a row a pair"
    with page.expect_download() as got:
        page.click(".px-board .px-files button[data-kind=pdf]")
    assert Path(got.value.path()).read_bytes().startswith(b"%PDF")


def second_order(open_page, **how):
    """SAM's panel, enlarged, beside Grad-CAM's."""
    page = open_compare(open_page, "Grad-CAM", "SAM", **how)
    panel = page.locator(".px-panel").filter(has=page.get_by_role("heading", name="SAM", exact=True))
    panel.get_by_role("button", name="Enlarge and point: SAM").click()
    page.wait_for_selector(".px-large")
    return page, panel


def spot(panel, side: int, x: float, y: float) -> tuple[float, float]:
    """A place of photograph `side`, fractions, in pixels of the page."""
    frame = panel.locator(".px-frame").nth(side)
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def answered(page, panel, side: int) -> tuple[float, float]:
    """Where the ring in photograph `side` is, fractions, once it is there."""
    ring = panel.locator(".px-partner").nth(side)
    ring.wait_for(state="visible")
    drawn(page)
    style = ring.evaluate("node => [parseFloat(node.style.left), parseFloat(node.style.top)]")
    return style[0] / 100, style[1] / 100


def tensor_of(page, name: str) -> np.ndarray:
    with page.expect_download() as got:
        page.click(".px-board button[data-kind=zip]")
    with zipfile.ZipFile(io.BytesIO(Path(got.value.path()).read_bytes())) as archive:
        return np.load(io.BytesIO(archive.read(f"{name}.npz")))["tensor"]


def pointed(panel, side: int) -> tuple[float, float]:
    """Where the cross in photograph `side` is, fractions."""
    style = panel.locator(".px-cross").nth(side).evaluate("node => [node.style.left, node.style.top]")
    return float(style[0].rstrip("%")) / 100, float(style[1].rstrip("%")) / 100


def partner(tensor: np.ndarray, side: int, x: float, y: float) -> tuple[float, float]:
    """Where the library finds the strongest partner of a place in photograph `side`, fractions."""
    weights = correspondence.at_point((x, y), tensor.shape[2 * side : 2 * side + 2])
    return pytest.approx(correspondence.strongest(correspondence.partners(tensor, weights, side)), abs=1e-3)


def test_a_place_and_a_box_find_their_partners_where_the_library_finds_them(open_page):
    page, panel = second_order(open_page)
    tensor = tensor_of(page, "sam")
    for side, x, y in ((0, 0.4, 0.45), (1, 0.6, 0.5)):
        page.mouse.move(*spot(panel, side, x, y))
        assert answered(page, panel, 1 - side) == partner(tensor, side, x, y), "live, without a click"
        assert panel.locator(".px-answer").nth(side).is_hidden()
    page.mouse.move(5, 5)
    panel.locator(".px-asking").wait_for(state="detached")

    sent = len(page.requests)
    page.mouse.click(*spot(panel, 0, 0.4, 0.45))
    page.mouse.move(5, 5)
    assert answered(page, panel, 1) == partner(tensor, 0, 0.4, 0.45), "kept while the pointer is elsewhere"
    assert "strongest partner" in panel.locator(".px-said").inner_text()
    panel.get_by_role("button", name="Box").click()
    page.mouse.move(*spot(panel, 0, 0.2, 0.3))
    page.mouse.down()
    page.mouse.move(*spot(panel, 0, 0.5, 0.4))
    page.mouse.move(*spot(panel, 0, 0.6, 0.7))
    page.mouse.up()
    drawn(page)
    box = panel.locator(".px-asked-box").first.evaluate(
        "node => ['left', 'top', 'width', 'height'].map((side) => parseFloat(node.style[side]) / 100)"
    )
    assert box == pytest.approx([0.2, 0.3, 0.4, 0.4], abs=0.02)
    corners = (box[0], box[1], box[0] + box[2], box[1] + box[3])
    weights = correspondence.in_box(corners, tensor.shape[:2])
    expected = correspondence.strongest(correspondence.partners(tensor, weights))
    assert answered(page, panel, 1) == pytest.approx(expected, abs=1e-3)
    region = panel.locator(".px-region").nth(1)
    assert region.is_visible() and region.locator("path").first.get_attribute("d").startswith("M")
    assert len(page.requests) == sent, "without the server"

    page.keyboard.press("Escape")
    panel.locator(".px-asking").wait_for(state="detached")
    page.keyboard.press("Escape")
    page.wait_for_selector(".px-large", state="detached")


def test_the_keyboard_points_too(open_page):
    page, panel = second_order(open_page)
    tensor = tensor_of(page, "sam")
    frame = panel.get_by_role("application", name="Photograph B", exact=False)
    frame.focus()
    page.keyboard.press("ArrowRight")
    cross = panel.locator(".px-cross").nth(1)
    cross.wait_for(state="visible")
    left = "node => parseFloat(node.style.left)"
    before = cross.evaluate(left)
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        f"(before) => ({left})(document.querySelectorAll('.px-large .px-cross')[1]) > before", arg=before
    )
    assert answered(page, panel, 0) == partner(tensor, 1, *pointed(panel, 1))


def test_a_finger_points_and_draws_a_box(open_page):
    page, panel = second_order(open_page, width=390, height=844, touch=True)
    assert overflow(page) <= 0
    tensor = tensor_of(page, "sam")
    page.touchscreen.tap(*spot(panel, 0, 0.5, 0.5))
    page.get_by_text("has its strongest partner, ringed", exact=False).wait_for()
    assert pointed(panel, 0) == pytest.approx((0.5, 0.5), abs=0.02)
    assert answered(page, panel, 1) == partner(tensor, 0, *pointed(panel, 0))
    panel.get_by_role("button", name="Box").click()
    drawn(page)
    assert panel.locator(".px-frame").first.evaluate("e => getComputedStyle(e).touchAction") == "none"


def test_rather_than_another_photograph(open_page):
    page = open_compare(open_page, "Grad-CAM", "SAM")
    page.locator(".px-background-choice input").click()
    page.get_by_role("option", name="Another photograph").click()
    page.get_by_text("Choose the photograph to compare with", exact=False).first.wait_for()
    page.locator(".px-background .px-strip button").nth(4).click()
    page.wait_for_selector(".px-background img[alt='Photograph of the background']")
    page.get_by_text("1 of 2 panels is not computed yet", exact=False).wait_for()
    compare(page)
    cam, sam = page.locator(".px-panel").all()
    assert "takes no background" in cam.inner_text() and "rather than" in sam.inner_text()
    assert "rather than" in page.locator(".px-board .px-story").inner_text()


def test_ordered_by_faithfulness(open_page):
    page = open_compare(open_page, "Grad-CAM", "HiResCAM", "SIFT + MAGSAC")
    panels = page.locator(".px-panel")
    panels.nth(0).get_by_text("About this method").click()
    panels.nth(0).get_by_role("button", name="Measure faithfulness").click()
    panels.nth(0).locator(".px-faith-drop").wait_for(state="attached")
    assert panels.nth(1).locator(".px-faith-drop").count() == 0
    assert "Higher is better" in panels.nth(0).locator("dl").inner_text()
    page.locator(".px-order select").locator("visible=true").select_option("faithfulness")
    page.get_by_text("nothing to blur", exact=False).first.wait_for()
    page.wait_for_selector("#px-halt[disabled]")
    drops = page.eval_on_selector_all(
        ".px-faith", "nodes => nodes.map((node) => parseFloat(node.style.getPropertyValue('--px-drop')) || -1)"
    )
    assert len(drops) == 3 and drops == sorted(drops, reverse=True) and max(drops) <= 100
    assert panels.nth(2).locator("h3").inner_text() == "SIFT + MAGSAC", "what has no map comes last"
    page.locator(".px-order select").locator("visible=true").select_option("Name")
    assert panels.locator("h3").all_inner_texts() == ["Grad-CAM", "HiResCAM", "SIFT + MAGSAC"]


def test_a_link_restores_the_board_and_says_everything(open_page, chromium):
    page = open_page()
    visit(page)
    page.locator(".px-axes").get_by_text("Options").click()
    page.get_by_role("article", name="The paper").wait_for()
    choose(page, "WildMe's package", "The paper")
    compare(page)
    page.locator(".px-order select").locator("visible=true").select_option("Name")
    page.locator(".px-board .px-opacity input").fill("40")
    page.wait_for_function("/axis=options/.test(location.search) && /order=name/.test(location.search)")
    page.wait_for_function("/opacity=0.4/.test(location.search)")
    address = page.url
    page.reload()
    page.wait_for_function("document.querySelectorAll('.px-panels > .px-panel:not(.px-waiting)').length === 2")
    assert page.get_by_role("tab", name="Compare").get_attribute("aria-selected") == "true"
    assert page.locator(".px-panel h3").all_inner_texts() == ["The paper", "WildMe's package"]
    assert page.locator(".px-order select").locator("visible=true").input_value() == "name"
    page.wait_for_function("document.querySelector('.px-board .px-opacity input').value === '40'")
    page.wait_for_timeout(600)
    assert page.url == address


def test_back_leads_through_what_was_compared(open_page):
    page = open_page()
    visit(page)
    page.locator(".px-axes").get_by_text("Options").click()
    page.get_by_role("article", name="The paper").wait_for()
    page.wait_for_function("/axis=options/.test(location.search)")
    choose(page, "The paper")
    page.wait_for_function("/choices=/.test(location.search)")
    page.go_back()
    page.get_by_role("article", name="WildMe's package").wait_for()
    page.go_back()
    page.get_by_role("article", name="Grad-CAM").wait_for()
    page.go_forward()
    page.get_by_role("article", name="WildMe's package").wait_for()


def test_a_phone_shows_the_panels_first_and_the_choices_in_a_sheet(open_page):
    page = open_page(width=390, height=844, touch=True)
    visit(page)
    assert overflow(page) <= 0
    first = page.locator(".px-panel .px-photo").first.bounding_box()
    assert first["y"] + first["height"] < 600, "a photograph on the first screen"
    assert not page.locator(".px-choice").first.is_visible()
    for button in ("#px-compare", "#px-halt", ".px-sheet-button button >> visible=true"):
        box = page.locator(button).bounding_box()
        assert box["height"] >= 44 and box["y"] + box["height"] <= 844, "always at hand"
    with sheet(page):
        assert all(node.bounding_box()["height"] >= 44 for node in page.locator(".px-axis").all())
        choose(page, "Grad-CAM", "HiResCAM")
    small = page.eval_on_selector_all(
        ".px-board button, .px-board select, .px-board summary",
        """nodes => nodes.filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 43.5)
          .map((e) => e.textContent)""",
    )
    assert small == []
    compare(page)


def test_the_keyboard_alone_compares(open_page):
    page = open_page()
    visit(page)
    page.locator(".px-axes input:checked").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_role("article", name="resolution").first.wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "px-compare":
            break
    page.keyboard.press("Enter")
    page.wait_for_function("/there\\.$/.test(document.querySelector('.px-board .px-notice').textContent)")
    page.locator(".px-panel .px-button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".px-large")
    page.keyboard.press("Escape")
    page.wait_for_selector(".px-large", state="detached")
