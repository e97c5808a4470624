"""What is drawn: sizes, scales, vectors, and the same bytes for the same figure."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pairx.figures import Figure, draw
from pairx.figures.drawing import table_of
from pairx.types import InputError
from pairx.viz import maps
from tests.figures.made_up import SPEC, computed, photographs


def bitmap(figure: Figure, dpi: int = 100) -> Image.Image:
    return Image.open(io.BytesIO(draw(figure, "png", dpi=dpi)))


@pytest.fixture
def figure(tmp_path: Path) -> Figure:
    return computed(SPEC, photographs(tmp_path))


def test_equal_figures_are_equal_bytes(figure: Figure) -> None:
    for format in ("png", "svg", "pdf"):
        assert draw(figure, format, dpi=72) == draw(figure, format, dpi=72), format


@pytest.mark.parametrize("width", [40, 183])
def test_a_figure_is_as_wide_as_it_says(tmp_path: Path, width: int) -> None:
    figure = computed(SPEC.replace("width: 90", f"width: {width}"), photographs(tmp_path))
    for dpi in (72, 300):
        assert abs(bitmap(figure, dpi).width - width / 25.4 * dpi) <= 1
    found = re.search(rb'<svg[^>]* width="([\d.]+)pt"', draw(figure, "svg"))
    assert found and abs(float(found[1]) - width / 25.4 * 72) < 0.2


def test_lines_and_words_are_vectors(figure: Figure) -> None:
    svg = draw(figure, "svg").decode()
    assert ">Grad-CAM</text>" in svg and "match-1" in svg
    assert svg.count("<image") == 9  # two photographs a panel, and the colours' bar
    assert ">Stripes</text>" in svg


def test_a_scale_is_shared_by_whom_it_is_said_to_be(tmp_path: Path) -> None:
    photographs(tmp_path)
    text = SPEC.replace("methods: [pair-x, grad-cam]", "layers: [stage, second]")
    found = {
        scale: table_of(computed(text + f"scale: {scale}", tmp_path)).scenes
        for scale in ("panel", "row", "column", "all")
    }
    kept = {
        scale: np.array([[scene.heat_scale for scene in row] for row in scenes])  # type: ignore[union-attr]
        for scale, scenes in found.items()
    }
    assert len(np.unique(kept["panel"])) == 4 and len(np.unique(kept["all"])) == 1
    assert (kept["row"][:, 0] == kept["row"][:, 1]).all() and kept["row"][0, 0] != kept["row"][1, 0]
    assert (kept["column"][0] == kept["column"][1]).all() and kept["column"][0, 0] != kept["column"][0, 1]
    results = [panel.result for row in computed(text, tmp_path).panels for panel in row]
    everything = [one for result in results for one in (result.map0, result.map1)]  # type: ignore[union-attr]
    assert kept["all"][0, 0] == pytest.approx(maps.scale_of(*everything))  # type: ignore[arg-type]


def test_photographs_keep_their_aspect_and_rows_their_height(figure: Figure) -> None:
    table = table_of(figure)
    for cells, boxes in zip(table.cells, table.layout.boxes, strict=True):
        assert len({box.h for box in boxes}) == 1
        for cell, box in zip(cells, boxes, strict=True):
            assert box.w / box.h == pytest.approx(cell.aspect, rel=0.02)


def test_nothing_reaches_beyond_the_page(tmp_path: Path) -> None:
    long = SPEC.replace("title: Stripes", "title: " + "a very long title " * 16)
    for extra in ("", "scale: row\ncolumns: {layers: [stage, second]}", "outlines: on", "font_size: 14"):
        text = long if "columns" not in extra else long.partition("columns")[0]
        table = table_of(computed(text + extra, photographs(tmp_path)))
        layout = table.layout
        assert all(box.x >= 0 and box.x + box.w <= layout.width for row in layout.boxes for box in row)
        assert all(box.y + box.h <= layout.height for row in layout.boxes for box in row)


def test_outlines_differ_in_colour_and_stroke(tmp_path: Path) -> None:
    svg = draw(computed(SPEC + "outlines: on", photographs(tmp_path)), "svg").decode()
    assert "#009e73" in svg and "#d55e00" in svg
    dashed = re.findall(r'style="[^"]*stroke: #d55e00[^"]*"', svg)
    assert dashed and all("stroke-dasharray" in style for style in dashed)
    plain = re.findall(r'style="[^"]*stroke: #009e73[^"]*"', svg)
    assert plain and not any("stroke-dasharray" in style for style in plain)


def test_the_ground_is_white_or_none(tmp_path: Path) -> None:
    light = bitmap(computed(SPEC, photographs(tmp_path))).convert("RGBA").getpixel((1, 1))
    clear = bitmap(computed(SPEC + "ground: transparent", tmp_path)).convert("RGBA").getpixel((1, 1))
    assert light == (255, 255, 255, 255) and clear[3] == 0  # type: ignore[index]


def test_random_weights_are_stated_even_without_a_caption(tmp_path: Path) -> None:
    text = SPEC.replace("model: reid-lite0", "model: {name: 'timm:resnet18', weights: random}")
    assert "random weights" in draw(computed(text + "caption: off", photographs(tmp_path)), "svg").decode()


def test_the_caption_says_which_methods_take_an_option(tmp_path: Path) -> None:
    methods = "columns: [{method: lime, options: {samples: 8}}, {method: grad-cam}]"
    text = SPEC.partition("columns")[0] + methods
    assert "LIME: samples 8." in table_of(computed(text, photographs(tmp_path))).caption[0]
    alone = text.replace(", {method: grad-cam}", "")
    assert " samples 8." in (said := table_of(computed(alone, tmp_path)).caption[0]) and ": samples" not in said


def test_huge_bitmaps_and_odd_formats_are_refused(figure: Figure) -> None:
    with pytest.raises(InputError, match="dpi at most"):
        draw(figure, "png", dpi=20_000)
    with pytest.raises(InputError, match="no format"):
        draw(figure, "gif")


def test_names_of_others_stay_words(tmp_path: Path) -> None:
    text = SPEC.replace("title: Stripes", "title: '$a_b$ <script>alert(1)</script>'")
    svg = draw(computed(text, photographs(tmp_path)), "svg").decode()
    assert "<script>" not in svg


def test_titles_of_flat_rows_stand_above_them_whole(tmp_path: Path) -> None:
    title = "a photograph with a long name and another one"
    columns = ", ".join(["{show: photographs}"] * 8)
    rows = f"[{{show: photographs, title: {title}}}, {{show: photographs, title: {title}}}]"
    text = f"pair: [a.png, b.png]\nwidth: 85\nrows: {rows}\ncolumns: [{columns}]"
    table = table_of(computed(text, photographs(tmp_path)))
    layout = table.layout
    assert layout.titled == "above" and [" ".join(lines) for lines in layout.row_titles] == [title] * 2
    (first, height), (second, _) = layout.rows
    assert second - first - height >= layout.line * len(layout.row_titles[1]), "and nothing lies over it"


def test_many_rows_fit_a_page(tmp_path: Path) -> None:
    rows = ", ".join(["{show: photographs, title: A long title}"] * 30)
    table = table_of(computed(f"pair: [a.png, b.png]\nrows: [{rows}]", photographs(tmp_path)))
    assert 180 < table.height <= 235
    assert all(box.h > 0 and box.w > 0 for row in table.layout.boxes for box in row)
