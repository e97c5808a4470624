"""The Compare tab in a real browser."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pytest

from pairx.core import correspondence
from pairx.methods import cards
from pairx.ui.compare.events import FAST, presets
from tests.browser.conftest import drawn, overflow

pytestmark = [pytest.mark.browser, pytest.mark.slow]
THROUGH = "document.querySelector('.px-panel:not([data-old])') && !document.querySelector('[data-old], .px-waiting')"


def open_compare(open_page, **how):
    """The tab after its first comparison, with SIFT and Grad-CAM chosen."""
    page = open_page(**how)
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_function(THROUGH)
    page.get_by_role("button", name="None", exact=True).click()
    page.wait_for_function("!document.querySelector('.px-compare input[type=checkbox]:checked')")
    for name in ("SIFT + MAGSAC", "Grad-CAM"):
        page.get_by_role("checkbox", name=name, exact=True).check()
    return page


def compare(page) -> None:
    """Press Compare and wait for all its panels."""
    page.evaluate("document.querySelectorAll('.px-panel').forEach((panel) => { panel.dataset.old = ''; })")
    page.click("#px-compare")
    page.wait_for_function(THROUGH)


def test_the_tab_is_never_empty(open_page):
    page = open_page()
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_function(THROUGH)
    fast = [cards()[name].title for name in presets()[FAST]]
    assert page.locator(".px-panel h3").all_inner_texts() == fast
    page.wait_for_selector("#px-halt[disabled]")
    page.evaluate("document.querySelectorAll('.px-panel').forEach((panel) => { panel.dataset.old = ''; })")
    page.get_by_role("tab", name="Explain").click()
    page.get_by_role("tab", name="Compare").click()
    page.wait_for_timeout(1500)
    assert page.locator(".px-panel[data-old]").count() == len(fast), "once"


@pytest.mark.parametrize("chosen", [False, True])
def test_the_buttons_keep_their_labels_on_every_visit(open_page, chosen):
    page = open_page()
    if chosen:
        page.click(".px-strip button:nth-child(3)")
    for _ in range(3):
        page.get_by_role("tab", name="Compare").click()
        if not chosen:
            page.wait_for_function(THROUGH)
        page.wait_for_timeout(700)
        assert page.locator("#px-compare").inner_text() == "Compare"
        assert page.locator("#px-halt").inner_text() == "Stop"
        assert page.locator("#px-compare").bounding_box()["height"] > 30
        page.get_by_role("tab", name="Explain").click()


def test_two_methods_on_a_sample_pair(open_page):
    page = open_compare(open_page)
    compare(page)
    assert page.locator(".px-panel h3").all_inner_texts() == ["Grad-CAM", "SIFT + MAGSAC"]
    assert all(text.endswith(" s") for text in page.locator(".px-panel-head span").all_inner_texts())
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
    page.locator(".px-opacity input").fill("20")
    assert first.locator(".px-overlay").first.evaluate("e => getComputedStyle(e).opacity") == "0.2"
    page.locator(".px-board").get_by_label("Zoom in").click()
    scales = page.evaluate(
        "[...document.querySelectorAll('.px-panel .px-world')].map(e => e.style.transform.split('scale')[1])"
    )
    assert scales == ["(1.5)"] * 4, "zoom is linked over all panels"
    first.get_by_text("About this method").click()
    assert "Selvaraju" in first.locator("dl").inner_text()
    assert len(page.requests) == sent, "all that without the server"

    with page.expect_download() as got:
        page.click(".px-board button[data-kind=zip]")
    with zipfile.ZipFile(io.BytesIO(Path(got.value.path()).read_bytes())) as archive:
        assert archive.namelist() == ["grad-cam.npz", "sift.npz"]
    assert {urlparse(url).hostname for url in page.requests if url.startswith(("http", "ws"))} == {"127.0.0.1"}


def test_the_pair_is_the_one_of_the_tab_explain(open_page):
    page = open_compare(open_page, width=390, height=844)
    compare(page)
    assert overflow(page) <= 0
    before = page.locator(".px-board .px-story").inner_text()
    page.get_by_role("button", name="Change photographs or model").click()
    page.click(".px-strip button:nth-child(4)")
    page.get_by_role("tab", name="Compare").click()
    page.get_by_text("The pair, model, layer or background changed", exact=False).wait_for()
    compare(page)
    assert page.locator(".px-board.px-stale").count() == 0
    assert page.locator(".px-board .px-story").inner_text() != before


def second_order(open_page, **how):
    """SAM's panel, enlarged, beside Grad-CAM's."""
    page = open_compare(open_page, **how)
    page.get_by_role("checkbox", name="SIFT + MAGSAC", exact=True).uncheck()
    page.get_by_role("checkbox", name="SAM", exact=True).check()
    compare(page)
    panel = page.locator(".px-panel").filter(has=page.get_by_role("heading", name="SAM", exact=True))
    panel.get_by_role("button", name="Enlarge SAM").click()
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
    page = open_compare(open_page)
    page.get_by_role("checkbox", name="SIFT + MAGSAC", exact=True).uncheck()
    page.get_by_role("checkbox", name="SAM", exact=True).check()
    compare(page)
    page.get_by_label("Background").click()
    page.get_by_role("option", name="Another photograph").click()
    page.get_by_text("background changed", exact=False).wait_for()
    page.click("#px-compare")
    page.get_by_text("Choose the photograph to compare with", exact=False).first.wait_for()
    page.locator(".px-background .px-strip button").nth(4).click()
    page.wait_for_selector(".px-background img[alt='Photograph of the background']")
    compare(page)
    assert page.locator(".px-board.px-stale").count() == 0
    cam, sam = page.locator(".px-panel").all()
    assert "takes no background" in cam.inner_text() and "rather than" in sam.inner_text()
    assert "rather than" in page.locator(".px-board .px-story").inner_text()


def test_faithfulness_on_demand(open_page):
    page = open_compare(open_page)
    compare(page)
    cam, sift = page.locator(".px-panel").all()
    cam.get_by_text("About this method").click()
    cam.get_by_role("button", name="Measure faithfulness").click()
    cam.locator(".px-measured").wait_for()
    assert "at random" in cam.locator(".px-measured").inner_text()
    assert "Higher is better" in cam.locator("dl").inner_text() and sift.locator(".px-measured").count() == 0
    page.get_by_role("button", name="Measure faithfulness of all").click()
    sift.locator(".px-measured").wait_for()
    assert "nothing to blur" in sift.locator(".px-measured").inner_text()
    assert cam.locator(".px-measured").count() == 1
