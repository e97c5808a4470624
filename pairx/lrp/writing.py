"""How an operation is written on the tape: with one rule, as the operations that it is made of, or without a rule.

A handler is called with the tape, a torch function and its arguments; it runs the function, writes the output down with
its rule and gives it back. All handlers have this form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pairx.lrp import rules
from pairx.lrp.rules import ATTENTION, GATE, POWER
from pairx.lrp.tape import Tape, mapped, tensors, title

Handler = Callable[[Tape, Callable, tuple, dict], Any]


def passed(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """An operation that relevance passes, to its only signal: `R_i = R_j`."""
    y = func(*args, **kwargs)
    source, *others = map(tape.node_of, tape.signals((args, kwargs)))
    if others or y.shape != source.shape:
        return added(tape, y, rules.Unruled(title(func)), title(func))
    return added(tape, y, rules.Pass(source), title(func), source.kind if source.kind in (ATTENTION, GATE) else "")


def shifted(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A normalisation or another shift, which relevance passes."""
    for signal in tape.signals((args, kwargs)):
        bound(tape, tape.node_of(signal))
    return passed(tape, func, args, kwargs)


def bound(tape: Tape, node: rules.Node) -> None:
    """Share sums by magnitude whose relevance need not vanish where they do: the shift after them does not let it.

    With composite "auto" only. Every sum is meant whose elements reach the node alone.
    """
    waiting = [node] if tape.policy.composite == "auto" else []
    while waiting:
        rule = waiting.pop().rule
        if isinstance(rule, rules.Sum) and rule.weigh is not torch.abs:
            rule.weigh = torch.abs
            waiting += rule.sources
        elif isinstance(rule, rules.Pass | rules.Adjoint) and not isinstance(rule, rules.Norm):
            waiting += rule.sources


def gate(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A sigmoid, which relevance passes; in a product it says how much of the other operand goes on."""
    return _of_kind(GATE, tape, passed(tape, func, args, kwargs))


def power(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A power, which relevance passes; so small that their mean is divided by exactly."""
    rule = moved if tape.policy.pooling == "gradient" else passed
    return _of_kind(POWER, tape, rule(tape, func, args, kwargs))


def _of_kind(kind: str, tape: Tape, y: Tensor) -> Tensor:
    node = tape.node_of(y)
    node.kind = node.kind or kind
    return y


def moved(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """An operation that moves, repeats or selects values: relevance goes back to where each came from."""
    return traced(tape, func, args, kwargs, rules.Adjoint)


def padded(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """An operation that puts constants beside the signal: what relevance those take ends there."""
    if func is F.pad and (rule := _cropped(tape, *args, **kwargs)):
        return added(tape, func(*args, **kwargs), rule, title(func), rule.sources[0].kind)
    return traced(tape, func, args, kwargs, rules.Adjoint, constant=True)


def _cropped(
    tape: Tape, input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None
) -> rules.Cropped | None:
    """The rule of constants around the last two axes of a signal; None for another padding."""
    left, right, top, bottom = (*pad, 0, 0, 0, 0)[:4]
    if mode != "constant" or len(pad) > 4 or input.ndim < 3 or min(left, right, top, bottom) < 0:
        return None
    return rules.Cropped(tape.node_of(input), top, left, (input.shape[-2], input.shape[-1]))


def viewed(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """A view in another shape, possible for the model's own memory layout though maybe not for the tape's."""
    if isinstance(args[1], torch.dtype) or kwargs:
        return unruled(tape, func, args, kwargs)
    return moved(tape, Tensor.reshape, args, kwargs)


def averaged(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A sum, an average or a generalised mean: `R_i = x_i sum_j (dy_j / dx_i) R_j / y_j`."""
    powers = all(tape.node_of(signal).kind == POWER for signal in tape.signals((args, kwargs)))
    if powers and tape.policy.pooling == "gradient":
        return moved(tape, func, args, kwargs)
    y = traced(tape, func, args, kwargs, rules.NormOfPowers if powers else rules.Norm)
    if powers:
        tape.node_of(y).kind = ""
    return y


def generalised_mean(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """GeM: as `averaged`, or its derivative where the policy says so."""
    return (moved if tape.policy.pooling == "gradient" else averaged)(tape, func, args, kwargs)


def refused(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """An operation without a rule: an error that names it, where relevance reaches it."""
    return mapped(func(*args, **kwargs), lambda y: added(tape, y, rules.Unruled(title(func)), title(func)))


def constant(_tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """An operation whose result does not depend on the signal's values."""
    return func(*args, **kwargs)


def written_out(parts: Callable) -> Handler:
    """A handler of a function that `parts`, of the same arguments, computes from operations that have rules."""

    def handler(tape: Tape, _func: Callable, args: tuple, kwargs: dict) -> Any:
        with tape:
            return parts(*args, **kwargs)

    return handler


def shared(share: Callable[[Tensor, Sequence[Tensor], Tensor], Sequence[Tensor]]) -> Handler:
    """A handler of a function with one tensor as its output and an equation of its own.

    share(relevance, inputs, output): relevance of each input, of its shape, from relevance of the output, of its shape.
    inputs: the arguments that depend on the photograph, in order. It is called from several threads.
    """

    def handler(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
        y, signals = func(*args, **kwargs), tape.signals((args, kwargs))
        rule = rules.Shared(
            [tape.node_of(one) for one in signals], [one.detach() for one in signals], y.detach(), share
        )
        return added(tape, y, rule, title(func))

    return handler


def added(tape: Tape, y: Tensor, rule: rules.Rule, name: str, kind: str = "") -> Tensor:
    """The output of an operation, written down with its rule."""
    if tape.node(y):  # the function gave back its own argument
        y = y.view_as(y)
    tape.add(y, rule, name, kind)
    return y


def unruled(tape: Tape, func: Callable, args: tuple, kwargs: dict, name: str = "") -> Any:
    """As `refused`, by another name if that says more."""
    if not name:
        return refused(tape, func, args, kwargs)
    return added(tape, func(*args, **kwargs), rules.Unruled(name), name)


def expanded(tape: Tape, signal: Tensor, shape: torch.Size) -> Tensor:
    """A signal in the shape that it is broadcast to; its relevance is the sum over its copies."""
    if signal.shape == shape:
        return signal
    with tape:
        return signal.expand(shape)


def weighed(tape: Tape, y: Tensor, signal: Tensor, linear: Callable[[Tensor], Tensor], name: str) -> Tensor:
    """The output of a linear map with constant weights: `R_i = sum_j |w_ji x_i| / sum_i' |w_ji' x_i'| R_j`, as `Mix`.

    linear: the same map with the weights' magnitudes.
    """
    leaf = signal.detach().abs().requires_grad_()
    with torch.enable_grad():
        whole = linear(leaf)
    return added(tape, y, rules.Norm([tape.node_of(signal)], whole, [leaf]), name)


def traced(tape: Tape, func: Callable, args: tuple, kwargs: dict, rule: type, constant: bool = False) -> Any:
    """Run a function with a graph of its own, whose adjoint is that of this one operation.

    constant: whether it puts constants beside the signals, which arguments that are no signals also tell.
    """
    signals = tape.signals((args, kwargs))
    constant |= len(tensors((args, kwargs))) > len(signals)
    leaves = {id(signal): signal.detach().requires_grad_() for signal in signals}
    own_args, own_kwargs = mapped((args, kwargs), lambda one: leaves.get(id(one), one))
    with torch.enable_grad():
        result = func(*own_args, **own_kwargs)
    sources = [tape.node_of(signal) for signal in signals]
    kinds = {source.kind for source in sources}
    kind = kinds.pop() if len(kinds) == 1 else ""

    def written(y: Tensor) -> Tensor:
        out = y.detach()
        if y.requires_grad and y.ndim:
            tape.add(out, rule(sources, y, list(leaves.values()), constant), title(func), kind)
        elif y.is_floating_point() or y.is_complex():
            tape.add(out, rules.Unruled(title(func)), title(func))
        return out

    return mapped(result, written)
