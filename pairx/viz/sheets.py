"""How many panels go side by side, and which of them on which page, so that a figure fits a page of a journal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pairx.viz.layout import DPI

WIDTHS = (175, 85)
"""Of a page over two columns of text and over one, mm."""
TALLEST = 230
"""Of a page, mm."""
NARROWEST = 26
"""Of a panel, mm."""


def dots(millimetres: float) -> int:
    """Whole dots of a length."""
    return round(millimetres / 25.4 * DPI)


def columns_of(count: int, width: int, height_of: Callable[[int], int]) -> int:
    """How many of `count` panels stand side by side on a page `width` mm wide: as few as let all fit on one page, so
    that they are large, and one more where the last row would have a hole otherwise. height_of: dots of a page with so
    many columns."""
    most = max(1, min(count, width // NARROWEST))
    first = 1 if count == 1 or width < WIDTHS[0] else 2
    fitting = [one for one in range(min(first, most), most + 1) if height_of(one) <= dots(TALLEST)] or [most]
    whole = [one for one in fitting[:2] if count % one == 0]
    return (whole or fitting)[0]


def paged(heights: Sequence[int], room: int) -> list[range]:
    """The rows of each page. heights: of the rows, dots. room: of a page, dots; a row that is taller has its own."""
    pages, begin, used = [], 0, 0
    for number, height in enumerate(heights):
        if used and used + height > room:
            pages.append(range(begin, number))
            begin, used = number, 0
        used += height
    return [*pages, range(begin, len(heights))]
