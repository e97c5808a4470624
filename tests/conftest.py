"""What several tests share: photographs made of noise, a tiny network, small real ones."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from pairx import load_model
from pairx.models import EmbeddingModel, ModelCard, Preprocessing
from pairx.types import ImagePair, View

torch.set_num_threads(min(2, os.cpu_count() or 1))


class TinyNet(nn.Module):
    """Two convolutions, a residual sum, mean pooling, a linear layer: small enough to rewrite by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.second = nn.Conv2d(4, 4, 3, padding=1)
        self.stage = nn.Sequential(self.first, nn.ReLU())
        self.head = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stage(x)
        x = x + torch.relu(self.second(x))
        return self.head(x.mean((2, 3)))


def smooth_noise(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    """(height, width, 3) uint8: soft blobs, as different from one another as photographs are."""
    coarse = np.random.default_rng(seed).uniform(0, 1, (1, 3, 6, 8))
    fine = nn.functional.interpolate(torch.from_numpy(coarse), (height, width), mode="bicubic")[0].clamp(0, 1)
    return (fine.permute(1, 2, 0).numpy() * 255).astype(np.uint8)


def make_pair(seed0: int = 0, seed1: int = 1) -> ImagePair:
    """Two different images of different shapes."""
    image0, image1 = smooth_noise(seed0), smooth_noise(seed1, 60, 40)
    return ImagePair(image0, image1, "first", "second", View.whole(64, 48), View.whole(40, 60))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests remember is no user's."""
    os.environ["PAIRX_CACHE"] = str(tmp_path_factory.mktemp("user-cache"))


@pytest.fixture
def pair() -> ImagePair:
    return make_pair()


@pytest.fixture(scope="session")
def tiny() -> EmbeddingModel:
    return tiny_model()


def tiny_model() -> EmbeddingModel:
    """The tiny network with seeded weights, 12 px input, a 6 x 6 grid at "stage"."""
    torch.manual_seed(3)
    card = ModelCard("tiny", "tiny", "", "tiny", "MIT", "", layer="stage")
    return EmbeddingModel(card, TinyNet(), Preprocessing((12, 12), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)))


@pytest.fixture(scope="session")
def lite0() -> EmbeddingModel:
    """ImageNet's EfficientNet-Lite0 at 96 px: real weights, small maps."""
    return load_model("lite0-imagenet", size=96, device="cpu")


@pytest.fixture(scope="session")
def photographs() -> Path:
    """The development photographs that PAIRX_DATA names."""
    if "PAIRX_DATA" not in os.environ:
        pytest.skip("PAIRX_DATA is unset: it names the folder of development photographs")
    return Path(os.environ["PAIRX_DATA"])
