"""The parts of the page that the Compare tab alone uses."""

from __future__ import annotations

from typing import Any, ClassVar

from pairx import viz
from pairx.ui.compare.background import OWN, PHOTOGRAPH
from pairx.ui.compare.payload import (
    BoardConstants,
    BoardDownload,
    BoardMeasure,
    BoardValue,
    ChooserConstants,
    ChooserValue,
    Choosing,
)
from pairx.ui.explain.parts import look_defaults
from pairx.ui.shared.links import MOST_COLORS, NAMES
from pairx.ui.shared.parts import Part


class Chooser(Part):
    """What is compared: axis, choices, methods."""

    template = '<div class="px-chooser"></div>'
    module = "compare/page/chooser.js"
    takes = ChooserValue
    constants = ChooserConstants
    sends: ClassVar = {"ask": Choosing}

    def __init__(self, value: ChooserValue | None = None, **how: Any) -> None:
        super().__init__(value, ChooserConstants(own=OWN, photograph=PHOTOGRAPH), **how)


class CompareButtons(Part):
    """Start and stop a comparison."""

    template = '<div class="px-compare-buttons"></div>'
    module = "compare/page/buttons.js"
    sends: ClassVar = {"go": Choosing, "halt": dict[str, str]}


class Board(Part):
    """Shows panels in a grid, with one zoom and one opacity for all."""

    template = '<div class="px-viewer px-board"></div>'
    module = "compare/page/board.js"
    takes = BoardValue
    constants = BoardConstants
    sends: ClassVar = {"download": BoardDownload, "measure": BoardMeasure}

    def __init__(self, **how: Any) -> None:
        palettes = {name: [list(viz.match_colors(n, name)) for n in range(MOST_COLORS + 1)] for name in viz.palettes()}
        given = BoardConstants(
            names=[*NAMES],
            look=look_defaults(),
            palettes=palettes,
            neutral=viz.NEUTRAL,
            against=viz.AGAINST,
            casings=[*viz.CASINGS],
        )
        super().__init__(given=given, **how)


class ChosenPair(Part):
    """The photographs, model and layer that the form holds, wholly in the browser."""

    template = '<div class="px-chosen"></div>'
    module = "compare/page/chosen.js"
