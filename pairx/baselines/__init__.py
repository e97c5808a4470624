"""Every other explainer: class activation, decomposition, Shapley values, perturbation, relevance, classical matching.

A method is a function of a `PairAtLayer` and frozen options, registered under its card. It yields `Step`s, so that a
caller shows progress and may stop, and returns what it finds as raw signed maps.
"""

from pairx.baselines import (
    cam,
    decomposition,
    fullgrad,
    gradients,
    jacobians,
    local_features,
    masked_cam,
    partition,
    relevance,
    search_activation,
    sliding,
    superpixel_pairs,
    superpixels,
)
from pairx.baselines.registry import METHODS, Method, explain
from pairx.baselines.sides import PairAtLayer, Side, encode_one, encode_pair, paired

__all__ = [
    "METHODS", "Method", "PairAtLayer", "Side", "cam", "decomposition", "encode_one", "encode_pair", "explain",
    "fullgrad", "gradients", "jacobians", "local_features", "masked_cam", "paired", "partition", "relevance",
    "search_activation", "sliding", "superpixel_pairs", "superpixels",
]  # fmt: skip
