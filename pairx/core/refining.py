"""What the cells around a match say of it: where between cells its two ends lie, and whether the neighbours agree."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

ROWS = 2048  # matches at once: their descriptors of 2,048 channels are 34 MB in float64
MOST = 0.5  # cells: what lies farther off is nearer to the next one
_AROUND = [(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx]


class Cells(NamedTuple):
    """One photograph's cells, row after row, whose numbers are their places in that order. descriptors: (N, C). grid:
    rows and columns, N in all. inside: (N,) bool, which of them lie on the photograph: no other is asked.
    """

    descriptors: Tensor
    grid: tuple[int, int]
    inside: Tensor

    def beside(self, numbers: Tensor, dy: int, dx: int) -> tuple[Tensor, Tensor]:
        """(M,) numbers of the cells dy rows below and dx columns right of others, and (M,) bool, which there are."""
        rows, columns = self.grid
        y, x = numbers // columns + dy, numbers % columns + dx
        there = (y >= 0) & (y < rows) & (x >= 0) & (x < columns)
        beside = torch.where(there, y * columns + x, 0)
        return beside, there & self.inside[beside]


def between(cells0: Cells, cells1: Cells, numbers0: Tensor, numbers1: Tensor) -> tuple[Tensor, Tensor]:
    """How far both ends of matches of cells, numbered (M,), (M,), lie off the centres: (M, 2), (M, 2) rows/columns.

    Each end by half of what `peak` says of it, a quarter of a cell at most: where the true places differ by a part of a
    cell, either side sees the whole of it. The same whichever photograph comes first.
    """
    asked0, asked1 = cells0.descriptors[numbers0], cells1.descriptors[numbers1]
    return peak(asked1, cells0, numbers0) / 2, peak(asked0, cells1, numbers1) / 2


def peak(asked: Tensor, cells: Cells, numbers: Tensor) -> Tensor:
    """(M, 2) rows/columns, in float64, from the centres of cells, numbered (M,), to where what is asked for is likest.

    asked: (M, C) descriptors. It is the top of a parabola through the cosine similarities to the cell and to its two
    neighbours, along rows and columns apart, MOST at most. Along an axis on which a neighbour is missing, or where the
    similarities have no top, it is 0.
    """
    parts = zip(asked.split(ROWS), numbers.split(ROWS), strict=True)
    return torch.cat([_peak(one, cells, at) for one, at in parts])


def _peak(asked: Tensor, cells: Cells, at: Tensor) -> Tensor:
    wanted = F.normalize(asked.double(), dim=1)

    def likeness(numbers: Tensor) -> Tensor:
        return (wanted * F.normalize(cells.descriptors[numbers].double(), dim=1)).sum(1)

    here, moved = likeness(at), []
    for dy, dx in ((1, 0), (0, 1)):
        (before, one), (after, other) = cells.beside(at, -dy, -dx), cells.beside(at, dy, dx)
        low, high = likeness(before), likeness(after)
        curve = low - 2 * here + high
        moved.append(torch.where(one & other & (curve < 0), (low - high) / (2 * curve), 0))
    return torch.stack(moved, 1).clamp(-MOST, MOST)


def agreement(
    cells0: Cells, cells1: Cells, nearest: tuple[Tensor, Tensor], numbers0: Tensor, numbers1: Tensor
) -> Tensor:
    """(M,) shares, 0 to 1, in float64: how many of the neighbours of both ends of matches agree with it.

    A neighbour, one of up to eight around a cell, agrees if its nearest cell is the match's other end or beside it, on
    whichever side: photographs may be turned or mirrored. nearest: (N0,), (N1,) numbers of each cell's nearest in the
    other photograph; of cells that are not inside anything. 0 where there are no neighbours.
    """
    agreed = torch.zeros(len(numbers0), dtype=torch.double, device=numbers0.device)
    asked = torch.zeros_like(agreed)
    for cells, others, to, own, partners in (
        (cells0, cells1, nearest[0], numbers0, numbers1),
        (cells1, cells0, nearest[1], numbers1, numbers0),
    ):
        columns = others.grid[1]
        for dy, dx in _AROUND:
            beside, there = cells.beside(own, dy, dx)
            found = to[beside]
            down = (found // columns - partners // columns).abs()
            right = (found % columns - partners % columns).abs()
            asked += there
            agreed += there & (torch.maximum(down, right) <= 1)
    return agreed / asked.clamp(min=1)
