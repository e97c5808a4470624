"""A specification is checked as a whole: every problem with its line, whatever is in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pairx.figures import SpecError, read_spec
from pairx.figures.making import written
from pairx.figures.presets import PRESETS, preset
from pairx.figures.spec import WIDTHS
from pairx.types import InputError

PAIR = "rows: {pairs: [[a.jpg, b.jpg]]}\n"


def problems(text: str) -> list[tuple[int, str]]:
    with pytest.raises(SpecError) as caught:
        read_spec(text)
    return list(caught.value.problems)


def test_every_problem_is_told_at_once_with_its_line_and_the_nearest_name() -> None:
    text = """
width: nature-singl
font_size: 70
modl: reid-lite0
rows:
  pairs:
    - [sample:inka-1, sample:inka-2]
    - {a: x.jpg, b: y.jpg, corect: true}
    - {run: sample, view: most plausibel incorrect, first: 3}
columns:
  methods: [pair-x, gradcam, {method: sam, options: {cels: 3}}]
"""
    found = problems(text)
    assert [line for line, _ in found] == [2, 3, 4, 8, 9, 11, 11]
    said = " ".join(sentence for _, sentence in found)
    for near in ("nature-single", "model", "correct", "most plausible incorrect", "grad-cam", "cells"):
        assert f"Did you mean {near}?" in said


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a: &x [1]\nb: *x", 1, "Anchors and aliases"),
        ("a: !!python/object/apply:os.system [x]", 1, "Tags"),
        ("a: " + "[" * 500, 1, "deep"),
        ("a: b: c", 1, "no YAML"),
        ("- a\n- b", 1, "names and values"),
        ("", 1, "names and values"),
        (PAIR + "---\nb: 1", 2, "one document"),
        (PAIR + "title: \x01", 0, "no YAML"),
        (PAIR + PAIR, 2, "twice"),
        (PAIR + "? [a]\n: b", 2, "is a word"),
        (PAIR + "width: " + "9" * 5000, 2, "from 40 to 420"),
        (PAIR + "width: .inf", 2, "from 40 to 420"),
        (PAIR + "dpi: 30000", 2, "from 72 to 1200"),
        (PAIR + "dpi: 300.5", 2, "whole number"),
        (PAIR + "point: [1]", 2, "2 numbers"),
        (PAIR + "caption: perhaps", 2, "on or off"),
        (PAIR + "title: [a]", 2, "is a text"),
        (PAIR + f"title: {'a' * 500}", 2, "300 are the most"),
        (PAIR + "model: reid-lite1", 2, "Did you mean reid-lite0"),
        (PAIR + "method: pair-x\nbackground: mean", 3, "takes a background"),
        (PAIR + "insets: [{photograph: first, box: [0, 0, 0, 1]}]", 2, "no area"),
        (PAIR + "labels: [{name: a}]", 2, "a box"),
        ("rows: {pairs: [[a.jpg]]}", 1, "two photographs"),
        ("rows: {pairs: [{a: a.jpg}]}", 1, "both a and b"),
        ("rows: {methods: [sam]}", 1, "no pair"),
        ("rows: {pairs: [[a.jpg, b.jpg]], methods: [sam]}", 1, "varies one thing"),
        ("rows: {pairs: [{run: x}]}", 1, "view"),
        ("rows: {pairs: [{a: a.jpg, b: b.jpg, first: 2}]}", 1, "is of a run"),
        (PAIR + "outlines: on", 1, "correct: true"),
        (PAIR + "scale: all\ncolumns: {methods: [sam, lrp]}", 2, "units of their own"),
        (PAIR + "show: colours\nmethod: sam", 2, "PAIR-X's"),
        (PAIR + "show: point\nmethod: sam", 2, "say which"),
        (PAIR + "show: point\npoint: [0.5, 0.5]", 2, "pairs of places"),
        (f"rows: {{pairs: [{', '.join(['[a, b]'] * 61)}]}}", 1, "61 items"),
        (PAIR + "show: both\ncolours: 40\nrow: 1", 4, "Did you mean rows"),
        ("x" * 300_000, 0, "letters"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(text: str, line: int, said: str) -> None:
    found = problems(text)
    assert any(at == line and said in sentence for at, sentence in found), found
    assert all("\n" not in sentence and len(sentence) < 400 for _, sentence in found)


def test_maps_of_a_figure_together_are_limited() -> None:
    pairs = ", ".join(["[a, b]"] * 20)
    assert "too many for one figure" in problems(f"rows: {{pairs: [{pairs}]}}\nshow: both\ncolours: 40")[0][1]


def test_texts_stay_as_they_were_written() -> None:
    spec = read_spec("rows: {pairs: [{a: 2024-01-01, b: 1_000, title: 'off'}]}\ntitle: 1.50\ncaption: off")
    assert spec.title == "1.50" and spec.rows[0].title == "off" and spec.caption is False
    assert spec.rows[0].settings.pair.a.source == "2024-01-01"  # type: ignore[union-attr]
    assert spec.rows[0].settings.pair.b.source == "1_000"  # type: ignore[union-attr]


def test_what_is_written_again_reads_as_the_same() -> None:
    text = """
title: '# no comment: "quotes" and 長頸鹿'
rows: {pairs: [{a: {file: 'a b.jpg', box: [0.1, 0.2, 0.5, 0.5]}, b: b.jpg, title: ''}]}
columns: [{method: sam, background: c.jpg}, {layer: blocks.3}]
"""
    spec = read_spec(text)
    assert spec.source is not None
    assert read_spec(spec.source.written()) == spec
    moved = read_spec(spec.source.written({path: "moved.jpg" for path in spec.paths}))
    assert moved.rows[0].settings.pair.a.source == "moved.jpg"  # type: ignore[union-attr]
    assert moved.columns[0].settings.background.source == "moved.jpg"  # type: ignore[union-attr]
    assert len(spec.paths) == 3


def test_columns_go_before_rows_and_rows_before_the_figure() -> None:
    spec = read_spec(
        PAIR + "lines: 3\noptions: {cells: signed, start: relevance}\ncolumns: [{options: {cells: abs_of_sum}}]"
    )
    settings = spec.cell(spec.rows[0], spec.columns[0])
    assert settings.lines == 3 and dict(settings.options or ()) == {"cells": "abs_of_sum", "start": "relevance"}


def test_journals_columns_have_names() -> None:
    assert read_spec(PAIR + "width: nature-single").width == WIDTHS["nature-single"] == 89


def test_a_narrow_figure_has_layers_by_rows() -> None:
    wide, narrow = (preset("pairx-8", width=width) for width in ("nature-double", "85"))
    assert (narrow["rows"], narrow["columns"]) == (wide["columns"], wide["rows"]) and "pairs" in wide["rows"]
    with pytest.raises(InputError, match="a mile"):
        read_spec(written(preset("pairx-8", width="a mile")))


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_sound_for_any_photographs(name: str) -> None:
    chosen = PRESETS[name]
    given = {"pairs": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"], "three": ["a.jpg", "b.jpg", "c.jpg"], "run": []}[
        chosen.given
    ]
    read_spec(written(preset(name, given)))
    read_spec(written(preset(name, width="nature-single", model="lite0-imagenet", layer=None)))


def test_the_page_on_figures_shows_sound_specifications() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "figures.md"
    blocks = re.findall(r"^```yaml\n(.*?)^```$", page.read_text(), re.DOTALL | re.MULTILINE)
    assert len(blocks) == 2
    for block in blocks:
        read_spec(block)
    assert all(f"{name}," in page.read_text() or f"{name} |" in page.read_text() for name in WIDTHS)
