"""How a method makes itself known: a card, its options, and a function of a pair.

@method(CARD, Options)
@each_side
def grad_cam(side: Side, options: Options) -> Tensor: ...
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pairx import images
from pairx.baselines.sides import PairAtLayer
from pairx.plugins import Registry
from pairx.types import Computation, Explanation, Matches, MethodCard, Step, Steps


@dataclass(frozen=True)
class NoOptions:
    """For a method without choices."""


@dataclass(frozen=True)
class Finding:
    """What a method finds, raw and signed; the fields of `Explanation` by the same names."""

    map0: np.ndarray | None = None
    map1: np.ndarray | None = None
    tensor: np.ndarray | None = None
    matches: Matches | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    withheld: str = ""

    @classmethod
    def of_maps(cls, maps: Iterable[np.ndarray], metrics: dict[str, float] | None = None) -> Finding:
        """From the maps of both photographs, and metrics."""
        map0, map1 = maps
        return cls(map0, map1, metrics=metrics or {})


@dataclass(frozen=True)
class Method:
    """A registered method. options: a frozen dataclass. find: yields Steps, returns a Finding."""

    card: MethodCard
    options: type
    find: Callable[[PairAtLayer, Any], Computation[Finding]]


METHODS: Registry[Method] = Registry("methods")
"""By name, in the order they are shown."""


def method(card: MethodCard, options: type = NoOptions) -> Callable:
    """Register the function below as the method of this card. Raises InputError for a name that is taken."""

    def register(find: Callable) -> Callable:
        METHODS.add(card.name, Method(card, options, find))
        return find

    return register


def each_side(one: Callable) -> Callable:
    """A method of a pair from one of a single side: from `one(side, options)`, which returns its map (h, w), or that
    and its metrics, whose names get the side's number; it may yield Steps before.
    """

    @functools.wraps(one)
    def find(at: PairAtLayer, options: Any) -> Computation[Finding]:
        maps: list[np.ndarray] = []
        metrics: dict[str, float] = {}
        for number, side in enumerate(at.sides):
            name = ("first", "second")[number]
            yield Step(number, 2, f"the {name} photograph")
            found = one(side, options)
            if isinstance(found, Generator):
                found = yield from as_half(found, number)
            own, told = found if isinstance(found, tuple) else (found, {})
            maps.append(to_map(own))
            metrics |= {f"{key}{number}": value for key, value in told.items()}
        return Finding.of_maps(maps, metrics)

    return find


def as_half(steps: Computation[Any], number: int) -> Computation[Any]:
    """The steps of one side, 0 or 1, of which there are as many again for the other."""
    taken = Steps(steps)
    for step in taken:
        yield Step(number * step.total + step.done, 2 * step.total, step.what)
    return taken.result


def in_batches(
    function: Callable[[Tensor], Tensor], items: Iterable[Tensor], total: int, what: str
) -> Computation[Tensor]:
    """function of each batch of items, without gradients, one after the other, joined. total: how many items in all."""
    results, done = [], 0
    for batch in items:
        yield Step(done, total, what)
        with torch.no_grad():
            results.append(function(batch))
        done += len(batch)
    return torch.cat(results)


def to_map(values: Tensor) -> np.ndarray:
    """float32 on the host."""
    return values.detach().float().cpu().numpy()


def explain(at: PairAtLayer, name: str, options: Any) -> Computation[Explanation]:
    """One method's explanation of a pair. Yields Steps. Raises InputError where the method cannot run on this model."""
    found = METHODS[name]
    started = time.perf_counter()
    result = yield from found.find(at, options)
    seconds = time.perf_counter() - started
    contents = {one.name: getattr(result, one.name) for one in fields(Finding)}
    known = settings(at, options) | ({} if found.card.signed else {"sign": "convention"})
    if result.map0 is not None:
        contents |= {f"extent{number}": at.model.extent(image) for number, image in enumerate(at.pair.images)}
    return Explanation(name, at.similarity, **contents, settings=known, seconds=seconds)


def settings(at: PairAtLayer, options: Any) -> dict[str, Any]:
    """All that a result depends on beside the photographs, JSON-ready."""
    layer = at.model.layer(at.layer)
    chosen = {one.name: getattr(options, one.name) for one in fields(options)}
    return {
        "model": at.model.name,
        "model_key": at.model.key,
        "size": list(at.model.size),
        "layer": at.layer,
        "stride": layer.stride,
        "grid": list(layer.grid),
        **{name: images.digest(value) if isinstance(value, np.ndarray) else value for name, value in chosen.items()},
    }


def sides_card(**facts: Any) -> MethodCard:
    """A card of a method that treats each side alike, so that exchanging the photographs exchanges the maps."""
    shared: dict[str, Any] = {"license": "MIT", "symmetric": True}
    return MethodCard(**shared | facts)
