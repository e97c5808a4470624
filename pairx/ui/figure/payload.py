"""What goes to the page of the Figure tab and comes back from it."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from pairx.ui.shared.payload import FileData


class FigureAsked(TypedDict):
    """text: the figure as JSON, names and values of its specification."""

    text: str


class FigureDownload(FigureAsked):
    """kind: one of `pairx.ui.figure.events.KINDS`."""

    kind: str


class FigureQuestion(TypedDict):
    """What the page wants to know: of photographs, as the specification names them, and of a model. ticket: number of
    the question."""

    ticket: int
    photos: list[str]
    model: str


class FigurePhoto(TypedDict):
    """A photograph of a row. thumb: a small picture; problem: why there is none."""

    name: str
    thumb: NotRequired[FileData]
    problem: NotRequired[str]


class FigureFacts(TypedDict):
    """The answer to a question: photos in its order; layers of its model, title and name."""

    ticket: int
    photos: list[FigurePhoto]
    model: str
    layers: list[tuple[str, str]]


class FigureOpened(TypedDict):
    """A figure that was uploaded, in place of the one in progress. asked: unlike any before."""

    figure: dict[str, Any]
    asked: str


class FigureValue(TypedDict):
    """A drawn figure. text: of the figure that it is of. width, height: mm. notes: what is not in it, and why."""

    text: str
    file: FileData
    width: float
    height: float
    notes: list[str]


class FigureColumn(TypedDict):
    """What a column may show. group: its heading. column: names and values of the specification."""

    title: str
    group: str
    column: dict[str, Any]


class FigureConstants(TypedDict):
    """columns: all that a column may show. widths, scales: value and title of each."""

    columns: list[FigureColumn]
    widths: list[tuple[str, str]]
    scales: list[tuple[str, str]]
