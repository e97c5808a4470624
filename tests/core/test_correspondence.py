"""Where a place finds its partners: tensors with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from pairx.core import correspondence
from pairx.types import InputError

GRIDS = (2, 3), (4, 5)


def one_hot(*cell: int) -> np.ndarray:
    tensor = np.zeros((*GRIDS[0], *GRIDS[1]))
    tensor[cell] = 1
    return tensor


def centre(row: int, column: int, grid: tuple[int, int]) -> tuple[float, float]:
    return (column + 0.5) / grid[1], (row + 0.5) / grid[0]


def test_a_pair_of_places_finds_each_other_in_both_directions() -> None:
    tensor = one_hot(1, 2, 3, 4)
    there = correspondence.partners(tensor, correspondence.at_point(centre(1, 2, GRIDS[0]), GRIDS[0]))
    assert there.shape == GRIDS[1] and there[3, 4] == pytest.approx(1) and there.sum() == pytest.approx(1)
    assert correspondence.strongest(there) == centre(3, 4, GRIDS[1])
    back = correspondence.partners(tensor, correspondence.at_point(centre(3, 4, GRIDS[1]), GRIDS[1]), side=1)
    assert back.shape == GRIDS[0] and correspondence.strongest(back) == centre(1, 2, GRIDS[0])
    elsewhere = correspondence.partners(tensor, correspondence.at_point(centre(0, 0, GRIDS[0]), GRIDS[0]))
    assert not elsewhere.any()


def test_exchanged_photographs_give_the_same_answer_from_the_other_side() -> None:
    tensor = np.random.default_rng(0).standard_normal((*GRIDS[0], *GRIDS[1]))
    weights = correspondence.in_box((0.1, 0.2, 0.7, 0.9), GRIDS[1])
    exchanged = correspondence.partners(tensor.transpose(2, 3, 0, 1), weights, side=0)
    assert correspondence.partners(tensor, weights, side=1) == pytest.approx(exchanged)


def test_between_two_centres_a_place_is_half_of_each() -> None:
    """By hand: on 2 x 3 cells, (1/2, 1/4) is the middle cell of the first row; a sixth to the right is its border."""
    assert correspondence.at_point((0.5, 0.25), (2, 3)).tolist() == [[0, 1, 0], [0, 0, 0]]
    assert correspondence.at_point((0.5 + 1 / 6, 0.25), (2, 3)) == pytest.approx(np.array([[0, 0.5, 0.5], [0, 0, 0]]))
    assert correspondence.at_point((0.5, 0.5), (2, 2)) == pytest.approx(np.full((2, 2), 0.25))


@pytest.mark.parametrize(
    ("point", "cell"), [((0, 0), (0, 0)), ((1, 1), (2, 2)), ((-3, 0.5), (1, 0)), ((0.99, 7), (2, 2))]
)
def test_a_place_at_the_rim_belongs_to_the_outermost_cells(point: tuple, cell: tuple) -> None:
    weights = correspondence.at_point(point, (3, 3))
    assert weights.sum() == pytest.approx(1) and weights[cell] == pytest.approx(1)


def test_a_box_is_the_mean_of_its_cells_by_the_part_of_each() -> None:
    """By hand: the left half of 1 x 4 cells are two of them; one and a half cells weigh 2 : 1."""
    assert correspondence.in_box((0, 0, 0.5, 1), (1, 4)) == pytest.approx(np.array([[0.5, 0.5, 0, 0]]))
    assert correspondence.in_box((0, 0.3, 0.375, 0.6), (1, 4)) == pytest.approx(np.array([[2 / 3, 1 / 3, 0, 0]]))
    assert correspondence.in_box((-1, -1, 2, 2), (3, 4)) == pytest.approx(np.full((3, 4), 1 / 12))


def test_a_mask_of_a_box_is_that_box() -> None:
    mask = np.zeros((12, 30), bool)
    mask[3:9, 10:25] = True
    box = correspondence.in_box((10 / 30, 3 / 12, 25 / 30, 9 / 12), GRIDS[1])
    assert correspondence.in_mask(mask, GRIDS[1]) == pytest.approx(box)


def test_masks_coarser_than_the_cells_are_spread_over_them() -> None:
    mask = np.array([[True, False]])
    assert correspondence.in_mask(mask, (1, 4)) == pytest.approx(np.array([[0.5, 0.5, 0, 0]]))


@pytest.mark.parametrize("box", [(0.2, 0.2, 0.2, 0.8), (0.8, 0, 0.2, 1), (2, 0, 3, 1), (np.nan, 0, 1, 1)])
def test_boxes_without_area_are_refused(box: tuple) -> None:
    with pytest.raises(InputError, match="no area"):
        correspondence.in_box(box, (3, 3))
    with pytest.raises(InputError, match="empty"):
        correspondence.in_mask(np.zeros((4, 4), bool), (3, 3))


def test_a_projection_keeps_exactly_as_many_pixels_as_asked() -> None:
    tensor = one_hot(0, 0, 1, 1)
    found = correspondence.partners(tensor, correspondence.in_box((0, 0, 0.4, 0.4), GRIDS[0]))
    assert np.argwhere(correspondence.highest(found, GRIDS[1], 1)).tolist() == [[1, 1]]
    for count in (0, 1, 37, 400):
        pixels = correspondence.highest(found, (16, 25), count)
        assert pixels.shape == (16, 25) and pixels.sum() == count
    around = np.argwhere(correspondence.highest(found, (16, 25), 9)).mean(0)
    assert around == pytest.approx([5.5, 7], abs=0.51), "around the cell's centre"


def test_a_tie_is_broken_by_order_not_by_chance() -> None:
    flat = correspondence.highest(np.zeros((2, 2)), (2, 2), 3)
    assert flat.tolist() == [[True, True], [True, False]]


def test_evidence_against_the_match_comes_last() -> None:
    cells = np.array([[-2.0, 0.0], [1.0, -1.0]])
    assert correspondence.highest(cells, (2, 2), 2).tolist() == [[False, True], [True, False]]
    assert correspondence.strongest(cells) == (0.25, 0.75)


def test_a_pooled_tensor_keeps_its_mean_and_its_places() -> None:
    tensor = np.random.default_rng(0).standard_normal((6, 3, 5, 4)).astype(np.float32)
    small = correspondence.pooled(tensor, 3)
    assert small.shape == (3, 3, 3, 3) and small.dtype == np.float32
    assert small.mean() == pytest.approx(tensor.mean(), abs=1e-6)
    even = correspondence.pooled(tensor[:, :, :, :3], 3)[:, :, :, 0]
    by_hand = tensor.reshape(3, 2, 3, 5, 4).mean(1)[..., 0]  # two rows are one
    parts = np.array([[0.6, 0.4, 0, 0, 0], [0, 0.2, 0.6, 0.2, 0], [0, 0, 0, 0.4, 0.6]])  # five columns are three
    np.testing.assert_allclose(even, np.einsum("ab,hwb->hwa", parts, by_hand), rtol=1e-5, atol=1e-6)
    assert correspondence.pooled(tensor, 6) is tensor


def test_places_are_of_what_the_model_sees() -> None:
    """A crop of the middle half, and a padded photograph, of 80 x 40 pixels."""
    crop, pad = (20.0, 0.0, 40.0, 40.0), (0.0, -20.0, 80.0, 80.0)
    assert correspondence.seen((0.5, 0.5, 0.5, 0.5), crop, (80, 40)) == (0.5,) * 4
    assert correspondence.seen((0, 0, 0.5, 1), crop, (80, 40)) == (0, 0, 0.5, 1), "a box is cut to it"
    assert correspondence.seen((0, 0, 0, 0), pad, (80, 40)) == (0, 0.25, 0, 0.25)
    assert correspondence.seen((0.1, 0.2, 0.3, 0.4), None, (80, 40)) == pytest.approx((0.1, 0.2, 0.3, 0.4))
    for place in ((0.1, 0.5, 0.1, 0.5), (0.8, 0, 1, 1)):
        with pytest.raises(InputError, match="does not see this place"):
            correspondence.seen(place, crop, (80, 40))
