"""The numbers of matches in a printed photograph: each beside its end, clear of the other numbers and of the edge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pairx.viz.colors import contrasting
from pairx.viz.layout import POINT, Box
from pairx.viz.marks import MatchMark
from pairx.viz.place import inside
from pairx.viz.text import LEAST, width_of, write

SIZE = LEAST
"""Points of a number."""
_HEIGHT, _MARGIN, _CLEAR = (
    round(6.6 * POINT),
    round(1.2 * POINT),
    round(1 * POINT),
)  # of its plate, beside it, around it
_DOT = 2.4 * POINT  # radius of what an end hides, about
_COARSE = 4  # dots a cell, in which is counted what a plate would hide
_HIDES_LINE, _HIDES_END = 0.5, 6.0  # cost of a hidden cell, in dots of distance
_CROSSES = 10 * _HEIGHT  # cost of a leader across another number, in the same
_LEADER = "#16181c"
_ANGLES = np.arange(16) * np.pi / 8
_RINGS = _CLEAR + _DOT + _HEIGHT / 2 * np.arange(12)


def number(axes: Axes, boxes: tuple[Box, Box], marks: Sequence[MatchMark]) -> None:
    """Write the rank of each match that has a colour of its own at both of its ends, as far as there is room."""
    drawn = [mark for mark in marks if mark.line]
    named = [mark for mark in drawn if mark.numbered]
    lines = np.array([[_at(box, end) for box, end in zip(boxes, _ends(mark), strict=True)] for mark in drawn])
    for side, box in enumerate(boxes):
        here = [mark for mark in named if inside(_ends(mark)[side])]
        ends = np.array([_at(box, _ends(mark)[side]) for mark in here]).reshape(-1, 2)
        widths = [round(width_of(str(mark.rank), SIZE, bold=True)) + 2 * _MARGIN for mark in here]
        for mark, end, plate in zip(here, ends, places(ends, widths, box, lines, side), strict=True):
            if plate is not None:
                _draw(axes, mark, end, plate)


def places(ends: np.ndarray, widths: Sequence[int], room: Box, lines: np.ndarray, side: int = 0) -> list[Box | None]:
    """Where the plates of numbers stand, in dots; None where no place is left.

    ends: (N, 2) x/y, the most important first, which chooses first. widths: of the N plates. room: the photograph.
    lines: (M, 2, 2) both ends of what is drawn, of which `side` ends in this photograph. No plate meets another one or
    the edge; each stands as near to its end, and hides as little, as the ones before it allow.
    """
    hidden = _drawn(room, lines, side)
    taken: list[Box] = []
    found: list[Box | None] = []
    for end, width in zip(ends, widths, strict=True):
        plate = _best(_around(end, width), end, width, room, hidden, taken)
        plate = plate or _best(_everywhere(width, room), end, width, room, hidden, taken)
        found.append(plate)
        if plate is not None:
            taken.append(plate)
            _rule(hidden, room, end, _nearest(end, plate), _HIDES_END)
    return found


def _ends(mark: MatchMark) -> tuple[tuple[float, float], tuple[float, float]]:
    return mark.point0, mark.point1


def _at(box: Box, point: tuple[float, float]) -> tuple[float, float]:
    return box.x + point[0] * box.w, box.y + point[1] * box.h


def _drawn(room: Box, lines: np.ndarray, side: int) -> np.ndarray:
    """(rows, columns) float32: the cost of hiding each cell of a photograph."""
    hidden = np.zeros((room.h // _COARSE + 1, room.w // _COARSE + 1), np.float32)
    for line in lines:
        _rule(hidden, room, line[0], line[1], _HIDES_LINE)
    for line in lines:
        x, y = _cell(room, line[side])
        cv2.circle(hidden, (x, y), round(_DOT / _COARSE), _HIDES_END, cv2.FILLED)
    return hidden


def _cell(room: Box, point: np.ndarray) -> tuple[int, int]:
    return int((point[0] - room.x) // _COARSE), int((point[1] - room.y) // _COARSE)


def _rule(hidden: np.ndarray, room: Box, start: np.ndarray, stop: np.ndarray, cost: float) -> None:
    cv2.line(hidden, _cell(room, start), _cell(room, stop), cost)


def _around(end: np.ndarray, width: int) -> np.ndarray:
    """(K, 2) top left corners of plates in rings about an end."""
    radius, angle = (grid.ravel() for grid in np.meshgrid(_RINGS, _ANGLES))
    x = end[0] + np.cos(angle) * (radius + width / 2) - width / 2
    y = end[1] + np.sin(angle) * (radius + _HEIGHT / 2) - _HEIGHT / 2
    return np.round(np.column_stack([x, y]))


def _everywhere(width: int, room: Box) -> np.ndarray:
    """(K, 2) top left corners of plates all over a photograph."""
    x = np.arange(room.x + _CLEAR, room.x + room.w - width - _CLEAR + 1, _HEIGHT // 3)
    y = np.arange(room.y + _CLEAR, room.y + room.h - _HEIGHT - _CLEAR + 1, _HEIGHT // 3)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(float)


def _best(
    corners: np.ndarray, end: np.ndarray, width: int, room: Box, hidden: np.ndarray, taken: list[Box]
) -> Box | None:
    """The plate of the least cost among those that are free, or None."""
    size = np.array([width, _HEIGHT])
    low, high = np.array([room.x, room.y]) + _CLEAR, np.array([room.x + room.w, room.y + room.h]) - _CLEAR - size
    free = ((corners >= low) & (corners <= high)).all(axis=1)
    for box in taken:
        free &= (
            (corners + size + _CLEAR <= (box.x, box.y)) | (corners >= (box.x + box.w + _CLEAR, box.y + box.h + _CLEAR))
        ).any(axis=1)
    corners = corners[free]
    if not len(corners):
        return None
    near = np.clip(end, corners, corners + size)
    costs = np.hypot(*(near - end).T) + _covered(hidden, corners - (room.x, room.y), size)
    for box in taken:
        costs += _CROSSES * _crosses(end, near, box)
    x, y = corners[costs.argmin()]
    return Box(int(x), int(y), width, _HEIGHT)


def _covered(hidden: np.ndarray, corners: np.ndarray, size: np.ndarray) -> np.ndarray:
    """(K,) the cost of what plates hide."""
    total = cv2.integral(hidden)
    left, top = (corners // _COARSE).astype(int).T
    right, bottom = np.minimum((corners + size) // _COARSE + 1, hidden.shape[::-1]).astype(int).T
    return total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]


def _crosses(end: np.ndarray, near: np.ndarray, box: Box) -> np.ndarray:
    """(K,) bool: whether a straight line from an end to a place (K, 2) meets a box."""
    at = end + np.linspace(0, 1, 9)[:, None, None] * (near - end)
    return ((at >= (box.x, box.y)) & (at <= (box.x + box.w, box.y + box.h))).all(axis=2).any(axis=0)


def _nearest(end: np.ndarray, plate: Box) -> np.ndarray:
    return np.clip(end, (plate.x, plate.y), (plate.x + plate.w, plate.y + plate.h))


def _draw(axes: Axes, mark: MatchMark, end: np.ndarray, plate: Box) -> None:
    """A number on a plate of its match's colour, and a line from its end to it."""
    x, y = np.column_stack([end, _nearest(end, plate)])
    leader: dict[str, Any] = {"solid_capstyle": "butt", "zorder": 3.5}
    for color, width in ((mark.casing, 1.3), (_LEADER, 0.5)):  # not in its colour, which would be a match's line
        axes.plot(x, y, color=color, linewidth=width, **leader)
    shape: dict[str, Any] = {"facecolor": mark.color, "edgecolor": mark.casing, "linewidth": 0.4}
    axes.add_patch(Rectangle((plate.x, plate.y), plate.w, plate.h, zorder=4.5, gid=f"number-{mark.rank}", **shape))
    middle = plate.x + plate.w / 2, plate.y + plate.h / 2 - 0.485 * SIZE * POINT  # a numeral is .73 of its size high
    write(axes, *middle, str(mark.rank), SIZE, bold=True, align="center", color=contrasting(mark.color), zorder=4.6)
