"""A walk over one photograph, on which each place is asked for its partners in the other one."""

from __future__ import annotations

import numpy as np

STOPS, APART = 6, 0.15
"""Places of a walk at most, and how far from each other at least, in parts of what the cells cover."""


def stops(tensor: np.ndarray, count: int = STOPS) -> np.ndarray:
    """(n, 2) x/y, fractions of what the cells cover: centres of the cells of photograph 0 whose evidence with one cell
    of photograph 1 is the strongest, at most `count`, in the order of a short round. tensor: (h0, w0, h1, w1), raw.
    """
    best = tensor.max(axis=(2, 3))
    rows, columns = np.unravel_index(np.argsort(-best, axis=None, kind="stable"), best.shape)
    places = np.column_stack([(columns + 0.5) / best.shape[1], (rows + 0.5) / best.shape[0]])
    chosen: list[np.ndarray] = []
    for place in places:
        if len(chosen) < count and all(np.hypot(*(place - other)) >= APART for other in chosen):
            chosen.append(place)
    return _in_round(np.array(chosen))


def _in_round(places: np.ndarray) -> np.ndarray:
    """The places by their angle about their middle, so that the round does not cross itself."""
    x, y = (places - places.mean(axis=0)).T
    return places[np.argsort(np.arctan2(y, x), kind="stable")]


def walk(places: np.ndarray, steps: int) -> np.ndarray:
    """(steps, 2) points at equal distances on the closed line through places (n, 2), the first one its start."""
    closed = np.vstack([places, places[:1]])
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    at = np.linspace(0, along[-1], steps, endpoint=False)
    return np.column_stack([np.interp(at, along, one) for one in closed.T])
