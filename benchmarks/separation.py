"""Do metrics of PAIR-X's matches tell correct from incorrect pairs that the model finds equally similar? On nyala.

    PAIRX_DATA=data python -m benchmarks.separation [--models reid-lite0 lite0-imagenet benchmarks.models:mobilenet]
        [--pairs 400] [--second-order 400] [--directions 32] [--size 576]

Photographs are of the nyala that `tools.train_embedder` leaves out of every training. Pairs are drawn as `evaluate`
draws them, half correct, half incorrect, among the most similar of the same flank and of another encounter. Delta and
the AUC within its bins are those of `evaluate`; intervals (95 %) are from resamples of the individuals. Beside each
metric stands what a change gains in AUC over the metric as it is, on the same pairs, and controls: Delta by chance, its
middle 95 % with labels exchanged by query; and Deltas of the same metric where relevance is exchanged between the cells
of each photograph (shuffled), where instead of its match each cell has the one at the same place of the other frame (in
place), and where the transform only lays one frame over the other (framed). `benchmarks.separating` says what each
metric is.

What the metrics need is kept in the cache, by pair and by photograph, so that a run that was stopped goes on.
--second-order: how many of the pairs have metrics of second order, too; fewer have a table of their own. --directions:
how many of the embedding second-order relevance looks at, two backward passes of each photograph for each
(`benchmarks.second_order`).
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import lru_cache
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from benchmarks import second_order
from benchmarks.matched import SEEDS, TRANSFORMS, Matched, Pair
from benchmarks.rerank import left_out
from benchmarks.separating import FIRST_ORDER, METRICS
from pairx import geometry, lrp
from pairx.commands.shared import made_by
from pairx.core import Options, pair_x
from pairx.core.scoring import Recordings
from pairx.datasets import Dataset, cache_folder
from pairx.evaluation import search
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.evaluation.permuting import delta_null
from pairx.evaluation.resampling import resampled
from pairx.files import whole
from pairx.models import EmbeddingModel, load_model
from pairx.types import finished

RESAMPLES, CHANCE = 1000, 500
DRAWN = 600
AIM = 0.3
ROUNDED = 4  # decimals to which metrics are the same


def choose(dataset: Dataset, model: EmbeddingModel, embeddings: np.ndarray, count: int) -> pd.DataFrame:
    """The first of DRAWN pairs in a random order: query, gallery (rows), cosine, correct, individual (of the query)."""
    table = dataset.table
    identity, flank, encounter = (table[name].to_numpy(object) for name in ("identity", "orientation", "encounter"))
    flanks = [np.flatnonzero(flank == one) for one in sorted(set(flank))]
    near = [search.nearest(embeddings, search.QuerySplit(rows, rows, encounter), search.LARGEST_K) for rows in flanks]
    pairs, k = search.choose_pairs(pd.concat(near, ignore_index=True), identity, DRAWN, seed=0)
    print(f"{model.name}: {len(pairs)} pairs of the {k} most similar of each of {len(dataset)} photographs", flush=True)
    shuffled = pairs.assign(individual=identity[pairs["query"]]).sample(frac=1, random_state=0, ignore_index=True)
    return shuffled.head(count)


class Kept:
    """What was computed, in files by name."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    def get(self, name: str, compute: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
        """The arrays of a name, computed if they are not there."""
        if (found := self.find(name)) is None:
            found = compute()
            with whole(self._folder / f"{name}.npz") as new:
                np.savez(new, **found)  # type: ignore[arg-type]
        return found

    def find(self, name: str) -> dict[str, np.ndarray] | None:
        """The arrays of a name, if they are there."""
        with suppress(FileNotFoundError), np.load(self._folder / f"{name}.npz") as stored:
            return dict(stored)
        return None


class Collector:
    """Sees photographs and pairs of a data set through a model, each once. directions: (K, D) of the embedding, for
    relevance of second order."""

    def __init__(self, dataset: Dataset, model: EmbeddingModel, directions: Tensor) -> None:
        self._dataset, self._model, self._layer = dataset, model, model.default_layer
        self._ids = dataset.table["image_id"].to_numpy(object)
        digest = "x".join(map(str, (model.key, *model.size, self._layer)))
        self._kept = Kept(cache_folder() / "separation" / digest)
        self._directions = directions
        self._load = lru_cache(32)(lambda row: dataset.load(row)[0])
        self._local = lru_cache(None)(lambda row, kind: geometry.local_features(self._load(row), kind))
        self._recordings = Recordings(model, self._load, [self._layer], Options(k_colors=0))

    def photograph(self, row: int) -> dict[str, np.ndarray]:
        """features (C, h, w), embedding (D,), size (width, height)."""

        def compute() -> dict[str, np.ndarray]:
            with self._recordings.of(row) as (recording, shape):
                features = self._model.to_grid(recording.activations[self._model.path(self._layer)])[0]
                return {
                    "features": features.numpy(),
                    "embedding": recording.output.numpy(),
                    "size": np.array(shape[1::-1]),
                }

        return self._kept.get(f"photograph-{self._ids[row]}", compute)

    def pair(self, one: int, other: int) -> dict[str, np.ndarray]:
        """relevance (S, 2, 2, h, w): by SEEDS, by photograph, and summed over channels with and without signs.
        transforms (T, 3, 3): by TRANSFORMS, in pixels, NaN where there is none."""

        def compute() -> dict[str, np.ndarray]:
            seen = [[self._local(row, kind) for row in (one, other)] for kind in TRANSFORMS]
            found = [geometry.align(*sides, geometry.DEFAULT_TRANSFORM).matrix for sides in seen]
            matrices = [np.full((3, 3), np.nan) if matrix is None else matrix for matrix in found]
            with self._recordings.of(one) as (first, _), self._recordings.of(other) as (second, _):
                relevance = [self._relevances(first, second, seed) for seed in SEEDS]
            return {"relevance": np.array(relevance, np.float32), "transforms": np.array(matrices)}

        return self._kept.get(f"pair-{self._ids[one]}-{self._ids[other]}", compute)

    def _relevances(self, first: lrp.Recording, second: lrp.Recording, seed: str) -> list[list[np.ndarray]]:
        found = []
        for own, partner in ((first, second), (second, first)):
            start = lrp.seed(own.output, partner.output, seed)
            relevance = own.relevance(self._model.path(self._layer), start[None])[0]
            grid = self._model.to_grid(relevance)[0]
            found.append([pair_x.aggregate(grid, cells).numpy() for cells in ("signed", "sum_of_abs")])
        return found

    def shares(self, row: int) -> dict[str, np.ndarray]:
        """`shares_of` a photograph."""

        def compute() -> dict[str, np.ndarray]:
            return second_order.of_photograph(self._model, self._load(row), self._layer, self._directions)

        return self._kept.get(f"shares-{len(self._directions)}-{self._ids[row]}", compute)

    def read(self, one: int, other: int, second: bool) -> Pair:
        """A pair of rows. second: whether its relevance of second order, too."""
        both, seen = [self.photograph(row) for row in (one, other)], self.pair(one, other)
        first, last = (torch.from_numpy(part["features"]) for part in both)
        matched = Matched((first, last), (both[0]["size"], both[1]["size"]))
        transforms = dict(zip(TRANSFORMS, seen["transforms"], strict=True)) | {"own": matched.own_transform}
        shares = second_order.of_pair([self.shares(row) for row in (one, other)]) if second else {}
        lengths = float(np.prod([np.linalg.norm(part["embedding"]) for part in both]))
        return Pair(matched, seen["relevance"], transforms, shares, lengths)

    def close(self) -> None:
        """Free the recordings."""
        self._recordings.close()


CONTROLS: dict[str, Callable[[Pair, int], Pair]] = {
    "itself": lambda pair, _number: pair,
    "shuffled": lambda pair, number: pair.shuffled(number),
    "in place": lambda pair, _number: pair.in_place(),
    "framed": lambda pair, _number: pair.framed(),
}


def measure(collector: Collector, pairs: pd.DataFrame, second: int) -> dict[str, pd.DataFrame]:
    """Each metric (a column) of each pair (a row), by CONTROLS. second: how many of the pairs have those of second
    order, too. Says how far it is."""
    started, found = time.monotonic(), {name: [] for name in CONTROLS}
    for number, (one, other) in enumerate(zip(pairs["query"], pairs["gallery"], strict=True)):
        pair, known = collector.read(one, other, number < second), METRICS if number < second else FIRST_ORDER
        for name, control in CONTROLS.items():
            changed = control(pair, number)
            found[name].append({title: metric(changed) for title, metric in known.items()})
        if number % 50 == 0:
            print(f"pair {number} of {len(pairs)}, {time.monotonic() - started:.0f} s", flush=True)
    return {name: pd.DataFrame(rows) for name, rows in found.items()}


def print_table(pairs: pd.DataFrame, values: dict[str, pd.DataFrame]) -> None:
    """A row a metric, or several of the same values. A dash stands where a control changes nothing, and where there are
    too few numbers."""
    cosine, correct, individual, query = (
        pairs[name].to_numpy() for name in ("cosine", "correct", "individual", "query")
    )

    def numbers(metric: np.ndarray) -> list[str]:
        """Delta and AUC with their intervals."""
        found = resampled(metric, cosine, correct, individual, RESAMPLES, 0)
        intervals = found.intervals()
        return [told(found.values()[one], *intervals[one]) for one in ("delta", "auc")]

    def gain(metric: np.ndarray, name: str) -> str:
        """In AUC, over the same metric as it is, on the pairs that have both."""
        base = f"{name.partition(':')[0]}: as it is"
        if base == name or base not in values["itself"]:
            return "–"
        other = values["itself"][base].to_numpy(float)
        both = np.isfinite(metric) & np.isfinite(other)
        rest = cosine[both], correct[both], individual[both], RESAMPLES, 0
        less = resampled(metric[both], *rest).less(resampled(other[both], *rest))
        return told(less.values()["auc"], *less.intervals()["auc"])

    print(f"\n{len(pairs)} pairs, {correct.sum()} of them correct, of {len(set(individual))} individuals")
    like = NormalDist().cdf(2 * AIM**0.5)
    print(f"Of two normal distributions of one width, a Delta of {AIM} is an AUC of {like:.2f}.")
    print("| Metric | pairs | Delta | by chance | AUC | gain in AUC | shuffled | in place | framed |")
    print("|---" * 9 + "|")
    names: dict[bytes, list[str]] = {}
    for name, column in values["itself"].items():
        names.setdefault(np.round(column.to_numpy(float), ROUNDED).tobytes(), []).append(str(name))
    for same in names.values():
        metric = values["itself"][same[0]].to_numpy(float)
        value, area = numbers(metric)
        low, high = delta_null(metric, cosine, correct, query, CHANCE, 0).interval
        chance = "–" if np.isnan(low) else f"[{low:.2f}, {high:.2f}]"
        cells = [f"{np.isfinite(metric).sum()}", value, chance, area, gain(metric, same[0])]
        for control in list(CONTROLS)[1:]:
            other = values[control][same[0]].to_numpy(float)
            cells.append("–" if np.array_equal(metric, other, equal_nan=True) else numbers(other)[0])
        print(f"| {' = '.join(same)} | {' | '.join(cells)} |", flush=True)


def told(value: float, low: float, high: float) -> str:
    """A number with its interval."""
    return "–" if np.isnan(value) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def main() -> None:
    """Compute what is missing, and print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["reid-lite0", "lite0-imagenet"])
    parser.add_argument("--pairs", type=int, default=400, help=f"of {DRAWN} drawn (default: %(default)s)")
    parser.add_argument("--second-order", type=int, default=400, help="of the pairs (default: %(default)s)")
    parser.add_argument("--directions", type=int, default=32)
    parser.add_argument("--size", type=int, help="input side in pixels (default: each model's own)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dataset = left_out(Path(os.environ.get("PAIRX_DATA") or parser.error("PAIRX_DATA must name the folder with nyala")))
    for name in arguments.models:
        own = name.startswith("benchmarks.")
        model = made_by(name, arguments.size) if own else load_model(name, size=arguments.size, device="cpu")
        embeddings = finished(embed_steps(dataset, model, finished(key_steps(dataset))))
        pairs = choose(dataset, model, embeddings, arguments.pairs)
        directions = second_order.principal(torch.from_numpy(embeddings), arguments.directions)
        with closing(Collector(dataset, model, directions)) as collector:
            values = measure(collector, pairs, arguments.second_order)
        second = pairs.index < arguments.second_order
        if not second.all():
            print_table(pairs, {name: table[list(FIRST_ORDER)] for name, table in values.items()})
        if second.any():
            print_table(pairs[second], {name: table[second] for name, table in values.items()})


if __name__ == "__main__":
    main()
