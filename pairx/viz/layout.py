"""Where things stand on a printed page. Whole dots from the top left corner, so that a bitmap lands dot on dot."""

from __future__ import annotations

from dataclasses import dataclass, replace

DPI = 300
POINT = DPI / 72
"""Dots in a typographic point."""

_MARGIN = round(3 * POINT)
_GAP = round(3 * POINT)
_TALLEST = round(3.6 * DPI)
_NARROWEST = round(4.6 * DPI)
"""Of a page with tall photographs, so that names and legend have room."""
_BESIDE = round(5.0 * DPI)
"""On a narrower page the colour bar stands below the legend's lines."""
_BAR = round(1.7 * DPI)
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
    the names' line. laid: the first photograph, and the second one laid over it, where they are asked for, and below
    them the lines that say how. lines: the legend's text. bar: the colour bar with its words. notes: what stands below
    all."""

    width: int
    height: int
    title: int
    rows: tuple[tuple[Box, Box], ...]
    ids: int
    lines: Box
    bar: Box
    notes: Box
    laid: tuple[Box, ...] = ()

    def noted(self, height: int) -> Layout:
        """The same page with so many dots more at its foot, for notes."""
        return replace(self, height=self.height + height, notes=replace(self.notes, h=height))

    def with_laid(self, shape: tuple[int, ...], said: int) -> Layout:
        """The same page with room below the names for a photograph of that shape (H, W, 3) twice, and below it for so
        many dots of text."""
        inner, top = self.width - 2 * _MARGIN, self.ids + _IDS
        aspect = shape[1] / shape[0]
        height = max(1, min(_TALLEST, round((inner - _GAP) / 2 / aspect)))
        width = max(1, round(height * aspect))
        left = _MARGIN + (inner - 2 * width - _GAP) // 2
        first = Box(left, top, width, height)
        words = Box(_MARGIN, top + height + _GAP // 2, inner, said)
        by = words.y + words.h + 2 * _GAP - top
        below = {name: replace(box, y=box.y + by) for name in ("lines", "bar", "notes") if (box := getattr(self, name))}
        return replace(
            self, height=self.height + by, laid=(first, replace(first, x=left + width + _GAP), words), **below
        )


def arrange(
    size0: tuple[int, int],
    size1: tuple[int, int],
    rows: int,
    *,
    width: float,
    title: bool = False,
    lines: bool = True,
    bar: bool = True,
) -> Layout:
    """The page of two photographs side by side, `rows` times.

    size0, size1: (width, height) of the photographs, pixels. width: of the page at most, inches; tall photographs stop
    at 3.6 inches of height and take less. title, lines, bar: whether they need room. Both photographs have the same
    height and each its own aspect.
    """
    aspect0, aspect1 = size0[0] / size0[1], size1[0] / size1[1]
    room = round(width * DPI) - 2 * _MARGIN - _GAP
    height = max(1, min(_TALLEST, round(room / (aspect0 + aspect1))))
    widths = max(1, round(height * aspect0)), max(1, round(height * aspect1))
    content = sum(widths) + _GAP
    inner = max(content, min(_NARROWEST, room + _GAP))

    left = _MARGIN + (inner - content) // 2
    top = _MARGIN + (_TITLE if title else 0)
    boxes = []
    for _ in range(rows):
        boxes.append((Box(left, top, widths[0], height), Box(left + widths[0] + _GAP, top, widths[1], height)))
        top += height + _GAP
    foot = top + _IDS
    beside = inner >= _BESIDE
    lines_box = Box(_MARGIN, foot, inner - (_BAR + 3 * _GAP if bar and beside else 0), _LEGEND if lines else 0)
    bar_top = foot if beside else foot + lines_box.h
    bar_box = Box(_MARGIN + inner - _BAR if beside else _MARGIN, bar_top, min(_BAR, inner), _LEGEND if bar else 0)
    bottom = max(foot + lines_box.h, bar_top + bar_box.h)
    notes = Box(_MARGIN, bottom, inner, 0)
    return Layout(inner + 2 * _MARGIN, bottom + _MARGIN, _MARGIN, tuple(boxes), top, lines_box, bar_box, notes)
