"""Whatever a model sees of a photograph, and in whatever shape: places on its maps are places in the photograph."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import pairx
from pairx import geometry, methods
from pairx.core import metrics
from pairx.evaluation.scoring import pair_scores
from pairx.models import EmbeddingModel, ModelCard, Preprocessing, load_model
from pairx.testing import make_pair
from pairx.types import Explanation, ImagePair, View

WAYS = [{"resize": "squash"}, {"resize": "crop"}, {"resize": "pad"}, {"resize": "squash", "crop_pct": 0.8}]
SIZES = [(32, 32), (48, 24)]


class Peak(nn.Module):
    """Sees how red each 4 x 4 cell is, and nothing else: what is painted red is all that the embedding knows of."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = nn.Conv2d(3, 2, 4, stride=4, bias=False)
        self.cells.weight.data[:] = torch.tensor([1.0, -0.6, -0.4])[:, None, None] / 16
        self.cells.weight.data[1] *= 0.5
        self.stage = nn.Sequential(self.cells, nn.ReLU())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.stage(x).mean((2, 3)) + 1e-6


def model_of(size: tuple[int, int], **about: object) -> EmbeddingModel:
    card = ModelCard("peak", "peak", "", "peak", "", "")
    return EmbeddingModel(card, Peak(), Preprocessing(size, (0.5,) * 3, (0.25,) * 3, **about))


def marked(where: tuple[int, int], height: int, width: int, radius: int = 4) -> np.ndarray:
    """A grey photograph with a red square about the pixel (x, y)."""
    image = np.full((height, width, 3), 110, np.uint8)
    x, y = where
    image[y - radius : y + radius, x - radius : x + radius] = (255, 0, 0)
    return image


MARKS = ((70, 50), (40, 64))
PAIR = ImagePair(
    marked(MARKS[0], 90, 120), marked(MARKS[1], 120, 80), "a", "b", View.whole(120, 90), View.whole(80, 120)
)


def cell(model: EmbeddingModel, image: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """(w, h) of a cell of a map of this shape, in the image's pixels."""
    return np.array(model.preprocessing.extent(*image.shape[1::-1])[2:]) / shape[::-1]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_marker_is_matched_to_itself(size: tuple[int, int], way: dict) -> None:
    model = model_of(size, **way)
    found = pairx.explain(model, PAIR, layer="stage", k_colors=1)
    first = [found.matches.keypoints0[0], found.matches.keypoints1[0]]
    for image, mark, point, pixels, extent in zip(
        PAIR.images, MARKS, first, (found.pixel_maps0, found.pixel_maps1), (found.extent0, found.extent1), strict=True
    ):
        assert (np.abs(point - mark) <= cell(model, image, model.layer("stage").grid)).all()
        assert pixels.shape == (1, *size)
        x, y, w, h = model.preprocessing.extent(*image.shape[1::-1])
        rows, columns = np.nonzero(pixels[0] > 0.5 * pixels.max())
        painted = (x + (columns.mean() + 0.5) / size[1] * w, y + (rows.mean() + 0.5) / size[0] * h)
        assert (np.abs(np.array(painted) - mark) <= cell(model, image, model.layer("stage").grid)).all()
        assert extent == (None if way == WAYS[0] else model.preprocessing.extent(*image.shape[1::-1]))


@pytest.mark.parametrize("method", ["layercam", "sbsm"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_map_is_highest_at_the_marker(method: str, size: tuple[int, int], way: dict) -> None:
    model = model_of(size, **way)
    options = {"layercam": {}, "sbsm": {"window": 8, "stride": 4}}[method]
    found = pairx.explain(model, PAIR, method, layer="stage", **options)
    for image, mark, values in zip(PAIR.images, MARKS, (found.map0, found.map1), strict=True):
        x, y, w, h = model.preprocessing.extent(*image.shape[1::-1])
        near = values >= values.max() - 1e-6 * np.ptp(values)
        row, column = np.argwhere(near).mean(0)
        point = (x + (column + 0.5) / values.shape[1] * w, y + (row + 0.5) / values.shape[0] * h)
        assert (np.abs(np.array(point) - mark) <= cell(model, image, model.layer("stage").grid)).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, card in methods.cards().items() if card.family != "classical"])
def test_every_method_takes_a_long_input(name: str, tiny: EmbeddingModel) -> None:
    model = EmbeddingModel(tiny.card, tiny.module, replace(tiny.preprocessing, size=(24, 12), resize="crop"))
    few = {"samples": 200, "segments": 30, "players": 3}
    options = {key: value for key, value in few.items() if key in methods.option_names(name)}
    found = pairx.explain(model, make_pair(), name, **options)
    assert found.settings["size"] == [24, 12] and found.settings["grid"] == [12, 6]
    for values in (found.map0, found.map1):
        assert values.shape in {(24, 12), (12, 6), (24 // 2, 12 // 2)} or values.shape[0] >= values.shape[1]
        assert np.isfinite(values).all()
    worth = pairx.faithfulness(model, make_pair(), found)
    assert worth.drop is not None and np.isfinite(worth.drop).all()
    if found.tensor is not None:
        mask = np.zeros((48, 64), bool)
        mask[16:32, 24:40] = True
        both = (mask, np.ones((60, 40), bool))
        assert np.isfinite(pairx.faithfulness(model, make_pair(), found, masks=both).kept).all()


@pytest.mark.parametrize(
    ("name", "size", "grids"),
    [
        ("vit_tiny_patch16_224", (64, 32), {(4, 2)}),
        ("swin_tiny_patch4_window7_224", (224, 112), {(56, 28), (28, 14), (14, 7), (7, 4)}),
        ("mobilenetv3_small_050", (64, 32), {(32, 16), (16, 8), (8, 4), (4, 2), (2, 1)}),
        ("cait_xxs24_224", (64, 32), {(4, 2)}),
        ("levit_128s", (224, 224), {(14, 14), (7, 7), (4, 4)}),
    ],
)
def test_grids_are_the_networks(name: str, size: tuple[int, int], grids: set) -> None:
    model = load_model(f"timm:{name}", pretrained=False, size=size, device="cpu")
    assert {layer.grid for layer in model.layers} <= grids and model.layers
    assert all(abs(layer.stride - size[0] / layer.grid[0]) <= 1 for layer in model.layers if min(layer.grid) > 1)
    e = model.encode(make_pair(), [model.default_layer])
    assert e.activations[model.default_layer].shape[2:] == model.layer(model.default_layer).grid


def test_tokens_lie_in_rows_of_the_photograph() -> None:
    """The patch at row 2, column 1 of a long input is the token in that place of the grid."""
    model = load_model("timm:vit_tiny_patch16_224", pretrained=False, size=(64, 32), device="cpu")
    x = torch.zeros(1, 3, 64, 32)
    x[:, :, 32:48, 16:32] = 1
    tokens = model.trunk.patch_embed(x) - model.trunk.patch_embed(torch.zeros_like(x))
    (changed,) = torch.nonzero(tokens.norm(dim=2)[0] > 0.01)
    grid = torch.zeros(1, 9, 1)
    grid[0, 1 + changed] = 1
    assert model.to_grid(grid)[0, 0, 2, 1] == 1
    assert torch.equal(model.from_grid(model.to_grid(grid), like=grid), grid)


def test_extents_are_kept_on_disk(tmp_path: Path) -> None:
    found = Explanation("m", 0.5, settings={"size": [4, 2]}, extent0=(1.5, 0.0, 3.0, 4.0))
    found.save(tmp_path / "a.npz")
    again = Explanation.load(tmp_path / "a.npz")
    assert (again.extent0, again.extent1) == (found.extent0, None) and again.settings == found.settings


def test_padding_matches_nothing() -> None:
    model = model_of((32, 32), resize="pad")
    found = pairx.explain(model, PAIR, layer="stage", k_colors=0)
    for image, points in zip(PAIR.images, (found.matches.keypoints0, found.matches.keypoints1), strict=True):
        assert len(points) and ((points >= 0) & (points <= image.shape[1::-1])).all()


@pytest.mark.parametrize("way", [{"resize": "crop"}, {"resize": "pad"}], ids=str)
def test_residuals_are_in_pixels_of_the_input(way: dict) -> None:
    """Two copies of a photograph, one of them moved: its matches are off by so much on the scale of each axis."""
    model = model_of((48, 24), **way)
    found = pairx.explain(model, replace(PAIR, image1=PAIR.image0, view1=PAIR.view0), layer="stage", k_colors=0)
    moved = np.array([[1, 0, 3.0], [0, 1, 4.0], [0, 0, 1]])
    size = PAIR.image0.shape[1::-1]
    alignment = geometry.Alignment(moved, np.ones(9, bool), 9, geometry.OK)
    scores = pair_scores(found, alignment, size, size, model.size)
    _, _, w, h = model.preprocessing.extent(*size)
    expected = np.hypot(3 * 24 / w, 4 * 48 / h)
    assert 1 / scores["inverted_residual_mean"] == pytest.approx(max(expected, metrics.PRECISION * 4))
    assert 1 / scores["resize_inverted_residual_mean"] == pytest.approx(metrics.PRECISION * 4), "equal frames"
