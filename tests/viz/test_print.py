"""What a print has to be at its final size: legible, of even strokes, and true to a part of a dot."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle
from matplotlib.text import Text
from PIL import Image

from pairx import viz
from pairx.types import Explanation, Matches, MethodCard
from pairx.viz.figure import Printed
from pairx.viz.table import Table, TableCell
from pairx.viz.table_scatter import TableScatter
from pairx.viz.text import LEAST
from tests.viz import samples

OVER = samples.pair((900, 600), (700, 600))
FOUND = replace(samples.explanation(OVER, n=20, painted=10), notes=("A note that says something. " * 5,))
INSET = (0.1, 0.1, 0.15, 0.15)
CARD = MethodCard("pair-x", "PAIR-X", "family", "", "", "", "", (), True, "", caveat="Beware of this. " * 9)


def figures(width: float) -> list[Printed]:
    """Every kind, mm wide."""
    laid = viz.Laid(np.eye(3), "20 of 30 matches follow one affine transform")
    answer = viz.Answer(0, (0.2, 0.2, 0.6, 0.7), np.random.default_rng(0).normal(size=(6, 6)))
    wide = width / 25.4
    return [
        viz.draw(FOUND, OVER, title="Title", width=wide, laid=laid),
        viz.draw(FOUND, OVER, width=wide, answer=answer),
        viz.draw_grid([FOUND, FOUND], OVER, {"pair-x": CARD}, width=round(width)),
        table(width),
    ]


def table(width: float) -> Table:
    """All that a table can hold, in the smallest letters."""
    full = TableCell(OVER, FOUND, viz.Look(), ("matches", "colours"), correct=True, insets=((0, INSET),), number=1)
    refused = TableCell(OVER, None, viz.Look(), reason="cannot run: it is a test", correct=False)
    rows = pd.DataFrame({"correct": [True, False], "cosine": [0.2, 0.8], "metric": [1.0, 2.0]})
    scatter = TableScatter(rows, "metric", "a metric", ((0.2, 1.0),))
    return Table(
        ((full, refused),), ("A row",), ("A column", "Another"), width, LEAST, "Title", ("A caption.",), "row",
        scatter=scatter,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("width", viz.WIDTHS)
def test_all_words_can_be_read_and_all_lines_print(width: int) -> None:
    for figure in figures(width):
        page = figure.page()
        assert page.get_figwidth() <= (width + 0.5) / 25.4, "and nothing is scaled down afterwards"
        sizes = {text.get_fontsize() for text in page.findobj(Text) if text.get_text().strip()}
        assert sizes and min(sizes) >= LEAST == 6
        strokes = [line.get_linewidth() for line in page.findobj(Line2D) if line.get_marker() in ("None", "", None)]
        assert min(strokes) >= 0.5


def test_a_number_beside_a_scatter_covers_no_photograph_and_its_line_leads_to_its_point() -> None:
    drawn = replace(table(175), cells=((table(175).cells[0][0],),), column_titles=("",))
    layout, page = drawn.layout, drawn.page()
    discs = [one for one in page.findobj(Circle) if one.center[0] == layout.badges]
    assert len(discs) == 1 and discs[0].center[0] + discs[0].radius < layout.boxes[0][0].x
    ends = [line.get_xydata()[1] for line in page.findobj(Line2D) if line.get_color() == "#5c636b"]
    assert any(np.allclose(end, discs[0].center) for end in ends)


def test_an_inset_shows_the_lines_that_cross_it_where_they_cross_its_place() -> None:
    """The first photograph's place, enlarged: what lies at a part of the place lies at that part of the inset."""
    cell = TableCell(OVER, FOUND, viz.Look(3), insets=((0, INSET),))
    page = Table(((cell,),), ("",), ("",), 175).page()
    lines = [line for line in page.findobj(Line2D) if line.get_gid() == "match-1"]
    assert len(lines) == 2, "one in the panel, one in the inset"
    own, big = (line.get_xydata() for line in sorted(lines, key=lambda line: line.get_zorder()))
    place, inset = sorted(
        (one for one in page.findobj(Rectangle) if one.get_linewidth() == 0.6), key=Rectangle.get_width
    )
    for before, after in zip(own, big, strict=True):
        at = (before - place.get_xy()) / (place.get_width(), place.get_height())
        shown = (after - inset.get_xy()) / (inset.get_width(), inset.get_height())
        np.testing.assert_allclose(shown, at, atol=0.02 * max(1, abs(at).max()))


def test_a_stroke_is_as_wide_on_a_narrow_page() -> None:
    def strokes(width: int) -> dict[str, float]:
        page = viz.draw(FOUND, OVER, width=width / 25.4).page()
        return {line.get_gid(): line.get_linewidth() for line in page.findobj(Line2D) if line.get_gid()}

    assert strokes(85) == strokes(175)


@pytest.mark.slow
@pytest.mark.parametrize("dpi", [100, 150, 300, 600])
@pytest.mark.parametrize("at", [0.31, 0.3237, 0.5])
def test_a_line_lies_where_its_match_is_to_a_part_of_a_dot(dpi: int, at: float) -> None:
    """Level lines are the hardest: put on whole dots, as matplotlib does, they would lie beside their ends."""
    white = replace(OVER, image0=np.full_like(OVER.image0, 255), image1=np.full_like(OVER.image1, 255))
    points = [np.array([[0.1, at]]) * image.shape[1::-1] for image in white.images]
    cells = np.zeros((1, 2), int)
    one = Explanation("x", 0.5, matches=Matches(cells, cells, *points, np.ones(1), np.zeros(1)))
    figure = viz.draw(one, white, viz.Look(1, 1, numbers=False), legend=False)
    page = figure.page()
    line = next(line for line in page.findobj(Line2D) if line.get_gid() == "match-1")
    shown = np.asarray(Image.open(io.BytesIO(figure.png(dpi))).convert("RGB")).astype(float)
    y = len(shown) - page.get_figheight() * dpi + line.get_ydata()[0] / 300 * dpi
    first, last = round(y) - dpi // 20, round(y) + dpi // 20
    ink = 255 - shown[first:last, shown.shape[1] // 4, 1]
    assert (ink * (np.arange(first, last) + 0.5)).sum() / ink.sum() == pytest.approx(y, abs=0.1)
    assert ink.sum() / (255 - 0x22) == pytest.approx(line.get_linewidth() / 72 * dpi, rel=0.03)
