"""Relevance worked out in NumPy without `pairx`, and the networks and signals that several tests propagate."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import timm
import torch
from torch import Tensor, nn

from pairx.lrp import Policy, Recording, record
from pairx.testing import TinyNet

EPSILON = 1e-6
FAST = 2e-2  # of a map's maximum: how far "fast" may be from "exact"


def dense_convolution(
    weight: np.ndarray, side: int, stride: int = 1, padding: int = 1, dilation: int = 1, groups: int = 1
) -> np.ndarray:
    """A convolution on (C, side, side) as a matrix (outputs, inputs), by definition. weight: (O, C / groups, k, k)."""
    out_channels, per_group, kernel, _ = weight.shape
    out_side = (side + 2 * padding - (kernel - 1) * dilation - 1) // stride + 1
    matrix = np.zeros((out_channels, out_side, out_side, per_group * groups, side, side))
    for channel in range(out_channels):
        first = channel // (out_channels // groups) * per_group
        for i, j, di, dj in np.ndindex(out_side, out_side, kernel, kernel):
            y, x = i * stride + di * dilation - padding, j * stride + dj * dilation - padding
            if 0 <= y < side and 0 <= x < side:
                matrix[channel, i, j, first : first + per_group, y, x] = weight[channel, :, di, dj]
    return matrix.reshape(out_channels * out_side**2, per_group * groups * side**2)


def stabilized(value: np.ndarray) -> np.ndarray:
    """value + epsilon sign value."""
    return value + EPSILON * np.where(value < 0, -1, 1)


def zplus(x: np.ndarray, matrix: np.ndarray, bias: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """Montavon et al. 2019: `R_i = sum_j (x_i+ w_ij+ + x_i- w_ij-) / (sum_i ... + b_j+) R_j`."""
    positive, negative = np.maximum(x, 0), np.minimum(x, 0)
    up, down = np.maximum(matrix, 0), np.minimum(matrix, 0)
    share = relevance / (up @ positive + down @ negative + np.maximum(bias, 0) + EPSILON)
    return positive * (up.T @ share) + negative * (down.T @ share)


def zplus_or_all(x: np.ndarray, matrix: np.ndarray, bias: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """ZPlus, but by magnitude from outputs whose positive part is less than a thousandth of all parts' magnitude."""
    positive = np.maximum(matrix * x, 0).sum(1) + np.maximum(bias, 0)
    magnitude = np.abs(matrix * x)
    whole = magnitude.sum(1) + np.abs(bias)
    none = positive <= 1e-3 * whole
    by_magnitude = magnitude.T @ np.where(none, relevance / (whole + EPSILON), 0)
    return zplus(x, matrix, bias, np.where(none, 0, relevance)) + by_magnitude


def epsilon(x: np.ndarray, matrix: np.ndarray, bias: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """Bach et al. 2015: `R_i = sum_j x_i w_ij / (y_j + epsilon sign y_j) R_j`; without bias also zennit's Norm."""
    return x * (matrix.T @ (relevance / stabilized(matrix @ x + bias)))


class Rewrite:
    """TinyNet and its relevance in NumPy float64, every layer a matrix."""

    def __init__(self, network: TinyNet, x: np.ndarray) -> None:
        weights = {name: value.detach().double().numpy() for name, value in network.state_dict().items()}
        side = x.shape[-1]
        self.x = x.ravel()
        self.first = dense_convolution(weights["first.weight"], side, stride=2)
        self.second = dense_convolution(weights["second.weight"], side // 2)
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
        pooled = epsilon(self.pooled, self.head, self.head_bias, seed)
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


def calibrated(network: nn.Module, side: int, eps: float | None = None) -> nn.Module:
    """In float64, BatchNorm statistics from a batch of noise; its eps as given, as codes place it differently."""
    torch.manual_seed(0)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None
            part.eps = eps or part.eps
            nn.init.uniform_(part.weight, 0.5, 1.5)
            nn.init.uniform_(part.bias, -0.2, 0.5)
    with torch.no_grad():
        network.float().train()(torch.randn(8, 3, side, side))
    return network.double().eval().requires_grad_(False)


def with_all_parts(network: nn.Module) -> nn.Module:
    """In float64, with biases and residual branches that count, as training leaves them and initialisation does not."""
    torch.manual_seed(0)
    for name, parameter in network.double().eval().requires_grad_(False).named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(parameter, std=0.1)
        elif name.endswith("gamma"):
            nn.init.uniform_(parameter, 0.5, 1)
        elif parameter.ndim > 1 and name.endswith("weight"):
            nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    return network


def shortened(network: nn.Module) -> nn.Module:
    """An EfficientNet of two blocks a stage, one in the last two."""
    for stage in network.blocks:
        del stage[2:]
    for stage in network.blocks[-2:]:
        del stage[1:]
    return network


def build(name: str, side: int, **options: object) -> nn.Module:
    """A timm network for side x side pixels without its classifier, in float64, as it would be after training.

    EfficientNets are shortened: float64 has no fast depthwise convolution.
    """
    torch.manual_seed(0)
    if any(family in name for family in ("vit", "swin")):
        options["img_size"] = side
    network = timm.create_model(name, num_classes=0, **options)
    if "efficientnet" in name:
        network = shortened(network)
    if any(isinstance(part, nn.BatchNorm2d) for part in network.modules()):
        return calibrated(network, side)
    return with_all_parts(network)


def noise(side: int, seed: int = 5, dtype: torch.dtype = torch.float64) -> Tensor:
    """(1, 3, side, side) of both signs."""
    return torch.randn(1, 3, side, side, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def only(values: Tensor, places: Sequence[tuple[int, ...]]) -> Tensor:
    """values once for each place (row, column) of the last two axes, all else set to zero: (N, *shape)."""
    masked = torch.zeros(len(places), *values.shape, dtype=values.dtype)
    for one, (row, column) in zip(masked, places, strict=True):
        one[..., row, column] = values[..., row, column]
    return masked


def pixels(recording: Recording, layer: str, seed: Tensor) -> Tensor:
    """Relevance (3, H, W) of the input from one seed of the layer's shape."""
    (relevance,) = recording.pixels(layer, seed[None])
    return relevance


def both(network: nn.Module, x: Tensor, layer: str, engine: str, policy: Policy | None = None) -> tuple[Tensor, Tensor]:
    """Relevance of a layer from the output itself, and of the pixels from that."""
    with record(network, x, [layer], policy, engine) as recording:
        relevance = recording.relevance(layer, recording.output[None])[0]
        return relevance, pixels(recording, layer, relevance)


def assert_near(found: Tensor, expected: Tensor, tolerance: float = 1e-9) -> None:
    """Within a tolerance relative to the largest expected value, which is not zero."""
    largest = float(expected.abs().max())
    assert largest > 0
    torch.testing.assert_close(found, expected, rtol=0, atol=tolerance * largest)
