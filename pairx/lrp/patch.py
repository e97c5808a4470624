"""Relevance that is zero outside a window: what a signal from one cell looks like on its way to the pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

EPSILON = 1e-6  # what zennit stabilises divisions by


@dataclass(frozen=True)
class Patch:
    """Relevance of one tensor from N signals, kept in the window of its last two axes where it is not zero.

    values: (N, ..., h, w), the window's part. top, left: where the window lies. size: (H, W) of the last two axes.
    """

    values: Tensor
    top: int
    left: int
    size: tuple[int, int]

    @staticmethod
    def whole(values: Tensor) -> Patch:
        """All of values (N, ..., H, W)."""
        return Patch(values, 0, 0, (values.shape[-2], values.shape[-1]))

    @staticmethod
    def around(values: Tensor) -> Patch:
        """The smallest window of values (N, ..., H, W) with all that is not zero; one element where all is zero."""
        if values.ndim < 3:  # no two axes of its own
            return Patch.whole(values)
        rims = values[..., 0, :], values[..., -1, :], values[..., 0], values[..., -1]
        if all(bool(rim.any()) for rim in rims):
            return Patch.whole(values)
        on = (values != 0).flatten(0, -3).any(0)
        rows, columns = (on.any(axis).nonzero() for axis in (1, 0))
        if not len(rows):
            return Patch(values[..., :1, :1], 0, 0, (values.shape[-2], values.shape[-1]))
        return Patch.whole(values).cropped(int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1)

    @property
    def bottom(self) -> int:
        return self.top + self.values.shape[-2]

    @property
    def right(self) -> int:
        return self.left + self.values.shape[-1]

    def cropped(self, top: int, bottom: int, left: int, right: int) -> Patch:
        """Rows top to bottom and columns left to right, in the coordinates of the whole, all within this window."""
        rows, columns = slice(top - self.top, bottom - self.top), slice(left - self.left, right - self.left)
        return Patch(self.values[..., rows, columns], top, left, self.size)

    def inside(self, top: int, left: int, size: tuple[int, int]) -> Patch:
        """The smallest window, in a part of the whole of this size that begins at (top, left), with all there that is
        not zero.
        """
        first, last = max(self.top, top), min(self.bottom, top + size[0])
        begin, end = max(self.left, left), min(self.right, left + size[1])
        if first >= last or begin >= end:
            return Patch(self.values.new_zeros((*self.values.shape[:-2], 1, 1)), 0, 0, size)
        part = self.cropped(first, last, begin, end).values
        found = Patch.around(part)
        return Patch(found.values, found.top + first - top, found.left + begin - left, size)

    def dense(self) -> Tensor:
        """(N, ..., H, W), zero outside the window."""
        (h, w), (bottom, right) = self.size, (self.bottom, self.right)
        if self.values.shape[-2:] == self.size:
            return self.values
        return F.pad(self.values, (self.left, w - right, self.top, h - bottom))

    def of(self, tensor: Tensor) -> Tensor:
        """The same window of another tensor (..., H, W)."""
        return tensor[..., self.top : self.bottom, self.left : self.right]

    @cached_property
    def total(self) -> float:
        """The sum of all values: of channels in their own precision, which is far faster, then in float64."""
        return float(self.values.sum(-3 if self.values.ndim > 4 else -1).sum(dtype=torch.float64))

    def holding(self, values: Tensor) -> Patch:
        """The same window with other values."""
        return replace(self, values=values)

    def __add__(self, other: Patch) -> Patch:
        top, bottom = min(self.top, other.top), max(self.bottom, other.bottom)
        left, right = min(self.left, other.left), max(self.right, other.right)
        parts = [
            F.pad(one.values, (one.left - left, right - one.right, one.top - top, bottom - one.bottom))
            if one.values.shape[-2:] != (bottom - top, right - left)
            else one.values
            for one in (self, other)
        ]
        return Patch(parts[0] + parts[1], top, left, self.size)

    def trimmed(self, share: float) -> Patch:
        """Without the rim rows and columns that together hold at most `share` of the absolute relevance a side."""
        magnitude = self.values.abs().sum(dim=tuple(range(self.values.ndim - 2)))
        edges = []
        for profile in (magnitude.sum(1), magnitude.sum(0)):
            reached, allowed = profile.cumsum(0), share * profile.sum()
            first = int((reached <= allowed).sum())
            last = len(profile) - int((profile.flip(0).cumsum(0) <= allowed).sum())
            edges += [first, last] if first < last else [0, len(profile)]
        top, bottom, left, right = edges
        return self.cropped(self.top + top, self.top + bottom, self.left + left, self.left + right)


def stabilized(value: Tensor) -> Tensor:
    """value moved away from zero by EPSILON, so that one can divide by it; zero counts as positive."""
    return value + (value >= 0).to(value.dtype).mul_(2 * EPSILON).sub_(EPSILON)
