"""Criteria of truth to the model, which need no truth about the photographs. None is what is not defined."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from scipy.stats import spearmanr

from pairx.baselines import PairAtLayer
from pairx.evaluation.faithfulness import SHARE, inefficiency_of, seen
from pairx.judging import disturbing
from pairx.judging.case import Case, enlarged
from pairx.judging.curves import SHARES

POINTS = 100
"""Places a side, about, at which maps are compared that have no grid in common."""


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
    return None if case.explanation.map0 is None else _alike(case, case.others.stranger)


def weights(case: Case) -> float | None:
    """Rank correlation, -1 to 1, of photograph 0's map with its map by the model with shuffled weights."""
    return None if case.explanation.map0 is None else _alike(case, case.others.untrained)


def cascade(case: Case) -> float | None:
    """Mean rank correlation, -1 to 1, of photograph 0's map with its maps by models that forget more and more."""
    if case.explanation.map0 is None:
        return None
    found = [_alike(case, at) for at in case.others.cascade]
    known = [one for one in found if one is not None]
    return float(np.mean(known)) if known else None


def noise(case: Case) -> float | None:
    """Rank correlation, -1 to 1, of photograph 0's map with its map after noise."""
    return None if case.explanation.map0 is None else _alike(case, case.others.noisy)


def compression(case: Case) -> float | None:
    """Rank correlation, -1 to 1, of photograph 0's map with its map after compression."""
    return None if case.explanation.map0 is None else _alike(case, case.others.compressed)


def shift(case: Case) -> float | None:
    """Rank correlation, -1 to 1, of photograph 0's map with its map after a shift, which is taken back."""
    if case.explanation.map0 is None or (found := case.map_of(case.others.shifted)) is None:
        return None
    model, image = case.at.model, case.at.pair.image0
    x, y = np.divide(disturbing.shift(model, image), disturbing.pixels(model, image))
    height, width = model.size
    one, other = enlarged(case.explanation.map0, model.size), enlarged(found, model.size)
    back = cv2.warpAffine(other, np.array([[1, 0, -x], [0, 1, -y]]), (width, height))
    rows = slice(0, height - int(np.ceil(y)), max(1, height // POINTS))
    columns = slice(0, width - int(np.ceil(x)), max(1, width // POINTS))
    return _correlation(one[rows, columns], back[rows, columns])


@torch.no_grad()
def kept(case: Case) -> float | None:
    """The cosine, -1 to 1, that is left when of one photograph the animal is kept, and of the other as many pixels, the
    animal's strongest partners: `Faithfulness.kept`; higher is better."""
    if case.sent is None or case.masks is None:
        return None
    cosines = []
    for number, (side, other) in enumerate((case.at.sides, case.at.sides[::-1])):
        e, f = seen(side, case.masks[number][None]), seen(other, case.sent[1 - number][None])
        cosines.append(float(torch.cosine_similarity(e.double(), f.double())))
    return float(np.mean(cosines))


def completeness(case: Case) -> float | None:
    """By how much, of the cosine, the evidence misses the similarity that goes with every place, 0 the best; None for a
    method that promises no sum. Not over that similarity, which may be next to nothing."""
    found = inefficiency_of(case.at, case.explanation)
    gaps = found.pair_inefficiency if found.inefficiency is None else found.inefficiency
    return None if gaps is None else float(np.mean(gaps))


def _alike(case: Case, at: PairAtLayer) -> float | None:
    """Rank correlation of photograph 0's map with its map of another pair."""
    one, other = case.explanation.map0, case.map_of(at)
    if one is None or other is None:
        return None
    return _correlation(one, enlarged(other, (one.shape[0], one.shape[1])))


def _correlation(one: np.ndarray, other: np.ndarray) -> float | None:
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return None  # the ranks of a constant map are not defined
    return float(spearmanr(one.ravel(), other.ravel()).statistic)
