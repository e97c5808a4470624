"""Classical matching: what two photographs share without any network."""

from __future__ import annotations

from collections.abc import Generator

import numpy as np

from pairx import geometry
from pairx.baselines.registry import Finding, NoOptions, method
from pairx.baselines.sides import PairAtLayer
from pairx.types import Matches, MethodCard, Step


@method(
    MethodCard(
        name="sift",
        title="SIFT + MAGSAC",
        family="classical",
        summary="Matches local features without the model, and keeps those that one homography explains.",
        paper="Lowe: Distinctive Image Features from Scale-Invariant Keypoints; Barath et al.: MAGSAC++",
        equation="Lowe, section 7.1, ratio 0.8; homography within 3 px of the photographs at 800 px",
        license="Apache-2.0 (OpenCV)",
        needs=("both photographs",),
        symmetric=False,
        cost="no forward",
        caveat="Does not look at the model. A homography suits flat things: on animals few matches are left, and by "
        "chance a handful may be.",
    )
)
def sift(at: PairAtLayer, _options: NoOptions) -> Generator[Step, None, Finding]:
    """Matches that pass the ratio test and fit one homography (`pairx.geometry`); cells are pixels, relevance is 1 less
    the ratio of the distances to the nearest and the second nearest feature. Metrics: how many passed the ratio test,
    how many are left.
    """
    features = []
    for number, image in enumerate((at.pair.image0, at.pair.image1)):
        yield Step(number, 3, "finding local features")
        features.append(geometry.local_features(image))
    yield Step(2, 3, "matching them")
    local = geometry.local_matches(*features)
    kept = np.flatnonzero(geometry.follow(local, *features).follows)
    order = kept[np.argsort(local.ratio[kept], kind="stable")]
    keypoints = [points[order] for points in (local.points0, local.points1)]
    cells = [np.floor(points[:, ::-1]).astype(int) for points in keypoints]
    matches = Matches(*cells, *keypoints, 1 - local.ratio[order], local.distance[order])
    return Finding(matches=matches, metrics={"ratio_test": float(len(local)), "inliers": float(len(order))})
