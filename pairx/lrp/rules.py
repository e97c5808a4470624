"""How relevance goes back through one operation, each rule with its equation and source.

`R_i` is relevance of an input, `R_j` of an output, `z_ij` what input i adds to output j. Every rule holds the values of
its forward and takes relevance from any number of signals, in any thread. What does not arrive at an input has ended in
a parameter (`kept`: biases, embeddings of place or class) or in the stabiliser of a division by almost zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor

from pairx.lrp.operators import Arithmetic, Convolution, Scaling
from pairx.lrp.patch import Patch, stabilized
from pairx.types import InputError

ATTENTION, GATE, POWER = "attention", "gate", "power"  # kinds of nodes


T = TypeVar("T")


def held(thing: T | None) -> T:
    """What a node or a rule holds for relevance. Raises RuntimeError where it does not yet, or no more."""
    if thing is None:
        raise RuntimeError("Relevance was asked for where nothing is held for it: not yet prepared, or freed already.")
    return thing


class Node:
    """One tensor of a forward: how its relevance goes on, and its value where a rule needs it.

    rule: None for the input. name: of the module or operation that it comes from. kind: ATTENTION of what comes from a
    softmax and from nothing else, which products take as constant, GATE of what comes from a sigmoid, POWER of powers.
    users: operations that take it. branch: the convolution of an earlier tensor that it is, until it is taken.
    """

    __slots__ = ("_pins", "branch", "index", "kind", "name", "rule", "shape", "users", "value")

    def __init__(self, index: int, rule: Rule | None, shape: torch.Size, name: str, kind: str = "") -> None:
        self.index, self.rule, self.shape, self.name, self.kind = index, rule, shape, name, kind
        self.value: Tensor | None = None
        self.branch: Branch | None = None
        self.users = self._pins = 0

    def pin(self, value: Tensor) -> Node:
        """Keep the value until as many have released it."""
        self.value = value
        self._pins += 1
        return self

    def release(self) -> None:
        self._pins -= 1
        if not self._pins:
            self.value = None

    def free(self) -> None:
        """Free the memory at once of all that is held here, which may hold this node."""
        self.rule = self.value = self.branch = None


@dataclass(frozen=True)
class Branch:
    """What a tensor is of an earlier one, until an operation reads it: a convolution of it.

    source, x: the earlier tensor's node and value (B, C, H, W).
    """

    source: Node
    x: Tensor
    operator: Convolution

    def scaled(self, scaling: Scaling) -> Branch:
        """The same with a factor and a shift of each channel after it."""
        return Branch(self.source, self.x, self.operator.merged(scaling))

    def negated(self) -> Branch:
        """The same times -1."""
        ones = self.x.new_ones(self.operator.outputs)
        return self.scaled(Scaling(-ones, torch.zeros_like(ones)))

    def times(self, factor: Tensor | float) -> Branch | None:
        """The same times a number, or a tensor with one number for all or for each channel; None for any other."""
        channels = self.operator.outputs
        if isinstance(factor, Tensor) and factor.numel() > 1:
            if factor.shape[-3:] != (channels, 1, 1) or factor.numel() != channels:
                return None
            factor = factor.detach().flatten()
        scale = self.x.new_ones(channels) * factor
        return self.scaled(Scaling(scale, torch.zeros_like(scale)))


class Rule:
    """sources: the nodes that relevance goes to, in the order that `share` answers in."""

    def __init__(self, *sources: Node) -> None:
        self.sources = sources

    def prepare(self) -> None:
        """Compute what all signals need."""

    def share(self, relevance: Patch) -> Sequence[Patch]:
        """Relevance of each source from that of the output, (N, *its shape)."""
        raise NotImplementedError

    def kept(self, relevance: Patch) -> float:
        """How much of the relevance ends in parameters."""
        return 0.0

    def unowned(self, relevance: Patch) -> float:
        """How much of the relevance is at outputs to which no input and no parameter added anything positive."""
        return 0.0


class Unruled(Rule):
    """An operation that no rule knows: an error if relevance ever reaches it. operation: its name."""

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.operation = operation


class Pass(Rule):
    """`R_i = R_j`: activations, layer normalisation, constant factors, signals under a gate, BatchNorm that cannot be
    merged (Bach et al. 2015 for activations; the identity rule of Achtibat et al. 2024, AttnLRP, eq. 9, for the rest).
    """

    def share(self, relevance: Patch) -> Sequence[Patch]:
        return [relevance]


class Adjoint(Rule):
    """`R_i = sum_j (dy_j / dx_i) R_j`: of operations that only move or select values, where each derivative is 0 or 1.

    y: the output with its graph; leaves: the inputs of that graph, one a source. constant: whether a part of the output
    comes from parameters.
    """

    def __init__(self, sources: Sequence[Node], y: Tensor, leaves: Sequence[Tensor], constant: bool = False) -> None:
        super().__init__(*sources)
        self.y, self.leaves, self.constant = y, leaves, constant

    def share(self, relevance: Patch) -> Sequence[Patch]:
        shares = [self._pull(one) for one in relevance.dense()]
        return [Patch.around(torch.stack(parts)) for parts in zip(*shares, strict=True)]

    def kept(self, relevance: Patch) -> float:
        if not self.constant:
            return 0.0
        return float(relevance.values.sum() - sum(part.values.sum() for part in self.share(relevance)))

    def _pull(self, relevance: Tensor) -> Sequence[Tensor]:
        with (
            torch.enable_grad()
        ):  # of one number: handed a gradient, torch imports its symbolic shapes to compare sizes
            reached = (self.y * relevance.to(self.y.dtype)).sum()
        pulled = torch.autograd.grad(reached, self.leaves, retain_graph=True, materialize_grads=True)
        return [one.to(relevance.dtype) for one in pulled]


class Cropped(Adjoint):
    """The adjoint of constants around a signal: the part of the relevance that is the signal's, and no arithmetic.

    top, left: where the signal begins in the last two axes of the output. size: (height, width) of its own.
    """

    def __init__(self, source: Node, top: int, left: int, size: tuple[int, int]) -> None:
        super().__init__([source], torch.empty(0), (), constant=True)
        self.top, self.left, self.size = top, left, size

    def share(self, relevance: Patch) -> Sequence[Patch]:
        return [relevance.inside(self.top, self.left, self.size)]


class Norm(Adjoint):
    """`R_i = x_i sum_j (dy_j / dx_i) R_j / y_j`: averages and generalised means (zennit's Norm).

    For a mean that is `z_ij = x_i / n`; for GeM `z_ij` is in proportion to `x_i^p`.
    """

    def _pull(self, relevance: Tensor) -> Sequence[Tensor]:
        gradients = super()._pull(relevance.to(self.y.dtype) / self._whole())
        return [(leaf * gradient).to(relevance.dtype) for leaf, gradient in zip(self.leaves, gradients, strict=True)]

    def _whole(self) -> Tensor:
        return stabilized(self.y.detach())


class Factors(Norm):
    """`R_a = 1/n sum_j a (dy_j / da) R_j / y_j` of each of n features a whose products y sums, such as queries and keys
    without a softmax: the uniform rule (Achtibat et al. 2024, AttnLRP, section 3.3) and `Norm` of what the sum adds up.

    y: of the features, or of their magnitudes, so that it conserves where products of both signs cancel.
    """

    def share(self, relevance: Patch) -> Sequence[Patch]:
        return super().share(relevance.holding(relevance.values / len(self.sources)))


class NormOfPowers(Norm):
    """The same of powers, which are so small for small features that a stabiliser would take most: without one."""

    def _whole(self) -> Tensor:
        return self.y.detach().masked_fill(self.y.detach() == 0, 1)


class Halves(Rule):
    """`R_a = R_b = R / 2`: a product of two features, of which neither says how much of the other goes on (the uniform
    rule of Achtibat et al. 2024, AttnLRP); a square hands all relevance to its feature so.
    """

    def share(self, relevance: Patch) -> Sequence[Patch]:
        return [relevance.holding(relevance.values / 2)] * 2


class Shared(Rule):
    """An equation of its own: see `pairx.lrp.shared`."""

    def __init__(self, sources: Sequence[Node], inputs: Sequence[Tensor], y: Tensor, share_one: Callable) -> None:
        super().__init__(*sources)
        self.inputs, self.y, self.share_one = inputs, y, share_one

    def share(self, relevance: Patch) -> Sequence[Patch]:
        shares = [self._checked(self.share_one(one, self.inputs, self.y)) for one in relevance.dense()]
        return [Patch.around(torch.stack(parts).to(relevance.values.dtype)) for parts in zip(*shares, strict=True)]

    def _checked(self, shares: Sequence[Tensor]) -> Sequence[Tensor]:
        wanted, given = [tuple(x.shape) for x in self.inputs], [tuple(getattr(r, "shape", ())) for r in shares]
        if wanted != given:
            raise InputError(f"A registered rule gives relevance of shapes {given} for inputs of shapes {wanted}.")
        return shares


class Sum(Rule):
    """A sum of signals, or of a signal and a parameter; `weigh` turns an operand into its weight.

    `R_a = R w(a) / (w(a) + w(b))`. Norm rule: w is the identity, `R_a = R a / (a + b)` (PAIR-X, B.2). Conserving rule:
    w is the magnitude, which stays bounded where operands cancel. operands: nodes or constants.
    """

    def __init__(self, operands: Sequence[Node | Tensor], weigh: Callable[[Tensor], Tensor]) -> None:
        super().__init__(*(one for one in operands if isinstance(one, Node)))
        self.operands, self.weigh = operands, weigh
        self.parts: list[Tensor] = []  # of each operand, the output's shape

    def prepare(self) -> None:
        if not self.parts:
            values = [held(one.value) if isinstance(one, Node) else one for one in self.operands]
            weights = [self.weigh(value) for value in torch.broadcast_tensors(*values)]
            whole = stabilized(weights[0] + weights[1])
            self.parts = [weight / whole for weight in weights]
            for source in self.sources:
                source.release()

    def share(self, relevance: Patch) -> Sequence[Patch]:
        operands = zip(self.operands, self.parts, strict=True)
        return [
            relevance.holding(relevance.values * relevance.of(part)) for one, part in operands if isinstance(one, Node)
        ]

    def kept(self, relevance: Patch) -> float:
        operands = zip(self.operands, self.parts, strict=True)
        return sum(
            float((relevance.values * relevance.of(part)).sum()) for one, part in operands if not isinstance(one, Node)
        )


class Copy(Rule):
    """`R_a = R_b = R`: a sum whose operands each take all relevance, as the public PAIR-X code leaves the residual sums
    of timm's EfficientNets; it doubles relevance at every skip.
    """

    def share(self, relevance: Patch) -> Sequence[Patch]:
        return [relevance] * len(self.sources)


class _Weighed(NamedTuple):
    """What `Mix` shares by: the matrix and the signal, both as magnitudes, and 1 over their product."""

    matrix: Tensor
    magnitude: Tensor
    inverse: Tensor


class Mix(Rule):
    """`R_i = sum_j |a_ji x_i| / sum_i' |a_ji' x_i'| R_j`: a matrix product with constant weights, such as attention
    held constant. Magnitudes, so that it conserves where values of both signs cancel.

    mixing: gives the constant matrix. left: whether that stands left of the signal.
    """

    def __init__(self, signal: Node, mixing: Callable[[], Tensor], left: bool, arithmetic: Arithmetic) -> None:
        super().__init__(signal)
        self.mixing, self.left, self.arithmetic = mixing, left, arithmetic
        self.weighed: _Weighed | None = None

    def prepare(self) -> None:
        if self.weighed is None:
            matrix, magnitude = self.mixing().abs(), held(self.sources[0].value).abs()
            inverse = 1 / stabilized(self._product(matrix, magnitude))
            self.weighed = _Weighed(self.arithmetic.short(matrix), self.arithmetic.short(magnitude), inverse)
            self.sources[0].release()

    def share(self, relevance: Patch) -> Sequence[Patch]:
        matrix, magnitude, inverse = held(self.weighed)
        factor = self.arithmetic.short(relevance.dense() * inverse)
        shared = self._product(matrix.mT, factor)
        ones = [1] * (shared.ndim - 1 - magnitude.ndim)  # a signal that heads share takes it from all of them
        shared = shared.sum_to_size(len(factor), *ones, *magnitude.shape)
        shared = shared.reshape(len(factor), *magnitude.shape).mul_(magnitude)
        return [Patch.whole(shared.to(relevance.values.dtype))]

    def _product(self, matrix: Tensor, values: Tensor) -> Tensor:
        return matrix @ values if self.left else values @ matrix
