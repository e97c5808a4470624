"""The Explore tab in a real browser."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from urllib.parse import urlparse

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from benchmarks.explore import KEPT, PLACE, SHOWN
from pairx.cli import main
from pairx.evaluation.reading import open_run
from pairx.ui.shared.library import SAMPLE_RUN
from tests.browser.conftest import drawn

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BRIGHT = """() => document.querySelector('.px-plot')._fullData.filter(({ customdata }) => customdata)
  .flatMap(({ customdata, selectedpoints }) => [...selectedpoints].map((i) => customdata[i]))"""
"""Numbers of the pairs that are selected in the plot."""
IN_SIGHT = """(ids) => ids.every((id) => {
  const { top, bottom, height } = document.querySelector(id).getBoundingClientRect();
  return height > 0 && top >= 0 && bottom <= innerHeight;
})"""
EXPLAINED = "document.querySelector('.px-pairpanel').dataset.explained === String(pairx.explore.chosen)"


NEXT_IS_READY = f"async () => {EXPLAINED} && {KEPT}.get(pairx.explore.neighbour(1)) !== undefined"
"""Whether the pair after the chosen one can be shown without the server."""


def wait_for_the_next(page) -> None:
    for _ in range(600):
        if page.evaluate(NEXT_IS_READY):
            return
        page.wait_for_timeout(100)
    pytest.fail("the next pair was not made ready")


def open_explore(open_page, **how):
    """The tab with the sample's run and its first pair."""
    page = open_page(**how)
    page.get_by_role("tab", name="Explore").click()
    page.wait_for_selector(".px-explore.px-ready")
    page.wait_for_function(SHOWN)
    return page


def click_point(page, number: int) -> None:
    x, y = page.evaluate(PLACE, number)
    page.mouse.move(x, y)
    page.wait_for_timeout(300)
    page.mouse.click(x, y)


def lonely(page, among: str = "true") -> int:
    """A pair whose point no other is near, among those that a condition on its row leaves."""
    return page.evaluate(f"""() => {{
      const scene = pairx.explore.scene;
      const x = scene.cosine, y = scene.value, top = Math.max(...y.filter((v) => v !== null));
      const span = Math.max(...x) - Math.min(...x);
      const far = (i) => Math.min(...x.map((_, j) => i === j || y[j] === null ? 9
        : Math.hypot((x[i] - x[j]) / span, (y[i] - y[j]) / top)));
      const fit = scene.number.filter((n, i) => y[i] !== null && n !== pairx.explore.chosen
        && ((row) => {among})(pairx.explore.row(n)));
      return fit.sort((a, b) => far(pairx.explore.at.get(b)) - far(pairx.explore.at.get(a)))[0];
    }}""")


def row_of(page, number: int) -> dict:
    return page.evaluate("(number) => pairx.explore.row(number)", number)


def test_a_click_on_a_point_opens_that_pair(open_page):
    page = open_explore(open_page)
    for among, verdict in (("row.correct", "Correct pair"), ("!row.correct", "Incorrect pair")):
        number = lonely(page, among)
        row = row_of(page, number)
        click_point(page, number)
        page.wait_for_function(f"pairx.explore.chosen === {number}")
        page.wait_for_function(SHOWN)
        panel = page.locator(".px-pairpanel")
        assert verdict in panel.inner_text()
        shown = panel.locator(".px-stage").first.locator(".px-name").all_inner_texts()
        assert shown == [f"A {row['query']}", f"B {row['gallery']}"]
        outline = panel.locator(".px-frame").first.evaluate("e => getComputedStyle(e).outlineStyle")
        assert outline == ("solid" if row["correct"] else "dashed"), "told apart without colour"
        chosen = page.locator(".px-pairtable .px-row[aria-selected=true]")
        assert chosen.inner_text().startswith(f"{row['query']} – {row['gallery']}")
    page.wait_for_function(EXPLAINED)
    for layer, overlays in (("Lines", "img.px-overlay"), ("Pixels", "canvas.px-overlay")):
        panel.get_by_role("button", name=layer).click()
        assert panel.locator(overlays).count() == 2
        assert bool(panel.locator(".px-lines .px-mark").count()) == (layer == "Lines")
        boxes = panel.evaluate("""(panel) => [...panel.querySelectorAll('.px-world')].map((world) =>
          [...world.children].map((node) => JSON.stringify(node.getBoundingClientRect())))""")
        assert all(len(set(one)) == 1 for one in boxes), "every overlay lies on its photograph"
    assert page.get_by_role("link", name="Open in Explain").get_attribute("href").startswith("?a=")
    hosts = {urlparse(url).hostname for url in page.requests if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}, "nothing leaves the machine"


SEEN = """() => {
  const { top, bottom, width } = document.querySelector('.px-pairpanel .px-stage').getBoundingClientRect();
  return width > 0 && top >= 0 && bottom <= innerHeight;
}"""
"""Whether both photographs of the chosen pair are in sight as a whole."""


@pytest.mark.parametrize("where", [".px-pairtable .px-row", ".px-pair-card"])
def test_what_is_chosen_is_in_sight_wherever_it_is_chosen(open_page, where):
    page = open_explore(open_page, height=900)
    page.wait_for_selector(".px-pair-card img")
    for node in (page.locator(where).first, page.locator(where).last):
        node.scroll_into_view_if_needed()
        node.click()
        page.wait_for_function(SHOWN)
        assert page.evaluate(SEEN)
    height = page.locator(".px-pairpanel").bounding_box()["height"]
    page.evaluate("pairx.explore.choose(pairx.explore.neighbour(-1))")
    page.wait_for_selector(".px-pairpanel.px-stale")
    assert page.locator(".px-pairpanel").bounding_box()["height"] == height, "it keeps its height while it loads"


def test_the_pair_over_the_whole_window_and_the_keys_that_lead_on(open_page):
    page = open_explore(open_page, height=900)
    listed, chosen = "pairx.explore.listed", "pairx.explore.listed.indexOf(pairx.explore.chosen)"
    page.evaluate(f"pairx.explore.choose({listed}[3])")
    page.locator(".px-sort", has_text="Cosine").click()
    start = page.evaluate(chosen)
    page.keyboard.press("j")
    assert page.evaluate(chosen) == start + 1, "in the order of the table"
    page.keyboard.press("k")
    assert page.evaluate(chosen) == start
    stage = page.locator(".px-pairpanel .px-stage")
    small = stage.bounding_box()
    stage.focus()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(chosen) == start + 1
    page.wait_for_function(SHOWN)
    page.keyboard.press("Enter")
    page.wait_for_selector(".px-pairpanel:popover-open")
    drawn(page)
    assert page.evaluate(SEEN) and stage.bounding_box()["width"] > 2 * small["width"]
    page.keyboard.press("j")
    page.wait_for_function(SHOWN)
    page.keyboard.press("Escape")
    page.wait_for_selector(".px-pairpanel:popover-open", state="detached")
    page.keyboard.press("f")
    page.wait_for_selector(".px-pairpanel:popover-open")
    page.keyboard.press("f")
    page.wait_for_selector(".px-pairpanel:popover-open", state="detached")
    page.get_by_label("Photograph or individual").press_sequentially("jf")
    assert page.evaluate(chosen) in (-1, start + 2), "in a field a letter is a letter"


def test_the_next_pair_is_ready_before_it_is_asked_for(open_page):
    page = open_explore(open_page)
    page.evaluate("pairx.explore.choose(pairx.explore.listed[0])")
    wait_for_the_next(page)
    page.requests.clear()
    at_once = page.evaluate("""() => {
      document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'j', bubbles: true }));
      const panel = document.querySelector('.px-pairpanel');
      return [pairx.explore.chosen, Number(panel.dataset.explained), panel.querySelectorAll('.px-mark').length];
    }""")
    second = page.evaluate("pairx.explore.listed[1]")
    assert at_once[:2] == [second, second] and at_once[2] > 3, "its lines are there"
    wait_for_the_next(page)
    page.get_by_role("tab", name="About").click()
    page.wait_for_timeout(1000)
    page.requests.clear()
    page.wait_for_timeout(3000)
    assert not [one for one in page.requests if "gradio_api/run" in one], "who has left the tab wants nothing"


def test_open_in_explain_stays_in_the_window_and_back_returns(open_page):
    page = open_explore(open_page)
    number = page.evaluate("pairx.explore.listed[5]")
    page.locator(f".px-pairtable .px-row[data-number='{number}']").click()
    page.wait_for_function(EXPLAINED)
    page.wait_for_url("**query=*")
    page.wait_for_timeout(400)
    row, link = row_of(page, number), page.get_by_role("link", name="Open in Explain")
    with page.context.expect_page() as opened:
        link.click(button="middle")
    opened.value.close()
    link.click()
    page.wait_for_selector(".px-viewer.px-ready")
    page.locator(".px-viewer .px-name", has_text=row["query"]).first.wait_for()
    assert page.get_by_role("tab", name="Explain").get_attribute("aria-selected") == "true"
    page.go_back()
    page.wait_for_selector(".px-explore.px-ready")
    page.wait_for_function(f"pairx.explore.chosen === {number}")
    page.wait_for_function(SHOWN)


def test_overlays_of_the_pair_hide_and_fade(open_page):
    page = open_explore(open_page)
    page.wait_for_function(EXPLAINED)
    heat = page.locator(".px-pairpanel .px-overlay").first
    page.keyboard.down("h")
    assert heat.evaluate("node => getComputedStyle(node).visibility") == "hidden"
    page.keyboard.up("h")
    assert heat.evaluate("node => getComputedStyle(node).visibility") == "visible"
    page.locator(".px-pairpanel").get_by_label("Opacity").fill("20")
    assert heat.evaluate("node => getComputedStyle(node).opacity") == "0.2"


def test_every_column_is_in_sight_and_no_individual_is_said_twice(open_page):
    page = open_explore(open_page, height=900)
    scroller = page.locator(".px-pairtable .px-scroller")
    assert scroller.evaluate("node => node.scrollWidth <= node.clientWidth")
    page.evaluate("""() => {
      const { scene, at, listed } = pairx.explore, first = at.get(listed[0]);
      const long = "A_very_long_identity_name_of_the_leopard";
      scene.query_identity[first] = long;
      scene.query_id[first] = `${long}/from_the_hide_at_the_river_in_the_evening.jpg`;
      [scene.gallery_identity[first], scene.gallery_id[first]] = ["נמר", "נמר/581_left.jpg"];
      pairx.explore.look("all");
    }""")
    cells = page.locator(".px-pairtable .px-row").first.locator(".px-named").all_inner_texts()
    assert cells == ["from_the_…ening.jpg", "581_left.jpg", "A_ve…pard", "\u2068נמר\u2069"]
    title = page.locator(".px-pairtable .px-row th").first.get_attribute("title")
    assert title.endswith(" – \u2068נמר\u2069/\u2068581_left.jpg\u2069"), "whole, its parts kept apart"
    assert scroller.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_a_link_reopens_the_view_and_the_pair(open_page):
    page = open_page()
    assert urlparse(page.url).query == ""
    page.get_by_role("tab", name="Explore").click()
    page.wait_for_function(SHOWN)
    page.get_by_role("combobox", name="Layer", exact=True).click()
    page.get_by_role("option", name="blocks.4").click()
    page.wait_for_function("pairx.explore.scene.layer === 'blocks.4'")
    page.get_by_label("Photograph or individual").fill("1")
    page.wait_for_function("pairx.explore.scene.number.length < 300")
    page.click("[data-view=implausible]")
    number = page.evaluate("pairx.explore.numbers().at(-1)")
    page.locator(f".px-pairtable .px-row[data-number='{number}']").click()
    row = row_of(page, number)
    page.wait_for_url(f"**/?*pairs=implausible&query={row['query']}&gallery={row['gallery']}")
    link = urlparse(page.url).query
    page.get_by_role("tab", name="Explain").click()
    page.wait_for_function("location.search === ''")

    again = open_page(f"?{link}", shown=".px-explore.px-ready")
    again.wait_for_function(SHOWN)
    assert again.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"
    assert again.evaluate("[pairx.explore.view, pairx.explore.chosen]") == ["implausible", number]
    assert again.evaluate("pairx.explore.scene.number") == page.evaluate("pairx.explore.scene.number")
    assert again.get_by_role("combobox", name="Layer", exact=True).input_value() == "blocks.4"
    assert again.get_by_label("Photograph or individual").input_value() == "1"
    again.locator(".px-run-open[aria-pressed=true]", has_text="Sample herd").wait_for()
    wrong = open_page("?run=Sample+herd&layer=%3Cimg+src=x%3E&query=a", shown=".px-explore.px-ready")
    wrong.locator(".px-explore .px-notice", has_text="layer “<img src=x>”; pair “a”").wait_for()
    wrong.wait_for_function(SHOWN)


def test_views_select_in_plot_table_and_gallery(open_page):
    page = open_explore(open_page)
    page.click("[data-view=sure]")
    numbers = page.evaluate("pairx.explore.scene.views.find(({ id }) => id === 'sure').numbers")
    assert numbers and page.locator(".px-meaning").inner_text().startswith("Two animals that the model finds")
    assert page.evaluate("pairx.explore.chosen") in numbers, "it begins with a pair of its own"
    assert page.locator(".px-place").inner_text().endswith(f" of {len(numbers)}")
    rows = page.locator(".px-pairtable .px-row")
    page.wait_for_function(f"document.querySelectorAll('.px-pairtable .px-row').length === {min(50, len(numbers))}")
    assert rows.evaluate_all("rows => rows.map((row) => Number(row.dataset.number))") == numbers[:50]
    assert sorted(page.evaluate(BRIGHT)) == sorted(numbers)
    page.wait_for_selector(".px-pair-card img")
    assert page.locator(".px-pair-card").count() == min(24, len(numbers))
    page.locator(".px-pair-card").last.click()
    page.wait_for_function(f"pairx.explore.chosen === {numbers[min(24, len(numbers)) - 1]}")
    page.locator(".px-sort", has_text="Cosine").click()
    page.locator(".px-sort", has_text="Cosine").click()
    cosines = [float(text) for text in page.locator(".px-pairtable .px-row td:nth-child(4)").all_inner_texts()]
    assert cosines == sorted(cosines) and page.locator("th[aria-sort=ascending]").inner_text().startswith("Cosine")
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_function("pairx.explore.chosen === Number(document.activeElement.dataset.number)")
    with page.expect_download() as got:
        page.click(".px-explore [data-kind=csv]")
    assert len(pd.read_csv(got.value.path())) == len(numbers)


def test_a_box_selects_many_and_files_hold_the_plot(open_page):
    page = open_explore(open_page)
    page.get_by_role("button", name="Box", exact=True).click()
    box = page.evaluate("""() => {
      const plot = document.querySelector('.px-plot'), { left, top } = plot.getBoundingClientRect();
      const { xaxis, yaxis } = plot._fullLayout;
      return [left + xaxis._offset, top + yaxis._offset, xaxis._length, yaxis._length];
    }""")
    left, top, width, height = box
    page.mouse.move(left + 0.5 * width, top + 2)
    page.mouse.down()
    page.mouse.move(left + width - 2, top + 0.5 * height, steps=3)
    page.mouse.up()
    page.wait_for_function("pairx.explore.view === null")
    chosen = page.evaluate("pairx.explore.selected.map((number) => pairx.explore.row(number))")
    everything = page.evaluate("pairx.explore.scene.number.length")
    assert 0 < len(chosen) < everything
    low, high = page.evaluate("document.querySelector('.px-plot')._fullLayout.xaxis.range")
    assert all(row["cosine"] >= (low + high) / 2 - 0.005 for row in chosen)
    assert page.locator(".px-meaning").inner_text() == f"{len(chosen)} pairs selected in the plot."
    files = {}
    for kind in ("parquet", "svg", "png", "pdf", "html"):
        with page.expect_download() as got:
            page.click(f".px-explore [data-kind={kind}]")
        files[kind] = Path(got.value.path()).read_bytes()
        assert got.value.suggested_filename.endswith(kind)
    assert len(pd.read_parquet(io.BytesIO(files["parquet"]))) == len(chosen)
    svg = files["svg"].decode()
    assert "<image" not in svg and f"{len(chosen)} selected, the others faint" in svg, "vectors"
    assert files["pdf"].startswith(b"%PDF")
    assert np.asarray(Image.open(io.BytesIO(files["png"])).convert("RGB")).std() > 10
    assert b"sendChartToCloud" in files["html"]
    page.get_by_label("Colour by").click()
    page.get_by_role("option", name="Species").click()
    page.wait_for_function("pairx.explore.scene.link.color === 'species'")
    numbers = sorted(row["number"] for row in chosen)
    assert sorted(page.evaluate("pairx.explore.selected")) == numbers, "another look does not lose the selection"
    drawn(page)
    assert sorted(page.evaluate(BRIGHT)) == numbers
    page.get_by_label("Photograph or individual").fill(chosen[0]["query"])
    page.wait_for_function(f"pairx.explore.scene.number.length < {everything}")
    left = page.evaluate("[pairx.explore.selected, pairx.explore.scene.number]")
    assert sorted(left[0]) == sorted(set(numbers) & set(left[1])) and left[0]
    page.get_by_role("button", name="Select none").click()
    page.wait_for_function("pairx.explore.view === 'all'")


IN_ADDRESS = """(number) => {
  const { query, gallery } = pairx.explore.row(number), said = new URLSearchParams(location.search);
  return said.get('query') === query && said.get('gallery') === gallery;
}"""
"""Whether the address names a pair."""


def test_back_and_a_link_lead_to_what_was_selected_and_chosen(open_page):
    page = open_explore(open_page)
    numbers = page.evaluate("pairx.explore.listed.slice(10, 40)")
    first, second = numbers[3], numbers[8]
    page.evaluate("(number) => pairx.explore.choose(number)", first)
    page.wait_for_function(IN_ADDRESS, arg=first)
    page.evaluate("(numbers) => pairx.explore.select(numbers)", numbers)
    page.wait_for_url("**selected=*")
    page.evaluate("(number) => pairx.explore.choose(number)", second)
    page.wait_for_function(IN_ADDRESS, arg=second)
    link = urlparse(page.url).query
    state = "[pairx.explore.chosen, pairx.explore.view, [...pairx.explore.numbers()].sort((a, b) => a - b)]"
    page.click("[data-view=sure]")
    page.wait_for_url("**pairs=sure*")
    page.get_by_label("Photograph or individual").fill("zuri")
    page.wait_for_url("**text=zuri*")
    page.go_back()
    page.wait_for_function("pairx.explore.view === 'sure' && !pairx.explore.scene.link.text")
    assert page.get_by_label("Photograph or individual").input_value() == ""
    page.go_back()
    page.wait_for_function("pairx.explore.view === null")
    assert page.evaluate(state) == [second, None, sorted(numbers)]
    page.go_back()
    page.wait_for_function(f"pairx.explore.chosen === {first}")
    page.go_forward()
    page.wait_for_function(f"pairx.explore.chosen === {second}")
    again = open_page(f"?{link}", shown=".px-explore.px-ready")
    again.wait_for_function(SHOWN)
    assert again.evaluate(state) == [second, None, sorted(numbers)]


def test_a_choice_redraws_and_keeps_the_pair(open_page):
    page = open_explore(open_page)
    number = lonely(page)
    click_point(page, number)
    page.wait_for_function(f"pairx.explore.chosen === {number}")
    page.get_by_label("Metric", exact=True).click()
    page.get_by_role("option", name="Match coverage").click()
    page.wait_for_function("pairx.explore.scene.metric === 'Match coverage'")
    assert page.evaluate("pairx.explore.chosen") == number
    page.get_by_label("Photograph or individual").fill("zuri")
    page.wait_for_function("pairx.explore.scene.number.length < 50")
    named = page.evaluate("pairx.explore.scene.number.map((n) => pairx.explore.row(n)).map((r) => r.query + r.gallery)")
    assert named and all("zuri" in one for one in named)


def test_what_speaks_against_a_metric_leads_to_what_holds(open_page):
    page = open_explore(open_page)
    doubt = page.locator(".px-doubt")
    page.get_by_label("Metric", exact=True).click()
    page.get_by_role("option", name="Inverted residual mean, 1/px (says little here)", exact=True).click()
    page.wait_for_function("pairx.explore.scene.metric.startsWith('Inverted residual mean')")
    doubt.get_by_text("no better than its control").wait_for()
    doubt.get_by_role("button", name="Show match coverage").click()
    page.wait_for_function("pairx.explore.scene.metric.startsWith('Match coverage')")
    doubt.wait_for(state="hidden")


def test_filters_that_leave_nothing_say_so(open_page):
    page = open_explore(open_page)
    panel, bare = page.locator(".px-pairpanel"), page.get_by_text("No pair is left.")
    search = page.get_by_label("Photograph or individual")
    search.fill("nobody of this name")
    bare.wait_for()
    assert not page.locator(".px-plot").is_visible() and not panel.locator(".px-stage").first.is_visible()
    assert page.evaluate("pairx.explore.chosen") is None
    search.fill("zuri")
    bare.wait_for(state="hidden")
    page.wait_for_function(SHOWN)
    assert panel.locator(".px-stage").first.is_visible()
    x, y = page.evaluate(PLACE, page.evaluate("pairx.explore.chosen"))
    box = page.locator(".px-plot").bounding_box()
    assert box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"], "it has its size again"
    page.wait_for_function(EXPLAINED)


SMALL = """() => [...document.querySelectorAll('.px-exploring :is(button, select, a[href], .px-row)')]
  .filter((node) => node.checkVisibility() && !node.matches('.px-ask, .px-sort'))
  .map((node) => [node.textContent, node.getBoundingClientRect()])
  .filter(([, { width, height }]) => width && (width < 43.5 || height < 43.5)).map(([text]) => text)"""
"""What is too small for a finger. A "?" has a larger place than it shows; a head is as wide as its word."""


def test_on_a_phone_a_choice_shows_its_pair_and_closing_it_leaves_the_place(open_page):
    page = open_explore(open_page, width=390, height=844, touch=True)
    page.wait_for_selector(".px-pair-card img")
    assert page.evaluate(SMALL) == []
    for where, back in ((".px-pairtable .px-row", True), (".px-pair-card", False)):
        node = page.locator(where).nth(3)
        node.scroll_into_view_if_needed()
        before = node.bounding_box()["y"]
        node.tap()
        page.wait_for_selector(".px-pairpanel:popover-open")
        page.wait_for_function(SHOWN)
        assert page.evaluate(SEEN)
        page.get_by_role("button", name="Next").tap()
        page.wait_for_function(SHOWN)
        if back:
            page.go_back()
        else:
            page.get_by_role("button", name="Close").tap()
        page.wait_for_selector(".px-pairpanel:popover-open", state="detached")
        assert abs(node.bounding_box()["y"] - before) < 2
        assert page.get_by_role("tab", name="Explore").get_attribute("aria-selected") == "true"
    assert not page.get_by_label("Metric", exact=True).is_visible()
    page.get_by_role("button", name="Runs and filters").tap()
    page.get_by_label("Metric", exact=True).wait_for()
    page.locator(".px-run-open", has_text="Sample herd").tap()
    page.get_by_label("Metric", exact=True).wait_for(state="hidden")


def test_words_are_explained_a_key_away(open_page):
    page = open_explore(open_page)
    ask = page.get_by_role("button", name="What is rho?").first
    ask.focus()
    page.keyboard.press("Enter")
    page.locator(".px-views .px-meant", has_text="Spearman's rank correlation").wait_for()
    assert ask.get_attribute("aria-expanded") == "true"
    page.get_by_role("button", name="What is Delta?").first.click()
    assert page.locator(".px-views .px-meant").inner_text().startswith("Delta: How far apart")
    page.get_by_role("button", name="What is Delta?").first.click()
    page.locator(".px-views .px-meant").wait_for(state="hidden")
    for where, words in {
        ".px-pairtable": {"inliers", "transform"},
        ".px-pairpanel": {"residual", "match coverage", "inliers", "transform", "resize only"},
        ".px-tables": {"rho", "Delta", "by chance", "p", "AUC", "transform"},
    }.items():
        page.wait_for_selector(f"{where} .px-ask")
        marks = page.locator(f"{where} .px-ask").all()
        assert {mark.get_attribute("aria-label") for mark in marks} == {f"What is {word}?" for word in words}
        marks[0].click()
        page.locator(f"{where} .px-meant:not([hidden])").wait_for()


def test_a_control_is_called_by_what_is_seen_on_it(open_page):
    page = open_explore(open_page)
    page.wait_for_selector(".px-tables table")
    misnamed = page.evaluate("""() => [...document.querySelectorAll('.px-exploring button[aria-label]')]
      .filter((node) => node.checkVisibility() && /\\p{L}/u.test(node.textContent)
        && !node.ariaLabel.startsWith(node.textContent.trim())).map((node) => node.ariaLabel)""")
    assert misnamed == []


def test_two_people_and_fast_clicks_get_their_own(open_page):
    one, two = open_explore(open_page), open_explore(open_page)
    numbers = one.evaluate("pairx.explore.scene.number.slice(20, 26)")
    for page, order in ((one, numbers), (two, numbers[::-1])):
        page.evaluate("(order) => order.forEach((number) => pairx.explore.choose(number))", order)
    for page, last in ((one, numbers[-1]), (two, numbers[0])):
        page.wait_for_function(EXPLAINED)
        page.wait_for_timeout(500)
        assert page.locator(".px-pairpanel").get_attribute("data-explained") == str(last)
        assert row_of(page, last)["query"] in page.locator(".px-pairpanel .px-name").first.inner_text()


@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (1024, False)])
def test_every_width_and_theme_fits(open_page, width, dark):
    page = open_explore(open_page, width=width, height=844, dark=dark)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    plot = page.locator(".px-plot").bounding_box()
    assert plot["x"] >= 0 and plot["x"] + plot["width"] <= width
    color = page.evaluate("getComputedStyle(document.querySelector('.px-plot .xtick text')).fill.match(/[0-9]+/g)[0]")
    assert (int(color) > 128) == dark, "the plot's text is legible"


@pytest.fixture
def reviews(app_folder):
    """The app's folder of reviews, which other tests find empty again."""
    yield app_folder / "reviews"
    shutil.rmtree(app_folder / "reviews", ignore_errors=True)


def test_a_ready_made_view_is_reviewed_by_key_and_exported(open_page, reviews, tmp_path):
    page = open_explore(open_page)
    page.evaluate("localStorage.setItem('px-reviewer', 'Ada')")
    page.click("[data-view=far]")
    page.wait_for_function("pairx.explore.view === 'far'")
    asked = page.evaluate("pairx.explore.listed.map((number) => pairx.explore.row(number))")
    layer, metric = page.evaluate("[pairx.explore.scene.layer, pairx.explore.scene.link.metric]")
    assert page.get_by_role("button", name=f"Review these {len(asked)} pairs").is_visible()
    page.keyboard.press("r")
    page.wait_for_selector(".px-review.px-ready[data-key]")
    board = page.locator(".px-review")
    for row, key in zip(asked, "yun", strict=False):
        pair = json.dumps([row["query"], row["gallery"]], separators=(",", ":"))
        page.wait_for_function("pair => document.querySelector('.px-review').dataset.key === pair", arg=pair)
        page.keyboard.press(key)
    board.get_by_text(f"3 of {len(asked)} decided").wait_for()
    name = page.get_by_label("Review", exact=True).input_value()
    assert name == "Sample-herd-Correct-but-far"
    page.get_by_role("tab", name="Explore").click()
    page.get_by_role("button", name=f"Review these {len(asked)} pairs").click()
    board.get_by_text(f"3 of {len(asked)} decided").wait_for()
    assert page.get_by_label("Review", exact=True).input_value() == name, "it goes on, and does not begin anew"
    done = tmp_path / "decisions.csv"
    assert main(["review", "export", str(reviews / name), "-o", str(done)]) == 0
    table = pd.read_csv(done)
    assert table["verdict"].tolist() == ["match", "unsure", "no_match"]
    assert table[["query_id", "candidate_id"]].values.tolist() == [[row["query"], row["gallery"]] for row in asked[:3]]
    assert set(table["model"]) == {"reid-lite0"} and set(table["layer"]) == {layer}
    assert set(table["score_name"]) == {metric} and set(table["reviewer"]) == {"Ada"}
    known = open_run(SAMPLE_RUN).at(layer).loc[[row["number"] for row in asked[:3]]]
    np.testing.assert_allclose(table[["cosine", "score"]], known[["cosine", metric]], rtol=1e-12)


PRESS = """async ([button, field, text]) => {
  const input = document.querySelector(`${field} :is(input, textarea)`);
  input.value = text;
  input.dispatchEvent(new Event('input', { bubbles: true }));
  await new Promise(requestAnimationFrame);
  document.querySelector(button).click();
}"""
"""Types and presses a button at once, whether or not the last press is answered."""


def test_a_run_from_start_to_its_plot(open_page):
    page = open_explore(open_page)
    page.wait_for_selector(".px-tables table")  # the last that the tab asks for when it opens
    page.set_viewport_size({"width": 1366, "height": 700})
    page.get_by_text("New run", exact=True).click()
    page.wait_for_selector("#px-start-run")  # the last of the form
    page.evaluate("document.querySelector('#px-start-run').scrollIntoView({ block: 'end' })")
    page.get_by_label("Pairs", exact=True).fill("8")
    page.get_by_label("Name", exact=True).fill("no name")
    page.click("#px-start-run")
    page.get_by_text("Name the run with letters").wait_for()
    page.wait_for_function(IN_SIGHT, arg=["#px-start-run", "#px-running"])
    assert page.get_by_label("Pairs", exact=True).input_value() == "8"
    for name in ("no name", "tiny"):
        page.evaluate(PRESS, ["#px-start-run", "#px-run-name", name])
    label = page.get_by_role("tab", name="Explore")
    page.get_by_role("tab", name="About").click()
    page.wait_for_selector("[role=tab][data-run=over]")
    assert label.inner_text().startswith("Explore")
    label.click()
    page.wait_for_selector("[role=tab][data-run]", state="detached")
    page.get_by_text("tiny is finished.").wait_for()
    page.wait_for_function("pairx.explore.scene.run === 'tiny'")
    page.wait_for_function(SHOWN)
    page.wait_for_selector(".px-pairtable .px-row[aria-selected=true]")
    assert page.evaluate("pairx.explore.scene.number.length") == 8
    page.get_by_label("Name", exact=True).fill("tiny-2")
    page.click("#px-start-run")
    page.locator(".px-run-open", has_text="Sample herd").click()
    page.locator(".px-run-told", has_text="tiny-2 is finished.").wait_for()
    assert page.evaluate("pairx.explore.scene.run") == "Sample herd", "it takes nothing away that was chosen meanwhile"
    page.get_by_role("button", name="Open it").click()
    page.wait_for_function("pairx.explore.scene.run === 'tiny-2'")
    page.get_by_label("Runs to compare").click()
    for name in ("Sample herd", "tiny"):
        page.get_by_role("option", name=name, exact=True).click()
    page.get_by_text("Settings that differ").wait_for()


def test_a_run_is_seen_after_a_reload_and_stopped(open_page):
    page = open_explore(open_page)
    page.get_by_text("New run", exact=True).click()
    page.get_by_label("Name", exact=True).fill("long")
    page.click("#px-start-run")
    page.wait_for_selector("#px-stop-run")
    page.wait_for_function(IN_SIGHT, arg=["#px-start-run", "#px-running"])
    page.goto(urlparse(page.url)._replace(query="").geturl())
    page.wait_for_selector("[role=tab][data-run=on]")
    assert page.get_by_role("tab", name="Explain").get_attribute("aria-selected") == "true"
    page.get_by_role("tab", name="Explore").click()
    page.click("#px-stop-run")
    page.locator("#px-running", has_text="Stopped").wait_for()
    page.wait_for_selector("[role=tab][data-run]", state="detached")
    page.wait_for_selector("#px-stop-run", state="hidden")
