"""The photographs of a gallery that are most similar to a query."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pairx import geometry
from pairx.datasets import Dataset, load_steps
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.evaluation.work import Work, workers_for
from pairx.models import EmbeddingModel
from pairx.ranking.asking import Query, gallery_rows, query_steps
from pairx.ranking.fusion import Fusion, packaged_or_none
from pairx.ranking.nearest import Nearest, nearest
from pairx.ranking.reranking import PairScores, rerank_steps
from pairx.types import Computation, InputError, finished

log = logging.getLogger(__name__)
BY = ("photograph", "individual")
BEST = 3  # photographs of an individual that are listed
FACTS = ("orientation", "date", "place", "encounter", "species", "split")


def rank(
    dataset: Dataset | str | Path, model: EmbeddingModel, queries: str | Path | Sequence[str | Path], **options: Any
) -> pd.DataFrame:
    """The photographs that are most similar to a query: see `rank_steps`."""
    return finished(rank_steps(dataset, model, queries, **options))


def rank_steps(
    dataset: Dataset | str | Path,
    model: EmbeddingModel,
    queries: str | Path | Sequence[str | Path],
    *,
    top_k: int = 20,
    where: Mapping[str, str | Sequence[str]] | None = None,
    exclude_encounter: bool = False,
    by: str = "photograph",
    rerank: bool = False,
    fusion: Fusion | None = None,
    cache: Path | None = None,
    ray: str | None = None,
) -> Computation[pd.DataFrame]:
    """The photographs of a data set that are most similar to each query, best first. Exact.

    dataset: a Dataset, or what `pairx.datasets.load_dataset` takes. queries: one or several, each an image_id of the
    data set or a file. where: columns, and the value or values that photographs of the gallery have in them.
    exclude_encounter: leave a query's own encounter out of its gallery. by: "photograph"; or "individual", which gives
    top_k individuals, each with its best 3 photographs; one whose name is not known is one of its own. rerank: list
    them in the order of all their scores, see `pairx.ranking.reranking`, fused by a fusion, by default what comes with
    the app for the model; where nothing was learned for it, by match coverage. cache, ray: see `pairx.evaluate`.
    Embeddings that do not fit into the memory are searched where they lie, with the same answers.

    A generator of `Step`s; returns a table with query, rank (from 1; of the individual where by says so), image_id,
    identity, correct, cosine, file (its name), the columns of FACTS that the data set has, and path; with rerank what
    `rerank_steps` adds. Nothing is correct where the query's identity is unknown, as that of a file is. Raises
    InputError for wrong input, and for a fusion that was learned for another model or of another version.
    """
    if top_k < 1:
        raise InputError(f"top-k is 1 or more, not {top_k}.")
    if by not in BY:
        raise InputError(f"A list is by {' or '.join(BY)}, not by {by!r}.")
    names = [queries] if isinstance(queries, str | Path) else list(queries)
    if not names:
        raise InputError("There is no query. Give an image_id of the data set, or a file.")
    if fusion is not None:
        fusion.require(model)
    elif rerank:
        fusion = packaged_or_none(model)
    computing = workers_for(ray, model)
    dataset = dataset if isinstance(dataset, Dataset) else (yield from load_steps(dataset, cache=cache, unknown=True))
    gallery = gallery_rows(dataset, {name: _several(value) for name, value in (where or {}).items()})
    keys = yield from key_steps(dataset, cache)
    asked = yield from query_steps(dataset, names, keys, exclude_encounter, cache)
    with computing as workers:
        work = Work(dataset, model, (), geometry.DEFAULT_FEATURES, geometry.DEFAULT_TRANSFORM)
        embeddings = yield from embed_steps(dataset, model, keys, cache, partial(workers.embed, work))
        units = np.stack([_embedding(one, embeddings, model) for one in asked])
        left_out = [one.left_out for one in asked]
        search = partial(nearest, embeddings, units, gallery, left_out, everywhere=workers.each)
        if by == "individual":
            individuals = _individuals(dataset.table["identity"])
            found = _by_individual(search, individuals, gallery, left_out, top_k)
        else:
            found = [(one, np.arange(1, len(one.rows) + 1)) for one in search(top_k)]
    tables = [_table(dataset, query, *one) for query, one in zip(asked, found, strict=True)]
    for query, table in zip(asked, tables, strict=True):
        if table.empty:
            raise InputError(f"There is nothing to compare {query.name} with: {_why(dataset, gallery)}.")
    if rerank:
        scores = PairScores(dataset, model)
        for number, (query, (one, _)) in enumerate(zip(asked, found, strict=True)):
            steps = rerank_steps(
                scores, query.load(dataset), one.rows.tolist(), tables[number], fusion, _species(dataset, query)
            )
            tables[number] = _ranked_anew((yield from steps), by)
    table = pd.concat(tables, ignore_index=True)
    if fusion is not None and table["share"].isna().any():
        log.warning("No share is given of species that it was not learned on: it is of %s.", fusion.about_species)
    return table


def _ranked_anew(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """Ranks of a table in a new order; of individuals, in the order of the best photograph of each."""
    if by == "photograph":
        return table.assign(rank=np.arange(1, len(table) + 1))
    owners = table["rank"]  # as it was: the same for the photographs of one individual
    return table.assign(rank=pd.factorize(owners)[0] + 1).sort_values("rank", kind="stable", ignore_index=True)


def _species(dataset: Dataset, query: Query) -> str | None:
    """Of a query; None where nobody knows."""
    if query.row is None:
        return None
    return dataset.table["species"].iloc[query.row] if "species" in dataset.table else ""


def _several(values: str | Sequence[str]) -> list[str]:
    return [values] if isinstance(values, str) else list(values)


def _embedding(query: Query, embeddings: np.ndarray, model: EmbeddingModel) -> np.ndarray:
    """(D,) float32 of length 1, or 0."""
    if query.row is not None:
        return embeddings[query.row]
    (vector,) = model.embed([query.path])
    return vector / max(np.linalg.norm(vector), np.float32(1e-12))


def _individuals(identities: pd.Series) -> np.ndarray:
    """(N,) the number of each row's individual; one whose name is unknown has a number of its own."""
    codes, names = pd.factorize(identities)
    return np.where(identities == "", len(names) + np.arange(len(codes)), codes)


def _by_individual(
    search: Callable[[int], list[Nearest]],
    individuals: np.ndarray,
    gallery: np.ndarray,
    left_out: Sequence[np.ndarray],
    top_k: int,
) -> list[tuple[Nearest, np.ndarray]]:
    """For each query the best BEST photographs of the top_k individuals, and the ranks of these.

    It looks as far down the list as it takes until no photograph of theirs can be missing.
    """
    depth = BEST * top_k
    while True:
        grouped = [_grouped(one, individuals, top_k) for one in search(depth)]
        if depth >= len(gallery) or all(
            _complete(one, ranks, individuals, np.setdiff1d(gallery, out), top_k)
            for (one, ranks), out in zip(grouped, left_out, strict=True)
        ):
            return grouped
        depth *= 4


def _grouped(found: Nearest, individuals: np.ndarray, top_k: int) -> tuple[Nearest, np.ndarray]:
    ranks = pd.factorize(individuals[found.rows])[0] + 1
    place = pd.Series(ranks).groupby(ranks).cumcount().to_numpy()
    kept = np.flatnonzero((ranks <= top_k) & (place < BEST))
    kept = kept[np.argsort(ranks[kept], kind="stable")]
    return Nearest(found.rows[kept], found.wholes[kept]), ranks[kept]


def _complete(found: Nearest, ranks: np.ndarray, individuals: np.ndarray, gallery: np.ndarray, top_k: int) -> bool:
    """Whether there are top_k individuals, and of each as many photographs as a gallery can give."""
    there = individuals[found.rows]
    names, listed = np.unique(there, return_counts=True)
    owned = np.bincount(individuals[gallery], minlength=individuals.max() + 1)[names]
    return len(names) == top_k and bool((listed == np.minimum(owned, BEST)).all())


def _table(dataset: Dataset, query: Query, found: Nearest, ranks: np.ndarray) -> pd.DataFrame:
    near = dataset.table.iloc[found.rows].reset_index(drop=True)
    identity = "" if query.row is None else dataset.table["identity"].iloc[query.row]
    columns = {
        "query": query.name,
        "rank": ranks,
        "image_id": near["image_id"],
        "identity": near["identity"],
        "correct": (near["identity"] == identity) & (identity != ""),
        "cosine": found.cosines,
        "file": near["path"].map(os.path.basename),
    }
    facts = {name: near[name] for name in FACTS if name in near}
    return pd.DataFrame(columns | facts | {"path": near["path"]})


def _why(dataset: Dataset, gallery: np.ndarray) -> str:
    if len(dataset) < 2:
        return f"{dataset.name} holds one photograph. Add others"
    return f"the gallery holds {len(gallery)} photographs, and it is not compared with any of them. Ask for more"
