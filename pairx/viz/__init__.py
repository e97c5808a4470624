"""Drawing: the only room where maps are coloured, scaled and clipped. It sees only `pairx.types`."""

from pairx.viz.colors import CASINGS, NEUTRAL, match_colors, palettes
from pairx.viz.figure import Figure, draw
from pairx.viz.grid import Grid, Panel, draw_grid, panel_of
from pairx.viz.maps import FADE, scale_of
from pairx.viz.scene import FAINT, Look, MatchMark, Scene, compose, signed_colors

__all__ = [
    "CASINGS",
    "FADE",
    "FAINT",
    "NEUTRAL",
    "Figure",
    "Grid",
    "Look",
    "MatchMark",
    "Panel",
    "Scene",
    "compose",
    "draw",
    "draw_grid",
    "match_colors",
    "palettes",
    "panel_of",
    "scale_of",
    "signed_colors",
]
