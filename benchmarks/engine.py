"""How fast, exact and frugal are the relevance engines?

    python -m benchmarks.engine [--architectures reid-lite0,timm:resnet50] [--threads N] [--repeats N] [--record]

Prints one markdown row an architecture: seconds a person waits for PAIR-X (decoding excluded, the model loaded and used
before) with pixel maps and without, and for one query against 20 candidates; memory; how far `exact` and `fast` are
from `zennit`; what relevance is lost. Every engine runs in a process of its own. Where no weights come with the app,
they are random, and BatchNorm's statistics come from photographs: nyala under the environment variable PAIRX_DATA where
that is set, otherwise the sample herd, whose flat rendered skies tie in max pooling, where rounding decides. Random
features match hardly anything between two photographs, so such models explain a photograph and its own inner part.
Beside another program on the same cores, timings mean nothing.

Targets, against zennit on MiewID's architecture at 440 px: an explanation 6 times faster with exact and 12 times with
fast, scores 6 and 10 times, 20 candidates 12 times; an explanation by reid-lite0 in less than 1.5 s. On every
architecture: exact within 1e-4 of the map's maximum, fast within 2e-2 with at least 19 of the 20 best matches;
conservation errors up to 1e-3 on convolutional networks and 1e-2 on transformers; less than 3 GiB.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import pairx
from benchmarks.record import add_record, keep
from pairx import lrp
from pairx.core import pair_x
from pairx.datasets import load_herd
from pairx.heap import share_heap
from pairx.images import decode
from pairx.models import BUNDLED, EmbeddingModel, Preprocessing
from pairx.types import Explanation, ImagePair, InputError, said_size

MIEWID = "miewid-msv3"
TIMM = (
    "resnet50,resnext50_32x4d,regnety_008,densenet121,vgg16_bn,mobilenetv3_large_100,efficientnet_b0,convnext_tiny,"
    "swin_tiny_patch4_window7_224,vit_small_patch16_224,vit_small_patch14_dinov2"
)
ARCHITECTURES = ("reid-lite0", MIEWID, *(f"timm:{name}" for name in TIMM.split(",")))
RANKED = ("reid-lite0", MIEWID)  # also measured on a query and its candidates
CANDIDATES, TOP, COLORS = 20, 20, 10
INNER = (0.04, 0.04, 0.92, 0.92)  # x, y, w, h
ZENNIT_CANDIDATES = 2  # it has no shared query, so few are enough to know the rest
GIB = 2**30
COLUMNS = (
    f"architecture|explanation with {COLORS} pixel maps a photograph, s|scores, s|{CANDIDATES} candidates, s|peak, GiB|"
    f"cells|pixels|cells, float64|pixels, float64|best {TOP} matches|lost to the layer|lost to the pixels"
)
LEGEND = """Cells: zennit / exact / fast, or exact / fast. Scores and candidates (of one query): without pixel maps; of
candidates zennit explains {few}, scaled. Peak: of explanations, {memory}. Cells, pixels: largest difference of
relevance to zennit (of fast to exact where zennit has no rule), in the map's maximum; in float64 of exact, in brackets
how far zennit's own float32 is from its float64. Lost: relevance that neither arrives nor ends in a parameter, summed
over modules.
"""
MEMORY = {"cpu": "resident, with libraries and weights", "cuda": "what torch allocates on the GPU"}


@dataclass(frozen=True)
class Job:
    """What one process measures. double: in float64, only the explanation."""

    architecture: str
    engine: str
    repeats: int
    device: str
    size: int | None = None
    double: bool = False


@dataclass(frozen=True)
class Measured:
    """What it found: medians in seconds, memory in GiB; lost, to the layer and to the pixels, None for zennit."""

    explanation: Explanation
    whole: float = 0.0
    scores: float = 0.0
    peak: float = 0.0
    candidates: float | None = None
    lost: tuple[float, float] | None = None


class Float64(Preprocessing):
    """The same preprocessing for a network in float64."""

    def __call__(self, image: np.ndarray) -> torch.Tensor:
        return super().__call__(image).double()


def into_float64(model: EmbeddingModel) -> None:
    """Turn a model, whose layers are known by now, into one that computes in float64."""
    model.module.double()
    model.preprocessing = Float64(**vars(model.preprocessing))


def photographs() -> list[str]:
    """Paths; the first two show the same flank of one animal, the others are of others."""
    if data := os.environ.get("PAIRX_DATA"):
        folder = Path(data) / "nyala"
        table = pd.read_csv(folder / "metadata.csv", dtype=str)
        table["path"] = [str(folder / path) for path in table["path"]]
    else:
        table = load_herd().table
    animals = [list(map(str, views["path"])) for _, views in table.groupby(["identity", "orientation"])]
    first = next(views for views in animals if len(views) > 1)
    return [*first[:2], *(views[0] for views in animals if views is not first)][: 2 + CANDIDATES]


def load(job: Job, paths: list[str]) -> EmbeddingModel:
    """The job's model: the same weights in every process."""
    torch.manual_seed(0)
    bundled = job.architecture in BUNDLED
    size = job.size or (440 if job.architecture == MIEWID else None)
    calibrate = () if bundled else paths  # all, or a random network may magnify one until rounding rules it
    model = pairx.load_model(job.architecture, pretrained=bundled, size=size, calibrate=calibrate, device=job.device)
    print(f"{job.architecture}, {job.engine}: at {model.default_layer}, {said_size(model.size)}", file=sys.stderr)
    if job.double:
        into_float64(model)
    return model


def measure(job: Job) -> Measured | str:
    """All that one process finds out; "no rule" where the engine refuses the model."""
    share_heap()  # as the app and the command line do
    paths = photographs()
    model = load(job, paths)
    pair = pairx.load_pair(*paths[:2]) if model.name in BUNDLED else pairx.load_pair(paths[0], paths[0], box1=INNER)

    def explain(colors: int = COLORS, pair: ImagePair = pair) -> Explanation:
        return pairx.explain(model, pair, k_colors=colors, engine=job.engine)

    reset_peak(job.device)
    try:
        explanation = explain(2)
    except InputError as error:
        print(error, file=sys.stderr)
        return "no rule"
    if job.double:
        return Measured(explanation)
    scores, _ = median(lambda: explain(0), job)
    whole, explanation = median(explain, job)
    found = Measured(explanation, whole, scores, peak(job.device))
    if job.architecture in RANKED:
        found = replace(found, candidates=rank(model, paths, explain, job))
    return found if job.engine == "zennit" else replace(found, lost=lost(model, pair, job.engine))


def rank(model: EmbeddingModel, paths: list[str], explain: Callable[..., Explanation], job: Job) -> float:
    """Seconds of the first photograph as a query against the candidates."""
    if job.engine == "zennit":
        few = [pairx.load_pair(paths[0], path) for path in paths[2 : 2 + ZENNIT_CANDIDATES]]
        return median(lambda: [explain(0, pair) for pair in few], job)[0] * CANDIDATES / len(few)
    query, _, *candidates = [decode(path) for path in paths]
    options = pair_x.Options(engine=job.engine)
    return median(lambda: list(pair_x.score_steps(model, query, candidates, model.default_layer, options)), job)[0]


def lost(model: EmbeddingModel, pair: ImagePair, engine: str) -> tuple[float, float]:
    """Relevance of the similarity that no rule accounts for in the first photograph, as a share."""
    layer, options = model.default_layer, pair_x.Options(engine=engine)
    with (
        pair_x.record(model, pair.image0, [layer], options) as recording,
        pair_x.record(model, pair.image1, [layer], options) as other,
    ):
        seed = lrp.seed(recording.output, other.output)
        return recording.account(seed, model.path(layer)).error, recording.account(seed).error


def median(work: Callable[[], Any], job: Job) -> tuple[float, Any]:
    """Seconds that the work takes, and its result."""
    seconds = []
    for _ in range(1 if job.engine == "zennit" else job.repeats):
        started = time.perf_counter()
        result = work()
        if job.device == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds), result


def reset_peak(device: str) -> None:
    """Forget the memory that loading and calibrating took, and give back what they left free."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    else:
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5")  # Linux with glibc only, as is `peak`


def peak(device: str) -> float:
    """GiB of memory at its highest, see MEMORY."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / GIB
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / GIB


def compare(one: Measured | str, other: Measured | str) -> tuple[str, str, str]:
    """Largest differences of cell relevances and of the pixel maps that both have, and how many best matches agree."""
    if isinstance(one, str) or isinstance(other, str) or one is other:
        return "–", "–", "–"
    cells, pixels, best = [], [], []
    for side in "01":
        mine, theirs = (getattr(each.explanation, f"map{side}") for each in (one, other))
        cells.append(relative(mine, theirs))
        mine, theirs = (painted(each.explanation, side) for each in (one, other))
        pixels += [relative(mine[cell], theirs[cell]) for cell in mine.keys() & theirs.keys()]
    for each in (one, other):
        found = each.explanation.matches
        best.append({(*a, *b) for a, b in zip(found.cells0[:TOP], found.cells1[:TOP], strict=True)})
    return (
        f"{max(cells):.0e}",
        f"{max(pixels, default=float('nan')):.0e}",
        f"{len(best[0] & best[1])} of {len(best[1])}",
    )


def painted(explanation: Explanation, side: str) -> dict[tuple[int, ...], np.ndarray]:
    """The pixel map of each painted cell (row, column) of one photograph."""
    cells = getattr(explanation.matches, f"cells{side}")
    return {tuple(cell): values for cell, values in zip(cells, getattr(explanation, f"pixel_maps{side}"), strict=False)}


def relative(one: np.ndarray, other: np.ndarray) -> float:
    """Largest difference in maxima of the second."""
    return float(np.abs(one - other).max() / np.abs(other).max())


def row(found: dict[str, Measured | str]) -> list[str]:
    """The cells of a row, but for the architecture. found: by engine and, for float64, "zennit 64" and "exact 64"."""
    zennit, engines = found["zennit"], [found[name] for name in ("zennit", "exact", "fast")]

    def each(name: str, text: Callable[[Any], str], among: list[Measured | str] = engines) -> str:
        values = [one if isinstance(one, str) else getattr(one, name) for one in among]
        return " / ".join(one if isinstance(one, str) else "–" if one is None else text(one) for one in values)

    def faster(name: str) -> str:
        base = getattr(zennit, name, None)
        return each(name, lambda value: f"{value:.2f}" + (f" ({base / value:.1f}x)" if base and value != base else ""))

    base = found["exact"] if isinstance(zennit, str) else zennit
    differences = [compare(one, base) for one in engines[1:]]
    doubled, own = compare(found["exact 64"], found["zennit 64"]), compare(zennit, found["zennit 64"])
    cells, pixels, matches = (" / ".join(values) for values in zip(*differences, strict=True))
    return [
        *(faster(name) for name in ("whole", "scores", "candidates")),
        each("peak", lambda value: f"{value:.2f}"),
        cells,
        pixels,
        *(f"{doubled[index]} ({own[index]})" for index in (0, 1)),
        matches,
        *(each("lost", lambda value, index=index: f"{value[index]:.0e}", engines[1:]) for index in (0, 1)),
    ]


def ratios(found: dict[str, Measured | str]) -> dict[str, float]:
    """How many times faster than zennit each engine is, where both could run."""
    made = {}
    for engine in ("exact", "fast"):
        for name in ("whole", "scores", "candidates"):
            theirs, ours = (getattr(found[one], name, None) for one in ("zennit", engine))
            if theirs and ours:
                made[f"{name}, zennit / {engine}"] = theirs / ours
    return made


def in_process(job: Job) -> Measured | str:
    """Measure in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(measure, job).result()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architectures", default=",".join(ARCHITECTURES), help="models by name, with commas between")
    parser.add_argument("--threads", type=int, help="cores to use (default: all)")
    parser.add_argument("--repeats", type=int, default=3, help="runs of which the median counts; zennit runs once")
    parser.add_argument("--size", type=int, help="input side in pixels (default: the model's own; MiewID 440)")
    parser.add_argument("--no-float64", action="store_true", help="leave float64 out, which is slow")
    parser.add_argument("--device", choices=MEMORY, default="cpu", help="where the model is")
    add_record(parser)
    arguments = parser.parse_args()
    if arguments.threads:
        os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    print(LEGEND.format(few=ZENNIT_CANDIDATES, memory=MEMORY[arguments.device]))
    print(f"|{COLUMNS}|\n{'|---' * len(COLUMNS.split('|'))}|", flush=True)
    kept: dict[str, float] = {}
    for architecture in arguments.architectures.split(","):
        found: dict[str, Measured | str] = {}
        for name in ("zennit", "exact", "fast", "zennit 64", "exact 64"):
            engine, _, double = name.partition(" ")
            left_out = bool(double) and (arguments.no_float64 or isinstance(found["zennit"], str))
            job = Job(architecture, engine, arguments.repeats, arguments.device, arguments.size, bool(double))
            found[name] = "–" if left_out else in_process(job)
        print("|".join(("", architecture, *row(found), "")), flush=True)
        kept |= {f"{architecture}, {name}": ratio for name, ratio in ratios(found).items()}
    keep("engine", arguments, kept)


if __name__ == "__main__":
    main()
