"""FullGrad: the input's and every bias's share of the similarity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from pairx.baselines.cam import FAMILY
from pairx.baselines.registry import NoOptions, each_side, method, sides_card
from pairx.baselines.sides import Side
from pairx.types import Game, InputError


class BiasTape(TorchFunctionMode):
    """Notes down, during a forward, the output of every operation that adds a bias, and that bias.

    biases: (output, bias), bias of a shape that broadcasts to the output's. Belongs to one thread; changes nothing in
    the network.
    """

    def __init__(self) -> None:
        super().__init__()
        self.biases: list[tuple[Tensor, Tensor]] = []

    def __torch_function__(self, function: Callable, _types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        output = function(*args, **(kwargs or {}))
        bias = _BIASES[function](*args, **(kwargs or {})) if function in _BIASES else None
        if bias is None:
            return output
        self.biases.append((output, bias[:, None, None] if output.ndim == 4 else bias))
        return output.clone()  # the next operation may write over its input


def _bias_of_linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, *_rest: Any, **_more: Any) -> Tensor | None:
    return bias


def _bias_of_batch_norm(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    scale = (variance + eps).rsqrt() * (1 if weight is None else weight)
    return (0 if bias is None else bias) - mean * scale


_BIASES = {torch.conv2d: _bias_of_linear, F.linear: _bias_of_linear, F.batch_norm: _bias_of_batch_norm}


@method(
    sides_card(
        name="fullgrad",
        title="FullGrad",
        family=FAMILY,
        summary="Adds up what the pixels and what the biases inside the network contribute, place by place.",
        paper="Srinivas, Fleuret: Full-Gradient Representation for Neural Network Visualization",
        equation="eq. 3 and 5, summed with their signs instead of as rescaled absolute values",
        needs=("partner embedding", "pixels", "gradient", "biases"),
        cost="1 forward and 1 backward of each photograph",
        caveat="Exact for networks of piecewise linear operations; its metric, unexplained, tells what others leave "
        "out. Does not depend on the layer.",
        game=Game("all", norm=False),
    )
)
@each_side
def fullgrad(side: Side, _options: NoOptions) -> tuple[Tensor, dict[str, float]]:
    """`sum x g_x + sum over biases of upsampled b g_b`, (S, S), of `e . f / (|e||f|)` with constant norms.

    A bias without a place (of a linear layer after the pooling) is in no map, but in the metric `elsewhere`; the two
    sum to the similarity but for the metric `unexplained`. Raises InputError for a network with layer
    normalisation, which has no such sum.
    """
    if any(isinstance(part, nn.LayerNorm | nn.RMSNorm) for part in side.model.module.modules()):
        raise InputError("FullGrad adds up the biases of convolutional networks; this one has layer normalisation.")
    found, elsewhere = full_gradient(side)
    similarity = float(side.cosine(side.embedding[None]))
    return found, {"elsewhere": elsewhere, "unexplained": similarity - float(found.double().sum()) - elsewhere}


def full_gradient(side: Side) -> tuple[Tensor, float]:
    """The map (S, S) of one side, and the sum of what has no place on it."""
    x = side.x.detach().clone().requires_grad_()
    with torch.enable_grad(), BiasTape() as tape:
        score = side.product(side.embed(x)).sum()
    outputs = [output for output, _ in tape.biases]
    gradient, *gradients = torch.autograd.grad(score, [x, *outputs], allow_unused=True)
    total, elsewhere = (x * gradient).sum((0, 1)), 0.0
    for (_, bias), g in zip(tape.biases, gradients, strict=True):
        if g is None:
            continue
        share = g * bias
        if share.ndim == 4 and min(share.shape[2:]) > 1:
            total = total + spread(share.sum((0, 1)), total.shape)
        else:
            elsewhere += float(share.detach().double().sum())
    return total.detach(), elsewhere


def spread(cells: Tensor, size: tuple[int, int]) -> Tensor:
    """(h, w) to a larger (H, W), bilinear, with every cell's total kept."""
    ones = torch.ones_like(cells)[None, None].requires_grad_()
    with torch.enable_grad():
        received = nn.functional.interpolate(ones, size, mode="bilinear").sum()
        weights = torch.autograd.grad(received, ones)[0][0, 0]
    return nn.functional.interpolate((cells / weights)[None, None], size, mode="bilinear")[0, 0]
