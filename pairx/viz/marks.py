"""Which matches are drawn, where, and in which colour and width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pairx.types import ImagePair, InputError, Matches
from pairx.viz import maps
from pairx.viz.colors import AGAINST, CASINGS, NEUTRAL, match_colors, rgb

FAINT = 0.12
"""Share of their opacity that the other matches keep while one is isolated."""


@dataclass(frozen=True)
class Look:
    """How an explanation is drawn. Changing a look never recomputes anything.

    k_lines: matches drawn as lines: the first so many of those that raise the similarity, and of those that lower it
    the ones that are among the so many strongest of all. k_colors: matches painted into the pixels, at most 40.
    opacity: 0 to 1, of the heat and of the colour maps. palette: name of a palette of match colours. isolate: index of
    the one match that stays bright, or None for all. numbers: whether a print says the ranks of matches in colour.
    """

    k_lines: int = 20
    k_colors: int = 10
    opacity: float = 0.75
    palette: str = "bright"
    isolate: int | None = None
    numbers: bool = True


@dataclass(frozen=True)
class MatchMark:
    """One match as drawn.

    rank: its place among all matches, from 1. color: "#rrggbb", neutral beyond k_colors, one blue for all that lower
    the similarity. points: x/y in each image as fractions of its width and height. relevance: raw, negative where the
    match lowers the similarity. share: of the magnitudes of all matches' relevance, with the relevance's sign, -1 to 1.
    layers: RGBA uint8 (H, W, 4) paint of this match alone over each image at full opacity, or None beyond k_colors and
    where there is no map. at: how many lines a look asks for at least where this one is drawn. line: whether it is
    drawn. opacity: 1, or FAINT while another match is isolated. width: of its line, points. casing: "#rrggbb" of the
    line's halo.
    """

    rank: int
    color: str
    point0: tuple[float, float]
    point1: tuple[float, float]
    relevance: float
    share: float
    layer0: np.ndarray | None
    layer1: np.ndarray | None
    at: int = 1
    line: bool = True
    opacity: float = 1.0
    width: float = 1.2
    casing: str = CASINGS[0]

    @property
    def against(self) -> bool:
        """Whether it lowers the similarity: its line is dashed."""
        return self.relevance < 0

    @property
    def numbered(self) -> bool:
        """Whether its rank is printed: it has a colour of its own, which no other match has, and is bright."""
        return self.color not in (NEUTRAL, AGAINST) and self.opacity == 1


def marked(matches: Matches, look: Look) -> dict[int, int]:
    """The indices of the matches that a look shows, each with how many lines a look asks for at least that draws it.

    One that raises the similarity is drawn from its own place on; one that lowers it where as many lines as asked for
    would include it if only strength counted, so that evidence against is seen where it weighs as much as what is
    drawn. What does neither is not shown.
    """
    most = max(look.k_lines, look.k_colors)
    strongest = np.argsort(-np.abs(matches.relevance), kind="stable")[:most]
    by_strength = {int(index): place + 1 for place, index in enumerate(strongest)}
    raising = {index: index + 1 for index in range(min(matches.raising, most))}
    lowering = range(matches.raising, matches.raising + matches.lowering)
    return raising | {index: by_strength[index] for index in lowering if index in by_strength}


def mark_matches(
    matches: Matches, pair: ImagePair, look: Look, alphas: list[np.ndarray | None]
) -> tuple[MatchMark, ...]:
    """The matches that a look shows. alphas: (k, H, W), 0 to 1, the paint of the first k over each image, or None.
    Raises InputError where the look isolates a match that it does not show.
    """
    shown = marked(matches, look)
    if look.isolate is not None and look.isolate not in shown:
        raise InputError(f"Match {look.isolate + 1} cannot be isolated: it is none of the {len(shown)} that are drawn.")
    colors = match_colors(min(matches.raising, look.k_colors), look.palette)
    magnitude = np.abs(matches.relevance)
    total, most = magnitude.sum(), magnitude.max(initial=0)

    def mark(i: int) -> MatchMark:
        against, colored = matches.relevance[i] < 0, i < len(colors)
        color = AGAINST if against else colors[i] if colored else NEUTRAL
        layer0, layer1 = (maps.tint(one[i], rgb(color)) if one is not None and i < len(one) else None for one in alphas)
        return MatchMark(
            i + 1,
            color,
            _within(matches.keypoints0[i], pair.image0),
            _within(matches.keypoints1[i], pair.image1),
            float(matches.relevance[i]),
            float(matches.relevance[i] / total),
            layer0,
            layer1,
            at=shown[i],
            line=shown[i] <= look.k_lines,
            opacity=1.0 if look.isolate in (None, i) else FAINT,
            width=_width(magnitude[i] / most, against or colored),
            casing=CASINGS[0] if against or colored else CASINGS[1],
        )

    return tuple(map(mark, shown))


def _within(point: np.ndarray, image: np.ndarray) -> tuple[float, float]:
    """A point (x, y) in fractions of an image's width and height."""
    x, y = (point / image.shape[1::-1]).tolist()
    return x, y


def _width(share_of_most: float, colored: bool) -> float:
    """Points: grows gently with relevance, thin for the neutral ones."""
    return float(0.7 + 0.7 * np.sqrt(share_of_most)) if colored else 0.5
