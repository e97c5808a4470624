"""Colours of matches, distinct for everyone. `python -m tools.make_palette` finds them and says how."""

from __future__ import annotations

from functools import cache

import matplotlib
import numpy as np

from pairx.types import InputError

MOST = 40
NEUTRAL = "#d8dce0"
"""Of the matches beyond the coloured ones."""
AGAINST = "#0c40be"
"""Of the matches that lower the similarity: the blue of the heat where it is strongest."""
CASINGS = ("#ffffff", "#16181c")
"""The halo that keeps a coloured line and a neutral line readable on any photograph."""

_DISTINCT = {
    "bright": (
        "#dd2233 #7733ff #ccdd00 #ffaaff #00aa88 #ee7722 #5588ff #007711 #88dd88 #aa4488 "
        "#ff4488 #bb3355 #ddbb55 #9966bb #22eedd #ff8899 #cc77bb #aa99ee #559955 #99aa55 "
        "#6666ee #44ccaa #bb3300 #ee11cc #66bb77 #cc5599 #ee9900 #ee5533 #ff66dd #bb5544 "
        "#119966 #ff99cc #55cc33 #dd55ff #aa7700 #8877dd #00dd66 #dd6666 #779944 #cc0066"
    ),
    # Okabe and Ito, "Color Universal Design", 2008, and more; black last of theirs, because it hides in the markings of
    # an animal.
    "okabe-ito": (
        "#e69f00 #56b4e9 #009e73 #f0e442 #0072b2 #d55e00 #cc79a7 #000000 #00eeee #8877ff "
        "#aa4444 #99dd88 #8811ff #669944 #cc2200 #ff7788 #aa77cc #aa4488 #00cc99 #cc0066 "
        "#bbcc55 #ff99cc #ff4499 #9955dd #bbaa55 #7799ff #007744 #776600 #dd8822 #dd6666 "
        "#ee77cc #dd3333 #dd3366 #448833 #ee99ff #eebb00 #ff0044 #cc4499 #5566ff #ee44cc"
    ),
}


def palettes() -> tuple[str, ...]:
    """Names that `match_colors` takes, the default first."""
    return (*_DISTINCT, "ranked")


@cache
def match_colors(n: int, palette: str = "bright") -> tuple[str, ...]:
    """Colours for n matches, most relevant first.

    n: 0 to 40. palette: "bright" and "okabe-ito" are distinct under normal vision, protanopia, deuteranopia and
    tritanopia, the first ones most; the colours for n are the first n of those for 40. "ranked" runs through viridis,
    from yellow (most relevant) to violet. Returns n strings "#rrggbb". Raises InputError for another palette or n.
    """
    if palette not in palettes():
        raise InputError(f"No palette {palette!r}: choose one of {', '.join(palettes())}.")
    if not 0 <= n <= MOST:
        raise InputError(f"{n} matches in colour: colours stay distinct from 0 to {MOST}.")
    return _ranked(n) if palette == "ranked" else tuple(_DISTINCT[palette].split()[:n])


def rgb(color: str) -> np.ndarray:
    """(3,) float, 0 to 1, of "#rrggbb"."""
    return np.frombuffer(bytes.fromhex(color[1:]), np.uint8) / 255


def _hex(color: np.ndarray) -> str:
    return "#" + np.round(255 * color).astype(np.uint8).tobytes().hex()


def _ranked(n: int) -> tuple[str, ...]:
    # The last tenth of viridis is too pale for a faded photograph.
    ramp = matplotlib.colormaps["viridis"](np.arange(256))[:, :3]
    return tuple(_hex(ramp[round(at)]) for at in np.linspace(230, 0, n))


def contrasting(color: str) -> str:
    """Black or white, whichever is easier to read on a colour (WCAG 2.2, relative luminance)."""
    linear = np.where(rgb(color) <= 0.04045, rgb(color) / 12.92, ((rgb(color) + 0.055) / 1.055) ** 2.4)
    return "#000000" if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else "#ffffff"
