"""`evaluate`: PAIR-X's metrics over a data set's most similar pairs, as a run that a kill does not harm."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pairx import geometry
from pairx.core import Options
from pairx.core.options import VERSION as MATHS
from pairx.datasets import Dataset, load_steps
from pairx.evaluation import search
from pairx.evaluation.duplicates import duplicates
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.evaluation.lock import require_free
from pairx.evaluation.store import PAIR_X, Store
from pairx.evaluation.summary import summarise_steps
from pairx.evaluation.work import Work, Workers, workers_for
from pairx.files import whole
from pairx.models import EmbeddingModel
from pairx.types import Computation, InputError, Step, finished
from pairx.viz.scatter import scatter_html

PAIRS, SUMMARY, SETTINGS, SCATTER = "pairs.parquet", "summary.json", "settings.json", "scatter.html"
PHOTOGRAPHS = "photographs.parquet"
DRAWN = ("inverted_residual_mean", "match_coverage")
VERSION = 7  # of the numbers: raised whenever the same settings give others


@dataclass(frozen=True)
class Run:
    """A finished run in its folder."""

    folder: Path

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """One row a pair and layer: query_id, gallery_id, correct, cosine, layer, the metrics, counts and status."""
        return pd.read_parquet(self.folder / PAIRS)

    @cached_property
    def summary(self) -> dict[str, Any]:
        """See `pairx.evaluation.summary.summarise_steps`; and `notes`, the data set's."""
        return json.loads((self.folder / SUMMARY).read_text())

    @cached_property
    def settings(self) -> dict[str, Any]:
        """All that the numbers depend on."""
        return json.loads((self.folder / SETTINGS).read_text())


def evaluate(dataset: Dataset | str | Path, model: EmbeddingModel, **options: Any) -> Run:
    """Evaluate a model on a data set: see `evaluate_steps`."""
    return finished(evaluate_steps(dataset, model, **options))


def evaluate_steps(
    dataset: Dataset | str | Path,
    model: EmbeddingModel,
    *,
    out: str | Path,
    layers: Sequence[str] = (),
    pairs: int = 2000,
    seed: int = 0,
    query_split: str | None = None,
    gallery_split: str | None = None,
    exclude_encounter: bool = False,
    features: str = geometry.DEFAULT_FEATURES,
    transform: str = geometry.DEFAULT_TRANSFORM,
    cache: Path | None = None,
    ray: str | None = None,
) -> Computation[Run]:
    """Score the most similar correct and incorrect pairs of a data set (PAIR-X, sections 3.3, 4 and B.4).

    dataset: a Dataset, or what `pairx.datasets.load_dataset` takes. out: the run's folder, new or of a run with the
    same settings, which is continued. layers: by default the model's own choice. pairs: half of them correct, half
    incorrect; fewer where there are fewer of either. query_split, gallery_split: who is looked for among whom, by the
    column split; by default all among all others. exclude_encounter: leave a query's own encounter out of its gallery.
    features: local features that the transform is estimated from: "sift", "xfeat", "aliked" or "disk". transform:
    "homography" as in the paper, "affine" or "similarity". cache: where embeddings, wildlife data sets and what is
    known of photographs are kept, by default `cache_folder()`. ray: "local", or the address of a cluster, to compute on
    Ray (see `pairx.evaluation.cluster`); the numbers stay the same.

    A generator of `Step`s; every finished pair is on disk before the next step, and who stops iterating loses only
    pairs under way. Returns the Run, after writing pairs.parquet, photographs.parquet (where they lie and what is known
    of them), summary.json, settings.json and scatter.html. Raises InputError for wrong input, where the folder holds a
    run with other settings, and where another process works on it.
    """
    if pairs < 2:
        raise InputError(f"pairs is 2 or more, half correct and half incorrect, not {pairs}.")
    if seed < 0:
        raise InputError(f"seed is 0 or more, not {seed}.")
    if transform not in geometry.TRANSFORMS:
        raise InputError(f"transform is {', '.join(geometry.TRANSFORMS)}, not {transform!r}.")
    geometry.require(features)
    require_free(Path(out))
    chosen = [model.layer(name).name for name in dict.fromkeys(layers or (model.default_layer,))]
    computing = workers_for(ray, model)
    yield Step(0, 1, "reading the data set")
    dataset = dataset if isinstance(dataset, Dataset) else (yield from load_steps(dataset, cache=cache))
    where = search.split_queries(dataset, query_split, gallery_split, exclude_encounter)
    keys = yield from key_steps(dataset, cache)
    settings = {
        "dataset": dataset.name,
        "photographs": len(dataset),
        "content": fingerprint(dataset, keys),
        "model": model.name,
        "model_key": model.key,
        "size": list(model.size),
        "layers": chosen,
        "pairs": pairs,
        "seed": seed,
        "query_split": query_split,
        "gallery_split": gallery_split,
        "exclude_encounter": exclude_encounter,
        "features": features,
        "transform": transform,
        PAIR_X: {**asdict(Options(k_colors=0)), "version": MATHS},
        "version": VERSION,
    }
    work = Work(dataset, model, chosen, features, transform)
    with Store(Path(out), settings) as store, computing as workers:
        if not store.begun:
            embeddings = yield from embed_steps(dataset, model, keys, cache, partial(workers.embed, work))
            store.begin(*_plan(dataset, keys, embeddings, where, pairs, seed))
        yield from _score_missing(store, work, workers)
        table = store.table()
        summary = yield from summarise_steps(table, store.facts, seed)
        _write(Path(out), table, dataset.table, summary | {"notes": list(dataset.notes)}, settings)
    return Run(Path(out))


def fingerprint(dataset: Dataset, keys: Sequence[str]) -> str:
    """A digest of all that a run takes from a data set. keys: of its rows, see `key_steps`."""
    columns = [dataset.table.get(name, pd.Series("", dataset.table.index)) for name in ("encounter", "split")]
    rows = zip(dataset.table["image_id"], dataset.table["identity"], *columns, keys, strict=True)
    return hashlib.sha256(json.dumps(list(rows)).encode()).hexdigest()[:16]


def _plan(
    dataset: Dataset, keys: Sequence[str], embeddings: np.ndarray, where: search.QuerySplit, pairs: int, seed: int
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The pairs to score, by image_id, and what is known beside them: the k they come from, retrieval, duplicates."""
    identities, ids = dataset.table["identity"].to_numpy(str), dataset.table["image_id"].to_numpy(str)
    candidates = search.nearest(embeddings, where, search.LARGEST_K)
    chosen, k = search.choose_pairs(candidates, identities, pairs, seed)
    chosen = chosen.assign(query_id=ids[chosen["query"]], gallery_id=ids[chosen["gallery"]])
    return chosen, {
        "k": k,
        "retrieval": search.retrieval(embeddings, where, identities),
        "duplicates": duplicates(dataset.table, keys, chosen),
    }


def _score_missing(store: Store, work: Work, workers: Workers) -> Computation[None]:
    missing, total = store.missing(), store.count()
    done = total - len(missing)
    yield Step(done, total, "scoring pairs")
    rows = pd.Series(work.dataset.table.index, work.dataset.table["image_id"])
    pairs = pd.DataFrame({name: rows[missing[f"{name}_id"]].to_numpy() for name in ("query", "gallery")})
    with closing(workers.pairs(work, pairs.assign(number=missing["number"]))) as scored:
        for number, scores in scored:
            store.add(number, work.layers, scores)
            done += 1
            yield Step(done, total, "scoring pairs")


def _write(
    folder: Path, table: pd.DataFrame, photographs: pd.DataFrame, summary: dict[str, Any], settings: dict[str, Any]
) -> None:
    """All files of a finished run; each appears whole or not at all, the pairs last."""
    with ExitStack() as files:  # which end in the order opposite to that in which they begin
        new = {
            name: files.enter_context(whole(folder / name)) for name in (PAIRS, SCATTER, SETTINGS, SUMMARY, PHOTOGRAPHS)
        }
        photographs.to_parquet(new[PHOTOGRAPHS], index=False)
        table.to_parquet(new[PAIRS], index=False)
        new[SUMMARY].write_text(json.dumps(summary, indent=2, allow_nan=False))
        new[SETTINGS].write_text(json.dumps(settings, indent=2))
        new[SCATTER].write_text(scatter_html(table, summary, DRAWN), encoding="utf-8")
