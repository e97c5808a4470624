"""The matchers of two photographs by what they show, whatever a model sees in them: one record each.

One that detects features in each photograph, and then matches them:

    MATCHERS.add("orb", Matcher(card, detect=find_orb, match=match_orb))

and one that looks at both photographs at once:

    MATCHERS.add("roma", Matcher(card, match_images=roma))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from pairx import images
from pairx.geometry import networks
from pairx.geometry.features import SIFT, LocalFeatures, Seen, WholePhotograph, sift
from pairx.geometry.matching import LocalMatches, by_lightglue, by_ratio
from pairx.plugins import Registry
from pairx.types import InputError, MethodCard

DEFAULT_FEATURES = "xfeat"  # with DEFAULT_TRANSFORM most often usable and right: `python -m benchmarks.homography`
LONGEST = 800  # px; photographs are reduced to this before they are looked at


@dataclass(frozen=True)
class Matcher:
    """How places of two photographs are matched: by detect and match, or by match_images.

    card: of the method that shows its matches, by the matcher's name. detect: (H, W, 3) uint8 RGB to points (N, 2) x/y
    pixels and descriptors (N, D). match: two `LocalFeatures` to `LocalMatches`. match_images: two images to points (N,
    2), (N, 2) x/y pixels of each and scores (N,), 0 to 1. Pixels are continuous, the first one's centre at (.5, .5).
    multiple: of pixels that an image's sides have to be. require: raises InputError where it cannot run.
    """

    card: MethodCard
    detect: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]] | None = None
    match: Callable[[LocalFeatures, LocalFeatures], LocalMatches] | None = None
    match_images: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None
    multiple: int = 1
    require: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        if (self.match_images is None) == (self.detect is None or self.match is None):
            raise InputError(f"The matcher {self.card.name} has detect and match, or match_images alone.")


MATCHERS: Registry[Matcher] = Registry("matchers")
"""By name, in the order they are shown."""


def require(features: str) -> None:
    """Raise InputError for an unknown matcher, and for one whose weights are not installed."""
    if features not in MATCHERS:
        raise InputError(f"The local features are {', '.join(MATCHERS)}, not {features!r}.")
    MATCHERS[features].require()


def local_features(image: np.ndarray, features: str = SIFT) -> Seen:
    """What a matcher keeps of (H, W, 3) uint8 RGB, seen at a longest side of about LONGEST px at most: its local
    features, or the photograph itself.

    features: "sift" (Lowe 2004), "xfeat" (Potje et al. 2024), "aliked" (Zhao et al. 2023), "disk" (Tyszkiewicz et al.
    2020) or another name of MATCHERS. The same photograph gives the same. Raises InputError as `require` does.
    """
    require(features)
    matcher = MATCHERS[features]
    reduced = _reduced(image, matcher.multiple)
    size, seen = image.shape[1::-1], reduced.shape[1::-1]
    if matcher.detect is None:
        return WholePhotograph(features, reduced, size)
    points, descriptors = matcher.detect(reduced)
    return LocalFeatures(features, images.scale_points(points, seen, size), descriptors, size, seen)


def local_matches(seen0: Seen, seen1: Seen) -> LocalMatches:
    """Match two photographs of which `local_features` kept something by one matcher."""
    assert seen0.kind == seen1.kind, "features of two kinds have nothing in common"
    matcher = MATCHERS[seen0.kind]
    if matcher.match and isinstance(seen0, LocalFeatures) and isinstance(seen1, LocalFeatures):
        return matcher.match(seen0, seen1)
    assert matcher.match_images and isinstance(seen0, WholePhotograph) and isinstance(seen1, WholePhotograph)
    points0, points1, score = matcher.match_images(seen0.image, seen1.image)
    sides = ((points0, seen0), (points1, seen1))
    places0, places1 = (images.scale_points(np.asarray(one, float), side.seen, side.size) for one, side in sides)
    return LocalMatches(places0, places1, np.asarray(score, float), 1 - np.asarray(score, float))


def _reduced(image: np.ndarray, multiple: int) -> np.ndarray:
    """The photograph at a longest side of at most LONGEST px, each side rounded to a multiple of some pixels."""
    height, width = image.shape[:2]
    scale = min(1.0, LONGEST / max(height, width)) / multiple
    return images.resize(image, tuple(multiple * max(1, round(side * scale)) for side in (height, width)))


CAVEAT = "Does not look at the model. A homography suits flat things: on animals {}"


def _card(**facts: Any) -> MethodCard:
    """A card's facts that the four have in common."""
    return MethodCard(family="classical", needs=("both photographs",), symmetric=False, **facts)


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

for card in CARDS:
    if card.name == SIFT:
        MATCHERS.add(SIFT, Matcher(card, sift, by_ratio))
    else:
        MATCHERS.add(
            card.name,
            Matcher(
                card,
                partial(networks.detect, name=card.name),
                by_lightglue,
                multiple=networks.MULTIPLE,
                require=partial(networks.require, card.name),
            ),
        )
