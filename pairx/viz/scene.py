"""What a picture of an explanation shows, before anything is printed: one truth for the screen and for files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pairx.types import Explanation, ImagePair, InputError, Matches
from pairx.viz import maps
from pairx.viz.colors import CASINGS, MOST, NEUTRAL, match_colors, rgb

FAINT = 0.12
"""Share of their opacity that the other matches keep while one is isolated."""


@dataclass(frozen=True)
class Look:
    """How an explanation is drawn. Changing a look never recomputes anything.

    k_lines: matches drawn as lines. k_colors: matches painted into the pixels, at most 40. opacity: 0 to 1, of the heat
    and of the colour maps. palette: name of a palette of match colours. isolate: index of the one match that stays
    bright, or None for all.
    """

    k_lines: int = 20
    k_colors: int = 10
    opacity: float = 0.75
    palette: str = "bright"
    isolate: int | None = None


@dataclass(frozen=True)
class MatchMark:
    """One match as drawn.

    rank: 1 is the most relevant. color: "#rrggbb", neutral beyond k_colors. points: x/y in each image as fractions of
    its width and height. relevance: raw. share: of the summed positive relevance of all matches, 0 to 1. layers: RGBA
    uint8 (H, W, 4) paint of this match alone over each image at full opacity, or None beyond k_colors and where there
    is no map. line: whether it is one of the k_lines. opacity: 1, or FAINT while another match is isolated. width: of
    its line, points. casing: "#rrggbb" of the line's halo.
    """

    rank: int
    color: str
    point0: tuple[float, float]
    point1: tuple[float, float]
    relevance: float
    share: float
    layer0: np.ndarray | None
    layer1: np.ndarray | None
    line: bool = True
    opacity: float = 1.0
    width: float = 1.2
    casing: str = CASINGS[0]


@dataclass(frozen=True)
class Scene:
    """A drawn explanation, in layers.

    photo0, photo1: (H, W, 3) uint8. heat0, heat1: (H, W, 4) uint8 RGBA of the relevance maps at full opacity, of any
    resolution, to be stretched over the photographs. paint0, paint1: the same for the marks' layers blended into one,
    with those beside an isolated match already faint; they lie over the photographs faded by `maps.FADE`. Lay each at
    `look.opacity`. marks: matches, most relevant first. heat_scale: the |value| painted in full colour, shared by both
    photographs; None without heat. heat_colors: "#rrggbbaa" at full opacity, evenly from heat_low (-heat_scale, or 0
    where the method has dropped the signs) to +heat_scale. heat_words: what these two ends mean. legend: lines of text.
    """

    photo0: np.ndarray
    photo1: np.ndarray
    heat0: np.ndarray | None
    heat1: np.ndarray | None
    marks: tuple[MatchMark, ...]
    look: Look
    paint0: np.ndarray | None = None
    paint1: np.ndarray | None = None
    heat_scale: float | None = None
    heat_colors: tuple[str, ...] = ()
    heat_low: float = 0.0
    heat_words: tuple[str, str] = ("", "")
    legend: tuple[str, ...] = ()


def compose(explanation: Explanation, pair: ImagePair, look: Look | None = None) -> Scene:
    """The scene of an explanation over its pair.

    Raises InputError where the look asks for what does not exist, ValueError where the explanation holds NaN or
    infinity or does not belong together.
    """
    look = look or Look()
    _check(explanation, look)
    scale = maps.scale_of(*(one for one in (explanation.map0, explanation.map1) if one is not None))
    painted = min(look.k_colors, len(explanation.matches)) if explanation.matches is not None else 0
    alphas = [_alphas(stack, painted) for stack in (explanation.pixel_maps0, explanation.pixel_maps1)]
    marks = _marks(explanation.matches, pair, look, alphas) if explanation.matches is not None else ()
    has_heat = explanation.map0 is not None or explanation.map1 is not None
    return Scene(
        photo0=pair.image0,
        photo1=pair.image1,
        heat0=_heat(explanation.map0, scale),
        heat1=_heat(explanation.map1, scale),
        marks=marks,
        look=look,
        paint0=_paint(alphas[0], marks),
        paint1=_paint(alphas[1], marks),
        legend=_legend(explanation, marks),
        **(_heat_key(explanation, scale) if has_heat else {}),
    )


def _check(explanation: Explanation, look: Look) -> None:
    if look.k_lines < 0 or not 0 <= look.k_colors <= MOST:
        raise InputError(f"k_lines {look.k_lines}, k_colors {look.k_colors}: give 0 or more, at most {MOST} in colour.")
    if not 0 <= look.opacity <= 1:
        raise InputError(f"Opacity {look.opacity}: give a number from 0 to 1.")
    arrays = {name: getattr(explanation, name) for name in ("map0", "map1", "pixel_maps0", "pixel_maps1")}
    if explanation.matches is not None:
        arrays |= {name: getattr(explanation.matches, name) for name in ("keypoints0", "keypoints1", "relevance")}
    for name, values in arrays.items():
        # A sum is finite only if all its terms are: one pass, no temporary array. In float64 it cannot overflow.
        if values is not None and not np.isfinite(values.sum(dtype=np.float64)):
            raise ValueError(f"{name} of {explanation.method} holds NaN or infinity.")


def _heat(cells: np.ndarray | None, scale: float) -> np.ndarray | None:
    if cells is None:
        return None
    fine = maps.upsample(cells, max(maps.FINE, cells.shape[0]), max(maps.FINE, cells.shape[1]))
    return maps.diverging(fine / scale if scale else fine)


def signed_colors(low: float = -1.0) -> tuple[str, ...]:
    """33 colours "#rrggbbaa" of signed evidence at full opacity, evenly from `low` (-1 or 0) to 1 of its scale."""
    return tuple("#" + color.tobytes().hex() for color in maps.diverging(np.linspace(low, 1, 33)))


def _heat_key(explanation: Explanation, scale: float) -> dict[str, Any]:
    """The scene's fields on how to read the heat."""
    # PAIR-X's two public codes add up absolute values: then red cannot mean that evidence raises the similarity.
    signed = explanation.settings.get("cells", "signed") == "signed"
    colors = signed_colors(-1 if signed else 0)
    words = ("lowers similarity", "raises similarity") if signed else ("", "matters, either way")
    if explanation.settings.get("sign") == "convention":
        words = ("", "the sign is a convention")
    return {"heat_scale": scale, "heat_colors": colors, "heat_low": -scale if signed else 0.0, "heat_words": words}


def _alphas(stack: np.ndarray | None, k: int) -> np.ndarray | None:
    """(min(k, maps), H, W) float32, 0 to 1, or None where there is nothing to paint."""
    if stack is None or not min(k, len(stack)):
        return None
    return np.stack([maps.strength(pixels) for pixels in stack[:k]])


def _paint(alphas: np.ndarray | None, marks: tuple[MatchMark, ...]) -> np.ndarray | None:
    if alphas is None:
        return None
    opacity = np.array([mark.opacity for mark in marks[: len(alphas)]], np.float32)
    colors = np.array([rgb(mark.color) for mark in marks[: len(alphas)]])
    return maps.blend(alphas * opacity[:, None, None], colors)


def _marks(matches: Matches, pair: ImagePair, look: Look, alphas: list[np.ndarray | None]) -> tuple[MatchMark, ...]:
    n = min(len(matches), max(look.k_lines, look.k_colors))
    if look.isolate is not None and not 0 <= look.isolate < n:
        raise InputError(f"Match {look.isolate + 1} cannot be isolated: {n} are drawn.")
    colors = match_colors(min(n, look.k_colors), look.palette)
    points0 = matches.keypoints0[:n] / pair.image0.shape[1::-1]
    points1 = matches.keypoints1[:n] / pair.image1.shape[1::-1]
    positive = np.maximum(matches.relevance, 0)
    total, most = positive.sum(), positive.max(initial=0)

    def layer(side: int, i: int) -> np.ndarray | None:
        stack = alphas[side]
        return maps.tint(stack[i], rgb(colors[i])) if stack is not None and i < len(stack) else None

    return tuple(
        MatchMark(
            rank=i + 1,
            color=colors[i] if i < len(colors) else NEUTRAL,
            point0=(float(points0[i, 0]), float(points0[i, 1])),
            point1=(float(points1[i, 0]), float(points1[i, 1])),
            relevance=float(matches.relevance[i]),
            share=float(positive[i] / total) if total else 0.0,
            layer0=layer(0, i),
            layer1=layer(1, i),
            line=i < look.k_lines,
            opacity=1.0 if look.isolate in (None, i) else FAINT,
            width=_width(positive[i] / most if most else 1.0, i < len(colors)),
            casing=CASINGS[0] if i < len(colors) else CASINGS[1],
        )
        for i in range(n)
    )


def _width(share_of_most: float, colored: bool) -> float:
    """Points: grows gently with relevance, thin for the neutral ones."""
    return float(0.7 + 0.7 * np.sqrt(share_of_most)) if colored else 0.5


def _legend(explanation: Explanation, marks: tuple[MatchMark, ...]) -> tuple[str, ...]:
    """What was computed, what came out, how to read the colour maps or the one match."""
    known = explanation.settings
    layer = str(known.get("layer") or "")
    if layer and known.get("stride"):
        layer += f" (1/{known['stride']})"
    lines = [_joined(explanation.method, known.get("model"), layer)]

    counts = ""
    if explanation.matches is not None:
        counts = f"{sum(mark.line for mark in marks)} of {len(explanation.matches)} matches"
        if any(mark.color == NEUTRAL for mark in marks):
            counts += f", {sum(mark.color != NEUTRAL for mark in marks)} in colour"
    lines.append(_joined(f"similarity {explanation.similarity:.3f}", counts))

    bright = [mark for mark in marks if mark.opacity == 1]
    if len(bright) == 1 < len(marks):
        lines.append(f"match {bright[0].rank} carries {bright[0].share:.1%} of the matches' relevance")
    elif any(mark.layer0 is not None or mark.layer1 is not None for mark in marks):
        start = f"from the {known['start']}, " if known.get("start") else ""
        lines.append(f"colour maps: {start}each scaled alone, blur {maps.SMOOTH:g} px")
    return tuple(lines)


def _joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)
