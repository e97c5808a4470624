"""What does each method cost, and how faithful is it to the model?

    python -m benchmarks.methods [--pairs 2] [--samples 500] [--methods all] [--model reid-lite0] [-o benchmark.csv]

Explains pairs of one animal's photographs, the sample herd's and, where the environment variable PAIRX_DATA names the
folder that holds it, nyala's, by every method, and prints one table a data set. `--pairs 20 --samples 0` is the whole:
every method with its own number of samples, for days on two cores. Each row is written to -o as it comes, and a
second call goes on where the first one stopped, or prints the tables of what is there: delete the file after a change.

CPU s: of one explanation of both photographs. Passes: of the whole network and, after the plus, of the part after the
layer; backwards and relevance passes are counted like forwards, though they take longer. Ratio: those seconds to what
as many forwards take alone. MiB: by how much the process grew. Fall, kept, inefficiency: see
`pairx.evaluation.faithfulness`, of both photographs, the random control in brackets; on the herd what is kept is the
animal. Numbers are means over pairs with their standard errors. Beside another program on the same cores ratios grow,
since caches are shared.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import psutil
import torch

import pairx
from benchmarks.correspondence import LEAST, correct_pairs
from pairx import baselines, methods
from pairx.baselines import Side, decomposition
from pairx.datasets import load_herd
from pairx.evaluation.faithfulness import Faithfulness, Masks
from pairx.lrp.engine import TapeRecording
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair, Refusal

MIB = 2**20


@dataclass(frozen=True)
class Case:
    """A pair to explain. masks: of the animal, where known."""

    dataset: str
    ids: str
    pair: ImagePair
    masks: Masks | None


def herd_cases(most: int) -> Iterator[Case]:
    """Two photographs of one flank of one individual of the sample herd."""
    herd = load_herd()
    for one, other in correct_pairs(herd, most):
        yield Case("herd", f"{one}/{other}", pairx.load_pair(herd.path(one), herd.path(other)),
                   (herd.mask(one), herd.mask(other)))  # fmt: skip


def nyala_cases(most: int, seed: int = 0) -> Iterator[Case]:
    """The same of wild nyalas; none where PAIRX_DATA is unset, or without them, which is said."""
    folder = Path(os.environ.get("PAIRX_DATA") or "nowhere") / "nyala"
    if not (folder / "metadata.csv").is_file():
        return print("nyala: left out, as PAIRX_DATA names no folder that holds it", file=sys.stderr)
    flanks = pd.read_csv(folder / "metadata.csv", dtype=str).groupby(["identity", "orientation"])["path"]
    pairs = [tuple(paths.iloc[:2]) for _, paths in flanks if len(paths) > 1]
    for number in np.random.default_rng(seed).permutation(len(pairs))[:most]:
        one, other = (folder / path for path in pairs[number])
        yield Case("nyala", f"{one.stem}/{other.stem}", pairx.load_pair(one, other), None)


class Passes:
    """Counts, while a model works, how many photographs go through the whole of it and through the part after a layer.

    Backward and relevance passes count as well. The model's own hooks tell: copies of the layer have them, too, and one
    that only gives an output has a forward of its own.
    """

    def __init__(self, model: EmbeddingModel, layer: str) -> None:
        self.whole = self.head = 0
        self._handle = model.module.get_submodule(model.path(layer)).register_forward_hook(self._note)
        self._patches = [
            patch.object(TapeRecording, name, self._counted(getattr(TapeRecording, name), where))
            for name, where in (("relevance", "head"), ("pixels", "whole"))
        ]
        self._patches.append(patch.object(decomposition, "linear_part", self._together(decomposition.linear_part)))

    def __enter__(self) -> Passes:
        for one in self._patches:
            one.start()
        return self

    def __exit__(self, *_error: object) -> None:
        for one in self._patches:
            one.stop()
        self._handle.remove()

    def _counted(self, sweep: Callable, where: str) -> Callable:
        def counted(recording: TapeRecording, layer: str, seeds: torch.Tensor, *more: Any) -> Any:
            self._add(where, len(seeds))
            return sweep(recording, layer, seeds, *more)

        return counted

    def _together(self, linear_part: Callable) -> Callable:
        def counted(side: Side, cells: torch.Tensor) -> torch.Tensor:
            self.head += 2 * len(cells) - 1  # forward derivatives of many, which the hooks see as one forward
            return linear_part(side, cells)

        return counted

    def _note(self, module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        name = "head" if "forward" in module.__dict__ else "whole"
        self._add(name, len(output))
        if output.requires_grad:
            output.register_hook(lambda gradient: self._add(name, len(gradient)))

    def _add(self, name: str, count: int) -> None:
        setattr(self, name, getattr(self, name) + count)


class Peak:
    """The most memory that the process holds meanwhile, above what it held before: MiB."""

    def __enter__(self) -> Peak:
        self._process, self._done = psutil.Process(), threading.Event()
        self._before = self._most = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._done.set()
        self._thread.join()
        self.mib = (self._most - self._before) / MIB

    def _watch(self) -> None:
        while not self._done.wait(0.02):
            self._most = max(self._most, self._process.memory_info().rss)


def seconds_of(run: Callable[[], Any], count: int) -> float:
    """CPU seconds of one of `count` passes that `run` does."""
    run()
    started = time.process_time()
    run()
    return (time.process_time() - started) / count


@torch.no_grad()
def own_seconds(side: Side) -> tuple[float, float]:
    """CPU seconds of the model's own forward, and of the part after the layer, for one photograph."""
    grids = side.activation[None].repeat(16, 1, 1, 1)
    return seconds_of(lambda: side.embed(side.x.repeat(4, 1, 1, 1)), 4), seconds_of(lambda: side.head(grids), 16)


def measure(model: EmbeddingModel, case: Case, names: list[str], samples: int) -> Iterator[dict[str, Any]]:
    """A row a method."""
    layer = model.default_layer
    own = own_seconds(baselines.encode_pair(model, case.pair, layer).sides[0])
    for name in names:
        options = {"samples": max(samples, LEAST.get(name, 0))} if samples else {}
        given = {key: value for key, value in options.items() if key in methods.option_names(name)}
        started = time.process_time()
        with Passes(model, layer) as passes, Peak() as peak:
            (found,) = pairx.compare(model, case.pair, [name], layer, **given)
        about = {"dataset": case.dataset, "pair": case.ids, "method": name, "cpu": time.process_time() - started}
        if isinstance(found, Refusal):
            yield about | {"refused": found.reason}
            continue
        about |= {"seconds": found.seconds, "whole": passes.whole, "head": passes.head, "mib": peak.mib}
        yield about | {"own": passes.whole * own[0] + passes.head * own[1]} | judged(model, case, found)


def judged(model: EmbeddingModel, case: Case, explanation: Explanation) -> dict[str, float]:
    """Faithfulness, each number the mean of both photographs."""
    found = pairx.faithfulness(model, case.pair, explanation, case.masks)
    values = {one.name: getattr(found, one.name) for one in fields(Faithfulness)}
    return {name: float(np.mean(value)) for name, value in values.items() if value is not None}


COLUMNS = (
    "model", "samples", "dataset", "pair", "method", "cpu", "seconds", "whole", "head", "own", "mib",
    *(one.name for one in fields(Faithfulness)), "refused",
)  # fmt: skip


SHOWN = (
    "method", "n", "CPU s", "passes", "ratio", "MiB", "drop", "inefficiency", "relative", "kept", "IoU",
    "inefficiency of pairs",
)  # fmt: skip


def row(*cells: object) -> str:
    """A line of a markdown table."""
    return f"| {' | '.join(map(str, cells))} |"


def table(rows: pd.DataFrame, dataset: str) -> str:
    """Markdown, one row a method."""
    rows = rows[rows["dataset"] == dataset]
    lines = [f"\n{dataset}: {rows['pair'].nunique()} pairs", row(*SHOWN), "|---" * len(SHOWN) + "|"]
    for name in [name for name in methods.cards() if name in set(rows["method"])]:
        some = rows[rows["method"] == name]
        if some["cpu"].notna().any() and some["own"].isna().all():
            lines.append(row(name, len(some), f"cannot run: {some['refused'].iloc[0]}"))
            continue
        some = some[some["own"].notna()]
        ratio = some["cpu"].sum() / some["own"].sum() if some["own"].sum() else np.nan
        passes = f"{some['whole'].mean():.0f} + {some['head'].mean():.0f}"
        cost = f"{some['cpu'].mean():.2f}", passes, said(ratio, ".1f"), f"{some['mib'].max():.0f}"
        first = mean(some, "drop", "random_drop"), mean(some, "inefficiency"), mean(some, "relative_inefficiency")
        second = mean(some, "kept", "random_kept"), mean(some, "iou"), mean(some, "pair_inefficiency")
        lines.append(row(name, len(some), *cost, *first, *second))
    return "\n".join(lines)


def mean(rows: pd.DataFrame, column: str, control: str | None = None) -> str:
    """Mean and standard error of a column; the control's mean in brackets."""
    values = rows[column].dropna()
    if not len(values):
        return ""
    error = f" ± {values.std(ddof=1) / len(values) ** 0.5:.3f}" if len(values) > 1 else ""
    return f"{values.mean():.3f}{error}" + (f" ({rows[control].mean():.3f})" if control else "")


def said(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else ""


def main() -> None:
    """Measure what is missing, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=2, help="of each data set (default: %(default)s)")
    parser.add_argument("--samples", type=int, default=500, help="0: each method's own (default: %(default)s)")
    parser.add_argument("--methods", default="all", help="all, fast, or names separated by commas")
    parser.add_argument("--model", default="reid-lite0")
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmark-methods.csv"))
    arguments = parser.parse_args()
    chosen = [name for name, card in methods.cards().items() if arguments.methods == "all" or not card.slow]
    names = chosen if arguments.methods in ("all", "fast") else arguments.methods.split(",")
    model = pairx.load_model(arguments.model)
    about = {"model": model.key, "samples": arguments.samples}
    if not arguments.output.exists():
        arguments.output.write_text(",".join(COLUMNS) + "\n")
    done = pd.read_csv(arguments.output, dtype={"model": str})
    done = done[(done["model"] == model.key) & (done["samples"] == arguments.samples)]
    known = set(zip(done["dataset"], done["pair"], done["method"], strict=True))
    cases = [case for both in zip_all(herd_cases(arguments.pairs), nyala_cases(arguments.pairs)) for case in both]
    for case in cases:
        missing = [name for name in names if (case.dataset, case.ids, name) not in known]
        for found in measure(model, case, missing, arguments.samples) if missing else ():
            with arguments.output.open("a", newline="") as file:
                csv.DictWriter(file, COLUMNS).writerow(about | found)
            print(f"{case.dataset} {case.ids} {found['method']}: {found['cpu']:.1f} s", file=sys.stderr, flush=True)
    rows = pd.read_csv(arguments.output, dtype={"model": str})
    rows = rows[(rows["model"] == model.key) & (rows["samples"] == arguments.samples) & rows["method"].isin(names)]
    for dataset in dict.fromkeys(case.dataset for case in cases):
        print(table(rows, dataset))


def zip_all(first: Iterator[Case], second: Iterator[Case]) -> Iterator[list[Case]]:
    """The first of both, the second of both, …, as long as one has any."""
    while both := [case for cases in (first, second) for case in [next(cases, None)] if case is not None]:
        yield both


if __name__ == "__main__":
    main()
