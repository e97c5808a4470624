"""What goes to the page of the Compare tab and comes back from it: a board, the panel of each method as a file."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from pairx.ui.explain.payload import SeenLook
from pairx.ui.shared.payload import FigurePart, FileData, FilePhoto, LookDefaults, StatusValue


class PanelMark(TypedDict):
    """A match. rank: from 1. at: with so many lines it is drawn. against: whether it lowers the similarity. width: of
    its line."""

    rank: int
    at: int
    points: list[tuple[float, float]]
    against: bool
    width: float


class TensorForm(TypedDict):
    """shape: (h0, w0, h1, w1). step: the value of 1. scale: the |value| in full colour."""

    shape: tuple[int, int, int, int]
    step: float
    scale: float


class PanelScene(TypedDict):
    """One method's panel, or the reason why it cannot run. card: name and text of each fact. traced: matches that get a
    colour at most. sampled: how far sampling got, or nothing."""

    card: list[tuple[str, str]]
    background: NotRequired[str]
    reason: NotRequired[str]
    seconds: NotRequired[str]
    sampled: NotRequired[str]
    signed: NotRequired[bool]
    note: NotRequired[str]
    notes: NotRequired[list[str]]
    similarity: NotRequired[float]
    heat: NotRequired[list[str | None]]
    extents: NotRequired[list[tuple[float, float, float, float] | None]]
    colors: NotRequired[list[str]]
    banner: NotRequired[str]
    marks: NotRequired[list[PanelMark]]
    traced: NotRequired[int]
    tensor: NotRequired[TensorForm]


class PanelFiles(TypedDict):
    """file: with a `PanelScene`, None until the method is through. tensor: its values, where it has any."""

    file: FileData | None
    tensor: FileData | None


class MeasuredRow(TypedDict):
    """A number in words, and what it means."""

    name: str
    value: str
    meaning: NotRequired[str]


class MeasuredPanel(TypedDict):
    """Faithfulness. drop, random: by how much the similarity falls when the 30 % that the map rates highest are
    blurred, or 30 % at random, the mean of both photographs; None without a map. line: in words. rows: of the card."""

    drop: float | None
    random: float | None
    line: str
    rows: list[MeasuredRow]


class JudgedLine(TypedDict):
    """A few words on a method. fails: what of them it fails, such as "no better than a random map"."""

    text: str
    fails: str


class JudgedRow(TypedDict):
    """How a method fared by a criterion. higher: whether more is better. text: mean and interval. fails: what it is no
    better than, in words."""

    criterion: str
    title: str
    higher: bool
    mean: float
    text: str
    fails: str


class PanelJudged(TypedDict):
    """How a panel's method fared on its model. judgement: its id. about: pairs, model and layer, in words."""

    judgement: str
    dataset: str
    about: str
    line: list[JudgedLine]
    rows: list[JudgedRow]


class BoardPanel(PanelFiles):
    """A cell of the comparison. id: as in `BoardValue.order`. about: its method where the title is of something else.
    pair: which of the board's. measured: its faithfulness where it is known. judged: None where nobody judged it on
    its model. figure: None while it cannot be in one."""

    id: str
    title: str
    about: str
    family: str
    pair: int
    measured: MeasuredPanel | None
    judged: PanelJudged | None
    figure: FigurePart | None


class Choosing(TypedDict):
    """What is compared. axis, choices: ids of `pairx.ui.compare.axes`, None where nobody chose. methods: by which,
    where the axis is another."""

    axis: str
    choices: list[str] | None
    methods: list[str]


class BoardValue(TypedDict):
    """The panels of a comparison, which fill as their files come. run: its id. pairs: both photographs of each. ends:
    what blue and red mean. asked, form: what it answers. link: the query of its pair. background: as a link names it.
    columns: how many stand in a row, 0 for as many as fit. expected: how long what is missing takes, in words. over:
    whether no more files come."""

    run: str
    pairs: list[tuple[FilePhoto, FilePhoto]]
    about: str
    ends: list[str]
    asked: Choosing
    form: list[str]
    link: dict[str, str]
    background: str
    columns: int
    expected: str
    over: bool
    panels: list[BoardPanel]


class BoardConstants(TypedDict):
    """names: of all parameters that a link may hold. look: until somebody changes it. palettes: by name, the colours
    for every number of coloured matches. neutral, against, casings: of all other marks."""

    names: list[str]
    look: LookDefaults
    palettes: dict[str, list[list[str]]]
    neutral: str
    against: str
    casings: list[str]


class BoardDownload(TypedDict):
    """kind: one of `pairx.ui.compare.files.KINDS`, and of one panel, its id, of `pairx.ui.shared.export.KINDS`. order:
    the panels as they stand. width: of the page, mm. seconds, cautions: whether they are printed."""

    kind: str
    id: NotRequired[str]
    order: list[str]
    look: SeenLook
    width: int
    seconds: bool
    cautions: bool


class BoardMeasure(TypedDict):
    """Whose faithfulness is to be measured, by the panels' ids."""

    run: str
    ids: list[str]


class Measured(TypedDict):
    """found: by the panels' ids."""

    run: str
    found: dict[str, MeasuredPanel]


class RunStatus(StatusValue, total=False):
    """What runs and how far, or what went wrong. panel: id of the one that is computed. share: of it, 0 to 1. left:
    seconds until it is through, as far as can be said."""

    panel: str
    share: float
    left: float


class ChooserEntry(TypedDict):
    """A choice. seconds: that it takes in words, "" where nothing is known."""

    id: str
    title: str
    group: str
    seconds: str


class ChooserAxis(TypedDict):
    """What may be varied. default: the choices until somebody chooses. method: by which, "" where the choices are the
    methods; methods: those that can be compared along it."""

    id: str
    title: str
    info: str
    choices: list[ChooserEntry]
    default: list[str]
    method: str
    methods: list[str]


class ChooserPreset(TypedDict):
    """A button that chooses."""

    title: str
    choices: list[str]


class ChooserValue(TypedDict):
    """All that may be chosen. presets: of the methods."""

    axes: list[ChooserAxis]
    presets: list[ChooserPreset]


class ChooserConstants(TypedDict):
    """own: the choice of a background that leaves each method its own. photograph: the one that takes another."""

    own: str
    photograph: str
