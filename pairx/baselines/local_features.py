"""Matching by local features: what two photographs share, whatever the model sees in them."""

from __future__ import annotations

from functools import partial

import numpy as np

from pairx import geometry
from pairx.baselines.registry import Finding, NoOptions, method
from pairx.baselines.sides import PairAtLayer
from pairx.geometry import MATCHERS
from pairx.types import Computation, Matches, Step


def find(at: PairAtLayer, _options: NoOptions, features: str) -> Computation[Finding]:
    """Local matches that fit one homography (`pairx.geometry`); cells are pixels, relevance is the match's score: 1
    less the ratio of the distances to the nearest and the second nearest feature, or LightGlue's confidence. Metrics:
    how many matched, how many of them are left. Raises InputError where the features' weights are not installed.
    """
    yield Step(0, 3, "finding local features")
    found0 = geometry.local_features(at.pair.image0, features)
    yield Step(1, 3, "finding local features")
    found1 = geometry.local_features(at.pair.image1, features)
    yield Step(2, 3, "matching them")
    local = geometry.local_matches(found0, found1)
    kept = np.flatnonzero(geometry.follow(local, found0, found1).follows)
    order = kept[np.argsort(-local.score[kept], kind="stable")]
    points0, points1 = local.points0[order], local.points1[order]
    cells0, cells1 = (np.floor(points[:, ::-1]).astype(int) for points in (points0, points1))
    matches = Matches(cells0, cells1, points0, points1, local.score[order], local.distance[order])
    return Finding(matches=matches, metrics={"local_matches": float(len(local)), "inliers": float(len(order))})


MATCHERS.follow(lambda name, matcher: method(matcher.card)(partial(find, features=name)))
