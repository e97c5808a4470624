"""What is laid over a photograph in the browser covers exactly what the model sees of it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlparse

import pytest

from pairx import ui

pytestmark = [pytest.mark.browser, pytest.mark.slow]
ROOT = Path(ui.__file__).parent
ADDRESS = "http://page.test/"
DRAW = """async ([extents]) => {
  const names = ["dom", "evidence", "geometry", "pointing", "stage"];
  const modules = await Promise.all(names.map((name) => import(`/page/${name}.js`)));
  const { LinkedView, make, Pointer, Query, Stage, strongest } = Object.assign({}, ...modules);
  const picture = document.createElement('canvas');
  Object.assign(picture, { width: 120, height: 90 });
  const photo = { src: picture.toDataURL(), width: 120, height: 90, name: 'one' };
  const covers = [0, 1].map(() => make('canvas', 'px-overlay'));
  const on = { over() {}, pick() {}, moved() {} };
  const stage = new Stage(document.querySelector('.px-viewer'), new LinkedView(), 'both', true, on);
  const query = new Query(() => {});
  const pointer = new Pointer(stage, query, [[9, 9], [9, 9]]);
  stage.show([photo, photo], covers, [], extents);
  pointer.attach();
  for (const { region } of pointer.layers) region.style.display = '';
  Object.assign(window, { stage, pointer, strongest });
}"""
BOXES = """(name) => stage.frames.map(({ frame, world }) => {
  const own = frame.getBoundingClientRect();
  const node = world.querySelector(name);
  if (!node) return null;
  const { x, y, width, height } = node.getBoundingClientRect();
  return [(x - own.x) / own.width, (y - own.y) / own.height, width / own.width, height / own.height];
})"""
CROP, PAD = [0.125, 0, 0.75, 1], [0, -0.25, 1, 1.5]


def test_overlays_cover_the_extent(chromium) -> None:
    page = chromium.new_page(viewport={"width": 900, "height": 600})
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.route(f"{ADDRESS}page/*.js", lambda route: route.fulfill(path=ROOT / urlparse(route.request.url).path[1:]))
    page.route(ADDRESS, lambda route: route.fulfill(content_type="text/html", body=""))
    page.goto(ADDRESS)
    styles = "".join(sheet.read_text() for sheet in sorted((ROOT / "page").glob("*.css")))
    page.set_content(f"<style>{styles}</style><div class='px-viewer' style='width:800px'></div>")
    page.evaluate(DRAW, [[CROP, PAD]])
    for name in (".px-overlay:not(.px-answer)", ".px-region"):
        for found, expected in zip(page.evaluate(BOXES, name), (CROP, PAD), strict=True):
            assert found == pytest.approx(expected, abs=0.002)
    assert [one is not None for one in page.evaluate(BOXES, ".px-beyond")] == [True, False]
    clip = page.evaluate("getComputedStyle(document.querySelector('.px-beyond')).clipPath")
    assert clip.startswith("polygon(evenodd") and "12.5% 0%" in clip and "87.5% 100%" in clip
    names = page.locator(".px-name").all_inner_texts()
    assert ["not seen by the model" in name for name in names] == [True, False]
    assert page.evaluate("getComputedStyle(stage.frames[1].frame).overflow") == "hidden", (
        "nothing beyond the photograph"
    )
    within = "([i, place]) => stage.extents[i].within(place)"
    assert page.evaluate(within, [0, [0.05, 0.5, 0.05, 0.5]]) is None
    assert page.evaluate(within, [0, [0.5, 0.5, 0.5, 0.5]]) == pytest.approx([0.5] * 4)
    assert page.evaluate(within, [0, [0, 0, 0.5, 1]]) == pytest.approx([0, 0, 0.5, 1])
    assert page.evaluate(within, [1, [0, 0, 0, 0]]) == pytest.approx([0, 1 / 6] * 2)
    at = "([i, cells]) => strongest({ cells, grid: [3, 1] }, stage.extents[i])"
    found = page.evaluate(at, [1, [9, 2, 1]])
    assert (found["value"], found["point"]) == (9, pytest.approx([0.5, 0])), "the edge belongs to the photograph"
    assert faults == []
    page.close()
