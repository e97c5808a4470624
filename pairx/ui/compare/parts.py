"""The parts of the page that the Compare tab alone uses."""

from __future__ import annotations

from typing import Any, ClassVar

from pairx import viz
from pairx.ui.compare.payload import BoardConstants, BoardDownload, BoardMeasure, BoardValue
from pairx.ui.shared.parts import Part


class Board(Part):
    """Shows panels in a grid, with one zoom and one opacity for all."""

    template = '<div class="px-viewer px-board"></div>'
    module = "compare/page/board.js"
    takes = BoardValue
    constants = BoardConstants
    sends: ClassVar = {"download": BoardDownload, "measure": BoardMeasure}

    def __init__(self, **how: Any) -> None:
        super().__init__(given=BoardConstants(opacity=viz.Look().opacity), **how)


class ChosenPair(Part):
    """The photographs, model and layer that the form holds, wholly in the browser."""

    template = '<div class="px-chosen"></div>'
    module = "compare/page/chosen.js"
