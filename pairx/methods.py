"""One door to all methods: a model, a pair and a method's name to an explanation."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import fields
from typing import Any

from pairx import core
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair, InputError, MethodCard, Step

METHODS = {core.CARD.name: (core.CARD, core.Options, core.explain_steps)}


def list_methods(family: str | None = None) -> list[MethodCard]:
    """The cards of all methods, or of one family."""
    return [card for card, _, _ in METHODS.values() if family in (None, card.family)]


def explain_steps(
    model: EmbeddingModel, pair: ImagePair, method: str = "pair-x", layers: Sequence[str] = (), **options: Any
) -> Generator[Step, None, list[Explanation]]:
    """Explain a pair at one or several layers, in steps.

    layers: by default the model's own choice. options: the method's (`pairx.core.Options` for PAIR-X). Yields a `Step`
    before every part of the work; stop iterating and the work stops. Returns one `Explanation` a layer. Raises
    InputError for a method, layer or option that does not exist.
    """
    if method not in METHODS:
        raise InputError(f"There is no method {method!r}. Choose {' or '.join(METHODS)}.")
    _, options_type, steps = METHODS[method]
    known = [field.name for field in fields(options_type)]
    if unknown := sorted(set(options) - set(known)):
        raise InputError(f"{method} has no option {unknown[0]!r}. It takes {', '.join(known)}.")
    return (yield from steps(model, pair, tuple(layers) or (model.default_layer,), options_type(**options)))


def explain(
    model: EmbeddingModel, pair: ImagePair, method: str = "pair-x", layer: str | None = None, **options: Any
) -> Explanation:
    """Explain a pair at one layer: see `explain_steps`."""
    steps = explain_steps(model, pair, method, (layer,) if layer else (), **options)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value[0]
