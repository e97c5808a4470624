import cv2
import numpy as np
import pytest

from pairx.viz import maps


@pytest.mark.parametrize("shape", [(20, 20), (7, 7), (11, 18), (1, 5)])
@pytest.mark.parametrize("size", [(384, 384), (333, 401), (97, 50), (20, 20)])
def test_a_hot_cell_peaks_at_its_centre(shape, size):
    (h, w), (height, width) = shape, size
    for row, column in {(0, 0), (h // 2, w // 2), (h - 1, w // 3)}:
        cells = np.zeros(shape, np.float32)
        cells[row, column] = 1
        fine = maps.upsample(cells, height, width)
        assert fine.shape == (max(h, height), max(w, width))
        y, x = (np.argwhere(fine == fine.max()) + 0.5).mean(axis=0)
        # A cell at the border has no neighbour beyond: it stays hot up to the edge, so only its inner side is told.
        if 0 < row < h - 1:
            assert abs(y - (row + 0.5) / h * fine.shape[0]) <= 0.5
        if 0 < column < w - 1:
            assert abs(x - (column + 0.5) / w * fine.shape[1]) <= 0.5
        assert fine[int((row + 0.5) / h * fine.shape[0]), int((column + 0.5) / w * fine.shape[1])] >= 0.85 * fine.max()


def test_upsampling_keeps_the_cells_values_and_invents_no_evidence():
    cells = np.random.default_rng(0).normal(size=(9, 13)).astype(np.float32)
    fine = maps.upsample(cells, 9 * 15, 13 * 15)
    np.testing.assert_allclose(fine[7::15, 7::15], cells, atol=1e-6)
    assert fine.min() >= cells.min() and fine.max() <= cells.max()
    lone = np.zeros((9, 9), np.float32)
    lone[4, 4] = 1
    assert maps.upsample(lone, 400, 400).min() == 0


def test_upsampling_mirrors_and_is_even_on_an_even_map():
    cells = np.random.default_rng(1).normal(size=(6, 8)).astype(np.float32)
    np.testing.assert_allclose(
        maps.upsample(cells[:, ::-1], 100, 101), maps.upsample(cells, 100, 101)[:, ::-1], atol=1e-5
    )
    assert (maps.upsample(np.full((3, 4), 0.3, np.float32), 50, 60) == np.float32(0.3)).all()


def test_zero_is_clear_red_raises_blue_lowers():
    clear, red, blue = maps.diverging(np.array([0.0, 0.9, -0.9]))
    assert clear[3] == 0
    assert red[0] > 2 * red[2] and blue[2] > 2 * blue[0]
    assert red[3] == blue[3] > 100


def test_opacity_grows_with_the_value_and_stops_at_the_scale():
    alpha = maps.diverging(np.linspace(0, 3, 301))[:, 3].astype(int)
    assert (np.diff(alpha) >= 0).all() and (alpha[:100:10] < alpha[10:110:10]).all()
    assert (alpha[100:] == alpha[100]).all() and alpha[100] < 255


def test_the_scale_is_shared_and_robust():
    calm = np.linspace(-1, 1, 1001)
    assert maps.scale_of(calm, 2 * calm) == pytest.approx(1.98, abs=0.03)
    assert maps.scale_of(calm, -2 * calm) == maps.scale_of(2 * calm, calm)
    lone = np.zeros(400)
    lone[7] = -5
    assert maps.scale_of(lone) == 5
    noise = np.full(1000, 0.01)
    noise[3] = 9
    assert maps.scale_of(noise) == 3
    assert maps.scale_of(np.zeros(4)) == maps.scale_of() == 0


def test_strength_ignores_sign_and_unit():
    pixels = np.random.default_rng(2).normal(size=(40, 50)).astype(np.float32)
    strength = maps.strength(pixels)
    np.testing.assert_allclose(maps.strength(-1e-6 * pixels), strength, atol=1e-5)
    assert strength.max() == 1 and strength.min() >= 0
    assert not maps.strength(np.zeros((4, 4), np.float32)).any()


def test_equal_paints_mix_in_any_order_and_the_stronger_leads():
    red, blue = np.eye(3)[0], np.eye(3)[2]
    alphas = np.array([0.5, 0.5], np.float32).reshape(2, 1, 1)
    assert maps.blend(alphas, np.array([red, blue]))[0, 0].tolist() == [128, 0, 128, 128]
    uneven = np.array([0.8, 0.4], np.float32).reshape(2, 1, 1)
    mixed = maps.blend(uneven, np.array([red, blue]))
    assert mixed[0, 0].tolist() == [204, 0, 51, 204]
    assert (maps.blend(uneven[::-1], np.array([blue, red])) == mixed).all()


def test_faded_is_what_css_shows_over_white():
    photo = np.array([[[0, 0, 0], [255, 255, 255], [200, 100, 0]]], np.uint8)
    grey = 0.2126 * 200 + 0.7152 * 100
    expected = [127.5, 255, 127.5 + grey / 2]
    np.testing.assert_allclose(maps.faded(photo), np.repeat(expected, 3).reshape(1, 3, 3), atol=0.6)


def test_over_is_the_browsers_arithmetic():
    photo = np.full((2, 2, 3), 100, np.uint8)
    layer = np.full((2, 2, 4), (200, 0, 50, 255), np.uint8)
    assert maps.over(photo, layer, 0.5)[0, 0].tolist() == [150, 50, 75]
    assert (maps.over(photo, layer, 0) == photo).all()
    layer[..., 3] = 0
    assert (maps.over(photo, layer, 1) == photo).all()


def test_a_clear_pixels_color_does_not_bleed():
    layer = np.zeros((1, 2, 4), np.uint8)
    layer[0, 0] = (255, 0, 0, 255)
    layer[0, 1] = (0, 255, 0, 0)
    shown = maps.over(np.zeros((8, 16, 3), np.uint8), layer, 1)
    assert shown[..., 1].max() == 0 and shown[..., 0].max() == 255


def test_a_layer_lies_where_its_cells_lie():
    layer = np.zeros((10, 10, 4), np.uint8)
    layer[2, 7] = 255
    shown = maps.over(np.zeros((301, 207, 3), np.uint8), layer, 1)[..., 0].astype(float)
    moments = cv2.moments(shown)
    assert moments["m10"] / moments["m00"] + 0.5 == pytest.approx(7.5 / 10 * 207, abs=0.5)
    assert moments["m01"] / moments["m00"] + 0.5 == pytest.approx(2.5 / 10 * 301, abs=0.5)


RED = np.full((3, 3, 4), (255, 0, 0, 255), np.uint8)


@pytest.mark.parametrize(
    ("extent", "covered"),
    [
        ((0.25, 0, 0.5, 1), (slice(0, 40), slice(20, 60))),
        ((0, -0.5, 1, 2), (slice(0, 40), slice(0, 80))),
        ((0.125, 0.25, 0.75, 0.5), (slice(10, 30), slice(10, 70))),
        (None, (slice(0, 40), slice(0, 80))),
    ],
)
def test_a_layer_covers_its_extent_and_the_rest_is_hatched(extent, covered) -> None:
    photo = np.full((40, 80, 3), (10, 120, 200), np.uint8)
    expected = photo.copy()
    expected[covered] = (255, 0, 0)
    shown = maps.over(photo, RED, 1.0, extent)
    assert np.array_equal(shown, expected)
    beyond = np.ones((40, 80), bool)
    beyond[covered] = False
    hatched = maps.unseen(shown, extent)
    assert np.array_equal(hatched[~beyond], shown[~beyond])
    assert (hatched[beyond] != shown[beyond]).any(1).all()
    assert beyond.sum() == 0 or len(np.unique(hatched[beyond], axis=0)) == 2, "stripes on the dimmed photograph"


def test_a_layer_beyond_the_photograph_is_cut_and_not_squeezed() -> None:
    layer = np.zeros((4, 4, 4), np.uint8)
    layer[1:3] = (0, 0, 255, 255)  # the middle half of its height
    shown = maps.over(
        np.zeros((40, 80, 3), np.uint8), np.kron(layer, np.ones((20, 20, 1), np.uint8)), 1.0, (0, -0.5, 1, 2)
    )
    assert (shown[..., 2] == 255).all(), "the padding's part lies outside"
