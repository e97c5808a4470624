"""Where one photograph lies in another, by local features and a robust estimate, independent of any model.

A matcher (`matchers`) finds local features (`features`, `networks`) and matches them (`matching`), or looks at both
photographs at once, and a transform is estimated from the matches (`alignment`). Points are x/y pixels, continuous, the
first pixel's centre at (.5, .5).
"""

from pairx.geometry.alignment import (
    AREA,
    DEFAULT_TRANSFORM,
    ENOUGH,
    FEW_INLIERS,
    FLIPPED,
    NON_CONVEX,
    OK,
    THRESHOLD,
    TRANSFORMS,
    Alignment,
    align,
    doubt,
    estimate,
    follow,
    project,
    resize_only,
    usability,
)
from pairx.geometry.features import LocalFeatures, Seen, WholePhotograph
from pairx.geometry.matchers import (
    DEFAULT_FEATURES,
    LONGEST,
    MATCHERS,
    Matcher,
    local_features,
    local_matches,
    require,
)
from pairx.geometry.matching import LocalMatches

__all__ = [
    "AREA", "DEFAULT_FEATURES", "DEFAULT_TRANSFORM", "ENOUGH", "FEW_INLIERS", "FLIPPED", "LONGEST", "MATCHERS",
    "NON_CONVEX", "OK", "THRESHOLD", "TRANSFORMS", "Alignment", "LocalFeatures", "LocalMatches", "Matcher", "Seen",
    "WholePhotograph", "align", "doubt", "estimate", "follow", "local_features", "local_matches", "project", "require",
    "resize_only", "usability",
]  # fmt: skip
