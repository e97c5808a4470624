"""An explanation as a scene, from which the page draws it in any look."""

from __future__ import annotations

from pairx import images, viz
from pairx.types import Explanation, ImagePair
from pairx.ui.explain.payload import Scale, Scene
from pairx.ui.shared.files import data_uri
from pairx.ui.shared.links import MOST_COLORS, MOST_LINES

LONGEST = 1800  # px of a photograph on screen; it can be zoomed into


def scene_of(explanation: Explanation, pair: ImagePair, longest: int = LONGEST, quality: int = 92) -> Scene:
    """All that the browser needs to draw an explanation in any look, JSON-ready.

    The colours of every palette for every number of painted matches come along, and each match's opacity map on its
    own, so that a look changes without the server. longest, quality: px and JPEG quality of its photographs.
    """
    scene = viz.compose(explanation, pair, viz.Look(MOST_LINES, MOST_COLORS))
    traced = [(mark.layer0, mark.layer1) for mark in scene.marks if mark.layer0 is not None and mark.layer1 is not None]
    return {
        "similarity": explanation.similarity,
        "photos": [
            {
                "src": data_uri(images.thumbnail(photo, longest), "jpeg", quality=quality),
                "width": photo.shape[1],
                "height": photo.shape[0],
                "name": name,
            }
            for photo, name in ((pair.image0, pair.id0), (pair.image1, pair.id1))
        ],
        "heat": [None if heat is None else data_uri(heat, "png") for heat in (scene.heat0, scene.heat1)],
        "extents": [scene.extent0, scene.extent1],
        "marks": [
            {
                "rank": mark.rank,
                "at": mark.at,
                "points": [mark.point0, mark.point1],
                "share": mark.share,
                "against": mark.against,
                "width": mark.width,
            }
            for mark in scene.marks
        ],
        "alphas": [[data_uri(layers[side][..., 3], "png") for layers in traced] for side in (0, 1)],
        "palettes": {
            name: [list(viz.match_colors(n, name)) for n in range(MOST_COLORS + 1)] for name in viz.palettes()
        },
        "neutral": viz.NEUTRAL,
        "against": viz.AGAINST,
        "banner": scene.banner,
        "paint_banner": scene.paint_banner,
        "casings": list(viz.CASINGS),
        "faint": viz.FAINT,
        "fade": list(viz.FADE),
        "scales": _scales(scene),
        "signed": list(viz.signed_colors()),
        "grids": [None if one is None else one.shape for one in (explanation.map0, explanation.map1)],
        "notes": list(explanation.notes),
        "matches": 0 if explanation.matches is None else len(explanation.matches),
    }


def _scales(scene: viz.Scene) -> list[Scale]:
    """The heat's legend: its colours, what its two ends mean, and their values."""
    if not scene.heat_colors:
        return []
    low, high = scene.heat_words
    ends = (scene.heat_low, scene.heat_scale or 0.0)
    title = "One scale for both photographs; stronger values are painted as the ends"
    return [{"colors": list(scene.heat_colors), "low": low, "high": high, "ends": ends, "title": title}]
