"""How far what is sampled is from what endless sampling would find, and when that is near enough to stop.

The samples so far are halved, and each half finds a map of its own, by the same rules. The root mean square distance of
these two maps from that of all samples is the standard error of the latter where a map is a mean, and tells a bias that
fewer samples make, too. It is said in the map's own length. Where a map is found quickly, the samples are halved in
several ways, each of which crosses all others: one alone may agree by chance where all places err together.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from pairx.types import Computation, InputError

LEAST = 16
"""Samples before the first estimate, at least."""
EACH = 4
"""Samples before the first estimate, for each number that a regression has to find."""
GROWTH = 1.5
"""How many times as many samples there are at the next estimate."""
FEWEST = 4
"""Samples of which halves can be told anything."""
LITTLE = 0.1
"""Of the samples that have to be left when twice as many as a regression's numbers are taken away: of fewer, halves
tell nothing but noise."""
SPLITS = 7
"""Ways of halving, where a map is found quickly."""
NOTHING = 1e-6
"""A map whose numbers add up to less, without their signs, is rounding: there is nothing to be wrong about."""
GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class Stopping:
    """What all options of sampling methods share. error: of the map, in the map's own length, at which sampling stops
    before there are all `samples`; 0 never stops it.
    """

    error: float = field(default=0.0, kw_only=True)

    def __post_init__(self) -> None:
        check(self.error)


@dataclass(frozen=True)
class Reached:
    """samples: that were taken. error: of what they find, in its own length; 0 where nothing is left to chance, None
    where they are too few to tell.
    """

    samples: int
    error: float | None

    @property
    def metrics(self) -> dict[str, float]:
        """By the names that results have."""
        known = {} if self.error is None else {"sampling_error": self.error}
        return {"samples": float(self.samples), **known}


class Sampling(Protocol):
    """Samples of one map."""

    def take(self, count: int) -> Computation[None]:
        """Take more samples, until there are so many."""

    def found(self, half: int | None) -> Tensor | Computation[Tensor]:
        """The map of all samples so far (None), or of one half, see `part`; in steps, if that takes long."""


def check(error: object) -> None:
    """Raises InputError for what is no error to stop at."""
    if isinstance(error, bool) or not isinstance(error, int | float) or not 0 <= error <= 1:
        raise InputError(f"error is 0 to 1, a part of the map's length, and 0 never stops early; not {error!r}.")


def sampled(
    sampling: Sampling,
    most: int,
    error: float,
    *,
    unknown: int = 0,
    all_of: int = 0,
    least: int = LEAST,
    splits: int = SPLITS,
) -> Computation[tuple[Tensor, Reached]]:
    """Take samples until their map's error is the one asked for, 0 for never, or there are `most`: the map, and what
    was reached.

    unknown: numbers that a regression on the samples finds, of which halves are further off than they are many. all_of:
    how many different samples there are where each is drawn once; with all of them no error is left. least: samples
    before the first estimate. splits: ways of halving.
    """
    for count in looks(most, error, max(least, EACH * unknown)):
        yield from sampling.take(count)
        whole = yield from _found(sampling, None)
        if count == all_of:
            return whole, Reached(count, 0.0)
        left = 1 - (count / all_of if all_of else 2 * unknown / count)
        reached = None
        if count >= FEWEST and (all_of or left > LITTLE):
            halves = []
            for half in range(2 * min(splits, count // 2 - 1)):
                halves.append((yield from _found(sampling, half)))
            reached = apart(whole, halves) * math.sqrt(left)
            if reached <= error and error > 0:
                break
    return whole, Reached(count, reached)


def _found(sampling: Sampling, half: int | None) -> Computation[Tensor]:
    found = sampling.found(half)
    return (yield from found) if isinstance(found, Generator) else found


def looks(most: int, error: float, least: int) -> Iterator[int]:
    """After how many samples the error is estimated: in the end alone where nothing depends on it."""
    count = least
    while error > 0 and count < most:
        yield count
        count = math.ceil(GROWTH * count)
    yield most


def apart(whole: Tensor, halves: list[Tensor]) -> float:
    """The root mean square distance of maps from one, in its length; 0 where that is nothing but rounding."""
    whole = whole.double()
    if float(whole.abs().sum()) <= NOTHING:
        return 0.0
    squares = [float((half.double() - whole).square().sum()) for half in halves]
    return math.sqrt(sum(squares) / len(squares) / float(whole.square().sum()))


def part(half: int | None, count: int) -> Tensor | slice:
    """Which of so many samples: all (None); the even ones (0) or the odd ones (1); or another half (2, 4, …) and the
    rest (3, 5, …), by whether a number has an even or an odd count of the bits that the split's own number has.
    """
    if half is None:
        return slice(None)
    split, side = divmod(half, 2)
    numbers = range(count)
    return torch.tensor([one for one in numbers if ((split + 1) & one).bit_count() % 2 == side])


def evenly(count: int) -> Tensor:
    """(N,) int 0 to N - 1 in an order of which every beginning, and every second of it, is spread evenly."""
    return (torch.arange(count, dtype=torch.float64) * GOLDEN).frac().argsort().argsort()
