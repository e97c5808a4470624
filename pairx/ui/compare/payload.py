"""What goes to the page of the Compare tab and comes back from it: a board, the panel of each method as a file."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from pairx.ui.shared.payload import FileData, FilePhoto


class PanelMark(TypedDict):
    """A match, with the colours of its line and of what surrounds it."""

    rank: int
    points: list[tuple[float, float]]
    color: str
    casing: str
    against: bool
    width: float


class TensorForm(TypedDict):
    """shape: (h0, w0, h1, w1). step: the value of 1. scale: the |value| in full colour."""

    shape: tuple[int, int, int, int]
    step: float
    scale: float


class PanelScene(TypedDict):
    """One method's panel, or the reason why it cannot run. card: name and text of each fact."""

    card: list[tuple[str, str]]
    background: NotRequired[str]
    reason: NotRequired[str]
    seconds: NotRequired[str]
    signed: NotRequired[bool]
    note: NotRequired[str]
    notes: NotRequired[list[str]]
    similarity: NotRequired[float]
    heat: NotRequired[list[str | None]]
    extents: NotRequired[list[tuple[float, float, float, float] | None]]
    colors: NotRequired[list[str]]
    banner: NotRequired[str]
    marks: NotRequired[list[PanelMark]]
    tensor: NotRequired[TensorForm]


class PanelFiles(TypedDict):
    """file: with a `PanelScene`, None until the method is through. tensor: its values, where it has any."""

    file: FileData | None
    tensor: FileData | None


class BoardPanel(PanelFiles):
    """A method on the board."""

    title: str
    name: str


class BoardValue(TypedDict):
    """The panels of one run, which fill as their files come. ends: what blue and red mean. form: what it compares.
    over: whether no more files come."""

    run: str
    photos: list[FilePhoto]
    about: str
    ends: list[str]
    form: list[str]
    over: bool
    panels: list[BoardPanel]


class BoardConstants(TypedDict):
    """opacity: of the maps until somebody changes it."""

    opacity: float


class BoardDownload(TypedDict):
    """kind: one of `pairx.ui.compare.events.KINDS`, and of one panel, its name, of `pairx.ui.shared.export.KINDS`."""

    kind: str
    name: NotRequired[str]
    opacity: float


class BoardMeasure(TypedDict):
    """Whose faithfulness is to be measured."""

    run: str
    names: list[str]


class MeasuredRow(TypedDict):
    """A number in words, and what it means."""

    name: str
    value: str
    meaning: NotRequired[str]


class MeasuredPanel(TypedDict):
    """Faithfulness in words: the line under a panel, and rows for its card."""

    line: str
    rows: list[MeasuredRow]


class Measured(TypedDict):
    """found: by method."""

    run: str
    found: dict[str, MeasuredPanel]
