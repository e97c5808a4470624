"""The linear operations of a network as the rules need them: forwards and adjoints, with weights split by sign.

Convolutions run in channels-last memory by oneDNN where it can, which a CPU does faster than torch's own choice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

from pairx.lrp.patch import Patch


@dataclass(frozen=True)
class Arithmetic:
    """How exactly relevance is computed.

    dtype: of the factors of products with weights; None is the model's own. trim: share of a signal's absolute
    relevance that each side of its window may lose at a convolution.
    """

    dtype: torch.dtype | None = None
    trim: float = 0.0

    def short(self, tensor: Tensor) -> Tensor:
        """A factor of such a product; only float32 is ever shortened."""
        return tensor.to(self.dtype) if self.dtype and tensor.dtype == torch.float32 else tensor


INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}  # by bytes
_CACHE = WeakIdKeyDictionary()  # a weight to what was made of it; an entry ends with its weight


def cached(weight: Tensor, state: tuple, key: tuple, make: Callable[[], Tensor]) -> Tensor:
    """What `make` gives, kept for as long as the weight lives and the state is the same. state: of all values that it
    is made from, see `fingerprint`; key: what is made.
    """
    entries = _CACHE.setdefault(weight, {})
    if (found := entries.get(key)) is None or found[0] != state:
        found = entries[key] = (state, make())
    return found[1]


def fingerprint(tensor: Tensor) -> tuple:
    """What tells a tensor's values from any others, however they were written: sums of its bits by place."""
    bits = tensor.detach().reshape(len(tensor) if tensor.ndim else 1, -1).contiguous()
    wide = bits.shape[1] * bits.element_size() % 8 == 0
    bits = bits.view(torch.int64 if wide else INTEGERS[bits.element_size()])
    bits = bits ^ (bits >> 11)  # so that the sums hold the highest bit, the sign, more than once
    sums = (bits.sum(axis, dtype=torch.int64 if wide else torch.int32) for axis in (0, 1))
    return tuple(int((one * torch.arange(1, 2 * len(one), 2, device=one.device)).sum()) for one in sums)


@dataclass(frozen=True)
class Scaling:
    """What follows an operation, y = scale x + shift, per channel (C,), as BatchNorm does. key: whose it is."""

    scale: Tensor
    shift: Tensor
    key: tuple = ()

    @cached_property
    def state(self) -> tuple:
        return fingerprint(self.scale), fingerprint(self.shift)

    def after(self, first: Scaling | None) -> Scaling:
        """Both as one."""
        if first is None:
            return self
        shift = first.shift * self.scale + self.shift
        return Scaling(first.scale * self.scale, shift, (*first.key, *self.key))


class Linear:
    """y = x W^T + b on the last axis. weight: (O, I); bias: (O,) or None."""

    channel_axis = -1

    def __init__(self, weight: Tensor, bias: Tensor | None, scaling: Scaling | None = None) -> None:
        self._weight, self._bias, self.scaling = weight, bias, scaling

    @property
    def raw(self) -> Tensor:
        """The weight without the scaling."""
        return self._weight

    @property
    def raw_bias(self) -> Tensor | None:
        """The bias without the scaling."""
        return self._bias

    def merged(self, scaling: Scaling) -> Linear:
        """The same with a factor and a shift after it folded in."""
        return Linear(self.raw, self.raw_bias, scaling.after(self.scaling))

    @cached_property
    def state(self) -> tuple:
        """Tells the weights from any others."""
        return fingerprint(self.raw), self.scaling.state if self.scaling else ()

    def weight(self) -> Tensor:
        if self.scaling is None:
            return self.raw
        return self.raw * self.scaling.scale.reshape(-1, *[1] * (self.raw.ndim - 1))

    def bias(self) -> Tensor | None:
        """(O,), or None."""
        if self.scaling is None:
            return self.raw_bias
        if self.raw_bias is None:
            return self.scaling.shift
        return self.raw_bias * self.scaling.scale + self.scaling.shift

    @property
    def strided(self) -> bool:
        return False

    @property
    def fan_in(self) -> int:
        return self.raw[0].numel()

    def per_channel(self, values: Tensor) -> Tensor:
        """(O,) shaped to broadcast over outputs."""
        return values

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The operation with other weights and bias of the same shapes."""
        return multiply(x, weight, bias)

    def adjoint(self, patch: Patch, size: Sequence[int], sign: int) -> Patch:
        """The transposed operation on values (N, ..., O), with the weights of one sign or, for 0, their magnitudes.

        size: unused.
        """
        weight = self.signed(sign, patch.values.dtype, _transposed)
        return Patch.whole(multiply(patch.dense(), weight))

    def signed(self, sign: int, dtype: torch.dtype, arrange: Callable[[Tensor], Tensor]) -> Tensor:
        """W+, W- or, for 0, |W|, arranged for one use and kept with the model's own weight."""

        def make() -> Tensor:
            weight = self.weight()
            return arrange((weight * sign).clamp(min=0).mul(sign) if sign else weight.abs()).to(dtype)

        key = (sign, dtype, arrange.__name__, self.scaling.key if self.scaling else ())
        return cached(self.raw, self.state, key, make)

    def product(self, x: Tensor, sign: int, bias: Tensor) -> Tensor:
        """The operation with W+, W- or |W| and another bias, in the dtype of x."""
        return self.forward(x, self.signed(sign, x.dtype, self.arranged), bias.to(x.dtype))

    @staticmethod
    def arranged(weight: Tensor) -> Tensor:
        """A weight as `forward` reads it fastest."""
        return weight


class Convolution(Linear):
    """A two-dimensional convolution (B, I, H, W) to (B, O, h, w). weight: (O, I / groups, kh, kw)."""

    channel_axis = -3

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, int],
        padding: tuple[int, int],
        dilation: tuple[int, int],
        groups: int,
        scaling: Scaling | None = None,
    ) -> None:
        super().__init__(weight, bias, scaling)
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups

    @property
    def strided(self) -> bool:
        return self.stride != (1, 1)

    def merged(self, scaling: Scaling) -> Convolution:
        geometry = self.stride, self.padding, self.dilation, self.groups
        return Convolution(self.raw, self.raw_bias, *geometry, scaling.after(self.scaling))

    @property
    def kernel(self) -> tuple[int, int]:
        height, width = self.raw.shape[-2:]
        return height, width

    @property
    def outputs(self) -> int:
        return len(self.raw)

    @property
    def inputs(self) -> int:
        return self.raw.shape[1] * self.groups

    def per_channel(self, values: Tensor) -> Tensor:
        return values[:, None, None]

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return convolve(x, weight, self.stride, self.padding, self.dilation, self.groups, bias)

    @staticmethod
    def arranged(weight: Tensor) -> Tensor:
        return _channels_last(weight)

    def adjoint(self, patch: Patch, size: Sequence[int], sign: int) -> Patch:
        """The transposed convolution of a window (N, B, O, h, w), over exactly the inputs that it can reach.

        size: (H, W) of the whole input. sign: see `Linear`.
        """
        c = patch.values.flatten(0, 1)
        spans = [
            _reach(start, length, whole, k, s, p, d)
            for start, length, whole, k, s, p, d in zip(
                (patch.top, patch.left),
                c.shape[-2:],
                size,
                self.raw.shape[-2:],
                self.stride,
                self.padding,
                self.dilation,
                strict=True,
            )
        ]
        crop = (spans[0].crop, spans[1].crop)
        if not self.strided:
            weight = self.signed(sign, c.dtype, self._turned)
            above, before = ((k - 1) * d - r for k, d, r in zip(self.kernel, self.dilation, crop, strict=True))
            full = convolve(c, weight, (1, 1), (above, before), self.dilation, self.groups)
        else:  # oneDNN's strided adjoint is very slow in bfloat16: the rules give it float32
            weight = self.signed(sign, c.dtype, _channels_last)
            full = F.conv_transpose2d(_channels_last(c), weight, None, self.stride, crop, 0, self.groups, self.dilation)
        (top, rows), (left, columns) = ((span.start, span.kept) for span in spans)
        values = full[..., rows, columns].to(patch.values.dtype).unflatten(0, patch.values.shape[:2])
        return Patch(values, top, left, (size[0], size[1]))

    def _turned(self, weight: Tensor) -> Tensor:
        """(O, I / g, kh, kw) to the weights (I, O / g, kh, kw) of the convolution that is the adjoint at stride 1."""
        grouped = weight.unflatten(0, (self.groups, -1)).transpose(1, 2)
        return _channels_last(grouped.flatten(0, 1).flip(2, 3))


@dataclass(frozen=True)
class _Reach:
    """Where along one axis an adjoint lands. start: first input. crop: cut off both ends; kept: of what remains."""

    start: int
    crop: int
    kept: slice


def _reach(start: int, length: int, size: int, kernel: int, stride: int, padding: int, dilation: int) -> _Reach:
    first = start * stride - padding
    count = (length - 1) * stride + (kernel - 1) * dilation + 1
    below, above = max(0, -first), max(0, first + count - size)
    crop = min(below, above, (kernel - 1) * dilation)
    return _Reach(first + below, crop, slice(below - crop, count - crop - above))


def _transposed(weight: Tensor) -> Tensor:
    return weight.T.contiguous()


def _channels_last(tensor: Tensor) -> Tensor:
    tensor = tensor.contiguous(memory_format=torch.channels_last)
    if tensor.shape[0] == 1 and tensor.stride(0) != tensor.numel():
        # Any stride will do for a single image, but with all but this one oneDNN is several times slower.
        return tensor.as_strided(tensor.shape, (tensor.numel(), *tensor.stride()[1:]))
    return tensor


@cache
def _of_mkldnn() -> tuple[torch.dtype, ...]:
    """What oneDNN convolves in on this processor."""
    if not torch.backends.mkldnn.is_available():
        return ()
    able = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if able else (torch.float32,)


def multiply(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """(..., O): x (..., I) times a weight (O, I), and a bias (O,), by oneDNN where it can: torch's own choice in
    float32 is slower on some processors.
    """
    if x.device.type == "cpu" and x.dtype == weight.dtype and x.dtype in _of_mkldnn():
        return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")
    return F.linear(x, weight, bias)


def convolve(
    x: Tensor,
    weight: Tensor,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
    bias: Tensor | None = None,
) -> Tensor:
    """A convolution in channels-last memory, by oneDNN where it can."""
    x, weight = _channels_last(x), _channels_last(weight)
    if x.device.type == "cpu" and x.dtype in _of_mkldnn():
        return torch.mkldnn_convolution(x, weight, bias, padding, stride, dilation, groups)
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)
