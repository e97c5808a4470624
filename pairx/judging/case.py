"""One method's explanation of one pair, and what criteria ask of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from pairx.baselines import PairAtLayer
from pairx.core import correspondence
from pairx.images import cell_centres
from pairx.judging.curves import curve
from pairx.judging.others import Others
from pairx.judging.truth import Truth
from pairx.types import Explanation, InputError

Explain = Callable[[PairAtLayer], Explanation]
Two = tuple[np.ndarray, np.ndarray]
WITHIN = 1.5
"""Cells of the model's layer by which a match may be off."""


@dataclass(frozen=True)
class Case:
    """What a criterion measures.

    at: the pair as the model sees it. explain: the same method, of any pair that a model has seen. others: the pair
    under changes. forward: seconds of one forward pass. memory: bytes by which the method's peak exceeded what was in
    use before, NaN where the system does not tell.
    """

    at: PairAtLayer
    truth: Truth
    explanation: Explanation
    explain: Explain
    others: Others
    forward: float = np.nan
    memory: float = np.nan

    @cached_property
    def maps(self) -> Two | None:
        """(height, width) float32 over both inputs, bilinear; None where the method gives no maps."""
        one = self.explanation
        if one.map0 is None or one.map1 is None:
            return None
        return enlarged(one.map0, self.at.model.size), enlarged(one.map1, self.at.model.size)

    def map_of(self, at: PairAtLayer) -> np.ndarray | None:
        """(h, w) map of photograph 0 of another pair by the same method, found once; None where it cannot run there."""
        if id(at) not in self._found:
            try:
                self._found[id(at)] = at, self.explain(at).map0
            except InputError:
                self._found[id(at)] = at, None
        return self._found[id(at)][1]

    @cached_property
    def _found(self) -> dict[int, tuple[PairAtLayer, np.ndarray | None]]:
        return {}  # with the pair, as the id of one that is gone may be another's later

    @cached_property
    def curves(self) -> np.ndarray | None:
        """(2, 2, S) cosines: of each photograph, of deletion and insertion, at each of `curves.SHARES`; the other
        photograph stays whole. None where the method gives no maps."""
        if self.maps is None:
            return None
        return np.stack([curve(side, one) for side, one in zip(self.at.sides, self.maps, strict=True)])

    @cached_property
    def turned(self) -> Case | None:
        """Of photograph 0 beside itself, turned, of which no truth is told; None where the method gives no maps, or
        cannot run there."""
        if self.explanation.map0 is None:
            return None
        at = self.others.turned
        try:
            return Case(at, Truth(), self.explain(at), self.explain, self.others)
        except InputError:
            return None

    @cached_property
    def sent(self) -> Two | None:
        """(height, width) bool over both inputs: as many pixels as show the animal, those that the tensor makes the
        strongest partners of the other photograph's animal. None where the method gives no tensor."""
        tensor = self.explanation.tensor
        if tensor is None or self.masks is None:
            return None
        found = []
        for number in (1, 0):
            source, truth = self.masks[number], self.masks[1 - number]
            grid = tensor.shape[2:] if number else tensor.shape[:2]
            cells = correspondence.partners(tensor, correspondence.in_mask(source, grid), number)
            found.append(correspondence.highest(cells, truth.shape, int(truth.sum())))
        return found[0], found[1]

    @cached_property
    def masks(self) -> Two | None:
        """(height, width) bool over both inputs: where the animal is."""
        return self._framed(self.truth.masks)

    @cached_property
    def differences(self) -> Two | None:
        """(height, width) bool over both inputs: where twins differ."""
        return self._framed(self.truth.differences)

    def _framed(self, masks: Two | None) -> Two | None:
        if masks is None:
            return None
        first, second = (self.at.model.preprocessing.framed_mask(mask) for mask in masks)
        return first, second

    def cell(self, number: int) -> np.ndarray:
        """(width, height) of a cell of the model's layer in photograph 0 or 1, pixels of its image."""
        rows, columns = self.at.model.layer(self.at.layer).grid
        _, _, width, height = self._extent(number)
        return np.array([width / columns, height / rows])

    def strongest(self, number: int, most: int) -> Two | None:
        """The strongest matches that start in photograph 0 or 1: (N, 2) x/y pixels there and in the other.

        Matches as the method ranks them, raising ones first; of a tensor the cells whose strongest partner is the
        strongest, each with that partner. None where a method has neither, or no match.
        """
        one = self.explanation
        if one.matches is not None and len(one.matches):
            found = one.matches.keypoints0[:most], one.matches.keypoints1[:most]
            return found[::-1] if number else found
        if one.tensor is None:
            return None
        tensor = one.tensor.transpose(2, 3, 0, 1) if number else one.tensor
        grids = tensor.shape[:2], tensor.shape[2:]
        flat = tensor.reshape(grids[0][0] * grids[0][1], -1)
        starts = np.argsort(-flat.max(1), kind="stable")[:most]
        ends = flat[starts].argmax(1)
        return self._centres(starts, grids[0], number), self._centres(ends, grids[1], 1 - number)

    def partners(self, number: int, points: np.ndarray) -> np.ndarray | None:
        """(N, 2) x/y in the other photograph of points (N, 2) x/y in photograph 0 or 1, pixels of the images.

        Of a tensor the centre of the strongest partner; of matches the end of the nearest, NaN where none starts within
        WITHIN cells. None where a method has neither.
        """
        one = self.explanation
        if one.tensor is not None:
            x, y, width, height = self._extent(number)
            own = one.tensor.shape[2:] if number else one.tensor.shape[:2]
            cells = [
                correspondence.partners(
                    one.tensor, correspondence.at_point((at - (x, y)) / (width, height), own), number
                )
                for at in points
            ]
            places = np.array([np.argmax(found) for found in cells])
            return self._centres(places, cells[0].shape, 1 - number)
        if one.matches is None:
            return None
        starts, ends = one.matches.keypoints0, one.matches.keypoints1
        starts, ends = (ends, starts) if number else (starts, ends)
        if not len(starts):
            return np.full((len(points), 2), np.nan)
        away = np.linalg.norm((points[:, None] - starts) / self.cell(number), axis=2)
        return np.where(away.min(1, keepdims=True) <= WITHIN, ends[away.argmin(1)], np.nan)

    def centres(self, number: int) -> np.ndarray:
        """(h * w, 2) x/y of the middles of the cells of a map of photograph 0 or 1, pixels of its image."""
        one = self.explanation.map1 if number else self.explanation.map0
        assert one is not None
        return self._centres(np.arange(one.size), one.shape, number)

    def _centres(self, flat: np.ndarray, grid: tuple[int, ...], number: int) -> np.ndarray:
        cells = np.column_stack(np.unravel_index(flat, grid))
        x, y, width, height = self._extent(number)
        return cell_centres(cells, (grid[0], grid[1]), (width, height), (x, y))

    def _extent(self, number: int) -> tuple[float, float, float, float]:
        height, width = self.at.pair.images[number].shape[:2]
        return self.at.model.preprocessing.extent(width, height)


def enlarged(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A map (h, w) at (height, width), bilinear."""
    return cv2.resize(values.astype(np.float32), size[::-1], interpolation=cv2.INTER_LINEAR)
