"""A pair's matches and relevance as `benchmarks.separating` measures them, and controls that lack some of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from pairx import geometry
from pairx.core.matching import mutual, nearest
from pairx.core.metrics import residuals
from pairx.core.refining import Cells, agreement, between
from pairx.images import cell_centres

SEEDS = "relevance", "gradient"
TRANSFORMS = "xfeat", "sift"
WITHIN = 1.5
"""Cells that a match may lie off a transform that it follows."""


@dataclass(frozen=True, eq=False)
class Matched:
    """The matches of a pair, whatever their relevance. features: (C, h, w) of either photograph. sizes: (width, height)
    of either. in_place: instead, each cell is matched with the one at the same place of the other frame: a control."""

    features: tuple[Tensor, Tensor]
    sizes: tuple[np.ndarray, np.ndarray]
    in_place: bool = False

    @cached_property
    def cells(self) -> tuple[Cells, Cells]:
        """All of either photograph."""
        one, other = (
            Cells(features.flatten(1).T, tuple(features.shape[1:]), torch.ones(features[0].numel(), dtype=torch.bool))
            for features in self.features
        )
        return one, other

    @cached_property
    def numbers(self) -> tuple[Tensor, Tensor]:
        """(M,), (M,) of the matched cells."""
        if self.in_place:
            every = torch.arange(len(self.cells[0].inside))
            return every, every
        return mutual(*self._near)

    @cached_property
    def agreement(self) -> np.ndarray:
        """(M,) how far neighbours agree, 0 to 1."""
        return agreement(*self.cells, self._near, *self.numbers).numpy()

    @cached_property
    def likeness(self) -> np.ndarray:
        """(M,) cosine similarities of the descriptors."""
        one, other = (cells.descriptors[at].double() for cells, at in zip(self.cells, self.numbers, strict=True))
        return F.cosine_similarity(one, other).numpy()

    @cached_property
    def _near(self) -> tuple[Tensor, Tensor]:
        return nearest(*(cells.descriptors for cells in self.cells))

    @cached_property
    def ends(self) -> dict[str, list[np.ndarray]]:
        """(M, 2) row/column of both ends: "centres" of cells, or where "between" cells they lie."""
        centres = [
            torch.stack([at // one.grid[1], at % one.grid[1]], 1).double()
            for at, one in zip(self.numbers, self.cells, strict=True)
        ]
        moved = (0.0, 0.0) if self.in_place else between(*self.cells, *self.numbers)
        return {
            "centres": [one.numpy() for one in centres],
            "between": [(one + off).numpy() for one, off in zip(centres, moved, strict=True)],
        }

    @cached_property
    def own_transform(self) -> np.ndarray:
        """The similarity transform that most matches follow, as `Pair.transforms`."""
        found = self.points("centres")
        cell = float(self.sizes[1][0]) / self.cells[1].grid[1]
        matrix, _ = cv2.estimateAffinePartial2D(
            *found, method=cv2.RANSAC, ransacReprojThreshold=WITHIN * cell, maxIters=2000, confidence=0.999
        )
        return np.full((3, 3), np.nan) if matrix is None else np.vstack([matrix, [0, 0, 1]])

    def points(self, positions: str) -> list[np.ndarray]:
        """(M, 2), (M, 2) x/y of both ends, in pixels of their photographs."""
        return [
            cell_centres(end, one.grid, size)
            for end, one, size in zip(self.ends[positions], self.cells, self.sizes, strict=True)
        ]

    def distances(self, matrix: np.ndarray, positions: str) -> np.ndarray:
        """(M,) residuals under a transform in pixels, in cells of photograph 1."""
        stretch = np.array(self.cells[1].grid[::-1]) / self.sizes[1]
        start, end = self.points(positions)
        return residuals(start, end * stretch, np.diag([*stretch, 1]) @ matrix)


@dataclass(frozen=True, eq=False)
class Pair:
    """What was computed of a pair.

    relevance: (S, 2, 2, h, w) by SEEDS, by photograph, and summed over channels with and without signs. transforms: by
    TRANSFORMS and "own", (3, 3), pixels of photograph 0 to pixels of 1, NaN where there is none. shares: by name, of
    second order, (K, h, w) of either photograph. lengths: `|e| |f|`.
    """

    matched: Matched
    relevance: np.ndarray
    transforms: Mapping[str, np.ndarray]
    shares: Mapping[str, tuple[Tensor, Tensor]]
    lengths: float

    def shuffled(self, seed: int) -> Pair:
        """The control: each photograph's relevance exchanged between its cells at random."""
        rng, relevance, shares = np.random.default_rng(seed), self.relevance.copy(), dict(self.shares)
        orders = [rng.permutation(relevance[0, 0, 0].size) for _ in (0, 1)]
        for side, order in enumerate(orders):
            part = relevance[:, side]
            relevance[:, side] = part.reshape(*part.shape[:2], -1)[..., order].reshape(part.shape)
        for name, both in shares.items():
            one, other = (
                part.flatten(1)[:, order].reshape(part.shape) for part, order in zip(both, orders, strict=True)
            )
            shares[name] = one, other
        return replace(self, relevance=relevance, shares=shares)

    def in_place(self) -> Pair:
        """The control: the cells at the same places of both frames, matched or not."""
        return replace(self, matched=replace(self.matched, in_place=True))

    def framed(self) -> Pair:
        """The control of metrics that ask for a transform: the one that only lays frame 0 over frame 1."""
        plain = geometry.resize_only(*self.matched.sizes)
        found = {name: one if np.isnan(one).any() else plain for name, one in self.transforms.items()}
        return replace(self, transforms=found)
