"""What one photograph answers to a place in the other: as a scene, and printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pairx.types import Extent
from pairx.viz import maps
from pairx.viz.layout import Box
from pairx.viz.place import Place, Point, Pointed, inside, shared
from pairx.viz.scene import Scene, signed_colors

_INK, _CASING = "#16181c", "#ffffff"
_THINNEST = 0.6  # points of a mark's stroke
_FINE = 8  # px a cell, at which the outline of a box's partners is taken


@dataclass(frozen=True)
class Answer:
    """What one photograph answers to a place in the other. side: 0 or 1, the photograph whose place was pointed at.
    place: (x0, y0, x1, y1) in fractions, a point where it has no area. cells: (h, w) what each cell of the other
    photograph adds to the similarity together with it, raw."""

    side: int
    place: Place
    cells: np.ndarray


def answered(scene: Scene, answer: Answer, scale: float | None = None) -> Scene:
    """The scene of an answer, in place of what the method says of the whole photographs. scale: the |value| painted in
    full colour, None for its own."""
    side, place, cells = answer.side, answer.place, answer.cells
    extents = [extent or (0.0, 0.0, 1.0, 1.0) for extent in (scene.extent0, scene.extent1)]
    scale = maps.scale_of(cells) if scale is None else scale
    fine = maps.upsample(cells, max(maps.FINE, cells.shape[0]), max(maps.FINE, cells.shape[1]))
    heat = maps.diverging(fine / scale if scale else fine)
    pointed = Pointed(side, place, _strongest(cells, extents[1 - side]))
    if not pointed.is_point:
        pointed = replace(pointed, outline=_outline(cells, place, extents[side], extents[1 - side]))
    what = "crossed" if pointed.is_point else "framed"
    return replace(
        scene,
        heat0=heat if side == 1 else None,
        heat1=heat if side == 0 else None,
        paint0=None,
        paint1=None,
        marks=(),
        banner="",
        paint_banner="",
        heat_scale=scale,
        heat_colors=signed_colors(),
        heat_low=-scale,
        heat_words=("lowers similarity", "raises similarity"),
        legend=(
            scene.legend[0].replace("pair-x", "point to point", 1),
            scene.legend[1].split(" · ")[0],
            f"what each place of {'BA'[side]} adds together with the {what} one of {'AB'[side]}; ringed: the strongest",
        ),
        pointed=pointed,
    )


def _strongest(cells: np.ndarray, extent: Extent) -> Point:
    """Centre of the strongest cell that lies in the photograph, in fractions of it."""
    x, y, w, h = extent
    rows, columns = cells.shape
    for at in np.argsort(-cells, axis=None, kind="stable").tolist():
        point = x + (at % columns + 0.5) / columns * w, y + (at // columns + 0.5) / rows * h
        if inside(point):
            return point
    return 0.5, 0.5


def _outline(cells: np.ndarray, place: Place, own: Extent, other: Extent) -> tuple[np.ndarray, ...]:
    """Around as large a part of the other photograph's extent as the box is of its own, where the evidence is
    strongest."""
    x0, y0, x1, y1 = place
    _, _, w, h = shared((x0, y0, x1 - x0, y1 - y0), own)
    rows, columns = (_FINE * length for length in cells.shape)
    fine = cv2.resize(cells.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    count = min(fine.size, max(1, round(w * h / (own[2] * own[3]) * fine.size)))
    strong = fine >= np.partition(fine, fine.size - count, axis=None)[fine.size - count]
    lines, _ = cv2.findContours(strong.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    return tuple(((line[:, 0] + 0.5) / (columns, rows)) * other[2:] + other[:2] for line in lines)


def draw_pointed(axes: Axes, boxes: tuple[Box | None, Box | None], pointed: Pointed, strength: float = 1.0) -> None:
    """The place, and its strongest partner in the other photograph; None is a photograph that is not shown. strength:
    of the marks, 1 on a picture of a page's width."""
    own, other = boxes[pointed.side], boxes[1 - pointed.side]
    if own is not None:
        (left, top), (right, bottom) = (_at(own, pointed.place[i : i + 2]) for i in (0, 2))
        if not pointed.is_point:
            _line(axes, own, (left, right, right, left, left), (top, top, bottom, bottom, top))
        elif inside(pointed.place[:2]):
            _mark(axes, "+", (left, top), 10 * strength, strength)
    if other is None:
        return
    for line in pointed.outline:
        x, y = zip(*(_at(other, point) for point in [*line, line[0]]), strict=True)
        _line(axes, other, x, y)
    if inside(pointed.partner):
        _mark(axes, "o", _at(other, pointed.partner), 9 * strength, strength)


def _mark(axes: Axes, symbol: str, at: Point, size: float, strength: float) -> None:
    """A symbol with its casing."""
    stroke = max(_THINNEST, strength)
    for color, width in ((_CASING, 2.6 * stroke), (_INK, stroke)):
        axes.plot(*zip(at), symbol, color=color, mfc="none", markersize=size, markeredgewidth=width, zorder=5)


def _at(box: Box, point: Sequence[float]) -> Point:
    return box.x + point[0] * box.w, box.y + point[1] * box.h


def _line(axes: Axes, box: Box, x: Sequence[float], y: Sequence[float]) -> None:
    """A line with its casing, as far as it lies in a box."""
    edge = Rectangle((box.x, box.y), box.w, box.h, transform=axes.transData)
    for color, width in ((_CASING, 2.2), (_INK, 0.9)):
        (drawn,) = axes.plot(x, y, color=color, linewidth=width, zorder=5)
        drawn.set_clip_path(edge)
