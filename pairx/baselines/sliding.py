"""SBSM: what a sliding window takes away from the similarity, and what a window in either photograph gives back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from pairx.baselines import backgrounds, stopping
from pairx.baselines.backgrounds import Background
from pairx.baselines.pairs import at_most
from pairx.baselines.registry import Finding, each_side, method, sides_card, to_map
from pairx.baselines.sides import PairAtLayer, Side
from pairx.baselines.stopping import Stopping
from pairx.types import Computation, InputError, Step

BATCH = 16
CELLS = 32
"""Along a side of the pixel methods' tensors, at most."""


@dataclass(frozen=True)
class SbsmOptions(Stopping):
    """window: side of the square, pixels of the model's input. stride: between its places. samples: places at most;
    where there are more, so many are drawn. background: "blur", "mean", "zero" (black), or a photograph (H, W, 3)
    uint8: what the window shows. seed: of the drawing. error: see `Stopping`.
    """

    window: int = 20
    stride: int = 3
    samples: int = 5000
    background: Background = "zero"
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        backgrounds.check(self.background)
        if min(self.window, self.stride, self.samples) < 1:
            raise InputError("window, stride and samples are 1 or more.")


@dataclass(frozen=True)
class Sbsm2Options(SbsmOptions):
    """See `SbsmOptions`."""

    stride: int = 8


PAPER = "Dong, Collins, Hoogs: Explainability for Content-Based Image Retrieval; Hamilton et al., section A.11"


@method(
    sides_card(
        name="sbsm",
        title="SBSM",
        family="perturbation",
        summary="Slides a black window over the photograph, and marks where it makes the pair less similar.",
        paper=PAPER,
        equation="A.11, eq. 10 with max for the printed min, averaged over the windows that cover a pixel",
        needs=("partner embedding", "masked photograph"),
        cost="up to 5000 forwards of each photograph",
        slow=True,
        caveat="Shows evidence for the match only. A window is small against an animal, so other markings stand in for "
        "what it hides.",
    ),
    SbsmOptions,
)
@each_side
def sbsm(side: Side, options: SbsmOptions) -> Computation[tuple[Tensor, dict[str, float]]]:
    """(height, width): `sum of w M / sum of M` over windows M, `w = max(s - s_M, 0)`, s_M the cosine with M masked."""
    size = side.model.size
    whole = side.cosine(side.embedding[None])

    def found(places: Tensor, embeddings: Tensor) -> Tensor:
        weights = (whole - side.cosine(embeddings)).clamp(min=0).cpu()
        total, count = torch.zeros(size), torch.zeros(size)
        for (row, column, window), weight in zip(places.tolist(), weights, strict=True):
            total[row : row + window, column : column + window] += weight
            count[row : row + window, column : column + window] += 1
        return total / count.clamp(min=1)

    return (yield from _sampled([side], options, found))


@method(
    sides_card(
        name="sbsm-second-order",
        title="SBSM, second order",
        family="perturbation",
        summary="Masks a window in each photograph, and marks pairs of windows without which the rest is more similar.",
        paper=PAPER,
        equation="A.11, eq. 11 with max for the printed min, averaged over the pairs of windows that cover a pair of "
        "places; all pairs of windows on a raster in place of 20000 random ones",
        needs=("both photographs", "masked photograph"),
        cost="1 forward a window, up to 5000 of each photograph",
        slow=True,
        second_order=True,
        caveat="Two windows that hide what sets the photographs apart count as much as two that hide the same marking. "
        "Its maps are the tensor's means, and no shares of the similarity.",
    ),
    Sbsm2Options,
)
def sbsm_second_order(at: PairAtLayer, options: Sbsm2Options) -> Computation[Finding]:
    """`sum of w M N / sum of M N` over windows M of the first and N of the second photograph, `w = max(s_MN - s, 0)`,
    s_MN the cosine with both masked: the tensor over the layer's cells, 32 x 32 at most, M and N the parts of a cell
    that they cover; the maps are its means.

    A query's partners in the paper are the weighted mean of the windows N paired with the windows M on it: the same
    but for a factor, which here makes queries comparable.
    """
    grids = [at_most(side.activation.shape[1:], CELLS) for side in at.sides]

    def found(places: Tensor, *embeddings: Tensor) -> Tensor:
        e, f = (torch.nn.functional.normalize(one.double(), dim=1).cpu() for one in embeddings)
        weights = (e @ f.T - at.similarity).clamp(min=0)
        m, n = (coverage(places, grid, at.model.size) for grid in grids)
        tensor = (m.T @ weights @ n) / torch.outer(m.sum(0), n.sum(0)).clamp(min=1e-12)
        return tensor.reshape(*grids[0], *grids[1])

    tensor, told = yield from _sampled(at.sides, options, found)
    return Finding(to_map(tensor.mean((2, 3))), to_map(tensor.mean((0, 1))), to_map(tensor), metrics=told)


def windows(size: tuple[int, int], options: SbsmOptions) -> tuple[Tensor, int]:
    """(N, 3) int top, left and side of the windows in an input of (height, width) pixels, and how many there are of
    which these are drawn. They are in an order of chance where they are a part, or may turn out to suffice.
    """
    window, step = min(options.window, *size), options.stride
    last = [side - window for side in size]
    places = torch.cartesian_prod(*(torch.arange(0, end + step, step).clamp(max=end).unique() for end in last))
    possible = len(places)
    if possible > options.samples or options.error:
        generator = torch.Generator().manual_seed(options.seed)
        places = places[torch.randperm(possible, generator=generator)[: options.samples]]
    return torch.cat([places, torch.full((len(places), 1), window)], 1), possible


def coverage(places: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """(N, h w) float64: the part of each cell that each window covers, 0 to 1."""
    parts = []
    for start, cells, side in zip(places[:, :2].T.double(), grid, size, strict=True):
        edges = torch.arange(cells + 1, dtype=torch.float64) * side / cells
        end = start + places[:, 2]
        part = torch.minimum(end[:, None], edges[1:]) - torch.maximum(start[:, None], edges[:-1])
        parts.append(part.clamp(min=0) * cells / side)
    rows, columns = parts
    return (rows[:, :, None] * columns[:, None, :]).flatten(1)


def _sampled(
    sides: Sequence[Side], options: SbsmOptions, found: Callable[..., Tensor]
) -> Computation[tuple[Tensor, dict[str, float]]]:
    """What `found` makes of windows (N, 3), the same in all sides, and of each side's embeddings (N, D) without them;
    and metrics."""
    places, possible = windows(sides[0].model.size, options)
    sampling = _Windows(sides, places, options.background, found)
    tensor, reached = yield from stopping.sampled(sampling, len(places), options.error, all_of=possible)
    return tensor, reached.metrics


class _Windows:
    """Windows (N, 3), as far as they were masked in each side; see `stopping.Sampling`."""

    def __init__(
        self, sides: Sequence[Side], places: Tensor, background: Background, found: Callable[..., Tensor]
    ) -> None:
        self._sides, self._places, self._found = sides, places, found
        self._absent = [backgrounds.of_pixels(side, background) for side in sides]
        self._embeddings: list[list[Tensor]] = [[] for _ in sides]
        self._taken = 0

    def take(self, count: int) -> Computation[None]:
        """See `stopping.Sampling`."""
        total, more = len(self._places) * len(self._sides), self._places[self._taken : count]
        for number, side in enumerate(self._sides):
            for start in range(0, len(more), BATCH):
                done = len(self._sides) * self._taken + number * len(more) + start
                yield Step(done, total, "sliding a window")
                with torch.no_grad():
                    self._embeddings[number].append(self._without(number, side, more[start : start + BATCH]))
        self._taken = count

    def _without(self, number: int, side: Side, some: Tensor) -> Tensor:
        x = side.x.repeat(len(some), 1, 1, 1)
        for one, (top, left, window) in zip(x, some.tolist(), strict=True):
            part = (slice(None), slice(top, top + window), slice(left, left + window))
            one[part] = self._absent[number][part]
        return side.embed(x)

    def found(self, half: int | None) -> Tensor:
        """See `stopping.Sampling`."""
        rows = stopping.part(half, self._taken)
        embeddings = [torch.cat(one)[rows] for one in self._embeddings]
        return self._found(self._places[: self._taken][rows], *embeddings)
