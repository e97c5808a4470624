"""Where one photograph lies in another, by local features and a robust estimate, independent of any model.

Local features are SIFT's or a network's (`features`), matched by the ratio test or by LightGlue (`matching`), and a
transform is estimated from the matches (`alignment`). Points are x/y pixels, continuous, the first pixel's centre at
(.5, .5).
"""

from pairx.geometry.alignment import (
    AREA,
    DEFAULT_TRANSFORM,
    FEW_INLIERS,
    FLIPPED,
    NON_CONVEX,
    OK,
    TRANSFORMS,
    Alignment,
    align,
    estimate,
    follow,
    project,
    resize_only,
    usability,
)
from pairx.geometry.features import DEFAULT_FEATURES, FEATURES, LONGEST, LocalFeatures, local_features, require
from pairx.geometry.matching import LocalMatches, local_matches

__all__ = [
    "AREA", "DEFAULT_FEATURES", "DEFAULT_TRANSFORM", "FEATURES", "FEW_INLIERS", "FLIPPED", "LONGEST", "NON_CONVEX",
    "OK", "TRANSFORMS", "Alignment", "LocalFeatures", "LocalMatches", "align", "estimate", "follow", "local_features",
    "local_matches", "project", "require", "resize_only", "usability",
]  # fmt: skip
