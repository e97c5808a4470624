"""Second-order gradients: what each pair of cells adds to the similarity on the way from backgrounds to photographs.

The cosine is the product of two unit embeddings `u . w`, so its mixed derivative is the product of their Jacobians.
Each is taken in directions z of the embedding: the mean over them of `(z J0) x (z J1)` is `J0^T J1`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from pairx.baselines import backgrounds, stopping
from pairx.baselines.backgrounds import Background
from pairx.baselines.pairs import joined, of_pairs
from pairx.baselines.registry import Finding, method, sides_card
from pairx.baselines.sides import PairAtLayer, Side
from pairx.baselines.stopping import Stopping
from pairx.types import Computation, Game, InputError, MethodCard, Step, Steps

POINTS = 20
"""On the way from the background to the photograph."""
FINE = 100
"""Points to check the sum with."""
CHUNK = 10


@dataclass(frozen=True)
class JacobianOptions(Stopping):
    """samples: passes of the network after the layer, of each photograph, at most: 20 points on the way times
    directions of the embedding. Where they suffice, each of its numbers is a direction; otherwise directions are random
    signs. background: "blur", "mean", "zero", or a photograph (H, W, 3) uint8. norm: whether the similarity is the
    cosine, or `e . f` over the unchanged photographs' norms. seed: of the directions. error: of the directions, where
    they are random; see `Stopping`.
    """

    samples: int = 40000
    background: Background = "blur"
    norm: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        backgrounds.check(self.background)
        if self.samples < POINTS:
            raise InputError(f"samples is {POINTS} or more, not {self.samples}.")


def _card(**facts: Any) -> MethodCard:
    needs = ("both photographs", "activations", "gradient", "background")
    facts["caveat"] += " An error is told of random directions alone, and not of the 20 points on the way."
    cost = "20 passes of the network after the layer for every number of the embedding, of each photograph"
    game = Game("cells", singles=False, pairs=True)
    return sides_card(needs=needs, cost=cost, slow=True, second_order=True, game=game, **facts)


@method(
    _card(
        name="ig-sam-second-order",
        title="IG-SAM, second order",
        family="Shapley values",
        summary="Integrated Hessians over pairs of cells: both photographs come out of their backgrounds together.",
        paper="Hamilton et al.: Axiomatic Explanations for Visual Search, Retrieval, and Similarity Learning; "
        "Janizek et al.: Explaining Explanations (expected Hessians)",
        equation="eq. 15 (section A.14), with the double integral as one over alpha beta",
        caveat="Where a network ends in mean pooling it is a quarter of second-order SAM and KSAM; places alone and "
        "pairs within one photograph have the rest.",
    ),
    JacobianOptions,
)
def ig_sam_second_order(at: PairAtLayer, options: JacobianOptions) -> Computation[Finding]:
    """`double integral of ab d2s/dxdy at the backgrounds + ab (changes)`: the tensor; the maps are its sums.

    The integrand depends on the product t = ab alone, which has the density -log t, so a sum over t with the weights
    `integral of -t log t` is exact where the derivative is constant. The metric `elsewhere` is what efficiency leaves
    to all other shares: the similarity less the backgrounds', less what all these pairs would have with many points.
    """
    ways = [Way(side, options) for side in at.sides]
    tensor, told = yield from in_directions(
        ways, options, lambda e, f: torch.einsum("p,pkij,pkxy->ijxy", mass(POINTS), e, f)
    )
    derivatives = [way.embeddings(torch.linspace(0, 1, FINE + 1)).diff(dim=0) * FINE for way in ways]
    pairs = mass(FINE) @ (derivatives[0] * derivatives[1]).sum(1)
    ends = similarities(ways)
    return of_pairs(tensor, elsewhere=ends[1, 1] - ends[0, 0] - pairs, **told)


@method(
    _card(
        name="integrated-jacobians",
        title="Integrated Jacobians",
        family="decomposition",
        summary="Pairs of cells by the derivatives of both embeddings, each averaged on its own way from background to "
        "photograph.",
        paper="Möller, Nikolaev, Padó: An Attribution Method for Siamese Encoders",
        equation="A_ij = (a - r)_i (J_a^T J_b)_ij (b - r')_j, J the Jacobians integrated from references r, r'",
        caveat="Sums to s(a, b) - s(a, r') - s(r, b) + s(r, r'): what both photographs have and backgrounds lack.",
    ),
    JacobianOptions,
)
def integrated_jacobians(at: PairAtLayer, options: JacobianOptions) -> Computation[Finding]:
    """The equation on its card, summed over channels: the tensor; the maps are its sums. The metric `elsewhere` is
    `s(a, r') + s(r, b) - 2 s(r, r')`.
    """
    ways = [Way(side, options) for side in at.sides]
    tensor, told = yield from in_directions(
        ways, options, lambda e, f: torch.einsum("kij,kxy->ijxy", e.mean(0), f.mean(0))
    )
    ends = similarities(ways)
    return of_pairs(tensor, elsewhere=ends[1, 0] + ends[0, 1] - 2 * ends[0, 0], **told)


class Way:
    """A photograph's features on the straight way from its background's to its own."""

    def __init__(self, side: Side, options: JacobianOptions) -> None:
        self._side, self._norm = side, options.norm
        self._background = backgrounds.of_features(side, options.background)
        self._change = side.activation - self._background

    def embeddings(self, t: Tensor) -> Tensor:
        """(P, D) float64 at points (P,) of the way, 0 to 1; see `_scaled`."""
        with torch.no_grad():
            parts = [self._scaled(self._features(part)) for part in t.split(CHUNK)]
        return torch.cat(parts).double().cpu()

    def shares(self, t: Tensor, directions: Tensor) -> Computation[Tensor]:
        """(P, K, h, w) float64: the changes of the features times the derivative of the embedding in directions (K, D),
        summed over channels, at points (P,); over the layer's cells, see `pairs.at_most`.
        """
        found = []
        for start in range(0, len(t), CHUNK):
            grid = self._features(t[start : start + CHUNK]).requires_grad_()
            with torch.enable_grad():
                embeddings = self._scaled(grid)
            cells = []
            for number, direction in enumerate(directions.to(grid.device)):
                done = start * len(directions) + number * len(grid)
                yield Step(done, len(t) * len(directions), "differentiating both embeddings")
                (gradient,) = torch.autograd.grad((embeddings @ direction).sum(), grid, retain_graph=True)
                cells.append(joined((gradient * self._change).sum(1).double()).cpu())
            found.append(torch.stack(cells, 1))
        return torch.cat(found)

    def _features(self, t: Tensor) -> Tensor:
        return self._background + t.to(self._change)[:, None, None, None] * self._change

    def _scaled(self, grid: Tensor) -> Tensor:
        """Embeddings over their lengths, or over the unchanged photograph's."""
        embeddings = self._side.head(grid)
        lengths = embeddings.norm(dim=1, keepdim=True) if self._norm else self._side.embedding.norm()
        return embeddings / lengths.clamp(min=1e-12)


def in_directions(
    ways: list[Way], options: JacobianOptions, product: Callable[[Tensor, Tensor], Tensor]
) -> Computation[tuple[Tensor, dict[str, float]]]:
    """What `product` makes of `Way.shares` (POINTS, K, h, w) of both photographs in the same directions, amid POINTS
    even parts of the way; and metrics, where directions are random.
    """
    size = ways[0].embeddings(torch.ones(1)).shape[1]
    count = options.samples // POINTS
    if count >= size:
        sampling = _Directions(ways, torch.eye(size), product)
        return (yield from stopping.sampled(sampling, size, 0.0, all_of=size))[0], {}
    generator = torch.Generator().manual_seed(options.seed)
    directions = (torch.randint(0, 2, (count, size), generator=generator) * 2.0 - 1) / count**0.5
    tensor, reached = yield from stopping.sampled(_Directions(ways, directions, product), count, options.error)
    return tensor, replace(reached, samples=POINTS * reached.samples).metrics


class _Directions:
    """Directions (K, D), as far as both embeddings were differentiated in them; see `stopping.Sampling`. product: of
    both photographs' cells (POINTS, K, h, w) a sum over directions."""

    def __init__(self, ways: list[Way], directions: Tensor, product: Callable[[Tensor, Tensor], Tensor]) -> None:
        self._ways, self._directions, self._product = ways, directions, product
        self._cells: list[list[Tensor]] = [[], []]
        self._taken = 0

    def take(self, count: int) -> Computation[None]:
        """See `stopping.Sampling`."""
        t, some = (torch.arange(POINTS) + 0.5) / POINTS, self._directions[self._taken : count]
        total = 2 * POINTS * len(self._directions)
        for number, way in enumerate(self._ways):
            steps = Steps(way.shares(t, some))
            for step in steps:
                done = 2 * POINTS * self._taken + number * POINTS * len(some) + step.done
                yield Step(done, total, step.what)
            self._cells[number].append(steps.result)
        self._taken = count

    def found(self, half: int | None) -> Tensor:
        """See `stopping.Sampling`."""
        rows = stopping.part(half, self._taken)
        e, f = (torch.cat(cells, 1)[:, rows] for cells in self._cells)
        return self._product(e, f) * (len(self._directions) / e.shape[1])


def mass(points: int) -> Tensor:
    """(P,) float64 integrals of `-t log t` over even parts of 0 to 1; a quarter in all."""
    t = torch.linspace(0, 1, points + 1, dtype=torch.float64)
    return (t**2 / 4 - torch.xlogy(t**2, t) / 2).diff()


def similarities(ways: list[Way]) -> Tensor:
    """(2, 2) of background and photograph of the first with those of the second."""
    e, f = (way.embeddings(torch.tensor([0.0, 1.0])) for way in ways)
    return e @ f.T
