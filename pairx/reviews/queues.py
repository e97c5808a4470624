"""What a review asks, in which order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from pairx.datasets import Dataset
from pairx.datasets.pairs import ENDS, read_pairs
from pairx.evaluation import search
from pairx.evaluation.as_dataset import source_of
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.evaluation.reading import OpenRun
from pairx.models import EmbeddingModel
from pairx.reviews.log import ReviewLog
from pairx.types import Computation, InputError, Step

ORDERS = {
    "queries": "query by query, the most similar candidate first",
    "closest": "the most similar pairs first",
    "uncertain": "the pairs first whose similarity lies nearest to the middle between alike and unlike",
}


def candidate_steps(
    dataset: Dataset, model: EmbeddingModel, split: search.QuerySplit, top_k: int = 10
) -> Computation[pd.DataFrame]:
    """The top_k candidates of each query: query_id, candidate_id, cosine, rank (from 1); each pair of photographs once,
    where its rank is better. A generator of `Step`s. Raises InputError where there is nothing to compare with."""
    if top_k < 1:
        raise InputError(f"top-k is 1 or more, not {top_k}.")
    if len(dataset) < 2:
        raise InputError(f"{dataset.name} holds one photograph: there is nothing to compare it with. Add others.")
    keys = yield from key_steps(dataset, None)
    embeddings = yield from embed_steps(dataset, model, keys, None)
    found = search.nearest(embeddings, split, top_k)
    ids = dataset.table["image_id"].to_numpy()
    table = pd.DataFrame(
        {
            "query_id": ids[found["query"]],
            "candidate_id": ids[found["gallery"]],
            "cosine": found["cosine"].to_numpy(),
            "rank": found["rank"].to_numpy() + 1,
        }
    )
    ends = pd.DataFrame(np.sort(np.stack([found["query"], found["gallery"]]), axis=0).T)
    first = ~ends.iloc[table["rank"].argsort(kind="stable")].duplicated()
    return table[first.sort_index()].reset_index(drop=True)


def ordered(pairs: pd.DataFrame, order: str, middle: float | None = None) -> pd.DataFrame:
    """Pairs (as `candidate_steps` gives them) in an order of ORDERS. middle: the similarity between alike and unlike,
    by default the pairs' median. Raises InputError for another order."""
    if order not in ORDERS:
        raise InputError(f"There is no order {order!r}: it is one of {', '.join(ORDERS)}.")
    if order == "queries":
        return pairs
    by = -pairs["cosine"]
    if order == "uncertain":
        by = (pairs["cosine"] - (pairs["cosine"].median() if middle is None else middle)).abs()
    return pairs.iloc[np.argsort(by.to_numpy(), kind="stable")].reset_index(drop=True)


def listed_steps(path: str | Path, dataset: Dataset) -> Computation[pd.DataFrame]:
    """The pairs of a CSV with query_id and candidate_id (or gallery_id, as a run has them) and, where known, cosine and
    rank, as `candidate_steps` gives them, in the order of the file.

    A generator of `Step`s. Raises InputError where a column is missing, and for a photograph that the data set does not
    have.
    """
    yield Step(0, 0, "reading the pairs")
    raw, known = read_pairs(path), set(dataset.table["image_id"])
    table = raw[list(ENDS)].copy()
    for number, pair in enumerate(table.itertuples(index=False), 1):
        if unknown := next((one for one in pair if one not in known), None):
            raise InputError(f"{path}: row {number}: {dataset.name} has no photograph {unknown!r}.")
    for name in ("cosine", "rank"):
        column = raw[name] if name in raw else pd.Series("", raw.index)
        table[name] = pd.to_numeric(column, errors="coerce")
    return table.drop_duplicates(["query_id", "candidate_id"], ignore_index=True)


def begin_steps(
    folder: Path,
    dataset: Dataset,
    source: str | Path,
    model: EmbeddingModel,
    model_name: str,
    pairs: Computation[pd.DataFrame],
    order: str = "queries",
    version: str = "",
) -> Computation[int]:
    """Begin a review of a data set in a folder, or add to the one that is there the pairs that are new.

    source: where the data set is read from again. pairs: `candidate_steps`, or other steps that return such a table.
    version: of the package. A generator of `Step`s; returns how many pairs are new. Raises InputError where the folder
    holds a review of something else.
    """
    path = Path(source)
    facts = {
        "dataset": str(path.resolve() if path.exists() else source),
        "model": model_name,
        "model_key": model.key,
        "version": version,
    }
    table = ordered((yield from pairs), order)
    with ReviewLog(folder, facts) as log:
        for name in ("dataset", "model_key"):
            if log.facts.get(name) != facts[name]:
                raise InputError(f"{folder} holds a review with another {name}. Choose another folder.")
        rows = table[["query_id", "candidate_id", "cosine", "rank"]].itertuples(index=False)
        return log.add_tasks(
            (query, candidate, _known(cosine), None, None if pd.isna(rank) else int(rank))
            for query, candidate, cosine, rank in rows
        )


def begin_of_run(folder: Path, run: OpenRun, layer: str, metric: str, numbers: Sequence[int], version: str = "") -> int:
    """Begin a review of pairs of a run in a folder, or go on with the one that is there.

    layer, metric: at which, and by which, the pairs were looked at: each keeps its cosine and its metric as its score.
    numbers: of the pairs, in the order in which a new review asks them. version: of the package. Returns how many pairs
    are new. Raises InputError where the run has no such layer, metric or pair, and where the folder holds another
    review.
    """
    rows = run.at(layer)
    if metric not in run.metrics:
        raise InputError(f"{run.name} has no metric {metric!r}. It has {', '.join(run.metrics)}.")
    if not numbers or not set(numbers) <= set(rows.index):
        raise InputError(f"{run.name} has no such pairs. Choose among those on show.")
    facts = {
        "dataset": source_of(run),
        "model": run.settings["model"],
        "model_key": run.settings.get("model_key"),
        "run": run.name,
        "layer": layer,
        "score_name": metric,
        "version": version,
    }
    asked = rows.loc[list(numbers), ["query_id", "gallery_id", "cosine", metric]]
    pairs = [
        (query, candidate, _known(cosine), _known(score), None) for query, candidate, cosine, score in asked.values
    ]
    with ReviewLog(folder, facts) as log:
        there = {(task.query_id, task.candidate_id) for task in log.tasks()}
        if there and (log.facts != facts or there != {pair[:2] for pair in pairs}):
            raise InputError(f"{folder} holds a review of other pairs. Choose another folder.")
        return log.add_tasks(pairs)


def _known(number: float) -> float | None:
    return None if pd.isna(number) else float(number)
