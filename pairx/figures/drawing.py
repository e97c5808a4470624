"""From a computed figure to the bytes of a file. Computes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pairx import viz
from pairx.figures.captions import caption
from pairx.figures.cells import shown_of
from pairx.figures.computed import Figure, Panel
from pairx.figures.record import embedded, record
from pairx.figures.spec import FORMATS, Settings, Spec
from pairx.files import whole
from pairx.types import Explanation, InputError, Refusal
from pairx.viz.pointed import Answer
from pairx.viz.table import Region, Table, TableCell
from pairx.viz.table_scatter import TableScatter

_LAYERS = {
    "photographs": ("plain",),
    "map": ("map",),
    "matches": ("matches",),
    "colours": ("colours",),
    "both": ("matches", "colours"),
    "point": ("map",),
    "labels": ("map",),
}


def draw(figure: Figure, format: str, *, dpi: int | None = None, place: Path | None = None) -> bytes:
    """The figure's file: "pdf" or "svg" with vector lines and text, or "png". Equal figures are equal bytes.

    dpi: of a PNG, and of photographs in the others, by default the specification's. place: the folder that the file
    will lie in, from which the paths in its record start; by default the specification's. Raises InputError for another
    format, and where a PNG would be huge.
    """
    dpi = figure.spec.dpi if dpi is None else dpi
    return embedded(drawn(figure, format, dpi), format, record(figure, dpi, place or figure.folder))


def drawn(figure: Figure, format: str, dpi: int) -> bytes:
    """The figure's file without its record. Raises InputError as `draw`."""
    if format not in FORMATS:
        raise InputError(f"There is no format {format!r}: a figure is {', '.join(FORMATS)}.")
    table = replace(table_of(figure), dpi=dpi)
    return table.bitmap(dpi) if format == "png" else table.vector(format)


def save(figure: Figure, path: Path, dpi: int | None = None) -> None:
    """See `Figure.save`."""
    path = viz.Figure.checked(path)
    data = draw(figure, path.suffix[1:].lower(), dpi=dpi, place=path.absolute().parent)
    with whole(path) as new:
        new.write_bytes(data)


def table_of(figure: Figure) -> Table:
    """What is drawn of a figure, before it is."""
    spec, points = figure.spec, figure.points
    scatter = None if points is None else TableScatter(points.rows, points.metric, points.title, points.pins)
    return Table(
        tuple(tuple(_cell(panel, spec) for panel in row) for row in figure.panels),
        figure.row_titles,
        figure.column_titles,
        width=spec.width,
        size=spec.size,
        title=spec.title,
        caption=caption(figure),
        scale=spec.scale,
        bars=spec.bars,
        transparent=spec.ground == "transparent",
        scatter=scatter,
    )


def _cell(panel: Panel, spec: Spec) -> TableCell:
    settings, result = panel.settings, panel.result
    side = settings.side
    asked = panel.answer
    names = {label.name: number for number, label in enumerate(settings.labels or ())}
    colors = viz.match_colors(max(1, len(names)), "okabe-ito")
    return TableCell(
        panel.pair,
        result if isinstance(result, Explanation) else None,
        _look(settings, spec),
        _LAYERS[shown_of(settings)],
        (0, 1) if side in (None, 2) else (int(side or 0),),
        reason=f"cannot run: {result.reason}" if isinstance(result, Refusal) else "",
        correct=panel.correct if spec.outlines else None,
        insets=panel.insets,
        answer=None if asked is None else Answer(0, (*asked.point, *asked.point), asked.cells),
        regions=tuple(Region(one.name, colors[names[one.name]], one.mask0, one.mask1) for one in panel.transfers),
        number=panel.number,
    )


def _look(settings: Settings, spec: Spec) -> viz.Look:
    default = viz.Look()
    lines = default.k_lines if settings.lines is None else settings.lines
    return viz.Look(lines, settings.colours or default.k_colors, spec.opacity, spec.palette)
