"""Draws one panel of a table: photographs, what lies over them, lines, insets, and its outline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Rectangle

from pairx.types import Extent
from pairx.viz import bitmap, maps
from pairx.viz.colors import CASINGS, rgb
from pairx.viz.figure import across, fit, join, show
from pairx.viz.layout import POINT, Box
from pairx.viz.pointed import draw_pointed
from pairx.viz.scatter import CLASSES
from pairx.viz.scene import Scene
from pairx.viz.sheets import dots
from pairx.viz.text import plate, smaller, width_of, write

if TYPE_CHECKING:
    from pairx.viz.table import Region, TableCell

OUTLINES = {True: (CLASSES[0][2], "solid"), False: (CLASSES[1][2], (0, (3.2, 1.6)))}
"""Colour and stroke around a correct and an incorrect pair."""
OUTLINE = 1.3
"""Its width, points; it stands as far from the photographs."""
FULL = dots(150)
POINTED = dots(90)
"""Widths of a panel whose lines are drawn in full strength, and whose marks of a point are."""
FAINTEST = 0.35
"""Strength of lines and marks in the smallest panels."""
_INSET = 0.42
"""Of the photograph's shorter side, an inset's longer one."""
_INNER = round(1 * POINT)
_ABOVE = 3
"""By which an inset and its lines lie above those of the panel."""
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
                _inset(axes, cell, scene, placed, side, place, layer)
    if cell.correct is not None:
        color, stroke = OUTLINES[cell.correct]
        around = round(OUTLINE * POINT)
        axes.add_patch(
            Rectangle(
                (box.x - around, box.y - around), box.w + 2 * around, box.h + 2 * around, fill=False, edgecolor=color,
                linewidth=OUTLINE, linestyle=stroke, zorder=2, clip_on=False,
            )
        )  # fmt: skip


def badge(axes: Axes, x: float, y: float, number: int, size: float) -> None:
    """A number in a disc."""
    letters = smaller(size)
    axes.add_patch(Circle((x, y), badge_radius(number, size), fc="white", ec=_INK, linewidth=0.6, zorder=8))
    write(axes, x, y - 0.485 * letters * POINT, str(number), letters, align="center", zorder=9)


def badge_radius(number: int, size: float) -> float:
    """Of the disc, dots."""
    return max(0.72 * smaller(size) * POINT, 0.5 * width_of(str(number), smaller(size)) + 1.2 * POINT)


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
        plate(axes, _spanned(placed), cell.reason, smaller(size))
    if scene is None:
        return
    if layer == "matches" and len(placed) == 2:
        _join(axes, scene, (placed[0], placed[1]), _strength(placed))
    if scene.pointed:
        draw_pointed(axes, (placed.get(0), placed.get(1)), scene.pointed, _strength(placed, POINTED))
    words = scene.paint_banner if layer == "colours" else scene.banner if layer != "plain" else ""
    if words:
        plate(axes, _spanned(placed), words, smaller(size))


def _strength(placed: dict[int, Box], full: int = FULL) -> float:
    """Of lines and marks: fainter in a smaller panel."""
    return min(1.0, max(FAINTEST, _spanned(placed).w / full))


def _join(axes: Axes, scene: Scene, boxes: tuple[Box, Box], strength: float) -> list[Line2D]:
    """The lines of all matches, the most relevant on top."""
    return [drawn for mark in reversed(scene.marks) if mark.line for drawn in join(axes, boxes, mark, strength)]


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


def _inset(
    axes: Axes, cell: TableCell, scene: Scene | None, placed: dict[int, Box], side: int, place: Extent, layer: str
) -> None:
    """A place, enlarged with the lines that cross it in the corner of its photograph that is the farthest from it, both
    framed alike."""
    (x, y, w, h), box = place, placed[side]
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
    bitmap.paste(axes, part, (left, left + columns, top + rows, top), zorder=6)
    for corner, size in (
        ((box.x + x * box.w, box.y + y * box.h), (w * box.w, h * box.h)),
        ((left, top), (columns, rows)),
    ):
        for color, stroke in ((CASINGS[0], 1.5), (_INK, 0.6)):
            axes.add_patch(Rectangle(corner, *size, fill=False, edgecolor=color, linewidth=stroke, zorder=7))
    if scene is not None and layer == "matches" and len(placed) == 2:
        frame = Rectangle((left, top), columns, rows, transform=axes.transData)
        first, second = (_enlarged(placed[one], box, place, Box(left, top, columns, rows)) for one in (0, 1))
        for drawn in _join(axes, scene, (first, second), _strength(placed)):
            drawn.set(clip_path=frame, zorder=drawn.zorder + _ABOVE)


def _enlarged(box: Box, own: Box, place: Extent, inset: Box) -> Box:
    """Where a box would lie if the page were enlarged as an inset is. own: of the inset's photograph."""
    x, y, w, h = place
    across, down = inset.w / (w * own.w), inset.h / (h * own.h)
    left, top = own.x + x * own.w, own.y + y * own.h
    return Box(
        round(inset.x + (box.x - left) * across),
        round(inset.y + (box.y - top) * down),
        round(box.w * across),
        round(box.h * down),
    )


def _zoom(box: Box, place: Extent) -> float:
    """How many times an inset is larger than its place."""
    _, _, w, h = place
    return _INSET * min(box.w, box.h) / max(w * box.w, h * box.h)
