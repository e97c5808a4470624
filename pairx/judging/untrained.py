"""A model that has learned nothing, as like the model as can be (Adebayo et al., "Sanity Checks for Saliency Maps")."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch.nn.modules.batchnorm import _BatchNorm

from pairx.models import EmbeddingModel


def untrained_copy(model: EmbeddingModel, photographs: Sequence[np.ndarray], seed: int) -> EmbeddingModel:
    """The model with the numbers of every weight matrix and kernel shuffled, so that they are distributed as before.

    photographs: (H, W, 3) uint8, two or more, from which batch normalisation takes its statistics anew, since those of
    the trained network would let the features vanish or explode.
    """
    other = copy.deepcopy(model)
    other.__dict__.pop("key", None)  # the digest of the trained weights
    random = torch.Generator().manual_seed(seed)
    for weight in other.module.parameters():
        if weight.ndim > 1:
            order = torch.randperm(weight.numel(), generator=random).to(weight.device)
            weight.data = weight.data.flatten()[order].view_as(weight).contiguous()
    norms = [part for part in other.module.modules() if isinstance(part, _BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    if norms:
        with torch.no_grad():
            other.module(torch.stack([other.preprocessing(one) for one in photographs]).to(other.device))
    other.module.eval()
    return other
