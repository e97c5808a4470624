"""Draws one panel of a table: photographs, what lies over them, lines, insets, its outline and its badge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle

from pairx.types import Extent
from pairx.viz import maps
from pairx.viz.colors import CASINGS, rgb
from pairx.viz.figure import across, fit, join, show
from pairx.viz.layout import POINT, Box
from pairx.viz.place import inside
from pairx.viz.pointed import draw_pointed
from pairx.viz.scatter import CLASSES
from pairx.viz.scene import Scene
from pairx.viz.sheets import dots
from pairx.viz.text import plate, write

if TYPE_CHECKING:
    from pairx.viz.table import Region, TableCell

OUTLINES = {True: (CLASSES[0][2], "solid"), False: (CLASSES[1][2], (0, (3.2, 1.6)))}
"""Colour and stroke around a correct and an incorrect pair."""
OUTLINE = 1.3
"""Its width, points; it stands as far from the photographs."""
FULL = dots(150)
"""Width of a panel whose lines are drawn in full strength."""
_INSET = 0.42
"""Of the photograph's shorter side, an inset's longer one."""
_INNER = round(1 * POINT)
_INK = "#16181c"


def draw_cell(axes: Axes, cell: TableCell, scene: Scene | None, box: Box, size: float, fine: int = 1) -> None:
    """One panel in its box. fine: how many times finer than the page its photographs are."""
    height = (box.h - _INNER * (len(cell.layers) - 1)) // len(cell.layers)
    for number, layer in enumerate(cell.layers):
        top = box.y + number * (height + _INNER)
        placed = _side_by_side(cell, Box(box.x, top, box.w, height))
        _layer(axes, cell, scene, placed, layer, size, fine)
        for side, place in cell.insets:
            if side in placed:
                _inset(axes, cell, scene, placed[side], side, place, layer)
    if cell.correct is not None:
        color, stroke = OUTLINES[cell.correct]
        around = round(OUTLINE * POINT)
        axes.add_patch(
            Rectangle(
                (box.x - around, box.y - around), box.w + 2 * around, box.h + 2 * around, fill=False, edgecolor=color,
                linewidth=OUTLINE, linestyle=stroke, zorder=2, clip_on=False,
            )
        )  # fmt: skip
    if cell.number is not None:
        badge(axes, box.x + 0.8 * size * POINT, box.y + 0.8 * size * POINT, cell.number, size)


def badge(axes: Axes, x: float, y: float, number: int, size: float) -> None:
    """A number in a disc."""
    axes.add_patch(Circle((x, y), 0.62 * size * POINT, facecolor="white", edgecolor=_INK, linewidth=0.6, zorder=8))
    write(axes, x, y - 0.47 * size * POINT, str(number), 0.85 * size, align="center", zorder=9)


def _side_by_side(cell: TableCell, box: Box) -> dict[int, Box]:
    """The box of each photograph shown, of one height."""
    aspects = [cell.pair.images[side].shape[1] / cell.pair.images[side].shape[0] for side in cell.sides]
    room = box.w - _INNER * (len(aspects) - 1)
    found, left = {}, float(box.x)
    for side, aspect in zip(cell.sides, aspects, strict=True):
        width = room * aspect / sum(aspects)
        found[side] = Box(round(left), box.y, max(1, round(left + width) - round(left)), box.h)
        left += width + _INNER
    return found


def _layer(
    axes: Axes, cell: TableCell, scene: Scene | None, placed: dict[int, Box], layer: str, size: float, fine: int
) -> None:
    """The photographs of one layer, and what lies over them."""
    for side, box in placed.items():
        photo, paint, extent = _under(cell, scene, side, layer)
        fitted = _fitted(photo, box, fine)
        opacity = 0.0 if scene is None else scene.look.opacity
        show(axes, box, _regions(fitted, cell.regions, side, extent), paint, opacity, extent)
    if cell.reason:
        plate(axes, _spanned(placed), cell.reason, max(5, size - 1.5))
    if scene is None:
        return
    both = (placed.get(0), placed.get(1))
    if layer == "matches" and both[0] is not None and both[1] is not None:
        strength = min(1.0, max(0.45, (both[0].w + both[1].w) / FULL))
        for mark in reversed(scene.marks):
            if mark.line:
                join(axes, (both[0], both[1]), mark, strength)
    if scene.pointed:
        draw_pointed(axes, both, scene.pointed, min(1.0, max(0.6, _spanned(placed).w / FULL)))
    words = scene.paint_banner if layer == "colours" else scene.banner if layer != "plain" else ""
    if words:
        plate(axes, _spanned(placed), words, max(5, size - 1.5))


def _under(
    cell: TableCell, scene: Scene | None, side: int, layer: str
) -> tuple[np.ndarray, np.ndarray | None, Extent | None]:
    """A photograph as it lies below, the paint over it, and what of it the paint covers."""
    photo = cell.pair.images[side]
    if cell.reason:
        return maps.faded(photo), None, None
    if scene is None or layer == "plain":
        return photo, None, None
    extent = (scene.extent0, scene.extent1)[side]
    if layer == "colours":
        return maps.faded(photo), (scene.paint0, scene.paint1)[side], extent
    return photo, (scene.heat0, scene.heat1)[side], extent


def _fitted(photo: np.ndarray, box: Box, fine: int) -> np.ndarray:
    """At so many times the page's resolution, where the photograph has it."""
    factor = fine if photo.shape[0] > box.h else 1
    return fit(photo, Box(0, 0, factor * box.w, factor * box.h))


def _spanned(placed: dict[int, Box]) -> Box:
    boxes = [placed[side] for side in sorted(placed)]
    return boxes[0] if len(boxes) == 1 else across((boxes[0], boxes[1]))


def _regions(photo: np.ndarray, regions: tuple[Region, ...], side: int, extent: Extent | None) -> np.ndarray:
    """The photograph under named parts, each in its colour, with its edge."""
    for region in regions:
        mask = (region.mask0, region.mask1)[side]
        fine = cv2.resize(mask.astype(np.float32), (512, 512), interpolation=cv2.INTER_LINEAR)
        inner = np.where(fine > 0.5, 0.45, 0).astype(np.float32)
        edge = cv2.morphologyEx((fine > 0.5).astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((5, 5), np.uint8))
        photo = maps.over(photo, maps.tint(np.maximum(inner, edge), rgb(region.color)), 1.0, extent)
    return photo


def _inset(axes: Axes, cell: TableCell, scene: Scene | None, box: Box, side: int, place: Extent, layer: str) -> None:
    """A place, enlarged in the corner of its photograph that is the farthest from it, both framed alike."""
    x, y, w, h = place
    photo, paint, extent = _under(cell, scene, side, layer)
    height, width = photo.shape[:2]
    big = Box(
        0,
        0,
        max(1, round(width * _zoom(box, place) * box.w / width)),
        max(1, round(height * _zoom(box, place) * box.h / height)),
    )
    whole = fit(photo, big)
    if paint is not None and scene is not None:
        whole = maps.over(whole, paint, scene.look.opacity, extent)
    part = whole[round(y * big.h) : max(round((y + h) * big.h), round(y * big.h) + 1),
                 round(x * big.w) : max(round((x + w) * big.w), round(x * big.w) + 1)]  # fmt: skip
    rows, columns = part.shape[:2]
    left = box.x + (0 if x + w / 2 > 0.5 else box.w - columns)
    top = box.y + (0 if y + h / 2 > 0.5 else box.h - rows)
    axes.imshow(part, extent=(left, left + columns, top + rows, top), aspect="auto", zorder=6)
    for corner, size in (
        ((box.x + x * box.w, box.y + y * box.h), (w * box.w, h * box.h)),
        ((left, top), (columns, rows)),
    ):
        for color, stroke in ((CASINGS[0], 1.5), (_INK, 0.6)):
            axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=color, linewidth=stroke, zorder=7))
    if scene is not None and layer == "matches":
        for mark in scene.marks:
            u, v = (mark.point0, mark.point1)[side]
            if mark.line and inside(((u - x) / w, (v - y) / h)):
                at = left + (u - x) / w * columns, top + (v - y) / h * rows
                axes.plot(
                    *([one] for one in at), "o", color=mark.color, markersize=2.6, mec=mark.casing, mew=0.4, zorder=7
                )


def _zoom(box: Box, place: Extent) -> float:
    """How many times an inset is larger than its place."""
    _, _, w, h = place
    return _INSET * min(box.w, box.h) / max(w * box.w, h * box.h)
