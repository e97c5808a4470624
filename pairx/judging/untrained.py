"""Models that have learned nothing, or have forgotten a part, as like the model as can be (Adebayo et al., "Sanity
Checks for Saliency Maps")."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from pairx.models import EmbeddingModel

CASCADE = (1 / 3, 2 / 3, 1.0)
"""Of the weight matrices and kernels, from the embedding back to the photograph: what is shuffled, step by step."""


@dataclass(frozen=True)
class Untrained:
    """Copies of a model that have forgotten a part. photographs: (H, W, 3) uint8, see `untrained_copy`."""

    model: EmbeddingModel
    photographs: Sequence[np.ndarray]
    seed: int

    @cached_property
    def whole(self) -> EmbeddingModel:
        """With all weights shuffled."""
        return untrained_copy(self.model, self.photographs, self.seed)

    @cached_property
    def cascade(self) -> tuple[EmbeddingModel, ...]:
        """With each share of CASCADE shuffled; the last is `whole`."""
        some = (untrained_copy(self.model, self.photographs, self.seed, share) for share in CASCADE[:-1])
        return (*some, self.whole)


def untrained_copy(
    model: EmbeddingModel, photographs: Sequence[np.ndarray], seed: int, share: float = 1.0
) -> EmbeddingModel:
    """The model with the numbers of weight matrices and kernels shuffled, so that they are distributed as before.

    photographs: (H, W, 3) uint8, two or more, from which batch normalisation takes its statistics anew, from the first
    shuffled weight on, since those of the trained network would let the features vanish or explode. share: of the
    matrices and kernels, the last in the order in which the network names them, 0 to 1.
    """
    other = copy.deepcopy(model)
    other.__dict__.pop("key", None)  # the digest of the trained weights
    random = torch.Generator().manual_seed(seed)
    order, norms = _parts(other.module)
    first = len(order) - round(share * len(order))
    for weight in order[first:]:
        places = torch.randperm(weight.numel(), generator=random).to(weight.device)
        weight.data = weight.data.flatten()[places].view_as(weight).contiguous()
    after = [norm for norm, before in norms if before > first]
    for norm in after:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    if after:
        with torch.no_grad():
            other.module(torch.stack([other.preprocessing(one) for one in photographs]).to(other.device))
    other.module.eval()
    return other


def _parts(module: nn.Module) -> tuple[list[nn.Parameter], list[tuple[_BatchNorm, int]]]:
    """The weight matrices and kernels in their order, and each batch normalisation with how many of them come before
    it."""
    weights: dict[int, nn.Parameter] = {}  # each once, though two modules may share it
    norms = []
    for part in module.modules():
        weights |= {id(one): one for one in part.parameters(recurse=False) if one.ndim > 1}
        if isinstance(part, _BatchNorm):
            norms.append((part, len(weights)))
    return list(weights.values()), norms
