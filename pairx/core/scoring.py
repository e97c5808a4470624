"""PAIR-X of many pairs among the same photographs: each is recorded once while memory lasts."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import numpy as np

from pairx import lrp
from pairx.core import Options, pair_x
from pairx.models import EmbeddingModel
from pairx.types import Explanation

MEMORY = 1 << 30  # bytes that recordings may take between pairs


@dataclass
class _Kept:
    """A photograph's recording, once there is one. users: pairs under way that need it. memory: bytes it holds."""

    users: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    recording: lrp.Recording | None = None
    shape: tuple[int, ...] = ()
    memory: float = 0.0


class Recordings:
    """Recordings of numbered photographs at some layers, each made once while memory lasts, in any thread.

    photograph: gives the (H, W, 3) uint8 RGB of a number. memory: bytes that recordings of photographs, of which a pair
    may need any again, may take beside those under way. options: as `explain_steps` takes them.
    """

    def __init__(
        self,
        model: EmbeddingModel,
        photograph: Callable[[int], np.ndarray],
        layers: Sequence[str],
        options: Options,
        memory: int = MEMORY,
    ) -> None:
        self._model, self._photograph, self._memory = model, photograph, memory
        self.layers, self.options = [model.layer(layer).name for layer in layers], options
        self._kept: OrderedDict[int, _Kept] = OrderedDict()  # the latest last
        self._lock = threading.Lock()

    @contextmanager
    def of(self, number: int) -> Iterator[tuple[lrp.Recording, tuple[int, ...]]]:
        """A photograph's recording, made where there is none, which nobody frees meanwhile, and its shape."""
        with self._lock:
            kept = self._kept[number] = self._kept.pop(number, _Kept())
            kept.users += 1
        try:
            with kept.lock:
                recording = kept.recording or self._record(kept, self._photograph(number))
            yield recording, kept.shape
        finally:
            with self._lock:
                kept.users -= 1
                self._free()

    def _record(self, kept: _Kept, image: np.ndarray) -> lrp.Recording:
        recording = pair_x.record(self._model, image, self.layers, self.options)
        if not self.options.k_colors:
            recording.narrow([self._model.path(layer) for layer in self.layers])
        kept.recording, kept.shape, kept.memory = recording, image.shape, recording.memory
        return recording

    def close(self) -> None:
        """End all recordings; no pair may be under way."""
        with self._lock:
            self._memory = 0
            self._free()

    def _free(self) -> None:
        """End the oldest recordings that no pair needs now, until the others fit."""
        idle = [number for number, kept in self._kept.items() if not kept.users]
        while sum(self._kept[number].memory for number in idle) > self._memory:
            kept = self._kept.pop(idle.pop(0))
            if kept.recording is not None:
                kept.recording.__exit__()


class PairScorer:
    """Scores pairs of numbered photographs at some layers, in any thread: see `Recordings`; nothing is painted."""

    def __init__(
        self,
        model: EmbeddingModel,
        photograph: Callable[[int], np.ndarray],
        layers: Sequence[str],
        options: Options | None = None,
        memory: int = MEMORY,
    ) -> None:
        self._model = model
        self._recordings = Recordings(model, photograph, layers, replace(options or Options(), k_colors=0), memory)

    def score(self, query: int, candidate: int) -> list[Explanation]:
        """One `Explanation` a layer, as `pair_x.score_each` gives it."""
        recordings = self._recordings
        with recordings.of(query) as (one, shape0), recordings.of(candidate) as (other, shape1):
            blanks = [np.broadcast_to(np.uint8(0), shape) for shape in (shape0, shape1)]
            return pair_x.scored_pair(self._model, blanks, (one, other), recordings.layers, recordings.options)

    def close(self) -> None:
        """End all recordings; no pair may be under way."""
        self._recordings.close()
