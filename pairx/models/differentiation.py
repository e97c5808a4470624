"""Derivatives of networks that are right in every memory layout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode


class Differentiable(TorchFunctionMode):
    """During `with Differentiable():` a network's forward gives an output whose gradient is right.

    On a CPU, torch's backward of BatchNorm in evaluation mode is wrong for a single image whose features and gradient
    lie differently in memory (contiguous and channels-last), as where a network turns its grid into tokens. So each
    such gradient is laid out as the features are. Thread-local; nothing of the network is changed.
    """

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        return (batch_norm if func is F.batch_norm else func)(*args, **kwargs or {})


def batch_norm(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """BatchNorm, arguments as torch's, whose gradient does not depend on how it lies in memory."""
    y = F.batch_norm(input, *args, **kwargs)
    if y.requires_grad and input.device.type == "cpu":
        layout = input.detach()
        y.register_hook(lambda gradient: torch.empty_like(layout).copy_(gradient))
    return y
