"""Why a query is more similar to one candidate than to another: the evidence that one has and the other lacks."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import Tensor

from pairx.baselines import PairAtLayer, Side, backgrounds, encode_one, paired
from pairx.baselines.registry import settings, to_map
from pairx.baselines.search_activation import IgSamOptions, integrated
from pairx.core.pair_x import score_steps
from pairx.models import EmbeddingModel
from pairx.types import Computation, Explanation, ImagePair, InputError, Matches, Step, Steps, finished

METHOD = "contrast"
SAMPLES = 64
NEAR = 1
"""Cells of the query so far apart or less, each way, are one place."""
NOTABLE = 0.1  # of the difference; what is not on a map is told from there on
PARTS = 3


def contrast_steps(
    model: EmbeddingModel, first: ImagePair, second: ImagePair, layer: str | None = None, samples: int = SAMPLES
) -> Computation[tuple[Explanation, Explanation]]:
    """Contrast two candidates of one query, in steps.

    first, second: the query (image0) with each candidate (image1). samples: points on the ways below. Returns an
    `Explanation` of either pair, in which all speaks for its candidate rather than for the other:

    - `map1` (h, w): what the candidate's cells add to the difference of the two cosine similarities, by integrated
      gradients of the layer's features on the way from the other candidate's to its own (IG-SAM with the other
      photograph as its background: Hamilton et al., eq. 9). Sums to the difference.
    - `map0` (h, w): what the query's cells add to that difference, on the way from the blurred query. Sums to the
      difference less that of the blurred query.
    - `matches`: PAIR-X's that raise this similarity, without those at whose place of the query, within a cell, a match
      raises the other one, too.

    metrics: `difference`; `alone` and `shared`, how many of PAIR-X's raising matches are this candidate's alone, and
    how many are not; `left0`, the blurred query's difference; `elsewhere0`, `elsewhere1`, what is not on the maps: of
    the midpoint rule, and of parts of the network that bypass the layer. Raises InputError for two queries, and for a
    layer that does not exist.
    """
    if not np.array_equal(first.image0, second.image0):
        raise InputError("Two candidates of one query are compared: give the same query with each.")
    started = time.perf_counter()
    layer = model.layer(layer or model.default_layer).name
    yield Step(0, 100 * PARTS, "encoding the photographs")
    asked = encode_one(model, first.image0, layer)
    pairs = [paired(pair, asked, encode_one(model, pair.image1, layer)) for pair in (first, second)]
    steps = score_steps(model, first.image0, [first.image1, second.image1], layer)
    matched = yield from _part(0, steps)
    query, left = yield from _part(1, _of_query(pairs, samples))
    difference = pairs[0].similarity - pairs[1].similarity
    candidates = yield from _part(2, _of_candidates(pairs[0].sides[1], pairs[1].sides[1], samples))
    found = []
    for number, (at, own) in enumerate(zip(pairs, matched, strict=True)):
        sign = 1 - 2 * number
        maps = (sign * query, candidates[number])
        sums = sign * (difference - left), sign * difference
        elsewhere = {f"elsewhere{side}": sums[side] - float(maps[side].sum()) for side in (0, 1)}
        matches, counts = _alone(own, matched[1 - number])
        found.append(
            Explanation(
                METHOD,
                at.similarity,
                *maps,
                matches,
                metrics={"difference": sign * difference, "left0": sign * left, **elsewhere, **counts},
                settings=settings(at, IgSamOptions(samples=samples)) | {"background": "the other candidate"},
                seconds=time.perf_counter() - started,
                notes=tuple(dict.fromkeys((*_told(difference, elsewhere), *own.notes, *at.pair.notes))),
                withheld=own.withheld,
                extent0=own.extent0,
                extent1=own.extent1,
            )
        )
    return found[0], found[1]


def contrast(
    model: EmbeddingModel, first: ImagePair, second: ImagePair, layer: str | None = None, samples: int = SAMPLES
) -> tuple[Explanation, Explanation]:
    """Contrast two candidates of one query: see `contrast_steps`."""
    return finished(contrast_steps(model, first, second, layer, samples))


def _of_query(pairs: list[PairAtLayer], samples: int) -> Computation[tuple[np.ndarray, float]]:
    """(h, w) what the query's cells add to the difference, and the difference of the blurred query."""
    query = pairs[0].sides[0]
    score = _difference(query, pairs[1].sides[0])
    blurred = backgrounds.of_features(query, "blur")
    cells, _ = yield from integrated(query, score, blurred, samples)
    return to_map(cells), float(score(query.head(blurred[None])))


def _of_candidates(first: Side, second: Side, samples: int) -> Computation[list[np.ndarray]]:
    """(h, w) of each candidate: what its cells, instead of the other's, add to its cosine."""
    one, _ = yield from integrated(first, first.cosine, second.activation, samples)
    middle = (first.activation + second.activation)[None] / 2
    reached = [float(side.cosine(side.head(middle))) for side in (first, second)]
    if abs(reached[0] - reached[1]) < 1e-6:  # nothing bypasses the layer: the way back is the same way
        return [to_map(one), -to_map(one)]
    other, _ = yield from integrated(second, second.cosine, first.activation, samples)
    return [to_map(one), to_map(other)]


def _difference(first: Side, second: Side) -> Callable[[Tensor], Tensor]:
    """Cosine of embeddings (B, D) with the partner of one side less that with the other's: (B,)."""
    unit, other = (side.partner / side.partner.norm().clamp(min=1e-12) for side in (first, second))
    return lambda embeddings: embeddings @ (unit - other) / embeddings.norm(dim=1).clamp(min=1e-12)


def _alone(own: Explanation, other: Explanation) -> tuple[Matches | None, dict[str, float]]:
    """The matches that raise one similarity alone, and how many there are and are not."""
    if own.matches is None or other.matches is None:
        return None, {}
    places, theirs = (one.cells0[: one.raising] for one in (own.matches, other.matches))
    apart = np.abs(places[:, None] - theirs[None]).max(2, initial=0)
    alone = (apart > NEAR).all(1)
    names = ("cells0", "cells1", "keypoints0", "keypoints1", "relevance", "distance")
    kept = {name: getattr(own.matches, name)[: len(places)][alone] for name in names}
    return replace(own.matches, **kept), {"alone": float(alone.sum()), "shared": float((~alone).sum())}


def _told(difference: float, elsewhere: dict[str, float]) -> tuple[str, ...]:
    """The note on what is not on the candidate's map."""
    missing = elsewhere["elsewhere1"]
    if abs(missing) <= NOTABLE * abs(difference) or abs(missing) < 0.005:
        return ()
    return (
        f"{missing:+.3f} of the difference is not on the candidate's map: a part of the network bypasses this "
        "layer, or the sum is too coarse.",
    )


def _part(number: int, steps: Computation) -> Computation:
    """Some steps as one of PARTS."""
    taken = Steps(steps)
    for step in taken:
        yield Step(100 * number + round(100 * step.done / max(1, step.total)), 100 * PARTS, step.what)
    return taken.result
