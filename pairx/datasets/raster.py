"""Which triangle of a mesh is in front, at each pixel or at given points, in NumPy alone.

Meshes: points (V, 3) x/y pixels and depth; faces (F, 3) vertex indices, counter-clockwise seen from outside the mesh.
Faces that face away from the viewer are not there. size: (width, height).
"""

from __future__ import annotations

import numpy as np


def rasterise(points: np.ndarray, faces: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The front-most face at each pixel's centre: (H, W) int32, -1 where there is none."""
    width, height = size
    front, low, high = _boxes(points, faces)
    face, x, y = _pixels(front, np.ceil(low - 0.5), np.floor(high - 0.5), size)
    corners = points[faces[face]]
    weights = barycentric(corners, np.column_stack([x, y]) + 0.5)
    inside = (weights >= -1e-9).all(1)
    depth = (weights[inside] * corners[inside, :, 2]).sum(1)
    order = np.argsort(-depth, kind="stable")
    result = np.full(width * height, -1, np.int32)
    result[(y * width + x)[inside][order]] = face[inside][order]
    return result.reshape(height, width)


def first_hit(
    points: np.ndarray, faces: np.ndarray, size: tuple[int, int], at: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The front-most face at the places at (N, 2): (N,) int, -1 where there is none, and barycentric weights (N, 3)."""
    width, height = size
    column, row = np.floor(np.nan_to_num(at, nan=-1)).astype(int).T
    framed = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    own = np.where(framed, row * width + column, -1)
    front, low, high = _boxes(points, faces)
    face, x, y = _pixels(front, np.floor(low), np.floor(high), size)
    pixel = y * width + x
    asked = np.zeros(width * height, bool)
    asked[own[framed]] = True
    face, pixel = face[asked[pixel]], pixel[asked[pixel]]
    order = np.argsort(pixel, kind="stable")
    face, pixel = face[order], pixel[order]
    start, stop = np.searchsorted(pixel, own, "left"), np.searchsorted(pixel, own, "right")
    counts = np.where(framed, stop - start, 0)
    place = np.repeat(np.arange(len(at)), counts)
    tried = face[np.repeat(start - (np.cumsum(counts) - counts), counts) + np.arange(counts.sum())]
    corners = points[faces[tried]]
    weights = barycentric(corners, np.asarray(at)[place])
    inside = (weights >= -1e-9).all(1)
    far_first = np.flatnonzero(inside)[np.argsort(-(weights * corners[..., 2]).sum(1)[inside], kind="stable")]
    hit, hit_weights = np.full(len(at), -1), np.zeros((len(at), 3))
    hit[place[far_first]] = tried[far_first]
    hit_weights[place[far_first]] = weights[far_first]
    return hit, hit_weights


def barycentric(corners: np.ndarray, xy: np.ndarray) -> np.ndarray:
    """Barycentric weights (N, 3) of the points xy (N, 2) in the triangles corners (N, 3, 2 or more)."""
    a, b, c = (corners[:, i, :2] for i in range(3))
    area = _cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-12, 1e-12, area)
    u = _cross(c - b, xy - b) / area
    v = _cross(a - c, xy - c) / area
    return np.column_stack([u, v, 1 - u - v])


def facing(points: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(F,) bool: which faces face the viewer."""
    a, b, c = (points[faces[:, i], :2] for i in range(3))
    return _cross(b - a, c - a) < -1e-9


def _boxes(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Faces that face the viewer, and their boxes' corners (N, 2)."""
    front = np.flatnonzero(facing(points, faces))
    corners = points[faces[front], :2]
    return front, corners.min(1), corners.max(1)


def _pixels(
    face: np.ndarray, first: np.ndarray, last: np.ndarray, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every pixel of every face's box from first to last (N, 2), cut to the frame: face, x, y, one entry each."""
    low = np.clip(first, 0, size).astype(np.int64)
    high = np.clip(last + 1, 0, size).astype(np.int64)
    columns, rows = np.maximum(high - low, 0).T
    counts = columns * rows
    owner = np.repeat(np.arange(len(face)), counts)
    offset = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    return face[owner], low[owner, 0] + offset % columns[owner], low[owner, 1] + offset // columns[owner]


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
