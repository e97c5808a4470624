"""Search by a region: how fast, how large, how exact in half precision, and whether it finds what is in the box.

    python -m benchmarks.region [--photographs 100000] [--collages 60]

The gallery's embeddings are made up, with the mean and the covariance of those of the sample herd. Time is of the
search alone: the query is embedded once, whatever is drawn on it. Collages show two sample animals of two species side
by side; the gallery are the other photographs, and a box holds one half.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch

from pairx import images
from pairx.datasets import Dataset, load_dataset
from pairx.evaluation.regions import halved, similarities, take_apart
from pairx.models import EmbeddingModel, load_model

BOX = (0.25, 0.3, 0.4, 0.3)
TOP = 20
TIMES = 7
HALVES = {"left": (0, 0, 0.5, 1), "right": (0.5, 0, 0.5, 1)}


def made_up(known: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """(count, D) float32 of length 1, normal with the mean and covariance of known embeddings (N, D)."""
    rng = np.random.default_rng(seed)
    centred = (known - known.mean(0)) / np.sqrt(len(known) - 1)
    found = np.empty((count, known.shape[1]), np.float32)
    for start in range(0, count, 8192):
        part = rng.normal(size=(len(found[start : start + 8192]), len(known))) @ centred + known.mean(0)
        found[start : start + 8192] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return found


def seconds(part: np.ndarray, gallery: np.ndarray) -> float:
    """The median time of a search with its TOP."""
    times = []
    for _ in range(TIMES):
        start = time.perf_counter()
        found = similarities(part, gallery)
        np.argpartition(-found, TOP)[:TOP]
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def speed(model: EmbeddingModel, dataset: Dataset, known: np.ndarray, count: int) -> None:
    """Print what a search costs, and what half precision changes."""
    image = dataset.load(0)[0]
    start = time.perf_counter()
    apart = take_apart(model, image)
    opened = time.perf_counter() - start
    start = time.perf_counter()
    part = apart.part(apart.cover(BOX))
    drawn = time.perf_counter() - start
    gallery = made_up(known, count)
    exact = gallery.astype(np.float64) @ part
    print(f"{opened:.2f} s to embed a query and take it apart, {drawn:.3f} s for a box; layer {apart.side.layer}")
    print(f"{'':16}{'seconds':>9}{'photographs/s':>15}{'bytes each':>12}{'largest error':>15}{f'same top {TOP}':>13}")
    best = np.argsort(-exact, kind="stable")[:TOP]
    for name, kept in (("float32", gallery), ("half precision", halved(gallery))):
        found, spent = similarities(part, kept), seconds(part, kept)
        same = len(np.intersect1d(best, np.argsort(-found, kind="stable")[:TOP])) / TOP
        size, error = kept.nbytes // count, np.abs(found - exact).max()
        print(f"{name:16}{spent:>9.3f}{count / spent:>15,.0f}{size:>12,}{error:>15.1e}{same:>13.0%}", flush=True)


def collages(model: EmbeddingModel, dataset: Dataset, known: np.ndarray, count: int) -> None:
    """Print how often the best photograph shows the animal in the box."""
    species, identity = (dataset.table[name].to_numpy() for name in ("species", "identity"))
    units, rng = known / np.linalg.norm(known, axis=1, keepdims=True), np.random.default_rng(0)
    size = (model.size[0], model.size[1] // 2)
    rows: dict[str, list[tuple[bool, bool]]] = {"whole": [], "box": [], "box cut out": []}
    for _ in range(count):
        first = int(rng.integers(len(dataset)))
        second = int(rng.choice(np.flatnonzero(species != species[first])))
        halves = [images.resize(dataset.load(row)[0], size) for row in (first, second)]
        apart = take_apart(model, np.concatenate(halves, 1))
        for own, half, box in zip((first, second), halves, HALVES.values(), strict=True):
            parts = {
                "whole": apart.side.embedding.numpy(),
                "box": apart.part(apart.cover(box)),
                "box cut out": model.embed([half])[0],
            }
            for name, part in parts.items():
                found = similarities(part, units)
                found[[first, second]] = -np.inf
                best = int(found.argmax())
                rows[name].append((identity[best] == identity[own], species[best] == species[own]))
    print(f"\n{count} collages, {2 * count} boxes; standard errors")
    print(f"{'query':14}{'individual':>14}{'species':>14}")
    for name, hits in rows.items():
        shares = np.mean(hits, 0)
        errors = np.sqrt(shares * (1 - shares) / len(hits))
        told = [f"{share:.0%} ± {error:.0%}" for share, error in zip(shares, errors, strict=True)]
        print(f"{name:14}{told[0]:>14}{told[1]:>14}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="reid-lite0")
    parser.add_argument("--photographs", type=int, default=100_000)
    parser.add_argument("--collages", type=int, default=60)
    arguments = parser.parse_args()
    model, dataset = load_model(arguments.model), load_dataset("sample")
    known = np.concatenate([model.embed([dataset.load(row)[0]]) for row in range(len(dataset))])
    print(f"{model.name}, {torch.get_num_threads()} threads")
    speed(model, dataset, known, arguments.photographs)
    collages(model, dataset, known, arguments.collages)


if __name__ == "__main__":
    main()
