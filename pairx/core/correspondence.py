"""What a second-order explanation says of one place: where in the other photograph its partners are.

A second-order method gives evidence for every pair of cells, the tensor (h0, w0, h1, w1) of an `Explanation`. A query
is a point, a box or a mask in one photograph, written as weights (h, w) over that photograph's cells which sum to 1;
the same weights serve every method and both directions. Points and boxes are fractions of the width and height of what
the cells cover, which `seen` gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pairx.types import Extent, InputError

UNSEEN = "The model does not see this place: it lies in the part of the photograph that is cut off. Choose another."


def seen(place: Sequence[float], extent: Extent | None, size: tuple[int, int]) -> tuple[float, float, float, float]:
    """A point or box (x0, y0, x1, y1), fractions of an image (width, height), as fractions of what the model sees of
    it, to which a box is cut. extent: that part, (x, y, w, h) in pixels, or None for all. Raises InputError where the
    model sees nothing of it.
    """
    x, y, w, h = extent or (0, 0, *size)
    point = place[0] == place[2] and place[1] == place[3]
    scaled = (np.reshape(place, (2, 2)) * size - (x, y)) / (w, h)
    (x0, y0), (x1, y1) = cut = np.clip(scaled, 0, 1)
    if not (np.array_equal(cut, scaled) if point else x0 < x1 and y0 < y1):
        raise InputError(UNSEEN)
    return float(x0), float(y0), float(x1), float(y1)


def at_point(point: Sequence[float], grid: tuple[int, int]) -> np.ndarray:
    """(h, w) weights of a place (x, y): bilinear between the centres of the cells around it (Zhu et al., section III).

    A place beyond the outermost centres belongs to the outermost cells.
    """
    x, y = point
    return np.outer(_between(np.array([y]), grid[0]), _between(np.array([x]), grid[1]))


def in_box(box: Sequence[float], grid: tuple[int, int]) -> np.ndarray:
    """(h, w) weights of a box (x0, y0, x1, y1): each cell's share of it. Raises InputError where it has no area."""
    x0, y0, x1, y1 = np.clip(np.asarray(box, float), 0, 1)
    if not (x0 < x1 and y0 < y1):
        raise InputError("The box has no area within the photograph. Draw it from one corner to the opposite one.")
    rows, columns = _shared(np.array([y0, y1]), grid[0]), _shared(np.array([x0, x1]), grid[1])
    return _normalised(np.outer(rows, columns))


def in_mask(mask: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """(h, w) weights of a mask (H, W) bool over the whole photograph: each cell's share of it. Raises InputError where
    it is empty.
    """
    rows, columns = (_shared(np.linspace(0, 1, size + 1), n) for size, n in zip(mask.shape, grid, strict=True))
    weights = rows @ np.asarray(mask, float) @ columns.T
    if not weights.any():
        raise InputError("The mask is empty. Give one that marks a part of the photograph.")
    return _normalised(weights)


def partners(tensor: np.ndarray, weights: np.ndarray, side: int = 0) -> np.ndarray:
    """(h, w) float, raw and signed: the evidence of the other photograph's cells together with a query.

    weights: (h, w) of the query in photograph `side`, 0 or 1, of that side's grid; of a point, `T[i, j]` between cells.
    """
    own = ((0, 1), (2, 3))[side]
    return np.tensordot(weights, tensor, axes=((0, 1), own))


def strongest(cells: np.ndarray) -> tuple[float, float]:
    """(x, y) of the centre of a map's (h, w) highest cell, fractions; of equal ones the first."""
    h, w = cells.shape
    row, column = np.unravel_index(np.argmax(cells), cells.shape)
    return (float(column) + 0.5) / w, (float(row) + 0.5) / h


def highest(cells: np.ndarray, shape: tuple[int, int], count: int) -> np.ndarray:
    """A query projected onto the other photograph: (H, W) bool, true for exactly the `count` highest pixels of the map
    (h, w) `partners` gives, bilinear at `shape` (Hamilton et al., section A.2). Of equal ones the
    first. With the map's own shape the pixels are the cells.
    """
    h, w = cells.shape
    rows, columns = _between(_centres(shape[0]), h), _between(_centres(shape[1]), w)
    pixels = (rows @ cells @ columns.T).ravel()
    chosen = np.zeros(pixels.size, bool)
    chosen[np.argsort(-pixels, kind="stable")[:count]] = True
    return chosen.reshape(shape)


def pooled(tensor: np.ndarray, most: int) -> np.ndarray:
    """A tensor (h0, w0, h1, w1) with at most `most` cells along each side: the means of neighbours, by the part of each
    where they do not divide evenly; as it is where it is no finer.
    """
    for axis, n in enumerate(tensor.shape):
        if n > most:
            means = most * _shared(np.arange(n + 1) / n, most)
            tensor = np.moveaxis(np.tensordot(means.astype(tensor.dtype), tensor, axes=(1, axis)), 0, axis)
    return tensor


def _centres(n: int) -> np.ndarray:
    return (np.arange(n) + 0.5) / n


def _between(at: np.ndarray, n: int) -> np.ndarray:
    """(m, n) weights of n cells at m places along one axis, 0 to 1: linear between the cells' centres."""
    place = np.clip(at * n - 0.5, 0, n - 1)
    return np.maximum(0, 1 - np.abs(place[:, None] - np.arange(n)))


def _shared(edges: np.ndarray, n: int) -> np.ndarray:
    """(n, m) lengths along one axis that n cells share with each of the m intervals between ascending edges, 0 to 1."""
    cells = np.arange(n)[:, None] / n
    return np.maximum(0, np.minimum(cells + 1 / n, edges[1:]) - np.maximum(cells, edges[:-1]))


def _normalised(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum()
