"""What goes to the page of the Explore tab and comes back from it: a run, a pair, pages of pairs, tables."""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

from pairx.ui.shared.payload import FigurePart, FileData, FilePhoto, StatusValue


class RunView(TypedDict):
    """A ready-made view: the numbers of its pairs, in its order."""

    id: str
    title: str
    meaning: str
    numbers: list[int]


class Turn(TypedDict):
    """What a button leads to: one of `pairx.ui.explore.doubts.TURNS`."""

    to: str
    label: str


class Doubt(TypedDict, total=False):
    """What speaks against a metric. grey: whether the plot fades."""

    text: str
    turns: list[Turn]
    grey: bool


class RunScene(TypedDict):
    """All that the page needs to draw a choice of a run, its views and its table. key: of the choice. link: its query.
    sentence: rho and Delta. figure: of plotly. number and those after it: a column each, with one entry a pair."""

    key: str
    run: str
    link: dict[str, str]
    layer: str
    metric: str
    sentence: str
    doubt: Doubt
    figure: Any
    number: list[int]
    correct: list[int]
    cosine: list[float]
    value: list[float | None]
    query_id: list[str]
    gallery_id: list[str]
    query_identity: list[str]
    gallery_identity: list[str]
    status: list[str]
    n_matches: list[int]
    transform_inliers: list[int]
    views: list[RunView]


class Show(TypedDict):
    """The view, or numbers that are selected by hand, and the pair to begin with, and what to say of them."""

    view: NotRequired[str | None]
    selected: NotRequired[list[int]]
    number: NotRequired[int | None]
    note: str


class PlotValue(TypedDict, total=False):
    """scene: a file with a `RunScene`. note: what is wrong, where there is none. asked: unlike any before."""

    scene: FileData
    show: Show
    note: str
    asked: str


class PlotConstants(TypedDict):
    """plotly: address of its script. names: of all query parameters that a link may hold."""

    plotly: str
    names: list[str]


class PairChoice(TypedDict):
    """A pair that was chosen. ticket: number of the click."""

    number: int
    ticket: int
    run: str
    layer: str


class PairWish(TypedDict):
    """A pair that will probably be chosen next; None where none will. ticket: number of the wish."""

    number: int | None
    ticket: int
    run: str
    layer: str


class RunQuery(TypedDict):
    """A view of the browser's history. query: of its link."""

    query: dict[str, str]


class PlotTurn(TypedDict):
    """A button of a `Doubt` was pressed."""

    to: str


class ViewChipsConstants(TypedDict):
    """reviews: whether pairs can be sent to be reviewed."""

    reviews: bool


class PairsReview(TypedDict):
    """The pairs on show are to be reviewed, in this order. view: the ready-made one that they are, None where a person
    selected them."""

    run: str
    layer: str
    metric: str
    view: str | None
    numbers: list[int]


class PairsDownload(TypedDict):
    """kind: one of `pairx.ui.explore.downloads.KINDS`. numbers: of the selected pairs, None for all on show. ranges: of
    the plot's axes that are seen, by "x" and "y"."""

    kind: str
    numbers: list[int] | None
    ranges: NotRequired[dict[str, list[float]]]


class PairText(TypedDict):
    """A chosen pair in words. scores: name, value and the control's value."""

    number: int
    layer: str
    correct: bool
    owners: str
    photos: list[FilePhoto]
    scores: list[tuple[str, str, str]]
    about: str
    figure: FigurePart


class PairValue(TypedDict):
    """The pair of a click, then its explanation. scene: a file with a `pairx.ui.explain.payload.Scene`. link: to the
    same pair in the tab Explain. done, total: of what is under way."""

    ticket: int
    pair: PairText | None
    note: NotRequired[str]
    error: NotRequired[bool]
    busy: NotRequired[bool]
    done: NotRequired[int]
    total: NotRequired[int]
    scene: NotRequired[FileData]
    link: NotRequired[str]


class PairConstants(TypedDict):
    """lines: matches that are drawn as lines. opacity: of what is drawn over the photographs, 0 to 1."""

    lines: int
    opacity: float


class Ticket(TypedDict):
    """Number of a click."""

    ticket: int


class Thumbnail(TypedDict, total=False):
    """A file as a `FileData`, or why there is none."""

    path: str
    meta: dict[str, str]
    url: str
    problem: str


class GalleryItem(TypedDict):
    """The two photographs of a pair."""

    number: int
    files: list[Thumbnail]


class GalleryValue(TypedDict):
    """A page of pairs, as an answer to the request with this ticket."""

    ticket: int
    items: list[GalleryItem]
    note: NotRequired[str]


class GalleryConstants(TypedDict):
    """page: pairs on a page."""

    page: int


class Browse(TypedDict):
    """A page of pairs is wanted."""

    numbers: list[int]
    ticket: int
    run: str


class RunEntry(TypedDict):
    """A run in the list."""

    name: str
    hint: str
    finished: bool
    resumable: bool


class RunWatchConstants(TypedDict):
    """tab: title of the tab that shows whether a run is under way."""

    tab: str


class RunsValue(TypedDict):
    """What is known of the runs. at: when the server looked, seconds that only rise: what it says later holds, in
    whatever order its answers come. running: name of the run under way. finished: of the last that came to its end.
    status: how far it is, or what became of it; without one, what was said stays. begun: only in an answer to Start or
    Continue, the name of the run that began, None where none did."""

    at: float
    runs: list[RunEntry]
    running: str | None
    finished: str | None
    status: NotRequired[StatusValue]
    begun: NotRequired[str | None]


class RunName(TypedDict):
    """The run that was chosen."""

    name: str


class Table(TypedDict):
    """A table of texts."""

    title: str
    head: list[str]
    rows: list[list[str]]


class TablesValue(TypedDict):
    """Tables, and what to say above them."""

    tables: list[Table]
    note: NotRequired[str]
