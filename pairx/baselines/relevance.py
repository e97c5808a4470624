"""Layer-wise relevance propagation of the similarity: to the pixels, through one channel, and to pairs of cells.

Relevance starts at the embedding as `R_k = e_k f_k / (|e||f|)`, which sums to the similarity, and follows the rules of
`pairx.lrp`.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from pairx import lrp
from pairx.baselines import stopping
from pairx.baselines.pairs import joined, of_pairs
from pairx.baselines.registry import Finding, NoOptions, method, sides_card, to_map
from pairx.baselines.sides import PairAtLayer, Side
from pairx.baselines.stopping import Stopping
from pairx.lrp import belief
from pairx.lrp.belief import Belief
from pairx.types import Computation, Game, InputError, MethodCard, Step

FAMILY = "relevance"
LICENSE = "MIT; LRP is patented, and free for personal and scientific use"
ENGINE, POLICY = "exact", lrp.Policy()
BATCH = 10


@dataclass(frozen=True)
class CrpOptions:
    """channel: of the layer, or None for the one with most relevance in both photographs together."""

    channel: int | None = None


@dataclass(frozen=True)
class BilrpOptions(Stopping):
    """samples: random directions of the embedding; with as many as it has numbers, or more, the result is exact. seed:
    of the directions. error: see `Stopping`.
    """

    samples: int = 100
    seed: int = 0


def _card(
    name: str, title: str, summary: str, paper: str, equation: str, needs: str, cost: str, **facts: Any
) -> MethodCard:
    return sides_card(
        name=name, title=title, family=FAMILY, summary=summary, paper=paper, equation=equation, license=LICENSE,
        needs=(needs, "relevance"), cost=cost, **facts,
    )  # fmt: skip


@method(
    _card(
        "lrp",
        "LRP",
        "Hands the similarity down through the network to the pixels.",
        "Bach et al.: On Pixel-Wise Explanations by Layer-Wise Relevance Propagation; Montavon et al., EpsilonPlus",
        "PAIR-X paper, B.2, from R_k = e_k f_k / (|e||f|)",
        "partner embedding",
        "1 forward and 1 relevance pass of each photograph",
        caveat="Biases keep a part of the relevance, in some networks nearly all of it. Does not depend on the layer.",
        game=Game("all"),
    )
)
def lrp_pixels(at: PairAtLayer, _options: NoOptions) -> Computation[Finding]:
    """Relevance of the pixels, summed over colours: (height, width)."""
    maps, beliefs = [], []
    for number, side in enumerate(at.sides):
        yield Step(number, 2, belief.SIDES[number])
        seed, account = lrp.seed(side.embedding, side.partner), lrp.Account()
        (pixels,) = side.once(_recorded).pixels(lrp.OUTPUT, seed[None, None], account)
        maps.append(pixels.sum(0))
        beliefs.append(belief.believed(maps[-1], seed, belief.error_in(account)))
    return _judged(Finding.of_maps(map(to_map, maps)), beliefs, "the pixels")


@method(
    _card(
        "crp",
        "CRP",
        "The part of LRP that passes through a single channel of the layer: where one feature matters.",
        "Achtibat et al.: From Attribution Maps to Human-Understandable Explanations through Concept Relevance "
        "Propagation",
        "eq. 4, conditioned on a channel",
        "both photographs",
        "1 forward and 2 relevance passes of each photograph",
        caveat="One channel of many: its metric, share, tells which part of the layer's relevance passes through it.",
    ),
    CrpOptions,
)
def crp(at: PairAtLayer, options: CrpOptions) -> Computation[Finding]:
    """Relevance of the pixels that has passed through one channel of the layer, summed over colours: (height,
    width).
    """
    channels = at.sides[0].activation.shape[0]
    if options.channel is not None and not 0 <= options.channel < channels:
        raise InputError(f"{at.layer} has channels 0 to {channels - 1}, and none {options.channel}.")
    path = at.model.path(at.layer)
    yield Step(0, 3, "recording the photographs")
    recordings = [side.once(_recorded) for side in at.sides]
    seeds = [lrp.seed(side.embedding, side.partner) for side in at.sides]
    relevances = [recording.relevance(path, seed[None])[0] for recording, seed in zip(recordings, seeds, strict=True)]
    grids = [at.model.to_grid(relevance)[0] for relevance in relevances]
    totals = [grid.double().sum((1, 2)) for grid in grids]
    beliefs = [belief.believed(grid.sum(0), seed) for grid, seed in zip(grids, seeds, strict=True)]
    channel = int((totals[0] + totals[1]).argmax()) if options.channel is None else options.channel
    maps, metrics = [], {"channel": float(channel)}
    for number, (recording, grid) in enumerate(zip(recordings, grids, strict=True)):
        yield Step(1 + number, 3, "to the pixels")
        alone = torch.zeros_like(grid)
        alone[channel] = grid[channel]
        (pixels,) = recording.pixels(path, at.model.from_grid(alone[None], like=relevances[number])[None])
        maps.append(to_map(pixels.sum(0)))
        metrics[f"share{number}"] = float(totals[number][channel] / totals[number].abs().sum().clamp(min=1e-12))
    return _judged(Finding.of_maps(maps, metrics), beliefs, at.layer)


@method(
    _card(
        "bilrp",
        "BiLRP",
        "Hands the product of the two embeddings down to pairs of cells, one in each photograph.",
        "Eberle et al.: Building and Interpreting Deep Similarity Models",
        "eq. 6 and section 3.3, embedding projected on random signs",
        "both photographs",
        "1 forward and 100 relevance passes to the layer, of each photograph",
        slow=True,
        second_order=True,
        game=Game("all", singles=False, pairs=True),
        caveat="Biases keep a part of the relevance, in some networks nearly all of it. Projected: noise of random "
        "directions, which more samples lessen.",
    ),
    BilrpOptions,
)
def bilrp(at: PairAtLayer, options: BilrpOptions) -> Computation[Finding]:
    """`sum_k LRP(e_k) x LRP(f_k) / (|e||f|)`, the tensor over the layer's cells, 64 x 64 at most; the maps are
    its sums.

    LRP is linear in what it starts from, so `sum_k` is the mean over random signs z of `LRP(e z) x LRP(f z)`.
    """
    size = len(at.sides[0].embedding)
    if options.samples < 1:
        raise InputError(f"samples is 1 or more, not {options.samples}.")
    exact = options.samples >= size
    if exact:
        directions = torch.eye(size)
    else:
        generator = torch.Generator().manual_seed(options.seed)
        directions = torch.randint(0, 2, (options.samples, size), generator=generator) * 2.0 - 1
    yield Step(0, 1, "recording the photographs")
    sampling, count = _Directions(at, [side.once(_recorded) for side in at.sides], directions, exact), len(directions)
    error, all_of = (0.0, count) if exact else (options.error, 0)
    tensor, reached = yield from stopping.sampled(sampling, count, error, all_of=all_of)
    found = of_pairs(tensor, **reached.metrics)
    told = {f"growth{number}": value for number, value in enumerate(sampling.growths)}
    return replace(found, metrics=found.metrics | told, **_withheld(sampling.growths, at.layer))


class _Directions:
    """Directions (N, D) of the embedding, as far as they were handed down; see `stopping.Sampling`. growths: of both
    photographs, see `pairx.lrp.belief`."""

    def __init__(self, at: PairAtLayer, recordings: Sequence[lrp.Recording], directions: Tensor, exact: bool) -> None:
        self._at, self._recordings, self._directions, self._exact = at, recordings, directions, exact
        self._cells: list[list[Tensor]] = []
        self.growths = [0.0, 0.0]

    def take(self, count: int) -> Computation[None]:
        """See `stopping.Sampling`."""
        at, path = self._at, self._at.model.path(self._at.layer)
        while (done := sum(len(cells) for cells, _ in self._cells)) < count:
            yield Step(done, len(self._directions), "handing down pairs")
            some, cells = self._directions[done : min(done + BATCH, count)].to(at.sides[0].x.device), []
            for number, (recording, side) in enumerate(zip(self._recordings, at.sides, strict=True)):
                relevance = recording.relevance(path, side.embedding * some)
                summed = torch.stack([at.model.to_grid(one)[0].sum(0) for one in relevance])
                self.growths[number] = max(self.growths[number], belief.growth(summed, side.embedding * some))
                cells.append(joined(summed))
            self._cells.append(cells)

    def found(self, half: int | None) -> Tensor:
        """See `stopping.Sampling`."""
        cells, taken = self._cells, sum(len(cells) for cells, _ in self._cells)
        if half is not None:
            rows = stopping.part(half, taken)
            cells = [[torch.cat(side)[rows] for side in zip(*cells, strict=True)]]
            taken = len(cells[0][0])
        tensor = torch.zeros(())
        for batch in cells:
            tensor = tensor + torch.einsum("nij,nxy->ijxy", *batch)
        e, f = (side.embedding for side in self._at.sides)
        return tensor / ((1 if self._exact else taken) * (e.norm() * f.norm()).clamp(min=1e-12))


def _judged(finding: Finding, beliefs: Sequence[Belief], where: str) -> Finding:
    """With how far its relevance can be believed: metrics, notes, and whether it is withheld."""
    metrics = {name: value for side, one in enumerate(beliefs) for name, value in one.metrics(side).items()}
    verdict = _withheld([one.growth for one in beliefs], where)
    said = (*verdict["notes"], *belief.notes(beliefs, POLICY))
    return replace(finding, metrics=finding.metrics | metrics, **verdict | {"notes": said})


def _withheld(growths: Sequence[float], where: str) -> dict[str, Any]:
    """A finding's fields on relevance that has grown too far."""
    why = belief.withheld(growths, POLICY, where)
    return {"withheld": why, "notes": (why,) if why else ()}


def _recorded(side: Side) -> lrp.Recording:
    """The photograph's way through the network and the layer, whose memory is freed with the side."""
    recording = lrp.record(side.model.module, side.x, [side.model.path(side.layer)], POLICY, ENGINE)
    weakref.finalize(side, recording.__exit__)
    return recording
