"""Where things stand on a printed page. Whole dots from the top left corner, so that a bitmap lands dot on dot."""

from __future__ import annotations

from dataclasses import dataclass

DPI = 300
POINT = DPI / 72
"""Dots in a typographic point."""

_MARGIN = round(3 * POINT)
_GAP = round(3 * POINT)
_TALLEST = round(3.6 * DPI)
_NARROWEST = round(4.6 * DPI)
"""Narrower, the legend and its colour bar would not stand side by side."""
_TITLE = round(17 * POINT)
_IDS = round(12 * POINT)
_LEGEND = round(27 * POINT)


@dataclass(frozen=True)
class Box:
    """A rectangle in dots: left, top, width, height."""

    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True)
class Layout:
    """A page. width, height: dots. title: top of the title's line. rows: the two photographs, from the top. ids: top of
    the names' line. legend: its box."""

    width: int
    height: int
    title: int
    rows: tuple[tuple[Box, Box], ...]
    ids: int
    legend: Box


def arrange(
    size0: tuple[int, int], size1: tuple[int, int], rows: int, *, width: float, title: bool, legend: bool
) -> Layout:
    """The page of two photographs side by side, `rows` times.

    size0, size1: (width, height) of the photographs, pixels. width: of the page at most, inches; tall photographs stop
    at 3.6 inches of height and take less. Both photographs have the same height and each its own aspect.
    """
    aspect0, aspect1 = size0[0] / size0[1], size1[0] / size1[1]
    room = round(width * DPI) - 2 * _MARGIN - _GAP
    height = max(1, min(_TALLEST, round(room / (aspect0 + aspect1))))
    widths = max(1, round(height * aspect0)), max(1, round(height * aspect1))
    content = sum(widths) + _GAP
    page = max(content, min(_NARROWEST, room + _GAP)) + 2 * _MARGIN

    left = (page - content) // 2
    top = _MARGIN + (_TITLE if title else 0)
    boxes = []
    for _ in range(rows):
        boxes.append((Box(left, top, widths[0], height), Box(left + widths[0] + _GAP, top, widths[1], height)))
        top += height + _GAP
    foot = top + _IDS
    bottom = foot + (_LEGEND if legend else 0)
    return Layout(page, bottom + _MARGIN, _MARGIN, tuple(boxes), top, Box(_MARGIN, foot, page - 2 * _MARGIN, _LEGEND))
