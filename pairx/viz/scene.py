"""What a picture of an explanation shows, before anything is printed: one truth for the screen and for files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Look:
    """How an explanation is drawn. Changing a look never recomputes anything.

    k_lines: matches drawn as lines. k_colors: matches painted into the pixels. opacity: 0 to 1, of the heat and of the colour
    maps. palette: name of a palette of match colours. isolate: index of the one match that stays bright, or None for all.
    """

    k_lines: int = 20
    k_colors: int = 10
    opacity: float = 0.75
    palette: str = "bright"
    isolate: int | None = None


@dataclass(frozen=True)
class MatchMark:
    """One match as drawn. rank: 1 is the most relevant. color: "#rrggbb". points: x/y in each image as fractions of its width
    and height. relevance: raw. share: of the summed relevance of all matches, 0 to 1. layers: RGBA uint8 (H, W, 4) paint over each
    image at full opacity, or None beyond k_colors."""

    rank: int
    color: str
    point0: tuple[float, float]
    point1: tuple[float, float]
    relevance: float
    layer0: np.ndarray | None
    layer1: np.ndarray | None


@dataclass(frozen=True)
class Scene:
    """A drawn explanation, in layers.

    photo0, photo1: (H, W, 3) uint8. heat0, heat1: (H, W, 4) uint8 RGBA of the relevance maps at full opacity, of any
    resolution, to be stretched over the photographs. marks: matches, most relevant first. title, legend: lines of text.
    """

    photo0: np.ndarray
    photo1: np.ndarray
    heat0: np.ndarray | None
    heat1: np.ndarray | None
    marks: tuple[MatchMark, ...]
    look: Look
