"""Would another way of matching make PAIR-X's strongest matches truer? On the sample herd, where the truth is known.

    python -m benchmarks.variants [--models reid-lite0 benchmarks.models:lite2] [--pairs 60] [--size 416]

For correct pairs, of the 20 matches that come first under each variant: the share that ends within half a cell of the
true position, within 1.5 cells, and the median distance of those that start on the animal. In brackets what differs
from PAIR-X as it is, on the same pairs: the middle 95 % of 2,000 resamples of the individuals. A match that starts off
the animal, or on a spot that the other photograph does not show, misses. Cells are those of the model's own layer
whatever a variant looks at. Relevance is computed once; the variants share it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import pairx
from benchmarks.correspondence import TOP, WITHIN, correct_pairs
from pairx.commands.shared import made_by
from pairx.core import pair_x
from pairx.core.evidence import for_and_against
from pairx.core.matching import mutual, mutual_nearest, nearest
from pairx.core.refining import Cells, agreement, between, peak
from pairx.datasets import Herd, load_herd
from pairx.images import cell_centres
from pairx.judging.table import interval
from pairx.models import EmbeddingModel, load_model
from pairx.types import Extent

HALF = 0.5
RATIO = 0.95
TEMPERATURE = 20.0
ROUNDS = 20


@dataclass(frozen=True)
class Seen:
    """What a model saw of a pair. features: by layer, (C, h, w) of either photograph. cells: signed relevance (h, w) of
    the own layer's cells in either. extents: what the model sees of either, (x, y, w, h) in its pixels. own, finer:
    names of the model's own layer, and of the last one with clearly smaller cells.
    """

    features: dict[str, tuple[Tensor, Tensor]]
    cells: tuple[Tensor, Tensor]
    extents: tuple[Extent, Extent]
    own: str
    finer: str

    @property
    def grid(self) -> tuple[int, int]:
        h, w = self.cells[0].shape
        return h, w


class Found(NamedTuple):
    """Matches, those first that count most. cells0, cells1: (N, 2) row/column, with fractions, of the own layer."""

    cells0: np.ndarray
    cells1: np.ndarray


Variant = Callable[[Seen], Found]


def units(features: Tensor) -> Tensor:
    """(N, C) features (C, h, w) of length 1."""
    return F.normalize(features.flatten(1).T.double(), dim=1)


def by_relevance(seen: Seen, index0: Tensor, index1: Tensor, trust: Tensor | None = None) -> Found:
    """Matches of cells by number, in PAIR-X's order, or in that of their relevance times a trust (N,)."""
    own = (cells.flatten()[index].double() for cells, index in zip(seen.cells, (index0, index1), strict=True))
    relevance, order = for_and_against(*own)
    if trust is not None:
        order = torch.argsort(relevance * trust, descending=True, stable=True)
    return by_order(seen, index0[order], index1[order])


def by_order(seen: Seen, index0: Tensor, index1: Tensor) -> Found:
    """Matches of cells by number, as they are ordered."""
    width = seen.grid[1]
    return Found(*(torch.stack([index // width, index % width], 1).double().numpy() for index in (index0, index1)))


def matched(seen: Seen) -> tuple[Tensor, Tensor]:
    """Cells (M,), (M,) by number that are mutual nearest neighbours under L2."""
    one, other = (features.flatten(1).T for features in seen.features[seen.own])
    return mutual_nearest(one, other)


def as_it_is(seen: Seen) -> Found:
    """Mutual nearest neighbours under L2, the product of both relevances."""
    return by_relevance(seen, *matched(seen))


def unsigned(seen: Seen) -> Found:
    """The product with cells that both lower the similarity counted as evidence for it, as in the public code."""
    index0, index1 = matched(seen)
    product = seen.cells[0].flatten()[index0] * seen.cells[1].flatten()[index1]
    order = torch.argsort(product, descending=True, stable=True)
    return by_order(seen, index0[order], index1[order])


def cosine(seen: Seen) -> Found:
    """Mutual nearest neighbours by cosine similarity."""
    return by_relevance(seen, *mutual_nearest(*map(units, seen.features[seen.own])))


def least(seen: Seen) -> Found:
    """The smaller of both relevances instead of their product."""
    index0, index1 = matched(seen)
    own = [cells.flatten()[index].double() for cells, index in zip(seen.cells, (index0, index1), strict=True)]
    order = torch.argsort(torch.minimum(*own), descending=True, stable=True)
    return by_order(seen, index0[order], index1[order])


def similarities(seen: Seen) -> Tensor:
    """(N0, N1) cosine similarities of the own layer's cells."""
    one, other = map(units, seen.features[seen.own])
    return one @ other.T


def ratio(seen: Seen) -> Found:
    """Only matches whose second nearest cell, those around the nearest left out, is clearly farther (Lowe's ratio)."""
    one, other = map(units, seen.features[seen.own])
    index0, index1 = mutual_nearest(one, other)
    distances = (2 - 2 * one[index0] @ other.T).clamp(min=0).sqrt()
    rows, columns = index1 // seen.grid[1], index1 % seen.grid[1]
    y, x = torch.arange(len(other)) // seen.grid[1], torch.arange(len(other)) % seen.grid[1]
    around = ((y - rows[:, None]).abs() <= 1) & ((x - columns[:, None]).abs() <= 1)
    nearest = distances.gather(1, index1[:, None])[:, 0]
    kept = nearest <= RATIO * distances.masked_fill(around, torch.inf).min(1).values
    return by_relevance(seen, index0[kept], index1[kept])


def soft(seen: Seen) -> Found:
    """Relevance times the probability of the match under a softmax both ways (as LoFTR's)."""
    scaled = TEMPERATURE * similarities(seen)
    probability = scaled.softmax(0) * scaled.softmax(1)
    index0, index1 = mutual_nearest(*map(units, seen.features[seen.own]))
    return by_relevance(seen, index0, index1, probability[index0, index1])


def transport(seen: Seen) -> Found:
    """Mutual best cells of the entropic transport whose marginals are the cells' positive relevances (Sinkhorn)."""
    plan = (TEMPERATURE * similarities(seen)).exp()
    masses = [cells.flatten().double().clamp(min=0) + 1e-9 for cells in seen.cells]
    one, other = (mass / mass.sum() for mass in masses)
    u = torch.ones_like(one)
    for _ in range(ROUNDS):
        v = other / (plan.T @ u)
        u = one / (plan @ v)
    plan = u[:, None] * plan * v
    best1, best0 = plan.argmax(1), plan.argmax(0)
    index0 = torch.arange(len(plan))[best0[best1] == torch.arange(len(plan))]
    index1 = best1[index0]
    order = torch.argsort(plan[index0, index1], descending=True, stable=True)
    return by_order(seen, index0[order], index1[order])


def agreeing(seen: Seen) -> Found:
    """Relevance times the share of the neighbours of both ends that match beside the other end."""
    cells0, cells1 = every_cell(seen, seen.own)
    near = nearest(cells0.descriptors, cells1.descriptors)
    index0, index1 = mutual(*near)
    return by_relevance(seen, index0, index1, agreement(cells0, cells1, near, index0, index1))


def one_transform(seen: Seen) -> Found:
    """First the matches within 1.5 cells of the one similarity transform that most of all agree on."""
    found = as_it_is(seen)
    matrix, inliers = cv2.estimateAffinePartial2D(
        *found, method=cv2.RANSAC, ransacReprojThreshold=WITHIN, maxIters=10_000, confidence=0.9999
    )
    if matrix is None:
        return found
    order = np.argsort(inliers[:, 0] == 0, kind="stable")
    return Found(found.cells0[order], found.cells1[order])


def smoothed(seen: Seen) -> Found:
    """Mutual nearest neighbours of features averaged over the 3 x 3 cells around."""
    wide = [F.avg_pool2d(one[None], 3, 1, 1, count_include_pad=False)[0] for one in seen.features[seen.own]]
    return by_relevance(seen, *mutual_nearest(*(one.flatten(1).T for one in wide)))


def two_layers(seen: Seen) -> Found:
    """Features of the own layer beside the finer one's, each of length 1, the finer at the centres of the cells."""
    joined = [
        torch.cat([units(own), units(F.interpolate(finer[None], seen.grid, mode="area")[0])], 1)
        for own, finer in zip(seen.features[seen.own], seen.features[seen.finer], strict=True)
    ]
    return by_relevance(seen, *mutual_nearest(*joined))


def both_ends(seen: Seen, found: Found) -> Found:
    """Both ends moved between cells, as PAIR-X's option does."""
    numbers = (numbered(seen, cells) for cells in found)
    moved = between(*every_cell(seen, seen.own), *numbers)
    return Found(*(cells + off.numpy() for cells, off in zip(found, moved, strict=True)))


def one_end(seen: Seen, found: Found) -> Found:
    """Partners alone moved to the top of a parabola through the similarities around them."""
    asked, cells = every_cell(seen, seen.own)
    index0, index1 = (numbered(seen, cells) for cells in found)
    return Found(found.cells0, found.cells1 + peak(asked.descriptors[index0], cells, index1).numpy())


def refined(seen: Seen, found: Found) -> Found:
    """Partners looked for again in the finer layer, within a cell and a half of where they were, and moved there."""
    cells = every_cell(seen, seen.finer)[1]
    scale = np.array(cells.grid) / seen.grid
    start, middle = ((one + HALF) * scale - HALF for one in found)
    asked = sampled(seen.features[seen.finer][0], start)
    rows, columns = np.indices(cells.grid)
    far = np.maximum(*(abs(at - middle[:, axis, None, None]) for axis, at in enumerate((rows, columns))))
    near = torch.from_numpy(far <= WITHIN * scale.max()).flatten(1)
    likeness = F.normalize(asked, dim=1) @ F.normalize(cells.descriptors.double(), dim=1).T
    best = likeness.where(near, -torch.inf).argmax(1)
    at = torch.stack([best // cells.grid[1], best % cells.grid[1]], 1)
    return Found(found.cells0, ((at + peak(asked, cells, best)).numpy() + HALF) / scale - HALF)


def every_cell(seen: Seen, layer: str) -> tuple[Cells, Cells]:
    """The cells of a layer in both photographs, all of which the models here see."""
    first, second = (
        Cells(one.flatten(1).T, (one.shape[1], one.shape[2]), torch.ones(one[0].numel(), dtype=torch.bool))
        for one in seen.features[layer]
    )
    return first, second


def numbered(seen: Seen, cells: np.ndarray) -> Tensor:
    """Numbers (N,) of the own layer's cells (N, 2) row/column."""
    return torch.from_numpy(cells @ (seen.grid[1], 1)).long()


def sampled(features: Tensor, cells: np.ndarray) -> Tensor:
    """(N, C) of features (C, h, w), bilinear at cells (N, 2) row/column with fractions."""
    size = torch.tensor(features.shape[1:]).double()
    at = (torch.from_numpy(cells) + HALF) / size * 2 - 1
    options = {"align_corners": False, "padding_mode": "border"}
    return F.grid_sample(features[None].double(), at.flip(1)[None, None], **options)[0, :, 0].T


def after(variant: Variant, *steps: Callable[[Seen, Found], Found]) -> Variant:
    """A variant whose first matches are moved afterwards."""

    def moved(seen: Seen) -> Found:
        found = Found(*(cells[:TOP] for cells in variant(seen)))
        for step in steps:
            found = step(seen, found)
        return found

    return moved


VARIANTS: dict[str, Variant] = {
    "as it is": as_it_is,
    "unsigned product": unsigned,
    "smaller relevance": least,
    "cosine": cosine,
    "ratio": ratio,
    "softmax": soft,
    "transport": transport,
    "neighbours agree": agreeing,
    "one transform": one_transform,
    "smoothed": smoothed,
    "two layers": two_layers,
    "finer layer": after(as_it_is, refined),
    "one end between cells": after(as_it_is, one_end),
    "between cells": after(as_it_is, both_ends),
    "agree, between cells": after(agreeing, both_ends),
    "transform, between cells": after(one_transform, both_ends),
}


def see(model: EmbeddingModel, herd: Herd, ids: tuple[str, str]) -> Seen:
    """Both photographs of a pair through the model."""
    pair = pairx.load_pair(*map(herd.path, ids))
    own = model.layer(model.default_layer)
    finer = next(layer for layer in reversed(model.layers) if layer.grid[0] > 1.5 * own.grid[0])
    layers, options = [own.name, finer.name], pair_x.Options(k_colors=0)
    with (
        pair_x.record(model, pair.image0, layers, options) as one,
        pair_x.record(model, pair.image1, layers, options) as two,
    ):
        encoded = pair_x.encode(model, pair, (one, two), layers)
        weighed = pair_x.weigh(encoded, (one, two), own.name, options)
        features = {name: (value[0].clone(), value[1].clone()) for name, value in encoded.activations.items()}
    first, second = (model.preprocessing.extent(*image.shape[1::-1]) for image in pair.images)
    return Seen(features, (weighed.cells[0], weighed.cells[1]), (first, second), own.name, finer.name)


def distances(seen: Seen, herd: Herd, ids: tuple[str, str], found: Found) -> np.ndarray:
    """(TOP,) from the first partners to the true spots, in cells; infinite where there is no true spot or no match."""
    start, end = (
        cell_centres(cells[:TOP], seen.grid, extent[2:], extent[:2])
        for cells, extent in zip(found, seen.extents, strict=True)
    )
    true, visible = herd.correspondence(*ids, start)
    off = np.linalg.norm((end - true) / (np.array(seen.extents[1][2:]) / seen.grid[::-1]), axis=1)
    off = np.where(visible & np.isfinite(off), off, np.inf)
    return np.append(off, np.full(TOP - len(off), np.inf))


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["reid-lite0", "lite0-imagenet"])
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--size", type=int, help="input side in pixels (default: each model's own)")
    arguments = parser.parse_args()
    herd = load_herd()
    pairs = correct_pairs(herd, arguments.pairs)
    identities = herd.table.set_index("image_id")["identity"]
    individuals = np.array([identities[first] for first, _ in pairs])
    for name in arguments.models:
        own = name.startswith("benchmarks.")
        model = made_by(name, arguments.size) if own else load_model(name, size=arguments.size)
        found: dict[str, list[np.ndarray]] = {title: [] for title in VARIANTS}
        for ids in pairs:
            seen = see(model, herd, ids)
            for title, variant in VARIANTS.items():
                found[title].append(distances(seen, herd, ids, variant(seen)))
        print(f"\n{name} at {model.default_layer}, {model.size[0]} px, {len(pairs)} pairs, top {TOP}")
        print("| variant | within half a cell | within 1.5 cells | median distance, cells |\n|---|---|---|---|")
        base = np.stack(found["as it is"])
        for title, values in found.items():
            off, cells = np.stack(values), []
            for within in (HALF, WITHIN):
                mean, change = (off <= within).mean(1), (off <= within).mean(1) - (base <= within).mean(1)
                low, high = interval(change, individuals)[-2:]
                cells.append(
                    f"{100 * mean.mean():.1f} % ({100 * change.mean():+.1f} [{100 * low:+.1f}, {100 * high:+.1f}])"
                )
            print(f"| {title} | {' | '.join(cells)} | {np.median(off[np.isfinite(off)]):.2f} |", flush=True)


if __name__ == "__main__":
    main()
