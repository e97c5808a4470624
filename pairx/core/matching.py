"""Matching the features of two images (PAIR-X, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from pairx import images
from pairx.core.evidence import for_and_against
from pairx.models import EncodedPair
from pairx.types import Matches

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


def match(encoded: EncodedPair, layer: str, cells: Sequence[torch.Tensor]) -> Matches:
    """All mutual nearest neighbours of a layer's features, in the order of `Matches`, weighed by `for_and_against`.
    Cells whose centre lies in the padding around a photograph have no part in it.
    """
    a, b = encoded.activations[layer]
    extents = [encoded.model.preprocessing.extent(*image.shape[1::-1]) for image in encoded.pair.images]
    grids, w0, w1 = [tuple(one.shape[1:]) for one in (a, b)], a.shape[2], b.shape[2]
    descriptors0, descriptors1 = a.flatten(1).T, b.flatten(1).T
    centres = [
        images.cell_centres(np.indices(grid).reshape(2, -1).T, grid, extent[2:], extent[:2])
        for grid, extent in zip(grids, extents, strict=True)
    ]
    inside = [_inside(*one).to(a.device) for one in zip(centres, encoded.pair.images, strict=True)]
    index0, index1 = mutual_nearest(descriptors0[inside[0]], descriptors1[inside[1]])
    index0, index1 = inside[0][index0], inside[1][index1]
    own = [one.flatten()[index].double() for one, index in zip(cells, (index0, index1), strict=True)]
    relevance, order = for_and_against(*own)
    distance = (descriptors0[index0] - descriptors1[index1]).double().norm(dim=1)
    cells0, cells1 = (
        torch.stack([index // w, index % w], 1)[order].cpu().numpy() for index, w in ((index0, w0), (index1, w1))
    )
    keypoints0, keypoints1 = (
        images.cell_centres(cells, grid, extent[2:], extent[:2])
        for cells, grid, extent in zip((cells0, cells1), grids, extents, strict=True)
    )
    return Matches(
        cells0, cells1, keypoints0, keypoints1, relevance[order].cpu().numpy(), distance[order].cpu().numpy()
    )


def _inside(centres: np.ndarray, image: np.ndarray) -> torch.Tensor:
    """The indices of centres (N, 2) x/y that lie within an image (H, W, 3)."""
    return torch.from_numpy(np.flatnonzero(((centres >= 0) & (centres <= image.shape[1::-1])).all(1)))
