"""What a picture of an explanation shows, before anything is printed: one truth for the screen and for files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pairx.types import NOTHING_MATCHES, NOTHING_RAISES, Explanation, Extent, ImagePair, InputError
from pairx.viz import maps
from pairx.viz.colors import AGAINST, MOST, NEUTRAL, rgb
from pairx.viz.marks import Look, MatchMark, mark_matches
from pairx.viz.place import Pointed

UNSEEN = "not seen by the model"
"""What the hatched parts of a photograph are."""


@dataclass(frozen=True)
class Scene:
    """A drawn explanation, in layers.

    photo0, photo1: (H, W, 3) uint8. heat0, heat1: (H, W, 4) uint8 RGBA of the relevance maps at full opacity, of any
    resolution, to be stretched over the photographs' extents. paint0, paint1: the same for the marks' layers blended
    into one, with those beside an isolated match already faint; they lie over the photographs faded by `maps.FADE`. Lay
    each at `look.opacity`. marks: matches, most relevant first. heat_scale: the |value| painted in full colour, shared
    by both photographs; None without heat. heat_colors: "#rrggbbaa" at full opacity, evenly from heat_low (-heat_scale,
    or 0 where the method has dropped the signs) to +heat_scale. heat_words: what these two ends mean. legend: lines of
    text. extent0, extent1: (x, y, w, h) of what the model sees of each photograph, in fractions of its width and
    height, or None for all of it; what lies beyond is drawn as UNSEEN. banner: what the picture itself has to say, over
    the photographs, or nothing; paint_banner: the same over the faded ones. notes: the explanation's. pointed:
    the place that the heat answers, where one was pointed at.
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
    banner: str = ""
    paint_banner: str = ""
    notes: tuple[str, ...] = ()
    extent0: Extent | None = None
    extent1: Extent | None = None
    pointed: Pointed | None = None


def compose(explanation: Explanation, pair: ImagePair, look: Look | None = None, scale: float | None = None) -> Scene:
    """The scene of an explanation over its pair. scale: the |value| painted in full colour, None for the pair's own.

    Raises InputError where the look asks for what does not exist, ValueError where the explanation holds NaN or
    infinity or does not belong together.
    """
    look = look or Look()
    explanation, withheld = _believable(explanation)
    _check(explanation, look)
    extents = [_in_fractions(*one) for one in zip((explanation.extent0, explanation.extent1), pair.images, strict=True)]
    if scale is None:
        scale = maps.scale_of(*(one for one in (explanation.map0, explanation.map1) if one is not None))
    alphas = [_alphas(stack, look.k_colors) for stack in (explanation.pixel_maps0, explanation.pixel_maps1)]
    marks = mark_matches(explanation.matches, pair, look, alphas) if explanation.matches is not None else ()
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
        legend=_legend(explanation, marks, any(map(hides, extents))),
        banner=withheld or _banner(explanation),
        paint_banner=explanation.withheld_pixels,
        notes=explanation.notes,
        extent0=extents[0],
        extent1=extents[1],
        **(_heat_key(explanation, scale) if has_heat else {}),
    )


def _in_fractions(extent: Extent | None, image: np.ndarray) -> Extent | None:
    height, width = image.shape[:2]
    return extent and (extent[0] / width, extent[1] / height, extent[2] / width, extent[3] / height)


def hides(extent: Extent | None) -> bool:
    """Whether an extent (x, y, w, h), in fractions, leaves a part of its photograph unseen."""
    if extent is None:
        return False
    x, y, w, h = extent
    return x > 0 or y > 0 or x + w < 1 or y + h < 1


def _believable(explanation: Explanation) -> tuple[Explanation, str]:
    """The explanation without what is withheld, and why its maps and matches are."""
    if explanation.withheld:
        bare = replace(explanation, map0=None, map1=None, matches=None, pixel_maps0=None, pixel_maps1=None)
        return bare, explanation.withheld
    if explanation.withheld_pixels:
        explanation = replace(explanation, pixel_maps0=None, pixel_maps1=None)
    return explanation, ""


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
    painted = [mark for mark in marks if mark.rank <= len(alphas)]
    opacity = np.array([mark.opacity for mark in painted], np.float32)
    colors = np.array([rgb(mark.color) for mark in painted]).reshape(-1, 3)
    stack = alphas[[mark.rank - 1 for mark in painted]]
    return maps.blend(stack * opacity[:, None, None], colors) if painted else None


def _banner(explanation: Explanation) -> str:
    if NOTHING_MATCHES in explanation.notes:
        return NOTHING_MATCHES
    matches = explanation.matches
    return NOTHING_RAISES if matches is not None and len(matches) and not matches.raising else ""


def _legend(explanation: Explanation, marks: tuple[MatchMark, ...], hidden: bool) -> tuple[str, ...]:
    """What was computed, what came out, how to read the colour maps or the one match. hidden: whether a part of a
    photograph is."""
    known = explanation.settings
    layer = str(known.get("layer") or "")
    if layer and known.get("stride"):
        layer += f" (1/{known['stride']})"
    lines = [_joined(explanation.method, known.get("model"), layer)]

    counts = ""
    if explanation.matches is not None:
        drawn = [mark for mark in marks if mark.line]
        total = len(explanation.matches)
        counts = f"{len(drawn)} of {total} {'match' if total == 1 else 'matches'}"
        if any(mark.color == NEUTRAL for mark in drawn):
            counts += f", {sum(mark.color not in (NEUTRAL, AGAINST) for mark in drawn)} in colour"
        if against := sum(mark.against for mark in drawn):
            counts += f", {_lowering(against, len(drawn))} it (dashed blue)"
    lines.append(_joined(f"similarity {explanation.similarity:.3f}".replace("-", "−"), counts))

    bright = [mark for mark in marks if mark.opacity == 1]
    if len(bright) == 1 < len(marks):
        does = "lowers the similarity by" if bright[0].against else "carries"
        lines.append(f"match {bright[0].rank} {does} {abs(bright[0].share):.1%} of the matches' relevance")
    elif any(mark.layer0 is not None or mark.layer1 is not None for mark in marks):
        start = f"from the {known['start']}, " if known.get("start") else ""
        lines.append(f"colour maps: {start}each scaled alone, blur {maps.SMOOTH:g} px")
    if hidden:
        lines[2:] = [_joined(*lines[2:], f"hatched: {UNSEEN}")]
    return tuple(lines)


def _lowering(against: int, drawn: int) -> str:
    """How many of the matches that are drawn lower the similarity, but for the object."""
    if against == drawn:
        return "which lowers" if drawn == 1 else "all of them lower"
    return "1 of them lowers" if against == 1 else f"{against} of them lower"


def _joined(*parts: object) -> str:
    return " · ".join(str(part) for part in parts if part)
