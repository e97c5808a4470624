"""What a person does, in a real browser."""

from __future__ import annotations

import io
import json
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from PIL import Image

from pairx.testing import smooth_noise
from pairx.types import Explanation
from tests.browser.conftest import drawn, overflow

pytestmark = [pytest.mark.browser, pytest.mark.slow]
FRESH = "!document.querySelector('.px-viewer').classList.contains('px-stale')"


def shown_sample(page, number: int) -> None:
    """Wait for the picture of a sample."""
    button = f"document.querySelector('.px-strip button:nth-child({number})')"
    page.wait_for_function(f"{button}.getAttribute('aria-pressed') === 'true' && {FRESH}")


def chosen_sample(page, number: int) -> None:
    """Press a sample and wait for its picture."""
    page.click(f".px-strip button:nth-child({number})")
    shown_sample(page, number)


def set_look(page, name: str, value: int) -> None:
    page.locator(f"input[data-look={name}]").evaluate(
        "(input, value) => { input.value = value; input.dispatchEvent(new Event('input', { bubbles: true })); }", value
    )


def visible_lines(page) -> int:
    return page.locator(".px-lines").first.evaluate(
        "svg => [...svg.children].filter((mark) => mark.style.display !== 'none').length"
    )


def names(page) -> list[str]:
    return page.locator(".px-stage").first.locator(".px-name").all_inner_texts()


def painted(page) -> float:
    """Mean opacity of the first colour map, 0 to 255."""
    return page.evaluate("""() => {
      const canvas = document.querySelector('.px-faded canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let sum = 0;
      for (let i = 3; i < data.length; i += 4) sum += data[i];
      return sum / (data.length / 4);
    }""")


def upload(page, well: int, path: Path) -> None:
    """Replace the photograph in a well."""
    cell = page.locator(".px-photos > *").nth(well)
    remove = cell.locator("button[aria-label^=Remove]")
    if remove.count():
        remove.click()
    cell.locator("input[type=file]").set_input_files(path)


@pytest.fixture
def photographs(tmp_path) -> list[Path]:
    paths = [tmp_path / "tall one.png", tmp_path / ("wide " + "x" * 60 + ".jpg")]
    Image.fromarray(smooth_noise(1, 240, 150)).save(paths[0])
    Image.fromarray(smooth_noise(2, 150, 260)).save(paths[1])
    return paths


def test_no_choice_is_lost_while_an_earlier_one_is_answered(address):
    with urllib.request.urlopen(f"{address}config") as answer:
        events = json.load(answer)["dependencies"]
    choices = [
        one for one in events if one["backend_fn"] and {name for _, name in one["targets"]} & {"input", "change"}
    ]
    assert choices and {one["trigger_mode"] for one in choices} == {"always_last"}


def test_a_session_from_opening_to_download(open_page):
    page = open_page()
    assert float(page.inner_text(".px-score-number").replace("−", "-")) <= 1
    assert page.locator(".px-row").count() > 3 and painted(page) > 0
    assert urlparse(page.url).query == "", "the opening page is nobody's view"

    chosen_sample(page, 2)
    page.wait_for_url("**/?*a=*")
    assert parse_qs(urlparse(page.url).query)["a"][0] in names(page)[0]

    page.wait_for_timeout(500)
    sent = len(page.requests)
    set_look(page, "lines", 4)
    set_look(page, "colors", 3)
    page.wait_for_timeout(1000)
    assert visible_lines(page) == 4
    all_three = painted(page)
    page.select_option("[data-look=palette]", "okabe-ito")
    page.locator(".px-row").nth(1).click()
    page.mouse.move(2, 2)
    page.wait_for_timeout(1000)
    assert 0 < painted(page) < all_three, "the others turn faint"
    assert page.locator(".px-row").nth(1).get_attribute("aria-selected") == "true"
    assert len(page.requests) == sent, "a look is changed without the server"

    files = {}
    for kind in ("png", "svg", "npz"):
        page.click(".px-menu summary")
        with page.expect_download() as got:
            page.click(f"button[data-kind={kind}]")
        assert page.locator(".px-menu-list").is_hidden()
        files[kind] = (got.value.suggested_filename, Path(got.value.path()).read_bytes())
    first, second = (name.split()[1] for name in names(page))
    for kind, (name, _) in files.items():
        assert name.startswith(f"pairx_{first}_{second}_reid-lite0_") and name.endswith(f"_match2.{kind}")
    picture = np.asarray(Image.open(io.BytesIO(files["png"][1])).convert("RGB"))
    assert min(picture.shape[:2]) > 500 and picture.std() > 10
    assert first in files["svg"][1].decode()
    Path(got.value.path()).with_suffix(".npz").write_bytes(files["npz"][1])
    raw = Explanation.load(Path(got.value.path()).with_suffix(".npz"))
    assert f"{raw.similarity:.2f}" == page.inner_text(".px-score-number").replace("−", "-")

    page.keyboard.press("Escape")
    page.wait_for_selector(".px-row[aria-selected=true]", state="detached")
    drawn(page)
    assert visible_lines(page) == 4
    page.keyboard.down("h")
    drawn(page)
    assert page.locator(".px-lines").first.evaluate("e => getComputedStyle(e).visibility") == "hidden"
    page.keyboard.up("h")
    drawn(page)
    assert page.locator(".px-lines").first.evaluate("e => getComputedStyle(e).visibility") == "visible"

    link = page.url
    again = open_page("?" + urlparse(link).query)
    assert names(again) == names(page) and visible_lines(again) == 4
    assert again.inner_text(".px-score-number") == page.inner_text(".px-score-number")
    assert again.locator("[data-look=palette]").input_value() == "okabe-ito"

    hosts = {urlparse(url).hostname for url in [*page.requests, *again.requests] if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}, "nothing leaves the machine"


def test_every_overlay_covers_its_photograph_exactly(open_page):
    page = open_page()
    page.keyboard.press("p")
    page.locator(".px-pointing .px-frame").first.click()
    page.locator(".px-answer").nth(1).wait_for(state="visible")
    boxes = page.evaluate(
        """() => [...document.querySelectorAll('.px-world')].map((world) =>
           [...world.children].filter((node) => node.checkVisibility()).map((node) => {
             const box = node.getBoundingClientRect();
             return [getComputedStyle(node).objectFit, box.x, box.y, box.width, box.height];
           }))"""
    )
    assert len(boxes) == 4
    for photo, *overlays in boxes:
        assert overlays
        assert all(overlay == photo for overlay in overlays)
        assert photo[0] == "fill"


def test_keyboard_reaches_every_match(open_page):
    page = open_page()
    page.locator(".px-row").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    drawn(page)
    assert page.evaluate("document.activeElement.dataset.rank") == "3"
    assert page.locator(".px-row[data-rank='3']").get_attribute("aria-selected") == "true"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "2px"
    page.get_by_label("Zoom in").click()
    drawn(page)
    scales = page.evaluate("[...document.querySelectorAll('.px-world')].map(e => e.style.transform.split('scale')[1])")
    assert scales == ["(1.5)"] * 4, "zoom is linked over all pictures"


def test_evidence_against_is_dashed_blue_and_said(open_page):
    page = open_page("?a=zuri-2&b=twiga-4&model=reid-lite0", shown=".px-ready .px-row.px-against")
    raising, lowering = page.locator(".px-row:not(.px-against)"), page.locator(".px-row.px-against")
    assert lowering.count() > 0 and "lowers" in lowering.first.inner_text()
    against = page.locator("g.px-against >> visible=true").first
    style = against.locator(".px-line").evaluate(
        "(e) => [getComputedStyle(e).stroke, getComputedStyle(e).strokeDasharray]"
    )
    assert style == ["rgb(12, 64, 190)", "9px, 5px"]
    assert page.get_by_text("Nothing raises this similarity").first.is_visible() == (raising.count() == 0)
    lowering.first.click()
    page.wait_for_function(f"location.search.includes('match={lowering.first.get_attribute('data-rank')}')")
    drawn(page)
    assert against.evaluate("(e) => e.classList.contains('px-bright') || e.classList.contains('px-dim')")


def test_uploads_hostile_and_good(open_page, photographs, tmp_path):
    page = open_page()
    before = names(page)
    for name, data, what in (
        ("notes.jpg", b"<script>alert(1)</script> no photograph", "a text"),
        ("scan.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n", "a PDF"),
    ):
        bad = tmp_path / name
        bad.write_bytes(data)
        upload(page, 0, bad)
        page.locator(".px-viewer .px-notice", has_text=f"This file cannot be used: {name} is {what}").wait_for()
        assert page.locator(".toast-body").count() == 0
        drawn(page)
        assert names(page) == before

    upload(page, 0, photographs[0])
    page.wait_for_function("pairx.values?.[0]?.orig_name === 'tall one.png' && pairx.values[1] === null")
    upload(page, 1, photographs[1])
    page.wait_for_function(f"document.querySelector('.px-name').textContent.includes('tall one') && {FRESH}")
    assert "wide" in names(page)[1] and overflow(page) <= 0
    boxes = page.evaluate("[...document.querySelectorAll('.px-frame')].map(e => [e.clientWidth, e.clientHeight])")
    assert abs(boxes[0][1] - boxes[1][1]) <= 1, "equal height"
    assert boxes[0][0] / boxes[0][1] == pytest.approx(150 / 240, rel=0.02), "own aspect"

    similarity = page.inner_text(".px-score-number")
    page.wait_for_url("**/?*a=*")
    link = urlparse(page.url).query
    page.get_by_role("button", name="Swap A and B").click()
    page.wait_for_function(f"document.querySelector('.px-name').textContent.includes('wide') && {FRESH}")
    assert page.inner_text(".px-score-number") == similarity

    other = open_page("?" + link)
    other.wait_for_function(f"document.querySelector('.px-name').textContent.includes('tall') && {FRESH}")
    gone = open_page("?" + link.replace(parse_qs(link)["a"][0], "f" * 24), shown=".px-blank")
    gone.get_by_text("Photograph A of this pair is no longer on the server", exact=False).first.wait_for()


def test_two_people_at_once_get_their_own(open_page):
    one, two = open_page(), open_page()
    for page, number in ((one, 3), (two, 4)):
        page.click(f".px-strip button:nth-child({number})")
    expected = {}
    for page, number in ((one, 3), (two, 4)):
        shown_sample(page, number)
        expected[number] = (names(page), page.inner_text(".px-score-number"))
    for page, number in ((one, 4), (two, 3)):  # each other's pair, from the cache
        chosen_sample(page, number)
        assert (names(page), page.inner_text(".px-score-number")) == expected[number]


def test_a_clicked_over_run_ends_in_the_last_choice(open_page):
    page = open_page()
    page.click(".px-strip button:nth-child(5)")
    page.wait_for_timeout(150)
    chosen_sample(page, 6)
    page.wait_for_timeout(1500)
    assert page.locator(".px-strip button:nth-child(6)").get_attribute("aria-pressed") == "true"
    assert page.evaluate(FRESH)


@pytest.mark.parametrize(("width", "dark"), [(390, False), (390, True), (720, False), (1024, False)])
def test_every_width_and_theme_fits(open_page, width, dark):
    page = open_page(width=width, height=844, dark=dark)
    assert overflow(page) <= 0
    assert page.locator(".px-frame").first.evaluate("e => e.getBoundingClientRect().top") < 844, (
        "the picture comes first"
    )
    background = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")
    assert (max(background[:3]) < 100) == dark


def test_programs_get_the_same_numbers(open_page, address, photographs):
    client = pytest.importorskip("gradio_client")
    connected = client.Client(address, verbose=False)
    assert set(connected.view_api(return_format="dict", print_info=False)["named_endpoints"]) == {"/explain"}
    sent = [client.handle_file(str(path)) for path in photographs]
    summary, figure, raw = connected.predict(*sent, lines=5, colors=3, api_name="/explain")
    assert summary["matches"] and Image.open(figure).size[0] > 500
    assert Explanation.load(raw).similarity == summary["similarity"]
    with pytest.raises(Exception, match="no such model"):
        connected.predict(*sent, model="/etc/passwd", api_name="/explain")
