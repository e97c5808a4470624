"""What somebody does who has never seen this code: a network of their own, with their own transform, in training."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from PIL import Image
from torch import nn
from torchvision import transforms

import pairx
from pairx.datasets import Dataset, load_dataset

SIZE, MEAN, STD = (256, 128), (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FAST = [card.name for card in pairx.list_methods() if not card.slow]


class ReId(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.cnn = torchvision.models.resnet50()
        self.cnn.fc = nn.Linear(2048, 64)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.normalize(self.cnn(x))


my_transform = transforms.Compose(
    [
        transforms.Resize((292, 146)),
        transforms.CenterCrop(SIZE),
        transforms.ToTensor(),
        transforms.Normalize(MEAN, STD),
    ]
)


@pytest.fixture(scope="module")
def network() -> ReId:
    torch.manual_seed(0)
    return ReId().train()


@pytest.fixture(scope="module")
def model(network: ReId) -> pairx.EmbeddingModel:
    same = pairx.Preprocessing(SIZE, MEAN, STD, crop_pct=256 / 292)
    return pairx.wrap(network, preprocessing=same, name="my re-id", layer="cnn.layer3")


@pytest.fixture(scope="module")
def herd() -> Dataset:
    return load_dataset("sample")


@pytest.fixture(scope="module")
def pair(herd: Dataset) -> pairx.ImagePair:
    a, b = herd.table["path"].iloc[:2]
    return pairx.load_pair(a, b)


def test_it_gives_my_embeddings(network: ReId, model: pairx.EmbeddingModel, pair: pairx.ImagePair) -> None:
    found = model.embed([pair.image0])[0]
    with torch.no_grad():
        mine = network.eval()(my_transform(Image.fromarray(pair.image0))[None])[0].numpy()
    network.train()
    np.testing.assert_allclose(found, mine, atol=1e-5)


@pytest.mark.slow
def test_pair_x_explains_it(network: ReId, model: pairx.EmbeddingModel, pair: pairx.ImagePair, tmp_path: Path) -> None:
    explanation = pairx.explain(model, pair)
    assert explanation.map0.shape == (16, 8) and np.isfinite(explanation.map0).all()
    e, f = model.embed([pair.image0, pair.image1])
    assert explanation.similarity == pytest.approx(float(e @ f), abs=1e-5)
    height, width = pair.image0.shape[:2]
    x, y = explanation.matches.keypoints0.T
    assert ((x > 0.06 * width) & (x < 0.94 * width) & (y > 0.06 * height) & (y < 0.94 * height)).all()  # what I crop
    pairx.viz.draw(explanation, pair).save(tmp_path / "mine.png")
    assert network.training


@pytest.mark.slow
def test_all_fast_methods_answer(model: pairx.EmbeddingModel, pair: pairx.ImagePair) -> None:
    for name, found in zip(FAST, pairx.compare(model, pair, FAST), strict=True):
        assert isinstance(found, pairx.Explanation), f"{name}: {found}"


def test_my_training_goes_on(network: ReId, model: pairx.EmbeddingModel) -> None:
    key, optimizer = model.key, torch.optim.Adam(network.parameters())
    network(torch.randn(4, 3, *SIZE)).sum().backward()
    optimizer.step()
    assert all(parameter.grad is not None for parameter in network.parameters())
    assert model.key != key


@pytest.mark.slow
def test_evaluated_on_twenty_photographs(model: pairx.EmbeddingModel, herd: Dataset, tmp_path: Path) -> None:
    few = Dataset("twenty", herd.table.iloc[:20].reset_index(drop=True))
    run = pairx.evaluate(few, model, out=tmp_path / "run", pairs=6)
    assert len(run.pairs) == 6 and run.summary["retrieval"]["queries"] > 0
