"""Parallel linear branches of one tensor, whose sum is one convolution: it takes the rule of that one, as their sum may
cancel where the convolution does not (Ding et al. 2021, "RepVGG", for the kernel).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, reduce
from math import gcd

import torch
from torch import Tensor

from pairx.lrp.operators import Convolution, Scaling, cached
from pairx.lrp.rules import Branch, Node

MOST = 1 << 26  # weights; a kernel that would have more stays a sum of branches


def unchanged(source: Node, x: Tensor) -> Branch:
    """A tensor (B, C, H, W) as a branch of itself."""
    ones = x.new_ones(x.shape[-3], 1, 1, 1)
    return Branch(source, x, Convolution(ones, None, (1, 1), (0, 0), (1, 1), len(ones)))


def united(
    branches: Sequence[Branch | None], nodes: Sequence[Node], values: Sequence[Tensor], sign: int
) -> Branch | None:
    """The sum, or for sign -1 the difference, of two tensors as one branch; None where they are no linear maps of one
    tensor, or too large a one. branches: what is known of the two; nodes, values: theirs.
    """
    a, b = branches
    if a and a.source is nodes[1]:
        b = unchanged(nodes[1], values[1].detach())
    elif b and b.source is nodes[0]:
        a = unchanged(nodes[0], values[0].detach())
    if not (a and b) or a.source is not b.source or values[0].shape != values[1].shape:
        return None
    if a.operator.stride != b.operator.stride:
        return None
    if sign < 0:
        b = b.negated()
    operator = Branches([*parts_of(a.operator), *parts_of(b.operator)])
    shape = operator.output_size(a.x.shape[-2:])
    return Branch(a.source, a.x, operator) if shape == values[0].shape[-2:] and operator.count <= MOST else None


def parts_of(operator: Convolution) -> Sequence[Convolution]:
    """The convolutions that one is the sum of: itself where it is no sum, or has a scaling after it."""
    return operator.parts if isinstance(operator, Branches) and operator.scaling is None else [operator]


class Branches(Convolution):
    """The convolution that is a sum of convolutions of one input with equal strides and output sizes."""

    def __init__(self, parts: Sequence[Convolution], scaling: Scaling | None = None) -> None:
        self.parts, self.scaling, self.stride = parts, scaling, parts[0].stride
        self.groups = gcd(*(part.groups for part in parts))
        axes = [self._axis(axis) for axis in (0, 1)]
        self.padding, self.dilation, self._kernel = (tuple(values) for values in zip(*axes, strict=True))
        self._inputs = parts[0].inputs // self.groups

    def _axis(self, axis: int) -> tuple[int, int, int]:
        """Padding, dilation and kernel size along one axis, with which all parts are had."""
        spans = [(part.padding[axis], part.dilation[axis], part.kernel[axis]) for part in self.parts]
        padding = max(p for p, _, _ in spans)
        dilation = gcd(*(padding - p for p, _, _ in spans), *(d for _, d, k in spans if k > 1)) or 1
        last = max((k - 1) * d - p for p, d, k in spans)
        return padding, dilation, (last + padding) // dilation + 1

    def merged(self, scaling: Scaling) -> Branches:
        return Branches(self.parts, scaling.after(self.scaling))

    @property
    def kernel(self) -> tuple[int, int]:
        return self._kernel

    @property
    def inputs(self) -> int:
        return self._inputs * self.groups

    @property
    def outputs(self) -> int:
        return self.parts[0].outputs

    @property
    def fan_in(self) -> int:
        return self._inputs * self._kernel[0] * self._kernel[1]

    @property
    def count(self) -> int:
        """How many weights it has."""
        return self.outputs * self.fan_in

    @cached_property
    def state(self) -> tuple:
        scaling = self.scaling.state if self.scaling else ()
        return *(part.state for part in self.parts), scaling

    @cached_property
    def raw(self) -> Tensor:
        """(O, I / groups, kh, kw), kept with the largest of the branches' own weights."""
        largest = max((part.raw for part in self.parts), key=Tensor.numel)
        key = ("branches", self.groups, self.padding, self.dilation, self._kernel)
        return cached(largest, self.state[:-1], key, lambda: reduce(torch.add, map(self._expanded, self.parts)))

    @cached_property
    def raw_bias(self) -> Tensor | None:
        biases = [bias for part in self.parts if (bias := part.bias()) is not None]
        return reduce(torch.add, biases) if biases else None

    def output_size(self, size: Sequence[int]) -> tuple[int, ...]:
        """(h, w) of its output from an input of (H, W)."""
        axes = zip(size, self.padding, self.dilation, self._kernel, self.stride, strict=True)
        return tuple((length + 2 * p - (k - 1) * d - 1) // s + 1 for length, p, d, k, s in axes)

    def _expanded(self, part: Convolution) -> Tensor:
        """A part's weights as those of the whole: zero between its groups and around its kernel."""
        weight, inner = part.weight(), part.groups // self.groups
        blocks = weight.unflatten(0, (self.groups, inner, -1))
        diagonal = torch.eye(inner, dtype=weight.dtype, device=weight.device)[None, :, None, :, None, None, None]
        weight = (blocks.unsqueeze(3) * diagonal).flatten(3, 4).flatten(0, 2)
        whole = weight.new_zeros(*weight.shape[:2], *self._kernel)
        rows, columns = (
            slice(
                (self.padding[i] - part.padding[i]) // self.dilation[i],
                None,
                max(1, part.dilation[i] // self.dilation[i]),
            )
            for i in (0, 1)
        )
        height, width = part.kernel
        whole[:, :, rows, columns][:, :, :height, :width] = weight
        return whole
