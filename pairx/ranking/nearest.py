"""Exact search for the most similar photographs, a block of the gallery at a time.

Embeddings (N, D) float32 have length 1, and may lie in memory or in a file that is mapped into it: no more than one
block is ever copied. Blocks may be searched in any process; the answers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from pairx.evaluation.search import EXACT

BLOCK = 4096  # rows of the gallery that are compared at once


@dataclass(frozen=True)
class Nearest:
    """The most similar of one query, best first; of equally similar ones the first row comes first. rows: (K,) of the
    gallery. wholes: (K,) int64, their cosines as whole numbers of the fraction EXACT, so that equal ones stay equal.
    """

    rows: np.ndarray
    wholes: np.ndarray

    @property
    def cosines(self) -> np.ndarray:
        """(K,) float64, -1 to 1."""
        return self.wholes / EXACT

    def and_those_of(self, other: Nearest, k: int) -> Nearest:
        """The k most similar of both."""
        rows, wholes = np.append(self.rows, other.rows), np.append(self.wholes, other.wholes)
        order = np.lexsort((rows, -wholes))[:k]
        return Nearest(rows[order], wholes[order])


Part = tuple[np.ndarray, np.ndarray]
"""Rows (G,) and their embeddings (G, D)."""
Searched = list[Nearest]
"""One for each query."""
Everywhere = Callable[[Callable[[Part], Searched], Iterable[Part]], Iterator[Searched]]
"""Who applies a function to parts, in any order; `map` does it here, `pairx.evaluation.cluster.Cluster.each` on Ray."""


def nearest(
    embeddings: np.ndarray,
    queries: np.ndarray,
    gallery: np.ndarray,
    left_out: Sequence[np.ndarray],
    k: int,
    everywhere: Everywhere = map,
) -> Searched:
    """Each query's k most similar rows of a gallery, fewer where it has no more.

    queries: (Q, D). gallery: (G,) rows of embeddings, ascending. left_out: of each query, rows that it is not compared
    with.
    """
    parts = (gallery[start : start + BLOCK] for start in range(0, len(gallery), BLOCK))
    search = partial(_search, np.asarray(queries, float), left_out, k)
    nobody = Nearest(np.zeros(0, int), np.zeros(0, np.int64))
    found = everywhere(search, ((rows, _taken(embeddings, rows)) for rows in parts))
    best = [nobody] * len(queries)
    for some in found:
        best = [one.and_those_of(other, k) for one, other in zip(best, some, strict=True)]
    return best


def _taken(embeddings: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The embeddings of ascending rows; neighbours in a file are read in one go."""
    first, last = rows[0], rows[-1] + 1
    return np.array(embeddings[first:last]) if last - first == len(rows) else np.array(embeddings[rows])


def _search(queries: np.ndarray, left_out: Sequence[np.ndarray], k: int, part: Part) -> Searched:
    """Single precision leaves out whatever cannot be among the best, double precision orders the others."""
    rows, embeddings = part
    rough = queries.astype(np.float32) @ embeddings.T
    within, found = 2 * embeddings.shape[1] * np.finfo(np.float32).eps, []
    for query, cosines, out in zip(queries, rough, left_out, strict=True):
        cosines[np.isin(rows, out)] = -np.inf
        least = np.partition(cosines, -k)[-k] - within if k < len(rows) else -np.inf
        kept = np.flatnonzero((cosines >= least) & (cosines > -np.inf))
        wholes = np.rint(embeddings[kept].astype(float) @ query * EXACT).astype(np.int64)
        order = np.lexsort((rows[kept], -wholes))[:k]
        found.append(Nearest(rows[kept][order], wholes[order]))
    return found
