"""Deletion and insertion curves: what is left of the similarity without, and with nothing but, the highest pixels."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from pairx.baselines import Side
from pairx.evaluation.faithfulness import seen

SHARES = (0.1, 0.3, 0.6)
"""Of a photograph's pixels: the points of a curve."""
_SEED = 0


@torch.no_grad()
def curve(side: Side, one: np.ndarray) -> np.ndarray:
    """(2, S) cosines of a photograph and its whole partner by the photograph's map (height, width), at each of SHARES.

    First, of deletion: that share of the pixels, the highest, is blurred by a box of 25 x 25 px of the input. Then, of
    insertion: all others are. Of equal pixels those where a random field is higher go first.
    """
    first = _first(one.shape)
    order = first[np.argsort(-one.ravel()[first], kind="stable")]
    highest = np.zeros((len(SHARES), one.size), bool)
    for share, mask in zip(SHARES, highest, strict=True):
        mask[order[: round(share * one.size)]] = True
    highest = highest.reshape(-1, *one.shape)
    return side.cosine(seen(side, np.concatenate([~highest, highest]))).double().cpu().numpy().reshape(2, len(SHARES))


@cache
def _first(size: tuple[int, int]) -> np.ndarray:
    """(height * width,) pixels in the order in which equal ones go."""
    return np.argsort(-np.random.default_rng(_SEED).standard_normal(size).ravel(), kind="stable")
