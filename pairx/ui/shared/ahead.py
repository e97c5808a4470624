"""What a person will probably ask for next, computed with what the machine has left."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Generator, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Generic, TypeVar

from pairx.types import Step

T = TypeVar("T")
PAUSE_SECONDS = 0.05
NICE = 10
"""By how much the thread stands back behind all others."""


class Waiting:
    """How many computations are under way that a person waits for: `with` counts one."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return self._count > 0

    def __enter__(self) -> None:
        with self._lock:
            self._count += 1

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._lock:
            self._count -= 1


class _Begun(Generic[T]):
    """A computation, of which only one thread does a step at a time. over: whether it is finished, or another's now."""

    def __init__(self, steps: Generator[Step, None, T]) -> None:
        self.steps = steps
        self.lock = threading.Lock()
        self.over = False
        self.result: T | None = None

    def step(self) -> None:
        with self.lock:
            if self.over:
                return
            try:
                next(self.steps)
            except StopIteration as end:
                self.over, self.result = True, end.value

    def close(self) -> None:
        with self.lock:
            if not self.over:
                self.over = True
                self.steps.close()


class Ahead(Generic[T]):
    """Computes one thing at a time over all sessions, first come, first served, in one thread that stands back behind
    all others, and begins no step while a person waits for anything.
    """

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._pool = ThreadPoolExecutor(1, "ahead", initializer=_stand_back)
        self._begun: dict[Hashable, _Begun[T]] = {}
        self._lock = threading.Lock()
        self.turn = asyncio.Semaphore(1)
        """Of whoever computes: `async with` waits for it."""

    async def run(self, work: Callable[[], T]) -> T:
        """What a short piece of work returns."""
        while self._waiting:
            await asyncio.sleep(PAUSE_SECONDS)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    async def compute(
        self, key: Hashable, steps: Generator[Step, None, T], wanted: Callable[[], Awaitable[bool]]
    ) -> T | None:
        """The result of a computation; None where it was no longer wanted, or taken. key: by which it may be taken."""
        begun = _Begun(steps)
        with self._lock:
            self._begun[key] = begun
        try:
            while not begun.over and await wanted():
                if self._waiting:
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    await asyncio.get_running_loop().run_in_executor(self._pool, begun.step)
            return begun.result
        finally:
            with self._lock:
                self._begun.pop(key, None)
            self._pool.submit(begun.close)

    def take(self, key: Hashable) -> Generator[Step, None, T] | None:
        """A computation that was begun, for a person who asks for it by now: they go on with it. Waits for the step
        that is under way. None where there is none."""
        with self._lock:
            begun = self._begun.pop(key, None)
        if begun is None:
            return None
        with begun.lock:
            if begun.over:
                return None
            begun.over = True
            return begun.steps


def _stand_back() -> None:
    if sys.platform == "linux":  # elsewhere niceness is of the whole process
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
