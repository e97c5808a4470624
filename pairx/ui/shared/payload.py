"""What goes to the page and comes back from it, of the parts that all tabs use.

`python -m tools.make_types` writes the same types for the page's scripts, as page/payloads.d.ts.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict


class FileData(TypedDict):
    """A file of gradio's cache, by its path; gradio adds the url from which the page fetches it."""

    path: str
    meta: dict[str, str]
    url: NotRequired[str]
    orig_name: NotRequired[str]


class InlinePhoto(TypedDict):
    """A photograph that travels within its value. src: a data URI. width, height: of the whole photograph, px."""

    src: str
    width: int
    height: int
    name: str


class FilePhoto(TypedDict):
    """A photograph that the page fetches. width, height: of the whole photograph, px."""

    file: FileData
    width: int
    height: int
    name: str


class StatusValue(TypedDict, total=False):
    """What runs and how far, or what went wrong."""

    text: str
    done: int
    total: int
    busy: bool
    error: bool


class StatusConstants(TypedDict):
    """event: its name on the page's bus, for the picture that it is about."""

    event: str | None


class MessengerConstants(TypedDict):
    """event: under which the page's bus gets the value."""

    event: str


class SheetConstants(TypedDict):
    """label: of the button, and of the sheet that it opens."""

    label: str


class StripEntry(TypedDict):
    """Ready photographs on one button. thumbs: data URIs."""

    id: str
    title: str
    caption: str
    thumbs: list[str]


class StripConstants(TypedDict):
    """label: of the whole strip."""

    label: str


class StripChoice(TypedDict):
    """The entry that was pressed."""

    id: str


class LookDefaults(TypedDict):
    """How a picture is drawn until somebody changes it. most_lines, most_colors: the largest values."""

    lines: int
    colors: int
    opacity: float
    most_lines: int
    most_colors: int


class LookValues(TypedDict, total=False):
    """How a picture is drawn. isolate: index of the only match that is drawn in full."""

    lines: int
    colors: int
    opacity: float
    palette: str
    isolate: int | None


class AskedPlace(TypedDict):
    """A place (x0, y0, x1, y1), fractions, of photograph `side`."""

    side: int
    place: list[float]


class Seen(TypedDict, total=False):
    """What is seen of a picture: zoom, the middle of each photograph's part, the place that is asked about, whether the
    colour maps are the large picture."""

    zoom: float
    centers: list[list[float]]
    point: AskedPlace | None
    colors_large: bool


class FigurePart(TypedDict):
    """A picture as a row and a column of a figure: names and values of its specification, see `pairx.figures`."""

    row: dict[str, Any]
    column: dict[str, Any]
