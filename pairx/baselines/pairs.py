"""Pairs of cells, one in each photograph: what second-order methods share."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from pairx.baselines.registry import Finding, to_map

MOST = 64
"""Cells along a side of a tensor at most: 67 MB of numbers."""


def places(cells: Sequence[int], grid: tuple[int, int]) -> Tensor:
    """(h, w) int64: which of the places of a coarser grid (rows, columns) each of h x w cells lies in, row by row."""
    rows, columns = (torch.arange(n) * places // n for n, places in zip(cells, grid, strict=True))
    return rows[:, None] * grid[1] + columns


def at_most(cells: Sequence[int], most: int = MOST) -> tuple[int, int]:
    """The grid of places that h x w cells are joined to: as many, but no more than `most` along a side."""
    return min(cells[0], most), min(cells[1], most)


def parts(cells: int, places: int) -> Tensor:
    """(places, cells) float64: the part of each cell along a side that lies in each of so many equally wide places, 0
    to 1; the parts of a cell sum to 1.
    """
    cell, place = (torch.arange(n + 1, dtype=torch.float64) / n for n in (cells, places))
    return cells * (torch.minimum(cell[1:], place[1:, None]) - torch.maximum(cell[:-1], place[:-1, None])).clamp(min=0)


def joined(values: Tensor) -> Tensor:
    """(..., h, w) to (..., rows, columns) of `at_most`: sums over the parts of cells that lie in each place."""
    cells = values.shape[-2:]
    grid = at_most(cells)
    if grid == cells:
        return values
    rows, columns = (parts(*sizes).to(values) for sizes in zip(cells, grid, strict=True))
    return torch.einsum("rh,...hw,cw->...rc", rows, values, columns)


def of_pairs(tensor: Tensor, **metrics: float | Tensor) -> Finding:
    """What a method finds that tells pairs alone: the tensor (h0, w0, h1, w1), whose sums are the maps."""
    told = {name: float(value) for name, value in metrics.items()}
    return Finding(to_map(tensor.sum((2, 3))), to_map(tensor.sum((0, 1))), to_map(tensor), metrics=told)
