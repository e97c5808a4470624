"""Partition SHAP: Owen values of rectangles that are halved again and again where it matters most."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from pairx.baselines import backgrounds
from pairx.baselines.backgrounds import Background
from pairx.baselines.registry import each_side, method, sides_card
from pairx.baselines.sides import Side
from pairx.types import Computation, Game, InputError, Step

BATCH = 16
Rectangle = tuple[int, int, int, int]
"""top, bottom, left, right"""


@dataclass(frozen=True)
class PartitionOptions:
    """samples: masked photographs. background: "blur", "mean", "zero", or a photograph (H, W, 3) uint8: what absent
    rectangles show.
    """

    samples: int = 5000
    background: Background = "blur"

    def __post_init__(self) -> None:
        backgrounds.check(self.background)
        if self.samples < 4:
            raise InputError(f"samples is 4 or more, not {self.samples}.")


@dataclass(frozen=True)
class Part:
    """A rectangle that joins others. context: rectangles that are there already. without, along: the similarity before
    and after it joins. weight: of this order of joining among all.
    """

    rectangle: Rectangle
    context: tuple[Rectangle, ...]
    without: float
    along: float
    weight: float

    @property
    def share(self) -> float:
        return (self.along - self.without) * self.weight


@method(
    sides_card(
        name="partition-shap",
        title="Partition SHAP",
        family="perturbation",
        summary="Shares the similarity between the halves of the photograph, then between the halves of the half that "
        "matters more, and so on; absent ones are blurred.",
        paper="Lundberg: the package shap, PartitionExplainer; Hamilton et al., section 4",
        equation="Owen values of rectangles halved along their longer side, those with the largest share first",
        needs=("partner embedding", "masked photograph"),
        cost="5000 forwards of each photograph",
        slow=True,
        game=Game("pixels"),
        caveat="Sums to the similarity less the background's. Its edges are those of halves and quarters of the frame. "
        "Nothing is drawn by chance: more samples halve further, and there is no error to tell.",
    ),
    PartitionOptions,
)
@each_side
def partition_shap(side: Side, options: PartitionOptions) -> Computation[Tensor]:
    """Owen values (height, width): each rectangle's share spread evenly over its pixels."""
    absent = backgrounds.of_pixels(side, options.background)

    def similarities(shown: list[tuple[Rectangle, ...]]) -> list[float]:
        masks = torch.stack([covered(rectangles, side.model.size) for rectangles in shown])[:, None]
        with torch.no_grad():
            return side.cosine(side.embed(torch.where(masks.to(side.x.device), side.x, absent))).tolist()

    height, width = side.model.size
    whole = (0, height, 0, width)
    nothing, everything = similarities([(), (whole,)])
    queue: list[tuple[float, int, Part]] = []
    number = count()
    values, done = torch.zeros(side.model.size, dtype=torch.float64), 2

    def push(part: Part) -> None:
        heapq.heappush(queue, (-abs(part.share), next(number), part))

    push(Part(whole, (), nothing, everything, 1.0))
    while queue and done < options.samples:
        yield Step(done, options.samples, "halving rectangles")
        chosen: list[tuple[Part, Rectangle, Rectangle]] = []
        while queue and 2 * len(chosen) + 2 <= min(BATCH, options.samples - done):
            part = heapq.heappop(queue)[2]
            top, bottom, left, right = part.rectangle
            if (bottom - top) * (right - left) == 1:
                values[top, left] += part.share
                continue
            chosen.append((part, *halves(part.rectangle)))
        if not chosen:
            break
        found = similarities([(*part.context, half) for part, *both in chosen for half in both])
        done += len(found)
        for (part, one, other), first, second in zip(chosen, found[::2], found[1::2], strict=True):
            weight = part.weight / 2
            push(Part(one, part.context, part.without, first, weight))
            push(Part(other, part.context, part.without, second, weight))
            push(Part(one, (*part.context, other), second, part.along, weight))
            push(Part(other, (*part.context, one), first, part.along, weight))
    for _, _, part in queue:
        top, bottom, left, right = part.rectangle
        values[top:bottom, left:right] += part.share / ((bottom - top) * (right - left))
    return values


def halves(rectangle: Rectangle) -> tuple[Rectangle, Rectangle]:
    """Upper and lower half; left and right where it is wider than high."""
    top, bottom, left, right = rectangle
    if bottom - top >= right - left:
        middle = (top + bottom) // 2
        return (top, middle, left, right), (middle, bottom, left, right)
    middle = (left + right) // 2
    return (top, bottom, left, middle), (top, bottom, middle, right)


def covered(rectangles: tuple[Rectangle, ...], size: tuple[int, int]) -> Tensor:
    """(height, width) bool: the pixels of rectangles."""
    mask = torch.zeros(size, dtype=torch.bool)
    for top, bottom, left, right in rectangles:
        mask[top:bottom, left:right] = True
    return mask
