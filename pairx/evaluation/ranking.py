"""One query's most similar photographs, optionally in the order of PAIR-X's match coverage."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd

from pairx import geometry
from pairx.core import pair_x
from pairx.datasets import Dataset
from pairx.evaluation import search
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.evaluation.scoring import Scorer
from pairx.models import EmbeddingModel
from pairx.types import Computation, InputError, Step

SHOWN = ("match_coverage", "inverted_residual_mean", "n_matches", "transform_inliers", "status")


def rank_steps(
    dataset: Dataset,
    model: EmbeddingModel,
    query: str,
    top_k: int = 20,
    rerank: bool = False,
    layer: str | None = None,
    features: str = geometry.DEFAULT_FEATURES,
    cache: Path | None = None,
) -> Computation[pd.DataFrame]:
    """The photographs of a data set that are most similar to one of it, best first.

    query: its image_id. rerank: score the top_k by PAIR-X at a layer (by default the model's own choice) and sort them
    by relevance-weighted match coverage; those whose relevance mostly lowers the similarity have none, and come last.
    features: local features that the transforms are estimated from, see `pairx.geometry.local_features`. A generator
    of `Step`s; returns a table with image_id, identity, correct, cosine, rank (by cosine, from 1) and, with rerank, the
    metrics in SHOWN. Raises InputError for an unknown query, layer or features, and for a data set of one photograph.
    Nothing is correct where the query's identity is unknown, "".
    """
    if top_k < 1:
        raise InputError(f"top-k is 1 or more, not {top_k}.")
    geometry.require(features)
    row, chosen = dataset.row(query), model.layer(layer or model.default_layer).name
    if len(dataset) < 2:
        raise InputError(f"{dataset.name} holds one photograph: there is nothing to compare it with. Add others.")
    keys = yield from key_steps(dataset, cache)
    embeddings = yield from embed_steps(dataset, model, keys, cache)
    where = search.QuerySplit(np.array([row]), np.arange(len(dataset)))
    found = search.nearest(embeddings, where, top_k)
    near = dataset.table.iloc[found["gallery"]]
    table = pd.DataFrame({"image_id": near["image_id"].to_numpy(), "identity": near["identity"].to_numpy()})
    identity = dataset.table["identity"].iloc[row]
    table["correct"] = (table["identity"] == identity) & (identity != "")
    table["cosine"], table["rank"] = found["cosine"], found["rank"] + 1
    if not rerank:
        return table
    scorer, scores = Scorer(dataset, features, geometry.DEFAULT_TRANSFORM, model.size), []
    photographs = map(scorer.photograph, found["gallery"])
    with closing(pair_x.score_each(model, scorer.photograph(row), photographs, [chosen])) as scored:
        for candidate, explanations in zip(found["gallery"], scored, strict=True):
            (score,) = scorer.score(row, candidate, explanations)
            scores.append({name: score[name] for name in SHOWN})
            yield Step(len(scores), len(table), "scoring candidates")
    table = pd.concat([table, pd.DataFrame(scores, columns=SHOWN)], axis=1)
    return table.sort_values("match_coverage", ascending=False, kind="stable", ignore_index=True)
