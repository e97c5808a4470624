"""Words on a page: measured, shortened, written."""

from __future__ import annotations

from unicodedata import bidirectional, category, name

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import text_to_path

from pairx.viz import fonts
from pairx.viz.layout import POINT, Box

INK = "#1f2328"
QUIET = "#59636e"
LEAST = 6.0
"""Points of the smallest letters in any print."""


JOINERS = "\u200c\u200d"
"""Invisible, but Persian and Indian scripts are spelt with them."""
LEFT_TO_RIGHT = "\u200e"
"""Invisible: before a line, so that it does not run as its first word does."""


def one_line(text: str) -> str:
    """The text without line breaks. An emoji that no font can draw is written as its name ([deer]), what else cannot be
    drawn, or no page may hold, as its code point (U+0007).
    """
    return "".join(letter if _can_be_drawn(letter) else _in_words(letter) for letter in " ".join(text.split()))


def _in_words(letter: str) -> str:
    called = name(letter, "").lower() if category(letter) in ("So", "Sk") else ""
    return f"[{called}]" if called else f"U+{ord(letter):04X}"


def smaller(size: float) -> float:
    """Points of what is said beside letters of `size` points."""
    return max(LEAST, size - 1)


def _can_be_drawn(letter: str) -> bool:
    return letter in JOINERS or (letter.isprintable() and ord(letter) in fonts.drawable())


def elide(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """The text, or its two ends around an ellipsis where it is wider than `room` dots at `size` points."""
    if _width(text, size, bold) <= room:
        return text
    fits, too_many = 0, len(text)
    while too_many - fits > 1:
        keep = (fits + too_many) // 2
        fits, too_many = (keep, too_many) if _width(_ends(text, keep), size, bold) <= room else (fits, keep)
    return _ends(text, fits)


def wrapped(text: str, room: float, size: float, most: int | None = None) -> list[str]:
    """The text in lines of `room` dots; where only so many are allowed, the last one ends after a whole word if there
    is more. A word that is wider than a line goes on in the next, after a hyphen where it has one.
    """
    words = [part for word in text.split() for part in _parts(word, room, size)]
    lines: list[str] = []
    while words and (most is None or len(lines) < most - 1):
        count = 1
        while count < len(words) and _width(" ".join(words[: count + 1]), size, False) <= room:
            count += 1
        lines.append(" ".join(words[:count]))
        words = words[count:]
    return [*lines, _begun(words, room, size)] if words else lines


def _begun(words: list[str], room: float, size: float) -> str:
    """As many words as fit into a line, and an ellipsis where there are more."""
    whole = " ".join(words)
    if _width(whole, size, False) <= room:
        return whole
    beginnings = (" ".join(words[:count]) + " …" for count in range(len(words) - 1, 0, -1))
    return next((text for text in beginnings if _width(text, size, False) <= room), elide(whole, room, size))


def _parts(word: str, room: float, size: float) -> list[str]:
    """A word in parts of which each fits into a line."""
    parts = []
    while len(word) > 1 and _width(word, size, False) > room:
        fits = next((n for n in range(len(word) - 1, 1, -1) if _width(word[:n], size, False) <= room), 1)
        fits = _after_hyphen(word, fits) or _between_letters(word, fits)
        parts.append(word[:fits])
        word = word[fits:]
    return [*parts, word] if word else parts


def _after_hyphen(word: str, most: int) -> int:
    """The last place up to `most` at which a word may be parted; 0 where there is none."""
    return word.rfind("-", 1, most) + 1


def write(axes: Axes, x: float, y: float, text: str, size: float, **style: object) -> None:
    """Text whose line starts `y` dots from the top and runs from left to right, but for words that do not; style:
    color, align ("left", "center", "right"), bold, zorder.
    """
    turns = any(bidirectional(letter) in ("R", "AL") for letter in text)
    axes.text(
        x,
        y + 0.85 * size * POINT,
        LEFT_TO_RIGHT + text if turns else text,
        fontproperties=_font(size, bool(style.get("bold"))),
        color=style.get("color", INK),
        horizontalalignment=style.get("align", "left"),
        verticalalignment="baseline",
        zorder=style.get("zorder", 3),
        # A dollar sign in a file's name is no formula.
        parse_math=False,
    )


def write_upwards(axes: Axes, x: float, y: float, text: str, size: float) -> None:
    """Text turned to run upwards, its middle at (x, y)."""
    axes.text(
        x, y, text, fontproperties=_font(size, False), color=INK, rotation=90, rotation_mode="anchor",
        horizontalalignment="center", verticalalignment="center", zorder=3, parse_math=False,
    )  # fmt: skip


def plate(axes: Axes, box: Box, text: str, size: float) -> None:
    """Words over the foot of a box, on white, as many lines as it takes."""
    lines = wrapped(one_line(text), box.w - 6 * POINT, size)
    height, width = 1.3 * size * POINT, max(_width(line, size, False) for line in lines)
    margin = 0.4 * size * POINT
    left, top = box.x + (box.w - width) / 2, box.y + max(0, box.h - height * len(lines) - 3 * margin)
    corner = (left - margin, top - margin)
    axes.add_patch(Rectangle(corner, width + 2 * margin, height * len(lines) + 2 * margin, color="white", zorder=5))
    for number, line in enumerate(lines):
        write(axes, box.x + box.w / 2, top + number * height, line, size, align="center", zorder=6)


def _ends(text: str, keep: int) -> str:
    tail = keep // 2
    return text[: _between_letters(text, keep - tail)] + "…" + text[_between_letters(text, len(text) - tail) :]


def _between_letters(text: str, at: int) -> int:
    """The first place from `at` on that does not part a letter from its marks."""
    return next((n for n in range(at, len(text)) if category(text[n])[0] != "M" and text[n] not in JOINERS), len(text))


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Of a line, dots."""
    return _width(text, size, bold)


def _width(text: str, size: float, bold: bool) -> float:
    """Dots."""
    return text_to_path.get_text_width_height_descent(text, _font(size, bold), ismath=False)[0] * POINT


def _font(size: float, bold: bool) -> FontProperties:
    return FontProperties(family=fonts.FAMILIES, size=size, weight="bold" if bold else "normal")
