"""The network after a layer, as a function: the same embeddings, whatever the architecture."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import nn

import pairx
from pairx.baselines import encode_pair
from pairx.baselines.sides import Side
from pairx.models import EmbeddingModel
from pairx.testing import make_pair
from tests.baselines.networks import at_stage, gap, model_with

ARCHITECTURES = {
    "timm:resnet18": "layer2",
    "timm:vit_tiny_patch16_224": "blocks.9",
    "timm:swin_tiny_patch4_window7_224": "layers.2",
    "timm:densenet121": "features.denseblock4.denselayer15",  # concatenated with what came before it
}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_head_gives_the_models_own_embedding(name: str) -> None:
    size = None if "swin" in name or "vit" in name else 64
    model = pairx.load_model(name, pretrained=False, size=size)
    for side in encode_pair(model, make_pair(), ARCHITECTURES[name]).sides:
        a = side.activation
        with torch.no_grad():
            again = side.head(torch.stack([a, a.flip(0)]))
        torch.testing.assert_close(again[0], side.embedding, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(again[1], side.embedding, rtol=1e-2)


def test_the_gradient_is_that_of_finite_differences() -> None:
    side = at_stage(model_with(gap())).sides[0]
    gradient = side.gradient(side.cosine).double()
    a, step = side.activation, 1e-2
    for place in ((0, 0, 0), (3, 1, 2), (4, 3, 3)):
        more, less = a.clone(), a.clone()
        more[place] += step
        less[place] -= step
        high, low = side.cosine(side.head(torch.stack([more, less]))).double()
        assert float(gradient[place]) == pytest.approx(float(high - low) / (2 * step), rel=1e-2, abs=1e-5)


def test_nothing_has_a_similarity_of_zero() -> None:
    side = at_stage(model_with(gap())).sides[0]
    assert side.cosine(torch.zeros(1, 5)).tolist() == [0]


def test_what_comes_before_the_layer_is_not_computed_again(tiny: EmbeddingModel) -> None:
    class Twice(nn.Module):
        """The same activation before and after the layer, and one that only comes before it."""

        def __init__(self) -> None:
            super().__init__()
            self.first, self.act, self.once = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Tanh(), nn.Sigmoid()
            self.stage = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.act(self.stage(self.once(self.act(self.first(x))))).mean((2, 3))

    torch.manual_seed(0)
    model = EmbeddingModel(tiny.card, Twice(), tiny.preprocessing)
    side = encode_pair(model, make_pair(), "stage").sides[0]
    assert sorted(side.before) == ["first", "once"]
    ran = []
    hooks = [part.register_forward_hook(lambda part, *_: ran.append(type(part))) for part in model.module.children()]
    grids = torch.stack([side.activation, -side.activation])
    embeddings = side.head(grids)
    for hook in hooks:
        hook.remove()
    torch.testing.assert_close(embeddings, torch.tanh(grids).mean((2, 3)))
    assert nn.Conv2d in ran  # a copy that gives its output says so, but computes nothing
    assert all(part.forward.__self__ is part for part in model.module.children())


class Tokens(nn.Module):
    """A BatchNorm between a grid and its tokens, as LeViT and EfficientFormer have: the gradient that it takes lies in
    memory as tokens do, its features as a grid.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stage = nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1))
        self.norm, self.head, self.first = nn.BatchNorm2d(6), nn.Linear(6, 5), nn.Parameter(torch.ones(1, 1, 6))
        nn.init.uniform_(self.norm.running_var, 0.5, 2)
        nn.init.uniform_(self.norm.weight, 0.5, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(self.stage(x).contiguous())
        tokens = self.head(torch.cat([self.first, x.flatten(2).transpose(1, 2)], 1))
        return (tokens.tanh() * torch.arange(1.0, tokens.shape[1] + 1, dtype=x.dtype)[:, None]).mean(1)


def test_the_gradient_is_right_where_a_grid_becomes_tokens() -> None:
    torch.manual_seed(0)
    side = at_stage(EmbeddingModel(model_with(gap()).card, Tokens(), model_with(gap()).preprocessing)).sides[0]
    assert_derivatives(side)


@pytest.mark.parametrize("name", ["timm:levit_128s", "timm:efficientformer_l1"])
def test_gradients_of_networks_of_grids_and_tokens(name: str) -> None:
    torch.manual_seed(0)
    model = pairx.load_model(name, pretrained=False, size=224)
    for part in model.module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(part.weight, 0.5, 1.5)
    assert_derivatives(encode_pair(model, make_pair(), model.layers[-1].name).sides[0])


def assert_derivatives(side: Side) -> None:
    """The gradients of the features and of the pixels equal central differences in float64, in random directions."""
    model = copy.deepcopy(side.model)
    model.module.double()
    tensors = {key: getattr(side, key).double() for key in ("x", "output", "embedding", "partner")}
    side = replace(side, model=model, before={key: one.double() for key, one in side.before.items()}, **tensors)
    x = side.x.clone().requires_grad_()
    (of_pixels,) = torch.autograd.grad(side.cosine(side.embed(x)).sum(), x)
    assert_derivative(lambda x: side.cosine(side.embed(x)), side.x, of_pixels)
    assert_derivative(lambda grid: side.cosine(side.head(grid)), side.activation[None], side.gradient(side.cosine))


def assert_derivative(
    function: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, gradient: torch.Tensor
) -> None:
    step = 1e-7
    for _ in range(3):
        direction = torch.randn_like(x)
        with torch.no_grad():
            high, low = (float(function(x + sign * step * direction)) for sign in (1, -1))
        assert float((gradient * direction).sum()) == pytest.approx((high - low) / (2 * step), rel=1e-4, abs=1e-6)
