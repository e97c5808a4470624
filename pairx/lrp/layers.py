"""Handlers of layers with weights (convolutions, linear layers, BatchNorm), and of resampling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pairx.lrp import linear_rules, rules
from pairx.lrp.branches import parts_of, unchanged, united
from pairx.lrp.operators import Convolution, Linear, Scaling, convolve
from pairx.lrp.tape import Tape, title
from pairx.lrp.transposed import Transposed
from pairx.lrp.writing import added, bound, moved, unruled, weighed

CONVOLUTION = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
TRANSPOSED = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")


def convolution(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A one- or two-dimensional convolution: ZPlus, with a share for every output where the composite conserves."""
    call = dict(zip(CONVOLUTION, args, strict=False)) | kwargs
    if not _of_constant_weights(tape, call):
        return unruled(tape, func, args, kwargs)
    if call["input"].ndim == 3:
        return _one_dimensional(tape, convolution, func, call)
    x, weight, bias = call["input"], call["weight"], call.get("bias")
    stride, dilation = _two(call.get("stride", 1)), _two(call.get("dilation", 1))
    x, padding = _padding(tape, x, call.get("padding", 0), weight.shape[-2:], dilation)
    operator = Convolution(weight, bias, stride, padding, dilation, call.get("groups", 1))
    y = convolve(x, weight, stride, padding, dilation, operator.groups, bias)
    return _linear(tape, x, y, operator, "conv2d", _of_convolutions(tape))


def transposed(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A one- or two-dimensional transposed convolution, by the rule of convolutions."""
    call = dict(zip(TRANSPOSED, args, strict=False)) | kwargs
    if not _of_constant_weights(tape, call):
        return unruled(tape, func, args, kwargs)
    if call["input"].ndim == 3:
        return _one_dimensional(tape, transposed, func, call)
    operator = Transposed(
        call["weight"],
        call.get("bias"),
        stride=_two(call.get("stride", 1)),
        padding=_two(call.get("padding", 0)),
        output_padding=_two(call.get("output_padding", 0)),
        dilation=_two(call.get("dilation", 1)),
        groups=call.get("groups", 1),
    )
    y = operator.forward(call["input"], operator.raw, operator.raw_bias)
    return _linear(tape, call["input"], y, operator, "conv_transpose2d", _of_convolutions(tape))


def _of_constant_weights(tape: Tape, call: dict) -> bool:
    return (
        not (tape.node(call["weight"]) or tape.node(call.get("bias")))
        and call["input"].ndim == call["weight"].ndim <= 4
    )


def _one_dimensional(tape: Tape, handler: Callable, func: Callable, call: dict) -> Tensor:
    """Features (B, C, L) as an image of one row."""
    weight = call["weight"].unsqueeze(-2)
    tape.rename(weight, call["weight"])
    for name, whole in (("stride", 1), ("padding", 0), ("output_padding", 0), ("dilation", 1)):
        if name in call and not isinstance(call[name], str):
            call[name] = (whole, _two(call[name])[-1])
    with tape:
        call |= {"input": call["input"].unsqueeze(-2), "weight": weight}
    y = handler(tape, func, (), call)
    with tape:
        return y.squeeze(-2)


def _of_convolutions(tape: Tape) -> type[linear_rules.ZPlus]:
    return linear_rules.ZPlusOrAll if tape.policy.composite == "conserving" else linear_rules.ZPlus


def linear(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A linear layer: Epsilon, or as a convolution where the composite conserves."""
    call = dict(zip(("input", "weight", "bias"), args, strict=False)) | kwargs
    operator = Linear(call["weight"], call.get("bias"))
    if tape.node(operator.raw) or tape.node(operator.raw_bias):
        return unruled(tape, func, args, kwargs)
    rule = linear_rules.ZPlusOrAll if tape.policy.composite == "conserving" else linear_rules.Epsilon
    y = operator.forward(call["input"], operator.raw, operator.raw_bias)
    return _linear(tape, call["input"], y, operator, "linear", rule)


def batch_norm(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """BatchNorm: passed; under "merge" folded into the convolution or linear layer whose only user it is."""
    call = dict(zip(("input", "mean", "var", "weight", "bias", "training", "momentum", "eps"), args, strict=False))
    call |= {{"running_mean": "mean", "running_var": "var"}.get(name, name): value for name, value in kwargs.items()}
    source = tape.node(call["input"])
    if call.get("training") or source is None or call["mean"] is None:
        return unruled(tape, func, args, kwargs)
    rule, features, merges = source.rule, call["input"], tape.policy.batchnorm == "merge"
    if not merges or source.users or not isinstance(rule, linear_rules.Product) or not _per_channel(rule, features):
        bound(tape, source)
        y = added(tape, func(*args, **kwargs), rules.Pass(source), title(func))
        if merges and features.ndim == 4:
            tape.node_of(y).branch = unchanged(source, features.detach()).scaled(_scaling(call))
        return y
    scaling = _scaling(call)
    scale, shift = map(rule.operator.per_channel, (scaling.scale, scaling.shift))
    y = torch.addcmul(shift, features, scale)  # faster than torch's BatchNorm
    node = tape.add(y, rules.Pass(source), title(func))
    merged = type(rule)(rule.x, rule.inputs, node, rule.operator.merged(scaling), tape.arithmetic)
    merged.hold(y)
    node.branch = source.branch and source.branch.scaled(scaling)
    tape.fold(source, rule, merged)
    return y


def _per_channel(rule: linear_rules.Product, features: Tensor) -> bool:
    """Whether a linear operation's outputs lie on the axis that BatchNorm scales, the second."""
    return rule.operator.channel_axis % features.ndim == 1


def _scaling(call: dict) -> Scaling:
    mean, var, weight, bias = call["mean"], call["var"], call.get("weight"), call.get("bias")
    scale = torch.rsqrt(var + call.get("eps", 1e-5)) * (1 if weight is None else weight)
    return Scaling(scale, (0 if bias is None else bias) - mean * scale, (mean.data_ptr(),))


def interpolated(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """Resampling: the nearest values go back where they came from; a weighted mean (bilinear, bicubic, area) is a
    linear map with constant weights.
    """
    bound = signature(F.interpolate).bind(*args, **kwargs)
    bound.apply_defaults()
    x = bound.arguments["input"]
    if bound.arguments["mode"].startswith("nearest"):
        return moved(tape, func, args, kwargs)
    if x.ndim != 4:
        return unruled(tape, func, args, kwargs)
    rows, columns = (_resampling(bound, x, axis).abs() for axis in (2, 3))
    return weighed(tape, func(*args, **kwargs), x, lambda values: rows @ values @ columns.mT, "interpolate")


def _resampling(bound: Any, x: Tensor, axis: int) -> Tensor:
    """The weights (output, input) along one axis: what each of its unit vectors becomes."""
    length = x.shape[axis]
    units = torch.eye(length, dtype=x.dtype, device=x.device)
    other = x.shape[5 - axis]
    units = units[:, :, None].expand(-1, -1, other) if axis == 2 else units[:, None].expand(-1, other, -1)
    values = F.interpolate(units[None], *bound.args[1:])[0]
    return (values[:, :, 0] if axis == 2 else values[:, 0]).mT


def _linear(tape: Tape, x: Tensor, y: Tensor, operator: Linear, kind: str, rule: type[linear_rules.Product]) -> Tensor:
    source, node = tape.node_of(x), tape.add(y, None, tape.name(operator.raw, kind))
    _hold(node, y, rule(source, x.detach(), node, operator, tape.arithmetic))
    if isinstance(operator, Convolution) and not isinstance(operator, Transposed):
        node.branch = rules.Branch(source, x.detach(), operator)
    return y


def _hold(node: rules.Node, y: Tensor, rule: linear_rules.Product) -> None:
    """Give a node, which is already on the tape, its linear rule. y: its value."""
    node.rule = rule
    rule.hold(y)
    rule.x.users += 1


def united_sum(tape: Tape, y: Tensor, operands: Sequence[Tensor], sign: int = 1) -> bool:
    """Write a sum, or for sign -1 a difference, of parallel linear branches down as the one convolution that it is.

    Whether it is one; if not, nothing is written.
    """
    nodes = [node for one in operands if (node := tape.node(one))]
    if tape.policy.batchnorm != "merge" or tape.policy.residual != "norm" or y.ndim != 4 or len(nodes) < 2:
        return False
    branch = united([node.branch for node in nodes], nodes, operands, sign)
    if branch is None:
        return False
    name = next(filter(None, (tape.name(part.raw, "") for part in parts_of(branch.operator))), "add")
    node = tape.add(y, None, name)
    _hold(node, y, _of_convolutions(tape)(branch.source, branch.x, node, branch.operator, tape.arithmetic))
    node.branch = branch
    return True


def _two(value: int | Sequence[int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def _padding(
    tape: Tape, x: Tensor, value: Any, kernel: Sequence[int], dilation: Sequence[int]
) -> tuple[Tensor, tuple[int, int]]:
    """Padding in pixels, and the features, which are padded already where it is not the same on both sides."""
    if value == "valid":
        return x, (0, 0)
    if value != "same":
        return x, _two(value)
    height, width = ((k - 1) * d for k, d in zip(kernel, dilation, strict=True))
    if height % 2 == width % 2 == 0:
        return x, (height // 2, width // 2)
    with tape:
        return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2)), (0, 0)
