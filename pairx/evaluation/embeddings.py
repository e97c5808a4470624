"""Embeddings of a data set, kept on disk by what the photograph holds and by the model."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np
import torch

from pairx import images, lrp
from pairx.datasets import Dataset, open_cache, read_steps, say_no_cache
from pairx.models import EmbeddingModel
from pairx.types import Computation, InputError, Step

IN_MEMORY = 1 << 31  # bytes of embeddings
BATCH = 16  # photographs between two steps; on a GPU, also in one forward


def key_steps(dataset: Dataset, cache: Path | None = None) -> Computation[list[str]]:
    """A digest of what each row shows: its file's bytes, its box and its theta. A generator of `Step`s.

    cache: where it is remembered, by default the user's. Raises InputError for a photograph that cannot be read.
    """
    keys = []
    for key in (yield from read_steps(dataset.photographs(), cache)):
        if isinstance(key, InputError):
            raise key
        keys.append(key)
    return keys


def embed_steps(
    dataset: Dataset,
    model: EmbeddingModel,
    keys: list[str],
    cache: Path | None = None,
    embed: Callable[[Sequence[int]], Iterator[tuple[Sequence[int], np.ndarray]]] | None = None,
) -> Computation[np.ndarray]:
    """The embeddings (N, D) float32 of a data set, each of length 1 (or 0 where the model gives none).

    keys: of the data set, see `key_steps`. cache: a folder; by default the user's. Embeddings found there are not
    computed again; new ones are stored part by part, or only remembered where it cannot be written. embed: who computes
    them, by default `embed_parts`. A generator of `Step`s.
    """
    with EmbeddingStore(model, cache) as store:
        missing = store.missing(keys)
        done = len(keys) - len(missing)
        yield Step(done, len(keys), "embedding the photographs")
        parts = embed(missing) if embed else embed_parts(dataset, model, missing)
        for rows, vectors in parts:
            store.add([keys[row] for row in rows], vectors)
            done += len(rows)
            yield Step(done, len(keys), "embedding the photographs")
        return store.read(keys)


def embed_parts(
    dataset: Dataset, model: EmbeddingModel, rows: Sequence[int]
) -> Iterator[tuple[Sequence[int], np.ndarray]]:
    """Rows and their embeddings, as `embed_rows` gives them, some at a time."""
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        yield part, embed_rows(dataset, model, part)


def embed_rows(dataset: Dataset, model: EmbeddingModel, rows: Sequence[int]) -> np.ndarray:
    """Embeddings (N, D) float32 of some rows, as the model gives them.

    On a CPU a photograph at a time and a thread each, which is faster than batches, whose activations leave the caches,
    and gives the same numbers in whatever company and on however many cores.
    """
    if model.device.type != "cpu":
        return model.embed((dataset.load(row)[0] for row in rows), BATCH)
    workers = torch.get_num_threads()
    with closing(lrp.in_threads(lambda row: model.embed([dataset.load(row)[0]]), rows, workers)) as vectors:
        return np.concatenate(list(vectors))


class EmbeddingStore:
    """The embeddings of one model on disk, by content. Use it in a `with` block."""

    def __init__(self, model: EmbeddingModel, cache: Path | None = None) -> None:
        table = "CREATE TABLE IF NOT EXISTS embeddings (content TEXT PRIMARY KEY, vector BLOB NOT NULL)"
        self._database = open_cache(f"embeddings/{model.key}.{images.VERSION}.sqlite", table, cache)
        self._unkept: dict[str, bytes] = {}  # where there is no room

    def __enter__(self) -> EmbeddingStore:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def missing(self, keys: Sequence[str]) -> list[int]:
        """Where keys stand that have no embedding; of equal ones the last."""
        known = {key for (key,) in self._database.execute("SELECT content FROM embeddings")}
        return list({key: row for row, key in enumerate(keys) if key not in known}.values())

    def add(self, keys: Sequence[str], vectors: np.ndarray) -> None:
        """Keep embeddings (N, D). On disk when this returns, where they can be."""
        rows = [(key, vector.astype("<f4").tobytes()) for key, vector in zip(keys, vectors, strict=True)]
        try:
            with self._database:
                self._database.executemany("INSERT OR REPLACE INTO embeddings VALUES (?, ?)", rows)
        except sqlite3.Error as error:
            say_no_cache(str(error))
            self._unkept |= dict(rows)

    def read(self, keys: Sequence[str]) -> np.ndarray:
        """Embeddings (N, D) float32 of known keys, each of length 1, or 0. Above IN_MEMORY bytes they lie in a file,
        mapped into memory, that goes with them.
        """
        query, embeddings = "SELECT vector FROM embeddings WHERE content = ?", np.empty((len(keys), 0), np.float32)
        for row, key in enumerate(keys):
            kept = self._unkept.get(key) or self._database.execute(query, (key,)).fetchone()[0]
            vector = np.frombuffer(kept, "<f4")
            if row == 0:
                embeddings = _room(len(keys), len(vector))
            embeddings[row] = vector / max(np.linalg.norm(vector), np.float32(1e-12))
        return embeddings


def _room(rows: int, dim: int) -> np.ndarray:
    """For embeddings (rows, dim) float32."""
    if 4 * rows * dim <= IN_MEMORY:
        return np.empty((rows, dim), np.float32)
    with TemporaryFile() as file:  # the map keeps it
        return np.memmap(file, np.float32, "w+", shape=(rows, dim))
