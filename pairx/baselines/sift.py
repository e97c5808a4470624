"""Classical matching: what two photographs share without any network."""

from __future__ import annotations

from collections.abc import Generator

import cv2
import numpy as np

from pairx.baselines.registry import Finding, NoOptions, method
from pairx.baselines.sides import PairAtLayer
from pairx.types import Matches, MethodCard, Step

RATIO = 0.8
PIXELS = 3.0
"""By which a match may miss the homography, pixels of the second photograph."""


@method(
    MethodCard(
        name="sift",
        title="SIFT + MAGSAC",
        family="classical",
        summary="Matches local features without the model, and keeps those that one homography explains.",
        paper="Lowe: Distinctive Image Features from Scale-Invariant Keypoints; Barath et al.: MAGSAC++",
        equation="Lowe, section 7.1, ratio 0.8; homography within 3 px",
        license="Apache-2.0 (OpenCV)",
        needs=("both photographs",),
        symmetric=False,
        cost="no forward",
        caveat="Does not look at the model. A homography suits flat things: on animals few matches are left, and by "
        "chance a handful may be.",
    )
)
def sift(at: PairAtLayer, _options: NoOptions) -> Generator[Step, None, Finding]:
    """Matches that pass the ratio test and fit one homography; cells are pixels, relevance is 1 less the ratio of the
    distances to the nearest and the second nearest feature. Metrics: how many passed the ratio test, how many are left.
    """
    points, descriptors = [], []
    for number, image in enumerate((at.pair.image0, at.pair.image1)):
        yield Step(number, 3, "finding local features")
        found, described = cv2.SIFT_create().detectAndCompute(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), None)
        points.append(np.array([one.pt for one in found], float).reshape(-1, 2) + 0.5)  # OpenCV counts from centres
        descriptors.append(described)
    yield Step(2, 3, "matching them")
    pairs, ratios, distances = ratio_test(*descriptors)
    matched = [side[pairs[:, number]] for number, side in enumerate(points)]
    kept = consistent(*matched)
    order = np.flatnonzero(kept)[np.argsort(ratios[kept], kind="stable")]
    keypoints = [side[order] for side in matched]
    cells = [np.floor(side[:, ::-1]).astype(int) for side in keypoints]
    matches = Matches(*cells, *keypoints, 1 - ratios[order], distances[order])
    return Finding(matches=matches, metrics={"ratio_test": float(len(pairs)), "inliers": float(len(order))})


def ratio_test(descriptors0: np.ndarray | None, descriptors1: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Indices (N, 2) of features whose nearest neighbour is much nearer than the second, the ratios (N,) and the
    nearest's distances (N,).
    """
    if descriptors0 is None or descriptors1 is None or len(descriptors1) < 2:
        return np.zeros((0, 2), int), np.zeros(0), np.zeros(0)
    nearest = cv2.BFMatcher(cv2.NORM_L2).knnMatch(descriptors0, descriptors1, k=2)
    good = [(one, one.distance / max(two.distance, 1e-12)) for one, two in nearest]
    good = [(one, ratio) for one, ratio in good if ratio < RATIO]
    pairs = np.array([(one.queryIdx, one.trainIdx) for one, _ in good], int).reshape(-1, 2)
    return pairs, np.array([ratio for _, ratio in good]), np.array([one.distance for one, _ in good])


def consistent(points0: np.ndarray, points1: np.ndarray) -> np.ndarray:
    """(N,) bool: which matches fit one homography; none where there is none."""
    if len(points0) < 4:
        return np.zeros(len(points0), bool)
    _, inliers = cv2.findHomography(points0, points1, cv2.USAC_MAGSAC, PIXELS, maxIters=10000, confidence=0.999)
    return np.zeros(len(points0), bool) if inliers is None else inliers.ravel() > 0
