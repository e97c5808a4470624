"""What goes to the page of the Explain tab and comes back from it: a scene, places, downloads."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from pairx.ui.shared.payload import AskedPlace, FigurePart, FileData, InlinePhoto, LookDefaults, LookValues, Seen


class SceneMark(TypedDict):
    """A match. rank: from 1. at: with so many lines it is drawn. points: x/y in each photograph, fractions. share: of
    the magnitudes of all matches' relevance, with its sign. against: whether it lowers the similarity. width: of its
    line."""

    rank: int
    at: int
    points: list[tuple[float, float]]
    share: float
    against: bool
    width: float


class Scale(TypedDict):
    """A legend of the heat: its colours, what its two ends mean, and their values."""

    colors: list[str]
    low: str
    high: str
    ends: tuple[float, float]
    title: str


class Scene(TypedDict):
    """All that the page needs to draw an explanation in any look.

    heat: of each photograph, data URIs. extents: what the model sees of each, (x, y, w, h) in fractions. alphas: of
    each photograph, the opacity map of each traced match, data URIs. palettes: by name, the colours for every number of
    traced matches. casings: around strong and weak marks. fade: how grey and how faint a photograph is below colours.
    signed: colours from -1 to 1. grids: rows and columns of each photograph's cells. matches: their number.
    """

    similarity: float
    photos: list[InlinePhoto]
    heat: list[str | None]
    extents: list[tuple[float, float, float, float] | None]
    marks: list[SceneMark]
    alphas: list[list[str]]
    palettes: dict[str, list[list[str]]]
    neutral: str
    against: str
    banner: str
    paint_banner: str
    casings: list[str]
    faint: float
    fade: list[float]
    scales: list[Scale]
    signed: list[str]
    grids: list[tuple[int, int] | None]
    notes: list[str]
    matches: int


class ReferenceText(TypedDict):
    """What a similarity is compared with, and what that says of it."""

    title: str
    sentence: str
    caution: str


class AnsweredScene(Scene):
    """A scene with its words. key: of its result. sample: id of the sample pair that it is. own: whether a photograph
    is no sample. link: its query. form: the values that it answers, in the form's order."""

    key: str
    sample: str | None
    own: bool
    story: str
    references: list[ReferenceText]
    about: str
    link: dict[str, str]
    form: list[str]
    figure: FigurePart


class ViewerValue(TypedDict):
    """scene: a file with an `AnsweredScene`. look, match, seen: what a link asks for. quiet: nobody asked for it. back:
    whether the browser's history asked. asked: unlike any before, so that the page draws it."""

    scene: FileData
    look: NotRequired[LookValues]
    match: NotRequired[int | None]
    seen: NotRequired[Seen]
    quiet: bool
    back: NotRequired[bool]
    asked: NotRequired[str]


class ViewerConstants(TypedDict):
    """names: of all query parameters that a link may hold. look: until somebody changes it."""

    names: list[str]
    look: LookDefaults


class SeenLook(LookValues, Seen, total=False):
    """A look with what else is seen."""


class ViewerDownload(TypedDict):
    """kind: one of `pairx.ui.shared.export.KINDS`, html or gif. key: of the scene on show."""

    kind: str
    look: SeenLook
    key: str


class ViewerQuery(TypedDict):
    """The query of a link that is to be opened."""

    query: dict[str, str]


class PointQuestion(AskedPlace):
    """key: of the scene on show. ticket: comes back."""

    key: str
    ticket: int


class PointAnswer(TypedDict):
    """What each cell (h, w) of the other photograph adds, and the |value| in full colour; or why there is none."""

    ticket: int
    error: NotRequired[str]
    cells: NotRequired[list[float]]
    grid: NotRequired[tuple[int, int]]
    scale: NotRequired[float]


class WellChoice(TypedDict):
    """The photograph whose part is to be chosen."""

    side: int


class WellAnswer(TypedDict):
    """A whole photograph whose part is to be chosen, and the part that is looked at now. box: None is all of it."""

    side: int
    file: FileData
    box: list[int] | None
    turns: int
    mirrored: bool


class WellCut(TypedDict):
    """A part of photograph `side`. box: (x, y, w, h) in its pixels. turns: quarter turns clockwise. mirrored: after
    that."""

    side: int
    box: list[float]
    turns: int
    mirrored: bool
