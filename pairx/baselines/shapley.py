"""Shapley values and Shapley-Taylor indices of any game, by weighted regression on sampled coalitions.

A coalition is a row of n numbers, 1 for a player that takes part. Lundberg and Lee's kernel makes a linear regression
give Shapley values; Hamilton et al.'s (eq. 7) makes a quadratic one give Shapley-Taylor indices of order 2. Terms of
infinite weight are constraints, and are kept exactly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pairx.baselines import stopping
from pairx.baselines.stopping import Reached
from pairx.types import Computation, InputError, Step

Values = Callable[[Tensor], Tensor]
"""Coalitions (B, n) to what they are worth (B,)."""
ENUMERATED = 1 << 12
"""Up to so many coalitions all are taken, if the samples suffice, and the answer is exact."""


@dataclass(frozen=True)
class Shares:
    """How a game's worth is shared.

    singles: (n,). error: mean standard error of the fitted numbers, 0 where all coalitions were taken. reached: the
    coalitions that were taken, and the error of the map.
    """

    singles: Tensor
    error: float
    reached: Reached


@dataclass(frozen=True)
class PairShares(Shares):
    """The same of pairs, too. pairs: (n, n) symmetric, each unordered pair's index in both places."""

    pairs: Tensor


def shapley_values(
    values: Values,
    players: int,
    samples: int,
    seed: int,
    batch: int,
    what: str,
    *,
    error: float = 0.0,
    as_map: Callable[[Tensor], Tensor] = torch.clone,
) -> Computation[Shares]:
    """Kernel SHAP (Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, theorem 2). Sums to the worth
    of all players less that of none. error: at which sampling stops, of the map that `as_map` makes of the values (n,);
    see `pairx.baselines.stopping`.
    """
    known = torch.stack([torch.zeros(players), torch.ones(players)])

    def terms(worth: Tensor, coalitions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return coalitions.double(), worth[2:] - worth[0], worth[1] - worth[0]

    sampling = _Sampling(values, known, _coalitions(players, 1, samples, seed), batch, what, terms, as_map)
    reached = yield from sampling.until(error, players, 2**players - 2)
    return Shares(sampling.fitted, 0.0 if reached.error == 0 else sampling.deviation, reached)


def shapley_taylor_indices(
    values: Values,
    players: int,
    samples: int,
    seed: int,
    batch: int,
    what: str,
    *,
    error: float = 0.0,
    as_map: Callable[[Tensor], Tensor] = torch.clone,
) -> Computation[PairShares]:
    """Shapley-Taylor indices of order 2 (Hamilton et al., section 5.2). singles are `v(i) - v(nobody)`; singles and
    unordered pairs together sum to the worth of all players less that of none. error: as of `shapley_values`, of the
    map of the pairs (n, n).
    """
    known = torch.cat([torch.zeros(1, players), torch.eye(players), torch.ones(1, players)])
    first, second = torch.triu_indices(players, players, 1)

    def singles_of(worth: Tensor) -> Tensor:
        return worth[1 : players + 1] - worth[0]

    def terms(worth: Tensor, coalitions: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        nobody, singles, members = worth[0], singles_of(worth), coalitions.double()
        rest = worth[players + 2 :] - nobody - members @ singles
        return members[:, first] * members[:, second], rest, worth[players + 1] - nobody - singles.sum()

    def pairs_of(fitted: Tensor) -> Tensor:
        pairs = torch.zeros(players, players, dtype=torch.float64)
        pairs[first, second] = pairs[second, first] = fitted
        return pairs

    sampling = _Sampling(
        values, known, _coalitions(players, 2, samples, seed), batch, what, terms, lambda one: as_map(pairs_of(one))
    )
    reached = yield from sampling.until(error, len(first), 2**players - players - 2, splits=1)
    deviation = 0.0 if reached.error == 0 else sampling.deviation
    return PairShares(singles_of(sampling.worth), deviation, reached, pairs_of(sampling.fitted))


Terms = Callable[[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]
"""From what known coalitions, then others, are worth, and those others (m, n): design (m, p), its target (m,), and what
the p coefficients sum to."""


class _Sampling:
    """Coalitions, as far as they were taken, and what a regression makes of them; see `stopping.Sampling`.

    worth: of the known coalitions, then of those drawn. fitted, deviation: of all of them, see `_fit`.
    """

    fitted: Tensor
    deviation: float

    def __init__(
        self,
        values: Values,
        known: Tensor,
        drawn: tuple[Tensor, Tensor],
        batch: int,
        what: str,
        terms: Terms,
        as_map: Callable[[Tensor], Tensor],
    ) -> None:
        self._values, self._known, (self._drawn, self._weights) = values, known, drawn
        self._batch, self._what, self._terms, self._as_map = batch, what, terms, as_map
        self.worth = torch.zeros(0, dtype=torch.float64)

    def until(self, error: float, unknown: int, possible: int, splits: int = stopping.SPLITS) -> Computation[Reached]:
        """Sample until so small an error, or to the end. possible: how many coalitions there are; if all of them are
        to be taken, they are."""
        count = len(self._drawn)
        if count == possible:
            return (yield from stopping.sampled(self, count, 0.0, all_of=count))[1]
        return (yield from stopping.sampled(self, count, error, unknown=unknown, splits=splits))[1]

    def take(self, count: int) -> Computation[None]:
        """See `stopping.Sampling`."""
        rows = torch.cat([self._known, self._drawn])
        some = rows[len(self.worth) : len(self._known) + count]
        worth = [self.worth]
        for start in range(0, len(some), self._batch):
            yield Step(len(self.worth) + start, len(rows), self._what)
            with torch.no_grad():
                worth.append(self._values(some[start : start + self._batch]).double().cpu())
        self.worth = torch.cat(worth)

    def found(self, half: int | None) -> Tensor:
        """See `stopping.Sampling`."""
        known = len(self._known)
        count = len(self.worth) - known
        rows = stopping.part(half, count)
        worth = torch.cat([self.worth[:known], self.worth[known:][rows]])
        design, target, total = self._terms(worth, self._drawn[:count][rows])
        fitted, deviation = _fit(design, target, self._weights[:count][rows], total)
        if half is None:
            self.fitted, self.deviation = fitted, deviation
        return self._as_map(fitted)


def spread(values: Tensor, labels: Tensor) -> Tensor:
    """Each player's value (n,) in even parts over what is its own: labels (h, w), 0 to n - 1, to (h, w)."""
    return (values / torch.bincount(labels.flatten(), minlength=len(values)))[labels]


def _coalitions(players: int, order: int, samples: int, seed: int) -> tuple[Tensor, Tensor]:
    """Coalitions (m, n) of `order` players or more, but not all, and their weights (m,): all there are, or a sample
    drawn by the kernel, which then weigh alike.
    """
    sizes = range(order, players)
    if not sizes:
        raise InputError(f"With {players} players there is nothing to share. Choose a layer with more cells.")
    # The kernel's weight of all coalitions of a size together.
    kernel = {size: (players - 1) / (math.comb(size, order) * (players - size)) for size in sizes}
    count = sum(math.comb(players, size) for size in sizes)
    if count <= min(samples, ENUMERATED):
        chosen = [members for size in sizes for members in itertools.combinations(range(players), size)]
        coalitions = torch.zeros(count, players)
        for row, members in enumerate(chosen):
            coalitions[row, list(members)] = 1
        weights = [kernel[len(members)] / math.comb(players, len(members)) for members in chosen]
        return coalitions, torch.tensor(weights, dtype=torch.float64)
    unknown = math.comb(players, order)
    if samples <= unknown:
        raise InputError(f"{samples} samples cannot tell {unknown} numbers apart. Give more samples.")
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.multinomial(torch.tensor(list(kernel.values())), samples, True, generator=generator) + order
    ranks = torch.rand(samples, players, generator=generator).argsort(1).argsort(1)
    return (ranks < drawn[:, None]).float(), torch.ones(samples, dtype=torch.float64)


def _fit(design: Tensor, worth: Tensor, weights: Tensor, total: Tensor) -> tuple[Tensor, float]:
    """Weighted least squares (m, p) x (p,) = (m,) with coefficients that sum to `total`, and their mean standard error.

    The coefficients are `total / p` and a part that sums to zero, which is what a design with rows of mean zero finds.
    """
    m, p = design.shape
    rest = worth - design.sum(1) * total / p
    centred = design - design.mean(1, keepdim=True)
    # One eigenvalue is zero, that of equal coefficients; rounding must not pass for more.
    inverse = torch.linalg.pinv(centred.T @ (weights[:, None] * centred), rtol=1e-10, hermitian=True)
    fitted = inverse @ (centred.T @ (weights * rest))
    variance = float(weights @ (rest - centred @ fitted) ** 2) / max(1, m - p + 1)
    return fitted + total / p, float((variance * inverse.diagonal().clamp(min=0)).sqrt().mean())
