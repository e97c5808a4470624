"""A figure as its author specifies it: rows, columns, and how they look. Read from YAML by `pairx.figures.reading`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from pairx.figures.nodes import Node, Path

Box = tuple[float, float, float, float]

WIDTHS: dict[str, float] = {
    # Nature, "Final submission": one column 89 mm, two 183 mm.
    "nature-single": 89,
    "nature-double": 183,
    # Science, "Instructions for preparing a revised manuscript": 5.7, 12.1 or 18.4 cm.
    "science-single": 57,
    "science-double": 121,
    "science-triple": 184,
    # PNAS, "Digital figures": 8.7, 11.4 or 17.8 cm.
    "pnas-single": 87,
    "pnas-wide": 114,
    "pnas-double": 178,
    # PLOS, "Figures": 13.2 cm within the text, 19.05 cm at most.
    "plos-text": 132,
    "plos-page": 190.5,
    # Elsevier, "Artwork sizing": 90, 140 or 190 mm.
    "elsevier-single": 90,
    "elsevier-wide": 140,
    "elsevier-double": 190,
    # IEEE Author Center, "Resolution and size": one column 3.5 in, two 7.16 in.
    "ieee-column": 88.9,
    "ieee-page": 181.9,
    # CVPR and ICCV, author kit, "Formatting your paper": columns of 3 1/4 in, text 6 7/8 in wide.
    "cvpr-column": 82.6,
    "cvpr-page": 174.6,
    # NeurIPS, style file, section 2: text 5.5 in wide.
    "neurips-page": 139.7,
}
"""Millimetres of a journal's columns by name, as its guide for authors, which is named beside, has them."""
NARROWEST, WIDEST = 40.0, 420.0
"""Of a figure, mm."""
SHOWN = {
    "photographs": "the photographs as they are",
    "map": "what a method says of each place",
    "matches": "the map, and lines between its matches",
    "colours": "the pixels behind each match of PAIR-X, in its colour",
    "both": "matches above, colours below",
    "point": "what the second photograph answers to a place of the first",
    "labels": "labels of the first photograph, and where the method finds them in the second",
}
"""What a panel may show."""
SIDES = ("first", "second")
SCALES = ("panel", "row", "column", "all")
GROUNDS = ("light", "transparent")
FORMATS = ("pdf", "svg", "png")


@dataclass(frozen=True)
class Photograph:
    """source: `sample:ID`, or a path, relative to the specification's folder. box, theta, mirrored: as
    `pairx.images.load_image` takes them. id: what a run calls it, whose source is a whole path. line: where it
    stands."""

    source: str
    box: Box | None = None
    theta: float = 0.0
    mirrored: bool = False
    id: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Pair:
    """Two photographs. correct: whether they show one individual, None where nobody says."""

    a: Photograph
    b: Photograph
    correct: bool | None = None


@dataclass(frozen=True)
class FromRun:
    """Pairs of a run. run: `sample`, or its folder. view: the words of `pairx.figures.pairs.VIEWS`, or "". pairs:
    image_ids, where some were named instead. first: how many of the view. layer, metric: by default the run's first."""

    run: str
    view: str = ""
    first: int = 1
    layer: str | None = None
    metric: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Model:
    """A model by name, or from weights. random: whether its weights are random, drawn from one seed."""

    name: str
    weights: str | None = None
    random: bool = False
    size: tuple[int, int] | None = None
    resize: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Inset:
    """A zoom on a place. side: 0 or 1, the photograph. box: (x, y, w, h), pixels of the photograph, or fractions."""

    side: int
    box: Box


@dataclass(frozen=True)
class Label:
    """A part of the first photograph with a name. box: (x, y, w, h), pixels or fractions; mask: an image whose bright
    pixels are the part."""

    name: str
    box: Box | None = None
    mask: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Settings:
    """What a panel is made of. None is not said here: a row says it, a column, or the figure; a column goes before its
    row, and both before the figure. background: a word, or a photograph. point: x/y in the first photograph, pixels or
    fractions. side: 0 or 1, the only photograph shown; 2 is both. options: of the method, by name."""

    pair: Pair | FromRun | None = None
    model: Model | None = None
    layer: str | None = None
    method: str | None = None
    options: tuple[tuple[str, Any], ...] | None = None
    background: str | Photograph | None = None
    point: tuple[float, float] | None = None
    labels: tuple[Label, ...] | None = None
    insets: tuple[Inset, ...] | None = None
    show: str | None = None
    side: int | None = None
    lines: int | None = None
    colours: int | None = None

    def over(self, other: Settings) -> Settings:
        """These, and the other's where these say nothing."""
        said = {one.name: getattr(self, one.name) for one in fields(self)}
        merged = replace(other, **{name: value for name, value in said.items() if value is not None})
        both = dict(other.options or ()) | dict(self.options or ())
        return replace(merged, options=tuple(both.items()) or None)


@dataclass(frozen=True)
class Entry:
    """A row or a column. title: None for one made from what it varies, "" for none."""

    settings: Settings
    title: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Scatter:
    """A run as points beside the panels, whose pairs are pinned to theirs. metric, layer: by default the run's
    first."""

    run: str
    metric: str | None = None
    layer: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Spec:
    """A figure. base: the settings of all panels. width: mm. size: of its letters, points. scale: which panels share
    their colours' scale. source: what it was read from. paths: where in that there are paths of files."""

    rows: tuple[Entry, ...]
    columns: tuple[Entry, ...]
    base: Settings = Settings()
    title: str = ""
    width: float = 183.0
    size: float = 7.0
    ground: str = "light"
    dpi: int = 300
    scale: str = "panel"
    bars: bool = True
    caption: bool = True
    outlines: bool = False
    palette: str = "bright"
    opacity: float = 0.75
    scatter: Scatter | None = None
    source: Node | None = field(default=None, compare=False)
    paths: tuple[Path, ...] = field(default=(), compare=False)

    def cell(self, row: Entry, column: Entry) -> Settings:
        """The settings of one panel."""
        return column.settings.over(row.settings).over(self.base)
