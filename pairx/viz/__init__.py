"""Drawing: the only room where maps are coloured, scaled and clipped. It sees only `pairx.types`."""

from pairx.viz.colors import match_colors, palettes
from pairx.viz.maps import FADE
from pairx.viz.scene import FAINT, Look, MatchMark, Scene, compose

__all__ = ["FADE", "FAINT", "Look", "MatchMark", "Scene", "compose", "match_colors", "palettes"]
