"""Words on a page: measured, shortened, written."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from pairx.viz.layout import POINT

INK = "#1f2328"
QUIET = "#59636e"


def one_line(text: str) -> str:
    """The text without line breaks and characters that cannot be printed (an SVG may not hold them)."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in " ".join(text.split()))


def elide(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, or its two ends around an ellipsis where it is wider than `room` dots at `size` points."""
    if _width(text, size, bold) <= room:
        return text
    fits, too_many = 0, len(text)
    while too_many - fits > 1:
        keep = (fits + too_many) // 2
        fits, too_many = (keep, too_many) if _width(_ends(text, keep), size, bold) <= room else (fits, keep)
    return _ends(text, fits)


def wrapped(text: str, room: float, size: float, most: int) -> list[str]:
    """The text in lines of `room` dots, at most so many, the last one shortened where there is more."""
    lines, words = [], text.split()
    while words and len(lines) < most - 1:
        count = 1
        while count < len(words) and _width(" ".join(words[: count + 1]), size, False) <= room:
            count += 1
        lines.append(elide(" ".join(words[:count]), room, size))
        words = words[count:]
    return [*lines, elide(" ".join(words), room, size)] if words else lines


def write(axes: Axes, x: float, y: float, text: str, size: float, **style: object) -> None:
    """Text whose line starts `y` dots from the top; style: color, align ("left", "center", "right"), bold."""
    axes.text(
        x,
        y + 0.85 * size * POINT,
        text,
        fontproperties=_font(size, bool(style.get("bold"))),
        color=style.get("color", INK),
        horizontalalignment=style.get("align", "left"),
        verticalalignment="baseline",
        # A dollar sign in a file's name is no formula.
        parse_math=False,
    )


def _ends(text: str, keep: int) -> str:
    tail = keep // 2
    return text[: keep - tail] + "…" + text[len(text) - tail :]


def _width(text: str, size: float, bold: bool) -> float:
    """Dots."""
    return text_to_path.get_text_width_height_descent(text, _font(size, bold), ismath=False)[0] * POINT


def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family="sans-serif", size=size, weight="bold" if bold else "normal")
