"""What a link says of how a picture is seen: zoom, part, the place that is asked about. Written by seen.js."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pairx import viz
from pairx.ui.shared.payload import AskedPlace, Seen

NAMES = ("view", "point", "large")
"""The query parameters: `view` is zoom and the middle of each photograph's part; `point` a photograph with a place, or
with the corners of a box; `large` the picture that is the large one."""
_VIEW = re.compile(r"[0-9]{1,2}(\.[0-9]{1,4})?(,[01](\.[0-9]{1,4})?){4}")
_POINT = re.compile(r"[ab](,[01](\.[0-9]{1,4})?){2}((,[01](\.[0-9]{1,4})?){2})?")


def read(params: Mapping[str, str]) -> Seen:
    """Of a query, what can be meant of it; places are fractions."""
    seen = Seen()
    view = str(params.get("view", ""))
    if _VIEW.fullmatch(view):
        zoom, *places = map(float, view.split(","))
        if 1 <= zoom <= viz.MOST_ZOOM and max(places) <= 1:
            seen |= {"zoom": zoom, "centers": [places[:2], places[2:]]}
    if point := _point(str(params.get("point", ""))):
        seen["point"] = point
    if params.get("large") == "colors":
        seen["colors_large"] = True
    return seen


def _point(text: str) -> AskedPlace | None:
    if not _POINT.fullmatch(text):
        return None
    side, *numbers = text.split(",")
    corners = [float(one) for one in numbers]
    x0, y0, x1, y1 = corners if len(corners) == 4 else (*corners, *corners)
    inside = max(corners) <= 1 and ((x0 < x1 and y0 < y1) or len(corners) == 2)
    return {"side": "ab".index(side), "place": [x0, y0, x1, y1]} if inside else None
