"""A region's part of the similarity: parts add up to the cosine, the whole is the cosine, a gallery in its order."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest
import torch
from torch import nn

import pairx
from pairx.cli import main
from pairx.evaluation.regions import halved, rank_region, similarities, take_apart
from pairx.models import EmbeddingModel, GeM
from pairx.testing import smooth_noise, tiny_model
from pairx.types import InputError


class Net(nn.Module):
    """Features, then one of several heads."""

    def __init__(self, head: nn.Module, width: int = 6) -> None:
        super().__init__()
        self.stage = nn.Sequential(nn.Conv2d(3, width, 3, stride=2, padding=1), nn.ReLU())
        self.head = head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.stage(x))


def bn() -> nn.BatchNorm1d:
    layer = nn.BatchNorm1d(6)
    layer.running_mean.uniform_(-1, 1)
    layer.running_var.uniform_(0.5, 2)
    return layer


HEADS = {
    "mean": lambda: nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 5)),
    "maximum": lambda: nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(6, 5)),
    "gem and batchnorm": lambda: nn.Sequential(GeM(), bn()),
    "flatten": lambda: nn.Sequential(nn.Flatten(), nn.Linear(6 * 64, 5)),
}
BOX = (0.2, 0.3, 0.45, 0.4)


def model_of(head: nn.Module) -> EmbeddingModel:
    torch.manual_seed(3)
    return pairx.wrap(Net(head), size=16, mean=(0.5,) * 3, std=(0.5,) * 3, name="net")


def unit(embedding: np.ndarray) -> np.ndarray:
    return embedding.astype(float) / np.linalg.norm(embedding.astype(float))


@pytest.mark.parametrize("name", HEADS)
def test_parts_add_up_to_the_cosine(name: str) -> None:
    torch.manual_seed(1)
    model = model_of(HEADS[name]().double().float())
    first, second = smooth_noise(1, 40, 40), smooth_noise(2, 40, 40)
    e, f = model.embed([first, second])
    apart = take_apart(model, first)
    assert apart.nonlinear < 1e-5 and not apart.note
    cells = apart.of_cosine(f)
    assert cells.sum() == pytest.approx(unit(e) @ unit(f), abs=1e-6)
    cover = apart.cover(BOX)
    assert apart.part(cover) @ unit(f) == pytest.approx((cells * cover).sum(), abs=1e-6)
    assert np.allclose(apart.part(cover) + apart.part(1 - cover), unit(e), atol=1e-6)


def test_of_mean_pooling_a_region_is_the_mean_of_its_cells_embeddings() -> None:
    torch.manual_seed(1)
    model = model_of(HEADS["mean"]())
    image = smooth_noise(1, 40, 40)
    net = copy.deepcopy(model.module).double()
    net = getattr(net, "backbone", net)
    x = model.preprocessing(image)[None].double()
    cells = net.head[2](net.stage(x)[0].flatten(1).T).detach().numpy()  # a cell's features through the head alone
    e = net(x)[0].detach().numpy()
    apart = take_apart(model, image)
    cover = apart.cover(BOX)
    by_hand = (cells * cover.reshape(-1, 1)).sum(0) / cover.size / np.linalg.norm(e)
    assert np.allclose(apart.part(cover), by_hand, atol=1e-6)


def test_a_box_covers_cells_by_their_share() -> None:
    apart = take_apart(model_of(HEADS["mean"]()), smooth_noise(1, 40, 40))
    assert apart.cover((0, 0, 1, 1)) == pytest.approx(np.ones((8, 8)))
    cover = apart.cover((5, 10, 10, 5))  # pixels of 40 x 40, of which a cell has 5 x 5
    expected = np.zeros((8, 8))
    expected[2, 1:3] = 1
    assert cover == pytest.approx(expected)
    assert apart.cover((0, 0, 4, 5)) == pytest.approx(0.8 * (np.arange(64) == 0).reshape(8, 8))


def test_the_whole_photograph_ranks_as_the_cosine_does() -> None:
    model = model_of(HEADS["gem and batchnorm"]())
    images = [smooth_noise(n, 40, 40) for n in range(30)]
    embeddings = model.embed(images)
    gallery = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    apart = take_apart(model, images[0])
    found = similarities(apart.part(apart.cover((0, 0, 40, 40))), gallery)
    cosine = gallery.astype(float) @ unit(embeddings[0])
    assert np.abs(found - cosine).max() < 1e-6
    assert np.array_equal(np.argsort(-found), np.argsort(-cosine))


def test_half_precision_changes_no_similarity_by_more_than_its_rounding() -> None:
    rng = np.random.default_rng(0)
    embeddings, part = rng.normal(size=(5000, 64)) * 100, rng.normal(size=64) / 8
    exact = (embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)) @ part
    gallery = halved(embeddings)
    assert gallery.dtype == np.float16 and gallery.nbytes == 5000 * 64 * 2
    assert np.abs(similarities(part, gallery) - exact).max() < 2**-11 * np.linalg.norm(part)
    assert not halved(np.zeros((2, 4))).any()


def test_what_comes_after_the_last_grid_is_told() -> None:
    bent = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 8), nn.GELU(), nn.Linear(8, 5))
    apart = take_apart(model_of(bent), smooth_noise(1, 40, 40))
    assert apart.nonlinear > 0.01 and "approximation" in apart.note
    e = apart.side.embedding.numpy()
    assert np.allclose(apart.part(np.ones((8, 8))), unit(e), atol=1e-6)


def test_a_network_that_normalises_its_features_is_refused() -> None:
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(6, eps=0, elementwise_affine=False))
    with pytest.raises(InputError, match="normalises"):
        take_apart(model_of(head), smooth_noise(1, 40, 40))


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((0.1, 0.1, 0, 0.2), "has no area"),
        ((100, 0, 20, 20), "outside the photograph"),
        ((0, 0, float("nan"), 1), "has no area"),
        ((1, 2, 3), "four numbers"),
        ("wxyz", "four numbers"),
        ((-50, -50, 20, 20), "outside the photograph"),
    ],
)
def test_boxes_that_hold_nothing_are_refused_in_one_line(box: object, said: str) -> None:
    apart = take_apart(tiny_model(), smooth_noise(1, 40, 40))
    with pytest.raises(InputError, match=said) as error:
        apart.cover(box)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_the_command_finds_the_animal_in_the_box_of_a_collage(tmp_path, capsys) -> None:
    from PIL import Image

    from pairx.datasets import load_dataset

    sample = load_dataset("sample")
    halves = [Image.open(sample.table["path"][sample.row(one)]).resize((300, 400)) for one in ("zuri-1", "chui-1")]
    collage = Image.new("RGB", (600, 400))
    for n, half in enumerate(halves):
        collage.paste(half, (300 * n, 0))
    collage.save(tmp_path / "both.png")
    kinds = sample.table.set_index("image_id")["species"]
    for left, kind in ((0, "zebra"), (300, "leopard")):
        box = ["--box", str(left), "0", "300", "400"]
        assert main(["region", str(tmp_path / "both.png"), "sample", *box, "--top-k", "8", "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert [kinds[row["image_id"]] for row in found["candidates"]] == [kind] * 8 and not found["note"]
    assert main(["region", "zuri-1", "sample", "--box", "0", "0", "1", "1", "--top-k", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 7 and "zuri-1 " not in "".join(lines)
    assert [line.split()[-1] for line in lines[1:6]] == list("12345")
    assert main(["region", "nobody", "sample", "--box", "0", "0", "1", "1"]) == 2
    assert "nobody is no file" in capsys.readouterr().err


def test_the_library_ranks_a_region(tmp_path) -> None:
    from PIL import Image

    from pairx.datasets import load_dataset

    for n in range(4):
        (tmp_path / str(n)).mkdir()
        Image.fromarray(smooth_noise(n, 120)).save(tmp_path / str(n) / "a.png")
    dataset, model = load_dataset(tmp_path), tiny_model()
    found = rank_region(dataset, model, "0/a.png", (0.1, 0.1, 0.5, 0.5), top_k=2)
    assert list(found.table) == ["image_id", "identity", "region", "cosine", "rank"] and len(found.table) == 2
    assert found.table["region"].is_monotonic_decreasing and "0/a.png" not in set(found.table["image_id"])
    with pytest.raises(InputError, match="top-k"):
        rank_region(dataset, model, "0/a.png", (0.1, 0.1, 0.5, 0.5), top_k=0)
