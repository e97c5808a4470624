"""Work on all cores: one signal or one photograph a thread, each thread with its share of the cores for itself."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

DUPLICATES = "KMP_DUPLICATE_LIB_OK"
Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    function: Callable[[Item], Result], items: Iterable[Item], workers: int, device: torch.device | None = None
) -> Generator[Result, None, None]:
    """function of each item, in order, `workers` at a time; who stops iterating cancels what has not begun.

    A thread uses its share of torch's threads, so a result does not depend on what else runs. device: where function
    computes, by default the CPU; elsewhere one item follows the other in the caller's own thread, as cuDNN plans every
    convolution anew in every new thread, which takes far longer than to compute it.
    """
    if device is not None and device.type != "cpu":
        yield from map(function, items)
        return
    share = max(1, torch.get_num_threads() // max(1, workers))
    waiting: deque = deque()
    with ThreadPoolExecutor(max(1, workers), initializer=_use_cores, initargs=(share,)) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(function, item))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _use_cores(count: int) -> None:
    """How many cores torch uses in this thread alone: OpenMP's setting belongs to the thread that makes it."""
    torch.get_num_threads()  # torch sets it when a thread first asks
    _controller().limit(limits=count, user_api="openmp")


@cache
def _controller() -> ThreadpoolController:
    known = DUPLICATES in os.environ
    from threadpoolctl import ThreadpoolController  # whose import sets it for the whole process

    if not known:
        os.environ.pop(DUPLICATES, None)
    return ThreadpoolController()
