"""Measuring one method on one pair by all criteria."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from pairx.baselines import PairAtLayer, encode_pair
from pairx.datasets import Dataset, Herd
from pairx.images import load_image
from pairx.judging.case import Case
from pairx.judging.contenders import Contender
from pairx.judging.criteria import Criterion
from pairx.judging.memory import peak
from pairx.judging.others import Others
from pairx.judging.planning import Planned
from pairx.judging.truth import Truth, truth_of, truth_of_table
from pairx.judging.untrained import Untrained
from pairx.models import EmbeddingModel
from pairx.types import ImagePair, InputError, View

CALIBRATION = 8
"""Photographs, spread over the data set, from which the untrained network takes the statistics of its features."""


@dataclass(frozen=True)
class Opened:
    """A pair that is being judged. others: the pair under changes. forward: seconds of a pass."""

    kind: str
    at: PairAtLayer
    truth: Truth
    others: Others
    forward: float


@dataclass(frozen=True)
class Measuring:
    """What all pairs share. whole: whether photographs are shown whole, though the data set has boxes. herd: the
    rendered herd that the data set is, if it is one."""

    dataset: Dataset
    model: EmbeddingModel
    whole: bool
    herd: Herd | None
    criteria: Sequence[Criterion]
    seed: int

    @cached_property
    def untrained(self) -> Untrained:
        """The model with shuffled weights."""
        step = max(1, len(self.dataset) // CALIBRATION)
        photographs = [self._load(row)[0] for row in range(0, len(self.dataset), step)[:CALIBRATION]]
        return Untrained(self.model, photographs, self.seed)

    def open(self, planned: Planned) -> Opened:
        """Load a pair and run the model on it."""
        ids = self.dataset.table["image_id"].iloc[list(planned.rows)].tolist()
        pair = self._pair(*planned.rows)
        at = encode_pair(self.model, pair, self.model.default_layer)
        started = time.perf_counter()
        with torch.no_grad():
            self.model.module(at.sides[0].x)
        forward = time.perf_counter() - started
        if self.herd:
            truth = truth_of(self.herd, (ids[0], ids[1]))
        else:
            truth = truth_of_table(self.dataset, planned.rows, (pair.view0, pair.view1), self.whole)
        others = Others(at, self._pair(planned.rows[0], planned.stranger), self.untrained)
        return Opened(planned.kind, at, truth, others, forward)

    def measure(self, opened: Opened, contender: Contender) -> dict[str, Any]:
        """`scores`: the number of each criterion that is defined; or `refused`: why the method cannot run."""
        try:
            with peak(self.model.device) as memory:
                explanation = contender.explain(_anew(opened.at))
            case = Case(
                opened.at, opened.truth, explanation, contender.explain, opened.others, opened.forward, memory.bytes
            )
            numbers = {one.name: one.measure(case) for one in self.criteria if applies(one, opened)}
        except InputError as error:
            return {"refused": str(error)}
        return {"scores": {name: number for name, number in numbers.items() if number is not None}}

    def _load(self, row: int) -> tuple[np.ndarray, View]:
        if not self.whole:
            return self.dataset.load(row)
        table = self.dataset.table
        return load_image(table["path"].iloc[row], name=table["image_id"].iloc[row])

    def _pair(self, row0: int, row1: int) -> ImagePair:
        (image0, view0), (image1, view1) = self._load(row0), self._load(row1)
        ids = self.dataset.table["image_id"]
        return ImagePair(image0, image1, ids.iloc[row0], ids.iloc[row1], view0, view1)


def _anew(at: PairAtLayer) -> PairAtLayer:
    """The pair without what other methods have found of it, so that each one's cost is its own."""
    first, second = (replace(side) for side in at.sides)
    return replace(at, sides=(first, second))


def applies(criterion: Criterion, opened: Opened) -> bool:
    """Whether a criterion is measured on such pairs, and what it needs is known."""
    return criterion.pairs == opened.kind and (not criterion.needs or opened.truth.knows(criterion.needs))
