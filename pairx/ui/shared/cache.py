"""What the server keeps between events: results by key, and what each session asked for last."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from pairx.types import Explanation

Value = TypeVar("Value")
KEPT_BYTES = 192 * 2**20


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


class Recent(Generic[Value]):
    """Values by key, so many of them; the least recently used goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Value | None:
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
            return self._held.get(key)

    def put(self, key: Hashable, value: Value) -> None:
        with self._lock:
            self._held[key] = value
            self._held.move_to_end(key)
            while len(self._held) > self._most:
                self._held.popitem(last=False)


class Turns:
    """What each session asked for last, so that a run which nobody waits for any more ends itself at its next step.

    gradio's own `cancels` can take the run that follows with it when a person clicks fast.
    """

    MOST, NONE = 2000, (0, False)

    def __init__(self) -> None:
        self._turns: OrderedDict[str, tuple[int, bool]] = OrderedDict()
        self._lock = threading.Lock()

    def now(self, session: str) -> tuple[int, bool]:
        """Number of the session's turn, and whether it was stopped."""
        return self._turns.get(session, self.NONE)

    def take(self, session: str, stopped: bool = False) -> None:
        """Begin another turn, or one in which nothing is to run."""
        with self._lock:
            self._turns[session] = self.now(session)[0] + 1, stopped
            self._turns.move_to_end(session)
            while len(self._turns) > self.MOST:
                self._turns.popitem(last=False)
