"""What a table's colours, outlines and labels mean: bars of its scales, and a line of keys below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from pairx.viz.caption import ramp
from pairx.viz.layout import POINT, Box
from pairx.viz.scatter import CLASSES
from pairx.viz.scatter_print import MARKERS
from pairx.viz.scene import UNSEEN, Scene, hides
from pairx.viz.sheets import dots
from pairx.viz.table_cell import OUTLINE, OUTLINES
from pairx.viz.text import INK, QUIET, width_of, write

if TYPE_CHECKING:
    from pairx.viz.table import Table
    from pairx.viz.table_layout import TableLayout

OWN_SCALE = "each panel has its own scale"
_BAR = dots(22)
_SAMPLE = dots(6)
_POINT = round(4 * POINT)
_GAP = round(2 * POINT)


@dataclass(frozen=True)
class Key:
    """One key. kind: "ramp", "point", "outline", "region" or "words". words: beside it; before: on the other side of a
    ramp. numbers: the ends of a ramp, "" for none. symbol: of a point."""

    kind: str
    words: str
    size: float
    before: str = ""
    color: str = ""
    symbol: str = ""
    scene: Scene | None = None
    correct: bool = True
    numbers: tuple[str, str] = ("", "")

    @property
    def width(self) -> int:
        """Dots."""
        square = round(0.8 * self.size * POINT)
        own = {"ramp": _BAR, "point": _POINT, "outline": _SAMPLE, "region": square, "words": 0}[self.kind]
        texts = [text for text in (*self.numbers, self.words, self.before) if text]
        return round(own + sum(width_of(text, self.size) + _GAP for text in texts))


def keys_of(table: Table, size: float) -> list[Key]:
    """The keys of a table, in their order."""
    cells = [
        (cell, scene)
        for row, scenes in zip(table.cells, table.scenes, strict=True)
        for cell, scene in zip(row, scenes, strict=True)
    ]
    found: list[Key] = []
    painted = [
        scene for cell, scene in cells
        if scene and scene.heat_scale and not cell.regions and {"map", "matches"} & set(cell.layers)
    ]  # fmt: skip
    if painted and table.bars and table.scale in ("panel", "all"):
        for scene in {one.heat_words: one for one in painted}.values():
            numbers = _numbers(scene) if table.scale == "all" else ("", "")
            found.append(Key("ramp", scene.heat_words[1], size, scene.heat_words[0], scene=scene, numbers=numbers))
        if table.scale == "panel" and len(painted) > 1:
            found.append(Key("words", OWN_SCALE, size))
    if table.scatter is not None:
        for _, name, color, symbol in CLASSES:
            found.append(Key("point", f"{name} pair", size, color=color, symbol=MARKERS[symbol]))
    for correct, words in ((True, "same individual"), (False, "different individuals")):
        if any(cell.correct is correct for cell, _ in cells):
            found.append(Key("outline", words, size, correct=correct))
    regions = {region.name: region.color for cell, _ in cells for region in cell.regions}
    found += [Key("region", name, size, color=color) for name, color in regions.items()]
    if any(hides(extent) for _, scene in cells if scene for extent in (scene.extent0, scene.extent1)):
        found.append(Key("words", f"hatched: {UNSEEN}", size))
    return found


def flowed(keys: list[Key], left: int, top: int, right: int, line: float) -> list[tuple[Key, int, int]]:
    """Each key with its place: beside each other, as many as a line holds."""
    found, x, y = [], left, top
    for key in keys:
        if x > left and x + key.width > right:
            x, y = left, round(y + line)
        found.append((key, x, y))
        x += key.width + 3 * _GAP
    return found


def draw_keys(axes: Axes, layout: TableLayout) -> None:
    """The line of keys."""
    for key, x, y in layout.keys:
        middle = y + 0.55 * key.size * POINT
        if key.kind == "ramp" and key.scene is not None:
            for text in (key.before, key.numbers[0]):
                if text:
                    write(axes, x, y, text, key.size)
                    x += round(width_of(text, key.size)) + _GAP
            ramp(axes, Box(x, round(middle - 2.5 * POINT), _BAR, round(5 * POINT)), key.scene)
            x += _BAR + _GAP
            if key.numbers[1]:
                write(axes, x, y, key.numbers[1], key.size)
                x += round(width_of(key.numbers[1], key.size)) + _GAP
        elif key.kind == "outline":
            color, stroke = OUTLINES[key.correct]
            axes.plot([x, x + _SAMPLE], [middle, middle], color=color, linewidth=OUTLINE, linestyle=stroke)
            x += _SAMPLE + _GAP
        elif key.kind == "point":
            axes.plot([x + _POINT / 2], [middle], key.symbol, color=key.color, markersize=3.5, markeredgewidth=0)
            x += _POINT + _GAP
        elif key.kind == "region":
            side = 0.7 * key.size * POINT
            axes.add_patch(Rectangle((x, middle - side / 2), side, side, color=key.color, linewidth=0))
            x += round(0.8 * key.size * POINT) + _GAP
        write(axes, x, y, key.words, key.size, color=QUIET if key.kind == "words" else INK)


def draw_bars(axes: Axes, table: Table, layout: TableLayout) -> None:
    """The bars of rows, upright beside them, or of columns, below them."""
    if not table.bars or table.scale not in ("row", "column"):
        return
    if table.scale == "row":
        for scenes, (top, height) in zip(table.scenes, layout.rows, strict=True):
            if scene := _first(scenes):
                _upright(axes, scene, layout, top, height)
        return
    for number, (left, width) in enumerate(layout.columns):
        if scene := _first([row[number] for row in table.scenes]):
            low, high = _numbers(scene)
            room = min(_BAR, round(0.9 * width))
            bar = Box(left + (width - room) // 2, layout.bars, room, round(4 * POINT))
            ramp(axes, bar, scene)
            top = bar.y + bar.h + round(POINT)
            write(axes, bar.x, top, low, layout.small)
            write(axes, bar.x + bar.w, top, high, layout.small, align="right")


def _first(scenes: list[Scene | None] | tuple[Scene | None, ...]) -> Scene | None:
    return next((scene for scene in scenes if scene and scene.heat_scale), None)


def _numbers(scene: Scene) -> tuple[str, str]:
    """The ends of a scene's scale."""
    scale = scene.heat_scale or 0.0
    return ("0" if scene.heat_low == 0 else f"−{scale:.2g}"), f"{scale:.2g}"


def _upright(axes: Axes, scene: Scene, layout: TableLayout, top: int, height: int) -> None:
    tall = min(height, dots(30))
    bar = Box(layout.bar_strip[0] + round(2 * POINT), top + (height - tall) // 2, round(4 * POINT), tall)
    colors = np.array([list(bytes.fromhex(color[1:])) for color in scene.heat_colors])
    alpha = colors[:, 3:] / 255 * scene.look.opacity
    shown = np.round(255 * (1 - alpha) + colors[:, :3] * alpha).astype(np.uint8)[::-1, None]
    axes.imshow(shown, extent=(bar.x, bar.x + bar.w, bar.y + bar.h, bar.y), aspect="auto", interpolation="bilinear")
    low, high = _numbers(scene)
    x = bar.x + bar.w + round(1.5 * POINT)
    write(axes, x, bar.y, high, layout.small)
    write(axes, x, bar.y + bar.h - layout.small * POINT, low, layout.small)
