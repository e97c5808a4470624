"""One photograph laid over the other, as far as it can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairx.types import ImagePair, InputError

if TYPE_CHECKING:
    from pairx.viz import Laid, Moving


def laid_over(pair: ImagePair, features: str = "xfeat", transform: str = "affine") -> Laid | str:
    """How the second photograph lies over the first, by local features that match and without the model; or, where that
    cannot be told well enough to be shown, a sentence that says why. Raises InputError for other features or another
    transform than there are.
    """
    from pairx.geometry import MATCHERS, align, doubt, local_features
    from pairx.viz import Laid

    seen0, seen1 = (local_features(image, features) for image in pair.images)
    found = align(seen0, seen1, transform)
    if (why := doubt(found)) or found.matrix is None:
        return f"{pair.id1} is not laid over {pair.id0}: {why}."
    kind = MATCHERS[features].card.title
    return Laid(found.matrix, f"{found.inliers} of {found.matches} matches ({kind}) follow one {transform} transform")


def blinked(pair: ImagePair, features: str = "xfeat", transform: str = "affine") -> tuple[Moving, str]:
    """A blink of a pair, and what it shows. Raises InputError where one cannot be laid over the other."""
    from pairx.viz import blink

    laid = laid_over(pair, features, transform)
    if isinstance(laid, str):
        raise InputError(f"{laid} Choose photographs of one side from alike places, or a part of each.")
    return blink(pair, laid), f"{pair.id1} laid over {pair.id0}: {laid.said}"
