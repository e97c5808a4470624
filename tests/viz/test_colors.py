import itertools

import numpy as np
import pytest
from skimage import color as reference

from pairx.types import InputError
from pairx.viz import AGAINST, match_colors, palettes
from pairx.viz.colors import rgb

# Machado et al. 2009, severity 1, typed here again so that a slip in the table of `tools.make_palette` shows.
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
GREY = "#777777"  # a photograph's middle


def seen(colors: tuple[str, ...], matrix: list) -> np.ndarray:
    """(N, 3) CIELAB of colours as seen through a matrix on linear RGB, by scikit-image."""
    srgb = np.array([rgb(color) for color in colors])
    linear = reference.rgb2xyz(srgb) @ np.linalg.inv(reference.colorconv.xyz_from_rgb).T
    visible = np.clip(linear @ np.array(matrix).T, 0, 1)
    return reference.xyz2lab(visible @ reference.colorconv.xyz_from_rgb.T)


def least(colors: tuple[str, ...], vision: str) -> float:
    """CIEDE2000 of the two colours that are hardest to tell apart."""
    lab = seen(colors, VISIONS[vision])
    return min(reference.deltaE_ciede2000(a, b) for a, b in itertools.combinations(lab, 2))


@pytest.mark.parametrize(("n", "normal", "blind"), [(5, 34, 21), (10, 19, 11.5), (20, 12, 7.2), (40, 6.5, 3.9)])
def test_bright_colors_differ_for_everyone(n: int, normal: float, blind: float) -> None:
    """A CIEDE2000 of 2 is seen side by side, one of 5 at a glance."""
    colors = match_colors(n, "bright")
    for vision in VISIONS:
        assert least(colors, vision) >= (normal if vision == "normal" else blind), vision


@pytest.mark.parametrize("other", [GREY, AGAINST])
def test_no_match_looks_like_a_photographs_grey_or_like_one_that_lowers(other: str) -> None:
    for vision, matrix in VISIONS.items():
        lab = seen((*match_colors(20), other), matrix)
        assert reference.deltaE_ciede2000(lab[:-1], lab[-1:]).min() >= 8.5, vision


def test_the_first_ones_are_the_most_distinct() -> None:
    for vision in VISIONS:
        five, ten, twenty = (least(match_colors(n), vision) for n in (5, 10, 20))
        assert five > ten > twenty


def test_bright_colors_are_neither_dark_nor_pale():
    lightness = seen(match_colors(40, "bright"), np.eye(3))[:, 0]
    assert lightness.min() >= 42 and lightness.max() <= 86


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
