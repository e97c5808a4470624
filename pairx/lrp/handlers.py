"""Which torch function has which rule. A handler runs the function and writes its output on the tape: see `writing`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from inspect import signature
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from pairx import models
from pairx.lrp.attention import attention, multi_head, softmax
from pairx.lrp.combining import divided, einsum, matrix_product, multiplied, subtracted, summed
from pairx.lrp.layers import batch_norm, convolution, interpolated, linear, transposed
from pairx.lrp.tape import Tape, tensors, title
from pairx.lrp.writing import (
    Handler,
    averaged,
    constant,
    gate,
    generalised_mean,
    moved,
    padded,
    passed,
    power,
    shifted,
    viewed,
    written_out,
)
from pairx.models.networks import gem
from pairx.types import InputError

PASSED = (
    "relu relu6 silu gelu hardswish hardtanh elu celu selu leaky_relu rrelu prelu mish softplus softsign tanh "
    "threshold logsigmoid hardshrink softshrink tanhshrink abs neg exp exp2 expm1 log log1p log2 log10 sqrt rsqrt "
    "reciprocal clamp clip clamp_min clamp_max erf nan_to_num rsub __rsub__ __neg__ __abs__ rms_norm "
    "local_response_norm normalize"
)
# Every element of the output is one element of an input, or of a parameter: relevance goes back where it came from.
MOVES = (
    "max_pool1d max_pool2d max_pool3d adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d max amax min "
    "amin maximum minimum fmax fmin topk sort gather take_along_dim where masked_fill dropout dropout1d dropout2d "
    "dropout3d alpha_dropout feature_alpha_dropout cat concat concatenate stack hstack vstack dstack flatten "
    "unflatten squeeze unsqueeze permute transpose swapaxes swapdims movedim moveaxis reshape reshape_as view_as "
    "contiguous clone roll flip fliplr flipud rot90 chunk split tensor_split unbind narrow select index_select "
    "diagonal unfold expand expand_as broadcast_to tile repeat repeat_interleave pixel_shuffle pixel_unshuffle "
    "channel_shuffle native_channel_shuffle to type type_as float double half bfloat16 __getitem__"
)
DECISIONS = "gt ge lt le eq ne __eq__ __ne__ isnan isinf isfinite argmax argmin argsort"  # which have no derivative
AVERAGES = (
    "sum mean avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d "
    "lp_pool1d lp_pool2d lp_pool3d fold"
)
# What no rule hands relevance through, while its derivative is known.
DERIVED = "norm var std var_mean std_mean sin cos cumsum logsumexp log_softmax lerp conv3d conv_transpose3d"
CONSTANTS = "zeros_like ones_like full_like empty_like rand_like randn_like new_zeros new_ones new_full new_empty"


def register_rule(function: Callable, handler: Handler) -> None:
    """Give a torch function a relevance rule, from now on in every recording.

    function: as models call it, such as `torch.special.i0` or, for an operator of your own, `torch.ops.mine.name`; one
    that is written in Python must pass itself on by `torch.overrides.handle_torch_function`. handler: `lrp.passed`,
    `lrp.moved`, `lrp.averaged`, `lrp.refused`, `lrp.written_out(…)`, `lrp.shared(…)`, or what is called as they are. A
    later rule takes the place of an earlier one. Call it once, as your program starts; recordings that have begun keep
    the rules they began with. Under the composite "gradient" the function's own derivative counts. Raises InputError
    where these are not functions; a recording raises it where a handler writes no rule down.
    """
    if not callable(function):
        raise InputError(f"A rule belongs to a torch function, not to {function!r}.")
    try:
        signature(handler).bind(None, None, (), {})
    except (TypeError, ValueError):
        raise InputError(
            f"The rule of {title(function)} is to be called as handler(tape, function, args, kwargs), which "
            f"{handler!r} is not. Take lrp.passed, lrp.moved, lrp.averaged, lrp.refused, lrp.written_out or lrp.shared."
        ) from None
    global LRP, GRADIENT
    with _LOCK:
        LRP, GRADIENT = {**LRP, function: _checked(handler)}, {**GRADIENT, function: moved}


def _checked(handler: Handler) -> Handler:
    """A handler that may be wrong: an output that it leaves without a rule is an error."""

    def checked(tape: Tape, func: Callable, args: tuple, kwargs: dict) -> Any:
        result = handler(tape, func, args, kwargs)
        if any(one.is_floating_point() and not tape.node(one) for one in tensors(result)) or not tensors(result):
            raise InputError(f"The rule of {title(func)} does not write its output on the tape: see lrp.register_rule.")
        return result

    return checked


def _glu(input: Tensor, dim: int = -1) -> Tensor:
    signal, gate = input.chunk(2, dim)
    return signal * torch.sigmoid(gate)


def _addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    product = mat1 @ mat2 if alpha == 1 else alpha * (mat1 @ mat2)
    return product + (input if beta == 1 else beta * input)


def normalized(tape: Tape, _func: Callable, args: tuple, kwargs: dict) -> Any:
    """BatchNorm as its own derivative."""
    return moved(tape, models.batch_norm, args, kwargs)


def _functions(names: str) -> list[Callable]:
    """All torch functions and methods of these names."""
    homes = torch, F, Tensor, torch.special
    return [found for name in names.split() for home in homes if callable(found := getattr(home, name, None))]


def _table() -> dict[Callable, Handler]:
    groups: dict[Callable, str] = {
        passed: PASSED, shifted: "layer_norm group_norm instance_norm addcmul",
        moved: f"{MOVES} {DECISIONS}", averaged: AVERAGES, constant: CONSTANTS,
        gate: "sigmoid hardsigmoid expit", power: "pow square float_power __pow__", padded: "pad tril triu",
        softmax: "softmax", summed: "add __add__ __radd__", subtracted: "sub subtract __sub__",
        multiplied: "mul multiply __mul__ __rmul__", divided: "div divide true_divide __truediv__ __rtruediv__",
        matrix_product: "matmul bmm mm __matmul__", einsum: "einsum", linear: "linear",
        convolution: "conv1d conv2d", transposed: "conv_transpose1d conv_transpose2d", batch_norm: "batch_norm",
        attention: "scaled_dot_product_attention", multi_head: "multi_head_attention_forward",
        interpolated: "interpolate", written_out(_glu): "glu", written_out(_addmm): "addmm baddbmm",
    }  # fmt: skip
    table = {func: handler for handler, names in groups.items() for func in _functions(names)}
    getters = dict.fromkeys([Tensor.mT.__get__, Tensor.T.__get__], moved)  # type: ignore[attr-defined]  # descriptors
    return table | getters | {gem: generalised_mean, Tensor.view: viewed}


_LOCK = threading.Lock()
LRP = _table()
# Every operation's own derivative.
GRADIENT: dict[Callable, Callable] = {func: constant if handler is constant else moved for func, handler in LRP.items()}
GRADIENT |= dict.fromkeys([*_functions(DERIVED), torch.linalg.norm, torch.linalg.vector_norm], moved)
GRADIENT |= {Tensor.view: viewed, F.batch_norm: normalized}
