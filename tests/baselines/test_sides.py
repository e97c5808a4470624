"""The network after a layer, as a function: the same embeddings, whatever the architecture."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import pairx
from pairx.baselines import see
from pairx.models import EmbeddingModel
from tests.baselines.networks import at_stage, gap, model_with
from tests.conftest import make_pair

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
    for side in see(model, make_pair(), ARCHITECTURES[name]).sides:
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
    side = see(model, make_pair(), "stage").sides[0]
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
