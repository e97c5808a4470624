"""What matches say of a similarity: for it, against it, or neither."""

from __future__ import annotations

import torch

from pairx.types import NOTHING_MATCHES, NOTHING_RAISES, Matches


def for_and_against(
    relevance0: torch.Tensor, relevance1: torch.Tensor, agreed: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """What matches say of the similarity (N,), from the relevances of their two cells (N,) each, and their order.

    The product of the two (eq. 1), which is positive where both cells lower the similarity, too: there it is taken with
    a minus. Where one cell raises and the other lowers, the photographs disagree, and the match says nothing: 0. First
    in the order come the matches that raise the similarity, then those that lower it, the strongest of each first, then
    the rest. agreed: (N,) 0 to 1, by which the strength of each is multiplied, for the order alone.
    """
    product = relevance0 * relevance1
    relevance = (product * relevance0.sign()).where(product > 0, 0)
    strongest = torch.argsort(product, descending=True, stable=True)
    if agreed is not None:
        strength = (relevance.abs() * agreed)[strongest]
        strongest = strongest[torch.argsort(strength, descending=True, stable=True)]
    kind = torch.where(relevance > 0, 0, torch.where(relevance < 0, 1, 2))
    return relevance, strongest[torch.argsort(kind[strongest], stable=True)]


def evidence(matches: Matches) -> int:
    """How many of the first matches say the same: they raise the similarity, or where none does, they lower it."""
    return matches.raising or matches.lowering


UNSIGNED = (
    "Relevance is shown without its sign, as absolute values: what is drawn matters, for the similarity or against it."
)
AGREED = "Matches stand in the order of their relevance times the share of the cells around that agree with them."


def nothing_raises(matches: Matches) -> tuple[str, ...]:
    """The note for a reader of matches of which none speaks for the similarity."""
    if matches.raising:
        return ()
    count, lowering = len(matches), matches.lowering
    if not count:
        return (NOTHING_MATCHES,)
    if lowering == count:
        each = "its only match lowers" if count == 1 else f"all {count} matches lower"
        return (f"{NOTHING_RAISES}: {each} it in both photographs.",)
    if not lowering:
        each = "its only match neither" if count == 1 else f"none of {count} matches"
        return (
            f"{NOTHING_RAISES}: {each} {'raises nor' if count == 1 else 'raises or'} lowers it in both photographs.",
        )
    lower = "1 lowers" if lowering == 1 else f"{lowering} lower"
    neither = "the other does" if count - lowering == 1 else f"the other {count - lowering} do"
    return (f"{NOTHING_RAISES}: of {count} matches, {lower} it in both photographs, and {neither} neither.",)
