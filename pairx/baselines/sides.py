"""A pair as the methods look at it: each photograph at one layer, and the network after that layer as a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from pairx.models import (
    Differentiable,
    EmbeddingModel,
    capture_outputs,
    cosine_similarity,
    finite,
    neighbour_modules,
    override_outputs,
)
from pairx.types import ImagePair

T = TypeVar("T")
CACHED = 2 * 416**2
"""Pixels of inputs that are embedded together on a CPU."""


@dataclass(frozen=True)
class Side:
    """One photograph against the embedding of its partner, which is held constant.

    image: (H, W, 3) uint8 RGB. x: (1, 3, height, width), the model's input. output: what the layer gave, in its own
    form, a batch of 1. before: what other parts of the network gave on the way to it, by name. embedding, partner:
    (D,). Nothing here is ever written to.
    """

    model: EmbeddingModel
    layer: str
    image: np.ndarray
    x: Tensor
    output: Tensor
    before: dict[str, Tensor]
    embedding: Tensor
    partner: Tensor
    _done: dict[Callable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def once(self, work: Callable[[Side], T]) -> T:
        """What some work gives of this photograph: done when it is first asked for, kept for other methods."""
        if work not in self._done:
            self._done[work] = work(self)
        return self._done[work]

    @cached_property
    def activation(self) -> Tensor:
        """(C, h, w) features of the layer."""
        return self.model.to_grid(self.output)[0]

    @cached_property
    def photo(self) -> np.ndarray:
        """(height, width, 3) uint8 RGB: the photograph as the model is shown it, before it is normalised."""
        return self.model.preprocessing.framed(self.image)

    def input_of(self, photo: np.ndarray) -> Tensor:
        """(3, height, width) model input of what is like `photo`, (height, width, 3) uint8."""
        return self.model.preprocessing.normalised(photo).to(self.x.device)

    def embed(self, x: Tensor) -> Tensor:
        """Inputs (B, 3, height, width) to embeddings (B, D), differentiable."""
        x = x.contiguous(memory_format=torch.channels_last)
        with Differentiable():
            return torch.cat([self.model.module(part) for part in x.split(_at_once(x))])

    def features(self, x: Tensor) -> Tensor:
        """Inputs (B, 3, height, width) to the layer's features (B, C, h, w)."""
        seen: list[Tensor] = []
        path = self.model.path(self.layer)
        with torch.no_grad():
            capture_outputs(self.model.module, [path], lambda _name, output: seen.append(output.clone()))(x)
        return self.model.to_grid(seen[-1])

    def head(self, grid: Tensor) -> Tensor:
        """Features (B, C, h, w) of the layer to embeddings (B, D): the rest of the network, differentiable.

        Whatever bypasses the layer, such as a class token or a skip connection, keeps this photograph's values.
        """
        x = self.x.expand(len(grid), -1, -1, -1) if len(grid) > 1 and self._bypassed else self.x
        return self._with_output(grid, x)

    def cosine(self, embeddings: Tensor) -> Tensor:
        """(B,) cosine of embeddings (B, D) and the partner; 0 for an embedding of zero."""
        return embeddings @ self.partner / (embeddings.norm(dim=1) * self.partner.norm()).clamp(min=1e-12)

    def product(self, embeddings: Tensor) -> Tensor:
        """(B,) `e . f / (|e| |f|)` of embeddings (B, D), with |e| held at this photograph's own: linear in e."""
        return embeddings @ self.partner / (self.embedding.norm() * self.partner.norm()).clamp(min=1e-12)

    @cached_property
    def cosine_gradient(self) -> Tensor:
        """(C, h, w) derivative of the cosine with respect to the layer's features."""
        return self.gradient(self.cosine)

    def gradient(self, target: Callable[[Tensor], Tensor]) -> Tensor:
        """(C, h, w) derivative of a target, a function of embeddings (1, D), with respect to the layer's features."""
        return self.once(Graph).gradient(target)

    @cached_property
    def _bypassed(self) -> bool:
        """Whether what comes before the layer has to be computed anew for every feature map. Mostly it is computed for
        one, and broadcasts where it is needed again; a later concatenation (DenseNet) cannot.
        """
        try:
            with torch.no_grad():
                return len(self._with_output(self.activation.expand(2, -1, -1, -1), self.x)) != 2
        except RuntimeError:
            return True

    def _with_output(self, grid: Tensor, x: Tensor) -> Tensor:
        own = self.model.from_grid(grid, like=self.output.expand(len(grid), *self.output.shape[1:]))
        if own.ndim == 3:  # class and register tokens
            prefix = own.shape[1] - grid.shape[2] * grid.shape[3]
            own = torch.cat([self.output[:, :prefix].expand(len(own), -1, -1), own[:, prefix:]], 1)
        before = {name: one.expand(len(x), *one.shape[1:]) for name, one in self.before.items()}
        with Differentiable():
            return override_outputs(self.model.module, before | {self.model.path(self.layer): own})(x)


class Graph:
    """The rest of the network after a side's layer, run once, for the derivatives of any number of targets."""

    def __init__(self, side: Side) -> None:
        self._grid = side.activation.detach()[None].clone().requires_grad_()
        with torch.enable_grad():
            self._embedding = side.head(self._grid)

    def gradient(self, target: Callable[[Tensor], Tensor]) -> Tensor:
        """See `Side.gradient`."""
        with torch.enable_grad():
            reached = target(self._embedding).sum()
        return torch.autograd.grad(reached, self._grid, retain_graph=True)[0][0]


@dataclass(frozen=True)
class PairAtLayer:
    """A pair, seen once by the unmodified model, for all methods to share."""

    model: EmbeddingModel
    pair: ImagePair
    layer: str
    sides: tuple[Side, Side]

    @property
    def similarity(self) -> float:
        """Cosine of the two embeddings, -1 to 1; 0 where one of them is zero."""
        return cosine_similarity(self.sides[0].embedding, self.sides[1].embedding)


def encode_one(model: EmbeddingModel, image: np.ndarray, layer: str) -> Side:
    """Run the model on one photograph (H, W, 3) uint8 RGB, which is its own partner. Raises InputError as
    `encode_pair`.
    """
    x = model.preprocessing(image)[None].to(model.device)
    embeddings, output, before = _run(model, name := model.layer(layer).name, x)
    return Side(model, name, image, x, output, before, embeddings[0], embeddings[0])


def encode_pair(model: EmbeddingModel, pair: ImagePair, layer: str) -> PairAtLayer:
    """Run the model on both photographs. Raises InputError for an unknown layer, and for an embedding that is no finite
    number.
    """
    return paired(pair, *(encode_one(model, image, layer) for image in pair.images))


def paired(pair: ImagePair, one: Side, other: Side) -> PairAtLayer:
    """A pair of two photographs that `encode_one` has seen at one layer."""
    sides = replace(one, partner=other.embedding), replace(other, partner=one.embedding)
    return PairAtLayer(one.model, pair, one.layer, sides)


@torch.no_grad()
def _run(model: EmbeddingModel, layer: str, x: Tensor) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """Embeddings (B, D), and copies, which the network cannot write over: of the layer's output, and of the outputs of
    its neighbours, those that run once, and before it.
    """
    path, calls, outputs = model.path(layer), [], {}

    def note(name: str, output: Tensor) -> None:
        if path not in calls and isinstance(output, Tensor):
            outputs[name] = output.clone()
        calls.append(name)

    embeddings = finite(capture_outputs(model.module, [*neighbour_modules(model.module, path), path], note)(x))
    once = {name: output for name, output in outputs.items() if calls.count(name) == 1}
    return embeddings, outputs[path], {name: output for name, output in once.items() if name != path}


def _at_once(x: Tensor) -> int:
    """Inputs (B, 3, height, width) that are embedded together: on a CPU few, whose features stay in its cache."""
    return len(x) if x.device.type != "cpu" else max(1, CACHED // (x.shape[2] * x.shape[3]))
