"""The words around a figure's photographs: title, names, what was computed, what the heat's colours mean, notes."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from pairx.viz.layout import POINT, Box, Layout
from pairx.viz.scene import Scene
from pairx.viz.text import INK, LEAST, QUIET, elide, one_line, wrapped, write

_TITLE_SIZE, _NAME_SIZE, _SIZE, _SMALL = 9, 7, 7, LEAST
NOTE_LINE = round(9 * POINT)


def caption(axes: Axes, layout: Layout, scene: Scene, ids: tuple[str, str], title: str | None, *, legend: bool) -> None:
    """Write all words of a figure. axes: spans the page, in dots from its top left corner."""
    left, right = layout.rows[0]
    if title:
        shown = elide(one_line(title), layout.width - 2 * left.x, _TITLE_SIZE, bold=True)
        write(axes, left.x, layout.title, shown, _TITLE_SIZE, bold=True)
    for name, room, x, align in zip(
        ids, _rooms(left, right), (left.x, right.x + right.w), ("left", "right"), strict=True
    ):
        write(axes, x, layout.ids, elide(one_line(name), room, _NAME_SIZE), _NAME_SIZE, align=align)
    if legend:
        _lines(axes, layout.lines, scene.legend)
        if scene.heat_scale:
            colour_bar(axes, layout.bar, scene, scene.heat_scale)
    write_notes(axes, layout.notes, scene.notes)


def note_lines(notes: tuple[str, ...], room: float) -> list[str]:
    """The notes in lines of so many dots, each from a line of its own on."""
    return [line for note in notes for line in wrapped(one_line(note), room, _SIZE)]


def write_notes(axes: Axes, box: Box, notes: tuple[str, ...]) -> None:
    """Write `note_lines` from the top of a box on."""
    for number, line in enumerate(note_lines(notes, box.w)):
        write(axes, box.x, box.y + number * NOTE_LINE, line, _SIZE)


def _rooms(left: Box, right: Box) -> tuple[float, float]:
    """Dots for each name: its photograph's width, but a narrow photograph's name may reach under the other."""
    total = left.w + right.w
    first = min(max(left.w, total / 3), total * 2 / 3)
    return first, total - first


def _lines(axes: Axes, box: Box, lines: tuple[str, ...]) -> None:
    for i, line in enumerate(lines):
        size, color = (_SIZE, INK) if i < 2 else (_SMALL, QUIET)
        write(axes, box.x, box.y + i * 9 * POINT, elide(one_line(line), box.w, size), size, color=color)


def ramp(axes: Axes, box: Box, scene: Scene) -> None:
    """The heat's colours as they look over white."""
    colors = np.array([list(bytes.fromhex(color[1:])) for color in scene.heat_colors])
    alpha = colors[:, 3:] / 255 * scene.look.opacity
    shown = np.round(255 * (1 - alpha) + colors[:, :3] * alpha).astype(np.uint8)
    at = np.linspace(0, len(shown) - 1, box.w)
    bar = np.column_stack([np.interp(at, range(len(shown)), channel) for channel in shown.T]).astype(np.uint8)[None]
    axes.imshow(bar, extent=(box.x, box.x + box.w, box.y + box.h, box.y), aspect="auto")


def colour_bar(axes: Axes, box: Box, scene: Scene, scale: float) -> None:
    """The heat's colours, what they mean above, numbers below."""
    top, height = box.y + round(9 * POINT), round(6 * POINT)
    ramp(axes, Box(box.x, top, box.w, height), scene)

    right = box.x + box.w
    write(axes, box.x, box.y, scene.heat_words[0], _SMALL)
    write(axes, right, box.y, scene.heat_words[1], _SMALL, align="right")
    below = top + height + round(2 * POINT)
    if scene.heat_low < 0:
        write(axes, box.x, below, f"≤ −{scale:.2g}", _SMALL, color=QUIET)
        write(axes, box.x + box.w / 2, below, "0", _SMALL, color=QUIET, align="center")
        write(axes, right, below, f"≥ +{scale:.2g}", _SMALL, color=QUIET, align="right")
    else:
        write(axes, box.x, below, "0", _SMALL, color=QUIET)
        write(axes, right, below, f"≥ {scale:.2g}", _SMALL, color=QUIET, align="right")
