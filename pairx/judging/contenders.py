"""Who is judged: methods, and controls that a method worth its name is better than."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from pairx import baselines, core, images, methods
from pairx.baselines import PairAtLayer, encode_pair
from pairx.judging.case import Explain
from pairx.models import EmbeddingModel
from pairx.types import Explanation, InputError, finished

RANDOM, CENTRE, EDGES, UNTRAINED = "random map", "centre blob", "edges", "untrained network"
SPREAD = 0.25
"""Standard deviation of the blob, of a side."""
_FIXED: dict[str, dict[str, Any]] = {"pair-x": {"k_colors": 0}}  # its colour maps are not judged


@dataclass(frozen=True)
class Contender:
    """Who is judged. name: a method's, or a control's. control: whether it is one."""

    name: str
    explain: Explain
    control: bool = False


def contender(method: str) -> Contender:
    """A method. Raises InputError where there is none of that name."""
    options = methods.options_of(method, **_FIXED.get(method, {}))

    def explain(at: PairAtLayer) -> Explanation:
        if method == core.CARD.name:
            found = finished(core.explain_steps(at.model, at.pair, (at.layer,), options))[0]
        else:
            found = finished(baselines.explain(at, method, options))
        if found.withheld:
            raise InputError(found.withheld)
        return found

    return Contender(method, explain)


def controls(untrained: EmbeddingModel) -> list[Contender]:
    """One of random numbers, one of the centre, one of the photograph's edges, and PAIR-X of an untrained network."""
    pair_x = contender(core.CARD.name)
    return [
        Contender(RANDOM, _control(_random), True),
        Contender(CENTRE, _control(_centre), True),
        Contender(EDGES, _control(_edges), True),
        Contender(UNTRAINED, lambda at: pair_x.explain(encode_pair(untrained, at.pair, at.layer)), True),
    ]


def _control(draw: Callable[[PairAtLayer, int], np.ndarray]) -> Explain:
    """An explanation from a map (h, w) of each photograph; of two places their product is the evidence."""

    def explain(at: PairAtLayer) -> Explanation:
        started = time.perf_counter()
        first, second = (draw(at, number).astype(np.float32) for number in (0, 1))
        tensor = np.einsum("ij,kl->ijkl", first, second)
        if draw is _random:
            tensor = _generator(at, 0).standard_normal(tensor.shape).astype(np.float32)
        settings = {"model": at.model.name, "model_key": at.model.key, "layer": at.layer}
        seconds = time.perf_counter() - started
        return Explanation("control", at.similarity, first, second, tensor=tensor, settings=settings, seconds=seconds)

    return explain


def _generator(at: PairAtLayer, number: int) -> np.random.Generator:
    """The same for the same pair."""
    own, other = (int(images.digest(at.sides[i].image)[:8], 16) for i in (number, 1 - number))
    return np.random.default_rng([own, other])


def _random(at: PairAtLayer, number: int) -> np.ndarray:
    return _generator(at, number).standard_normal(at.model.layer(at.layer).grid)


def _centre(at: PairAtLayer, _number: int) -> np.ndarray:
    rows, columns = ((np.arange(n) + 0.5) / n - 0.5 for n in at.model.layer(at.layer).grid)
    return np.exp(-(rows[:, None] ** 2 + columns**2) / (2 * SPREAD**2))


def _edges(at: PairAtLayer, number: int) -> np.ndarray:
    grey = cv2.cvtColor(at.sides[number].photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steep = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return cv2.resize(steep, at.model.layer(at.layer).grid[::-1], interpolation=cv2.INTER_AREA)
