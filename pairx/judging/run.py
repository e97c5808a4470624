"""`judge`: methods by criteria over a data set's pairs, as a run that a kill does not harm."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from pairx import methods as known_methods
from pairx.datasets import Dataset, load_steps
from pairx.evaluation.embeddings import key_steps
from pairx.evaluation.lock import require_free
from pairx.evaluation.run import fingerprint
from pairx.files import whole
from pairx.judging.contenders import Contender, contender, controls
from pairx.judging.criteria import Criterion, chosen
from pairx.judging.measuring import Measuring
from pairx.judging.planning import TWINS, Planned, plan
from pairx.judging.results import FILE as RESULTS
from pairx.judging.results import Results, read_results, results_of
from pairx.judging.store import Store
from pairx.judging.table import tabulate
from pairx.judging.truth import KINDS, herd_of, twin_pairs
from pairx.models import EmbeddingModel
from pairx.types import Computation, InputError, Step, finished

SCORES, TABLE, ABOUT = "scores.parquet", "table.csv", "judgement.json"
REFERENCE = "pair-x"
PAIRS = 8
VERSION = 3  # of the numbers: raised whenever the same settings give others


@dataclass(frozen=True)
class Judgement:
    """A finished judgement in its folder."""

    folder: Path

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a method and criterion: see `pairx.judging.table.tabulate`."""
        table = pd.read_csv(self.folder / TABLE)
        return table.assign(flagged=table["flagged"].astype(object).fillna(""))

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row a pair, method and criterion: number, kind, image_id0, image_id1, individual, method, criterion,
        value."""
        return pd.read_parquet(self.folder / SCORES)

    @cached_property
    def results(self) -> Results:
        """The table with the pairs behind it, as it ships."""
        return read_results(self.folder / RESULTS)

    @cached_property
    def about(self) -> dict[str, Any]:
        """settings; methods, controls and criteria in their order; notes, plain sentences on what was left out."""
        return json.loads((self.folder / ABOUT).read_text())


def fast_methods() -> list[str]:
    """The names of the methods that take a few passes."""
    return [name for name, card in known_methods.cards().items() if not card.slow]


def judge(
    dataset: Dataset | str | Path, model: EmbeddingModel, methods: Sequence[str] = (), **options: Any
) -> Judgement:
    """Judge methods on a model and a data set: see `judge_steps`."""
    return finished(judge_steps(dataset, model, methods, **options))


def judge_steps(
    dataset: Dataset | str | Path,
    model: EmbeddingModel,
    methods: Sequence[str] = (),
    *,
    out: str | Path,
    criteria: Sequence[str] = (),
    pairs: int = PAIRS,
    reference: str = REFERENCE,
    seed: int = 0,
    whole_photographs: bool = False,
    cache: Path | None = None,
) -> Computation[Judgement]:
    """Measure methods, and controls, by criteria over pairs of a data set.

    dataset: a Dataset, or what `pairx.datasets.load_dataset` takes. methods: names, by default all fast ones,
    with their default options at the model's own layer. out: the folder, new or of a judgement with the same settings,
    which is continued; methods may come to it. criteria: names, by default all; those whose truth the data set does
    not hold are left out, which `about["notes"]` says. pairs: of one animal from one flank, at most, and as
    many of twins. whole_photographs: show all of each photograph, and take its box for where the animal is. reference:
    the method that others are compared with. cache: where what is known of photographs is kept.

    A generator of `Step`s; each finished pair and method is on disk before the next step. Returns the Judgement after
    writing table.csv, scores.parquet, results.json and judgement.json. Raises InputError for wrong input, where the
    folder holds something else or a judgement with other settings, and where another process works on it.
    """
    if pairs < 1 or seed < 0:
        raise InputError(f"pairs is 1 or more and seed 0 or more, not {pairs} and {seed}.")
    wanted, judged = chosen(list(criteria)), [contender(name) for name in dict.fromkeys(methods or fast_methods())]
    known_methods.card_of(reference)
    require_free(Path(out))
    yield Step(0, 1, "reading the data set")
    dataset = dataset if isinstance(dataset, Dataset) else (yield from load_steps(dataset, cache=cache))
    keys = yield from key_steps(dataset, cache)
    herd = herd_of(dataset)
    kin = twin_pairs(herd) if herd and any(one.pairs == TWINS for one in wanted) else ()
    planned = plan(dataset.table, pairs, seed, kin)
    settings = {
        "dataset": dataset.name,
        "photographs": len(dataset),
        "content": fingerprint(dataset, keys),
        "model": model.name,
        "model_key": model.key,
        "size": list(model.size),
        "layer": model.default_layer,
        "criteria": [one.name for one in wanted],
        "pairs": pairs,
        "seed": seed,
        "whole_photographs": whole_photographs,
        "version": VERSION,
    }
    measuring = Measuring(dataset, model, whole_photographs, herd, wanted, seed)
    with Store(Path(out), settings) as store:
        everyone = [*judged, *controls(measuring.untrained.whole)]
        yield from _measure_missing(store, planned, everyone, measuring)
        scores, refused = _scores(store.found(), planned, dataset, everyone)
    used = [one for one in wanted if (scores["criterion"] == one.name).any()]
    about = {
        "settings": settings,
        "reference": reference,
        "methods": [one.name for one in judged],
        "controls": [one.name for one in everyone if one.control],
        "criteria": [_told(one) for one in used],
        "notes": [*dataset.notes, *_left_out(wanted, used), *refused],
    }
    table = tabulate(scores, [one.name for one in everyone], used, reference)
    _write(Path(out), table, scores, about)
    return Judgement(Path(out))


def _measure_missing(
    store: Store, planned: Sequence[Planned], everyone: Sequence[Contender], measuring: Measuring
) -> Computation[None]:
    """Pair by pair, so that whoever stops early has few pairs of all methods."""
    done, total = set(store.found()), len(planned) * len(everyone)
    count = sum((number, one.name) in done for number in range(len(planned)) for one in everyone)
    for number, pair in enumerate(planned):
        missing = [one for one in everyone if (number, one.name) not in done]
        if not missing:
            continue
        yield Step(count, total, "loading a pair")
        opened = measuring.open(pair)
        for one in missing:
            yield Step(count, total, f"pair {number + 1} of {len(planned)}: {one.name}")
            store.add(number, one.name, measuring.measure(opened, one))
            count += 1
    yield Step(total, total, "making the table")


def _scores(
    found: dict[tuple[int, str], dict[str, Any]],
    planned: Sequence[Planned],
    dataset: Dataset,
    everyone: Sequence[Contender],
) -> tuple[pd.DataFrame, list[str]]:
    """All that was measured of these, one row a number, and a sentence on every method that refused. Raises InputError
    where nothing was measured."""
    names, ids = {one.name for one in everyone}, dataset.table["image_id"]
    rows: list[dict[str, Any]] = []
    refused: dict[str, list[str]] = {}
    for (number, method), told in found.items():
        if method not in names:
            continue
        if "refused" in told:
            refused.setdefault(method, []).append(told["refused"])
        pair = planned[number]
        about = {"number": number, "kind": pair.kind, "individual": pair.individual, "method": method}
        about |= {f"image_id{side}": ids.iloc[row] for side, row in enumerate(pair.rows)}
        rows += [about | {"criterion": key, "value": value} for key, value in told.get("scores", {}).items()]
    sentences = [f"{name} could not run on {len(why)} of the pairs: {why[0]}" for name, why in refused.items()]
    if not rows:
        raise InputError(" ".join(["Nothing could be measured.", *sentences]))
    return pd.DataFrame(rows), sentences


def _left_out(wanted: Sequence[Criterion], used: Sequence[Criterion]) -> list[str]:
    """A sentence for each kind of truth that the data set does not hold, and for what no method has."""
    missing = [one for one in wanted if one not in used]
    found = []
    for kind, said in KINDS.items():
        if names := [one.name for one in missing if one.needs == kind]:
            found.append(f"Left out, since the data set does not say {said}: {', '.join(names)}.")
    if names := [one.name for one in missing if not one.needs]:
        found.append(f"Left out, since they are defined for none of these methods: {', '.join(names)}.")
    return found


def _told(criterion: Criterion) -> dict[str, Any]:
    """A criterion's facts, JSON-ready."""
    return {one.name: getattr(criterion, one.name) for one in fields(criterion) if one.name != "measure"}


def _write(folder: Path, table: pd.DataFrame, scores: pd.DataFrame, about: dict[str, Any]) -> None:
    """The files of a finished judgement; each appears whole or not at all."""
    with ExitStack() as files:
        new = {name: files.enter_context(whole(folder / name)) for name in (TABLE, SCORES, RESULTS, ABOUT)}
        table.to_csv(new[TABLE], index=False)
        scores.to_parquet(new[SCORES], index=False)
        results_of(table, scores, about).save(new[RESULTS])
        new[ABOUT].write_text(json.dumps(about, indent=2, allow_nan=False), encoding="utf-8")
