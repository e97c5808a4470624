"""A network's memory layout, on which nothing depends: torch's BatchNorm once went wrong backward between two."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import pairx
from pairx.methods import cards
from pairx.models import EmbeddingModel, wrap
from pairx.testing import few, make_pair

TAKES = {"gradient", "relevance"}
METHODS = [name for name, card in cards().items() if TAKES.intersection(card.needs)]


class Laid(nn.Module):
    """Convolutions and BatchNorm, whose tensors the network itself lays out one way or the other."""

    def __init__(self, layout: torch.memory_format) -> None:
        super().__init__()
        self.layout = layout
        self.first, self.norm = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
        self.second, self.last = nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x).contiguous(memory_format=self.layout)
        x = torch.relu(self.norm(x)).contiguous(memory_format=self.layout)
        return torch.relu(self.last(self.second(x))).mean((2, 3))


def model_of(layout: torch.memory_format) -> EmbeddingModel:
    torch.manual_seed(0)
    network = Laid(layout).eval()
    for norm in (network.norm, network.last):
        norm.running_mean.normal_(0, 0.1)
        norm.running_var.uniform_(0.5, 2)
        nn.init.uniform_(norm.weight, 0.5, 2)
    return wrap(network, size=48, mean=(0.5,) * 3, std=(0.25,) * 3, layers=("second", "last"), layer="second")


@pytest.fixture(scope="module")
def models() -> list[EmbeddingModel]:
    return [model_of(layout) for layout in (torch.contiguous_format, torch.channels_last)]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_that_goes_backward_gives_the_same_in_both_layouts(
    method: str, models: list[EmbeddingModel]
) -> None:
    one, other = (pairx.explain(model, make_pair(), method, layer="second", **few(method)) for model in models)
    for name in ("map0", "map1", "tensor"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-4 * np.abs(mine).max(), err_msg=name)
            assert np.abs(mine).max() > 0
