"""What a run computes: embeddings of photographs and scores of pairs, here or on other machines."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
import torch

from pairx import lrp
from pairx.core.scoring import PairScorer
from pairx.datasets import Dataset
from pairx.evaluation.embeddings import embed_parts
from pairx.evaluation.scoring import Scorer
from pairx.models import EmbeddingModel
from pairx.types import Explanation


@dataclass(frozen=True)
class Work:
    """What every worker needs to know: see `pairx.evaluation.run.evaluate_steps`. It can be pickled."""

    dataset: Dataset
    model: EmbeddingModel
    layers: Sequence[str]
    features: str
    transform: str


class Scoring:
    """Scores pairs, and remembers of photographs what other pairs need."""

    def __init__(self, work: Work) -> None:
        self._scorer = Scorer(work.dataset, work.features, work.transform, work.model.size)
        self._device = work.model.device
        self._explainer = PairScorer(work.model, self._scorer.photograph, work.layers)

    def __call__(self, pairs: pd.DataFrame, threads: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Each pair's number, in order, and its scores at each layer: see `pairx.evaluation.scoring.pair_scores`.

        pairs: number, and the rows query and gallery.
        """

        def explain(pair: tuple[int, int, int]) -> tuple[tuple[int, int, int], list[Explanation]]:
            return pair, self._explainer.score(*pair[1:])

        rows = pairs[["number", "query", "gallery"]].itertuples(index=False, name=None)
        # Local features are found in this thread while the others run the network.
        with closing(lrp.in_threads(explain, rows, threads, self._device)) as explained:
            for (number, query, candidate), explanations in explained:
                yield number, self._scorer.score(query, candidate, explanations)

    def close(self) -> None:
        """Free what is remembered; no pair may be under way."""
        self._explainer.close()


class Workers(Protocol):
    """Who does the work."""

    def embed(self, work: Work, rows: Sequence[int]) -> Iterator[tuple[Sequence[int], np.ndarray]]:
        """Rows of the data set and their embeddings (N, D) float32, some at a time, in any order."""

    def score(self, work: Work, pairs: pd.DataFrame) -> Generator[tuple[int, list[dict[str, Any]]]]:
        """As `Scoring`, in any order."""


class LocalWorkers:
    """This process, on all cores."""

    def embed(self, work: Work, rows: Sequence[int]) -> Iterator[tuple[Sequence[int], np.ndarray]]:
        """See `Workers`."""
        return embed_parts(work.dataset, work.model, rows)

    def score(self, work: Work, pairs: pd.DataFrame) -> Generator[tuple[int, list[dict[str, Any]]]]:
        """See `Workers`."""
        with closing(Scoring(work)) as scoring:
            yield from scoring(pairs, torch.get_num_threads())
