"""What a run computes: embeddings of photographs and scores of pairs, here or on other machines."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
import torch

from pairx import lrp
from pairx.core.scoring import PairScorer
from pairx.datasets import Dataset
from pairx.evaluation.embeddings import embed_parts
from pairx.evaluation.scoring import Scorer
from pairx.models import EmbeddingModel
from pairx.types import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")


class OnPairs(Protocol):
    """Computes numbers of pairs, and remembers of photographs what other pairs need."""

    def __call__(self, pairs: pd.DataFrame, threads: int) -> Iterator[tuple[int, Any]]:
        """Each pair's number and what was found, JSON-ready. pairs: number, and the rows query and gallery."""

    def close(self) -> None:
        """Free what is remembered; no pair may be under way."""


class PairWork(Protocol):
    """What every worker needs to know. It can be pickled."""

    @property
    def dataset(self) -> Dataset: ...

    @property
    def model(self) -> EmbeddingModel: ...

    def begin(self) -> OnPairs:
        """What does it, in any process."""


@dataclass(frozen=True)
class Work:
    """What scores the pairs of a run: see `pairx.evaluation.run.evaluate_steps`."""

    dataset: Dataset
    model: EmbeddingModel
    layers: Sequence[str]
    features: str
    transform: str

    def begin(self) -> Scoring:
        """See `PairWork`."""
        return Scoring(self)


class Scoring:
    """Scores pairs: see `OnPairs`."""

    def __init__(self, work: Work) -> None:
        self._scorer = Scorer(work.dataset, work.features, work.transform, work.model.size)
        self._device = work.model.device
        self._explainer = PairScorer(work.model, self._scorer.photograph, work.layers)

    def __call__(self, pairs: pd.DataFrame, threads: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Each pair's number, in order, and its scores at each layer: see `pairx.evaluation.scoring.pair_scores`."""

        def score(pair: tuple[int, int, int]) -> tuple[int, list[dict[str, Any]]]:
            number, query, candidate = pair
            return number, self._scorer.score(query, candidate, self._explainer.score(query, candidate))

        rows = pairs[["number", "query", "gallery"]].itertuples(index=False, name=None)
        with closing(lrp.in_threads(score, rows, threads, self._device)) as scored:
            yield from scored

    def close(self) -> None:
        """See `OnPairs`."""
        self._explainer.close()


class Workers(Protocol):
    """Who does the work."""

    def embed(self, work: PairWork, rows: Sequence[int]) -> Iterator[tuple[Sequence[int], np.ndarray]]:
        """Rows of the data set and their embeddings (N, D) float32, some at a time, in any order."""

    def pairs(self, work: PairWork, pairs: pd.DataFrame) -> Generator[tuple[int, Any]]:
        """What the work finds of each pair, in any order: see `OnPairs`."""

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """What a function gives for each of the items, in any order; they are taken as they are needed."""


class LocalWorkers:
    """This process, on all cores."""

    def embed(self, work: PairWork, rows: Sequence[int]) -> Iterator[tuple[Sequence[int], np.ndarray]]:
        """See `Workers`."""
        return embed_parts(work.dataset, work.model, rows)

    def pairs(self, work: PairWork, pairs: pd.DataFrame) -> Generator[tuple[int, Any]]:
        """See `Workers`."""
        with closing(work.begin()) as begun:
            yield from begun(pairs, torch.get_num_threads())

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `Workers`."""
        return map(function, items)


def workers_for(ray: str | None, model: EmbeddingModel) -> AbstractContextManager[Workers]:
    """This process, or, with an address, Ray. Raises InputError where ray is not installed or the model is on a GPU."""
    if ray is None:
        return nullcontext(LocalWorkers())
    if model.device.type != "cpu":
        raise InputError(f"Ray's workers compute on CPUs, and the model is on {model.device}. Load it for cpu.")
    from pairx.evaluation.cluster import Cluster

    return Cluster(ray)
