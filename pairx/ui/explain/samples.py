"""The sample pairs of the strip, chosen from the herd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import pandas as pd

from pairx.datasets.herd import load_herd
from pairx.ui.shared.photos import PhotoShelf


@dataclass(frozen=True)
class SamplePair:
    """A pair that the app offers. a, b: image ids of the herd. title: on its button. sentence: what its picture
    shows."""

    id: str
    a: str
    b: str
    title: str
    sentence: str


KINDS = {
    "same": (
        "Same animal",
        "Two pictures of one animal: lines join the same markings, equal colours lie on the same spots.",
    ),
    "flanks": (
        "Same animal, other side",
        "One animal from its two sides, which share no marking: orderly lines can only rest on the body's shape.",
    ),
    "twins": (
        "Twins, few markings differ",
        "Two animals whose coats differ in a few markings only: expect convincing lines although the animals differ.",
    ),
    "others": (
        "Different animals",
        "Two animals of one kind: look whether the lines join markings that are truly alike.",
    ),
    "kinds": (
        "Different kinds",
        "Two animals of different kinds: whatever the lines join cannot be the same marking.",
    ),
}
"""Title and sentence of each kind of pair."""

STRIP = (("same", 3), ("same", 0), ("flanks", 1), ("twins", 4), ("others", 2), ("kinds", 0))
"""The strip: a kind of pair, and how many species to skip before taking it."""


def ready_pairs(shelf: PhotoShelf) -> tuple[SamplePair, ...]:
    """Put the herd's pictures that the pairs need on the shelf, and return the pairs."""
    herd = load_herd()
    table = herd.table.fillna("")
    pairs = []
    for kind, skip in STRIP:
        found = list(_candidates(table, kind))
        if not found:
            continue
        a, b = found[min(skip, len(found) - 1)]
        title, sentence = KINDS[kind]
        pairs.append(SamplePair(f"{kind}-{skip + 1}", a, b, title, sentence))
    for id in dict.fromkeys(id for pair in pairs for id in (pair.a, pair.b)):
        shelf.add_sample(id, herd.path(id), id)
    return tuple(pairs)


def opening_pair(pairs: tuple[SamplePair, ...]) -> SamplePair:
    """The pair that the page opens on."""
    return pairs[0]


def _candidates(table: pd.DataFrame, kind: str) -> Iterator[tuple[str, str]]:
    """The first fitting pair of each species, in the table's order; of two species, the pairs of their first
    pictures."""
    groups = [group for _, group in table.groupby("species", sort=False)]
    if kind == "kinds":
        for one, other in combinations(groups, 2):
            yield one.image_id.iloc[0], other.image_id.iloc[0]
        return
    for group in groups:
        rows = group.to_dict("records")
        for row, next_row in combinations(rows, 2):
            if _fits(row, next_row, kind):
                yield row["image_id"], next_row["image_id"]
                break


def _fits(one: dict[Any, Any], other: dict[Any, Any], kind: str) -> bool:
    same_animal = one["identity"] == other["identity"]
    same_side = one["orientation"] == other["orientation"]
    twins = one["twin"] == other["identity"]
    wanted = {
        "same": same_animal and same_side,
        "flanks": same_animal and not same_side,
        "twins": twins and same_side,
        "others": not same_animal and not twins and same_side,
    }
    return wanted[kind]
