"""Folding BatchNorm into the convolution or linear layer before it, which leaves the network's function as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.overrides import TorchFunctionMode

from pairx.lrp.tape import tensors

LINEAR = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)


def merge(network: nn.Module, x: torch.Tensor) -> None:
    """Fold every BatchNorm whose only input is the output of one convolution or linear layer, which nothing else reads,
    into that layer's weights.

    network: changed in place, with new parameters; the old tensors stay as they were. x: any input, to see what feeds
    what. A folded BatchNorm becomes the identity exactly (an activation that it carries stays), others keep their
    statistics.
    """
    pairs: Iterable[tuple[Any, Any]] = _pairs(network, x)
    for linear, norm in pairs:
        own, shift = (1, 0) if norm.weight is None else (norm.weight, norm.bias)
        scale = own / torch.sqrt(norm.running_var + norm.eps)
        bias = linear.bias if linear.bias is not None else torch.zeros_like(scale)
        linear.weight = _frozen(linear.weight * scale.reshape(-1, *[1] * (linear.weight.ndim - 1)))
        linear.bias = _frozen((bias - norm.running_mean) * scale + shift)
        if norm.weight is not None:
            norm.weight, norm.bias = _frozen(torch.ones_like(scale)), _frozen(torch.zeros_like(scale))
        # Some versions of torch refuse an eps of zero.
        norm.running_mean, norm.running_var = torch.zeros_like(scale), torch.full_like(scale, 1 - norm.eps)


def _frozen(value: torch.Tensor) -> nn.Parameter:
    return nn.Parameter(value.detach(), requires_grad=False)


def _pairs(network: nn.Module, x: torch.Tensor) -> list[tuple[nn.Module, nn.Module]]:
    """(layer, BatchNorm) where the second alone takes the first's output and both run once."""
    readers = _Readers()
    produced: dict[int, nn.Module] = {}
    kept: list[torch.Tensor] = []
    runs: dict[nn.Module, int] = {}
    pairs: list[tuple[nn.Module, nn.Module, int]] = []

    def after_linear(module: nn.Module, _inputs: tuple, output: torch.Tensor) -> None:
        runs[module] = runs.get(module, 0) + 1
        kept.append(output)  # alive, so that its id is not given to another tensor
        produced[id(output)], readers.count[id(output)] = module, 0

    def before_norm(module: nn.Module, inputs: tuple) -> None:
        runs[module] = runs.get(module, 0) + 1
        if (linear := produced.get(id(inputs[0]))) is not None:
            pairs.append((linear, module, id(inputs[0])))

    handles = [part.register_forward_hook(after_linear) for part in network.modules() if isinstance(part, LINEAR)]
    handles += [
        part.register_forward_pre_hook(before_norm)
        for part in network.modules()
        if isinstance(part, _BatchNorm) and part.track_running_stats
    ]
    try:
        with torch.no_grad(), readers:
            network(x)
    finally:
        for handle in handles:
            handle.remove()
    return [
        (linear, norm)
        for linear, norm, between in pairs
        if runs[linear] == runs[norm] == 1 and readers.count.get(between) == 1
    ]


class _Readers(TorchFunctionMode):
    """During `with` it counts, by a tensor's id, the operations that make tensors of it."""

    def __init__(self) -> None:
        super().__init__()
        self.count: dict[int, int] = {}

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if tensors(result):
            for read in {id(one) for one in tensors((args, kwargs))}:
                self.count[read] = self.count.get(read, 0) + 1
        return result
