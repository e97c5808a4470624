"""Whether relevance can be believed: how far it has grown on its way, and how much of it no rule accounts for.

Rules that share relevance out among parts of one sign cannot enlarge it. Where a rule divides by a sum of parts of both
signs it may grow without bound, while its sum stays what it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from torch import Tensor

from pairx.lrp.engine import Account
from pairx.lrp.policy import Policy

MOST_GROWTH = 10.0
"""Above it a map holds what cancels, not what counts, and is not drawn."""
NOTED_GROWTH = 2.0
NOTED_ERROR = 0.01
NOTED_ELSEWHERE = 0.5
SIDES = ("the first photograph", "the second photograph")


@dataclass(frozen=True)
class Belief:
    """How far the relevance that is shown of one photograph can be believed.

    magnitude: the sum of its magnitudes over the sum of what started, which is the similarity where relevance starts
    from its parts: `sum |R| / |s|`. growth: the same over the sum of magnitudes of what started; at most 1 where every
    rule shares out. error: what the account does not explain, as a part of what started; None where no account is kept.
    elsewhere: the sum of relevance on tokens without a place; elsewhere_share: of all magnitude there.
    """

    magnitude: float
    growth: float
    error: float | None = None
    elsewhere: float = 0.0
    elsewhere_share: float = 0.0

    def metrics(self, side: int) -> dict[str, float]:
        """By name and side, 0 or 1, what is known."""
        return {f"{name}{side}": value for name, value in vars(self).items() if value is not None}


def believed(shown: Tensor, seed: Tensor, error: float | None = None, tokens: Tensor | None = None) -> Belief:
    """The belief in relevance that is shown, of any shape, after it started from a seed (D,). tokens: relevance (N,) of
    those without a place.
    """
    magnitude, started = _magnitude(shown), abs(float(seed.double().sum()))
    beside = 0.0 if tokens is None else _magnitude(tokens)
    return Belief(
        magnitude=magnitude / max(started, 1e-12),
        growth=growth(shown, seed),
        error=error,
        elsewhere=0.0 if tokens is None else float(tokens.double().sum()),
        elsewhere_share=beside / (magnitude + beside) if beside else 0.0,
    )


def growth(relevance: Tensor, start: Tensor) -> float:
    """The sum of magnitudes of what arrived over that of what started; 0 where nothing started."""
    started = _magnitude(start)
    return _magnitude(relevance) / started if started else 0.0


def error_in(account: Account) -> float | None:
    """What an account does not explain, as a part of all that started; None where nothing was taken down."""
    return account.error / abs(account.started) if account.started else None


def withheld(growths: Sequence[float], policy: Policy, where: str) -> str:
    """Why relevance of the photographs is not to be drawn, or nothing. growths: one a photograph. where: it arrived.

    A policy that does not share relevance out (plain residuals, gradients) makes no promise that could be broken.
    """
    if not policy.conserves or all(one <= MOST_GROWTH for one in growths):
        return ""
    far = f"to {max(growths):.3g} times what started" if all(map(math.isfinite, growths)) else "beyond all numbers"
    return (
        f"Not shown: on its way to {where} relevance grew {far}. Such maps hold what cancels and say nothing of the "
        "pair. Choose another composite or layer."
    )


def notes(
    beliefs: Sequence[Belief], policy: Policy, at_pixels: Sequence[float | None] = (None, None)
) -> tuple[str, ...]:
    """What a reader has to know of the relevance of the first and the second photograph that is shown. at_pixels: the
    error of what goes on to the pixels of the strongest match, where it does.
    """
    said = []
    for one, side, at_pixel in zip(beliefs, SIDES, at_pixels, strict=True):
        if policy.conserves and NOTED_GROWTH < one.growth <= MOST_GROWTH:
            said.append(
                f"The relevance of {side} grew to {one.growth:.1f} times what started: most of what its map shows "
                "cancels."
            )
        if _noted(one.error):
            said.append(
                f"Of the relevance of {side}, {_part(one.error)} is lost in divisions by almost zero: its map is "
                "inexact."
            )
        elif _noted(at_pixel):
            said.append(
                f"Of the strongest match, {_part(at_pixel)} is lost in divisions by almost zero on its way to the "
                f"pixels of {side}: what is painted into it is inexact."
            )
        if one.elsewhere_share > NOTED_ELSEWHERE:
            said.append(
                f"{one.elsewhere_share:.0%} of the relevance of {side} lies on tokens without a place (class or "
                "register), which no map shows."
            )
    return tuple(said)


def _noted(error: float | None) -> TypeGuard[float]:
    return error is not None and not error <= NOTED_ERROR


def _part(error: float) -> str:
    return f"{error:.1%}" if error < 1 else f"{error:.3g} times what started"


def _magnitude(values: Tensor) -> float:
    return float(values.double().abs().sum())
