"""Candidates in a better order than the cosine's: all of their scores, fused by learned weights where there are any."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from pairx import geometry
from pairx.core import pair_x
from pairx.datasets import Dataset
from pairx.evaluation import search
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.models import EmbeddingModel
from pairx.ranking.fusion import Fusion, facts_of, learn
from pairx.ranking.scores import FEATURES, SCORES, all_scores
from pairx.ranking.words import words_of
from pairx.types import Computation, InputError, Step

FEATURES_KEPT = 1024  # photographs whose local features stay in memory
CANDIDATES = 20  # of a query, that weights are learned from


class PairScores:
    """All scores of a model's pairs of a data set's photographs, at the model's default layer."""

    def __init__(self, dataset: Dataset, model: EmbeddingModel) -> None:
        self._dataset, self._model = dataset, model
        self._features = lru_cache(FEATURES_KEPT)(lambda row: self.features(self._photograph(row)))

    def features(self, photograph: np.ndarray) -> geometry.Seen:
        """The local features of a photograph (H, W, 3) uint8 RGB."""
        return geometry.local_features(photograph, FEATURES)

    def steps(self, query: np.ndarray, candidates: Sequence[int]) -> Computation[pd.DataFrame]:
        """The scores of a query (H, W, 3) uint8 RGB with each candidate, rows of the data set, but for the cosine. A
        generator of `Step`s."""
        own, layer, rows = self.features(query), self._model.default_layer, []
        photographs = map(self._photograph, candidates)
        with closing(pair_x.score_each(self._model, query, photographs, [layer])) as scored:
            for candidate, (explanation,) in zip(candidates, scored, strict=True):
                rows.append(all_scores(explanation, own, self._features(candidate), self._model))
                yield Step(len(rows), len(candidates), "scoring candidates")
        return pd.DataFrame(rows)

    def _photograph(self, row: int) -> np.ndarray:
        return self._dataset.load(row)[0]


def rerank_steps(
    scores: PairScores,
    query: np.ndarray,
    rows: Sequence[int],
    table: pd.DataFrame,
    fusion: Fusion | None,
    species: str | None = None,
) -> Computation[pd.DataFrame]:
    """A query's list in a better order: by the fused score, or by match coverage where nothing was learned.

    table: of the candidates, `rows` of the data set, with the column cosine, and species where that is known. species:
    of the query, None where nobody knows. A generator of `Step`s; returns the table with the columns of SCORES,
    local_matches, with a fusion fused, share, low and high (of such pairs those that were correct, and its 95 %
    interval; NaN where the fusion does not know the species), and words.
    """
    found = yield from scores.steps(query, rows)
    table = pd.concat([table.reset_index(drop=True), found], axis=1)
    if fusion is not None:
        table["fused"] = fusion.fused(table)
        shares = fusion.calibrated(table["fused"].to_numpy())
        own = () if species is None else (species,)
        known = [fusion.knows(one, *own) for one in table.get("species", [""] * len(table))]
        shares[~np.array(known)] = math.nan
        table = pd.concat([table, shares], axis=1)
    table["words"] = table.apply(words_of, axis=1)
    by = "match_coverage" if fusion is None else "fused"
    return table.sort_values(by, ascending=False, kind="stable", na_position="last", ignore_index=True)


def learn_steps(
    dataset: Dataset,
    model: EmbeddingModel,
    *,
    exclude_encounter: bool = False,
    individuals: Sequence[str] | None = None,
    names: Sequence[str] = tuple(SCORES),
) -> Computation[Fusion]:
    """Learn weights and calibration for a model on a data set of known individuals, which it was not trained on.

    individuals: of a training split, by default all. The pairs are each photograph with its 20 most similar ones.
    names: of SCORES, those to fuse. A generator of `Step`s. Raises InputError where there is nothing to learn from.
    """
    known = dataset.table["identity"] != ""
    kept = dataset.table[known & (dataset.table["identity"].isin(individuals) if individuals is not None else True)]
    if kept["identity"].nunique() < 2:
        raise InputError(f"{dataset.name}: weights are learned from two individuals or more.")
    dataset = Dataset(dataset.name, kept.reset_index(drop=True))
    keys = yield from key_steps(dataset)
    embeddings = yield from embed_steps(dataset, model, keys)
    near = search.nearest(embeddings, search.split_queries(dataset, None, None, exclude_encounter), CANDIDATES)
    scores, tables = PairScores(dataset, model), []
    identity = dataset.table["identity"].to_numpy()
    for query in near["query"].unique().tolist():
        rows = near[near["query"] == query].reset_index(drop=True)
        found = yield from scores.steps(dataset.load(query)[0], rows["gallery"].tolist())
        correct = identity[rows["gallery"]] == identity[query]
        pairs = rows[["query", "cosine"]].assign(individual=identity[query], correct=correct)
        tables.append(pd.concat([pairs, found], axis=1))
    pairs = pd.concat(tables, ignore_index=True)
    return learn(pairs, names, facts_of(model), about(dataset, pairs, exclude_encounter))


def about(dataset: Dataset, pairs: pd.DataFrame, exclude_encounter: bool) -> dict[str, Any]:
    """What weights were learned from, to be kept with them."""
    return {
        "dataset": dataset.name,
        "species": sorted(set(dataset.table.get("species", [""]))),
        "individuals": int(pairs["individual"].nunique()),
        "queries": int(pairs["query"].nunique()),
        "pairs": len(pairs),
        "correct": int(pairs["correct"].sum()),
        "candidates": CANDIDATES,
        "exclude_encounter": exclude_encounter,
    }
