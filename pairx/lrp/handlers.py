"""Which torch function gets which rule. A handler runs the function and writes its output on the tape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pairx import models
from pairx.lrp import rules
from pairx.lrp.operators import Convolution, Linear, Scaling, convolve
from pairx.lrp.tape import Tape, tensors, title
from pairx.models.networks import attention_weights, gem

SUMS = [torch.add, Tensor.add, Tensor.__add__, Tensor.__radd__]
DIFFERENCES = [torch.sub, Tensor.sub, Tensor.__sub__]
PRODUCTS = [torch.mul, Tensor.mul, Tensor.__mul__, Tensor.__rmul__]
QUOTIENTS = [torch.div, Tensor.div, Tensor.__truediv__]
MATRIX_PRODUCTS = [torch.matmul, torch.bmm, Tensor.matmul, Tensor.bmm, Tensor.__matmul__]
SOFTMAXES = [torch.softmax, F.softmax, Tensor.softmax]
MEANS = [torch.mean, Tensor.mean, F.avg_pool2d, F.adaptive_avg_pool2d, gem]
PASSED = [
    F.relu, F.relu6, F.silu, F.gelu, F.hardswish, F.hardsigmoid, F.hardtanh, F.elu, F.leaky_relu, F.mish,
    F.softplus, F.prelu, torch.relu, torch.sigmoid, torch.tanh, F.sigmoid, F.tanh, Tensor.relu,
    Tensor.sigmoid, Tensor.tanh, F.layer_norm, F.group_norm, F.rms_norm,
    torch.addcmul,
]  # fmt: skip
# Every element of the output is one element of an input, or of a parameter: relevance goes back where it came from.
MOVES = [
    F.max_pool2d, F.adaptive_max_pool2d, F.dropout, F.dropout2d, torch.cat, torch.stack, torch.flatten,
    torch.squeeze, torch.unsqueeze, torch.permute, torch.transpose, torch.reshape, torch.roll, torch.chunk,
    torch.split, torch.unbind, torch.clone, Tensor.flatten, Tensor.unflatten, Tensor.view_as, Tensor.reshape,
    Tensor.squeeze, Tensor.unsqueeze, Tensor.permute, Tensor.transpose, Tensor.contiguous,
    Tensor.chunk, Tensor.split, Tensor.unbind, Tensor.__getitem__, Tensor.clone, Tensor.to, Tensor.float, Tensor.roll,
    Tensor.mT.__get__, Tensor.T.__get__,
]  # fmt: skip


def passed(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """An operation that relevance passes, to its only signal."""
    y, (source, *others) = func(*args, **kwargs), map(tape.node, tape.signals((args, kwargs)))
    if others or y.shape != source.shape:
        return _added(tape, y, rules.Unruled(title(func)), title(func))
    return _added(tape, y, rules.Pass(source), title(func), source.held)


def moved(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """An operation that moves or selects values."""
    return _traced(tape, func, args, kwargs, rules.Adjoint)


def normalized(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """BatchNorm as its own derivative."""
    return moved(tape, models.batch_norm, args, kwargs)


def padded(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """Padding: what relevance its zeros take ends there."""
    return _traced(tape, func, args, kwargs, rules.Adjoint, constant=True)


def viewed(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
    """A view in another shape, possible for the model's own memory layout though maybe not for the tape's."""
    if isinstance(args[1], torch.dtype) or kwargs:
        return _unruled(tape, func, args, kwargs)
    return moved(tape, Tensor.reshape, args, kwargs)


def averaged(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """An average or generalised mean."""
    return _traced(tape, func, args, kwargs, rules.Norm)


def softmax(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """Attention weights: constant to the product that uses them (AttnLRP's alternative, as in Ali et al. 2022)."""
    return _added(tape, func(*args, **kwargs), rules.Unruled(title(func)), title(func), held=True)


def convolution(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A two-dimensional convolution: ZPlus, with a share for every output where the composite conserves."""
    call = (
        dict(zip(("input", "weight", "bias", "stride", "padding", "dilation", "groups"), args, strict=False)) | kwargs
    )
    x, weight, bias = call["input"], call["weight"], call.get("bias")
    stride, dilation = _two(call.get("stride", 1)), _two(call.get("dilation", 1))
    padding = _padding(call.get("padding", 0), weight.shape[-2:], dilation)
    if tape.node(weight) or padding is None or x.ndim != 4:
        return _unruled(tape, func, args, kwargs)
    operator = Convolution(weight, bias, stride, padding, dilation, call.get("groups", 1))
    y = convolve(x, weight, stride, padding, dilation, operator.groups, bias)
    rule = rules.ZPlusOrAll if tape.policy.composite == "conserving" else rules.ZPlus
    return _linear(tape, x, y, operator, "conv2d", rule)


def linear(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A linear layer: Epsilon, or as a convolution where the composite conserves."""
    call = dict(zip(("input", "weight", "bias"), args, strict=False)) | kwargs
    operator = Linear(call["weight"], call.get("bias"))
    if tape.node(operator.raw):
        return _unruled(tape, func, args, kwargs)
    rule = rules.ZPlusOrAll if tape.policy.composite == "conserving" else rules.Epsilon
    return _linear(tape, call["input"], func(*args, **kwargs), operator, "linear", rule)


def batch_norm(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """BatchNorm: passed; under "merge" folded into the convolution or linear layer whose only user it is."""
    call = dict(zip(("input", "mean", "var", "weight", "bias", "training", "momentum", "eps"), args, strict=False))
    call |= {{"running_mean": "mean", "running_var": "var"}.get(name, name): value for name, value in kwargs.items()}
    source = tape.node(call["input"])
    if call.get("training") or source is None or call["mean"] is None:
        return _unruled(tape, func, args, kwargs)
    rule, features = source.rule, call["input"]
    foldable = isinstance(rule, rules.Product) and rule.operator.channel_axis % features.ndim == 1
    if tape.policy.batchnorm != "merge" or source.users or not foldable:
        return _added(tape, func(*args, **kwargs), rules.Pass(source), title(func))
    scaling = _scaling(call)
    scale, shift = map(rule.operator.per_channel, (scaling.scale, scaling.shift))
    y = torch.addcmul(shift, features, scale)  # faster than torch's BatchNorm
    node = tape.add(y, rules.Pass(source), title(func))
    merged = type(rule)(rule.x, rule.inputs, node, rule.operator.merged(scaling), tape.arithmetic)
    merged.hold(y)
    tape.fold(source, merged)
    return y


def _scaling(call: dict) -> Scaling:
    mean, var, weight, bias = (call.get(name) for name in ("mean", "var", "weight", "bias"))
    scale = torch.rsqrt(var + call.get("eps", 1e-5)) * (1 if weight is None else weight)
    key = tuple(
        (one.data_ptr(), None if one.is_inference() else one._version) for one in tensors([mean, var, weight, bias])
    )
    return Scaling(scale, (0 if bias is None else bias) - mean * scale, (*key, call.get("eps")))


def summed(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A sum, by the policy's rule for residuals."""
    if (operands := _operands(args, kwargs)) is None:
        return _unruled(tape, func, args, kwargs)
    a, b = operands
    nodes = [tape.node(one) for one in operands]
    conserving = tape.policy.composite == "conserving"
    if all(nodes) and a.shape != b.shape:
        return _unruled(tape, func, args, kwargs)
    if all(nodes) and tape.policy.residual == "plain":
        rule = rules.Copy(*nodes)
    elif all(nodes) or (conserving and isinstance(a, Tensor) and isinstance(b, Tensor)):
        summands = [tape.pinned(one) if node else one for one, node in zip((a, b), nodes, strict=True)]
        rule = rules.Sum(summands, torch.abs if conserving else _itself)
    else:
        return passed(tape, func, args, kwargs)
    signal = next(one for one, node in zip((a, b), nodes, strict=True) if node)
    y = func(*args, **kwargs)
    name = tape.name(b if nodes[0] else a, "add")
    return _added(tape, y, rule, name) if y.shape == signal.shape else _unruled(tape, func, args, kwargs)


def _operands(args: tuple, kwargs: dict) -> tuple | None:
    """Both operands, however they are passed; None where there is more that changes the result."""
    named = [kwargs[name] for name in ("input", "self", "other", "mat2", "tensor2") if name in kwargs]
    operands = (*named, *args) if "input" in kwargs or "self" in kwargs else (*args, *named)
    return operands if len(operands) == 2 and len(named) == len(kwargs) else None


def _itself(value: Tensor) -> Tensor:
    return value


def scaled(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A signal times, over, or minus a constant or a gate, which is what is smaller: all relevance to the signal."""
    if (operands := _operands(args, kwargs)) is None:
        return _unruled(tape, func, args, kwargs)
    a, b = operands
    y = func(*args, **kwargs)
    sizes = [one.numel() if tape.node(one) else 0 for one in (a, b)]
    signal = a if sizes[0] > sizes[1] else b
    divided = func in QUOTIENTS or func in DIFFERENCES
    if sizes[0] == sizes[1] or y.shape != signal.shape or (divided and signal is b) or (divided and all(sizes)):
        return _added(tape, y, rules.Unruled("product of two features"), title(func))
    return _added(tape, y, rules.Pass(tape.node(signal)), title(func), tape.node(signal).held)


def matrix_product(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """A product with a constant matrix, or with attention."""
    if (operands := _operands(args, kwargs)) is None:
        return _unruled(tape, func, args, kwargs)
    a, b = operands
    y = func(*args, **kwargs)
    nodes = [tape.node(one) for one in (a, b)]
    mixing = [node is None or node.held for node in nodes]
    if mixing[0] == mixing[1] or min(a.ndim, b.ndim) < 2:
        return _added(tape, y, rules.Unruled("product of two features"), title(func))
    constant, signal = (a, b) if mixing[0] else (b, a)
    rule = rules.Mix(tape.pinned(signal), partial(_itself, constant), mixing[0], tape.arithmetic)
    return _added(tape, y, rule, "attention")


def attention(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    """Scaled dot-product attention, its weights held constant."""
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale")
    call = dict(zip(names, args, strict=False)) | kwargs
    y = func(*args, **kwargs)
    if call.get("is_causal") or call.get("enable_gqa") or not tape.node(call["value"]):
        return _added(tape, y, rules.Unruled(title(func)), title(func))
    weights = partial(attention_weights, call["query"], call["key"], call.get("attn_mask"), call.get("scale"))
    return _added(tape, y, rules.Mix(tape.pinned(call["value"]), weights, True, tape.arithmetic), "attention")


def _added(tape: Tape, y: Tensor, rule: rules.Rule, name: str, held: bool = False) -> Tensor:
    if tape.node(y):  # the function gave back its own argument
        y = y.view_as(y)
    tape.add(y, rule, name, held)
    return y


def _unruled(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Tensor:
    return _added(tape, func(*args, **kwargs), rules.Unruled(title(func)), title(func))


def _linear(tape: Tape, x: Tensor, y: Tensor, operator: Linear, kind: str, rule: type) -> Tensor:
    node = tape.add(y, None, tape.name(operator.raw, kind))
    node.rule = rule(tape.node(x), x, node, operator, tape.arithmetic)
    node.rule.hold(y)
    tape.node(x).users += 1
    return y


def _traced(tape: Tape, func: Callable, args: tuple, kwargs: dict, rule: type, constant: bool = False) -> Any:
    """Run a function with a graph of its own, whose adjoint is that of this one operation.

    constant: whether it puts constants beside the signals, which arguments that are no signals also tell.
    """
    signals = tape.signals((args, kwargs))
    constant |= len(tensors((args, kwargs))) > len(signals)
    leaves = {id(signal): signal.detach().requires_grad_() for signal in signals}
    with torch.enable_grad():
        result = func(*_swapped(args, leaves), **_swapped(kwargs, leaves))
    if not isinstance(result, Tensor | list | tuple):
        return result
    sources = [tape.node(signal) for signal in signals]
    held = any(source.held for source in sources)
    outputs = []
    for y in tensors(result):
        out = y.detach()
        outputs.append(out)
        if y.requires_grad:
            tape.add(out, rule(sources, y, list(leaves.values()), constant), title(func), held)
    return outputs[0] if isinstance(result, Tensor) else type(result)(outputs)


def _swapped(things: Any, by: dict[int, Tensor]) -> Any:
    if isinstance(things, Tensor):
        return by.get(id(things), things)
    if isinstance(things, dict):
        return {name: _swapped(thing, by) for name, thing in things.items()}
    if isinstance(things, list | tuple):
        return type(things)(_swapped(thing, by) for thing in things)
    return things


def _two(value: int | Sequence[int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


def _padding(value: Any, kernel: Sequence[int], dilation: Sequence[int]) -> tuple[int, int] | None:
    """Padding in pixels; None where it is not the same on both sides."""
    if value == "valid":
        return (0, 0)
    if value == "same":
        total = [(k - 1) * d for k, d in zip(kernel, dilation, strict=True)]
        return None if total[0] % 2 or total[1] % 2 else (total[0] // 2, total[1] // 2)
    return _two(value)


def _table() -> dict[Callable, Callable]:
    groups = [
        (PASSED, passed), (MOVES, moved), ([Tensor.view], viewed), ([F.pad], padded), (MEANS, averaged),
        (SUMS, summed), (SOFTMAXES, softmax),
        (PRODUCTS + QUOTIENTS + DIFFERENCES, scaled), (MATRIX_PRODUCTS, matrix_product),
        ([F.conv2d, torch.conv2d], convolution), ([F.linear], linear), ([F.batch_norm], batch_norm),
        ([F.scaled_dot_product_attention], attention),
    ]  # fmt: skip
    return {func: handler for functions, handler in groups for func in functions}


LRP = _table()
GRADIENT = dict.fromkeys(LRP, moved) | {
    Tensor.view: viewed,
    F.batch_norm: normalized,
}  # every operation's own derivative
