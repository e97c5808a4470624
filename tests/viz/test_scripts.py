"""Names in any script can be read in every figure."""

from __future__ import annotations

import io
import logging
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from pairx.types import Explanation
from pairx.viz import draw, fonts
from pairx.viz.figure import blank
from pairx.viz.text import _font as font_of
from pairx.viz.text import elide, one_line, text_to_path, width_of, wrapped, write
from tests.viz import samples

NAMES = {
    "Chinese": "东北虎 東北虎",
    "Japanese": "トラ ひらがな 絵",
    "Korean": "호랑이 한국어",
    "Arabic": "نمر سيبيري",
    "Hebrew": "נמר סיבירי",
    "Thai": "เสือโคร่ง น้ำ",
    "Devanagari": "बाघ क्षत्रिय",
    "Persian": "می‌خواهم",
    "Bengali": "বাঘ",
    "Tamil": "புலி",
    "Ethiopic": "አንበሳ",
    "Khmer": "ខ្លា",
    "Burmese": "ကျား",
    "Odia": "ବାଘ",
    "Tibetan": "སྟག གངས་གཟིག",
    "Thaana": "މިނިވަން",
    "Santali": "ᱠᱩᱞ",
    "Greek": "Τίγρης",
    "Russian": "Амурский тигр",
}


def figure_of(name: str) -> tuple[str, str, bytes]:
    """The figure that bears a name: its SVG, its PDF, its PNG."""
    over = replace(samples.pair(), id0=f"{name} 1.jpg")
    drawn = draw(Explanation("none", 0.1, notes=(f"{name} 1.jpg: a note.",)), over, title=name, width=3)
    return drawn._print("svg").decode(), drawn._print("pdf").decode("latin-1"), drawn.png()


@pytest.mark.slow
@pytest.mark.parametrize("script", NAMES)
def test_every_letter_has_a_glyph(script: str, caplog: pytest.LogCaptureFixture) -> None:
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING, logger="matplotlib"):
        warnings.simplefilter("error")  # matplotlib warns of a glyph that is missing
        figure_of(NAMES[script])
    assert one_line(NAMES[script]) == NAMES[script] and not caplog.records


def test_letters_of_other_fonts_are_drawn_in_an_svg_and_embedded_in_a_pdf() -> None:
    svg, pdf, _ = figure_of("東北虎")
    assert "<text" not in svg and "DroidSansFallback" in svg
    plain = figure_of("Amur tiger Амурский тигр")[0]
    assert "Амурский тигр 1.jpg" in plain and "<text" in plain
    named = set(re.findall(r"/FontName /(\S+)", pdf))
    assert any("Droid" in name for name in named)
    assert len(re.findall(r"/FontFile2 ", pdf)) == len(re.findall(r"/Type /FontDescriptor", pdf))


def test_what_no_font_has_is_written_as_its_name_or_code_point() -> None:
    assert one_line("\N{DEER} 7.jpg") == "[deer] 7.jpg"
    assert one_line("a\x07b\udce9\u202ec\nd") == "aU+0007bU+DCE9U+202Ec d"
    assert "[deer] 1.jpg: a note." in figure_of("\N{DEER}")[0]


@pytest.mark.slow
def test_a_name_from_right_to_left_runs_so_within_its_line() -> None:
    """ASCII's ending stays at the right, and the name is not the mirror of its letters in their order in memory."""
    name = NAMES["Hebrew"]
    shown, mirrored = (pixels(figure_of(one)[2]) for one in (name, name[::-1]))
    assert (shown != mirrored).any()
    over = replace(samples.pair(), id0="name")
    hebrew, latin = (
        pixels(draw(Explanation("none", 0.1), over, title=title, width=3).png()) for title in (f"{name} WWW", "WWW")
    )
    ink = [np.flatnonzero((one[:60] < 128).all(2).any(0)) for one in (hebrew, latin)]
    wide = ink[1][-1] - ink[1][0]
    end = hebrew[:60, ink[0][-1] - wide : ink[0][-1] + 1]
    np.testing.assert_allclose(end.mean((0, 1)), latin[:60, ink[1][0] : ink[1][-1] + 1].mean((0, 1)), atol=3)


def test_names_are_measured_as_they_are_drawn() -> None:
    font = font_of(9, False)
    wide, narrow = (
        text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] for text in ("東" * 10, "i" * 10)
    )
    assert wide > 85 > narrow, "a Chinese letter is as wide as it is high"
    shown = elide("東" * 40, 200, 9)
    assert shown.count("東") < 10 and "…" in shown


def test_the_width_of_any_script_is_that_of_its_ink() -> None:
    """Which shaping makes narrower than its letters one by one; only what parts it from a neighbour is beside it."""
    for script, name in NAMES.items():
        page, axes = blank(1000, 100)
        write(axes, 200, 20, name, 9)
        shown = io.BytesIO()
        page.savefig(shown, format="png", dpi=300)
        inked = np.flatnonzero((pixels(shown.getvalue()) < 128).all(2).any(0))
        measured = width_of(name, 9)
        assert -2 <= inked[0] - 200 <= 15 and abs(inked[-1] + 1 - 200 - measured) <= 12, script


def test_a_letter_keeps_its_marks_where_a_name_is_shortened() -> None:
    name = "กี่" * 30
    for room in range(100, 200, 10):
        before, after = elide(name, room, 9).split("…")
        assert before == "กี่" * (len(before) // 3) and after == "กี่" * (len(after) // 3)


def test_fonts_come_with_their_licences() -> None:
    folder = fonts._FILES[0].parent
    said = (folder / "README.md").read_text()
    assert all(path.name in said or path.name.startswith("NotoSans") for path in fonts._FILES)
    assert all((folder / name).stat().st_size > 3000 for name in re.findall(r"\]\((LICENSE\S+)\)", said))
    assert sum(path.stat().st_size for path in folder.glob("*.ttf")) < 9e6


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_a_sentence_that_does_not_fit_ends_after_a_whole_word():
    text = "Averages gradients over the photograph, so places that the model ignores may light up."
    lines = wrapped(text, 300, 8, most=2)
    assert len(lines) == 2 and lines[-1].endswith(" …") and all(width_of(line, 8) <= 300 for line in lines)
    assert text.startswith(" ".join(lines).removesuffix(" …"))
    assert " ".join(wrapped(text, 300, 8)) == text


def test_a_word_that_is_too_long_goes_on_after_its_hyphen() -> None:
    assert wrapped("EigenGrad-CAM", width_of("EigenGrad-C", 8), 8) == ["EigenGrad-", "CAM"]
