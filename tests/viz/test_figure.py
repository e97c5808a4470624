import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import matplotlib
import numpy as np
import pytest
from PIL import Image

from pairx.types import NOTHING_RAISES, Explanation, InputError
from pairx.viz import AGAINST, Look, draw, match_colors
from pairx.viz.layout import arrange
from tests.viz import samples

PAIR = samples.pair()
EXPLANATION = samples.explanation(PAIR)
SVG = "{http://www.w3.org/2000/svg}"


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def svg(tmp_path, *args, **kwargs) -> ET.Element:
    path = tmp_path / "figure.svg"
    draw(*args, **{"width": 3, **kwargs}).save(path)
    return ET.parse(path).getroot()


def texts(root: ET.Element) -> list[str]:
    return [element.text for element in root.iter(f"{SVG}text")]


def test_png_is_a_column_wide_at_300_dpi(tmp_path):
    wide = samples.pair((90, 60), (80, 60))
    draw(samples.explanation(wide), wide).save(tmp_path / "figure.PNG")
    with Image.open(tmp_path / "figure.PNG") as image:
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)
        assert image.width == pytest.approx(2100, abs=2)


def test_a_notebook_gets_the_same_figure_at_half_the_size():
    figure = draw(EXPLANATION, PAIR, width=3)
    small, large = pixels(figure._repr_png_()), pixels(figure.png())
    assert np.abs(np.array(large.shape[:2]) / 2 - small.shape[:2]).max() <= 1


def test_photographs_print_dot_on_dot():
    large = samples.pair((900, 600), (700, 600))
    shown = pixels(draw(Explanation("none", 0.1), large, legend=False).png())
    from pairx.viz.figure import fit

    page = arrange((900, 600), (700, 600), 1, width=7, lines=False, bar=False)
    for box, photo in zip(page.rows[0], (large.image0, large.image1), strict=True):
        assert (shown[box.y : box.y + box.h, box.x : box.x + box.w] == fit(photo, box)).all()


def test_svg_keeps_lines_and_text_and_embeds_bitmaps(tmp_path):
    root = svg(tmp_path, EXPLANATION, PAIR, Look(k_lines=5, k_colors=3), title="Two animals")
    lines = {
        element.get("id"): element for element in root.iter(f"{SVG}g") if (element.get("id") or "").startswith("match-")
    }
    assert sorted(lines) == [f"match-{rank}" for rank in range(1, 6)]
    strokes = [lines[f"match-{rank}"].find(f"{SVG}path").get("style") for rank in (1, 2, 3)]
    assert all(color in stroke for color, stroke in zip(match_colors(3), strokes, strict=True))
    assert len(list(root.iter(f"{SVG}image"))) == 5  # two photographs, twice, and the colour bar
    written = texts(root)
    assert any("reid-lite0" in text for text in written)
    for text in ("Two animals", "first.jpg", "second.jpg", "raises similarity", "lowers similarity"):
        assert text in written


def test_lines_end_at_the_matches(tmp_path):
    root = svg(tmp_path, EXPLANATION, PAIR)
    page = arrange((96, 64), (60, 90), 2, width=3)
    path = next(g for g in root.iter(f"{SVG}g") if g.get("id") == "match-1").find(f"{SVG}path").get("d")
    numbers = np.array(re.findall(r"[-\d.]+", path), float).reshape(2, 2) * 300 / 72
    for box, cell, at in zip(
        page.rows[0], (EXPLANATION.matches.cells0[0], EXPLANATION.matches.cells1[0]), numbers, strict=True
    ):
        assert at == pytest.approx((box.x + (cell[1] + 0.5) / 8 * box.w, box.y + (cell[0] + 0.5) / 8 * box.h), abs=0.1)


@pytest.mark.skipif(not shutil.which("pdffonts"), reason="needs poppler's pdffonts")
def test_pdf_embeds_its_fonts(tmp_path):
    draw(EXPLANATION, PAIR, width=3).save(tmp_path / "figure.pdf")
    rows = subprocess.run(["pdffonts", tmp_path / "figure.pdf"], capture_output=True, text=True).stdout.splitlines()[2:]
    assert rows and all("DejaVuSans" in row and "TrueType" in row and re.search(r"yes +yes +yes", row) for row in rows)


def test_pdf_holds_truetype_text_and_five_bitmaps(tmp_path):
    draw(EXPLANATION, PAIR, width=3).save(tmp_path / "figure.pdf")
    content = (tmp_path / "figure.pdf").read_bytes()
    assert b"/FontFile2" in content and b"/CIDFontType2" in content and b"/Type3" not in content
    assert content.count(b"/Subtype /Image") == 5


@pytest.mark.parametrize(("name", "word"), [("a.jpg", "suffix"), ("a", "suffix"), ("none/a.png", "folder")])
def test_wrong_paths_are_input_errors(tmp_path, name, word):
    with pytest.raises(InputError, match=word):
        draw(EXPLANATION, PAIR, width=3).save(tmp_path / name)


def test_a_path_that_cannot_be_written_is_an_input_error(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        draw(EXPLANATION, PAIR, width=3).save(tmp_path / "a.png")


@pytest.mark.slow
def test_eight_threads_draw_as_one_does(tmp_path):
    figure = draw(EXPLANATION, PAIR, title="T", width=2)

    def every(i: int) -> list[bytes]:
        paths = [tmp_path / f"{i}.{suffix}" for suffix in ("png", "svg", "pdf")]
        for path in paths:
            figure.save(path)
        return [path.read_bytes() for path in paths]

    alone = every(0)
    with ThreadPoolExecutor(8) as pool:
        assert all(files == alone for files in pool.map(every, range(1, 9)))


def test_matplotlibs_settings_stay_the_users(tmp_path):
    before = dict(matplotlib.rcParams)
    draw(EXPLANATION, PAIR, width=3).save(tmp_path / "a.svg")
    assert dict(matplotlib.rcParams) == before


def test_the_users_settings_do_not_change_a_figure(tmp_path):
    figure = draw(EXPLANATION, PAIR, width=3)
    plain = figure.png(100)
    with matplotlib.rc_context({"font.size": 30, "font.sans-serif": ["Nothing"], "axes.facecolor": "red"}):
        assert figure.png(100) == plain


def test_isolated_line_alone_stays_bright():
    shown = draw(EXPLANATION, PAIR, Look(isolate=0, opacity=0), width=3).png()
    counts = [(pixels(shown) == list(bytes.fromhex(color[1:]))).all(axis=2).sum() for color in match_colors(2)]
    assert counts[0] > 500 and counts[1] < 20


def test_opacity_zero_shows_the_photographs():
    heat = replace(EXPLANATION, matches=None, pixel_maps0=None, pixel_maps1=None)
    bare = replace(heat, map0=None, map1=None)
    clear = draw(heat, PAIR, Look(opacity=0), legend=False).png(100)
    assert (pixels(clear) == pixels(draw(bare, PAIR, legend=False).png(100))).all()


def test_evidence_against_is_dashed_and_the_picture_says_that_nothing_raises(tmp_path):
    relevance = np.array([3.0, -9, -2, -1, 0, 0])
    mixed = replace(EXPLANATION, matches=replace(EXPLANATION.matches, relevance=relevance))
    root = svg(tmp_path, mixed, PAIR)
    groups = {g.get("id"): g for g in root.iter(f"{SVG}g") if (g.get("id") or "").startswith(("match-", "casing-"))}
    strokes = {name: g.find(f"{SVG}path").get("style") for name, g in groups.items()}
    dashed = {name for name, style in strokes.items() if "stroke-dasharray" in style}
    assert dashed == {"match-2", "match-3", "match-4"} and AGAINST in strokes["match-2"]
    assert NOTHING_RAISES not in texts(root)
    none = replace(EXPLANATION, matches=replace(EXPLANATION.matches, relevance=-np.arange(6, 0, -1.0)))
    assert NOTHING_RAISES in texts(svg(tmp_path, none, PAIR, title=None))


@pytest.mark.slow
def test_notes_stand_below_whole(tmp_path):
    notes = ("Taken as linear, because no profile says how to read it. " * 6, "x" * 400, "Short.")
    plain, noted = svg(tmp_path, EXPLANATION, PAIR), svg(tmp_path, replace(EXPLANATION, notes=notes), PAIR)
    said = [text for text in texts(noted) if text not in texts(plain)]
    assert "".join(said).replace(" ", "") == "".join(notes).replace(" ", "")
    heights = [float(root.get("height").removesuffix("pt")) for root in (plain, noted)]
    assert heights[1] - heights[0] == pytest.approx(9 * len(said), rel=0.02)
    assert all(
        note in texts(svg(tmp_path, replace(EXPLANATION, notes=notes[2:]), PAIR, legend=False)) for note in notes[2:]
    )


@pytest.mark.parametrize(
    "change",
    [
        {"matches": None, "pixel_maps0": None, "pixel_maps1": None},
        {"map1": None, "pixel_maps0": None},
        {"map0": None, "map1": None},
        {"map0": None, "map1": None, "matches": None, "pixel_maps0": None, "pixel_maps1": None},
        {"map0": np.zeros((3, 3), np.float32), "map1": np.zeros((3, 3), np.float32)},
    ],
)
def test_other_methods_draw_what_they_have(tmp_path, change):
    one = replace(EXPLANATION, **change)
    root = svg(tmp_path, one, PAIR)
    painted = one.pixel_maps0 is not None or one.pixel_maps1 is not None
    bar = any(side is not None and side.any() for side in (one.map0, one.map1))
    assert len(list(root.iter(f"{SVG}image"))) == (4 if painted else 2) + bar
    assert ("raises similarity" in texts(root)) == bar
    lines = [g for g in root.iter(f"{SVG}g") if (g.get("id") or "").startswith("match-")]
    assert len(lines) == (6 if one.matches is not None else 0)


@pytest.mark.parametrize(
    ("size0", "size1"), [((1, 50), (50, 1)), ((1, 300), (400, 300)), ((3000, 2000), (2000, 3000)), ((1, 1), (2000, 10))]
)
def test_any_photograph_keeps_its_aspect_and_its_place_on_the_page(size0, size1):
    page = arrange(size0, size1, 2, width=7, title=True)
    for row in page.rows:
        assert row[0].h == row[1].h and row[0].x + row[0].w < row[1].x
        for box, (width, height) in zip(row, (size0, size1), strict=True):
            assert box.w == max(1, round(box.h * width / height))
            assert box.x >= 0 and box.x + box.w <= page.width <= 2110 and box.y + box.h <= page.ids
    assert page.rows[0][0].y + page.rows[0][0].h < page.rows[1][0].y


@pytest.mark.slow
@pytest.mark.parametrize(("size0", "size1"), [((1, 300), (400, 300)), ((3000, 2000), (2000, 3000))])
def test_hostile_photographs_are_drawn(size0, size1):
    hostile = samples.pair(size0, size1)
    shown = pixels(draw(samples.explanation(hostile), hostile).png())
    page = arrange(size0, size1, 2, width=7)
    assert shown.shape[:2] == pytest.approx((page.height, page.width), abs=1)
    assert shown.std() > 20


def test_long_names_are_elided_in_the_middle_and_do_not_meet(tmp_path):
    long = "encounter-0001-of-the-northern-herd-photographed-from-the-left.jpg"
    named = replace(PAIR, id0=long, id1=long)
    names = [text for text in texts(svg(tmp_path, EXPLANATION, named)) if text.startswith("enc")]
    assert len(names) == 2 and any("…" in name for name in names)
    for name in names:
        head, _, tail = name.partition("…")
        assert long.startswith(head) and long.endswith(tail)


def test_names_are_text_not_markup_nor_formula(tmp_path):
    named = replace(PAIR, id0="$x_1$ <b>&\x07", id1="a\nb")
    assert {"$x_1$ <b>&U+0007", "a b"} <= set(texts(svg(tmp_path, EXPLANATION, named)))


@pytest.mark.parametrize("width", [1.9, 21, float("nan")])
def test_impossible_widths_are_input_errors(width):
    with pytest.raises(InputError, match="2 to 20"):
        draw(EXPLANATION, PAIR, width=width)
