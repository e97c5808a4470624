"""What the Review tab answers to a closer look: candidates in the order of a part of the query, and one against
another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from pairx.contrasting import contrast
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.evaluation.regions import TakenApart, similarities, take_apart
from pairx.types import Explanation, ImagePair, InputError, finished
from pairx.ui.explain.scene import scene_of
from pairx.ui.review.desk import OpenReview, ReviewDesk, without_photos
from pairx.ui.review.payload import ReviewOthers, ReviewRegion, ReviewVersus, VersusSide
from pairx.ui.shared.cache import Recent

KEPT_QUERIES = 2
KEPT_CONTRASTS = 16
MOST_CANDIDATES = 200
MOST_OTHERS = 50
FOR_EACH: Any = {"low": "for the other", "high": "for this one"}
"""What the colours of a contrast mean."""


class Closer:
    """Answers for all sessions."""

    def __init__(self, desk: ReviewDesk) -> None:
        self.desk = desk
        self._apart = lru_cache(KEPT_QUERIES)(self._taken_apart)
        self._contrasts: Recent[tuple[Explanation, Explanation]] = Recent(KEPT_CONTRASTS)

    def others(self, name: str, image_id: str, query: str) -> ReviewOthers:
        """The photographs of an individual, by one of them: at most MOST_OTHERS, those most similar to the query first;
        in the data set's order where none is given. Raises InputError."""
        review = self.desk.open(name)
        table, own = review.dataset.table, review.dataset.row(image_id)
        identity = str(table["identity"].iloc[own])
        rows = np.flatnonzero(table["identity"] == identity) if identity else np.array([own])
        cosines = np.full(len(rows), np.nan)
        if query:
            with self.desk.app_state.waiting:
                rows = rows[rows != review.dataset.row(query)]
                (unit,) = self._embedded(review, [review.dataset.row(query)])
                cosines = similarities(unit, self._embedded(review, rows))
                order = np.argsort(-cosines, kind="stable")
                rows, cosines = rows[order], cosines[order]
        photos = [self.desk.shown(review, one) for one in table["image_id"].iloc[rows[:MOST_OTHERS]]]
        known = [None if np.isnan(one) else float(one) for one in cosines[:MOST_OTHERS]]
        return {"identity": identity, "photos": photos, "cosines": known}

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
            found = similarities(part, self._embedded(review, rows))
            order = np.argsort(-found, kind="stable")
            return {"order": [(str(ids[i]), float(found[i])) for i in order], "note": apart.note}

    def versus(self, name: str, query: str, candidate: str) -> ReviewVersus:
        """A candidate against the best other one of its query. Raises InputError where there is none."""
        review, state = self.desk.open(name), self.desk.app_state
        others = [one for one in review.log.tasks_of(query) if one.candidate_id != candidate]
        if not others:
            raise InputError("This query has no other candidate to compare this one with.")
        ids = candidate, others[0].candidate_id
        asked = [self.desk.request(name, query, one) for one in ids]
        key = tuple(state.key(request) for request, _ in asked)
        found = self._contrasts.get(key)
        if found is None:
            request, pair = asked[0]
            with state.waiting:
                found = contrast(state.model(request.model), pair, asked[1][1], request.layer)
            self._contrasts.put(key, found)
        sides = [self._side(review, *one) for one in zip(ids, found, [pair for _, pair in asked], strict=True)]
        return {"difference": found[0].metrics["difference"], "sides": sides}

    def _side(self, review: OpenReview, image_id: str, found: Explanation, pair: ImagePair) -> VersusSide:
        scene = without_photos(scene_of(found, pair))
        alone, shared = (int(found.metrics.get(name, 0)) for name in ("alone", "shared"))
        return {
            "photo": self.desk.shown(review, image_id),
            "similarity": found.similarity,
            "alone": alone,
            "shared": shared,
            "scene": scene | {"scales": [scale | FOR_EACH for scale in scene["scales"]]},
        }

    def _taken_apart(self, name: str, row: int) -> TakenApart:
        review = self.desk.open(name)
        return take_apart(self.desk.app_state.model(review.model), review.dataset.load(row)[0])

    def _embedded(self, review: OpenReview, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """(N, D) of rows of the data set, of length 1."""
        few = replace(review.dataset, table=review.dataset.table.iloc[np.asarray(rows)].reset_index(drop=True))
        return finished(embed_steps(few, self.desk.app_state.model(review.model), finished(key_steps(few))))
