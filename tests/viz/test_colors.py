import itertools

import numpy as np
import pytest
from skimage import color as reference

from pairx.types import InputError
from pairx.viz import match_colors, palettes
from pairx.viz.colors import rgb

# Machado et al. 2009, severity 1, typed here again so that a slip in the palette's own table shows.
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]


def seen(colors: tuple[str, ...], matrix: list) -> np.ndarray:
    """(N, 3) CIELAB of colours as seen through a matrix on linear RGB, by scikit-image."""
    srgb = np.array([rgb(color) for color in colors])
    linear = reference.rgb2xyz(srgb) @ np.linalg.inv(reference.colorconv.xyz_from_rgb).T
    visible = np.clip(linear @ np.array(matrix).T, 0, 1)
    return reference.xyz2lab(visible @ reference.colorconv.xyz_from_rgb.T)


def least(colors: tuple[str, ...], matrix: list) -> float:
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen(colors, matrix), 2))


@pytest.mark.parametrize(("n", "normal", "blind"), [(10, 37, 22), (20, 20, 12), (40, 12, 7)])
def test_bright_colors_differ_for_everyone(n, normal, blind):
    colors = match_colors(n, "bright")
    assert least(colors, np.eye(3)) >= normal
    assert least(colors, PROTANOPIA) >= blind
    assert least(colors, DEUTERANOPIA) >= blind


def test_the_first_ten_are_the_most_distinct():
    ten = least(match_colors(10), DEUTERANOPIA)
    assert ten > least(match_colors(11), DEUTERANOPIA) and ten > least(match_colors(20), DEUTERANOPIA)


def test_bright_colors_are_neither_dark_nor_pale():
    lightness = seen(match_colors(40, "bright"), np.eye(3))[:, 0]
    assert lightness.min() >= 44 and lightness.max() <= 86


@pytest.mark.parametrize("palette", palettes())
@pytest.mark.parametrize("n", [0, 1, 2, 8, 10, 40])
def test_every_palette_gives_n_different_colors(palette, n):
    colors = match_colors(n, palette)
    assert len(set(colors)) == len(colors) == n
    assert all(len(color) == 7 and 0 <= int(color[1:], 16) <= 0xFFFFFF for color in colors)


@pytest.mark.parametrize("palette", ["bright", "okabe-ito"])
def test_more_matches_keep_the_colors_of_fewer(palette):
    assert match_colors(10, palette) == match_colors(40, palette)[:10]


def test_okabe_ito_are_the_published_ones():
    published = {"#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7", "#000000"}
    assert set(match_colors(8, "okabe-ito")) == published


def test_ranked_grows_darker_with_rank():
    lightness = seen(match_colors(10, "ranked"), np.eye(3))[:, 0]
    assert (np.diff(lightness) < -3).all()


@pytest.mark.parametrize(
    ("n", "palette", "word"), [(3, "rainbow", "okabe-ito"), (41, "bright", "40"), (-1, "bright", "0")]
)
def test_what_is_not_offered_is_an_input_error(n, palette, word):
    with pytest.raises(InputError, match=word):
        match_colors(n, palette)
