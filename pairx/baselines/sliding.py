"""SBSM: what a sliding window takes away from the similarity."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import torch
from torch import Tensor

from pairx.baselines import backgrounds
from pairx.baselines.registry import each_side, in_batches, method, sides_card
from pairx.baselines.sides import Side
from pairx.types import InputError, Step

BATCH = 16


@dataclass(frozen=True)
class SbsmOptions:
    """window: side of the black square, pixels of the model's input. stride: between its places. samples: places at
    most; where there are more, so many are drawn. seed: of the drawing.
    """

    window: int = 20
    stride: int = 3
    samples: int = 5000
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.window, self.stride, self.samples) < 1:
            raise InputError("window, stride and samples are 1 or more.")


@method(
    sides_card(
        name="sbsm",
        title="SBSM",
        family="perturbation",
        summary="Slides a black window over the photograph, and marks where it makes the pair less similar.",
        paper="Dong, Collins, Hoogs: Explainability for Content-Based Image Retrieval; Hamilton et al., section A.11",
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
def sbsm(side: Side, options: SbsmOptions) -> Generator[Step, None, Tensor]:
    """(S, S): `sum of w M / sum of M` over windows M, `w = max(s - s_M, 0)`, s_M the cosine with M black."""
    size, window = side.model.size, min(options.window, side.model.size)
    along = torch.arange(0, size - window + options.stride, options.stride).clamp(max=size - window).unique()
    places = torch.cartesian_prod(along, along)
    if len(places) > options.samples:
        generator = torch.Generator().manual_seed(options.seed)
        places = places[torch.randperm(len(places), generator=generator)[: options.samples]]
    black = backgrounds.of_pixels(side, "zero")

    def similarity(some: Tensor) -> Tensor:
        covered = torch.stack([_window(place, window, size) for place in some])[:, None].to(side.x.device)
        return side.cosine(side.embed(torch.where(covered, black, side.x)))

    left = yield from in_batches(similarity, places.split(BATCH), len(places), "sliding a window")
    weights = (side.cosine(side.embedding[None]) - left).clamp(min=0).cpu()
    total, count = torch.zeros(size, size), torch.zeros(size, size)
    for place, weight in zip(places, weights, strict=True):
        covered = _window(place, window, size)
        total[covered] += weight
        count[covered] += 1
    return total / count.clamp(min=1)


def _window(place: Tensor, window: int, size: int) -> Tensor:
    row, column = place.tolist()
    covered = torch.zeros(size, size, dtype=torch.bool)
    covered[row : row + window, column : column + window] = True
    return covered
