"""Matching the features of two images (PAIR-X, section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from pairx import images
from pairx.core.evidence import for_and_against
from pairx.core.options import DEFAULTS
from pairx.core.refining import Cells, agreement, between
from pairx.models import EncodedPair
from pairx.types import Extent, Matches

ROWS = 2048  # bounds the distance table: 2048 rows against 6,400 cells (1/4 of 320 px) are 105 MB


def mutual_nearest(descriptors0: torch.Tensor, descriptors1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices (M,), (M,) of descriptors (N0, C), (N1, C) that are each other's nearest neighbour: see `nearest`."""
    return mutual(*nearest(descriptors0, descriptors1))


def nearest(descriptors0: torch.Tensor, descriptors1: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices (N0,), (N1,) of each descriptor's nearest neighbour among the other photograph's, (N0, C) and (N1, C),
    under L2; none where either has no descriptor.

    Brute force in float64. Of equally near neighbours the one with the lowest index counts.
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
    return torch.cat(nearest1), nearest0


def mutual(to1: torch.Tensor, to0: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Indices (M,), (M,) that are each other's nearest, of what `nearest` gives."""
    index0 = torch.arange(len(to1), device=to1.device)
    both = to0[to1] == index0
    return index0[both], to1[both]


def match(
    encoded: EncodedPair,
    layer: str,
    relevances: Sequence[torch.Tensor],
    positions: str = DEFAULTS.positions,
    strength: str = DEFAULTS.strength,
) -> Matches:
    """All mutual nearest neighbours of a layer's features, in the order of `Matches`, weighed by `for_and_against`.
    Cells whose centre lies in the padding around a photograph have no part in it.

    relevances: (h, w) of either photograph's cells. positions, strength: see `Options`.
    """
    images_of = encoded.pair.images
    extents = [encoded.model.preprocessing.extent(*image.shape[1::-1]) for image in images_of]
    cells0, cells1 = (_cells(*one) for one in zip(encoded.activations[layer], images_of, extents, strict=True))
    numbers0, numbers1, agreed = _matched(cells0, cells1, strength == "agreement")
    own0, own1 = (one.flatten()[at].double() for one, at in zip(relevances, (numbers0, numbers1), strict=True))
    relevance, order = for_and_against(own0, own1, agreed)
    numbers0, numbers1, relevance = numbers0[order], numbers1[order], relevance[order]
    distance = (cells0.descriptors[numbers0] - cells1.descriptors[numbers1]).double().norm(dim=1)
    matched = [_rows_and_columns(at, one) for at, one in ((numbers0, cells0), (numbers1, cells1))]
    ends = matched
    if positions == "between":
        moved = between(cells0, cells1, numbers0, numbers1)
        ends = [cells + off.cpu().numpy() for cells, off in zip(matched, moved, strict=True)]
    keypoints0, keypoints1 = (
        images.cell_centres(end, cells.grid, extent[2:], extent[:2])
        for end, cells, extent in zip(ends, (cells0, cells1), extents, strict=True)
    )
    return Matches(matched[0], matched[1], keypoints0, keypoints1, relevance.cpu().numpy(), distance.cpu().numpy())


def _cells(features: torch.Tensor, image: np.ndarray, extent: Extent) -> Cells:
    """The cells of features (C, h, w), of an image (H, W, 3) of which the model sees the extent."""
    grid = features.shape[1], features.shape[2]
    centres = images.cell_centres(np.indices(grid).reshape(2, -1).T, grid, extent[2:], extent[:2])
    inside = ((centres >= 0) & (centres <= image.shape[1::-1])).all(1)
    return Cells(features.flatten(1).T, grid, torch.from_numpy(inside).to(features.device))


def _matched(cells0: Cells, cells1: Cells, agreeing: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """Numbers (M,), (M,) of cells that match, and where asked for how far their neighbours agree, (M,)."""
    inside0, inside1 = (one.inside.nonzero()[:, 0] for one in (cells0, cells1))
    to1, to0 = nearest(cells0.descriptors[inside0], cells1.descriptors[inside1])
    index0, index1 = mutual(to1, to0)
    numbers0, numbers1 = inside0[index0], inside1[index1]
    if not agreeing or not len(numbers0):
        return numbers0, numbers1, None
    every1, every0 = (torch.zeros(len(one.inside), dtype=torch.long, device=to1.device) for one in (cells0, cells1))
    every1[inside0], every0[inside1] = inside1[to1], inside0[to0]
    return numbers0, numbers1, agreement(cells0, cells1, (every1, every0), numbers0, numbers1)


def _rows_and_columns(numbers: torch.Tensor, cells: Cells) -> np.ndarray:
    """(M, 2) int of cells by number."""
    columns = cells.grid[1]
    return torch.stack([numbers // columns, numbers % columns], 1).cpu().numpy()
