"""Deletion and insertion curves: what is left of the similarity without, and with nothing but, the highest pixels."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from pairx.baselines import Side
from pairx.evaluation.faithfulness import most_attributed, seen

SHARES = (0.1, 0.3, 0.6)
"""Of a photograph's pixels: the points of a curve."""
_SEED = 0


@torch.no_grad()
def curve(side: Side, one: np.ndarray) -> np.ndarray:
    """(2, S) cosines of a photograph and its whole partner by the photograph's map (height, width), at each of SHARES.

    First, of deletion: that share of the pixels, the highest, is blurred by a box of 25 x 25 px of the input. Then, of
    insertion: all others are. Of equal pixels those where a random field is higher go first.
    """
    highest = np.stack([most_attributed(one, _ties(one.shape), share) for share in SHARES])
    return side.cosine(seen(side, np.concatenate([~highest, highest]))).double().cpu().numpy().reshape(2, len(SHARES))


@cache
def _ties(size: tuple[int, int]) -> np.ndarray:
    return np.random.default_rng(_SEED).standard_normal(size)
