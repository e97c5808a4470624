"""The parts of the page that the Figure tab alone uses."""

from __future__ import annotations

from typing import Any, ClassVar

from pairx.figures import WIDTHS
from pairx.methods import cards
from pairx.ui.figure.payload import (
    FigureAsked,
    FigureColumn,
    FigureConstants,
    FigureDownload,
    FigureQuestion,
    FigureValue,
)
from pairx.ui.shared.parts import Part
from pairx.ui.shared.words import capitalised

_PHOTOGRAPHS, _PAIRX = "Photographs", "PAIR-X"
ALONE = [
    FigureColumn(title="Both photographs", group=_PHOTOGRAPHS, column={"show": "photographs"}),
    FigureColumn(title="First photograph", group=_PHOTOGRAPHS, column={"show": "photographs", "photograph": "first"}),
    FigureColumn(title="Second photograph", group=_PHOTOGRAPHS, column={"show": "photographs", "photograph": "second"}),
    FigureColumn(title="PAIR-X", group=_PAIRX, column={"method": "pair-x"}),
    FigureColumn(title="Pixels behind the matches", group=_PAIRX, column={"method": "pair-x", "show": "colours"}),
    FigureColumn(title="Matches and pixels", group=_PAIRX, column={"method": "pair-x", "show": "both"}),
]
SCALES = [
    ("panel", "Each panel has its own"),
    ("row", "Shared by a row"),
    ("column", "Shared by a column"),
    ("all", "Shared by all"),
]


def columns() -> list[FigureColumn]:
    """All that a column may show."""
    others = [card for name, card in cards().items() if name != "pair-x"]
    return ALONE + [
        FigureColumn(title=card.title, group=capitalised(card.family), column={"method": card.name}) for card in others
    ]


def widths() -> list[tuple[str, str]]:
    """Widths of a figure: two plain ones, then those of journals by name."""
    plain = [("85", "85 mm, one column"), ("175", "175 mm, two columns")]
    return plain + [(name, f"{_journal(name)}, {width:g} mm") for name, width in WIDTHS.items()]


def _journal(name: str) -> str:
    """A column of a journal in words."""
    journal, _, column = name.partition("-")
    written = {"neurips": "NeurIPS", **{one: one.capitalize() for one in ("nature", "science", "elsevier")}}
    return f"{written.get(journal, journal.upper())}, {column}"


class FigureLists(Part):
    """Rows, columns and options of the figure in progress, which the browser keeps."""

    template = '<div class="px-figure-lists"></div>'
    module = "figure/page/lists.js"
    constants = FigureConstants
    sends: ClassVar = {"look": FigureQuestion}

    def __init__(self, **how: Any) -> None:
        super().__init__(given=FigureConstants(columns=columns(), widths=widths(), scales=SCALES), **how)


class FigureButtons(Part):
    """Draw the figure, and stop that."""

    template = '<div class="px-figure-buttons"></div>'
    module = "figure/page/buttons.js"
    sends: ClassVar = {"go": FigureAsked, "halt": dict[str, str]}


class FigurePreview(Part):
    """The figure at its true size, and its files."""

    template = '<div class="px-viewer px-figure-view"></div>'
    module = "figure/page/preview.js"
    takes = FigureValue
    sends: ClassVar = {"download": FigureDownload}
