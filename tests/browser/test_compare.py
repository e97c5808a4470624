"""The Compare tab in a real browser."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from urllib.parse import urlparse

import pytest

pytestmark = pytest.mark.browser
THROUGH = "document.querySelector('.px-panel') && !document.querySelector('.px-waiting')"


def open_compare(open_page, **how):
    """The tab, with SIFT and Grad-CAM chosen."""
    page = open_page(**how)
    page.get_by_role("tab", name="Compare").click()
    page.get_by_role("button", name="None", exact=True).click()
    page.wait_for_function("!document.querySelector('.px-compare input[type=checkbox]:checked')")
    for name in ("SIFT + MAGSAC", "Grad-CAM"):
        page.get_by_label(name, exact=True).check()
    return page


def compare(page) -> None:
    page.click("#px-compare")
    page.wait_for_function(THROUGH)


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
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    before = page.locator(".px-board .px-story").inner_text()
    page.get_by_role("button", name="Change photographs or model").click()
    page.click(".px-strip button:nth-child(4)")
    page.get_by_role("tab", name="Compare").click()
    page.get_by_text("The pair, model or layer changed").wait_for()
    page.click("#px-compare")
    page.wait_for_function(f"!document.querySelector('.px-board.px-stale') && {THROUGH}")
    assert page.locator(".px-board .px-story").inner_text() != before
