"""How near is the relevance engine to what the processor can do?

    python -m benchmarks.limits [--architecture miewid-msv3] [--size 440] [--engine fast] [--repeats 5]

One thread, processor seconds, the least of some repeats. Each stage of an explanation is run once under watch, which
takes down every convolution and matrix product that it asks for, by shape and type. Those products are then run alone,
each as often as it was asked for: what they take is all that a stage could save by doing everything else for nothing.
The last columns say what the same operations would take at the speed of a large matrix product of their type, and how
far the stage is from that; depthwise convolutions are bound by memory and reach a part of it.

The last row is the least that any engine needs for one more candidate of a query: its own plain forward.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.engine import MIEWID, Job, load, photographs
from pairx import lrp
from pairx.core import pair_x
from pairx.images import decode
from pairx.lrp.operators import multiply

CONVOLUTIONS = (
    torch.ops.aten.mkldnn_convolution.default,
    torch.ops.aten.convolution.default,
    torch.ops.aten.conv2d.default,
)
LAYERS = (torch.ops.aten.linear.default, torch.ops.mkldnn._linear_pointwise.default)
MATRICES = (torch.ops.aten.mm.default, torch.ops.aten.addmm.default, torch.ops.aten.bmm.default, *LAYERS)
LARGE = 2048


class Like(NamedTuple):
    """A tensor without its values."""

    shape: tuple[int, ...]
    stride: tuple[int, ...]
    dtype: torch.dtype

    def make(self) -> Tensor:
        return torch.empty_strided(self.shape, self.stride, dtype=self.dtype).fill_(0.5)


class Call(NamedTuple):
    """A product that was asked for. flop: what it multiplies and adds."""

    func: Any
    arguments: tuple
    flop: int

    @property
    def dtype(self) -> torch.dtype:
        return next(one.dtype for one in self.arguments if isinstance(one, Like))


class Watch(TorchDispatchMode):
    """Takes down the products that run under it, and how often."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[Call] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in CONVOLUTIONS + MATRICES:
            fan_in = args[1][0].numel() if func in CONVOLUTIONS else args[0 if func in LAYERS else -2].shape[-1]
            self.calls[Call(func, tuple(map(written, args)), 2 * result.numel() * fan_in)] += 1
        return result


def written(argument: Any) -> Any:
    """An argument that can be compared."""
    if isinstance(argument, Tensor):
        return Like(tuple(argument.shape), argument.stride(), argument.dtype)
    return tuple(argument) if isinstance(argument, list) else argument


def seconds(work: Callable[[], Any], repeats: int) -> float:
    """The least processor seconds of some runs, after one that does not count."""
    work()
    return min(timed(work) for _ in range(repeats))


def timed(work: Callable[[], Any]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def alone(calls: Counter[Call], repeats: int) -> float:
    """Processor seconds of products with nothing between them."""
    total = 0.0
    for call, count in calls.items():
        arguments = [one.make() if isinstance(one, Like) else one for one in call.arguments]
        total += count * seconds(lambda call=call, arguments=arguments: call.func(*arguments), repeats)
    return total


def peak(dtype: torch.dtype, repeats: int) -> float:
    """Operations a second of a large matrix product, by the library that the engine multiplies with."""
    one = torch.full((LARGE, LARGE), 0.5, dtype=dtype)
    return 2 * LARGE**3 / seconds(lambda: multiply(one, one), repeats)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--architecture", default=MIEWID)
    parser.add_argument("--size", type=int)
    parser.add_argument("--engine", choices=("fast", "exact"), default="fast")
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    paths = photographs()
    model = load(Job(arguments.architecture, arguments.engine, 1, "cpu", arguments.size), paths)
    layer, images = model.default_layer, [decode(path) for path in paths[:2]]
    path, x = model.path(layer), model.preprocessing(images[0])[None]
    options = pair_x.Options(engine=arguments.engine, k_colors=1)
    query, other = (pair_x.record(model, image, [layer], options) for image in images)
    seed = lrp.seed(query.output, other.output)[None]
    relevance = query.relevance(path, seed)[0]
    cells = model.to_grid(relevance)[0]
    strongest = np.array(np.unravel_index(int(cells.sum(0).abs().argmax()), cells.shape[1:]))
    signal = model.from_grid(pair_x.only_cell(cells, strongest)[None], like=relevance)[None]

    def pixels() -> None:  # as `query.pixels`, but in this thread, which alone is watched
        ends = query._nodes[path], query._input
        query._sweep(query._prepared(*ends), *ends, signal)

    def candidate() -> None:
        with pair_x.record(model, images[1], [layer], pair_x.Options(engine=arguments.engine, k_colors=0)) as recorded:
            recorded.relevance(path, seed)
        query.relevance(path, seed)

    @torch.inference_mode()
    def forward() -> None:
        model.module(x)

    stages: dict[str, Callable[[], Any]] = {
        "relevance of a layer, from a recording": lambda: query.relevance(path, seed),
        "one match to the pixels": pixels,
        "one more candidate, scored": candidate,
        "plain forward": forward,
    }
    peaks = {dtype: peak(dtype, arguments.repeats) for dtype in (torch.float32, torch.bfloat16)}
    print(", ".join(f"{str(dtype).removeprefix('torch.')} {speed / 1e9:.0f} GFLOP/s" for dtype, speed in peaks.items()))
    print("| stage | processor s | products | GFLOP | alone, s | at peak, s | stage / alone | stage / peak |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for title, work in stages.items():
        taken = seconds(work, arguments.repeats)
        with Watch() as watch:
            work()
        flop = sum(count * call.flop for call, count in watch.calls.items())
        bare = alone(watch.calls, arguments.repeats)
        best = sum(count * call.flop / peaks[call.dtype] for call, count in watch.calls.items())
        print(
            f"| {title} | {taken:.2f} | {watch.calls.total()} | {flop / 1e9:.1f} | {bare:.2f} | {best:.2f} "
            f"| {taken / bare:.2f} | {taken / best:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
