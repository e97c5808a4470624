"""Small networks whose explanations are known by hand."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from pairx.baselines import PairAtLayer, encode_pair
from pairx.models import EmbeddingModel, ModelCard, Preprocessing
from pairx.testing import make_pair


class HeadNet(nn.Module):
    """A convolution, the layer "stage" (5 channels, 4 x 4 cells, positive), and any head."""

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.stage = nn.Sequential(nn.Conv2d(3, 5, 3, stride=2, padding=1), nn.ReLU())
        self.head = head

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.stage(x))


def gap() -> nn.Module:
    """Mean pooling, and nothing else."""
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


def model_with(head: nn.Module, seed: int = 0) -> EmbeddingModel:
    """A `HeadNet` with seeded weights, 8 px input."""
    torch.manual_seed(seed)
    module = HeadNet(head)
    for parameter in module.parameters():
        nn.init.normal_(parameter, std=0.5)
    card = ModelCard("head", "head", "", "head", "MIT", "", layer="stage")
    return EmbeddingModel(card, module, Preprocessing((8, 8), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)))


def at_stage(model: EmbeddingModel, seed0: int = 0, seed1: int = 1) -> PairAtLayer:
    """A pair of smooth noise at the layer "stage"."""
    return encode_pair(model, make_pair(seed0, seed1), "stage")


def numpy(values: torch.Tensor) -> np.ndarray:
    """float64 on the host."""
    return values.detach().double().numpy()
