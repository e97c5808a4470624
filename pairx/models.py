"""Models: a module with its preprocessing and its layers, never a bare module."""

from __future__ import annotations

import torch
from torch import nn


class GeM(nn.Module):
    """Generalised-mean pooling over space (Radenovic et al., "Fine-tuning CNN image retrieval", eq. 3).

    (B, C, h, w) to (B, C). p: learned exponent, 1 is the mean, infinity the maximum.
    """

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor([p]))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.clamp(min=self.eps).pow(self.p).mean((-2, -1)).pow(1 / self.p)


class EmbeddingNet(nn.Module):
    """A timm backbone, GeM and BatchNorm: the form of MiewID's published checkpoints and of reid-lite0.

    (B, 3, H, W) to (B, D) embeddings, not normalised. Keys: `backbone.*`, `pooling.p`, `bn.*`.
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = GeM()
        self.bn = nn.BatchNorm1d(backbone.num_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn(self.pooling(self.backbone(x)))
