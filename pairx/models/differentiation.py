"""Derivatives of networks that are right in every memory layout, and of embeddings but for their own length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

NORMS = {torch.norm, Tensor.norm, torch.linalg.norm, torch.linalg.vector_norm}


class Differentiable(TorchFunctionMode):
    """During `with Differentiable():` a network's forward gives an output whose gradient is right.

    On a CPU, torch's backward of BatchNorm in evaluation mode is wrong for a single image whose features and gradient
    lie differently in memory (contiguous and channels-last), as where a network turns its grid into tokens. So each
    such gradient is laid out as the features are. Thread-local; nothing of the network is changed.

    The length of an embedding (B, D) by which a network divides it counts as a constant. Cosines have the same
    derivative either way; `e . f` over constant lengths, which methods take apart, has the one that it has in the same
    network without the division, instead of one that is at right angles to the embedding.
    """

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if func is F.batch_norm:
            return batch_norm(*args, **kwargs)
        if (func is F.normalize or func in NORMS) and _is_embedding(args[0] if args else kwargs.get("input")):
            return normalize(*args, **kwargs) if func is F.normalize else func(*args, **kwargs).detach()
        return func(*args, **kwargs)


def batch_norm(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """BatchNorm, arguments as torch's, whose gradient does not depend on how it lies in memory."""
    y = F.batch_norm(input, *args, **kwargs)
    if y.requires_grad and input.device.type == "cpu":
        layout = input.detach()
        y.register_hook(lambda gradient: torch.empty_like(layout).copy_(gradient))
    return y


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None) -> Tensor:
    """`F.normalize`, by a length that counts as a constant."""
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps).detach()


def _is_embedding(value: object) -> bool:
    return isinstance(value, Tensor) and value.ndim == 2
