"""Colours of matches: distinct for everyone, generated in CIELAB.

Colour-blind vision is simulated with the matrices of Machado, Oliveira and Fernandes, "A Physiologically-based Model
for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, at severity 1.
"""

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

# From linear RGB to linear RGB: normal vision, protanopia, deuteranopia.
_VISIONS = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ]
)
# Normal vision has room to spare: asking it for 1/0.6 of the others' distance yields hues that also have names.
_WEIGHTS = np.array([0.6, 1.0, 1.0])
_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
# Readable over photographs and over faded ones: neither near black nor near white, and clearly coloured.
_LIGHTNESS = (45, 85)
_CHROMA = 50

_FIRST = {
    "bright": ("#dd2233",),
    # Okabe and Ito, "Color Universal Design", 2008; black last, because it hides in the markings of an animal.
    "okabe-ito": ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#000000"),
}


def palettes() -> tuple[str, ...]:
    """Names that `match_colors` takes, the default first."""
    return (*_FIRST, "ranked")


@cache
def match_colors(n: int, palette: str = "bright") -> tuple[str, ...]:
    """Colours for n matches, most relevant first.

    n: 0 to 40. palette: "bright" and "okabe-ito" are distinct under normal vision, protanopia and deuteranopia, the
    first ones most; the colours for n are the first n of those for 40. "ranked" runs through viridis, from yellow (most
    relevant) to violet. Returns n strings "#rrggbb". Raises InputError for another palette or n.
    """
    if palette not in palettes():
        raise InputError(f"No palette {palette!r}: choose one of {', '.join(palettes())}.")
    if not 0 <= n <= MOST:
        raise InputError(f"{n} matches in colour: colours stay distinct from 0 to {MOST}.")
    return _ranked(n) if palette == "ranked" else _distinct(_FIRST[palette])[:n]


def rgb(color: str) -> np.ndarray:
    """(3,) float, 0 to 1, of "#rrggbb"."""
    return np.frombuffer(bytes.fromhex(color[1:]), np.uint8) / 255


def _hex(color: np.ndarray) -> str:
    return "#" + np.round(255 * color).astype(np.uint8).tobytes().hex()


def _ranked(n: int) -> tuple[str, ...]:
    # The last tenth of viridis is too pale for a faded photograph.
    ramp = matplotlib.colormaps["viridis"](np.arange(256))[:, :3]
    return tuple(_hex(ramp[round(at)]) for at in np.linspace(230, 0, n))


@cache
def _distinct(first: tuple[str, ...]) -> tuple[str, ...]:
    """40 colours that begin with `first`, each next one the farthest from all before it (greedy max-min)."""
    steps = np.linspace(0, 1, 16)
    candidates = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    seen = _seen(candidates)
    lightness, chroma = seen[0, :, 0], np.hypot(seen[0, :, 1], seen[0, :, 2])
    fits = (lightness >= _LIGHTNESS[0]) & (lightness <= _LIGHTNESS[1]) & (chroma >= _CHROMA)
    candidates, seen = candidates[fits], seen[:, fits]

    chosen = [rgb(color) for color in first]
    nearest = np.min([_distance(seen, _seen(color[None])) for color in chosen], axis=0)
    while len(chosen) < MOST:
        best = int(nearest.argmax())
        chosen.append(candidates[best])
        nearest = np.minimum(nearest, _distance(seen, seen[:, best : best + 1]))
    return tuple(_hex(color) for color in chosen)


def _distance(seen: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N,) weighted CIELAB distance of colours (3 visions, N, 3) to one colour (3, 1, 3), least over the visions."""
    return (np.linalg.norm(seen - other, axis=-1) * _WEIGHTS[:, None]).min(axis=0)


def _seen(colors: np.ndarray) -> np.ndarray:
    """(3 visions, N, 3) CIELAB (D65) of sRGB colours (N, 3), 0 to 1."""
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    visible = np.clip(np.einsum("vij,nj->vni", _VISIONS, linear), 0, 1)
    xyz = visible @ _XYZ.T / _XYZ.sum(axis=1)
    root = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
