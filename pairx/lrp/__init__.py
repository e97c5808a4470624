"""The relevance engine: layer-wise relevance propagation through unmodified models, behind one small interface.

`record` runs a model once on one image. The recording then gives the relevance of any recorded layer, or of the pixels,
from any number of seeds, at any time and in any thread. Relevance is always what a rule hands down, never a gradient by
accident: an operation that no rule knows is an error that names it.

`tape` writes a forward down; `handlers` is the table of which function has which rule, and `register_rule` adds to it.
`writing` handles single operations, `combining` two operands, `layers` weights, `attention` mixing by attention.
`rules` holds the equations, `operators` and `transposed` the linear algebra under them, `patch` the windows that
signals stay in; `engine` sweeps relevance back over the tape.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

import torch
from torch import nn

from pairx.lrp.engine import OUTPUT, Account, TapeRecording, refuse_hidden
from pairx.lrp.handlers import register_rule
from pairx.lrp.operators import Arithmetic
from pairx.lrp.parallel import in_threads
from pairx.lrp.policy import Policy
from pairx.lrp.writing import averaged, moved, passed, refused, shared, written_out
from pairx.models import finite
from pairx.types import InputError

__all__ = [
    "ENGINES", "OUTPUT", "Account", "Policy", "Recording", "averaged", "in_threads", "moved", "passed", "record",
    "refused", "register_rule", "seed", "shared", "written_out",
]  # fmt: skip


TRIM = 1e-4  # share of a signal that each side of its window may lose at a convolution
MEMORY = 1 << 30


class Recording(Protocol):
    """One image's way through a model. Use it in a `with`: its end frees the memory.

    output: (D,) the embedding. activations: a recorded layer's name to its output, batch of 1. The layer "" is the
    model's own output.
    """

    output: torch.Tensor
    activations: dict[str, torch.Tensor]

    def __enter__(self) -> Recording: ...

    def __exit__(self, *error: object) -> None: ...

    def relevance(
        self, layer: str, seeds: torch.Tensor, account: Account | None = None, last: bool = False
    ) -> torch.Tensor:
        """Relevance of a layer's output from seeds (N, D) at the embedding: (N, *the output's shape).

        account: takes down, where the engine keeps accounts, where that of all seeds went, in its own units. last:
        whether the memory of all that it passes is freed on the way; relevance can start nowhere but at the layer then.
        """

    def pixels(
        self, layer: str, seeds: torch.Tensor, account: Account | None = None
    ) -> Generator[torch.Tensor, None, None]:
        """Relevance of the input (3, H, W) from each of the seeds (N, *the layer's shape), in order. account: takes
        down, where the engine keeps accounts, where that of the first went, in its own units.

        Who stops iterating stops the computation. Raises InputError where the image was recorded without the pixels.
        """

    def keep(self, layers: Sequence[str]) -> None:
        """Free the memory of all that relevance from these layers does not pass; it can start nowhere else then."""

    def narrow(self, layers: Sequence[str]) -> None:
        """Free the memory of all that relevance from the output to these layers does not pass; it can go nowhere else
        then.
        """

    @property
    def memory(self) -> float:
        """Bytes that the recording holds, the model's weights apart; infinite where that is unknown."""


def seed(e: torch.Tensor, f: torch.Tensor, start: str = "relevance") -> torch.Tensor:
    """Where relevance of a cosine similarity `s` starts in the photograph of embedding e (D,).

    f: (D,) the other embedding. start: "relevance", `e_k f_k / (|e| |f|)`, which sums to s (PAIR-X, B.2); "gradient",
    `ds / de_k`, where both public PAIR-X codes start; "gradient_times_cosine", that times s, as one of them does.
    """
    lengths = (e.norm() * f.norm()).clamp(min=1e-12)
    if start == "relevance":
        return e * f / lengths
    s = (e @ f) / lengths
    gradient = f / lengths - s * e / e.square().sum().clamp(min=1e-12)
    return gradient * s if start == "gradient_times_cosine" else gradient


def record(
    module: nn.Module,
    x: torch.Tensor,
    layers: Sequence[str],
    policy: Policy | None = None,
    engine: str = "fast",
    memory: int = MEMORY,
    pixels: bool = True,
) -> Recording:
    """Run `module` on one image x (1, 3, H, W), ready to propagate relevance to the outputs of the named submodules.

    engine: "exact"; "fast", which on a CPU cuts the rims of a signal's window off where almost no relevance is left
    and, where the hardware can, multiplies in bfloat16; or "zennit", the slow reference. memory: bytes that signals may
    take while they are under way; it bounds how many there are at once. pixels: whether relevance shall go on from the
    layers to the pixels; where not, "fast" and "exact" keep nothing for that. The module is not changed, and recordings
    share nothing: any number of threads may record and propagate at once. Raises InputError for an unknown engine, for
    a model with an operation that has no rule or that is hidden (compiled, traced, checkpointed), for more than one
    image and for an embedding that is no finite number.
    """
    if engine not in ENGINES:
        raise InputError(f"There is no engine {engine!r}. Choose {' or '.join(ENGINES)}.")
    refuse_hidden(module, x)
    recording = ENGINES[engine](module, x, layers, policy or Policy(), memory, pixels)
    finite(recording.output)
    return recording


def _exact(
    module: nn.Module, x: torch.Tensor, layers: Sequence[str], policy: Policy, memory: int, pixels: bool
) -> Recording:
    return TapeRecording(module, x, layers, policy, Arithmetic(), memory, pixels)


def _fast(
    module: nn.Module, x: torch.Tensor, layers: Sequence[str], policy: Policy, memory: int, pixels: bool
) -> Recording:
    return TapeRecording(module, x, layers, policy, Arithmetic(_short(x.device), TRIM), memory, pixels)


def _zennit(
    module: nn.Module, x: torch.Tensor, layers: Sequence[str], policy: Policy, _memory: int, _pixels: bool
) -> Recording:
    from pairx.lrp.zennit_engine import ZennitRecording  # zennit imports torchvision's models

    return ZennitRecording(module, x, layers, policy)  # one signal at a time anyway


def _short(device: torch.device) -> torch.dtype | None:
    """bfloat16 where the hardware multiplies in it."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else None
    able = torch.backends.mkldnn.is_available() and torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if able else None


ENGINES = {"fast": _fast, "exact": _exact, "zennit": _zennit}
