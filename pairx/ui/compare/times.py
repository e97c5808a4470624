"""How long a method takes on this machine: as measured in this process, else an estimate from its card."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from statistics import median

import numpy as np

from pairx.baselines import encode_pair
from pairx.methods import card_of
from pairx.models import EmbeddingModel
from pairx.types import ImagePair, MethodCard, View
from pairx.ui.shared.session import AppState

DEARER = {
    "forwards and backwards": 3, "forth and back": 3, "backward": 3, "k_colors": 1, "relevance": 6,
    "after the layer": 0.5,
}  # fmt: skip
"""What a pass of a card costs, in forwards."""
TRACED, UNTRACED = "2 + 2 k_colors", "2 k_colors"
"""Of PAIR-X's card: no panel shows the pixels behind each match."""


@dataclass(frozen=True)
class Expected:
    """measured: whether it is the median of what this process measured."""

    seconds: float
    measured: bool


class Times:
    """Expects seconds by method. Each model's forward is timed once."""

    def __init__(self, app_state: AppState) -> None:
        self.app_state = app_state
        self._forwards: dict[str, tuple[float, int]] = {}

    def expected(self, model: str, layer: str, method: str) -> Expected | None:
        """None where nothing can be said: the model is not loaded, or the card does not count passes."""
        measured = self.app_state.timings.methods(model).get(method)
        if measured is not None:
            return Expected(measured, True)
        loaded = self.app_state.loaded(model)
        if loaded is None:
            return None
        seconds, dimension = self._forward(model, loaded)
        layer = layer or loaded.default_layer
        count = passes(card_of(method), loaded, layer, dimension)
        if count is None:
            return None
        # What ran already says better what a pass costs than one forward of an idle network does.
        known = self.app_state.timings.methods(model)
        costs = [(time, passes(card_of(name), loaded, layer, dimension)) for name, time in known.items()]
        counted = [time / passed for time, passed in costs if passed]
        return Expected(count * (median(counted) if len(counted) > 2 else seconds), False)

    def _forward(self, name: str, model: EmbeddingModel) -> tuple[float, int]:
        """Seconds of one forward of both photographs, and how many numbers an embedding has."""
        if name not in self._forwards:
            blank, view = np.zeros((32, 32, 3), np.uint8), View.whole(32, 32)
            pair = ImagePair(blank, blank, "", "", view, view)
            times = []
            for _ in range(2):  # the first time of a network is slower
                started = time.perf_counter()
                at = encode_pair(model, pair, model.default_layer)
                times.append(time.perf_counter() - started)
            self._forwards[name] = min(times), at.sides[0].embedding.numel()
        return self._forwards[name]


def passes(card: MethodCard, model: EmbeddingModel, layer: str, dimension: int) -> float | None:
    """How many forwards of both photographs a method costs, as its card says; None where it counts none. dimension: of
    the embedding."""
    cost = card.cost.replace(TRACED, UNTRACED)
    if cost.startswith("no forward"):
        return None if card.slow else 1.0
    at = model.layer(layer)
    count = float(max(map(int, re.findall(r"\d+", cost)), default=1))
    if "a channel" in cost:
        count *= at.channels
    if "a cell" in cost:
        count *= at.grid[0] * at.grid[1]
    if "every number of the embedding" in cost:
        count *= dimension
    return count * next((factor for words, factor in DEARER.items() if words in cost), 1)
