"""What finding the nearest of a million photographs takes: memory, seconds, and how many of the true ones are found.

    python -m benchmarks.nearest [--photographs 1000000] [--dimensions 320] [--queries 32] [--record]

Two sets of embeddings of length 1: random ones, which have no neighbourhoods and are the worst for an index, and some
like a model's: individuals of ten photographs each, drawn with the mean and the covariances, between and within
individuals, of reid-lite0's embeddings of the sample herd, and noise in all directions.

Per way: GiB of memory of its own (pages of a file that is mapped are the system's to take back), GiB on disk, processor
seconds to build it, milliseconds of processor a query, one at a time and all at once, and recall@20: the share of the
20 true nearest that it finds. Exact ways compare with every photograph; IVF looks into some of 1024 cells, where PQ
keeps 64 bytes a photograph; "again" compares IVF-PQ's best 400 with what the mapped file holds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
import psutil
import torch

from benchmarks.record import add_record, keep
from pairx.datasets import load_dataset
from pairx.models import load_model
from pairx.ranking import nearest

GIB = 2**30
K, BLOCK, CELLS, BYTES, AGAIN = 20, 16_384, 1024, 64, 400
Search = Callable[[np.ndarray], np.ndarray]
"""Queries (Q, D) to rows (Q, K)."""


@dataclass(frozen=True)
class Way:
    """title. build: from the mapped float32 and float16 to a search. disk: bytes a number that it reads from a file."""

    title: str
    build: Callable[[np.ndarray, np.ndarray], Search]
    disk: int = 0


def flat(single: np.ndarray, _half: np.ndarray) -> Search:
    """faiss' exact index, all in memory."""
    index = faiss.IndexFlatIP(single.shape[1])
    for rows in parts(len(single)):
        index.add(np.ascontiguousarray(single[rows]))
    return lambda queries: index.search(queries, K)[1]


def mapped(single: np.ndarray, _half: np.ndarray) -> Search:
    """What `pairx.rank` does."""
    every = np.arange(len(single))

    def search(queries: np.ndarray) -> np.ndarray:
        found = nearest.nearest(single, queries, every, [np.zeros(0, int)] * len(queries), K)
        return np.array([one.rows for one in found])

    return search


def halves(_single: np.ndarray, half: np.ndarray) -> Search:
    """All of a file in half precision, a block at a time."""
    return lambda queries: best_of(half, queries, K)


def best_of(embeddings: np.ndarray, queries: np.ndarray, k: int) -> np.ndarray:
    """The k nearest (Q, k) by products of single precision, a block at a time."""
    asked, cosines = torch.from_numpy(queries), torch.full((len(queries), k), -2.0)
    best = torch.zeros((len(queries), k), dtype=torch.long)
    for rows in parts(len(embeddings)):
        block = torch.from_numpy(np.array(embeddings[rows])).float()
        both = torch.cat([cosines, asked @ block.T], 1)
        cosines, places = both.topk(k)
        best = torch.cat([best, torch.arange(rows.start, rows.start + len(block)).expand(len(queries), -1)], 1)
        best = best.gather(1, places)
    return best.numpy()


def cells(probed: int, again: bool) -> Callable[[np.ndarray, np.ndarray], Search]:
    """IVF-PQ that looks into so many cells. again: compare its best with the mapped file."""

    def build(single: np.ndarray, half: np.ndarray) -> Search:
        dimensions = single.shape[1]
        index = faiss.IndexIVFPQ(faiss.IndexFlatIP(dimensions), dimensions, CELLS, BYTES, 8, faiss.METRIC_INNER_PRODUCT)
        some = np.sort(np.random.default_rng(0).permutation(len(single))[: 64 * CELLS])
        index.train(np.ascontiguousarray(single[some]))
        for rows in parts(len(single)):
            index.add(np.ascontiguousarray(single[rows]))
        index.nprobe = probed

        def search(queries: np.ndarray) -> np.ndarray:
            if not again:
                return index.search(queries, K)[1]
            found = index.search(queries, AGAIN)[1]
            cosines = np.einsum("qkd,qd->qk", half[found].astype(np.float32), queries)
            return np.take_along_axis(found, np.argsort(-cosines, 1, kind="stable")[:, :K], 1)

        return search

    return build


WAYS = (
    Way("float32 in memory, faiss", flat),
    Way("float32 mapped, exact (rank)", mapped, 4),
    Way("float16 mapped, all", halves, 2),
    Way("IVF-PQ, 16 cells", cells(16, False)),
    Way("IVF-PQ, 16 cells, again", cells(16, True), 2),
    Way("IVF-PQ, 128 cells, again", cells(128, True), 2),
)


def parts(rows: int) -> Iterator[slice]:
    """So many rows in blocks."""
    for start in range(0, rows, BLOCK):
        yield slice(start, min(rows, start + BLOCK))


def random_ones(count: int, dimensions: int) -> Iterator[np.ndarray]:
    """Random embeddings, a block at a time."""
    random = np.random.default_rng(0)
    for rows in parts(count):
        yield random.normal(size=(rows.stop - rows.start, dimensions))


def like_a_model(count: int, dimensions: int) -> Iterator[np.ndarray]:
    """Embeddings as a model gives them, a block at a time."""
    herd, model = load_dataset("sample"), load_model("reid-lite0", device="cpu")
    real = model.embed(herd.load(row)[0] for row in range(len(herd)))
    real /= np.linalg.norm(real, axis=1, keepdims=True)
    random = np.random.default_rng(0)
    if real.shape[1] > dimensions:
        real = real @ np.linalg.qr(random.normal(size=(real.shape[1], dimensions)))[0]
    real = np.pad(real, ((0, 0), (0, dimensions - real.shape[1])))
    identities = herd.table["identity"].to_numpy()
    centres = np.array([real[identities == one].mean(0) for one in np.unique(identities)])
    within = np.concatenate([real[identities == one] - real[identities == one].mean(0) for one in set(identities)])
    between, noise = centres - centres.mean(0), 0.1 * within.std()
    for rows in parts(count):
        size = rows.stop - rows.start
        animals = random.normal(size=(-(-size // 10), len(between))) @ between / np.sqrt(len(between))
        shown = random.normal(size=(size, len(within))) @ within / np.sqrt(len(within))
        yield centres.mean(0) + np.repeat(animals, 10, 0)[:size] + shown + noise * random.normal(size=shown.shape)


def written(folder: Path, blocks: Iterator[np.ndarray], count: int, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of length 1 in files that are mapped: float32 and float16."""
    kinds = (np.float32, np.float16)
    files = [np.memmap(folder / kind.__name__, kind, "w+", shape=(count, dimensions)) for kind in kinds]
    for rows, block in zip(parts(count), blocks, strict=True):
        for file in files:
            file[rows] = block / np.linalg.norm(block, axis=1, keepdims=True)
    for file in files:
        file.flush()
    single, half = (np.memmap(folder / kind.__name__, kind, "r", shape=(count, dimensions)) for kind in kinds)
    return single, half


def own_memory() -> int:
    """Bytes of this process that lie in no file."""
    found = psutil.Process().memory_full_info()
    return found.uss - sum(one.rss for one in psutil.Process().memory_maps() if one.path.startswith("/tmp"))


def measured(way: Way, single: np.ndarray, half: np.ndarray, queries: np.ndarray, true: np.ndarray) -> dict[str, float]:
    """What a way takes and finds."""
    before, started = own_memory(), time.process_time()
    search = way.build(single, half)
    built = time.process_time() - started
    search(queries[:1])
    started = time.process_time()
    for query in queries[:4]:
        search(query[None])
    alone = (time.process_time() - started) / 4
    started = time.process_time()
    found = search(queries)
    together = (time.process_time() - started) / len(queries)
    hits = [len(set(one) & set(other)) / K for one, other in zip(found, true, strict=True)]
    memory = max(0, own_memory() - before)
    return {
        "memory": memory / GIB,
        "disk": way.disk * single.size / GIB,
        "build": built,
        "alone": 1000 * alone,
        "together": 1000 * together,
        "recall": float(np.mean(hits)),
    }


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", type=int, default=1_000_000)
    parser.add_argument("--dimensions", type=int, default=320)
    parser.add_argument("--queries", type=int, default=32)
    add_record(parser)
    arguments = parser.parse_args()
    count, dimensions = arguments.photographs, arguments.dimensions
    torch.set_num_threads(1)
    faiss.omp_set_num_threads(1)
    kept: dict[str, float] = {}
    ways: dict[str, dict[str, float]] = {}
    for title, blocks in (("like a model's", like_a_model), ("random", random_ones)):
        with tempfile.TemporaryDirectory() as folder:
            single, half = written(Path(folder), blocks(count, dimensions), count, dimensions)
            rows = np.random.default_rng(1).permutation(count)[: arguments.queries]
            queries = np.ascontiguousarray(single[rows])
            true = best_of(single, queries, K)
            print(f"\n{count:,} x {dimensions}, {title}")
            print(f"{'':<30}{'GiB':>7}{'on disk':>9}{'build, s':>10}{'ms, one':>9}{'ms, all':>9}{'recall@20':>11}")
            for way in WAYS:
                found = ways[f"{title}, {way.title}"] = measured(way, single, half, queries, true)
                print(
                    f"{way.title:<30}{found['memory']:>7.2f}{found['disk']:>9.2f}{found['build']:>10.0f}"
                    f"{found['alone']:>9.1f}{found['together']:>9.1f}{found['recall']:>11.3f}",
                    flush=True,
                )
        base = ways[f"{title}, {WAYS[0].title}"]["together"]
        kept |= {f"{title}, faiss / {way.title}": base / ways[f"{title}, {way.title}"]["together"] for way in WAYS[1:3]}
    keep("nearest", arguments, kept, ways=ways)


if __name__ == "__main__":
    main()
