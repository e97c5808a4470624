"""The offline copy: one file that needs no app and asks for nothing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pairx.testing import make_pair, smooth_noise
from pairx.ui.explain.copy import offline_copy
from pairx.ui.explain.scene import scene_of
from tests.browser.conftest import drawn
from tests.ui.conftest import explanation_of

HOSTILE = "</script><script>window.hit = 1</script><img src=x onerror='window.hit = 2'>.jpg"


def scene():
    images = {"image0": smooth_noise(0, 200, 300), "image1": smooth_noise(1, 240, 200)}
    pair = replace(make_pair(), **images, id0=HOSTILE)
    words = {
        "key": "secret-key",
        "sample": None,
        "own": True,
        "story": "The lines join places.",
        "references": [{"title": "runs", "sentence": f"Higher than {HOSTILE}.", "caution": ""}],
        "about": "tiny",
        "link": {"a": "secret-link"},
        "form": ["/tmp/secret/path.jpg"],
    }
    return scene_of(explanation_of(pair), pair, 300, 80) | words


LOOK = {"lines": 6, "colors": 2, "opacity": 0.5, "palette": "bright", "isolate": 1}
LOOK |= {"zoom": 2.0, "centers": [[0.4, 0.4], [0.5, 0.5]]}


def test_it_holds_nothing_of_the_server_and_no_name_as_markup():
    text = offline_copy(scene(), LOOK, HOSTILE).decode()
    assert "secret" not in text and HOSTILE not in text and text.count("</script>") == 3
    bare = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
    assert "http" not in bare.replace("http-equiv", "")
    known = json.loads(re.search(r'<script type="importmap">(.*?)</script>', text)[1])["imports"]
    assert all(one.startswith("data:text/javascript;base64,") for one in known.values())
    assert {"pairx/explain/offline/copy.js", "pairx/page/stage.js", "pairx/page/numbers.js"} <= {*known}


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_it_opens_from_a_file_without_a_network(chromium, tmp_path: Path, dark: bool):
    path = tmp_path / "copy.html"
    path.write_bytes(offline_copy(scene(), LOOK, HOSTILE))
    assert path.stat().st_size < 1_000_000
    context = chromium.new_context(
        viewport={"width": 1200, "height": 900}, offline=True, color_scheme="dark" if dark else "light"
    )
    page = context.new_page()
    asked, faults = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    page.goto(path.as_uri())
    page.wait_for_selector(".px-viewer.px-ready")
    drawn(page)
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"} and asked[0] == path.as_uri()
    assert page.evaluate("window.hit") is None and page.inner_text(".px-score-number") == "0.50"
    assert page.locator(".px-name").first.locator("[title]").get_attribute("title") == HOSTILE
    assert page.locator("img[src=x]").count() == 0
    assert "scale(2)" in page.locator(".px-world").first.get_attribute("style")
    assert page.locator(".px-row[aria-selected=true]").get_attribute("data-rank") == "2"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Zoom in").click()
    page.locator(".px-row").nth(3).hover()
    drawn(page)
    assert page.locator(".px-main .px-mark.px-bright").get_attribute("data-rank") == "4"
    assert "scale(3)" in page.locator(".px-world").first.get_attribute("style")
    page.locator("input[data-look=lines]").evaluate("(e) => { e.value = 1; e.dispatchEvent(new Event('input')); }")
    page.mouse.move(1, 1)
    drawn(page)
    assert page.locator(".px-main .px-mark").evaluate_all("(all) => all.filter((e) => !e.style.display).length") == 1
    box = page.locator(".px-main .px-photo").first.bounding_box()
    assert np.isclose(box["width"] / box["height"], 300 / 200, rtol=0.02)
    assert faults == []
    context.close()
