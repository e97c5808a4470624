"""Activation decomposition: which cells, and which pairs of cells, the similarity is the sum of.

The equivalent feature of a cell is `u_ij = J_ij A_ij`, J the derivative of the embedding with respect to the layer's
features. For a head of mean pooling, maximum pooling, flattening, BatchNorm and linear layers that is exact, and
`e = sum u_ij + B` with B the head's bias; for any other it is the paper's Taylor expansion at the photograph itself
(section IV-B), and the metrics tell what it leaves out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.func import jvp, vmap
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from pairx.baselines.cam import hires_cam
from pairx.baselines.pairs import at_most, of_pairs, parts
from pairx.baselines.registry import Finding, NoOptions, method, sides_card, to_map
from pairx.baselines.sides import Graph, PairAtLayer, Side
from pairx.models.networks import attention_weights
from pairx.types import Computation, Game, InputError, MethodCard, Step

FAMILY = "decomposition"
PAPER = "Zhu, Yang, Chen: Visual Explanation for Deep Metric Learning"
BATCH = 32
GAME = Game("cells", background="zero", norm=False)
FORWARD = threading.Lock()
"""Torch counts levels of forward derivatives for the whole process, so one thread at a time may take them."""
CAVEAT = (
    "Adds up to the similarity where nothing but pooling and linear layers follow the layer. Elsewhere what the biases "
    "after it add is left out, which may be several times the similarity; the metrics tell how much."
)
MISSED = 0.1
"""Of the cosine, by which the places may miss the similarity before it is said."""
LEAST = 1e-3
"""Of the embedding's length that its cells have to explain."""


class Unfused(TorchFunctionMode):
    """During a forward: attention is computed from differentiable parts, a maximum over the whole grid shares its
    derivative evenly among ties, and tensors lie contiguous, the one layout that `vmap` has, which changes no number.
    Belongs to one thread; changes nothing in the network.
    """

    def __torch_function__(self, function: Callable, _types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if "memory_format" in kwargs:
            kwargs = kwargs | {"memory_format": torch.contiguous_format}
        if function is Tensor.view and not isinstance(args[-1], torch.dtype) and "dtype" not in kwargs:
            return args[0].reshape(*(args[1:] or (kwargs["size"],)))
        if function is F.scaled_dot_product_attention:
            return _attention(*args, **kwargs)
        if function is F.adaptive_max_pool2d and args[1] in (1, (1, 1), [1, 1]) and not kwargs.get("return_indices"):
            return args[0].amax((2, 3), keepdim=True)
        return function(*args, **kwargs)


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    **_more: Any,
) -> Tensor:
    if is_causal:
        attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
    return attention_weights(query, key, attn_mask, scale) @ value


def _card(name: str, title: str, summary: str, equation: str, **facts: Any) -> MethodCard:
    needs = ("both photographs", "activations", "gradient")
    return sides_card(
        name=name, title=title, family=FAMILY, summary=summary, paper=PAPER, equation=equation, needs=needs, **facts
    )


@method(
    _card(
        "decomposition",
        "Decomposition",
        "What each place adds to the similarity through the features of the other photograph.",
        "section IV, eq. 5, first term",
        game=GAME,
        cost="2 forwards and 1 backward of each photograph",
        caveat=CAVEAT,
    )
)
def decomposition(at: PairAtLayer, _options: NoOptions) -> Computation[Finding]:
    """`u_ij . V / (|e||f|)` with V the sum of the other photograph's `v_xy`: (h, w) a side."""
    return (yield from _decomposed(at, lambda linear, number: linear[1 - number]))


@method(
    _card(
        "decomposition-bias",
        "Decomposition + bias",
        "What each place adds to the similarity, the other photograph's biases included.",
        "section IV, eq. 5, first term and second or third",
        game=GAME,
        cost="2 forwards and 1 backward of each photograph",
        caveat=CAVEAT,
    )
)
def decomposition_bias(at: PairAtLayer, _options: NoOptions) -> Computation[Finding]:
    """`u_ij . f / (|e||f|)`, `f` the other photograph's whole embedding: (h, w) a side."""
    return (yield from _decomposed(at, lambda _linear, number: at.sides[number].partner))


def _decomposed(at: PairAtLayer, direction: Callable[[list[Tensor], int], Tensor]) -> Computation[Finding]:
    """`u_ij . direction / (|e||f|)`: (h, w) a side. direction: (D,) from both sums of `u_ij` and the side's number."""
    yield Step(0, 4, "adding up the features of the cells")
    linear = [side.once(all_cells) for side in at.sides]
    maps = []
    for number, side in enumerate(at.sides):
        yield Step(2 + number, 4, f"the {('first', 'second')[number]} photograph")
        maps.append(to_map(towards(side, direction(linear, number))))
    return replace(Finding.of_maps(maps, _metrics(at, linear)), notes=_notes(at, maps))


def _notes(at: PairAtLayer, maps: list[np.ndarray]) -> tuple[str, ...]:
    """That the places do not add up to the similarity, where they miss it by more than MISSED."""
    total = max((float(one.sum()) for one in maps), key=lambda one: abs(one - at.similarity))
    if abs(total - at.similarity) <= MISSED:
        return ()
    return (
        f"The places add up to {total:.2f}, the similarity is {at.similarity:.2f}: biases after {at.layer}, and what "
        "is not linear there, are left out.",
    )


@method(
    _card(
        "point-to-point",
        "Point-to-point activation",
        "What each pair of places, one in each photograph, adds to the similarity.",
        "section IV, eq. 5, first term, for every (i, j, x, y)",
        second_order=True,
        game=replace(GAME, singles=False, pairs=True),
        cost="2 passes of the network after the layer a cell, of each photograph",
        slow=True,
        caveat=CAVEAT,
    )
)
def point_to_point(at: PairAtLayer, _options: NoOptions) -> Computation[Finding]:
    """`T[i, j, x, y] = u_ij . v_xy / (|e||f|)`: the tensor, over the layer's cells, 64 x 64 at most, beyond which u and
    v are sums over neighbours, by the part of each; the maps are its sums.
    """
    linear, features = [side.once(all_cells) for side in at.sides], []
    for number, side in enumerate(at.sides):
        features.append((yield from _cell_features(side, number)))
    e, f = (side.embedding for side in at.sides)
    tensor = torch.einsum("dij,dxy->ijxy", *features) / (e.norm() * f.norm()).clamp(min=1e-12)
    return of_pairs(tensor, **_metrics(at, linear))


def point_map(at: PairAtLayer, weights: np.ndarray, number: int) -> np.ndarray:
    """What `core.correspondence.partners` gives of the tensor above, without it: (h, w) evidence of the other
    photograph's cells together with a place of photograph `number`, 0 or 1, given as weights (h, w) of its cells.
    """
    side, other = at.sides[number], at.sides[1 - number]
    query, whole = linear_part(side, torch.from_numpy(np.stack([weights, np.ones_like(weights)])).to(side.x))
    _check_linear(side, whole)
    return to_map(towards(replace(other), query))  # a copy, as the pair stays, and need not keep the network's graph


def _cell_features(side: Side, number: int) -> Computation[Tensor]:
    """`u` (D, h, w), cell by cell; see `pairs.joined`."""
    cells = side.activation.shape[1:]
    grid = at_most(cells)
    rows, columns = (parts(*sizes).to(side.x) for sizes in zip(cells, grid, strict=True))
    total, found = grid[0] * grid[1], []
    for some in torch.arange(total, device=side.x.device).split(BATCH):
        yield Step(number * total + int(some[0]), 2 * total, "taking the embedding apart")
        found.append(linear_part(side, rows[some // grid[1], :, None] * columns[some % grid[1], None]))
    return torch.cat(found).T.unflatten(1, grid)


def linear_part(side: Side, cells: Tensor) -> Tensor:
    """(B, D) sums of `u_ij` over some of the cells, masks (B, h, w): `J (A masked)`, by forward derivatives."""
    a = side.activation
    with FORWARD, torch.no_grad(), Unfused():
        return vmap(lambda cell: jvp(lambda grid: side.head(grid[None])[0], (a,), (a * cell,))[1])(cells)


def all_cells(side: Side) -> Tensor:
    """(D,) `sum u_ij`, what the embedding has from the layer's features; the rest is bias. Raises InputError where it
    is next to nothing.
    """
    total = linear_part(side, torch.ones_like(side.activation[:1]))[0]
    _check_linear(side, total)
    return total


def _check_linear(side: Side, total: Tensor) -> None:
    if total.norm() < LEAST * side.embedding.norm():
        raise InputError(
            f"The network after {side.layer} normalises its features, so their derivative explains nothing of the "
            "embedding. Choose another layer or method."
        )


def towards(side: Side, direction: Tensor) -> Tensor:
    """(h, w) `u_ij . direction / (|e||f|)`."""
    scale = (side.embedding.norm() * side.partner.norm()).clamp(min=1e-12)
    gradient = side.once(_unfused).gradient(lambda embeddings: embeddings @ direction / scale)
    return hires_cam(side.activation, gradient)


def _unfused(side: Side) -> Graph:
    with Unfused():
        return Graph(side)


@torch.no_grad()
def _constant(side: Side) -> Tensor:
    """(D,) the embedding of all-zero features."""
    return side.head(torch.zeros_like(side.activation)[None])[0]


@torch.no_grad()
def _metrics(at: PairAtLayer, linear: list[Tensor]) -> dict[str, float]:
    """bias: `e - sum u_ij` against |e|. nonlinear: what of it is not the embedding of all-zero features, against |e|; 0
    where the decomposition is exact.
    """
    metrics = {}
    for number, (side, part) in enumerate(zip(at.sides, linear, strict=True)):
        size = side.embedding.norm().clamp(min=1e-12)
        rest = side.embedding - part
        metrics[f"bias{number}"] = float(rest.norm() / size)
        metrics[f"nonlinear{number}"] = float((rest - side.once(_constant)).norm() / size)
    return metrics
