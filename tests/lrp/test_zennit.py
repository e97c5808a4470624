"""The reference engine is right or says what it cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pairx.lrp import Policy, record
from pairx.types import InputError
from tests.lrp.by_hand import assert_near, noise


class Skip(nn.Module):
    """A convolution that a BatchNorm and a sum read."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv(self.stem(x).relu())
        return (self.norm(y).relu() + y).relu().mean((2, 3))


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem, self.conv = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(self.conv(self.stem(x).relu()).relu()).relu().mean((2, 3))


class Standardised(nn.Conv2d):
    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight - self.weight.mean((1, 2, 3), keepdim=True), self.bias)


def unscaled() -> nn.Module:
    norm = nn.BatchNorm2d(4, affine=False)
    return nn.Sequential(nn.Conv2d(3, 4, 3), norm, nn.ReLU(), nn.Conv2d(4, 5, 3), nn.ReLU(), nn.Flatten())


def made(network: nn.Module) -> nn.Module:
    torch.manual_seed(0)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_mean.normal_()
            part.running_var.uniform_(0.5, 2)
    return network.double().eval().requires_grad_(False)


def relevance(network: nn.Module, layer: str, engine: str) -> Tensor:
    with record(network, noise(8), [layer], Policy(), engine) as recording:
        return recording.relevance(layer, recording.output[None])[0]


@pytest.mark.parametrize("make", [Skip, unscaled])
def test_zennit_equals_exact_around_batch_norm(make) -> None:
    network = made(make())
    layer = "stem" if make is Skip else "2"
    if make is unscaled:
        layer = "0"
    with torch.no_grad():
        before = network(noise(8))
    assert_near(relevance(network, layer, "zennit"), relevance(network, layer, "exact"), 1e-9)
    with torch.no_grad():
        torch.testing.assert_close(network(noise(8)), before, rtol=0, atol=0)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_zennit_works_where_gradients_are_off(mode) -> None:
    network = made(unscaled())
    right = relevance(network, "0", "zennit")
    with mode():
        assert_near(relevance(network, "0", "zennit"), right, 1e-12)


def test_zennit_names_the_module_that_it_cannot_follow() -> None:
    with pytest.raises(InputError, match="conv runs twice"):
        relevance(made(Twice()), "stem", "zennit")
    computed = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), Standardised(4, 5, 3), nn.ReLU(), nn.Flatten())
    with pytest.raises(InputError, match="weights of 2 are computed"):
        relevance(made(computed), "0", "zennit")


class Statement(nn.Module):
    """Writes over a tensor, and goes on with it under its old name."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        x.relu_()
        return x.mean((2, 3))


class Attention(nn.Module):
    """torch's attention, which gives a tuple."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.attention = nn.Conv2d(3, 8, 3), nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x).flatten(2).transpose(1, 2)
        return self.attention(x, x, x)[0].mean(1)


@pytest.mark.parametrize(
    ("make", "said"), [(Statement, "changes a tensor in place"), (Attention, "weights of attention.out_proj")]
)
def test_zennit_refuses_what_it_would_get_wrong(make, said: str) -> None:
    network = made(make())
    assert torch.isfinite(relevance(network, "conv", "exact")).all()
    with pytest.raises(InputError, match=said):
        relevance(network, "conv", "zennit")


class Outside(nn.Module):
    """Reads its layer's weights by themselves, too, after the layer has run; or only what they are."""

    def __init__(self, read: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        self.conv, self.head, self.read = nn.Conv2d(3, 8, 3), nn.Linear(8, 8), read

    def forward(self, x: Tensor) -> Tensor:
        return self.read(self, self.head(self.conv(x).relu().mean((2, 3))))


@pytest.mark.parametrize(
    ("read", "name"),
    [
        (lambda net, y: F.linear(y.relu(), net.head.weight), "head"),
        (lambda net, y: F.linear(input=y.relu(), weight=net.head.weight), "head"),
        (lambda net, y: y * net.head.bias, "head"),
        (lambda net, y: y @ net.head.weight.T, "head"),
        (lambda net, y: y * net.conv.weight.mean((1, 2, 3)), "conv"),
        (lambda net, y: y / net.head.weight.norm(), "head"),
    ],
)
def test_zennit_refuses_weights_that_are_read_outside_of_their_layer(read: Callable, name: str) -> None:
    network = made(Outside(read))
    assert torch.isfinite(relevance(network, "conv", "exact")).all()
    with pytest.raises(InputError, match=f"The weights of {name} are also read outside of it") as refused:
        relevance(network, "conv", "zennit")
    assert "\n" not in str(refused.value)
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in network.modules())


def test_zennit_takes_layers_whose_weights_are_only_asked_what_they_are() -> None:
    network = made(Outside(lambda net, y: y.to(net.head.weight.dtype).reshape(-1, net.head.weight.shape[0])))
    assert_near(relevance(network, "conv", "zennit"), relevance(network, "conv", "exact"), 1e-9)


def test_zennit_takes_two_layers_with_the_same_weights() -> None:
    network = made(nn.Sequential(nn.Conv2d(3, 3, 3), nn.ReLU(), nn.Conv2d(3, 3, 3), nn.ReLU(), nn.Flatten()))
    network[2].weight = network[0].weight
    assert_near(relevance(network, "0", "zennit"), relevance(network, "0", "exact"), 1e-9)
