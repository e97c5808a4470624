"""Matching by local features: what two photographs share, whatever the model sees in them."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

import numpy as np

from pairx import geometry
from pairx.baselines.registry import Finding, NoOptions, method
from pairx.baselines.sides import PairAtLayer
from pairx.geometry import MATCHERS
from pairx.types import Matches, Step


def find(at: PairAtLayer, _options: NoOptions, features: str) -> Generator[Step, None, Finding]:
    """Local matches that fit one homography (`pairx.geometry`); cells are pixels, relevance is the match's score: 1
    less the ratio of the distances to the nearest and the second nearest feature, or LightGlue's confidence. Metrics:
    how many matched, how many of them are left. Raises InputError where the features' weights are not installed.
    """
    found = []
    for number, image in enumerate((at.pair.image0, at.pair.image1)):
        yield Step(number, 3, "finding local features")
        found.append(geometry.local_features(image, features))
    yield Step(2, 3, "matching them")
    local = geometry.local_matches(*found)
    kept = np.flatnonzero(geometry.follow(local, *found).follows)
    order = kept[np.argsort(-local.score[kept], kind="stable")]
    keypoints = [points[order] for points in (local.points0, local.points1)]
    cells = [np.floor(points[:, ::-1]).astype(int) for points in keypoints]
    matches = Matches(*cells, *keypoints, local.score[order], local.distance[order])
    return Finding(matches=matches, metrics={"local_matches": float(len(local)), "inliers": float(len(order))})


MATCHERS.follow(lambda name, matcher: method(matcher.card)(partial(find, features=name)))
