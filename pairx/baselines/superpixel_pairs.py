"""Second-order LIME: a quadratic model of the similarity over the superpixels of both photographs."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from pairx.baselines import backgrounds, stopping
from pairx.baselines.pairs import at_most, of_pairs, places
from pairx.baselines.registry import Finding, as_half, method, sides_card
from pairx.baselines.sides import PairAtLayer, Side
from pairx.baselines.sliding import CELLS
from pairx.baselines.superpixels import FAMILY, LimeOptions, mean_colors, superpixels
from pairx.types import Computation, Game, InputError, Step

BATCH = 16
MASKS = 2000
"""Halves of coalitions of each photograph, at most: a coalition's similarity needs no more than two embeddings."""
FIRST = 250
"""Masks before the error is estimated for the first time."""
MOST_SEGMENTS = 100  # of a photograph; the numbers of every two superpixels make a matrix of their squared number
ROWS = 1000
ITERATIONS = 1000
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Lime2Options(LimeOptions):
    """samples: coalitions of superpixels of both photographs. decay: lambda of the kernel, per mean squared change of
    the model's inputs. sparsity: weight of the sum of absolute coefficients against half the mean squared error. The
    others: see `LimeOptions`.
    """

    samples: int = 20000
    decay: float = 1.0
    sparsity: float = 1e-5

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.segments > MOST_SEGMENTS:
            raise InputError(f"segments is {MOST_SEGMENTS} or less, not {self.segments}: every two have a number.")
        if self.decay < 0 or self.sparsity < 0:
            raise InputError("decay and sparsity are 0 or more.")


@method(
    sides_card(
        name="lime-second-order",
        title="LIME, second order",
        family=FAMILY,
        summary="A quadratic model of the similarity near the pair: which superpixels, one in each photograph, "
        "count together.",
        paper="Ribeiro, Singh, Guestrin: Why Should I Trust You?; Hamilton et al., section 5.2",
        equation="Lasso with a term for every one and every two superpixels, kernel "
        "exp(-lambda |masked - original|^2), lambda 1 per mean squared change of the input (the paper names none)",
        needs=("both photographs", "masked photograph"),
        cost="2000 forwards of each photograph, joined to 20000 coalitions",
        slow=True,
        symmetric=False,  # other coalitions are drawn for the exchanged pair
        second_order=True,
        game=Game("pixels", singles=False, pairs=True),
        caveat="Sampled: weak pairs are noisy, and few are exactly zero unless sparsity is raised. Single superpixels "
        "and pairs within a photograph have a part too, which is not shown.",
    ),
    Lime2Options,
)
def lime_second_order(at: PairAtLayer, options: Lime2Options) -> Computation[Finding]:
    """Coefficients of pairs of superpixels, one in each photograph, spread over the layer's cells, 32 x 32 at most, by
    area: the tensor; the maps are its sums. Metrics: `elsewhere`, the sum of all other coefficients; `left`, the
    similarity without any superpixel.
    """
    masks = min(MASKS, options.samples)
    halves = [_Half(side, options, masks, options.seed + number) for number, side in enumerate(at.sides)]
    sampling = _Coalitions(halves, options)
    tensor, reached = yield from stopping.sampled(sampling, masks, options.error, least=FIRST, splits=1)
    left = halves[0].nobody @ halves[1].nobody
    told = replace(reached, samples=sampling.count).metrics
    return of_pairs(tensor, elsewhere=sampling.elsewhere, left=left, **told)


class _Half:
    """One photograph's part of the coalitions, as far as it was taken. who: (M + 1, n) superpixels, of which the last
    row has none. changes: (M + 1,) the mean squares of what masking does to the input. areas: (n, h, w) how a
    superpixel's area is divided among cells. embeddings: (m, D) of unit length.
    """

    def __init__(self, side: Side, options: Lime2Options, masks: int, seed: int) -> None:
        segments = superpixels(side.photo, options.segments, options.compactness, options.sigma)
        if options.background is None:
            absent = side.input_of(mean_colors(side.photo, segments))
        else:
            absent = backgrounds.of_pixels(side, options.background)
        self._side, self._absent, self._labels = side, absent, torch.from_numpy(segments)
        count = int(segments.max()) + 1
        generator = torch.Generator().manual_seed(seed)
        self.who = (torch.rand(masks + 1, count, generator=generator) < 0.5).float()
        self.who[0], self.who[-1] = 1, 0
        change = (side.x[0] - absent).square().mean(0).double().cpu().flatten()
        lost = torch.zeros(count, dtype=torch.float64).index_add_(0, self._labels.flatten(), change) / change.numel()
        self.changes = (1 - self.who.double()) @ lost
        self.areas = areas(self._labels, count, at_most(side.activation.shape[1:], CELLS))
        self.embeddings = torch.zeros(0)

    @property
    def nobody(self) -> Tensor:
        """(D,) the unit embedding without any superpixel."""
        return self.embeddings[-1] if len(self.embeddings) == len(self.who) else self._embed(self.who[-1:])[0]

    def take(self, count: int) -> Computation[None]:
        """Take more masks until there are so many, and with the last one that of nobody."""
        count, found = len(self.who) if count == len(self.who) - 1 else count, [self.embeddings]
        for start in range(len(self.embeddings), count, BATCH):
            yield Step(start, len(self.who), "sampling superpixels")
            found.append(self._embed(self.who[start : min(start + BATCH, count)]))
        self.embeddings = torch.cat([one for one in found if len(one)])

    @torch.no_grad()
    def _embed(self, some: Tensor) -> Tensor:
        shown = some[:, self._labels][:, None].to(self._side.x.device) > 0.5
        embeddings = self._side.embed(torch.where(shown, self._side.x, self._absent))
        return torch.nn.functional.normalize(embeddings.double(), dim=1).cpu()


class _Coalitions:
    """Coalitions of both photographs, of masks as far as they were taken; see `stopping.Sampling`. Of few masks few
    coalitions are made. The halves are coalitions whose two masks are both even, or both odd: no mask is in both.

    count: coalitions of all masks so far. elsewhere: the sum of coefficients that are not on their map.
    """

    def __init__(self, halves: list[_Half], options: Lime2Options) -> None:
        self._halves, self._options, self._masks = halves, options, 0
        self.count, self.elsewhere = 0, 0.0

    def take(self, count: int) -> Computation[None]:
        """See `stopping.Sampling`."""
        for number, half in enumerate(self._halves):
            yield from as_half(half.take(count), number)
        self._masks = count
        self.count = self._options.samples * count // (len(self._halves[0].who) - 1)

    def found(self, half: int | None) -> Computation[Tensor]:
        """See `stopping.Sampling`."""
        one, other = self._halves
        generator = torch.Generator().manual_seed(self._options.seed)
        chosen = torch.randint(0, self._masks, (2, self.count), generator=generator)
        chosen[:, 0] = 0  # everybody is there
        if half is not None:
            chosen = chosen[:, (chosen % 2 == half).all(0)]
        scores = (one.embeddings[chosen[0]] * other.embeddings[chosen[1]]).sum(1)
        changes = (one.changes[chosen[0]] + other.changes[chosen[1]]) / 2
        who = torch.cat([side.who[rows] for side, rows in zip(self._halves, chosen, strict=True)], 1)
        weights = (-self._options.decay * changes).exp()
        singles, pairs = yield from quadratic(who, scores, weights, self._options.sparsity)
        first = one.who.shape[1]
        if half is None:
            self.elsewhere = float(singles.sum() + pairs.sum() - pairs[:first, first:].sum())
        return torch.einsum("aij,ab,bxy->ijxy", one.areas, pairs[:first, first:], other.areas)


def areas(labels: Tensor, count: int, grid: tuple[int, int]) -> Tensor:
    """(n, h, w) float64: the parts of each superpixel that lie in each cell; they sum to 1."""
    found = torch.zeros(count, grid[0] * grid[1], dtype=torch.float64)
    found.index_put_((labels.flatten(), places(labels.shape, grid).flatten()), torch.ones(()).double(), accumulate=True)
    return (found / found.sum(1, keepdim=True)).unflatten(1, grid)


def quadratic(who: Tensor, scores: Tensor, weights: Tensor, sparsity: float) -> Computation[tuple[Tensor, Tensor]]:
    """Coefficients of single players (n,) and, above the diagonal, of pairs (n, n), of the Lasso with an intercept that
    predicts scores (m,) of coalitions (m, n): the least `mean of w (error)^2 / 2 + sparsity sum |coefficient|`, the
    weights (m,) scaled to a mean of 1. By accelerated proximal steps (Beck, Teboulle: FISTA) on the normal equations.
    """
    players = who.shape[1]
    first, second = torch.triu_indices(players, players, 1)
    weights = weights.double() / weights.sum()
    size = players + len(first)
    gram, target, mean = (torch.zeros(*shape, dtype=torch.float64) for shape in ((size, size), (size,), (size,)))
    middle = weights @ scores.double()
    for start in range(0, len(who), ROWS):
        yield Step(start, len(who) + ITERATIONS, "fitting pairs")
        some, part = who[start : start + ROWS], weights[start : start + ROWS]
        terms = torch.cat([some, some[:, first] * some[:, second]], 1)
        gram += (terms.T @ (part.float()[:, None] * terms)).double()
        target += terms.double().T @ (part * (scores[start : start + ROWS].double() - middle))
        mean += terms.double().T @ part
    gram -= torch.outer(mean, mean)
    found = yield from _lasso(gram, target, sparsity, len(who))
    pairs = torch.zeros(players, players, dtype=torch.float64)
    pairs[first, second] = found[players:]
    return found[:players], pairs


def _lasso(gram: Tensor, target: Tensor, sparsity: float, before: int) -> Computation[Tensor]:
    """The least `x G x / 2 - t x + sparsity |x|_1`."""
    vector = torch.ones(len(gram), dtype=torch.float64)
    for _ in range(30):
        vector = torch.nn.functional.normalize(gram @ vector, dim=0)
    step = 1 / (1.01 * float(vector @ (gram @ vector)) + 1e-12)
    x = ahead = torch.zeros_like(target)
    speed = 1.0
    for iteration in range(ITERATIONS):
        if iteration % 20 == 0:
            yield Step(before + iteration, before + ITERATIONS, "fitting pairs")
        moved = torch.nn.functional.softshrink(ahead - step * (gram @ ahead - target), sparsity * step)
        faster = (1 + (1 + 4 * speed**2) ** 0.5) / 2
        ahead, change = moved + (speed - 1) / faster * (moved - x), (moved - x).norm()
        x, speed = moved, faster
        if change <= TOLERANCE * x.norm():
            break
    return x
