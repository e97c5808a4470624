"""The same work on Ray: embeddings and pairs as stages of Ray Data, with the model and its caches in every worker.

The package `ray` is optional. Workers find the photographs under the paths that the data set has here, and compute on
CPUs, a core each; results come back as they are finished, and only the driver writes.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import torch

from pairx.evaluation.embeddings import embed_rows
from pairx.evaluation.work import Item, PairWork, Result
from pairx.extras import missing
from pairx.heap import share_heap
from pairx.types import InputError

TOGETHER, MOST_PARTS = 16, 10_000  # items that are done together, unless there were more than so many parts
RAY_DATA_THREADS = ("StreamingExecutor", "ray-data")
STORE = 1 << 29  # bytes of a local Ray's object store: a model, and results on their way


class Cluster:
    """Ray's workers. Use it in a `with` block, at whose end a Ray that it started is stopped.

    address: of a Ray cluster, or "local" for one on this machine's cores, started with the first work. Raises
    InputError where ray is not installed, and then where no cluster answers.
    """

    def __init__(self, address: str = "local") -> None:
        self._ray, self._address = _import(), address
        self._ours = not self._ray.is_initialized()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._ours:
            return
        for thread in threading.enumerate():
            if thread.name.startswith(RAY_DATA_THREADS):
                thread.join()  # Ray ends the whole process when somebody asks it for something after its end
        self._ray.shutdown()

    def embed(self, work: PairWork, rows: Sequence[int]) -> Iterator[tuple[Sequence[int], np.ndarray]]:
        """See `pairx.evaluation.work.Workers`."""
        for batch in self._stage(_Embedder, work, pd.DataFrame({"row": rows})):
            yield batch["row"].tolist(), np.stack(list(batch["vector"]))

    def pairs(self, work: PairWork, pairs: pd.DataFrame) -> Generator[tuple[int, Any]]:
        """See `pairx.evaluation.work.Workers`."""
        for batch in self._stage(_OnPairs, work, pairs[["number", "query", "gallery"]]):
            for number, found in zip(batch["number"].tolist(), batch["found"], strict=True):
                yield number, json.loads(found)

    def each(self, function: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
        """See `pairx.evaluation.work.Workers`. No more items than twice the cores are under way."""
        if not self._ray.is_initialized():
            self._start()
        remote = self._ray.remote(num_cpus=1)(lambda item: function(item))  # Ray takes functions alone
        most, under_way = 2 * int(self._ray.cluster_resources().get("CPU", 1)), []
        for item in items:
            under_way.append(remote.remote(item))
            if len(under_way) == most:
                (first,), under_way = self._ray.wait(under_way)
                yield self._ray.get(first)
        for one in under_way:
            yield self._ray.get(one)

    def _start(self) -> None:
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # nothing is reported to anyone
        os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
        local = {"num_cpus": os.cpu_count(), "include_dashboard": False, "object_store_memory": STORE}
        options = local if self._address == "local" else {}
        try:
            self._ray.init(self._address, log_to_driver=False, logging_level=logging.ERROR, **options)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())
            raise InputError(
                f"No Ray answers at {self._address!r} ({reason}). Give its address, or none for one here."
            ) from error

    def _stage(self, worker: type, work: PairWork, items: pd.DataFrame) -> Iterator[dict[str, np.ndarray]]:
        """What a worker gives for each part of the items, as it is finished."""
        if not len(items):
            return
        if not self._ray.is_initialized():
            self._start()
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = self._ray.data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        size = max(TOGETHER, -(-len(items) // MOST_PARTS))
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        cores = int(self._ray.cluster_resources().get("CPU", 1))
        pool = self._ray.data.ActorPoolStrategy(size=min(cores, len(parts)))
        done = self._ray.data.from_pandas(parts).map_batches(
            worker, fn_constructor_args=(self._ray.put(work),), compute=pool, batch_size=None, num_cpus=1
        )
        accessor = self._ray.data.block.BlockAccessor.for_block
        for bundle in done.iter_internal_ref_bundles():  # `iter_batches` leaves a thread behind when it is not ended
            for block in bundle.blocks:
                yield accessor(self._ray.get(block.ref)).to_numpy()


class _Worker:
    """A process of Ray's that keeps a model."""

    def __init__(self, work: Any) -> None:
        share_heap()
        torch.set_num_threads(1)
        self.work: PairWork = _import().get(work)


class _Embedder(_Worker):
    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, Any]:
        rows = batch["row"].tolist()
        return {"row": batch["row"], "vector": embed_rows(self.work.dataset, self.work.model, rows)}


class _OnPairs(_Worker):
    def __init__(self, work: Any) -> None:
        super().__init__(work)
        self.begun = self.work.begin()

    def __call__(self, batch: dict[str, np.ndarray]) -> dict[str, Any]:
        found = dict(self.begun(pd.DataFrame(batch), 1))
        return {"number": np.array(list(found)), "found": [json.dumps(one) for one in found.values()]}


def _import() -> ModuleType:
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise missing("Evaluating on Ray", "ray") from error
    return ray
