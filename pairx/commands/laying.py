"""One photograph laid over the other, as far as it can be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pairx.types import ImagePair

if TYPE_CHECKING:
    from pairx.viz import Laid


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
