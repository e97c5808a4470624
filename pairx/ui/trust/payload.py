"""What goes to the page of the Trust tab and comes back: a judgement as a table, and the pairs behind a number."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from pairx.ui.shared.payload import FileData


class TrustCriterion(TypedDict):
    """What methods are judged by. group: which table it stands in. higher: whether more is better. needs: what a data
    set has to know, in words. beats: the controls that a method has to beat, in words. page: where the documentation
    has it."""

    name: str
    title: str
    group: str
    unit: str
    higher: bool
    needs: str
    beats: str
    paper: str
    definition: str
    page: str


class TrustConstants(TypedDict):
    """names: of all parameters that a link may hold. criteria: all, in the order they are shown."""

    names: list[str]
    criteria: list[TrustCriterion]


class TrustCell(TypedDict):
    """How a method fared by a criterion. low, high: the 95 % interval of the mean, None where it is not known. text,
    interval, difference: mean, its interval, and how far it is from the reference, in words, "" where it is not known.
    count: how many pairs and individuals. fails: what it is no better than, in words; short: the controls' names."""

    mean: float
    low: float | None
    high: float | None
    text: str
    interval: str
    difference: str
    count: str
    fails: str
    short: str


class TrustRow(TypedDict):
    """A method or a control. card: name and text of each fact. cells: by the criterion's name."""

    method: str
    title: str
    control: bool
    card: list[tuple[str, str]]
    cells: dict[str, TrustCell]


class TrustChoice(TypedDict):
    """A judgement that can be chosen."""

    id: str
    title: str


class TrustValue(TypedDict, total=False):
    """A judgement. chosen: its id. choices: all that there are. about: data set, pairs, model and layer, in words.
    command: that makes it. notes: what was left out. problem: why nothing is shown."""

    chosen: str
    choices: list[TrustChoice]
    about: str
    command: str
    notes: list[str]
    rows: list[TrustRow]
    problem: str


class TrustAsked(TypedDict):
    """A judgement by its id."""

    judgement: str


class TrustCellAsked(TypedDict):
    """Whose pairs are asked for. ticket: number of the question."""

    ticket: int
    judgement: str
    method: str
    criterion: str


class TrustPair(TypedDict):
    """A pair behind a number. value: of it alone, in words. names: of both photographs. files: small pictures.
    explain, compare: addresses that open it. problem: why it cannot be shown."""

    value: str
    names: list[str]
    files: NotRequired[list[FileData]]
    explain: NotRequired[str]
    compare: NotRequired[str]
    problem: NotRequired[str]


class TrustPairs(TypedDict):
    """The pairs behind a number: the best and the worst, the most extreme first. note: what to beware of."""

    ticket: int
    best: list[TrustPair]
    worst: list[TrustPair]
    note: str
