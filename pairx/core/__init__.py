"""PAIR-X: deep feature matching weighed by relevance (Shrack et al., "Pairwise Matching of Intermediate Representations
for Fine-grained Explainability").
"""

from pairx.core.options import CARD, PRESETS, Options, preset
from pairx.core.pair_x import explain_steps

__all__ = ["CARD", "PRESETS", "Options", "explain_steps", "preset"]
