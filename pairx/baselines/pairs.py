"""Pairs of cells, one in each photograph: what second-order methods share."""

from __future__ import annotations

import torch
from torch import Tensor

from pairx.baselines.registry import Finding, to_map

MOST = 64
"""Cells along a side of a tensor at most: 67 MB of numbers."""


def places(cells: tuple[int, int], grid: tuple[int, int]) -> Tensor:
    """(h, w) int64: which of the places of a coarser grid (rows, columns) each of h x w cells lies in, row by row."""
    rows, columns = (torch.arange(n) * places // n for n, places in zip(cells, grid, strict=True))
    return rows[:, None] * grid[1] + columns


def at_most(cells: tuple[int, int], most: int = MOST) -> tuple[int, int]:
    """The grid of places that h x w cells are joined to: as many, but no more than `most` along a side."""
    return min(cells[0], most), min(cells[1], most)


def joined(values: Tensor) -> Tensor:
    """(..., h, w) to (..., rows, columns) of `at_most`: sums over the cells of each place."""
    cells = values.shape[-2:]
    grid = at_most(cells)
    if grid == cells:
        return values
    sums = values.new_zeros(*values.shape[:-2], grid[0] * grid[1])
    return sums.index_add_(-1, places(cells, grid).flatten().to(values.device), values.flatten(-2)).unflatten(-1, grid)


def of_pairs(tensor: Tensor, **metrics: float | Tensor) -> Finding:
    """What a method finds that tells pairs alone: the tensor (h0, w0, h1, w1), whose sums are the maps."""
    told = {name: float(value) for name, value in metrics.items()}
    return Finding(to_map(tensor.sum((2, 3))), to_map(tensor.sum((0, 1))), to_map(tensor), metrics=told)
