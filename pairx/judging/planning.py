"""Which pairs are judged: photographs of one animal from one flank, and of twins where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from pairx.types import InputError

SAME, TWINS = "one animal", "twins"
"""Kinds of pairs."""


@dataclass(frozen=True)
class Planned:
    """A pair to judge. rows: in the data set's table. stranger: the row of another individual. individual: of whom
    pairs are resampled together, the twins' as one."""

    kind: str
    rows: tuple[int, int]
    stranger: int
    individual: str


def plan(table: pd.DataFrame, most: int, seed: int, twins: Sequence[tuple[str, str]] = ()) -> list[Planned]:
    """Up to `most` pairs of one animal, and as many of twins, spread over as many individuals as can be.

    twins: image ids. Raises InputError where no individual has two photographs of one flank, or there is only one.
    """
    rng = np.random.default_rng(seed)
    names = table["identity"].to_numpy(str)
    if len(set(names)) < 2:
        raise InputError(f"Every photograph shows {names[0]}: judging needs two individuals or more.")
    flanks = table["orientation"].to_numpy(str) if "orientation" in table else np.full(len(table), "")
    same = [(a, b) for a, b in combinations(range(len(table)), 2) if names[a] == names[b] and flanks[a] == flanks[b]]
    if not same:
        raise InputError("No individual has two photographs of one flank: judging needs pairs of one animal.")
    rows = {image_id: row for row, image_id in enumerate(table["image_id"])}
    kin = [(rows[a], rows[b]) for a, b in twins if a in rows and b in rows]
    lookalikes = {frozenset(names[list(pair)]) for pair in kin}
    chosen = [(SAME, pair) for pair in _spread(same, names, most, rng)]
    chosen += [(TWINS, pair) for pair in _spread(kin, names, most, np.random.default_rng(seed))]
    found = []
    for kind, pair in chosen:
        own = set(names[list(pair)])
        others = [
            row
            for row, name in enumerate(names)
            if name not in own and not any({name, one} == set(both) for both in lookalikes for one in own)
        ]
        if not others:
            raise InputError("Judging needs a third individual, which is no twin of the others.")
        found.append(Planned(kind, pair, int(rng.choice(others)), " and ".join(sorted(own))))
    return found


def _spread(
    pairs: Sequence[tuple[int, int]], names: np.ndarray, most: int, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Up to `most` pairs in a random order, one of every individual before a second one of any."""
    order = [pairs[i] for i in rng.permutation(len(pairs))]
    seen: dict[str, int] = {}
    turns = []
    for pair in order:
        name = names[pair[0]]
        turns.append(seen.get(name, 0))
        seen[name] = turns[-1] + 1
    return [order[i] for i in np.argsort(turns, kind="stable")[:most]]
