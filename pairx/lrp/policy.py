"""What a user may choose of the propagation."""

from __future__ import annotations

from dataclasses import dataclass

from pairx.types import InputError

RESIDUALS = ("norm", "plain")
BATCHNORMS = ("merge", "pass")


@dataclass(frozen=True)
class Policy:
    """The choices that LRP leaves open.

    residual: "norm" shares relevance at a sum in proportion to its operands; "plain" hands all of it to both, as the
    public PAIR-X code does on timm's EfficientNets, which doubles relevance at every skip. batchnorm: "merge" folds it
    into the convolution before it; "pass" hands relevance through it unchanged, as zennit does where it cannot merge.
    """

    residual: str = "norm"
    batchnorm: str = "merge"

    def __post_init__(self) -> None:
        for name, value, known in (("residual", self.residual, RESIDUALS), ("batchnorm", self.batchnorm, BATCHNORMS)):
            if value not in known:
                raise InputError(f"{name} is {' or '.join(known)}, not {value!r}.")
