"""What a forward does between its modules: sums, gates, activations, reshapes. Seen without changing the model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.hooks import RemovableHandle

from pairx.lrp.policy import Policy
from pairx.lrp.tape import tensors, title
from pairx.models.networks import gem
from pairx.types import InputError

STABILIZER = 1e-6

SUMS = {torch.add, Tensor.add, Tensor.add_, Tensor.__add__, Tensor.__radd__, Tensor.__iadd__}
PRODUCTS = {torch.mul, Tensor.mul, Tensor.mul_, Tensor.__mul__, Tensor.__rmul__, Tensor.__imul__}
QUOTIENTS = {torch.div, Tensor.div, Tensor.div_, Tensor.__truediv__, Tensor.__itruediv__}
MEANS = {torch.mean, Tensor.mean, F.avg_pool2d, F.adaptive_avg_pool2d, gem}
ACTIVATIONS = {
    F.relu, F.relu6, F.silu, F.gelu, F.hardswish, F.hardsigmoid, F.hardtanh, F.elu, F.leaky_relu, F.mish, torch.relu,
    torch.sigmoid, torch.tanh, Tensor.relu, Tensor.relu_, Tensor.sigmoid, Tensor.sigmoid_, Tensor.tanh,
}  # fmt: skip
# Every element of the output is one element of the input, or a constant: relevance goes back where it came from.
MOVES = {
    F.max_pool2d, F.adaptive_max_pool2d, F.dropout, F.pad, torch.cat, torch.flatten, torch.squeeze, torch.permute,
    torch.transpose, Tensor.flatten, Tensor.view, Tensor.view_as, Tensor.reshape, Tensor.squeeze, Tensor.permute,
    Tensor.transpose, Tensor.contiguous, Tensor.chunk, Tensor.split, Tensor.__getitem__, Tensor.clone, Tensor.to,
    Tensor.float,
}  # fmt: skip
WEIGHING = nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear
ATTRIBUTES = {Tensor.shape.__get__, Tensor.dtype.__get__, Tensor.device.__get__, Tensor.ndim.__get__, Tensor.size}  # type: ignore[attr-defined]  # descriptors, not the values that they give
# zennit's hooks on the module that calls these hold the rule.
WEIGHED = {F.conv1d, F.conv2d, F.conv3d, F.linear}
HOOKED = {*WEIGHED, F.batch_norm}


class Connections(TorchFunctionMode):
    """During `with Connections(network, policy):` a forward is recorded so that its backward propagates relevance.

    Sums take the norm rule (`R_a = R a / (a + b)`; with plain residuals each operand takes all of R), a product with a
    gate hands all relevance to the signal, activations and scalar factors pass it, means and pooling take the norm rule
    (`R_i = R x_i (dy/dx_i) / y`), but for GeM where the policy takes its gradient. Thread-local; the model stays as it
    is. network: whose modules are hooked. Raises InputError, naming it, for an operation that has no rule, and for a
    layer whose weights are read outside of it, where no hook sees them.
    """

    def __init__(self, network: nn.Module, policy: Policy) -> None:
        super().__init__()
        self.policy = policy
        self.hooked = {id(tensor) for tensor in (*network.parameters(), *network.buffers())}
        self.owners = {id(tensor): name.rpartition(".")[0] for name, tensor in network.named_parameters()}
        self.layers = [(name, part) for name, part in network.named_modules() if isinstance(part, WEIGHING)]
        self._weights: dict[int, list[str]] = {}  # a parameter to the layers that own it
        for name, part in self.layers:
            for parameter in part.parameters(recurse=False):
                self._weights.setdefault(id(parameter), []).append(name)
        self._running: list[str] = []
        self._handles: list[RemovableHandle] = []

    def __enter__(self) -> Connections:
        for name, part in self.layers:
            self._handles.append(part.register_forward_pre_hook(partial(self._enter, name)))
            self._handles.append(part.register_forward_hook(self._leave))
        return super().__enter__()

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        for handle in self._handles:
            handle.remove()

    def _enter(self, name: str, _layer: nn.Module, _inputs: tuple) -> None:
        self._running.append(name)

    def _leave(self, _layer: nn.Module, _inputs: tuple, _output: object) -> None:
        self._running.pop()

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        self._refuse_outside(func, (args, kwargs))
        signals = [arg for arg in args if isinstance(arg, Tensor) and arg.requires_grad]
        if not torch.is_grad_enabled() or not signals:
            return func(*args, **kwargs)
        if func in SUMS:
            return (
                _NormSum.apply(*args) if len(signals) == 2 and self.policy.residual == "norm" else func(*args, **kwargs)
            )
        if func in PRODUCTS or (func in QUOTIENTS and args[0] is signals[0] and len(signals) == 1):
            return _scaled(func, args)
        if func in ACTIVATIONS:
            return _Passed.apply(signals[0], lambda x: func(x, *args[1:], **kwargs))
        if func is gem and self.policy.pooling == "gradient":
            return func(*args, **kwargs)
        if func in MEANS:
            return _NormOf.apply(signals[0], lambda x: func(x, *args[1:], **kwargs))
        result = func(*args, **kwargs)
        differentiable = any(one.requires_grad for one in tensors(result))
        if differentiable and not self._known(func, (*args, *kwargs.values())):
            raise InputError(f"The operation {title(func)} has no relevance rule here. Choose a convolutional model.")
        return result

    def _refuse_outside(self, func: Callable, operands: tuple) -> None:
        """Raise InputError where an operation reads a layer's weights while another module, or none, runs."""
        if func in ATTRIBUTES:
            return
        for one in tensors(operands):
            if (owners := self._weights.get(id(one))) and not set(owners).intersection(self._running):
                raise InputError(
                    f"The weights of {owners[0]} are also read outside of it, which the zennit engine cannot see. "
                    "Choose another."
                )

    def _known(self, func: Callable, operands: tuple) -> bool:
        if func in WEIGHED and id(operands[1]) not in self.hooked:
            owner = next((self.owners[id(one)] for one in operands if id(one) in self.owners), title(func))
            raise InputError(
                f"The weights of {owner} are computed, which the zennit engine cannot see. Choose another."
            )
        return func in MOVES or (func in HOOKED and any(id(operand) in self.hooked for operand in operands))


def _scaled(func: Callable, args: tuple) -> Tensor:
    """A product of a signal with a gate or a constant: the operand of the output's shape is the signal."""
    a, b = args
    if not isinstance(a, Tensor) or (isinstance(b, Tensor) and b.numel() > a.numel()):
        return _Passed.apply(b, lambda x: func(a.detach() if isinstance(a, Tensor) else a, x))
    if isinstance(b, Tensor) and b.requires_grad and a.shape == b.shape:
        raise InputError(
            "A product of two features of equal shape has no relevance rule here. Choose a convolutional model."
        )
    return _Passed.apply(a, lambda x: func(x, b.detach() if isinstance(b, Tensor) else b))


def _stabilized(value: Tensor) -> Tensor:
    return value + STABILIZER * torch.where(value < 0, -1.0, 1.0).to(value)


class _NormSum(torch.autograd.Function):
    """a + b; backward `R_a = R a / (a + b)`, `R_b = R b / (a + b)`."""

    @staticmethod
    def forward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
        ctx.save_for_backward(a, b)
        return a + b

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Tensor, Tensor]:
        a, b = ctx.saved_tensors
        share = relevance / _stabilized(a + b)
        return (a * share).sum_to_size(a.shape), (b * share).sum_to_size(b.shape)


class _Passed(torch.autograd.Function):
    """func(x), elementwise; backward hands relevance through."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, func: Callable[[Tensor], Tensor]) -> Tensor:
        return func(x.clone())

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Tensor, None]:
        return relevance, None


class _NormOf(torch.autograd.Function):
    """y = func(x); backward `R_i = sum_j x_i (dy_j / dx_i) R_j / y_j`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, func: Callable[[Tensor], Tensor]) -> Tensor:
        ctx.func = func
        ctx.save_for_backward(x)
        return func(x)

    @staticmethod
    def backward(ctx: Any, relevance: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        with torch.enable_grad():
            x = x.detach().requires_grad_()
            y = ctx.func(x)
            (gradient,) = torch.autograd.grad(y, x, relevance / _stabilized(y.detach()))
        return x.detach() * gradient, None
