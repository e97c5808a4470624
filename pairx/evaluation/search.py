"""Queries against a gallery: exact cosine search, retrieval quality, and the pairs that a metric is evaluated on.

Rows are row numbers of a data set. Embeddings (N, D) have length 1, so that inner products are cosines.
"""

from __future__ import annotations

from dataclasses import dataclass

import faiss
import numpy as np
import pandas as pd

from pairx.datasets import Dataset
from pairx.types import InputError

SMALLEST_K, LARGEST_K = 5, 20  # PAIR-X, B.4
CHUNK = 256  # queries that are compared with the whole gallery at once


@dataclass(frozen=True)
class Setting:
    """Who is looked for among whom. queries (Q,), gallery (G,): rows. encounters: (N,) texts where photographs of the
    query's own encounter are left out of its gallery, else None. A photograph is never compared with itself.
    """

    queries: np.ndarray
    gallery: np.ndarray
    encounters: np.ndarray | None = None

    def excluded(self, query: int) -> np.ndarray:
        """(G,) bool: what of the gallery the query is not compared with."""
        own = self.gallery == query
        if self.encounters is None or not self.encounters[query]:
            return own
        return own | (self.encounters[self.gallery] == self.encounters[query])


def setting(
    dataset: Dataset, query_split: str | None, gallery_split: str | None, exclude_encounter: bool = False
) -> Setting:
    """Queries and gallery by the column `split`; all photographs where none is named.

    Raises InputError where a split or the column encounter is missing.
    """
    encounters = None
    if exclude_encounter:
        if "encounter" not in dataset.table:
            raise InputError(f"{dataset.name} has no column encounter, so encounters cannot be excluded. Add it.")
        encounters = dataset.table["encounter"].to_numpy()
    return Setting(_rows(dataset, query_split), _rows(dataset, gallery_split), encounters)


def _rows(dataset: Dataset, split: str | None) -> np.ndarray:
    if split is None:
        return np.arange(len(dataset))
    splits = dataset.table["split"].to_numpy() if "split" in dataset.table else np.array([], str)
    rows = np.flatnonzero(splits == split)
    if not len(rows):
        known = f"It has {', '.join(sorted(set(splits)))}" if len(splits) else "It has no column split"
        raise InputError(f"{dataset.name} has no split {split!r}. {known}.")
    return rows


def nearest(embeddings: np.ndarray, where: Setting, k: int) -> pd.DataFrame:
    """Each query's k most similar photographs: query, gallery (rows), rank (from 0), cosine (float64), sorted by query
    and rank. Of equally similar ones the first row comes first. Exact.
    """
    index = faiss.IndexFlatIP(embeddings.shape[1])
    index.add(np.ascontiguousarray(embeddings[where.gallery], np.float32))
    excluded = [where.excluded(query) for query in where.queries]
    depth = min(len(where.gallery), k + max((int(mask.sum()) for mask in excluded), default=0))
    _, found = index.search(np.ascontiguousarray(embeddings[where.queries], np.float32), depth)
    parts = []
    for query, places, mask in zip(where.queries, found, excluded, strict=True):
        rows = where.gallery[places[~mask[places]]]
        cosines = embeddings[rows].astype(float) @ embeddings[query].astype(float)
        order = np.lexsort((rows, -cosines))[:k]
        parts.append(pd.DataFrame({"query": query, "gallery": rows[order], "cosine": cosines[order]}))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(rank=table.groupby("query").cumcount())


def retrieval(embeddings: np.ndarray, where: Setting, identities: np.ndarray) -> dict[str, float]:
    """How well the model finds an individual again: top_1, top_5 (shares of queries), map (mean average precision), and
    queries, the number of those that have a photograph of their individual in the gallery; others do not count.
    """
    first, precision = [], []
    gallery, owners = embeddings[where.gallery].astype(float), identities[where.gallery]
    for start in range(0, len(where.queries), CHUNK):
        chunk = where.queries[start : start + CHUNK]
        for query, cosines in zip(chunk, embeddings[chunk].astype(float) @ gallery.T, strict=True):
            allowed = ~where.excluded(query)
            correct = (owners == identities[query])[allowed]
            if correct.any():
                ranked = correct[np.argsort(-cosines[allowed], kind="stable")]
                places = np.flatnonzero(ranked)
                first.append(places[0])
                precision.append(np.mean(np.arange(1, len(places) + 1) / (places + 1)))
    ranks = np.array(first)
    shares = (ranks < 1, ranks < 5, precision)
    top_1, top_5, mean = (float(np.mean(values)) if len(ranks) else float("nan") for values in shares)
    return {"queries": len(ranks), "top_1": top_1, "top_5": top_5, "map": mean}


def choose_pairs(candidates: pd.DataFrame, identities: np.ndarray, pairs: int, seed: int) -> tuple[pd.DataFrame, int]:
    """Half correct, half incorrect pairs among the most similar (PAIR-X, B.4), and the k that they were chosen from.

    candidates: `nearest` with k = LARGEST_K. The top k of all queries are the pool, k = 5 raised up to 20 until either
    half can be drawn from it at random; where one still is too small, both are as large as that one. Where two
    photographs are each other's candidates, only the first of the two pairs is in the pool. Adds the column correct.
    Raises InputError where no pair is correct, or none incorrect.
    """
    ends = np.sort(candidates[["query", "gallery"]].to_numpy(), axis=1)
    half = pairs // 2
    for k in range(SMALLEST_K, LARGEST_K + 1):
        near = candidates["rank"].to_numpy() < k
        pool = candidates[near][~pd.DataFrame(ends[near]).duplicated().to_numpy()]
        correct = identities[pool["query"]] == identities[pool["gallery"]]
        if min(correct.sum(), (~correct).sum()) >= half:
            break
    half = min(half, correct.sum(), (~correct).sum())
    if not half:
        kind = "correct" if correct.any() else "incorrect"
        raise InputError(
            f"All of the {len(pool)} most similar pairs are {kind}. Give a data set with several "
            "individuals, and several photographs of each."
        )
    rng = np.random.default_rng(seed)
    drawn = [rng.permutation(np.flatnonzero(side))[:half] for side in (correct, ~correct)]
    chosen = np.sort(np.concatenate(drawn))
    return pool.assign(correct=correct).iloc[chosen].reset_index(drop=True), k
