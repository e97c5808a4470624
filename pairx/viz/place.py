"""A place of one photograph and what answers it in the other, as drawn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pairx.types import Extent

Point = tuple[float, float]
"""x/y in fractions of a photograph's width and height."""
Place = tuple[float, float, float, float]
"""x0, y0, x1, y1 in the same fractions; a point where it has no area."""


@dataclass(frozen=True)
class Pointed:
    """side: 0 or 1, the photograph that was pointed at. place: where. partner: the strongest place of the other one.
    outline: closed lines (N, 2) x/y in the other one, in fractions, around a box's partners."""

    side: int
    place: Place
    partner: Point
    outline: tuple[np.ndarray, ...] = ()

    @property
    def is_point(self) -> bool:
        return self.place[:2] == self.place[2:]


def inside(point: Point) -> bool:
    """Whether a place, in fractions, lies in its photograph."""
    return all(0 <= value <= 1 for value in point)


def shared(one: Extent, other: Extent) -> Extent:
    """The rectangle (x, y, w, h) that two share; without area where they share none."""
    x, y = max(one[0], other[0]), max(one[1], other[1])
    right, bottom = min(one[0] + one[2], other[0] + other[2]), min(one[1] + one[3], other[1] + other[3])
    return x, y, max(0.0, right - x), max(0.0, bottom - y)
