"""From the decisions of several reviewers to one verdict a pair, and how far they agree."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from pairx.reviews.decisions import MATCH, NO_MATCH, UNSURE
from pairx.reviews.log import pair_ends

CONFLICT = "conflict"
_JUDGED = (MATCH, NO_MATCH, UNSURE)


def settled(standing: pd.DataFrame) -> pd.DataFrame:
    """One row a pair of photographs that somebody judged: query_id, candidate_id, verdict, reviewers (their names,
    joined by ", ").

    standing: as `ReviewLog.standing` gives it. verdict: that of the last decision which settles, where there is one;
    else what all who are sure say; "unsure" where nobody is; "conflict" where one says match and another no match.
    """
    judged = _judged(standing)
    pairs = judged.groupby(["low", "high"], sort=False)
    sure = judged[judged["verdict"] != UNSURE].groupby(["low", "high"])["verdict"]
    table = pairs[["query_id", "candidate_id"]].first()
    table["verdict"] = sure.first().mask(sure.nunique() > 1, CONFLICT).reindex(table.index).fillna(UNSURE)
    last_word = judged[judged["settles"].astype(bool)].groupby(["low", "high"])["verdict"].last()
    table["verdict"] = last_word.reindex(table.index).fillna(table["verdict"])
    named = judged.drop_duplicates(["low", "high", "reviewer"]).groupby(["low", "high"])["reviewer"]
    table["reviewers"] = named.agg(", ".join).reindex(table.index)
    return table.reset_index(drop=True)


@dataclass(frozen=True)
class Agreement:
    """Of two reviewers over the pairs that both judged. pairs: how many. same: share on which they agree. kappa:
    Cohen's, from -1 to 1, 0 what chance gives; None where chance alone would have them agree on all."""

    first: str
    second: str
    pairs: int
    same: float
    kappa: float | None


def agreements(standing: pd.DataFrame) -> list[Agreement]:
    """Of every two reviewers who judged a pair in common (Cohen 1960: kappa = (p_o - p_e) / (1 - p_e), with p_o the
    share of pairs on which they agree and p_e the share that their own rates of match, no match and unsure would
    give)."""
    wide = _judged(standing).pivot_table(index=["low", "high"], columns="reviewer", values="verdict", aggfunc="last")
    found = []
    for first, second in combinations(sorted(map(str, wide)), 2):
        both = wide[[first, second]].dropna()
        if not len(both):
            continue
        same = float((both[first] == both[second]).mean())
        rates = [both[name].value_counts(normalize=True) for name in (first, second)]
        chance = float(rates[0].mul(rates[1], fill_value=0).sum())
        kappa = (same - chance) / (1 - chance) if chance < 1 else None
        found.append(Agreement(first, second, len(both), same, kappa))
    return found


def _judged(standing: pd.DataFrame) -> pd.DataFrame:
    """The decisions that judge a pair, with its two photographs in alphabetical order: low, high."""
    judged = standing[standing["verdict"].isin(_JUDGED)]
    return pd.concat([judged, pair_ends(judged)], axis=1)
