"""Between cells, and agreement: against closed forms, a field whose true shift is known, and loops by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

import pairx
from pairx.core import refining
from pairx.core.evidence import AGREED
from pairx.core.matching import match, mutual, nearest
from pairx.core.refining import Cells, agreement, between, peak
from pairx.images import cell_centres
from pairx.models import EmbeddingModel, EncodedPair
from pairx.testing import make_pair
from pairx.types import ImagePair, Matches, View

BOTH = {"positions": "between", "strength": "agreement"}


def cells_of(descriptors: Tensor, grid: tuple[int, int], outside: tuple[int, ...] = ()) -> Cells:
    inside = torch.ones(len(descriptors), dtype=torch.bool)
    inside[list(outside)] = False
    return Cells(descriptors, grid, inside)


def likeness_of(likeness: list[list[float]], outside: tuple[int, ...] = ()) -> Cells:
    """Cells that are as like (1, 0) as told; of different lengths, which must not count."""
    cosines = torch.tensor(likeness, dtype=torch.double)
    flat = cosines.flatten()
    lengths = torch.linspace(1, 3, len(flat), dtype=torch.double)
    descriptors = torch.stack([flat, (1 - flat**2).sqrt()], 1) * lengths[:, None]
    return cells_of(descriptors, tuple(cosines.shape), outside)


def peak_at(cells: Cells, number: int) -> list[float]:
    return peak(torch.tensor([[2.0, 0.0]]), cells, torch.tensor([number]))[0].tolist()


ROUND = [[0.1, 0.5, 0.2], [0.6, 0.9, 0.8], [0.3, 0.7, 0.1]]


def test_the_top_of_a_parabola() -> None:
    """Rows .5 .9 .7: (.5 - .7) / (2 (.5 - 1.8 + .7)) = 1/6; columns .6 .9 .8: -.2 / (2 * -.4) = 1/4."""
    assert peak_at(likeness_of(ROUND), 4) == pytest.approx([1 / 6, 1 / 4])
    curve = [[0.5 - 0.3 * (x - 1.2) ** 2 - 0.2 * (y - 0.9) ** 2 for x in range(3)] for y in range(3)]
    assert peak_at(likeness_of(curve), 4) == pytest.approx([-0.1, 0.2]), "of a true parabola exactly"


def test_where_there_is_no_top_nothing_moves() -> None:
    flat = likeness_of([[0.5] * 3] * 3)
    assert peak_at(flat, 4) == [0, 0]
    assert peak_at(likeness_of([[0.5] * 3, [0.2] * 3, [0.5] * 3]), 4) == [0, 0], "a valley"
    assert peak_at(likeness_of([[0.1] * 3, [0.5] * 3, [0.9] * 3]), 4) == pytest.approx([0, 0], abs=0.5)
    assert peak(torch.zeros(1, 2), flat, torch.tensor([4])).tolist() == [[0, 0]], "nothing is asked for"


def test_half_a_cell_is_the_most() -> None:
    assert peak_at(likeness_of([[0.1], [0.6], [0.9]]), 1) == [0.5, 0], "the next cell is likelier"


@pytest.mark.parametrize(("number", "moved"), [(1, [0, 1]), (3, [1, 0]), (0, [0, 0]), (8, [0, 0])])
def test_at_the_edge_only_what_lies_along_it_moves(number: int, moved: list[int]) -> None:
    found = peak_at(likeness_of([[0.1, 0.6, 0.3], [0.6, 0.2, 0.3], [0.3, 0.2, 0.9]]), number)
    assert [value != 0 for value in found] == [bool(value) for value in moved]


def test_cells_off_the_photograph_do_not_pull() -> None:
    assert peak_at(likeness_of(ROUND, outside=(3,)), 4) == pytest.approx([1 / 6, 0])
    assert peak_at(likeness_of(ROUND, outside=(7,)), 4) == pytest.approx([0, 1 / 4])


def test_many_matches_are_looked_at_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = (cells_of(torch.randn(30, 4, generator=torch.manual_seed(seed)), (5, 6)) for seed in (0, 1))
    numbers = torch.arange(30), torch.arange(30).flip(0)
    whole = between(one, other, *numbers)
    monkeypatch.setattr(refining, "ROWS", 7)
    assert all(torch.equal(*sides) for sides in zip(whole, between(one, other, *numbers), strict=True))
    none = torch.zeros(0, dtype=torch.long)
    assert [len(side) for side in between(one, other, none, none)] == [0, 0]


def by_hand(one: Cells, other: Cells, near: tuple[Tensor, Tensor], number0: int, number1: int) -> float:
    said = []
    for cells, others, to, own, partner in (
        (one, other, near[0], number0, number1), (other, one, near[1], number1, number0),
    ):  # fmt: skip
        (row, column), (there_row, there_column) = divmod(own, cells.grid[1]), divmod(partner, others.grid[1])
        for y in range(max(row - 1, 0), min(row + 2, cells.grid[0])):
            for x in range(max(column - 1, 0), min(column + 2, cells.grid[1])):
                beside = y * cells.grid[1] + x
                if beside != own and cells.inside[beside]:
                    found_row, found_column = divmod(int(to[beside]), others.grid[1])
                    said.append(max(abs(found_row - there_row), abs(found_column - there_column)) <= 1)
    return float(np.mean(said)) if said else 0.0


def test_agreement_by_hand() -> None:
    rng = np.random.default_rng(0)
    one = cells_of(torch.from_numpy(rng.normal(size=(20, 3))), (4, 5), outside=(0, 7))
    other = cells_of(torch.from_numpy(rng.normal(size=(18, 3))), (6, 3), outside=(17,))
    near = nearest(one.descriptors, other.descriptors)
    numbers0, numbers1 = mutual(*near)
    expected = [by_hand(one, other, near, *pair) for pair in zip(numbers0.tolist(), numbers1.tolist(), strict=True)]
    assert 0 < np.mean(expected) < 1
    assert agreement(one, other, near, numbers0, numbers1).tolist() == pytest.approx(expected)
    turned = agreement(other, one, near[::-1], numbers1, numbers0)
    assert turned.tolist() == pytest.approx(expected), "the photographs exchanged"


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_neighbours_of_a_turned_or_mirrored_photograph_agree(turns: int, mirrored: bool) -> None:
    descriptors = torch.randn(5, 6, 8, generator=torch.manual_seed(0))
    other = torch.rot90(descriptors.flip(1) if mirrored else descriptors, turns)
    cells = [cells_of(one.flatten(0, 1), tuple(one.shape[:2])) for one in (descriptors, other)]
    near = nearest(cells[0].descriptors, cells[1].descriptors)
    numbers = mutual(*near)
    assert len(numbers[0]) == 30 and agreement(*cells, near, *numbers).tolist() == [1.0] * 30
    wrong = torch.tensor([0]), torch.tensor([29 - int(numbers[1][0])])
    assert agreement(*cells, near, *wrong).tolist() == [0.0]


def test_one_cell_has_nobody_to_agree() -> None:
    one = cells_of(torch.ones(1, 2), (1, 1))
    near = torch.zeros(1, dtype=torch.long), torch.zeros(1, dtype=torch.long)
    assert agreement(one, one, near, *near).tolist() == [0.0]


def field(rows: np.ndarray, columns: np.ndarray) -> Tensor:
    """(1, 400, h, w) features of a smooth world at places, in cells; a seeded sum of waves a channel, of any phase."""
    rng = np.random.default_rng(5)
    waves, phases = rng.normal(0, 0.55, (400, 2)), rng.uniform(0, 2 * np.pi, 400)
    y, x = np.meshgrid(rows, columns, indexing="ij")
    values = np.sin(waves[:, 0, None, None] * y + waves[:, 1, None, None] * x + phases[:, None, None])
    return torch.from_numpy(values)[None]


def encoded(model: EmbeddingModel, pair: ImagePair, one: Tensor, other: Tensor) -> EncodedPair:
    return EncodedPair(model, pair, torch.ones(2, 4), {"stage": torch.cat([one, other])})


def relevance(grid: tuple[int, int]) -> list[Tensor]:
    return [torch.rand(grid, generator=torch.manual_seed(seed)) - 0.2 for seed in (0, 1)]


@pytest.mark.parametrize("shift", [(1 / 3, -0.3), (-0.2, 0.4), (0.0, 1.3)])
def test_a_shift_by_a_part_of_a_cell_is_found(tiny: EmbeddingModel, shift: tuple[float, float]) -> None:
    """Photographs of other proportions than the grid, so that cells are no squares."""
    rows, columns = np.arange(12.0), np.arange(10.0)
    images = np.zeros((2, 90, 200, 3), np.uint8)
    pair = ImagePair(*images, "a", "b", View.whole(200, 90), View.whole(200, 90))
    both = encoded(tiny, pair, field(rows, columns), field(rows + shift[0], columns + shift[1]))
    cell, errors = np.array([20, 7.5]), {}
    for positions in ("centres", "between"):
        found = match(both, "stage", relevance((12, 10)), positions)
        true = found.keypoints0 - cell * shift[::-1]
        errors[positions] = np.linalg.norm((found.keypoints1 - true) / cell, axis=1)
    off = np.hypot(*(value - round(value) for value in shift))
    assert np.median(errors["centres"]) == pytest.approx(off)
    assert len(errors["between"]) > 60 and np.median(errors["between"]) < 0.2 * off
    assert (errors["between"] < errors["centres"]).mean() > 0.7, "but along the edges"


def options_of(one: Matches) -> list[np.ndarray]:
    return [getattr(one, name) for name in ("cells0", "cells1", "keypoints0", "keypoints1", "relevance", "distance")]


def sorted_by_cell(one: Matches) -> list[np.ndarray]:
    order = np.lexsort(np.column_stack([one.cells0, one.cells1]).T)
    return [value[order] for value in options_of(one)]


@pytest.fixture
def two(tiny: EmbeddingModel) -> EncodedPair:
    generator = torch.manual_seed(3)
    smooth = [torch.nn.functional.avg_pool2d(torch.randn(1, 5, 12, 13, generator=generator), 3, 1) for _ in (0, 1)]
    return encoded(tiny, make_pair(), smooth[0], 0.3 * smooth[1] + 0.7 * smooth[0])


def test_each_option_changes_what_it_says(two: EncodedPair) -> None:
    relevances = relevance((10, 11))
    plain = match(two, "stage", relevances)
    assert all(
        map(np.array_equal, options_of(plain), options_of(match(two, "stage", relevances, "centres", "relevance")))
    )
    for one, cells in ((plain.keypoints0, plain.cells0), (plain.keypoints1, plain.cells1)):
        size = two.pair.image0.shape[1::-1] if one is plain.keypoints0 else two.pair.image1.shape[1::-1]
        assert np.array_equal(one, cell_centres(cells, (10, 11), size))
    moved = match(two, "stage", relevances, "between")
    for name in ("cells0", "cells1", "relevance", "distance"):
        assert np.array_equal(getattr(moved, name), getattr(plain, name))
    for side, image in enumerate(two.pair.images):
        cell = np.array(image.shape[1::-1]) / (11, 10)
        off = (getattr(moved, f"keypoints{side}") - getattr(plain, f"keypoints{side}")) / cell
        assert abs(off).max() <= 0.25 + 1e-12 and (off != 0).mean() > 0.5
    ordered = match(two, "stage", relevances, strength="agreement")
    assert not np.array_equal(ordered.relevance, plain.relevance)
    assert all(map(np.array_equal, sorted_by_cell(ordered), sorted_by_cell(plain)))
    signs = np.sign(ordered.relevance)
    assert (ordered.raising, ordered.lowering) == (plain.raising, plain.lowering) and ordered.lowering > 0
    assert signs.tolist() == sorted(signs, key=[1, -1, 0].index)


def test_exchanged_photographs_give_the_same_matches(two: EncodedPair) -> None:
    turned = EncodedPair(two.model, two.pair.swapped(), two.embeddings, {"stage": two.activations["stage"].flip(0)})
    one = match(two, "stage", relevance((10, 11)), **BOTH)
    other = match(turned, "stage", relevance((10, 11))[::-1], **BOTH)
    assert one.relevance[: one.raising].tolist() == other.relevance[: one.raising].tolist(), "in the same order"
    back = Matches(other.cells1, other.cells0, other.keypoints1, other.keypoints0, other.relevance, other.distance)
    assert all(map(np.array_equal, sorted_by_cell(one), sorted_by_cell(back)))


def test_copies_of_one_photograph_match_in_place(two: EncodedPair) -> None:
    image, view, features = two.pair.image0, two.pair.view0, two.activations["stage"][:1]
    same = encoded(two.model, ImagePair(image, image, "a", "b", view, view), features, features)
    found = match(same, "stage", relevance((10, 11)), **BOTH)
    assert len(found) == 110 and np.array_equal(found.cells0, found.cells1)
    assert np.array_equal(found.keypoints0, found.keypoints1)


@pytest.mark.parametrize("resize", ["pad", "crop"])
def test_padding_and_cuts(two: EncodedPair, resize: str) -> None:
    """What lies off the photograph changes nothing, and nothing ends there."""
    model = EmbeddingModel(two.model.card, two.model.module, replace(two.model.preprocessing, resize=resize))
    found = []
    for fill in (None, 0.0, 1e3):
        features = two.activations["stage"].clone()
        for side, image in enumerate(two.pair.images):
            x, y, w, h = model.preprocessing.extent(*image.shape[1::-1])
            centres = cell_centres(np.indices((10, 11)).reshape(2, -1).T, (10, 11), (w, h), (x, y))
            outside = ((centres < 0) | (centres > image.shape[1::-1])).any(1).reshape(10, 11)
            assert outside.any() == (resize == "pad")
            if fill is not None:
                features[side][:, torch.from_numpy(outside)] = fill
        found.append(match(EncodedPair(model, two.pair, two.embeddings, {"stage": features}), "stage",
                           relevance((10, 11)), **BOTH))  # fmt: skip
    for one in found[1:]:
        assert all(map(np.array_equal, options_of(found[0]), options_of(one)))
    for side, image in enumerate(two.pair.images):
        ends = getattr(found[0], f"keypoints{side}")
        assert (ends >= 0).all() and (ends <= image.shape[1::-1]).all()


def test_pixel_maps_stay_with_their_cells(tiny: EmbeddingModel, pair: ImagePair) -> None:
    one, other = (pairx.explain(tiny, pair, k_colors=3, positions=name) for name in ("centres", "between"))
    assert np.array_equal(one.pixel_maps0, other.pixel_maps0) and np.array_equal(one.map1, other.map1)
    assert other.settings["positions"] == "between" and not np.array_equal(
        one.matches.keypoints0, other.matches.keypoints0
    )
    assert pairx.explain(tiny, pair, k_colors=0, preset="paper").settings["positions"] == "centres"


def test_another_order_is_said(tiny: EmbeddingModel, pair: ImagePair) -> None:
    plain, agreed = (pairx.explain(tiny, pair, k_colors=0, strength=name) for name in ("relevance", "agreement"))
    assert set(agreed.notes) - set(plain.notes) == {AGREED} and AGREED not in plain.notes
