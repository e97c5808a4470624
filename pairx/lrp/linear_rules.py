"""How relevance goes back through a linear operation, each rule with its equation and source: see `rules`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from pairx.lrp.operators import Arithmetic, Convolution, Linear, multiply
from pairx.lrp.patch import EPSILON, Patch, stabilized
from pairx.lrp.rules import Node, Rule, held

WIDE = 64  # inputs from which on positive and negative parts are so balanced that (z + |z|) / 2 loses no digits
NEGLIGIBLE_POSITIVE = 1e-3  # of all parts' magnitude: a positive part below that is more rounding than evidence


class Product(Rule):
    """A linear operation y = x W + b. inputs: the values of x."""

    def __init__(self, x: Node, inputs: Tensor, y: Node, operator: Linear, arithmetic: Arithmetic) -> None:
        super().__init__(x)
        self.x, self.inputs, self.y, self.operator, self.arithmetic = x, inputs, y, operator, arithmetic

    def hold(self, y: Tensor) -> None:
        """Keep the forward's output, as far as shares depend on it."""
        self.y.pin(y.detach())  # the model may write over its own

    def release(self) -> None:
        """Need that no more."""
        self.y.release()


class Epsilon(Product):
    """`R_i = sum_j x_i w_ij / (y_j + epsilon sign y_j) R_j` (Bach et al. 2015, eq. 58): EpsilonPlus's linear layers."""

    def share(self, relevance: Patch) -> Sequence[Patch]:
        factor = relevance.dense() / stabilized(held(self.y.value))
        return [Patch.whole((self.inputs * multiply(factor, self.operator.weight().T)).to(relevance.values.dtype))]

    def kept(self, relevance: Patch) -> float:
        bias = self.operator.bias()
        return 0.0 if bias is None else float((relevance.dense() / stabilized(held(self.y.value)) * bias).sum())


class _Denominators(NamedTuple):
    """What `ZPlus` shares by. inverse: 1 / denominator, the output's shape. mixed: whether the inputs have both signs.
    inverse_of_all: for `ZPlusOrAll`, 1 / magnitude of all parts where these share, 0 elsewhere; None if they never do.
    """

    inverse: Tensor
    mixed: bool
    inverse_of_all: Tensor | None = None


class ZPlus(Product):
    """`R_i = sum_j (x_i+ w_ij+ + x_i- w_ij-) / (sum_i' (...) + b_j+) R_j`, where + and - are the positive and the
    negative part (Montavon et al. 2019, "Layer-Wise Relevance Propagation: An Overview", alpha = 1, beta = 0).

    An output whose denominator is zero has nobody to share with, and its relevance ends there: after activations such
    as SiLU, which let negative values pass, a few outputs of depthwise convolutions are like that.

    The denominator of a wide layer is had from the forward's output with one product instead of two.
    """

    def __init__(self, x: Node, inputs: Tensor, y: Node, operator: Linear, arithmetic: Arithmetic) -> None:
        self.wide = operator.fan_in >= WIDE
        if not self.wide or operator.strided:  # in short sums, rounding does not average out
            arithmetic = replace(arithmetic, dtype=None)
        super().__init__(x, arithmetic.short(inputs), y, operator, arithmetic)
        self.denominators: _Denominators | None = None

    def hold(self, y: Tensor) -> None:
        if self.wide:
            super().hold(self.arithmetic.short(y))

    def release(self) -> None:
        if self.wide:
            super().release()

    def prepare(self) -> None:
        if self.denominators is None:
            self.denominators = self._denominators()

    def share(self, relevance: Patch) -> Sequence[Patch]:
        inverse, mixed, _ = held(self.denominators)
        factor = relevance.holding(self.arithmetic.short(relevance.values * relevance.of(inverse)))
        size = self.x.shape[-2:]
        up = self.operator.adjoint(factor, size, 1)
        x = up.of(self.inputs)
        above = x.clamp(min=0) if mixed else x
        values = above * up.values
        if mixed:
            values.addcmul_(x - above, self.operator.adjoint(factor, size, -1).values)
        return [self._trim(up.holding(values.to(relevance.values.dtype)))]

    def kept(self, relevance: Patch) -> float:
        return self._ended(relevance, self.operator.bias(), held(self.denominators).inverse)

    def unowned(self, relevance: Patch) -> float:
        inverse = relevance.of(held(self.denominators).inverse)
        ended = F.threshold(inverse, 1 / (2 * EPSILON), 0.0)  # zero where anybody shares
        return EPSILON * float((relevance.values * ended).sum())

    def _ended(self, relevance: Patch, bias: Tensor | None, inverse: Tensor) -> float:
        """How much ends in the positive part of a bias."""
        if bias is None:
            return 0.0
        return float((relevance.values * relevance.of(self.operator.per_channel(bias.clamp(min=0)) * inverse)).sum())

    def _trim(self, relevance: Patch) -> Patch:
        share = self.arithmetic.trim
        spatial = isinstance(self.operator, Convolution) and max(self.operator.raw.shape[-2:]) > 1
        single = len(relevance.values) == 1
        return relevance.trimmed(share) if share and spatial and single else relevance

    def _denominators(self) -> _Denominators:
        """Of all outputs; from here on the forward's output is not needed."""
        x = self.inputs
        mixed = any(bool(part.amin(tuple(range(x.ndim))) < 0) for part in (x[..., :1, :], x))  # one row mostly tells
        inverse = self.arithmetic.short(self._inverse(mixed))
        self.release()
        return _Denominators(inverse, mixed)

    def _inverse(self, mixed: bool) -> Tensor:
        """1 / stabilised denominator of all outputs."""
        x, bias, dtype = self.inputs, self.operator.bias(), self.operator.raw.dtype
        if bias is None:
            bias = self.operator.raw.new_zeros(len(self.operator.raw))
        up, above = bias.clamp(min=0) + EPSILON, x.clamp(min=0) if mixed else x
        if mixed and self.wide:  # twice the positive part is the whole and its magnitude
            twice = self.operator.product(x.abs(), 0, 2 * up - bias).to(dtype).add_(held(self.y.value))
            return torch.div(2.0, twice.clamp_(min=2 * EPSILON), out=twice)
        z = self.operator.product(above, 1, up).to(dtype)
        if mixed:
            z += self.operator.product(x - above, -1, torch.zeros_like(bias))
        return z.clamp_(min=EPSILON).reciprocal_()


class ZPlusOrAll(ZPlus):
    """ZPlus, but where the positive part of an output is less than NEGLIGIBLE_POSITIVE of the magnitude of all parts,
    `R_i = |x_i w_ij| / (sum_i' |x_i' w_i'j| + |b_j|) R_j`, so that relevance is conserved.
    """

    def _denominators(self) -> _Denominators:
        inverse, mixed, _ = super()._denominators()
        raw, bias = self.operator.raw, self.operator.bias()
        bias = raw.new_zeros(len(raw)) if bias is None else bias.abs()
        magnitude = self.operator.product(self.inputs.abs(), 0, bias).to(raw.dtype)
        none = inverse.reciprocal() - EPSILON <= NEGLIGIBLE_POSITIVE * magnitude
        inverse_of_all = none / stabilized(magnitude) if none.any() else None
        return _Denominators(inverse.masked_fill(none, 0), mixed, inverse_of_all)

    def share(self, relevance: Patch) -> Sequence[Patch]:
        (positive,) = super().share(relevance)
        inverse_of_all = held(self.denominators).inverse_of_all
        if inverse_of_all is None:
            return [positive]
        factor = relevance.holding(self.arithmetic.short(relevance.values * relevance.of(inverse_of_all)))
        up = self.operator.adjoint(factor, self.x.shape[-2:], 0)
        return [positive + up.holding((up.of(self.inputs).abs() * up.values).to(relevance.values.dtype))]

    def kept(self, relevance: Patch) -> float:
        bias, inverse_of_all = self.operator.bias(), held(self.denominators).inverse_of_all
        if inverse_of_all is None or bias is None:
            return super().kept(relevance)
        return super().kept(relevance) + self._ended(relevance, bias.abs(), inverse_of_all)
