"""Queries against a gallery: exact cosine search, retrieval quality, and the pairs that a metric is evaluated on.

Rows are row numbers of a data set. Embeddings (N, D) have length 1, so that inner products are cosines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import torch

from pairx.datasets import Dataset
from pairx.types import InputError

SMALLEST_K, LARGEST_K = 5, 20  # PAIR-X, B.4
QUERIES, GALLERY = 256, 16_384  # rows that are compared with each other at once, which bounds the memory
TOGETHER = 8192  # candidates whose similarities are computed at once
ASKED, KEPT = 2048, 2**22  # queries that a block of the gallery is read for; candidates kept meanwhile
EXACT = 2.0**36  # cosines are compared as whole numbers of this fraction: equal ones stay equal, however computed


@dataclass(frozen=True)
class QuerySplit:
    """Who is looked for among whom. queries (Q,), gallery (G,): rows. encounters: (N,) texts where photographs of the
    query's own encounter are left out of its gallery, else None. A photograph is never compared with itself.
    """

    queries: np.ndarray
    gallery: np.ndarray
    encounters: np.ndarray | None = None

    def excluded(self, queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """(Q, K) bool: which rows (Q, K) or (K,) queries (Q,) are not compared with."""
        own = rows == queries[:, None]
        if self.encounters is None:
            return own
        encounters = self._encounter_codes[queries][:, None]
        return own | ((self._encounter_codes[rows] == encounters) & (encounters >= 0))

    @property
    def most_excluded(self) -> int:
        """How many of the gallery any query is at most not compared with."""
        if self.encounters is None:
            return 1
        known = self._encounter_codes[self.gallery]
        return 1 + int(np.bincount(known[known >= 0], minlength=1).max())

    @cached_property
    def _encounter_codes(self) -> np.ndarray:
        """(N,) the number of each row's encounter, -1 where it is unknown."""
        codes, names = pd.factorize(np.asarray(self.encounters))
        return np.where(np.asarray(names)[codes] == "", -1, codes)


def split_queries(
    dataset: Dataset, query_split: str | None, gallery_split: str | None, exclude_encounter: bool = False
) -> QuerySplit:
    """Queries and gallery by the column `split`; all photographs where none is named.

    Raises InputError where a split or the column encounter is missing.
    """
    encounters = None
    if exclude_encounter:
        if "encounter" not in dataset.table:
            raise InputError(f"{dataset.name} has no column encounter, so encounters cannot be excluded. Add it.")
        encounters = dataset.table["encounter"].to_numpy()
    return QuerySplit(_rows(dataset, query_split), _rows(dataset, gallery_split), encounters)


def _rows(dataset: Dataset, split: str | None) -> np.ndarray:
    if split is None:
        return np.arange(len(dataset))
    splits = dataset.table["split"].to_numpy() if "split" in dataset.table else np.array([], str)
    rows = np.flatnonzero(splits == split)
    if not len(rows):
        known = f"It has {', '.join(sorted(set(splits)))}" if len(splits) else "It has no column split"
        raise InputError(f"{dataset.name} has no split {split!r}. {known}.")
    return rows


def nearest(embeddings: np.ndarray, where: QuerySplit, k: int) -> pd.DataFrame:
    """Each query's k most similar photographs: query, gallery (rows), rank (from 0), cosine (float64), sorted by query
    and rank. Of equally similar ones the first row comes first. Exact.
    """
    depth = min(len(where.gallery), k + where.most_excluded)
    tables = []
    for queries, rows in _near(embeddings, where, depth):
        cosines = np.einsum("qkd,qd->qk", embeddings[rows], embeddings[queries], dtype=float)
        cosines[where.excluded(queries, rows)] = -np.inf
        order = np.lexsort((rows, -cosines), axis=1)[:, :k]
        rows, cosines = np.take_along_axis(rows, order, 1), np.take_along_axis(cosines, order, 1)
        kept = cosines > -np.inf
        query, rank = np.broadcast_arrays(queries[:, None], np.arange(order.shape[1]))
        columns = {"query": query, "gallery": rows, "cosine": cosines, "rank": rank}
        tables.append(pd.DataFrame({name: values[kept] for name, values in columns.items()}))
    return pd.concat(tables, ignore_index=True)


def _near(embeddings: np.ndarray, where: QuerySplit, depth: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Queries (Q,), ascending and some at a time, and the rows (Q, depth) that single precision finds nearest to them,
    in any order. A block of the gallery is read at a time, for many queries.
    """
    for queries in _parts(np.sort(where.queries), max(1, min(ASKED, KEPT // depth))):
        units = torch.from_numpy(np.asarray(embeddings[queries], np.float32))
        best = torch.full((len(queries), depth), -torch.inf)
        places = torch.zeros((len(queries), depth), dtype=torch.int)
        for block in _parts(np.arange(len(where.gallery), dtype=np.int32), GALLERY):
            rows = where.gallery[block]
            cosines = units @ torch.from_numpy(np.asarray(embeddings[rows], np.float32)).T
            own, order = cosines.topk(min(depth, len(block)))
            best, chosen = torch.cat([best, own], 1).topk(depth)
            places = torch.cat([places, order.int() + int(block[0])], 1).gather(1, chosen)
        for some in _parts(np.arange(len(queries)), max(1, min(QUERIES, TOGETHER // depth))):
            yield queries[some], where.gallery[places.numpy()[some]]


def retrieval(embeddings: np.ndarray, where: QuerySplit, identities: np.ndarray) -> dict[str, float]:
    """How well the model finds an individual again: top_1, top_5 (shares of queries), map (mean average precision), and
    queries, the number of those that have a photograph of their individual in the gallery; others do not count. Of
    equally similar photographs the first of the gallery comes first.
    """
    individuals, _ = pd.factorize(identities)
    members = pd.Series(np.arange(len(where.gallery))).groupby(individuals[where.gallery]).indices
    first, precision = [], []
    for queries in _parts(where.queries, QUERIES):
        owns = [members.get(individuals[query], np.array([], int)) for query in queries]
        allowed = [~where.excluded(queries[i : i + 1], where.gallery[own])[0] for i, own in enumerate(owns)]
        for ranks in _ranks(embeddings, where, queries, [own[kept] for own, kept in zip(owns, allowed, strict=True)]):
            if len(ranks):
                first.append(ranks[0])
                precision.append(np.mean(np.arange(1, len(ranks) + 1) / (ranks + 1)))
    ranks = np.array(first)
    shares = (ranks < 1, ranks < 5, precision)
    top_1, top_5, mean = (float(np.mean(values)) if len(ranks) else float("nan") for values in shares)
    return {"queries": len(ranks), "top_1": top_1, "top_5": top_5, "map": mean}


def _ranks(
    embeddings: np.ndarray, where: QuerySplit, queries: np.ndarray, owns: list[np.ndarray]
) -> Iterator[np.ndarray]:
    """For each query, ascending and from 0: the ranks that places `owns` of the gallery, one array a query, have among
    all that it is compared with.
    """
    units = embeddings[queries].astype(float)
    found = [np.sort(_keys(embeddings[where.gallery[own]] @ unit, own)) for own, unit in zip(owns, units, strict=True)]
    above = [np.zeros(len(keys) + 1, int) for keys in found]
    for places in _parts(np.arange(len(where.gallery)), GALLERY):
        rows = where.gallery[places]
        keys = _keys(units @ embeddings[rows].T.astype(float), places)
        counted = ~where.excluded(queries, rows)
        for i, own in enumerate(owns):
            counted[i, own[(own >= places[0]) & (own <= places[-1])] - places[0]] = False
            above[i] += np.bincount(np.searchsorted(found[i], keys[i, counted[i]]), minlength=len(above[i]))
    for counts in above:
        # Of n own photographs in ascending order, number j has all others above j, and n - 1 - j of its own.
        others = counts[::-1].cumsum()[:-1]
        yield others + np.arange(len(others))


def _keys(cosines: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Whole numbers (…, K) that order as cosines (…, K) do, equal ones so that the first place (K,) is the highest."""
    return np.rint(cosines * EXACT).astype(np.int64) * (1 << 26) - places


def _parts(rows: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """Rows in parts of at most a size."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


def choose_pairs(candidates: pd.DataFrame, identities: np.ndarray, pairs: int, seed: int) -> tuple[pd.DataFrame, int]:
    """Half correct, half incorrect pairs among the most similar (PAIR-X, B.4), and the k that they were chosen from.

    candidates: `nearest` with k = LARGEST_K. The top k of all queries are the pool, k = 5 raised up to 20 until either
    half can be drawn from it at random; where one still is too small, both are as large as that one. Where two
    photographs are each other's candidates, only the first of the two pairs is in the pool. Adds the column correct.
    Raises InputError where no pair is correct, or none incorrect.
    """
    identities, _ = pd.factorize(identities)  # numbers, as texts take much memory
    ends = np.sort(candidates[["query", "gallery"]].to_numpy(), axis=1)
    half = pairs // 2
    for k in range(SMALLEST_K, LARGEST_K + 1):
        near = candidates["rank"].to_numpy() < k
        pool = candidates[near][~pd.DataFrame(ends[near]).duplicated().to_numpy()]
        correct = identities[pool["query"]] == identities[pool["gallery"]]
        if min(correct.sum(), (~correct).sum()) >= half:
            break
    half = min(half, correct.sum(), (~correct).sum())
    if pool.empty:
        raise InputError("There are no pairs: no photograph has another to be compared with. Give a larger data set.")
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
