"""The transposed convolution as the rules need it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from pairx.lrp.operators import Convolution, Scaling
from pairx.lrp.patch import Patch


class Transposed(Convolution):
    """A two-dimensional transposed convolution (B, I, h, w) to (B, O, H, W). weight: (I, O / groups, kh, kw)."""

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None,
        stride: tuple[int, int],
        padding: tuple[int, int],
        output_padding: tuple[int, int],
        dilation: tuple[int, int],
        groups: int,
        scaling: Scaling | None = None,
    ) -> None:
        bias = weight.new_zeros(weight.shape[1] * groups) if bias is None else bias
        super().__init__(weight, bias, stride, padding, dilation, groups, scaling)
        self.output_padding = output_padding

    @property
    def strided(self) -> bool:
        return True  # never in bfloat16

    @property
    def fan_in(self) -> int:
        rows, columns = (-(-k // s) for k, s in zip(self.raw.shape[-2:], self.stride, strict=True))
        return len(self.raw) // self.groups * rows * columns

    def merged(self, scaling: Scaling) -> Transposed:
        geometry = self.stride, self.padding, self.output_padding, self.dilation, self.groups
        return Transposed(self.raw, self.raw_bias, *geometry, scaling.after(self.scaling))

    def weight(self) -> Tensor:
        if self.scaling is None:
            return self.raw
        scale = self.scaling.scale.reshape(self.groups, 1, -1, 1, 1)
        return (self.raw.unflatten(0, (self.groups, -1)) * scale).flatten(0, 1)

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.conv_transpose2d(
            x, weight, bias, self.stride, self.padding, self.output_padding, self.groups, self.dilation
        )

    def adjoint(self, patch: Patch, size: Sequence[int], sign: int) -> Patch:
        """The convolution of values (N, B, O, H, W). size: (h, w) of the whole input. sign: see `Linear`."""
        values = patch.dense()
        weight = self.signed(sign, values.dtype, _itself)
        down = F.conv2d(values.flatten(0, 1), weight, None, self.stride, self.padding, self.dilation, self.groups)
        return Patch.whole(down[..., : size[0], : size[1]].unflatten(0, values.shape[:2]))


def _itself(weight: Tensor) -> Tensor:
    return weight.contiguous(memory_format=torch.contiguous_format)
