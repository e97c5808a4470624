"""The fonts that figures are written in: matplotlib's own, DejaVu Sans, and those of scripts that it lacks."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from matplotlib.font_manager import FontProperties, fontManager, get_font

BOLD = 700
_FILES = sorted(Path(__file__).parent.glob("*.ttf"))


def _registered(path: Path) -> str:
    """The family of a font, after matplotlib was told of it; it stands in for its own bold, of which there is none."""
    fontManager.addfont(path)
    fontManager.ttflist.append(replace(fontManager.ttflist[-1], weight=BOLD))
    return FontProperties(fname=path).get_name()


SANS = "sans-serif"
"""Which figures take to be DejaVu Sans."""
FAMILIES = [SANS, *map(_registered, _FILES)]
"""In the order that a letter is looked for."""


@cache
def plain() -> frozenset[int]:
    """The code points that DejaVu Sans has."""
    return frozenset(get_font(fontManager.findfont("DejaVu Sans")).get_charmap())


@cache
def drawable() -> frozenset[int]:
    """The code points that any of the fonts has."""
    return plain().union(*(get_font(path).get_charmap() for path in _FILES))
