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

from pairx.types import Computation, InputError, Step

Values = Callable[[Tensor], Tensor]
"""Coalitions (B, n) to what they are worth (B,)."""
ENUMERATED = 1 << 12
"""Up to so many coalitions all are taken, if the samples suffice, and the answer is exact."""


@dataclass(frozen=True)
class Shares:
    """How a game's worth is shared.

    singles: (n,). error: mean standard error of the fitted numbers, 0 where all coalitions were taken.
    """

    singles: Tensor
    error: float


@dataclass(frozen=True)
class PairShares(Shares):
    """The same of pairs, too. pairs: (n, n) symmetric, each unordered pair's index in both places."""

    pairs: Tensor


def shapley_values(values: Values, players: int, samples: int, seed: int, batch: int, what: str) -> Computation[Shares]:
    """Kernel SHAP (Lundberg, Lee: A Unified Approach to Interpreting Model Predictions, theorem 2). Sums to the worth
    of all players less that of none.
    """
    everyone = torch.stack([torch.zeros(players), torch.ones(players)])
    coalitions, weights = _coalitions(players, 1, samples, seed)
    worth = yield from _evaluate(values, torch.cat([everyone, coalitions]), batch, what)
    nobody, total = worth[0], worth[1] - worth[0]
    singles, error = _fit(coalitions.double(), worth[2:] - nobody, weights, total)
    return Shares(singles, 0.0 if len(weights) == 2**players - 2 else error)


def shapley_taylor_indices(
    values: Values, players: int, samples: int, seed: int, batch: int, what: str
) -> Computation[PairShares]:
    """Shapley-Taylor indices of order 2 (Hamilton et al., section 5.2). singles are `v(i) - v(nobody)`; singles and
    unordered pairs together sum to the worth of all players less that of none.
    """
    known = torch.cat([torch.zeros(1, players), torch.eye(players), torch.ones(1, players)])
    coalitions, weights = _coalitions(players, 2, samples, seed)
    worth = yield from _evaluate(values, torch.cat([known, coalitions]), batch, what)
    nobody, singles = worth[0], worth[1 : players + 1] - worth[0]
    total = worth[players + 1] - nobody - singles.sum()
    first, second = torch.triu_indices(players, players, 1)
    members = coalitions.double()
    rest = worth[players + 2 :] - nobody - members @ singles
    fitted, error = _fit(members[:, first] * members[:, second], rest, weights, total)
    pairs = torch.zeros(players, players, dtype=torch.float64)
    pairs[first, second] = pairs[second, first] = fitted
    return PairShares(singles, 0.0 if len(weights) == 2**players - players - 2 else error, pairs)


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


def _evaluate(values: Values, coalitions: Tensor, batch: int, what: str) -> Computation[Tensor]:
    worth = []
    for start in range(0, len(coalitions), batch):
        yield Step(start, len(coalitions), what)
        with torch.no_grad():
            worth.append(values(coalitions[start : start + batch]).double().cpu())
    return torch.cat(worth)


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
