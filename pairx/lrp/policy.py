"""What a user may choose of the propagation."""

from __future__ import annotations

from dataclasses import dataclass

from pairx.choices import CHOICES, values_of
from pairx.types import InputError


@dataclass(frozen=True)
class Policy:
    """The choices that LRP leaves open.

    composite: which rule an operation gets. "epsilon-plus" as in the paper: ZPlus on convolutions, Epsilon on linear
    layers, norm rule on sums. "conserving", for networks with layer normalisation or attention: ZPlus on linear layers
    too, with a share for outputs that have no positive part, magnitudes at sums and at sums of products. "gradient":
    every operation's derivative, so that relevance is a gradient. "auto": "conserving" where a network has layer or RMS
    normalisation, or where its signals mix each other, as a recording finds out: by attention, with a softmax or
    without, or in another sum of products of two of them. Otherwise "epsilon-plus", with magnitudes at sums that a
    normalisation shifts before a layer weighs them, as in pre-activation networks: there relevance does not vanish
    where a sum does, so the norm rule would enlarge it without bound. residual: "norm" shares relevance at a sum in
    proportion to its operands; "plain" hands all of it to both, as the public PAIR-X code does on timm's EfficientNets,
    which doubles relevance at every skip. batchnorm: "merge" folds it into the convolution before it, and parallel
    linear branches of one tensor with it into the one convolution that their sum is, where residual is "norm"; "pass"
    hands relevance through it unchanged, as zennit does where it cannot merge. pooling: "norm" shares relevance out
    among what a generalised mean (GeM) and other means of powers pool; "gradient" takes their derivative, as the public
    PAIR-X codes do, whose rules see modules only.
    """

    residual: str = CHOICES["residual"].default
    batchnorm: str = CHOICES["batchnorm"].default
    composite: str = CHOICES["composite"].default
    pooling: str = CHOICES["pooling"].default

    @property
    def conserves(self) -> bool:
        """Whether its rules share relevance out, so that its sum stays what it was but for what is booked elsewhere."""
        return self.residual == self.pooling == "norm" and self.composite != "gradient"

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if value not in (known := values_of(name)):
                raise InputError(f"{name} is {' or '.join(known)}, not {value!r}.")
