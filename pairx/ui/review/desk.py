"""What the Review tab answers: the queue, decisions, photographs, PAIR-X. No layout, no HTTP."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from PIL import Image

import pairx
from pairx import images, viz
from pairx.datasets import Dataset, load_steps
from pairx.reviews import Decision, ReviewLog, Task, now, settled
from pairx.reviews.settling import CONFLICT
from pairx.types import ImagePair, InputError, finished
from pairx.ui.explain.events import read_place
from pairx.ui.explain.payload import PointAnswer, Scene
from pairx.ui.explain.scene import scene_of
from pairx.ui.review.payload import (
    ReviewKept,
    ReviewPhoto,
    ReviewProgress,
    ReviewQueue,
    ReviewTask,
    ReviewUndone,
)
from pairx.ui.shared.figures import REVIEWS, of_pair, reference
from pairx.ui.shared.files import cached, encoded
from pairx.ui.shared.library import Library
from pairx.ui.shared.photos import Photo, pair_of
from pairx.ui.shared.session import AppState, Request

ROOT = "pairx/review"
"""Of all addresses of this tab, below the page's own."""
LONGEST = 1600
"""px of a photograph on screen."""
MOST_TASKS = 50
OTHER_MODEL = (
    "The review was begun with other weights, or another input size, of this model: PAIR-X explains another similarity "
    "than the one that is listed."
)
KEPT_REVIEWS = 4
KEPT_PHOTOS = 200
FACTS = ("date", "place", "encounter", "orientation", "species")


@dataclass(frozen=True)
class OpenReview:
    """A review with its data set. layer: at which PAIR-X explains its pairs; "" is the model's own."""

    name: str
    log: ReviewLog
    dataset: Dataset
    model: str
    layer: str


class ReviewDesk:
    """Answers for all sessions. A few reviews are kept open."""

    def __init__(self, app_state: AppState, library: Library) -> None:
        self.app_state = app_state
        self.library = library
        self._open: OrderedDict[str, OpenReview] = OrderedDict()
        self._lock = threading.Lock()
        self._jpeg = lru_cache(KEPT_PHOTOS)(self._encoded)

    def open(self, name: str) -> OpenReview:
        """A review by its name. Raises InputError where there is none, or where its data set cannot be read."""
        with self._lock:
            if name not in self._open:
                log = ReviewLog(self.library.review_folder(name))
                try:
                    source, own = str(log.facts.get("dataset", "")), self.library.places.own_machine
                    dataset = finished(load_steps(source, skip_problems=True, unknown=True, links_out=own))
                except InputError:
                    log.close()
                    raise
                self._open[name] = OpenReview(
                    name, log, dataset, str(log.facts.get("model", "")), str(log.facts.get("layer", ""))
                )
                while len(self._open) > KEPT_REVIEWS:
                    self._open.popitem(last=False)[1].log.close()
            self._open.move_to_end(name)
            return self._open[name]

    def queue(self, name: str, reviewer: str, limit: int = 20, conflicts: bool = False) -> ReviewQueue:
        """The next pairs of a reviewer, at most MOST_TASKS; or those on which reviewers differ. Raises InputError."""
        review = self.open(name)
        reviewer = _named(reviewer)
        differing = _differing(review.log)
        limit = max(1, min(limit, MOST_TASKS))
        tasks = differing[:limit] if conflicts else review.log.open_tasks(reviewer, limit)
        model = self.app_state.model(review.model)
        return {
            "name": name,
            "about": f"{review.dataset.name} · {model.title}",
            "note": "" if review.log.facts.get("model_key") == model.key else OTHER_MODEL,
            "layer": review.layer or model.default_layer,
            "conflicts": len(differing),
            "tasks": [self._task(review, task) for task in tasks],
            "progress": _progress(review.log, reviewer),
        }

    def decide(self, name: str, sent: Mapping[str, Any]) -> ReviewKept:
        """Keep a decision: it is on disk when this returns. sent: a `ReviewDecision`, which may hold anything. Raises
        InputError; then nothing was kept."""
        review = self.open(name)
        query, candidate = str(sent.get("query", "")), str(sent.get("candidate", ""))
        for image_id in filter(None, (query, candidate)):
            review.dataset.row(image_id)
        task = review.log.task(query, candidate)
        share, low, high = _shown(sent.get("share"))
        decision = Decision(
            query_id=query,
            candidate_id=candidate,
            verdict=str(sent.get("verdict", "")),
            reviewer=_named(sent.get("reviewer")),
            decided_at=now(),
            model=review.model,
            layer=review.layer or self.app_state.model(review.model).default_layer,
            cosine=task.cosine if task else None,
            score_name=str(review.log.facts.get("score_name", "")),
            score=task.score if task else None,
            rank=task.rank if task else None,
            blind=sent.get("blind") is True,
            note=str(sent.get("note", "")),
            version=pairx.__version__,
            settles=sent.get("settles") is True,
            share=share,
            share_low=low,
            share_high=high,
        )
        number = review.log.decide(decision, str(sent.get("ticket", "")))
        return {"number": number, "progress": _progress(review.log, decision.reviewer)}

    def undo(self, name: str, sent: Mapping[str, Any]) -> ReviewUndone:
        """Take the reviewer's last decision back. sent: a `ReviewUndo`. Raises InputError."""
        review, reviewer = self.open(name), _named(sent.get("reviewer"))
        number = review.log.undo(reviewer, str(sent.get("ticket", "")))
        undone = review.log.task_of(number) if number is not None else None
        shown = self._task(review, undone) if undone else None
        return {"number": number, "task": shown, "progress": _progress(review.log, reviewer)}

    def photo(self, name: str, image_id: str, longest: int = LONGEST) -> bytes:
        """A photograph, its box turned upright, as JPEG. longest: px of its longer side. Raises InputError."""
        review = self.open(name)
        row = review.dataset.row(image_id)
        try:
            changed = Path(review.dataset.table["path"].iloc[row]).stat().st_mtime_ns
        except OSError as error:
            raise InputError(f"{image_id} is no longer where it was. Put the file back.") from error
        return self._jpeg(name, row, max(64, min(longest, LONGEST)), changed)

    async def scene(self, name: str, query: str, candidate: str, wanted: Callable[[], Awaitable[bool]]) -> Scene | None:
        """PAIR-X of a pair, computed with what the machine has left; None where it was no longer wanted. Raises
        InputError."""
        ahead = self.app_state.ahead
        async with ahead.turn:
            request, pair = await ahead.run(lambda: self.request(name, query, candidate))
            found = await ahead.compute(request, self.app_state.steps_ahead(request, pair), wanted)
            return None if found is None else await ahead.run(lambda: without_photos(scene_of(found, pair)))

    def scene_now(self, name: str, query: str, candidate: str) -> Scene:
        """PAIR-X of a pair that a person waits for. Raises InputError."""
        request, pair = self.request(name, query, candidate)
        return without_photos(scene_of(self.app_state.explain(request, pair), pair))

    def request(self, name: str, query: str, candidate: str) -> tuple[Request, ImagePair]:
        """What explains a pair of a review by lines: nothing is traced to pixels. Raises InputError."""
        review = self.open(name)
        first, second = (self._on_shelf(review, image_id) for image_id in (query, candidate))
        layer = review.layer or self.app_state.model(review.model).default_layer
        return Request(first.ref, second.ref, review.model, layer, colors=0), pair_of(first, second)

    def point(self, name: str, query: str, candidate: str, side: int, place: list[float]) -> PointAnswer:
        """What the other photograph answers to a place of photograph `side` (0 the query, 1 the candidate): see
        `AppState.point_map`. Raises InputError."""
        asked = read_place({"side": side, "place": place})
        request, _ = self.request(name, query, candidate)
        cells = self.app_state.point_map(request, *asked)
        h, w = cells.shape
        return {"ticket": 0, "cells": cells.ravel().tolist(), "grid": (h, w), "scale": viz.scale_of(cells)}

    def file(self, name: str, image_id: str) -> Path:
        """A file with a photograph of a review, its box turned upright. Raises InputError."""
        dataset = self.open(name).dataset
        row = dataset.row(image_id)
        box, theta = dataset.box(row)
        if box is None and not theta:
            return Path(dataset.table["path"].iloc[row])
        image, _ = dataset.load(row)
        return Path(cached(encoded(image, "png", compress_level=1), "photograph.png"))

    def _on_shelf(self, review: OpenReview, image_id: str) -> Photo:
        return self.app_state.shelf.open(self.file(review.name, image_id), image_id)

    def _encoded(self, name: str, row: int, longest: int, changed: int) -> bytes:
        image, _ = self.open(name).dataset.load(row)
        file = io.BytesIO()
        Image.fromarray(images.thumbnail(image, longest)).save(file, "jpeg", quality=90)
        return file.getvalue()

    def _task(self, review: OpenReview, task: Task) -> ReviewTask:
        query, candidate = (self.shown(review, image_id) for image_id in (task.query_id, task.candidate_id))
        a, b = (reference(REVIEWS, review.name, image_id) for image_id in (task.query_id, task.candidate_id))
        layer = review.layer or self.app_state.model(review.model).default_layer
        figure = of_pair(a, b, review.model, layer)
        return {"query": query, "candidate": candidate, "cosine": task.cosine, "rank": task.rank, "figure": figure}

    def shown(self, review: OpenReview, image_id: str) -> ReviewPhoto:
        """A photograph as the page shows it."""
        row = review.dataset.table.iloc[review.dataset.row(image_id)]
        facts = [(name.capitalize(), str(row[name])) for name in FACTS if row.get(name)]
        path = f"{ROOT}/{quote(review.name)}/photo?id={quote(image_id, safe='')}"
        return {"id": image_id, "identity": str(row["identity"]), "path": path, "facts": facts}


def _named(reviewer: Any) -> str:
    name = " ".join(str(reviewer or "").split())
    if not name:
        raise InputError("Say who reviews: write your name above the photographs.")
    return name[:80]


def _shown(share: Any) -> list[float | None]:
    """A share with its interval as a page had it on screen. Raises InputError for what is none."""
    if share is None:
        return [None, None, None]
    if not isinstance(share, list) or len(share) != 3 or not all(type(one) in (int, float) for one in share):
        raise InputError("A share is three numbers: itself and the ends of its interval.")
    return [float(one) for one in share]


def _differing(log: ReviewLog) -> list[Task]:
    """The pairs on which reviewers differ, and nobody has settled it."""
    table = settled(log.disputed())
    rows = table[table["verdict"] == CONFLICT][["query_id", "candidate_id"]].itertuples(index=False)
    return [log.task(*pair) or Task(0, *pair) for pair in rows]


def _progress(log: ReviewLog, reviewer: str) -> ReviewProgress:
    done = log.progress(reviewer)
    return {"decided": done.decided, "skipped": done.skipped, "open": done.open}


def without_photos(scene: Scene) -> Scene:
    """What is drawn of a pair, without its photographs: the page has them already."""
    return scene | {"photos": []}
