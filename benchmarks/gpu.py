"""How fast and frugal is PAIR-X on a GPU?

    python -m benchmarks.gpu [--architectures reid-lite0,miewid-msv3] [--repeats N] [--record]

Prints the card and, for each architecture and engine, milliseconds of a forward, of an explanation with ten pixel maps
a photograph, of scores alone, and of one query against 20 candidates, the memory that torch allocates, and ratios to
zennit on the same card. Medians after a first run that does not count. Photographs are of the sample herd; MiewID's
architecture has random weights and 440 px.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch

import pairx
from benchmarks.engine import CANDIDATES, COLORS, GIB, MIEWID, ZENNIT_CANDIDATES, photographs
from benchmarks.record import add_record, keep
from pairx.core import pair_x
from pairx.images import decode
from pairx.models import BUNDLED

SIZE = 440  # of MiewID
COLUMNS = ("forward", "explanation", "scores", "candidates", "GiB")


def milliseconds(work: Callable[[], Any], repeats: int) -> float:
    """Median time of the work on an idle card, after a run that does not count."""
    taken = []
    for _ in range(repeats + 1):
        torch.cuda.synchronize()
        started = time.perf_counter()
        work()
        torch.cuda.synchronize()
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken[1:])


def measure(architecture: str, engine: str, repeats: int) -> dict[str, float]:
    """The figures of one engine: COLUMNS, milliseconds and GiB."""
    paths = photographs()
    size = SIZE if architecture == MIEWID else None
    model = pairx.load_model(architecture, pretrained=architecture in BUNDLED, size=size, device="cuda")
    pair = pairx.load_pair(*paths[:2])
    x = model.preprocessing(pair.image0)[None].to(model.device)
    options = pair_x.Options(engine=engine)
    query, candidates = decode(paths[0]), [decode(path) for path in paths[2 : 2 + CANDIDATES]]
    some = candidates[:ZENNIT_CANDIDATES] if engine == "zennit" else candidates

    def rank() -> None:
        pairx.types.finished(pair_x.score_steps(model, query, some, model.default_layer, options))

    with torch.no_grad():
        forward = milliseconds(lambda: model.module(x), repeats)
    torch.cuda.reset_peak_memory_stats()
    whole = milliseconds(lambda: pairx.explain(model, pair, k_colors=COLORS, engine=engine), repeats)
    memory = torch.cuda.max_memory_allocated() / GIB
    scores = milliseconds(lambda: pairx.explain(model, pair, k_colors=0, engine=engine), repeats)
    ranked = milliseconds(rank, repeats) * len(candidates) / len(some)
    return dict(zip(COLUMNS, (forward, whole, scores, ranked, memory), strict=True))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", default=f"reid-lite0,{MIEWID}", help="models by name, with commas between")
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median counts")
    add_record(parser)
    arguments = parser.parse_args()
    if not torch.cuda.is_available():
        parser.exit(2, "torch sees no GPU on this machine.\n")
    print(torch.cuda.get_device_name(), torch.__version__, platform.python_version(), sep=", ")
    print(f"|architecture|engine|{'|'.join(COLUMNS)}|\n{'|---' * (2 + len(COLUMNS))}|", flush=True)
    found: dict[str, dict[str, dict[str, float]]] = {}
    kept: dict[str, float] = {}
    for architecture in arguments.architectures.split(","):
        rows = found[architecture] = {}
        for engine in ("exact", "fast", "zennit"):
            row = rows[engine] = measure(architecture, engine, arguments.repeats if engine != "zennit" else 1)
            print(f"|{architecture}|{engine}|" + "".join(f"{row[name]:.2f}|" for name in COLUMNS), flush=True)
        for engine in ("exact", "fast"):
            ratios = {name: rows["zennit"][name] / rows[engine][name] for name in COLUMNS}
            print(f"|{architecture}|zennit / {engine}|" + "".join(f"{one:.2f}|" for one in ratios.values()), flush=True)
            kept |= {f"{architecture}, {name}, zennit / {engine}": ratios[name] for name in COLUMNS[1:4]}
    keep("gpu", arguments, kept, device=torch.cuda.get_device_name(), milliseconds=found)


if __name__ == "__main__":
    main()
