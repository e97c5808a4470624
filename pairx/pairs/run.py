"""`explain_pairs`: the pairs of a list explained into a folder, as a run that a kill does not harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pairx import geometry, images, viz
from pairx.core import CARD
from pairx.core.options import VERSION as MATHS
from pairx.datasets import Dataset, load_steps
from pairx.evaluation.run import VERSION as METRICS
from pairx.evaluation.work import workers_for
from pairx.files import whole
from pairx.methods import option_names
from pairx.models import EmbeddingModel
from pairx.pairs.explaining import Drawing, Explaining
from pairx.pairs.kept import TABLE, Kept, Key
from pairx.pairs.listing import Listed, RowProblem, list_steps
from pairx.sheets import csv_bytes
from pairx.types import Computation, InputError, Step, finished

FIGURES = ("png", "svg", "pdf", "npz", "none")
FIRST = ("line", "query_id", "candidate_id", "method", "layer", "cosine")
COUNTS = ("matches", "raising", "lowering", "local_matches", "transform_inliers")
LAST = ("seconds", "warned", "warnings", "notes", "figure", "problem")


@dataclass(frozen=True)
class ExplainedPairs:
    """What came of a list, in its folder.

    table: one row a pair and method in the list's order, as in pairs.csv: line, query_id, candidate_id, method, layer,
    cosine; of PAIR-X the scores of `pairx.evaluate` (residuals, coverage, counts, the transform's status); the method's
    own metrics; seconds; warned and warnings, names and words; notes; figure, its file in the folder; problem, of a
    pair or method that could not be explained. problems: of the pairs. repeated: rows that named a pair again, which is
    there once.
    """

    folder: Path
    table: pd.DataFrame
    problems: tuple[RowProblem, ...]
    repeated: int = 0


def explain_pairs(pairs: str | Path, model: EmbeddingModel, **options: Any) -> ExplainedPairs:
    """Explain the pairs of a list: see `explain_pairs_steps`."""
    return finished(explain_pairs_steps(pairs, model, **options))


def explain_pairs_steps(
    pairs: str | Path,
    model: EmbeddingModel,
    *,
    out: str | Path,
    dataset: Dataset | str | Path | None = None,
    methods: Sequence[str] = (CARD.name,),
    layer: str | None = None,
    figures: str = "png",
    look: viz.Look | None = None,
    page: Mapping[str, Any] | None = None,
    features: str = geometry.DEFAULT_FEATURES,
    transform: str = geometry.DEFAULT_TRANSFORM,
    cache: Path | None = None,
    ray: str | None = None,
    **options: Any,
) -> Computation[ExplainedPairs]:
    """Explain every pair of a list into a folder: a figure a pair, and one table.

    pairs: a CSV with the columns query_id and candidate_id (or gallery_id, as a run has it). dataset: whose image_ids
    these are, as `pairx.evaluate` takes it; without one they are paths relative to the CSV. out: the folder, new or of
    the same list with the same settings, which is continued; rows may have been added to the list since. methods: see
    `pairx.list_methods`; one is drawn as `pairx.viz.draw` does, several side by side. layer: by default the model's own
    choice. figures: "png", "svg", "pdf", "npz" (numbers, of one method) or "none". look, page: as `viz.draw` and
    `viz.draw_grid` take them. features, transform: of PAIR-X's scores, as `pairx.evaluate` takes them. cache: where it
    is kept what is known of photographs. ray: "local", or the address of a cluster, whose machines see photographs and
    folder under the same paths. options: of the methods, as `pairx.compare` takes them.

    A generator of `Step`s; every finished pair is on disk before the next step. A photograph is decoded and encoded
    once for the pairs of one query. A row that cannot be explained is told in `problems`, and the others go on; it is
    tried again when the list is continued. Returns `ExplainedPairs`, after writing pairs.csv. Raises InputError for
    wrong input, where the folder holds something else, and where another process works on it.
    """
    options, chosen = dict(options), model.layer(layer or model.default_layer).name
    _check(methods, options, figures, features, transform)
    drawing = Drawing(figures, look or viz.Look(), page or {})
    computing = workers_for(ray, model)
    if dataset is not None and not isinstance(dataset, Dataset):
        dataset = yield from load_steps(dataset, skip_problems=True, unknown=True, cache=cache)
    listed = yield from list_steps(pairs, dataset, cache)
    settings = {
        "model": model.name,
        "model_key": model.key,
        "size": list(model.size),
        "dataset": None if dataset is None else dataset.name,
        "methods": list(methods),
        "layer": chosen,
        "options": {name: _plain(value) for name, value in options.items()},
        "features": features,
        "transform": transform,
        "figures": {"ending": figures, **asdict(drawing.look), **drawing.page},
        "versions": {"maths": MATHS, "metrics": METRICS, "decoding": images.VERSION},
    }
    folder = Path(out).absolute()
    work = Explaining(listed.dataset, model, methods, chosen, options, features, transform, folder, drawing)
    ids = (listed.pairs[name] for name in ("query_id", "candidate_id", "query_key", "gallery_key"))
    keys: list[Key] = list(zip(*ids, strict=True))
    failed: list[RowProblem] = []
    with Kept(folder, settings) as kept, computing as workers:
        missing = listed.pairs[[key not in kept.found for key in keys]]
        missing = missing.assign(number=missing.index).sort_values("query", kind="stable")
        done = len(keys) - len(missing)
        try:
            yield Step(done, len(keys), "explaining the pairs")
            with closing(workers.pairs(work, missing)) as found:
                for number, rows in found:
                    if "method" in rows[0]:
                        kept.add(keys[number], rows)
                    else:
                        line = int(listed.pairs["line"].iloc[number])
                        failed.append(RowProblem(line, keys[number][0], keys[number][1], rows[0]["problem"]))
                    done += 1
                    yield Step(done, len(keys), "explaining the pairs")
        finally:  # who stops it finds in the table what was finished
            problems = tuple(sorted((*listed.problems, *failed)))
            table = _table(listed, kept, keys, problems)
            with whole(folder / TABLE) as new:
                new.write_bytes(csv_bytes(table))
    return ExplainedPairs(folder, table, problems, listed.repeated)


def _check(methods: Sequence[str], options: Mapping[str, Any], figures: str, features: str, transform: str) -> None:
    """Raise InputError for what cannot be, before anything is computed."""
    if not methods:
        raise InputError("There are no methods. Name one at least.")
    known = {name for method in methods for name in option_names(method)}
    if unknown := sorted(set(options) - known):
        raise InputError(f"None of these methods has an option {unknown[0]!r}.")
    if figures not in FIGURES:
        raise InputError(f"figures is {', '.join(FIGURES)}, not {figures!r}.")
    if figures == "npz" and len(methods) > 1:
        raise InputError("npz holds the numbers of one method. Write png, svg, pdf or none for several.")
    if transform not in geometry.TRANSFORMS:
        raise InputError(f"transform is {', '.join(geometry.TRANSFORMS)}, not {transform!r}.")
    if CARD.name in methods:
        geometry.require(features)


def _plain(value: Any) -> Any:
    """An option's value as JSON; a photograph by its digest."""
    return images.digest(value) if isinstance(value, np.ndarray) else value


def _table(listed: Listed, kept: Kept, keys: Sequence[Key], problems: Sequence[RowProblem]) -> pd.DataFrame:
    """See `ExplainedPairs.table`."""
    rows: list[dict[str, Any]] = [
        {"line": one.line, "query_id": one.query_id, "candidate_id": one.candidate_id, "problem": one.words}
        for one in problems
    ]
    for line, key in zip(listed.pairs["line"], keys, strict=True):
        about = {"line": line, "query_id": key[0], "candidate_id": key[1]}
        rows += [about | row for row in kept.found.get(key, ())]
    rows.sort(key=lambda row: row["line"])
    names = dict.fromkeys(name for row in rows for name in row)
    middle = [name for name in names if name not in (*FIRST, *LAST)]
    table = pd.DataFrame(rows, columns=[*FIRST, *middle, *LAST])
    return table.astype({name: "Int64" for name in COUNTS if name in table})
