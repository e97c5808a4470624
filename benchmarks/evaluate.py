"""How fast `evaluate` goes through pairs, stage by stage, beside the same loop written with zennit.

    python -m benchmarks.evaluate [DATASET] [--pairs 2000] [--zennit-pairs 8] [--features xfeat]

Rates are pairs per second of one core: seconds are CPU time, so that another load on the machine does not count. The
model's network is what embeds and hands relevance down; the matcher's networks find and match local features, and SIFT
has none, so that its features count among the rest. At the end, what a million photographs and two million pairs take
at these rates.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import psutil
import torch

from benchmarks.record import add_record, keep
from pairx import geometry, lrp
from pairx.core import Options, pair_x
from pairx.core.scoring import PairScorer
from pairx.datasets import Dataset, load_dataset
from pairx.evaluation import run as runs
from pairx.evaluation import search
from pairx.evaluation.scoring import pair_scores
from pairx.evaluation.store import Store
from pairx.geometry import alignment
from pairx.geometry.features import SIFT
from pairx.models import EmbeddingModel, load_model
from pairx.types import finished

NETWORK, MATCHER = ("embed", "relevance"), ("features", "local matches")
STAGES = ("decode", "embed", "match", "relevance", *MATCHER, "transform", "write", "statistics")
GIB = 2**30
PHOTOGRAPHS, PAIRS = 1_000_000, 2_000_000


class Clock:
    """CPU seconds of each stage, without those of stages inside it; all work must be in one thread at a time."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.resident: list[float] = []  # GiB of memory after each pair
        self._stack: list[str] = []
        self._last = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """All CPU time spent in here is this stage's."""
        self._book()
        self._stack.append(name)
        try:
            yield
        finally:
            self._book()
            self._stack.pop()

    def timed(self, name: str, function: Callable) -> Callable:
        """The function, as a stage."""

        def call(*args: Any, **kwargs: Any) -> Any:
            with self.stage(name):
                return function(*args, **kwargs)

        return call

    def _book(self) -> None:
        now = time.process_time()
        if self._stack:
            self.seconds[self._stack[-1]] += now - self._last
        self._last = now


def one_by_one(function: Callable, items: Iterable, _workers: int, _device: object = None) -> Generator:
    """As `lrp.in_threads`, in this thread."""
    for item in items:
        yield function(item)


def time_ours(
    dataset: Dataset, model: EmbeddingModel, features: str, pairs: int, folder: Path
) -> tuple[Clock, runs.Run]:
    """A run in one thread, and what each stage took."""
    clock = Clock()
    stages = (
        (Dataset, "load", "decode"),
        (EmbeddingModel, "embed", "embed"),
        (PairScorer, "score", "relevance"),
        (pair_x, "match", "match"),
        (geometry, "local_features", "features"),
        (geometry, "align", "transform"),
        (alignment, "local_matches", "local matches"),
        (Store, "add", "write"),
        (runs, "_write", "write"),
    )
    patches = [patch.object(owner, name, clock.timed(stage, getattr(owner, name))) for owner, name, stage in stages]
    patches.append(patch.object(lrp, "in_threads", one_by_one))
    for one in patches:
        one.start()
    steps = runs.evaluate_steps(
        dataset, model, out=folder / "run", pairs=pairs, features=features, cache=folder / "cache"
    )
    try:
        with clock.stage("other"):
            run = finished(as_stages(steps, clock))
    finally:
        for one in patches:
            one.stop()
    return clock, run


def as_stages(steps: Generator, clock: Clock) -> Generator[None, None, Any]:
    """The run's steps; those that compare with chance as a stage of their own."""
    stage = "other"
    while True:
        with clock.stage(stage):
            try:
                step = next(steps)
            except StopIteration as stop:
                return stop.value
        stage = "statistics" if step.what == "comparing with chance" else "other"
        if step.what == "scoring pairs":
            clock.resident.append(psutil.Process().memory_info().rss / GIB)
        yield


def time_zennit(
    run: runs.Run, dataset: Dataset, model: EmbeddingModel, features: str, pairs: int, folder: Path
) -> Clock:
    """The loop over some of the run's pairs, as one would write it with zennit: a pair at a time, nothing shared."""
    clock, options, layer = Clock(), Options(k_colors=0, engine="zennit"), model.default_layer
    chosen = run.pairs.iloc[np.linspace(0, len(run.pairs) - 1, min(pairs, len(run.pairs))).astype(int)]
    with Store(folder / "zennit", {}) as store:
        store.begin(chosen, {"k": 0})
        for number, row in enumerate(chosen.itertuples()):
            with clock.stage("decode"):
                pair_of_images = [dataset.load(dataset.row(name))[0] for name in (row.query_id, row.gallery_id)]
            with clock.stage("relevance"), recorded(model, pair_of_images, layer, options) as recordings:
                (explanation,) = pair_x.scored_pair(model, pair_of_images, recordings, [layer], options)
            with clock.stage("features"):
                seen = [geometry.local_features(image, features) for image in pair_of_images]
            with clock.stage("local matches"):
                matches = geometry.local_matches(*seen)
            with clock.stage("transform"):
                aligned = geometry.follow(matches, *seen)
            with clock.stage("write"):
                sizes = (one.size for one in seen)
                store.add(number, [layer], [pair_scores(explanation, aligned, *sizes, model.size)])
    return clock


@contextmanager
def recorded(model: EmbeddingModel, images: list[np.ndarray], layer: str, options: Options) -> Iterator[list]:
    """Both photographs' ways through the model."""
    with (
        pair_x.record(model, images[0], [layer], options) as one,
        pair_x.record(model, images[1], [layer], options) as other,
    ):
        yield [one, other]


def table(ours: Clock, pairs: int, zennit: Clock, zennit_pairs: int) -> Iterator[str]:
    """Lines: pairs per second of one core of each stage, here and in zennit's loop."""
    yield f"{'stage':<14}{'ms a pair':>12}{'pairs/s':>10}{'zennit, ms':>12}{'pairs/s':>10}"
    for stage in (*STAGES, "other"):
        cells = []
        for clock, count in ((ours, pairs), (zennit, zennit_pairs)):
            seconds = clock.seconds.get(stage, 0.0) / count
            cells.append(f"{1000 * seconds:>12.1f}{1 / seconds:>10.1f}" if seconds else f"{'-':>12}{'-':>10}")
        yield f"{stage:<14}{''.join(cells)}"


def shares(clock: Clock, features: str) -> tuple[float, float, float]:
    """Of a run's seconds: the model's network, the matcher's networks, and the rest."""
    networks = (NETWORK, () if features == SIFT else MATCHER)
    model, matcher = (sum(clock.seconds[stage] for stage in stages) for stages in networks)
    total = sum(clock.seconds.values())
    return model / total, matcher / total, 1 - (model + matcher) / total


def rate(clock: Clock, pairs: int, without: Iterable[str] = ()) -> float:
    """Pairs per second of one core."""
    return pairs / sum(seconds for stage, seconds in clock.seconds.items() if stage not in without)


def outlook(clock: Clock, run: runs.Run, photographs: int, dimensions: int) -> Iterator[str]:
    """Lines: what a million photographs and two million pairs take at these rates. photographs: of the run."""
    spent, pairs = clock.seconds, run.summary["pairs"]
    once = ("decode", "embed", "statistics")  # of a photograph, or of the run
    embedding = (spent["decode"] + spent["embed"]) / photographs * PHOTOGRAPHS / 3600
    scoring = sum(spent[stage] for stage in STAGES if stage not in once) / pairs * PAIRS / 3600
    seconds, candidates = time_search(dimensions)
    yield f"{PHOTOGRAPHS:,} photographs and {PAIRS:,} pairs, in hours of one core at these rates:"
    yield f"  decoding and embeddings {embedding:,.0f}, exact search {seconds / 3600:,.0f}, pairs {scoring:,.0f}"
    vectors = 4 * PHOTOGRAPHS * dimensions / GIB
    table = run.pairs.memory_usage(deep=True).sum() / pairs * PAIRS / GIB
    disk = (run.folder / "run.sqlite").stat().st_size / pairs * PAIRS / GIB
    third, last = clock.resident[len(clock.resident) // 3], clock.resident[-1]
    yield f"  memory: {last:.2f} GiB while scoring pairs, {third:.2f} after a third of them; search adds"
    yield f"  {vectors:.1f} GiB of embeddings in a mapped file, {candidates:.1f} of candidates; results {table:.1f}"
    yield f"  disk: {vectors:.1f} GiB of embeddings, {disk:.1f} GiB of scores"


def time_search(dimensions: int) -> tuple[float, float]:
    """Seconds of one core that each of a million photographs takes to be compared with all, and GiB of candidates."""
    queries, gallery = 2_000, 20_000
    embeddings = np.random.default_rng(0).normal(size=(gallery, dimensions)).astype(np.float32)
    where, owners = search.QuerySplit(np.arange(queries), np.arange(gallery)), np.arange(gallery) // 5
    started = time.process_time()
    found = search.nearest(embeddings, where, search.LARGEST_K)
    search.retrieval(embeddings, where, owners)
    seconds = (time.process_time() - started) * PHOTOGRAPHS**2 / (queries * gallery)
    return seconds, found.memory_usage().sum() / queries * PHOTOGRAPHS / GIB


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?", default="sample")
    parser.add_argument("--model", default="reid-lite0")
    parser.add_argument("--pairs", type=int, default=2000, help="at most (default: %(default)s)")
    parser.add_argument("--zennit-pairs", type=int, default=8, help="of them in zennit's loop (default: %(default)s)")
    parser.add_argument("--features", default=geometry.DEFAULT_FEATURES, help="local features (default: %(default)s)")
    add_record(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dataset, model = load_dataset(arguments.dataset), load_model(arguments.model, device="cpu")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours, run = time_ours(dataset, model, arguments.features, arguments.pairs, folder)
        pairs = run.summary["pairs"]
        zennit = time_zennit(run, dataset, model, arguments.features, arguments.zennit_pairs, folder)
        print(f"{dataset.name}: {len(dataset)} photographs, {pairs} pairs, {model.name} at {model.default_layer}\n")
        print(*table(ours, pairs, zennit, arguments.zennit_pairs), sep="\n")
        in_model, in_matcher, rest = shares(ours, arguments.features)
        loops = rate(ours, pairs, ("embed", "statistics")), rate(zennit, arguments.zennit_pairs)
        print(f"\nthe model's network {in_model:.0%}, the matcher's networks {in_matcher:.0%}, the rest {rest:.0%}")
        print(f"whole run {rate(ours, pairs):.1f} pairs/s")
        print(f"pairs alone: {loops[0]:.1f} pairs/s, zennit {loops[1]:.2f}: {loops[0] / loops[1]:.1f} times\n")
        kept = {
            "pairs alone, zennit / ours": loops[0] / loops[1],
            "network's share of the run": in_model,
            "networks' share of the run": 1 - rest,
        }
        keep("evaluate", arguments, kept)
        print(*outlook(ours, run, len(dataset), model.embed([dataset.load(0)[0]]).shape[1]), sep="\n")


if __name__ == "__main__":
    main()
