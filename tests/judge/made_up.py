"""Cases with known answers: a tiny model, two photographs, an explanation and a truth that are made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from pairx.baselines import PairAtLayer, Side, encode_pair
from pairx.judging.case import Case
from pairx.judging.others import Others
from pairx.judging.truth import Truth
from pairx.judging.untrained import Untrained
from pairx.testing import make_pair, smooth_noise, tiny_model
from pairx.types import Explanation, ImagePair, Matches

MODEL = tiny_model()
PAIR = make_pair()
UNTRAINED = Untrained(MODEL, [smooth_noise(i) for i in range(3)], seed=0)
SIZE, GRID = MODEL.size, MODEL.layer("stage").grid


def masks() -> tuple[np.ndarray, np.ndarray]:
    """A rectangle in each image, of other sizes."""
    first, second = (np.zeros(image.shape[:2], bool) for image in PAIR.images)
    first[8:32, 16:48] = True
    second[20:50, 10:30] = True
    return first, second


def same_place(side: int, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A point's true partner lies at the same fractions of the other image; everything shows."""
    sizes = [np.array(image.shape[1::-1], float) for image in PAIR.images]
    return points / sizes[side] * sizes[1 - side], np.ones(len(points), bool)


TRUTH = Truth(masks(), same_place, masks())


def case(truth: Truth = TRUTH, explain: Any = None, pair: ImagePair = PAIR, **found: Any) -> Case:
    """A case of an explanation with these maps, tensor or matches. explain: the method again, by default the same."""
    at: PairAtLayer = encode_pair(MODEL, pair, "stage")
    settings = {"model_key": MODEL.key, "layer": "stage"}
    explanation = Explanation(found.pop("method", "made up"), at.similarity, settings=settings, **found)
    again = explain or (lambda _at: explanation)
    beside = replace(pair, image1=make_pair(0, 5).image1)
    return Case(at, truth, explanation, again, Others(at, beside, UNTRAINED))


def framed() -> tuple[np.ndarray, np.ndarray]:
    """The masks as maps over the model's input, float32."""
    first, second = (MODEL.preprocessing.framed_mask(mask).astype(np.float32) for mask in masks())
    return first, second


def tensor(shift: int = 0) -> np.ndarray:
    """Evidence of 1 between each cell and the one at the same place, or `shift` columns on, else 0."""
    h, w = GRID
    found = np.zeros((h, w, h, w), np.float32)
    for i in range(h):
        for j in range(w):
            found[i, j, i, (j + shift) % w] = 1
    return found


def matches(points0: np.ndarray, points1: np.ndarray) -> Matches:
    """Matches of these places, of equal relevance."""
    n = len(points0)
    return Matches(np.zeros((n, 2), int), np.zeros((n, 2), int), points0, points1, np.ones(n), np.zeros(n))


def side(number: int = 0) -> Side:
    """One of the photographs."""
    return encode_pair(MODEL, PAIR, "stage").sides[number]
