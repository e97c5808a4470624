"""A panel of the comparison as a row and a column of a figure."""

from __future__ import annotations

from dataclasses import replace

from pairx.ui.compare.axes import Cell
from pairx.ui.shared.figures import of_ref, part_of
from pairx.ui.shared.payload import FigurePart
from pairx.ui.shared.session import AppState, takes_background


def part_of_panel(cell: Cell, app_state: AppState, model: str, layer: str) -> FigurePart | None:
    """The row is the panel's pair at the comparison's model and layer; the column is its method, with what it varies.
    None while nobody knows at which layer the panel's model is looked at."""
    samples, request = app_state.shelf.samples, cell.request
    facts = app_state.facts.get(request.model)
    own = request.layer or (facts.default_layer if facts else "")
    if not own:
        return None
    part = part_of(replace(request, model=model, layer=layer), samples, cell.method)
    column = part["column"]
    if (request.model, own) != (model, layer):
        column |= {"layer": own} if request.model == model else {"model": request.model, "layer": own}
    if request.background is not None and takes_background(cell.method):
        background = request.background
        column["background"] = background if isinstance(background, str) else of_ref(background, samples)
    return part
