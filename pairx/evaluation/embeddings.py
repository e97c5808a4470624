"""Embeddings of a data set, kept on disk by what the photograph holds and by the model."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import numpy as np

from pairx.datasets import Dataset, cache_folder
from pairx.models import EmbeddingModel
from pairx.types import Step

BATCH = 16


def content_keys(dataset: Dataset) -> list[str]:
    """A digest of what each row shows: its file's bytes, its box and its theta."""
    keys = []
    for row, path in enumerate(dataset.table["path"]):
        digest = hashlib.sha256(repr(dataset.box(row)).encode())
        digest.update(Path(path).read_bytes())
        keys.append(digest.hexdigest())
    return keys


def embed_steps(
    dataset: Dataset, model: EmbeddingModel, keys: list[str], cache: Path | None = None
) -> Generator[Step, None, np.ndarray]:
    """The embeddings (N, D) float32 of a data set, each of length 1 (or 0 where the model gives none).

    keys: `content_keys` of the data set. cache: a folder; by default the user's. Embeddings found there are not
    computed again; new ones are stored batch by batch. A generator of `Step`s.
    """
    folder = (cache or cache_folder()) / "embeddings"
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / f"{model.key}.sqlite", timeout=60)) as store:
        store.execute("CREATE TABLE IF NOT EXISTS embeddings (content TEXT PRIMARY KEY, vector BLOB NOT NULL)")
        known = {key for (key,) in store.execute("SELECT content FROM embeddings")}
        missing = list({key: row for row, key in enumerate(keys) if key not in known}.values())
        for start in range(0, len(missing), BATCH):
            yield Step(len(keys) - len(missing) + start, len(keys), "embedding the photographs")
            rows = missing[start : start + BATCH]
            vectors = model.embed([dataset.load(row)[0] for row in rows], BATCH)
            with store:
                store.executemany(
                    "INSERT OR REPLACE INTO embeddings VALUES (?, ?)",
                    [(keys[row], vector.astype("<f4").tobytes()) for row, vector in zip(rows, vectors, strict=True)],
                )
        read = "SELECT vector FROM embeddings WHERE content = ?"
        vectors = [np.frombuffer(store.execute(read, (key,)).fetchone()[0], "<f4") for key in keys]
    embeddings = np.stack(vectors)
    return embeddings / np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
