"""Every rule against an independent float64 rewrite of its equation, or against zennit used directly."""

from __future__ import annotations

import numpy as np
import pytest
import timm
import torch
import torchvision
from torch import nn
from zennit.composites import EpsilonPlus
from zennit.torchvision import ResNetCanonizer, VGGCanonizer

from pairx.lrp import Policy, record
from pairx.models import GeM
from pairx.types import InputError
from tests.conftest import TinyNet

EPSILON = 1e-6


def dense_convolution(weight: np.ndarray, stride: int, side: int) -> np.ndarray:
    """A 3 x 3 convolution with padding 1 on (C, side, side) as a matrix (outputs, inputs), by its definition."""
    out_channels, in_channels = weight.shape[:2]
    out_side = (side + 2 - 3) // stride + 1
    matrix = np.zeros((out_channels, out_side, out_side, in_channels, side, side))
    for i in range(out_side):
        for j in range(out_side):
            for di in range(3):
                for dj in range(3):
                    y, x = i * stride + di - 1, j * stride + dj - 1
                    if 0 <= y < side and 0 <= x < side:
                        matrix[:, i, j, :, y, x] = weight[:, :, di, dj]
    return matrix.reshape(out_channels * out_side**2, in_channels * side**2)


def zplus(x: np.ndarray, matrix: np.ndarray, bias: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """Montavon et al. 2019: `R_i = sum_j (x_i+ w_ij+ + x_i- w_ij-) / (sum_i ... + b_j+) R_j`."""
    positive, negative = np.maximum(x, 0), np.minimum(x, 0)
    up, down = np.maximum(matrix, 0), np.minimum(matrix, 0)
    share = relevance / (up @ positive + down @ negative + np.maximum(bias, 0) + EPSILON)
    return positive * (up.T @ share) + negative * (down.T @ share)


class Rewrite:
    """TinyNet and its relevance in NumPy float64, every layer a matrix."""

    def __init__(self, network: TinyNet, x: np.ndarray) -> None:
        weights = {name: value.detach().double().numpy() for name, value in network.state_dict().items()}
        side = x.shape[-1]
        self.x = x.ravel()
        self.first = dense_convolution(weights["first.weight"], 2, side)
        self.second = dense_convolution(weights["second.weight"], 1, side // 2)
        cells = (side // 2) ** 2
        self.first_bias, self.second_bias = weights["first.bias"].repeat(cells), weights["second.bias"].repeat(cells)
        self.stage = np.maximum(self.first @ self.x + self.first_bias, 0)
        self.branch = np.maximum(self.second @ self.stage + self.second_bias, 0)
        self.sum = self.stage + self.branch
        self.pooled = self.sum.reshape(4, cells).mean(1)
        self.head, self.head_bias = weights["head.weight"], weights["head.bias"]
        self.output = self.head @ self.pooled + self.head_bias

    def at_stage(self, seed: np.ndarray) -> np.ndarray:
        """Relevance (4, h, w) of the stage's output from a seed at the output."""
        stabilized = self.output + EPSILON * np.where(self.output < 0, -1, 1)
        pooled = self.pooled * (self.head.T @ (seed / stabilized))
        cells = len(self.sum) // 4
        summed = self.sum * (pooled / (self.pooled + EPSILON)).repeat(cells) / cells
        share = summed / (self.sum + EPSILON)
        through = zplus(self.stage, self.second, self.second_bias, self.branch * share)
        side = int(cells**0.5)
        return (self.stage * share + through).reshape(4, side, side)

    def at_pixels(self, seed: np.ndarray) -> np.ndarray:
        """Relevance (3, H, W) of the input from a seed (4, h, w) at the stage's output."""
        side = int((len(self.x) // 3) ** 0.5)
        return zplus(self.x, self.first, self.first_bias, seed.ravel()).reshape(3, side, side)


@pytest.fixture
def network() -> TinyNet:
    torch.manual_seed(1)
    return TinyNet().double().eval().requires_grad_(False)


def test_tiny_network_equals_the_equations(network: TinyNet) -> None:
    x = torch.randn(1, 3, 12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    recording, rewrite = record(network, x, ["stage"]), Rewrite(network, x[0].numpy())
    np.testing.assert_allclose(recording.output.numpy(), rewrite.output, rtol=1e-12)
    seed = np.random.default_rng(0).normal(size=5)
    at_stage = rewrite.at_stage(seed)
    np.testing.assert_allclose(recording.relevance("stage", torch.from_numpy(seed))[0].numpy(), at_stage, rtol=1e-9)
    pixels = recording.pixels("stage", torch.from_numpy(at_stage)[None])
    np.testing.assert_allclose(pixels.numpy(), rewrite.at_pixels(at_stage), rtol=1e-9, atol=1e-15)


def calibrated(network: nn.Module, side: int, eps: float | None = None) -> nn.Module:
    """In float64, BatchNorm statistics from a batch of noise; its eps as given, as codes place it differently."""
    torch.manual_seed(0)
    network = network.double()
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None
            part.eps = eps or part.eps
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.2, 0.5)
    with torch.no_grad():
        network.train()(torch.randn(8, 3, side, side, dtype=torch.float64))
    return network.eval().requires_grad_(False)


def zennit_pixels(network: nn.Module, x: torch.Tensor, seed: torch.Tensor, canonizers: list) -> torch.Tensor:
    x = x.clone().requires_grad_()
    with EpsilonPlus(canonizers=canonizers).context(network) as modified:
        (relevance,) = torch.autograd.grad(modified(x), x, seed[None])
    return relevance[0]


@pytest.mark.parametrize(
    ("build", "canonizers", "policy", "layer"),
    [
        (torchvision.models.resnet18, [ResNetCanonizer()], Policy("norm", "merge"), "layer3"),
        (torchvision.models.resnet50, [ResNetCanonizer()], Policy("norm", "merge"), "layer2"),
        (torchvision.models.vgg11_bn, [VGGCanonizer()], Policy("norm", "merge"), "features.10"),
        (lambda: timm.create_model("tf_efficientnet_lite0", num_classes=0), [], Policy("plain", "pass"), "blocks.3"),
        (lambda: timm.create_model("regnetx_002", num_classes=0), [], Policy("plain", "pass"), "s2"),
    ],
    ids=["resnet18", "resnet50", "vgg11_bn", "lite0", "regnetx"],
)
def test_pixels_equal_zennit_used_directly(build, canonizers: list, policy: Policy, layer: str) -> None:
    network = calibrated(build(), 64, eps=1e-14)
    x = torch.randn(1, 3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    seed = torch.rand(network(x).shape[1], dtype=torch.float64)
    recording = record(network, x, [layer], policy)
    ours = recording.pixels(layer, recording.relevance(layer, seed))
    theirs = zennit_pixels(network, x, seed, canonizers)
    assert theirs.abs().max() > 0
    torch.testing.assert_close(ours, theirs, rtol=1e-6, atol=float(1e-6 * theirs.abs().max()))


def test_gem_takes_relevance_in_proportion_to_powers() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 2, 1), GeM()).double().requires_grad_(False)
    x = torch.rand(1, 3, 4, 4, dtype=torch.float64)
    seed = torch.tensor([1.0, 2.0], dtype=torch.float64)
    relevance = record(network, x, ["0"]).relevance("0", seed)[0]
    powers = network[0](x)[0].clamp(min=1e-6) ** 3
    pooled = powers.mean((1, 2)) ** (1 / 3)
    stabilized = pooled / (pooled + EPSILON)
    expected = (seed * stabilized)[:, None, None] * powers / powers.sum((1, 2), keepdim=True)
    torch.testing.assert_close(relevance, expected, rtol=1e-9, atol=1e-15)


class Gated(nn.Module):
    """A squeeze-and-excitation gate without any convolution around it."""

    def __init__(self) -> None:
        super().__init__()
        self.signal, self.squeeze = nn.Identity(), nn.Conv2d(3, 3, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.signal(x)
        return (2.0 * x * torch.sigmoid(self.squeeze(x.mean((2, 3), keepdim=True)))).flatten(1)


def test_a_gate_and_a_factor_hand_all_relevance_to_the_signal() -> None:
    network = Gated().requires_grad_(False)
    seed = torch.randn(48)
    relevance = record(network, torch.randn(1, 3, 4, 4), ["signal"]).relevance("signal", seed)
    assert torch.equal(relevance.flatten(), seed)


def test_a_sum_shares_relevance_and_plain_doubles_it() -> None:
    network = calibrated(torchvision.models.resnet18(num_classes=8), 32)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.bias = nn.Parameter(torch.zeros_like(part.bias))
            part.running_mean.zero_()
    network.fc.bias.data.zero_()
    x = torch.rand(1, 3, 32, 32, dtype=torch.float64)
    seed = torch.rand(8, dtype=torch.float64)

    def total(policy: Policy) -> float:
        recording = record(network, x, ["layer1"], policy)
        return float(recording.relevance("layer1", seed).sum() / seed.sum())

    assert total(Policy("norm", "merge")) == pytest.approx(1, abs=1e-3)
    assert total(Policy("plain", "merge")) == pytest.approx(2**6, rel=1e-3)


class Unknown(nn.Module):
    def __init__(self, operation) -> None:
        super().__init__()
        self.layer, self.operation = nn.Conv2d(3, 3, 1), operation

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.operation(self.layer(x)).flatten(1)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda x: x.exp(), "exp"),
        (lambda x: torch.softmax(x, 1), "softmax"),
        (lambda x: nn.functional.conv2d(x, torch.ones(3, 3, 1, 1)), "conv2d"),
        (lambda x: nn.functional.layer_norm(x, x.shape[1:]), "layer_norm"),
        (lambda x: x * x, "product"),
    ],
)
def test_an_operation_without_a_rule_is_named(operation, name: str) -> None:
    with pytest.raises(InputError, match=name):
        record(Unknown(operation).requires_grad_(False), torch.randn(1, 3, 4, 4), ["layer"])


@pytest.mark.parametrize("wrong", [{"residual": "half"}, {"batchnorm": "drop"}])
def test_unknown_policies_are_refused(wrong: dict) -> None:
    with pytest.raises(InputError, match=next(iter(wrong.values()))):
        Policy(**wrong)
