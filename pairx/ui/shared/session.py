"""What a result depends on, how it is computed once, and where it is kept. Knows nothing of the page."""

from __future__ import annotations

import ctypes
import gc
import hashlib
import json
import os
import threading
from collections import OrderedDict
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

import pairx
from pairx import methods
from pairx.baselines import PairAtLayer, encode_pair
from pairx.baselines.decomposition import point_map
from pairx.core import correspondence
from pairx.core.options import VERSION
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair, InputError, Step, finished
from pairx.ui.shared.ahead import Ahead, Waiting
from pairx.ui.shared.cache import ResultCache, Turns
from pairx.ui.shared.links import MOST_COLORS, Options
from pairx.ui.shared.photos import PhotoShelf, Ref, pair_of

KEPT_MODELS = 2
KEPT_PAIRS = 2
LONGEST_LAYER = 200
AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
"""Explanations that run at the same time."""


@dataclass(frozen=True)
class Request:
    """All that an explanation depends on. background: what a comparison's methods take for absent, one of
    `pairx.baselines.backgrounds` or a photograph; None leaves each its own. colors: matches that are traced to pixels,
    which costs more than all else. Raises InputError for what is no layer's name."""

    photo0: Ref
    photo1: Ref
    model: str
    layer: str
    options: Options = field(default_factory=Options)
    background: str | Ref | None = None
    colors: int = MOST_COLORS

    def __post_init__(self) -> None:
        if len(self.layer) > LONGEST_LAYER:
            raise InputError(f"A layer's name has {LONGEST_LAYER} characters at most, not {len(self.layer):,}.")

    def key(self, model_key: str) -> str:
        """Digest of all that changes PAIR-X's result: photographs, model, weights, layer, options, version of the
        maths."""
        parts = [self.photo0.digest, self.photo1.digest, self.model, model_key, self.layer, self.options.chosen]
        return hashlib.sha256(json.dumps([*parts, self.colors, VERSION]).encode()).hexdigest()


@dataclass(frozen=True)
class ModelFacts:
    """What of a model results and their keys depend on."""

    key: str
    default_layer: str


class Timings:
    """How long each method took in this process for what a panel shows, by model: the last few times."""

    KEPT = 15

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], list[float]] = {}

    def add(self, model: str, explanation: Explanation) -> None:
        """One more result of a model by name."""
        key = model, explanation.method
        self._known[key] = [*self._known.get(key, ()), explanation.seconds][-self.KEPT :]

    def methods(self, model: str) -> dict[str, float]:
        """The median of each method that ran."""
        return {method: median(times) for (name, method), times in [*self._known.items()] if name == model}


class AppState:
    """What sessions share: photographs by id, a few read-only models (loaded when first asked for), results."""

    def __init__(self, shelf: PhotoShelf | None = None) -> None:
        self.shelf = shelf or PhotoShelf()
        self.results = ResultCache()
        self.turns = Turns()
        self.waiting = Waiting()
        self.ahead: Ahead[Any] = Ahead(self.waiting)
        self.cards = {card.name: card for card in pairx.list_models()}
        self.timings = Timings()
        self.facts: dict[str, ModelFacts] = {}
        """Of the models that were loaded here at some time, by name."""
        self._models: OrderedDict[str, EmbeddingModel] = OrderedDict()
        self._loading = threading.Lock()
        self._seen: OrderedDict[str, PairAtLayer] = OrderedDict()
        self._seeing = threading.Lock()
        if "OMP_NUM_THREADS" not in os.environ:
            torch.set_num_threads(max(1, (os.cpu_count() or 2) // AT_ONCE))

    def model(self, name: str) -> EmbeddingModel:
        """A registered model. Raises InputError for any other name and where its weights cannot be had."""
        if name not in self.cards:
            raise InputError("There is no such model here. Choose one from the list.")
        with self._loading:
            if name not in self._models:
                self._models[name] = model = pairx.load_model(name)
                self.facts[name] = ModelFacts(model.key, model.default_layer)
            self._models.move_to_end(name)
            while len(self._models) > KEPT_MODELS:
                self._models.popitem(last=False)
            return self._models[name]

    def loaded(self, name: str) -> EmbeddingModel | None:
        """A model where it is in memory."""
        with self._loading:
            return self._models.get(name)

    def key(self, request: Request) -> str:
        """The key of a request's result."""
        return request.key(self.model(request.model).key)

    def steps(self, request: Request, pair: ImagePair | None = None) -> Generator[Step, None, Explanation]:
        """Explain for a person who waits, unless the result is known. Yields progress, returns the explanation, with
        the notes on its photographs where they are given as a pair; closing it stops the work. What was begun ahead is
        gone on with."""
        with self.waiting:
            begun = self.ahead.take(request)
            return (yield from begun or self.steps_ahead(request, pair))

    def steps_ahead(self, request: Request, pair: ImagePair | None = None) -> Generator[Step, None, Explanation]:
        """As `steps`, with nobody who waits for it."""
        yield Step(0, 0, "Loading the model")
        model = self.model(request.model)
        model.layer(request.layer)
        key = request.key(model.key)
        known = self.results.get(key)
        if known is None:
            both = pair or self.pair(request)
            explanations = yield from pairx.explain_steps(
                model, both, layers=(request.layer,), k_colors=request.colors, **asdict(request.options)
            )
            if not request.colors:
                self.timings.add(request.model, explanations[0])
            known = of_anybody(explanations[0], both)
            self.results.put(key, known)
            return_memory()
        return methods.noted(known, pair) if pair else known

    def explain(self, request: Request, pair: ImagePair | None = None) -> Explanation:
        """Explain without progress."""
        return finished(self.steps(request, pair))

    def point_map(self, request: Request, side: int, place: Sequence[float]) -> np.ndarray:
        """(h, w) what the other photograph's cells add to the similarity together with a place of photograph `side`, by
        activation decomposition. place: (x0, y0, x1, y1), fractions; a point where it has no area. Raises InputError.
        """
        with self.waiting:
            return self._point_map(request, side, place)

    def _point_map(self, request: Request, side: int, place: Sequence[float]) -> np.ndarray:
        at = self._seen_at(request)
        grid, image = at.model.layer(at.layer).grid, at.pair.images[side]
        place = x0, y0, x1, y1 = correspondence.seen(place, at.model.extent(image), image.shape[1::-1])
        is_point = x0 == x1 and y0 == y1
        weights = correspondence.at_point((x0, y0), grid) if is_point else correspondence.in_box(place, grid)
        return point_map(at, weights, side)

    def _seen_at(self, request: Request) -> PairAtLayer:
        """The pair as the model sees it at the request's layer; the last few are kept."""
        key = self.key(request)
        with self._seeing:
            if key not in self._seen:
                self._seen[key] = encode_pair(self.model(request.model), self.pair(request), request.layer)
            self._seen.move_to_end(key)
            while len(self._seen) > KEPT_PAIRS:
                self._seen.popitem(last=False)
            return self._seen[key]

    def background(self, request: Request) -> str | np.ndarray | None:
        """What stands for absent: a name, or a photograph's pixels."""
        return self.shelf.load(request.background).image if isinstance(request.background, Ref) else request.background

    def pair(self, request: Request) -> ImagePair:
        """The request's photographs, decoded again."""
        return pair_of(self.shelf.load(request.photo0), self.shelf.load(request.photo1))

    def stored(self, path: Path, request: Request) -> bool:
        """Take a result from a file where it is exactly what this request would compute now. Whether it was."""
        try:
            explanation = Explanation.load(path)
        except InputError:
            return False
        key = self.key(request)
        if explanation.settings.get("app_key") != key:
            return False
        self.results.put(key, explanation)
        return True


def of_anybody(explanation: Explanation, pair: ImagePair) -> Explanation:
    """Without the notes that name this pair's files: the same photographs of another person have other names."""
    return replace(explanation, notes=tuple(one for one in explanation.notes if one not in pair.notes))


def takes_background(method: str) -> bool:
    """Whether a method compares with something that stands for absent."""
    return "background" in methods.option_names(method)


def with_key(explanation: Explanation, key: str) -> Explanation:
    """The explanation, marked with the key of the request that it answers, to be stored."""
    settings: dict[str, Any] = {**explanation.settings, "app_key": key}
    return Explanation(
        **{**{name: getattr(explanation, name) for name in explanation.__dataclass_fields__}, "settings": settings}
    )


def return_memory() -> None:
    """Give freed memory back to the system; glibc keeps what a run's many activations have left in its arenas."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
