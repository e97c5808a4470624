"""What the Review tab tells beside a pair: what to beware of, and candidates in the order of a part of the query."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from pairx.datasets import Dataset
from pairx.datasets.herd import Herd, load_herd
from pairx.datasets.sources import SAMPLE
from pairx.evaluation.embeddings import EmbeddingStore, embed_steps, key_steps
from pairx.evaluation.regions import TakenApart, halved, similarities, take_apart
from pairx.types import Computation, InputError, Step, finished
from pairx.ui.review.desk import OpenReview, ReviewDesk
from pairx.ui.review.payload import ReviewRegion, ReviewWarning, ReviewWarnings
from pairx.warnings import Neighbourhood, PairWarning, Photograph, warn_steps

KEPT_PHOTOGRAPHS = 24
KEPT_QUERIES = 2
MOST_CANDIDATES = 200


class Closer:
    """Answers for all sessions; a few photographs, as the warnings see them, are kept."""

    def __init__(self, desk: ReviewDesk) -> None:
        self.desk = desk
        self._photograph = lru_cache(KEPT_PHOTOGRAPHS)(self._seen)
        self._around = lru_cache(KEPT_QUERIES)(self._neighbourhood)
        self._apart = lru_cache(KEPT_QUERIES)(self._taken_apart)

    async def warnings(
        self, name: str, query: str, candidate: str, wanted: Callable[[], Awaitable[bool]]
    ) -> ReviewWarnings | None:
        """What to beware of in a pair, computed with what the machine has left; None where it was no longer wanted.
        Raises InputError."""
        ahead = self.desk.app_state.ahead
        async with ahead.turn:
            found = await ahead.compute((name, query, candidate), self._steps(name, query, candidate), wanted)
            return None if found is None else {"warnings": [_told(one) for one in found]}

    def by_region(self, name: str, sent: Mapping[str, Any]) -> ReviewRegion:
        """Candidates by what a part of the query adds to their similarity, best first. sent: a `ReviewRegionAsked`,
        which may hold anything. Raises InputError."""
        with self.desk.app_state.waiting:
            review, query, box = self.desk.open(name), str(sent.get("query", "")), sent.get("box")
            ids = sent.get("candidates")
            if not isinstance(ids, list) or not 1 <= len(ids) <= MOST_CANDIDATES:
                raise InputError(f"A search by region takes 1 to {MOST_CANDIDATES} candidates.")
            rows = [review.dataset.row(str(one)) for one in ids]
            apart = self._apart(name, review.dataset.row(query))
            part = apart.part(apart.cover(box if isinstance(box, list) else []))
            few = replace(review.dataset, table=review.dataset.table.iloc[rows].reset_index(drop=True))
            found = similarities(part, self._embedded(review, few))
            order = np.argsort(-found, kind="stable")
            return {"order": [(str(ids[i]), float(found[i])) for i in order], "note": apart.note}

    def _steps(self, name: str, query: str, candidate: str) -> Computation[tuple[PairWarning, ...]]:
        yield Step(0, 0, "reading the photographs")
        review = self.desk.open(name)
        first, second = (self._photograph(name, review.dataset.row(one)) for one in (query, candidate))
        return (yield from warn_steps(first, second))

    def _seen(self, name: str, row: int) -> Photograph:
        review = self.desk.open(name)
        facts, model = review.dataset.table.iloc[row], self.desk.app_state.model(review.model)
        image, image_id = review.dataset.load(row)[0], str(facts["image_id"])
        animal = self._herd.mask(image_id) if review.log.facts.get("dataset") == SAMPLE else None
        return Photograph(model, image, image_id, animal, str(facts.get("encounter", "")), self._around(name))

    @cached_property
    def _herd(self) -> Herd:
        return load_herd()

    def _neighbourhood(self, name: str) -> Neighbourhood | None:
        """Of the review's data set, where all of it was embedded before."""
        review = self.desk.open(name)
        keys = finished(key_steps(review.dataset))
        with EmbeddingStore(self.desk.app_state.model(review.model)) as store:
            if store.missing(keys):
                return None
            return Neighbourhood.of(halved(store.read(keys)))

    def _taken_apart(self, name: str, row: int) -> TakenApart:
        review = self.desk.open(name)
        return take_apart(self.desk.app_state.model(review.model), review.dataset.load(row)[0])

    def _embedded(self, review: OpenReview, few: Dataset) -> np.ndarray:
        return finished(embed_steps(few, self.desk.app_state.model(review.model), finished(key_steps(few))))


def _told(warning: PairWarning) -> ReviewWarning:
    return {"name": warning.name, "words": warning.words, "number": warning.number}
