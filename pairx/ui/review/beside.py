"""What the Review tab tells beside a pair while a person looks: what speaks for it, and what to beware of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd

from pairx.datasets.herd import Herd, load_herd
from pairx.datasets.sources import SAMPLE
from pairx.evaluation.embeddings import EmbeddingStore, key_steps
from pairx.evaluation.regions import halved
from pairx.ranking.fusion import Fusion, packaged
from pairx.ranking.scores import all_scores
from pairx.ranking.words import parts_of, share_of
from pairx.types import Computation, InputError, Step, finished
from pairx.ui.review.desk import OpenReview, ReviewDesk
from pairx.ui.review.payload import ReviewShare, ReviewWarning, ReviewWarnings
from pairx.ui.shared.words import capitalised
from pairx.warnings import Neighbourhood, PairWarning, Photograph, warn_steps

KEPT_PHOTOGRAPHS = 24
KEPT_REVIEWS = 2
UNSHARED = "How many of such pairs were one animal is not said."
SHARED = (
    "Learned from {pairs:,} pairs of {individuals} individuals ({dataset}): the {candidates} most similar photographs "
    "of each of {queries} queries, in a gallery that holds the animal. In a larger gallery, or one that may not hold "
    "it, fewer of such pairs are correct."
)


class Beside:
    """Answers for all sessions; a few photographs are kept, with what was computed of them."""

    def __init__(self, desk: ReviewDesk) -> None:
        self.desk = desk
        self._photograph = lru_cache(KEPT_PHOTOGRAPHS)(self._seen)
        self._around = lru_cache(KEPT_REVIEWS)(self._neighbourhood)

    async def warnings(
        self, name: str, query: str, candidate: str, wanted: Callable[[], Awaitable[bool]]
    ) -> ReviewWarnings | None:
        """What to beware of in a pair, computed with what the machine has left; None where it was no longer wanted.
        Raises InputError."""
        ahead = self.desk.app_state.ahead
        async with ahead.turn:
            found = await ahead.compute((name, query, candidate), self._steps(name, query, candidate), wanted)
            return None if found is None else {"warnings": [_told(one) for one in found]}

    async def share(
        self, name: str, query: str, candidate: str, wanted: Callable[[], Awaitable[bool]]
    ) -> ReviewShare | None:
        """What speaks for a pair, and how many of such pairs were one animal, computed with what the machine has left;
        None where it was no longer wanted. Raises InputError."""
        ahead = self.desk.app_state.ahead
        async with ahead.turn:
            steps = self._share_steps(name, query, candidate)
            return await ahead.compute(("share", name, query, candidate), steps, wanted)

    def _steps(self, name: str, query: str, candidate: str) -> Computation[tuple[PairWarning, ...]]:
        yield Step(0, 0, "reading the photographs")
        review = self.desk.open(name)
        first, second = (self._photograph(name, review.dataset.row(one)) for one in (query, candidate))
        unread = [one for one in (self._unread(name, query), self._unread(name, candidate)) if one]
        return (*unread, *(yield from warn_steps(first, second)))

    def _share_steps(self, name: str, query: str, candidate: str) -> Computation[ReviewShare]:
        yield Step(0, 0, "reading the photographs")
        state = self.desk.app_state
        request, pair = self.desk.request(name, query, candidate)
        explanation = yield from state.steps_ahead(request, pair)
        model, review = state.model(request.model), self.desk.open(name)
        first, second = (self._photograph(name, review.dataset.row(one)) for one in (query, candidate))
        yield Step(0, 0, "comparing the local features")
        scores = all_scores(explanation, first.features, second.features, model)
        row = pd.Series({"cosine": explanation.similarity, **scores})
        parts = [capitalised(one) for one in parts_of(row)]
        try:
            fusion = packaged(model)
            self._require_alike(review, query, candidate, request.layer, fusion)
        except InputError as error:
            return {"parts": parts, "share": None, "words": f"{parts[1]}.", "note": f"{UNSHARED} {error}"}
        share = fusion.calibrated(fusion.fused(row.to_frame().T)).iloc[0]
        words = f"{capitalised(share_of(share))}, among {fusion.learned['dataset']}."
        numbers = share["share"], share["low"], share["high"]
        return {"parts": parts, "share": numbers, "words": words, "note": SHARED.format(**fusion.learned)}

    def _require_alike(self, review: OpenReview, query: str, candidate: str, layer: str, fusion: Fusion) -> None:
        """Raises InputError where a pair is none of those that the share was learned from."""
        if review.log.facts.get("model_key") != fusion.facts["model_key"]:
            raise InputError("The review was begun with other weights of this model.")
        if layer != fusion.facts["layer"]:
            raise InputError(f"It is known at {fusion.facts['layer']}, and this review is at {layer}.")
        table = review.dataset.table
        rows = [table.iloc[review.dataset.row(one)] for one in (query, candidate)]
        if not fusion.knows(*(str(row.get("species", "")) for row in rows)):
            raise InputError(f"It is known of {fusion.about_species}, by the column species.")
        task, most = review.log.task(query, candidate), fusion.learned["candidates"]
        if task is None or task.rank is None or task.rank > most:
            raise InputError(
                f"It is known of a query's {most} most similar photographs; this pair was chosen otherwise."
            )
        encounter = rows[0].get("encounter")
        if fusion.learned["exclude_encounter"] and encounter and encounter == rows[1].get("encounter"):
            raise InputError("It is known of photographs of two encounters, and these are of one.")

    def _seen(self, name: str, row: int) -> Photograph:
        review = self.desk.open(name)
        facts, model = review.dataset.table.iloc[row], self.desk.app_state.model(review.model)
        image, image_id = review.dataset.load(row)[0], str(facts["image_id"])
        try:
            animal = self._animal(review, row)
        except InputError:  # `_unread` tells it
            animal = None
        return Photograph(model, image, image_id, animal, str(facts.get("encounter", "")), self._around(name))

    def _animal(self, review: OpenReview, row: int) -> np.ndarray | None:
        """(H, W) bool, see `Photograph`. Raises InputError for a mask that cannot be read."""
        if review.log.facts.get("dataset") == SAMPLE:
            return self._herd.mask(str(review.dataset.table["image_id"].iloc[row]))
        return review.dataset.mask(row)

    def _unread(self, name: str, image_id: str) -> PairWarning | None:
        """What is wrong with the mask of a photograph."""
        review = self.desk.open(name)
        try:
            self._animal(review, review.dataset.row(image_id))
        except InputError as error:
            return PairWarning("mask", str(error), 1, "masks", 1)
        return None

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


def _told(warning: PairWarning) -> ReviewWarning:
    return {"name": warning.name, "words": warning.words, "number": warning.number}
