"""Handlers of operations on two signals, or a signal and a constant: sums, differences, products, gates, quotients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor

from pairx.lrp import rules
from pairx.lrp.layers import united_sum
from pairx.lrp.rules import ATTENTION, GATE
from pairx.lrp.tape import Tape, title
from pairx.lrp.writing import added, expanded, unruled, weighed

QUOTIENT = "quotient of two features"


class _Single(NamedTuple):
    """The signal's node and the constant, where one of two operands is a signal."""

    node: rules.Node
    constant: Any


def _with_constant(tape: Tape, operands: Sequence) -> _Single | None:
    first, second = map(tape.node, operands)
    if first and second:
        return None
    return _Single(first, operands[1]) if first else _Single(tape.node_of(operands[1]), operands[0])


def summed(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A sum, by the policy's rule for residuals."""
    if "alpha" in kwargs:
        return _times_alpha(tape, func, args, kwargs)
    if (operands := _operands(args, kwargs)) is None:
        return unruled(tape, func, args, kwargs)
    y = func(*args, **kwargs)
    if united_sum(tape, y, operands):
        return y
    single, conserving = _with_constant(tape, operands), tape.policy.composite == "conserving"
    summands = [expanded(tape, one, y.shape) if tape.node(one) else one for one in operands]
    name = tape.name(operands[1] if tape.node(operands[0]) else operands[0], "add")
    if not single and tape.policy.residual == "plain":
        return added(tape, y, rules.Copy(*map(tape.node_of, summands)), name)
    if not single or (conserving and isinstance(single.constant, Tensor)):
        pinned = [tape.pinned(one) if tape.node(one) else one for one in summands]
        return added(tape, y, rules.Sum(pinned, torch.abs if conserving else _itself), name)
    branch = single.node.branch
    y = _taken(tape, y, tape.signals(summands), title(func))
    tape.node_of(y).branch = branch if isinstance(single.constant, int | float) and not single.constant else None
    return y


def subtracted(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A difference: with a constant, or with the mean of what it is subtracted from, passed as in layer normalisation;
    of two signals by magnitude, as they cancel by design.
    """
    if "alpha" in kwargs:
        return _times_alpha(tape, func, args, kwargs)
    if (operands := _operands(args, kwargs)) is None:
        return unruled(tape, func, args, kwargs)
    y, (a, b) = func(*args, **kwargs), map(tape.node, operands)
    if united_sum(tape, y, operands, -1):
        return y
    if a and b and not _centres(a, b):
        pinned = [tape.pinned(expanded(tape, one, y.shape)) for one in operands]
        return added(tape, y, rules.Sum(pinned, torch.abs), "sub")
    return _taken(tape, y, [operands[0] if a else operands[1]], title(func))


def _centres(a: rules.Node, b: rules.Node) -> bool:
    return isinstance(b.rule, rules.Norm) and b.rule.sources == (a,)


def multiplied(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A product: all relevance to the signal, none to constants and gates; half to each of two features."""
    if (operands := _operands(args, kwargs)) is None:
        return unruled(tape, func, args, kwargs)
    y, single = func(*args, **kwargs), _with_constant(tape, operands)
    product = _taken(tape, y, _takers(tape, operands, y), title(func))
    if single and single.node.branch and product.shape == single.node.shape:
        tape.node_of(product).branch = single.node.branch.times(single.constant)
    return product


def divided(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A quotient with a constant, or with what scales a signal as a gate does, such as its own norm: all relevance to
    the signal (the seed of a cosine similarity is the same for all lengths of an embedding).
    """
    if (operands := _operands(args, kwargs)) is None or "rounding_mode" in kwargs:
        return unruled(tape, func, args, kwargs)
    y = func(*args, **kwargs)
    takers = _takers(tape, operands, y)
    if all(map(tape.node, operands)) and (len(takers) > 1 or takers[0] is not operands[0]):
        return added(tape, y, rules.Unruled(QUOTIENT), QUOTIENT)
    return _taken(tape, y, takers, title(func))


def _takers(tape: Tape, operands: Sequence, y: Tensor) -> list[Tensor]:
    """Which operands of a product take relevance. A gate is what is smaller than a signal that the whole product is as
    large as, or what comes from a sigmoid or a softmax (Arras et al. 2017, "signal-take-all").
    """
    takers = [one for one in operands if tape.node(one)]
    if len(takers) < 2:
        return takers
    spans = [_extent(one) == y.numel() for one in operands]
    gates = [tape.node_of(one).kind in (ATTENTION, GATE) for one in operands]
    for taking in (spans, [not gate for gate in gates]):
        if taking[0] != taking[1]:
            return [operands[0] if taking[0] else operands[1]]
    return takers


def _extent(tensor: Tensor) -> int:
    """How many elements a tensor has of its own, copies along expanded axes apart."""
    return prod(size for size, stride in zip(tensor.shape, tensor.stride(), strict=True) if stride)


def _taken(tape: Tape, y: Tensor, takers: Sequence[Tensor], name: str) -> Tensor:
    """An output whose relevance its one taker has, or its two halve."""
    nodes = [tape.node_of(expanded(tape, one, y.shape)) for one in takers]
    if len(nodes) == 2:
        return added(tape, y, rules.Halves(*nodes), name)
    kind = nodes[0].kind if nodes[0].kind in (ATTENTION, GATE) else ""
    return added(tape, y, rules.Pass(*nodes), name, kind)


def matrix_product(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A product with a constant matrix or with attention, or of two features."""
    if (operands := _operands(args, kwargs)) is None:
        return unruled(tape, func, args, kwargs)
    y, moving = func(*args, **kwargs), _moving(tape, operands)
    if len(moving) == 2:
        return _of_features(tape, y, operands, moving, torch.matmul, title(func))
    if min(one.ndim for one in operands) < 2:
        return added(tape, y, rules.Unruled(title(func)), title(func))
    constant, signal = operands[1 - moving[0]], operands[moving[0]]
    rule = rules.Mix(tape.pinned(signal), partial(_itself, constant.detach()), moving[0] == 1, tape.arithmetic)
    return added(tape, y, rule, "attention")


def einsum(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A sum of products of one signal with constants or attention, which is a linear map, or of several features."""
    equation, *operands = args
    if len(operands) == 1 and isinstance(operands[0], list | tuple):
        operands = list(operands[0])
    if not isinstance(equation, str) or kwargs:
        return unruled(tape, func, args, kwargs)
    y, moving = func(*args), _moving(tape, operands)
    if len(moving) > 1:
        return _of_features(tape, y, operands, moving, partial(torch.einsum, equation), title(func))
    (place,) = moving
    before, after = ([one.detach().abs() for one in part] for part in (operands[:place], operands[place + 1 :]))
    linear = partial(_einsum_of, equation, before, after)
    return weighed(tape, y, operands[place], linear, "einsum")


def _einsum_of(equation: str, before: Sequence[Tensor], after: Sequence[Tensor], signal: Tensor) -> Tensor:
    return torch.einsum(equation, *before, signal, *after)


def _moving(tape: Tape, operands: Sequence[Tensor]) -> list[int]:
    """Which operands of a sum of products take relevance: signals, but for attention and gates, which are held constant
    unless there is nothing else.
    """
    nodes = {place: node for place, one in enumerate(operands) if (node := tape.node(one))}
    tape.attends |= len(nodes) > 1
    for constant in ((ATTENTION, GATE), (ATTENTION,)):
        if moving := [place for place, node in nodes.items() if node.kind not in constant]:
            return moving
    return list(nodes)


def _of_features(
    tape: Tape, y: Tensor, operands: Sequence[Tensor], moving: Sequence[int], product: Callable, name: str
) -> Tensor:
    """A sum of products of several features; product: the same of other operands."""
    if not y.ndim:
        return added(tape, y, rules.Unruled(name), name)
    weigh = torch.abs if tape.policy.composite == "conserving" else _itself
    values = [weigh(one.detach()) for one in operands]
    leaves = [values[place].requires_grad_() for place in moving]
    with torch.enable_grad():
        whole = product(*values)
    return added(tape, y, rules.Factors([tape.node_of(operands[place]) for place in moving], whole, leaves), name)


def _times_alpha(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    operands = _operands(args, {name: value for name, value in kwargs.items() if name != "alpha"})
    if operands is None:
        return unruled(tape, func, args, kwargs)
    with tape:
        return func(operands[0], operands[1] * kwargs["alpha"])


def _operands(args: tuple, kwargs: dict) -> tuple | None:
    """Both operands, however they are passed; None where there is more that changes the result."""
    named = [kwargs[name] for name in ("input", "self", "other", "mat2", "tensor2") if name in kwargs]
    operands = (*named, *args) if "input" in kwargs or "self" in kwargs else (*args, *named)
    return operands if len(operands) == 2 and len(named) == len(kwargs) else None


def _itself(value: Tensor) -> Any:
    return value
