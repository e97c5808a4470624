"""Finds colours for matches that everyone can tell apart, and prints the palettes of `pairx/viz/colors.py`.

    python -m tools.make_palette

Two colours are as distant as whoever tells them apart least sees them: CIEDE2000 under normal vision, protanopia,
deuteranopia and tritanopia, simulated with the matrices of Machado, Oliveira and Fernandes, "A Physiologically-based
Model for Simulation of Color Vision Deficiency", IEEE TVCG 15(6), 2009, at severity 1. Of "bright" the first 5, the
first 10 and the first 20 are each as far apart as a random search finds them, the most vivid of these first; those
beyond, and those that go on after Okabe's and Ito's, are each the farthest from all before.
"""

from __future__ import annotations

import numpy as np
from skimage import color

from pairx.viz.colors import AGAINST, MOST, match_colors, rgb

VISIONS = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]
)
"""From linear RGB to linear RGB: normal vision, protanopia, deuteranopia, tritanopia."""
# Normal vision has room to spare: asking it for 1/0.6 of the others' distance yields hues that also have names.
WEIGHTS = (0.6, 1.0, 1.0, 1.0)
# Readable over photographs and over faded ones: neither near black nor near white, and clearly coloured.
LIGHTNESS, CHROMA = (42, 86), 45
FIRST = "#dd2233"
OTHERS = ("#777777", AGAINST)
"""What no match may look like: a photograph's middle grey, and a match that lowers the similarity."""
AIMS = {5: 18.0, 10: 12.0, 20: 8.5}
"""So many first colours to the distance that is worth as much as those of the others."""
TRIES = 1_500_000


def seen(colors: np.ndarray) -> np.ndarray:
    """(4 visions, N, 3) CIELAB (D65) of sRGB colours (N, 3), 0 to 1."""
    linear = np.where(colors <= 0.04045, colors / 12.92, ((colors + 0.055) / 1.055) ** 2.4)
    visible = np.clip(np.einsum("vij,nj->vni", VISIONS, linear), 0, 1)
    return color.xyz2lab(visible @ color.colorconv.xyz_from_rgb.T)


def distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(N, M) weighted CIEDE2000 of colours (4, N, 3) to colours (4, M, 3), the least over the visions."""
    each = (
        weight * color.deltaE_ciede2000(a[:, None], b[None]) for weight, a, b in zip(WEIGHTS, one, other, strict=True)
    )
    return np.minimum.reduce(list(each)).astype(np.float32)


def candidates() -> np.ndarray:
    """(N, 3) sRGB, 0 to 1, the first one FIRST."""
    steps = np.linspace(0, 1, 16)
    colors = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = seen(colors)
    chroma = np.hypot(lab[0, :, 1], lab[0, :, 2])
    fits = (lab[0, :, 0] >= LIGHTNESS[0]) & (lab[0, :, 0] <= LIGHTNESS[1]) & (chroma >= CHROMA)
    others = seen(np.array([rgb(other) for other in OTHERS]))
    fits &= distances(lab, others).min(axis=1) >= AIMS[20]
    return np.vstack([rgb(FIRST), colors[fits]])


def worth(apart: np.ndarray, chosen: np.ndarray) -> float:
    """How far apart the first so many are, in units of their aims."""
    between = apart[np.ix_(chosen, chosen)] + np.where(np.eye(len(chosen)), np.inf, 0)
    return sum(between[:count, :count].min() / aim for count, aim in AIMS.items())


def found(apart: np.ndarray) -> np.ndarray:
    """The 20 that a random search finds, by exchanging one at a time and cooling down, and then the farthest ones."""
    rng = np.random.default_rng(0)
    now = np.concatenate([[0], rng.choice(np.arange(1, len(apart)), 19, replace=False)])
    best, best_worth = now, (at := worth(apart, now))
    for heat in np.geomspace(0.1, 0.002, TRIES):
        new = now.copy()
        new[rng.integers(1, 20)] = rng.integers(1, len(apart))
        value = worth(apart, new)
        if value > at or rng.random() < np.exp((value - at) / heat):
            now, at = new, value
            if at > best_worth:
                best, best_worth = now, at
    return best


def continued(first: list[str], colors: np.ndarray) -> list[str]:
    """The first colours and then the candidates (N, 3) that are each the farthest from all before, MOST in all."""
    lab, chosen = seen(colors), list(first)
    nearest = distances(lab, seen(np.array([rgb(one) for one in first]))).min(axis=1)
    while len(chosen) < MOST:
        chosen.append(hexadecimal(colors[nearest.argmax()]))
        nearest = np.minimum(nearest, distances(lab, seen(rgb(chosen[-1])[None]))[:, 0])
    return chosen


def hexadecimal(color_: np.ndarray) -> str:
    """ "#rrggbb" of sRGB (3,), 0 to 1."""
    return "#" + np.round(255 * color_).astype(np.uint8).tobytes().hex()


def main() -> None:
    """Print the palettes."""
    colors = candidates()
    lab = seen(colors)
    apart = np.vstack([distances(lab[:, at : at + 100], lab) for at in range(0, len(colors), 100)])
    chosen = found(apart)
    vivid = np.hypot(lab[0, :, 1], lab[0, :, 2])
    ordered = [one for part in np.split(chosen[1:], np.array([*AIMS]) - 1) for one in part[np.argsort(-vivid[part])]]
    bright = [hexadecimal(colors[one]) for one in (chosen[0], *ordered)]
    for name, first in (("bright", bright), ("okabe-ito", match_colors(8, "okabe-ito"))):
        print(name, *continued(list(first), colors))


if __name__ == "__main__":
    main()
