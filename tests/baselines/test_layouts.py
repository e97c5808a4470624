"""A network's memory layout, on which nothing depends: torch's BatchNorm once went wrong backward between two."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import pairx
from pairx.baselines import encode_pair
from pairx.methods import cards
from pairx.models import EmbeddingModel, wrap
from pairx.testing import few, make_pair

TAKES = {"gradient", "relevance"}
METHODS = [name for name, card in cards().items() if TAKES.intersection(card.needs)]


class Laid(nn.Module):
    """BatchNorm before tokens, as in EfficientFormer, whose gradient lies channels-last whatever the features do; the
    network itself lays these out one way or the other.
    """

    def __init__(self, layout: torch.memory_format) -> None:
        super().__init__()
        self.layout = layout
        self.first, self.norm = nn.Conv2d(3, 8, 3, stride=2, padding=1), nn.BatchNorm2d(8)
        self.mix, self.last = nn.Linear(8, 8), nn.BatchNorm2d(8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.first(x).contiguous(memory_format=self.layout))
        tokens = torch.relu(self.mix(x.flatten(2).transpose(1, 2)))
        x = tokens.transpose(1, 2).reshape(x.shape).contiguous(memory_format=self.layout)
        x = torch.relu(self.last(x)).contiguous(memory_format=torch.channels_last)
        return x.permute(0, 2, 3, 1).view(len(x), -1, 8).mean(1)


def model_of(layout: torch.memory_format) -> EmbeddingModel:
    torch.manual_seed(0)
    network = Laid(layout).eval()
    for norm in (network.norm, network.last):
        norm.running_mean.normal_(0, 0.1)
        norm.running_var.uniform_(0.5, 2)
        nn.init.uniform_(norm.weight, 0.5, 2)
    return wrap(network, size=48, mean=(0.5,) * 3, std=(0.25,) * 3, layers=("first", "last"), layer="first")


@pytest.fixture(scope="module")
def models() -> list[EmbeddingModel]:
    return [model_of(layout) for layout in (torch.contiguous_format, torch.channels_last)]


@pytest.mark.parametrize("method", METHODS)
def test_every_method_that_goes_backward_gives_the_same_in_both_layouts(
    method: str, models: list[EmbeddingModel]
) -> None:
    one, other = (pairx.explain(model, make_pair(), method, layer="first", **few(method)) for model in models)
    for name in ("map0", "map1", "tensor"):
        mine, theirs = getattr(one, name), getattr(other, name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_allclose(mine, theirs, rtol=0, atol=1e-4 * np.abs(mine).max(), err_msg=name)
            assert np.abs(mine).max() > 0


def test_the_gradient_is_that_of_finite_differences(models: list[EmbeddingModel]) -> None:
    for model in models:
        side = encode_pair(model, make_pair(), "first").sides[0]
        gradient, step = side.cosine_gradient, torch.zeros_like(side.activation)
        place = np.unravel_index(int(gradient.abs().argmax()), gradient.shape)
        step[place] = 0.05
        with torch.no_grad():
            there, back = (side.cosine(side.head((side.activation + by)[None])) for by in (step, -step))
        assert float(gradient[place]) == pytest.approx(float(there - back) / 0.1, rel=0.02)
