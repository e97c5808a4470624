"""A detail of a scene, as the screen shows it when it is zoomed: the same window of both photographs, all else kept."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pairx.types import Extent, InputError
from pairx.viz.marks import MatchMark
from pairx.viz.place import Point, Pointed, inside, shared
from pairx.viz.scene import Scene

MOST_ZOOM = 16.0
FINEST = 1024  # px of a side to which a layer's part is resampled at most


@dataclass(frozen=True)
class Detail:
    """What part of each photograph is drawn. zoom: 1 to MOST_ZOOM, how many times its sides are longer than the part's.
    centers: x/y of each part's middle, in fractions of its photograph; a part never leaves its photograph. Raises
    InputError for anything else."""

    zoom: float
    centers: tuple[Point, Point]

    def __post_init__(self) -> None:
        values = (self.zoom, *self.centers[0], *self.centers[1])
        if not all(map(math.isfinite, values)) or not 1 <= self.zoom <= MOST_ZOOM:
            raise InputError(f"A detail has a zoom of 1 to {MOST_ZOOM:g} and finite centres.")


def cut(scene: Scene, detail: Detail) -> Scene:
    """The scene of a detail."""
    windows = [
        _window(photo, detail.zoom, center)
        for photo, center in zip((scene.photo0, scene.photo1), detail.centers, strict=True)
    ]
    seen = [
        shared(extent or (0, 0, 1, 1), window)
        for extent, window in zip((scene.extent0, scene.extent1), windows, strict=True)
    ]
    marks = [_moved(mark, windows) for mark in scene.marks]
    said = f"detail, {100 * detail.zoom:.0f} %"
    return replace(
        scene,
        photo0=_part(scene.photo0, windows[0]),
        photo1=_part(scene.photo1, windows[1]),
        heat0=_layer(scene.heat0, scene.extent0, seen[0]),
        heat1=_layer(scene.heat1, scene.extent1, seen[1]),
        paint0=_layer(scene.paint0, scene.extent0, seen[0]),
        paint1=_layer(scene.paint1, scene.extent1, seen[1]),
        extent0=_within(seen[0], windows[0]),
        extent1=_within(seen[1], windows[1]),
        marks=tuple(mark for mark in marks if any(map(inside, (mark.point0, mark.point1)))),
        pointed=scene.pointed and _pointed(scene.pointed, windows),
        legend=(*scene.legend[:2], " · ".join((*scene.legend[2:], said))),
    )


def _window(photo: np.ndarray, zoom: float, center: Sequence[float]) -> Extent:
    """A part (x, y, w, h) in fractions, whose edges lie between pixels."""
    height, width = photo.shape[:2]
    edges = []
    for length, middle in ((width, center[0]), (height, center[1])):
        size = max(1, round(length / zoom))
        start = min(max(round(length * middle - size / 2), 0), length - size)
        edges.append((start / length, size / length))
    (x, w), (y, h) = edges
    return x, y, w, h


def _part(photo: np.ndarray, window: Extent) -> np.ndarray:
    height, width = photo.shape[:2]
    x, y, w, h = window
    left, top, right, bottom = (round(value) for value in (x * width, y * height, (x + w) * width, (y + h) * height))
    return photo[top:bottom, left:right]


def _within(part: Extent, whole: Extent) -> Extent | None:
    """A part in fractions of a whole, None where it is all of it."""
    x, y, w, h = whole
    found = ((part[0] - x) / w, (part[1] - y) / h, part[2] / w, part[3] / h)
    return None if np.allclose(found, (0, 0, 1, 1), rtol=0, atol=1e-9) else found


def _layer(layer: np.ndarray | None, extent: Extent | None, part: Extent) -> np.ndarray | None:
    """What of a layer RGBA uint8 over an extent lies over a part of it, interpolated with premultiplied opacity."""
    if layer is None:
        return None
    if not part[2] or not part[3]:
        return np.zeros((1, 1, 4), np.uint8)
    height, width = layer.shape[:2]
    x, y, w, h = _within(part, extent or (0, 0, 1, 1)) or (0, 0, 1, 1)
    columns, rows = (max(2, min(FINEST, 8 * math.ceil(size))) for size in (w * width, h * height))
    alpha = layer[..., 3:].astype(np.float32) / 255
    paint = np.dstack([layer[..., :3] * alpha, alpha])
    step_x, step_y = w * width / columns, h * height / rows
    back = np.array([[step_x, 0, x * width + step_x / 2 - 0.5], [0, step_y, y * height + step_y / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(paint, back, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    color = fine[..., :3] / np.maximum(fine[..., 3:], 1e-6)
    return np.round(np.dstack([color, 255 * fine[..., 3:]])).clip(0, 255).astype(np.uint8)


def _to(point: Point, window: Extent) -> Point:
    x, y, w, h = window
    return (point[0] - x) / w, (point[1] - y) / h


def _moved(mark: MatchMark, windows: list[Extent]) -> MatchMark:
    return replace(mark, point0=_to(mark.point0, windows[0]), point1=_to(mark.point1, windows[1]))


def _pointed(pointed: Pointed, windows: list[Extent]) -> Pointed:
    own, other = windows[pointed.side], windows[1 - pointed.side]
    x0, y0, x1, y1 = pointed.place
    return replace(
        pointed,
        place=(*_to((x0, y0), own), *_to((x1, y1), own)),
        partner=_to(pointed.partner, other),
        outline=tuple(np.array([_to(point, other) for point in line]) for line in pointed.outline),
    )
