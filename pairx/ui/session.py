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
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

import pairx
from pairx import methods
from pairx.core.pair_x import VERSION
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair, InputError, Refusal, Step
from pairx.ui.links import MOST_COLORS, Options
from pairx.ui.photos import PhotoShelf, Ref, pair_of

KEPT_MODELS = 2
KEPT_BYTES = 192 * 2**20
AT_ONCE = max(1, (os.cpu_count() or 2) // 2)
"""Explanations that run at the same time."""


@dataclass(frozen=True)
class Request:
    """All that an explanation depends on."""

    photo0: Ref
    photo1: Ref
    model: str
    layer: str
    options: Options = field(default_factory=Options)

    def key(self, model_key: str) -> str:
        """Digest of all that changes the result: photographs, model, weights, layer, options, version of the maths."""
        parts = [self.photo0.digest, self.photo1.digest, self.model, model_key, self.layer, asdict(self.options)]
        return hashlib.sha256(json.dumps([*parts, MOST_COLORS, VERSION]).encode()).hexdigest()


def size_of(explanation: Explanation) -> int:
    """Bytes of its arrays."""
    arrays = [getattr(explanation, name) for name in ("map0", "map1", "pixel_maps0", "pixel_maps1", "tensor")]
    return sum(array.nbytes for array in arrays if array is not None) + 4096


class ResultCache:
    """Results by key, bounded in bytes; the least recently used goes first."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._held: OrderedDict[str, Explanation] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Explanation | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: str, explanation: Explanation) -> None:
        with self._lock:
            if key in self._held:
                self._bytes -= size_of(self._held.pop(key))
            self._held[key] = explanation
            self._bytes += size_of(explanation)
            while self._bytes > self._most and len(self._held) > 1:
                self._bytes -= size_of(self._held.popitem(last=False)[1])

    def __len__(self) -> int:
        return len(self._held)

    @property
    def bytes(self) -> int:
        """Bytes held."""
        return self._bytes


class Turns:
    """What each session asked for last, so that a run which nobody waits for any more ends itself at its next step.

    gradio's own `cancels` can take the run that follows with it when a person clicks fast.
    """

    MOST = 2000

    def __init__(self) -> None:
        self._turns: OrderedDict[str, tuple[int, bool]] = OrderedDict()
        self._lock = threading.Lock()

    def now(self, session: str) -> tuple[int, bool]:
        """Number of the session's turn, and whether it was stopped."""
        return self._turns.get(session, (0, False))

    def take(self, session: str, stopped: bool = False) -> None:
        """Begin another turn, or one in which nothing is to run."""
        with self._lock:
            self._turns[session] = self.now(session)[0] + 1, stopped
            self._turns.move_to_end(session)
            while len(self._turns) > self.MOST:
                self._turns.popitem(last=False)


class Workshop:
    """What sessions share: photographs by id, a few read-only models (loaded when first asked for), results."""

    def __init__(self, shelf: PhotoShelf | None = None) -> None:
        self.shelf = shelf or PhotoShelf()
        self.results = ResultCache()
        self.turns = Turns()
        self.cards = {card.name: card for card in pairx.list_models()}
        self._models: OrderedDict[str, EmbeddingModel] = OrderedDict()
        self._loading = threading.Lock()
        if "OMP_NUM_THREADS" not in os.environ:
            torch.set_num_threads(max(1, (os.cpu_count() or 2) // AT_ONCE))

    def model(self, name: str) -> EmbeddingModel:
        """A registered model. Raises InputError for any other name and where its weights cannot be had."""
        if name not in self.cards:
            raise InputError("There is no such model here. Choose one from the list.")
        with self._loading:
            if name not in self._models:
                self._models[name] = pairx.load_model(name)
            self._models.move_to_end(name)
            while len(self._models) > KEPT_MODELS:
                self._models.popitem(last=False)
            return self._models[name]

    def key(self, request: Request) -> str:
        """The key of a request's result."""
        return request.key(self.model(request.model).key)

    def steps(self, request: Request, pair: ImagePair | None = None) -> Generator[Step, None, Explanation]:
        """Explain, unless the result is known. Yields progress, returns the explanation; closing it stops the work."""
        yield Step(0, 0, "Loading the model")
        model = self.model(request.model)
        model.layer(request.layer)
        key = request.key(model.key)
        if (known := self.results.get(key)) is not None:
            return known
        pair = pair or self.pair(request)
        explanations = yield from pairx.explain_steps(
            model, pair, layers=(request.layer,), k_colors=MOST_COLORS, **asdict(request.options)
        )
        self.results.put(key, explanations[0])
        _return_memory()
        return explanations[0]

    def explain(self, request: Request, pair: ImagePair | None = None) -> Explanation:
        """Explain without progress."""
        steps = self.steps(request, pair)
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                return stop.value

    def compare(
        self, request: Request, names: Sequence[str], pair: ImagePair
    ) -> Generator[Step | Explanation | Refusal]:
        """Explain by several methods with their own settings. Yields progress and each method's result as soon as it is
        there, known ones first; closing it stops the work."""
        yield Step(0, 0, "Loading the model")
        model = self.model(request.model)
        known = self.compared(request, names)
        yield from known.values()
        missing = [name for name in names if name not in known]
        if not missing:
            return
        for item in methods.compare_each(model, pair, missing, request.layer):
            if isinstance(item, Explanation):
                self.results.put(self._key_of(request, item.method), item)
            yield item
        _return_memory()

    def compared(self, request: Request, names: Sequence[str]) -> dict[str, Explanation]:
        """What is known of a comparison, by method."""
        found = {name: self.results.get(self._key_of(request, name)) for name in names}
        return {name: explanation for name, explanation in found.items() if explanation is not None}

    def _key_of(self, request: Request, method: str) -> str:
        return f"{self.key(request)}:{method}"

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


def with_key(explanation: Explanation, key: str) -> Explanation:
    """The explanation, marked with the key of the request that it answers, to be stored."""
    settings: dict[str, Any] = {**explanation.settings, "app_key": key}
    return Explanation(
        **{**{name: getattr(explanation, name) for name in explanation.__dataclass_fields__}, "settings": settings}
    )


def _return_memory() -> None:
    """Give freed memory back to the system; glibc keeps what a run's many activations have left in its arenas."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
