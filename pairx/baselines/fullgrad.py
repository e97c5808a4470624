"""FullGrad: the input's and every bias's share of the similarity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from pairx.baselines.cam import FAMILY
from pairx.baselines.registry import NoOptions, each_side, method, sides_card
from pairx.baselines.sides import Side
from pairx.types import Game, InputError

ACTIVATIONS = {
    "relu6", "hardtanh", "clamp", "clamp_min", "clamp_max", "silu", "hardswish", "mish", "gelu", "elu", "selu", "celu",
    "softplus", "tanh",
}  # fmt: skip
"""Those that are not f'(x) x, as ReLU and its leaky kin are. Without sigmoids, which networks of images multiply with:
the bias of a gate would take the place of what passes through it.
"""


class BiasTape(TorchFunctionMode):
    """Has the backward of a forward add up what every operation that adds a bias contributes, `b g_b`. An activation's
    bias is implicit: what its tangent adds, `f(x) - f'(x) x`, such as the 6 of a saturated ReLU6.

    cells: by (h, w), the sums over channels of what has a place. elsewhere: of what has none. Belongs to one thread;
    changes nothing in the network.
    """

    def __init__(self) -> None:
        super().__init__()
        self.cells: dict[tuple[int, int], Tensor] = {}
        self.elsewhere = 0.0

    def __torch_function__(self, function: Callable, _types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        bias = _bias(function, args, kwargs)  # before the operation, which may write over its input
        output = function(*args, **kwargs)
        if bias is None:
            return output
        self.note(output, bias)
        return output

    def note(self, output: Tensor, bias: Tensor) -> None:
        """Once the output's gradient is known, add up what the bias contributes."""
        if output.requires_grad:
            output.register_hook(lambda gradient: self._add(gradient, bias))  # of the output before it is written over

    def _add(self, gradient: Tensor, bias: Tensor) -> None:
        gradient = gradient.detach()
        if gradient.ndim != 4 or gradient.shape[2:].numel() == 1:
            share = gradient * (bias[:, None, None] if bias.ndim == 1 and gradient.ndim == 4 else bias)
            self.elsewhere += float(share.double().sum())
            return
        own = torch.einsum("c,bchw->hw", bias, gradient) if bias.ndim == 1 else (gradient * bias).sum((0, 1))
        size = own.shape[0], own.shape[1]
        self.cells[size] = self.cells[size] + own if size in self.cells else own


def _bias(function: Callable, args: tuple, kwargs: dict) -> Tensor | None:
    if function in _BIASES:
        return _BIASES[function](*args, **kwargs)
    if getattr(function, "__name__", "").rstrip("_") in ACTIVATIONS:
        return _bias_of_activation(function, *args, **kwargs)
    return None


def _bias_of_activation(function: Callable, x: Tensor, *rest: Any, **more: Any) -> Tensor | None:
    if not x.requires_grad:  # such as a table of positions
        return None
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        output = function(x.clone(), *rest, **more)
        (slope,) = torch.autograd.grad(output.sum(), x)
    return (output - slope * x).detach()


def _bias_of_linear(x: Tensor, weight: Tensor, bias: Tensor | None = None, *_rest: Any, **_more: Any) -> Tensor | None:
    return bias


def _bias_of_batch_norm(
    x: Tensor,
    mean: Tensor | None,
    variance: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor | None:
    if training or mean is None or variance is None:  # by statistics of its input, such as a convolution's weights
        return None
    scale = (variance + eps).rsqrt() * (1 if weight is None else weight)
    return (0 if bias is None else bias) - mean * scale


_BIASES: dict[Callable, Callable[..., Tensor | None]] = {
    torch.conv2d: _bias_of_linear,
    F.linear: _bias_of_linear,
    F.batch_norm: _bias_of_batch_norm,
}


@method(
    sides_card(
        name="fullgrad",
        title="FullGrad",
        family=FAMILY,
        summary="Adds up what the pixels and what the biases inside the network contribute, place by place.",
        paper="Srinivas, Fleuret: Full-Gradient Representation for Neural Network Visualization",
        equation="eq. 3 and 5, summed with their signs instead of as rescaled absolute values; activations have the "
        "implicit bias f(x) - f'(x) x",
        needs=("partner embedding", "pixels", "gradient", "biases"),
        cost="1 forward and 1 backward of each photograph",
        caveat="Exact for convolutions, batch normalisation, pooling and activations; its metric, unexplained, tells "
        "what others, such as sigmoid gates, leave out. Does not depend on the layer.",
        game=Game("all", norm=False),
    )
)
@each_side
def fullgrad(side: Side, _options: NoOptions) -> tuple[Tensor, dict[str, float]]:
    """`sum x g_x + sum over biases of upsampled b g_b`, (height, width), of `e . f / (|e||f|)` with constant norms.

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
    """The map (height, width) of one side, and the sum of what has no place on it."""
    x = side.x.detach().clone().requires_grad_()
    with torch.enable_grad(), BiasTape() as tape:
        score = side.product(side.embed(x)).sum()
    total = (x * torch.autograd.grad(score, x)[0]).sum((0, 1)).detach()
    for cells in tape.cells.values():
        total = total + spread(cells, total.shape)
    return total, tape.elsewhere


def spread(cells: Tensor, size: Sequence[int]) -> Tensor:
    """(h, w) to a larger (H, W), bilinear, with every cell's total kept."""
    ones = torch.ones_like(cells)[None, None].requires_grad_()
    with torch.enable_grad():
        received = nn.functional.interpolate(ones, size, mode="bilinear").sum()
        weights = torch.autograd.grad(received, ones)[0][0, 0]
    return nn.functional.interpolate((cells / weights)[None, None], size, mode="bilinear")[0, 0]
