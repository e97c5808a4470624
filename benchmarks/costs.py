"""How do seconds and memory grow with the pixels, the painted matches, the candidates and the photographs?

    python -m benchmarks.costs [--model reid-lite0] [--record]

Processor seconds and GiB above what was in use before, of: an explanation by input side and by k_colors; scores of one
query by candidates; embeddings, and exact search of 64 queries, by photographs. Memory is Linux's.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import pairx
from benchmarks.record import Cost, add_record, keep
from benchmarks.report import exponent
from pairx.core import Options, pair_x
from pairx.datasets import load_dataset
from pairx.evaluation import search
from pairx.judging.memory import peak
from pairx.types import finished

SIDES, COLORS = (128, 192, 256, 384), (4, 8, 16, 32)
CANDIDATES, EMBEDDED, SEARCHED = (2, 4, 8, 16), (8, 16, 32, 64), (10_000, 20_000, 40_000, 80_000)
QUERIES, DIMENSIONS = 64, 320


def cost(of: str, by: str, size: int, work: Callable[[], Any]) -> Cost:
    """What some work takes."""
    with peak(torch.device("cpu")) as found:
        started = time.process_time()
        work()
        seconds = time.process_time() - started
    memory = None if math.isnan(found.bytes) else round(found.bytes / 2**30, 4)
    return Cost(of, by, size, round(seconds, 4), memory)


def costs(name: str) -> Iterator[Cost]:
    """All points."""
    herd = load_dataset("sample")
    images = [herd.load(row)[0] for row in range(max(EMBEDDED))]
    pair = pairx.load_pair(*herd.table["path"][:2])
    for side in SIDES:
        model = pairx.load_model(name, size=side, device="cpu")
        pairx.explain(model, pair, k_colors=1)
        yield cost("explanation", "pixels", side**2, lambda m=model: pairx.explain(m, pair, k_colors=10))
    model = pairx.load_model(name, device="cpu")
    for colors in COLORS:
        yield cost("explanation", "k_colors", colors, lambda k=colors: pairx.explain(model, pair, k_colors=k))
    for count in CANDIDATES:
        some, options = images[1 : 1 + count], Options(k_colors=0)
        steps = pair_x.score_steps(model, images[0], some, model.default_layer, options)
        yield cost("scores of one query", "candidates", count, lambda steps=steps: finished(steps))
    for count in EMBEDDED:
        yield cost("embeddings", "photographs", count, lambda n=count: model.embed(images[:n]))
    random = np.random.default_rng(0)
    for count in SEARCHED:
        found = random.normal(size=(count, DIMENSIONS)).astype(np.float32)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        where = search.QuerySplit(np.arange(QUERIES), np.arange(count))
        yield cost("exact search", "photographs", count, lambda e=found, w=where: search.nearest(e, w, 20))


def main() -> None:
    """Print the points and their exponents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="reid-lite0")
    add_record(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found: list[Cost] = []
    for one in costs(arguments.model):
        found.append(one)
        memory = "-" if one.memory is None else f"{one.memory:.3f}"
        print(f"{one.of:<20} {one.by:<12} {one.size:>9,.0f} {one.seconds:>9.3f} s {memory:>8} GiB", flush=True)
    print()
    for of, by in dict.fromkeys((one.of, one.by) for one in found):
        own = [one for one in found if (one.of, one.by) == (of, by)]
        sizes, seconds, memory = (
            np.array([getattr(one, name) or np.nan for one in own], float) for name in ("size", "seconds", "memory")
        )
        print(f"{of} by {by}: seconds {exponent(sizes, seconds):.2f}, memory {exponent(sizes, memory):.2f}")
    keep("costs", arguments, {}, found)


if __name__ == "__main__":
    main()
