"""Matching by local features: what two photographs share, whatever the model sees in them."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial
from typing import Any

import numpy as np

from pairx import geometry
from pairx.baselines.registry import Finding, NoOptions, method
from pairx.baselines.sides import PairAtLayer
from pairx.types import Matches, MethodCard, Step

CAVEAT = "Does not look at the model. A homography suits flat things: on animals {}"


def _card(**facts: Any) -> MethodCard:
    """A card's facts that the four have in common."""
    shared = {"family": "classical", "needs": ("both photographs",), "symmetric": False}
    return MethodCard(**shared | facts)


def _with_lightglue(name: str, title: str, paper: str, licenses: str, **facts: Any) -> MethodCard:
    return _card(
        name=name,
        title=f"{title} + LightGlue",
        summary=f"Matches {title} features by a network that sees both photographs, without the model, and keeps those "
        "that one homography explains.",
        paper=f"{paper}; Lindenberger et al.: LightGlue; Barath et al.: MAGSAC++",
        equation="LightGlue, section 3, matches above 0.1; homography within 3 px of the photographs at 800 px",
        license=f"{licenses}, Apache-2.0 (LightGlue, kornia)",
        caveat=CAVEAT.format("it may also come out for a pair of two individuals, from the background or the pose."),
        **facts,
    )


CARDS = (
    _card(
        name="sift",
        title="SIFT + MAGSAC",
        summary="Matches local features without the model, and keeps those that one homography explains.",
        paper="Lowe: Distinctive Image Features from Scale-Invariant Keypoints; Barath et al.: MAGSAC++",
        equation="Lowe, section 7.1, ratio 0.8; homography within 3 px of the photographs at 800 px",
        license="Apache-2.0 (OpenCV)",
        cost="no forward",
        caveat=CAVEAT.format("few matches are left, and by chance a handful may be."),
    ),
    _with_lightglue(
        "xfeat",
        "XFeat",
        "Potje et al.: XFeat: Accelerated Features for Lightweight Image Matching",
        "Apache-2.0 (XFeat)",
        cost="no forward of the model; two small networks",
    ),
    _with_lightglue(
        "aliked",
        "ALIKED",
        "Zhao et al.: ALIKED: A Lighter Keypoint and Descriptor Extraction Network via Deformable Transformation",
        "BSD-3-Clause (ALIKED)",
        cost="no forward of the model; two networks of their own, seconds on a CPU",
        slow=True,
    ),
    _with_lightglue(
        "disk",
        "DISK",
        "Tyszkiewicz et al.: DISK: Learning Local Features with Policy Gradient",
        "Apache-2.0 (DISK)",
        cost="no forward of the model; two networks of their own, many seconds on a CPU",
        slow=True,
    ),
)


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


for card in CARDS:
    method(card)(partial(find, features=card.name))
