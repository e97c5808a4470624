"""What is done with each pair of a list: explained, scored, warned of, drawn."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pairx import lrp, viz
from pairx.baselines import encode_one
from pairx.core import CARD
from pairx.core.scoring import Recordings
from pairx.datasets import Dataset
from pairx.evaluation.scoring import PHOTOGRAPHS_KEPT, Scorer
from pairx.methods import Seen, cards, compare_each, option_names, options_of, signed
from pairx.models import EmbeddingModel
from pairx.pairs.kept import FIGURES
from pairx.types import Explanation, ImagePair, InputError, Refusal, Step, finished
from pairx.warnings import PairWarning, Photograph, warn_steps

AT_ONCE = 2  # pairs under way, which bounds the memory; each has its share of the cores
LONGEST = 60  # bytes of an id in a file's name


@dataclass(frozen=True)
class Drawing:
    """How each pair is drawn. ending: "png", "svg", "pdf", of one method "npz", or "none". page: of several methods, as
    `viz.draw_grid` takes it."""

    ending: str = "png"
    look: viz.Look = field(default_factory=viz.Look)
    page: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Explaining:
    """Explains the pairs of a list: see `pairx.pairs.run.explain_pairs_steps`. folder: of the results."""

    dataset: Dataset
    model: EmbeddingModel
    methods: Sequence[str]
    layer: str
    options: Mapping[str, Any]
    features: str
    transform: str
    folder: Path
    drawing: Drawing

    def begin(self) -> Explainer:
        """See `pairx.evaluation.work.PairWork`."""
        return Explainer(self)


class Explainer:
    """Explains pairs: see `pairx.evaluation.work.OnPairs`. A photograph is decoded, encoded and recorded once for the
    pairs that follow each other with it."""

    def __init__(self, work: Explaining) -> None:
        self._work, self._lock = work, threading.Lock()
        self._ids = work.dataset.table["image_id"].tolist()
        encounters = work.dataset.table.get("encounter", pd.Series("", work.dataset.table.index)).tolist()
        self._scorer = Scorer(work.dataset, work.features, work.transform, work.model.size)
        photograph = self._scorer.photograph
        self._side = lru_cache(PHOTOGRAPHS_KEPT)(lambda row: encode_one(work.model, photograph(row), work.layer))
        self._warned_of = lru_cache(PHOTOGRAPHS_KEPT)(
            lambda row: Photograph(
                work.model, photograph(row), self._ids[row], self._mask(row), encounter=encounters[row]
            )
        )
        self._recordings = None
        if CARD.name in work.methods:
            known = option_names(CARD.name)
            own = {name: value for name, value in work.options.items() if name in known}
            self._recordings = Recordings(work.model, photograph, [work.layer], options_of(CARD.name, **own))

    def __call__(self, pairs: pd.DataFrame, threads: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
        """Each pair's number, in order, and its rows of the table: one a method, or one with a problem."""
        rows = pairs[["number", "query", "gallery"]].itertuples(index=False, name=None)
        workers = min(threads, AT_ONCE)
        # One pair is drawn in this thread while others run the network.
        with closing(lrp.in_threads(self._explained, rows, workers, self._work.model.device)) as explained:
            for (number, query, candidate), results in explained:
                if isinstance(results, str):
                    yield number, [{"problem": results}]
                else:
                    yield number, self._told(query, candidate, *results)

    def close(self) -> None:
        """See `pairx.evaluation.work.OnPairs`."""
        if self._recordings:
            self._recordings.close()

    def _explained(self, row: tuple[int, int, int]) -> tuple[tuple[int, int, int], Any]:
        """What the methods find of a pair, PAIR-X's scores, and what to beware of; or why it cannot be explained."""
        _, query, candidate = row
        try:
            with ExitStack() as stack:
                with self._lock:  # so that nothing is done twice
                    sides = self._side(query), self._side(candidate)
                    photographs = self._warned_of(query), self._warned_of(candidate)
                recorded = [
                    stack.enter_context(self._recordings.of(one))[0] for one in (query, candidate) if self._recordings
                ]
                steps = compare_each(
                    self._work.model,
                    self._pair(query, candidate),
                    self._work.methods,
                    self._work.layer,
                    seen=Seen(sides, recorded),
                    **self._work.options,
                )
                results = [one for one in steps if not isinstance(one, Step)]
            reasons = [one.reason for one in results if isinstance(one, Refusal)]
            if len(reasons) == len(results):
                return row, reasons[0]
            return row, (results, self._scores(query, candidate, results), finished(warn_steps(*photographs)))
        except InputError as error:
            return row, str(error)

    def _scores(self, query: int, candidate: int, results: list[Explanation | Refusal]) -> dict[str, Any]:
        """What `pairx.evaluate` says of PAIR-X's explanation, less the number of matches; nothing without one."""
        of_pair_x = [one for one in results if isinstance(one, Explanation) and one.method == CARD.name]
        found = self._scorer.score(query, candidate, of_pair_x)[0] if of_pair_x else {}
        return {name: value for name, value in found.items() if name != "n_matches"}

    def _mask(self, row: int) -> np.ndarray | None:
        return self._work.dataset.mask(row, self._scorer.load(row)[1])

    def _pair(self, query: int, candidate: int) -> ImagePair:
        (image0, view0), (image1, view1) = self._scorer.load(query), self._scorer.load(candidate)
        return ImagePair(image0, image1, self._ids[query], self._ids[candidate], view0, view1)

    def _told(
        self,
        query: int,
        candidate: int,
        results: list[Explanation | Refusal],
        scores: dict[str, Any],
        warned: Sequence[PairWarning],
    ) -> list[dict[str, Any]]:
        """The rows of a pair, after its figure is drawn."""
        about = {
            "warned": " ".join(one.name for one in warned),
            "warnings": " ".join(one.words for one in warned),
            "figure": self._draw(self._pair(query, candidate), results),
        }
        return [_row(one) | (scores if one.method == CARD.name else {}) | about for one in results]

    def _draw(self, pair: ImagePair, results: list[Explanation | Refusal]) -> str:
        """Where the pair's figure lies in the folder; empty where none is wanted or there is nothing to draw."""
        drawing, shown = self._work.drawing, [one for one in results if isinstance(one, Explanation)]
        if drawing.ending == "none" or not shown:
            return ""
        name = f"{FIGURES}/{file_name(pair.id0, pair.id1)}.{drawing.ending}"
        path = self._work.folder / name
        if len(results) > 1:
            viz.draw_grid(results, pair, cards(), drawing.look, **drawing.page).save(path)
        elif drawing.ending == "npz":
            shown[0].save(path)
        else:
            viz.draw(shown[0], pair, drawing.look).save(path)
        return name


def file_name(query_id: str, candidate_id: str) -> str:
    """A file's name, without its ending, that says a pair: safe on any system, another for every pair of ids."""
    digest = hashlib.sha256(f"{query_id}\0{candidate_id}".encode(errors="surrogateescape")).hexdigest()[:8]
    return f"{_said(query_id)}__{_said(candidate_id)}.{digest}"


def _said(text: str) -> str:
    plain = re.sub(r"[^\w.-]+|\.{2,}", "-", text).strip(".-_").encode(errors="ignore")
    return plain[-LONGEST:].decode(errors="ignore") or "photograph"


def _row(result: Explanation | Refusal) -> dict[str, Any]:
    if isinstance(result, Refusal):
        return {"method": result.method, "problem": f"{result.method} cannot run: {result.reason}"}
    raising, lowering = signed(result)
    return {
        "method": result.method,
        "layer": result.settings.get("layer", ""),
        "cosine": result.similarity,
        "matches": None if result.matches is None else len(result.matches),
        "raising": raising,
        "lowering": lowering,
        **result.metrics,
        "seconds": round(result.seconds, 3),
        "notes": " ".join(result.notes),
    }
