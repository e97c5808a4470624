"""Smooth random fields in space."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import map_coordinates


class Noise:
    """Value noise on a periodic lattice: smooth, about -1 to 1, one feature per unit of length."""

    def __init__(self, rng: np.random.Generator, size: int = 32) -> None:
        self._lattice = rng.uniform(-1, 1, (size, size, size)).astype(np.float32)

    def __call__(self, points: np.ndarray, octaves: int = 1) -> np.ndarray:
        """Values (N,) at points (N, 3); each further octave is twice as fine and half as strong."""
        total = np.zeros(len(points), np.float32)
        for octave in range(octaves):
            at = (points * 2**octave + 17.3 * octave).astype(np.float32)
            cell = np.floor(at)
            part = at - cell
            eased = cell + part * part * (3 - 2 * part)
            total += map_coordinates(self._lattice, eased.T, order=1, mode="grid-wrap") / 2**octave
        return total


def smoothstep(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """0 below low, 1 above high (or the reverse where low > high), smooth between."""
    t = np.clip((np.asarray(x, np.float32) - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def mix(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    """a where t is 0, b where it is 1; t (N,) goes with rows (N, C)."""
    t = np.asarray(t, np.float32)[..., None]
    a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
    return a + (b - a) * t
