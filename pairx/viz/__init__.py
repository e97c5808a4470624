"""Drawing: the only room where maps are coloured, scaled and clipped. It sees only `pairx.types`, and
`pairx.files`, by which files appear whole."""

from pairx.viz.aligned import Laid
from pairx.viz.colors import AGAINST, CASINGS, NEUTRAL, match_colors, palettes
from pairx.viz.contrast import draw_contrast
from pairx.viz.detail import MOST_ZOOM, Detail
from pairx.viz.figure import Figure, draw
from pairx.viz.grid import ENDS, Entry, Grid, Panel, draw_entries, draw_grid, notes_of, panel_of
from pairx.viz.maps import FADE, scale_of
from pairx.viz.marks import FAINT, Look, MatchMark, marked
from pairx.viz.moving import MOVING, Moving, blink, follow_points
from pairx.viz.pointed import Answer
from pairx.viz.scene import Scene, compose, signed_colors
from pairx.viz.sheets import WIDTHS

__all__ = [
    "AGAINST",
    "CASINGS",
    "ENDS",
    "FADE",
    "FAINT",
    "MOST_ZOOM",
    "MOVING",
    "NEUTRAL",
    "WIDTHS",
    "Answer",
    "Detail",
    "Entry",
    "Figure",
    "Grid",
    "Laid",
    "Look",
    "MatchMark",
    "Moving",
    "Panel",
    "Scene",
    "blink",
    "compose",
    "draw",
    "draw_contrast",
    "draw_entries",
    "draw_grid",
    "follow_points",
    "marked",
    "match_colors",
    "notes_of",
    "palettes",
    "panel_of",
    "scale_of",
    "signed_colors",
]
