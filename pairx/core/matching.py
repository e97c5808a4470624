"""Matching the features of two images (PAIR-X, section 3.1)."""

from __future__ import annotations

import torch

ROWS = 2048  # bounds the distance table: 2048 rows against 6,400 cells (1/4 of 320 px) are 105 MB


def mutual_nearest(descriptors0: torch.Tensor, descriptors1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices (M,), (M,) of descriptors (N0, C), (N1, C) that are each other's nearest neighbour under L2.

    Brute force in float64 with cross-check. Of equally near neighbours the one with the lowest index counts.
    """
    if not len(descriptors0) or not len(descriptors1):
        nobody = torch.zeros(0, dtype=torch.long, device=descriptors0.device)
        return nobody, nobody
    a, b = descriptors0.double(), descriptors1.double()
    nearest1 = []
    best0 = nearest0 = torch.empty(0)  # of the columns, until now
    for start in range(0, len(a), ROWS):
        # |a|^2 does not change a row's order but does a column's, so it stays in.
        part = a[start : start + ROWS]
        squared = torch.addmm((b * b).sum(1), part, b.T, alpha=-2).add_((part * part).sum(1)[:, None])
        nearest1.append(squared.argmin(1))
        column_best, column_arg = squared.min(0)
        if start == 0:
            best0, nearest0 = column_best, column_arg
        else:
            closer = column_best < best0
            best0, nearest0 = torch.where(closer, column_best, best0), torch.where(closer, column_arg + start, nearest0)
    to1 = torch.cat(nearest1)
    index0 = torch.arange(len(a), device=a.device)
    mutual = nearest0[to1] == index0
    return index0[mutual], to1[mutual]
