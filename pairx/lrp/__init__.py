"""The relevance engine: layer-wise relevance propagation through unmodified models, behind one small interface.

`record` runs a model once on one image. The recording then gives the relevance of any recorded layer, or of the pixels,
from any number of seeds. Relevance is always what a rule hands down, never a gradient by accident: an operation that no
rule knows is an error that names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import nn

from pairx.lrp.policy import BATCHNORMS, RESIDUALS, Policy
from pairx.lrp.zennit_engine import ZennitRecording
from pairx.types import InputError

__all__ = ["BATCHNORMS", "ENGINES", "RESIDUALS", "Policy", "Recording", "record"]


class Recording(Protocol):
    """One image's way through a model. output: (D,) the embedding. Use it in a `with`: its end frees the memory."""

    output: torch.Tensor

    def __enter__(self) -> Recording: ...

    def __exit__(self, *error: object) -> None: ...

    def relevance(self, layer: str, seed: torch.Tensor) -> torch.Tensor:
        """Relevance of a layer's output (its own shape, batch of 1) from a seed (D,) at the embedding."""

    def pixels(self, layer: str, seed: torch.Tensor) -> torch.Tensor:
        """Relevance of the input (3, H, W) from a seed at a layer's output (its own shape, batch of 1)."""


def record(
    module: nn.Module, x: torch.Tensor, layers: Sequence[str], policy: Policy | None = None, engine: str = "zennit"
) -> Recording:
    """Run `module` on one image x (1, 3, H, W), ready to propagate relevance to the outputs of the named submodules.

    The module is not changed, and recordings share nothing: any number of threads may record and propagate at once.
    Raises InputError for an unknown engine and for a model with an operation that has no rule.
    """
    if engine not in ENGINES:
        raise InputError(f"There is no engine {engine!r}. Choose {' or '.join(ENGINES)}.")
    return ENGINES[engine](module, x, layers, policy or Policy())


ENGINES = {"zennit": ZennitRecording}
