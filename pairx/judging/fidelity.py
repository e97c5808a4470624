"""Criteria of truth to the model, which need no truth about the photographs. None is what is not defined."""

from __future__ import annotations

import numpy as np
from scipy.stats import spearmanr

from pairx.evaluation.faithfulness import SHARE, inefficiency_of
from pairx.judging.case import Case, enlarged
from pairx.judging.curves import SHARES


def deletion(case: Case) -> float | None:
    """Mean of the cosine, -1 to 1, left when SHARES of the highest pixels are blurred; lower is better."""
    return None if case.curves is None else float(case.curves[:, 0].mean())


def insertion(case: Case) -> float | None:
    """Mean of the cosine, -1 to 1, when only SHARES of the highest pixels are sharp; higher is better."""
    return None if case.curves is None else float(case.curves[:, 1].mean())


def drop(case: Case) -> float | None:
    """By how much the cosine falls, -2 to 2, when the 30 % of the highest pixels are blurred: `Faithfulness.drop`."""
    if case.curves is None:
        return None
    return float(case.at.similarity - case.curves[:, 0, SHARES.index(SHARE)].mean())


def partner(case: Case) -> float | None:
    """Rank correlation, -1 to 1, of photograph 0's map with its map beside another individual."""
    return None if case.explanation.map0 is None else _alike(case, case.explain(case.at.model, case.stranger).map0)


def weights(case: Case) -> float | None:
    """Rank correlation, -1 to 1, of photograph 0's map with its map by the model with shuffled weights."""
    return None if case.explanation.map0 is None else _alike(case, case.explain(case.untrained, case.at.pair).map0)


def completeness(case: Case) -> float | None:
    """By which share of the similarity that goes with every place the evidence misses it, 0 the best; None for a method
    that promises no sum."""
    found = inefficiency_of(case.at, case.explanation)
    gaps = found.relative_inefficiency or found.relative_pair_inefficiency
    return None if gaps is None else float(np.mean(gaps))


def _alike(case: Case, other: np.ndarray | None) -> float | None:
    one = case.explanation.map0
    if one is None or other is None:
        return None
    other = enlarged(other, (one.shape[0], one.shape[1]))
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None  # the ranks of a constant map are not defined
    return float(spearmanr(one.ravel(), other.ravel()).statistic)
