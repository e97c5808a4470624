"""Do the strongest matches point at the same spot of the animal? On the sample herd, where the true spot is known.

    python -m benchmarks.correspondence [--models reid-lite0 lite0-imagenet] [--layers blocks.3 …] [--pairs 60]

Prints, per model and layer, the share of the 20 most relevant matches of correct pairs (two photographs of one flank of
one individual) that end within 1.5 cells of the true position; a match that starts off the animal, or on a spot that
the other photograph does not show, misses. Beside it: the share that starts on the animal, what remains when the
partner of each match is drawn at random among the cells on the animal (chance), and the share without relevance (all).
All models see the photographs at the input size of the first, so that a cell is as large for one as for the other, and
are asked at the same layers.

    python -m benchmarks.correspondence --methods second-order [--samples 500] [--pairs 60]

Asks second-order methods instead, each for the strongest partner of every cell that shows a spot of the animal that
the other photograph shows, too. A row a method: its grid, the share of partners within 1.5 of its own cells of the true
position, the share on the animal, and what remains when each partner is drawn at random among the cells on the animal.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

import pairx
from pairx.datasets import Herd, load_herd
from pairx.images import cell_centres
from pairx.methods import cards, option_names
from pairx.models import EmbeddingModel, load_model
from pairx.types import Explanation

TOP = 20
WITHIN = 1.5
LEAST = {"ksam-second-order": 2500, "kernel-shap-500": 600}
"""Samples that a method cannot do without."""


@dataclass(frozen=True)
class Scores:
    """Shares of matches of one pair, 0 to 1."""

    top: float
    on_animal: float
    chance: float
    every: float


def correct_pairs(herd: Herd, most: int, seed: int = 0) -> list[tuple[str, str]]:
    """Up to `most` pairs of image ids of one individual and flank, the same for every model."""
    found = [
        (first, second)
        for _, views in herd.table.groupby(["identity", "orientation"])
        for index, first in enumerate(views["image_id"])
        for second in views["image_id"].iloc[index + 1 :]
    ]
    order = np.random.default_rng(seed).permutation(len(found))[:most]
    return [found[index] for index in sorted(order)]


def score(model: EmbeddingModel, layer: str, herd: Herd, ids: tuple[str, str]) -> Scores:
    """How well the matches of one pair agree with the truth."""
    pair = pairx.load_pair(herd.path(ids[0]), herd.path(ids[1]))
    matches = pairx.explain(model, pair, layer=layer, k_colors=0).matches
    x, y, width, height = model.preprocessing.extent(*pair.image1.shape[1::-1])
    grid = model.layer(layer).grid
    cell = np.array([width / grid[1], height / grid[0]])
    true, visible = herd.correspondence(*ids, matches.keypoints0)
    known = visible & np.isfinite(true).all(1)
    hits = known & (np.linalg.norm((matches.keypoints1 - true) / cell, axis=1) <= WITHIN)
    rows, columns = np.indices(grid).reshape(2, -1)
    centres = cell_centres(np.column_stack([rows, columns]), grid, (width, height), (x, y))
    animal = centres[on_mask(centres, herd.mask(ids[1]))]
    near = np.linalg.norm((animal[None] - true[:TOP, None]) / cell, axis=2) <= WITHIN
    chance = np.where(known[:TOP], near.mean(1), 0)
    on_animal = on_mask(matches.keypoints0[:TOP], herd.mask(ids[0]))
    return Scores(hits[:TOP].mean(), on_animal.mean(), chance.mean(), hits.mean())


def on_mask(points: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """(N,) bool: which points (N, 2) x/y lie on a mask (H, W) bool; none beyond it."""
    x, y = np.floor(points).astype(int).T
    inside = (x >= 0) & (y >= 0) & (x < mask.shape[1]) & (y < mask.shape[0])
    return inside & mask[np.where(inside, y, 0), np.where(inside, x, 0)]


@dataclass(frozen=True)
class PartnerScores:
    """Shares of the strongest partners of one pair's cells, 0 to 1."""

    hits: float
    on_animal: float
    chance: float


def score_partners(explanation: Explanation, herd: Herd, ids: tuple[str, str]) -> PartnerScores:
    """Where the tensor's strongest partners lie, of all cells of the first photograph that have a true one."""
    grids = explanation.tensor.shape[:2], explanation.tensor.shape[2:]
    masks = [herd.mask(one) for one in ids]
    extents = [
        extent or (0, 0, mask.shape[1], mask.shape[0])
        for extent, mask in zip((explanation.extent0, explanation.extent1), masks, strict=True)
    ]
    cells = [np.column_stack(np.indices(grid).reshape(2, -1)) for grid in grids]
    centres = [cell_centres(one, grid, at[2:], at[:2]) for one, grid, at in zip(cells, grids, extents, strict=True)]
    true, visible = herd.correspondence(*ids, centres[0])
    known = visible & np.isfinite(true).all(1)
    cell = np.array(extents[1][2:]) / grids[1][::-1]
    strongest = explanation.tensor.reshape(len(cells[0]), len(cells[1]))[known].argmax(1)
    animal = on_mask(centres[1], masks[1])
    near = np.linalg.norm((centres[1][None] - true[known][:, None]) / cell, axis=2) <= WITHIN
    hits = near[np.arange(len(near)), strongest]
    return PartnerScores(hits.mean(), animal[strongest].mean(), near[:, animal].mean())


def compare_methods(
    model: EmbeddingModel, herd: Herd, pairs: list[tuple[str, str]], names: list[str], samples: int
) -> None:
    """Print the table of second-order methods."""
    print(f"{'method':24} {'grid':>8} {'strongest partner':>18} {'on animal':>10} {'chance':>8} {'n':>4}")
    for name in names:
        options = {"samples": max(samples, LEAST.get(name, 0))} if "samples" in option_names(name) and samples else {}
        scores, shape = [], ()
        for ids in pairs:
            (explanation,) = pairx.compare(model, pairx.load_pair(*map(herd.path, ids)), [name], **options)
            scores.append(score_partners(explanation, herd, ids))
            shape = explanation.tensor.shape
        hits = np.array([one.hits for one in scores])
        error = f" ± {100 * hits.std(ddof=1) / len(hits) ** 0.5:.1f}" if len(hits) > 1 else ""
        on_animal, chance = (100 * np.mean([getattr(one, key) for one in scores]) for key in ("on_animal", "chance"))
        where = f"{shape[0]} x {shape[1]}"
        found = f"{100 * hits.mean():.1f}{error} %"
        print(f"{name:24} {where:>8} {found:>18} {on_animal:>8.1f} % {chance:>6.1f} % {len(hits):>4}", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["reid-lite0", "lite0-imagenet"])
    parser.add_argument("--layers", nargs="+", help="default: the first model's own")
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--methods", help="second-order, or names of such methods separated by commas")
    parser.add_argument("--samples", type=int, default=500, help="at most; 0: its own (default: %(default)s)")
    arguments = parser.parse_args()
    herd = load_herd()
    ids = correct_pairs(herd, arguments.pairs)
    if arguments.methods:
        known = [name for name, card in cards().items() if card.second_order]
        names = known if arguments.methods == "second-order" else arguments.methods.split(",")
        if unknown := sorted(set(names) - set(known)):
            parser.error(f"{unknown[0]} is no second-order method; there are {', '.join(known)}")
        return compare_methods(load_model(arguments.models[0]), herd, ids, names, arguments.samples)
    print(f"{len(ids)} correct pairs of the sample herd, top {TOP} matches, within {WITHIN} cells")
    print(f"{'model':16} {'layer':10} {'top 20':>14} {'on animal':>10} {'chance':>8} {'all matches':>12}")
    first = load_model(arguments.models[0])
    for name in arguments.models:
        model = load_model(name, size=first.size)
        for layer in arguments.layers or [first.default_layer]:
            scores = [score(model, layer, herd, one) for one in ids]
            columns = {key: np.array([getattr(one, key) for one in scores]) for key in Scores.__dataclass_fields__}
            error = columns["top"].std(ddof=1) / len(ids) ** 0.5
            means = {key: f"{100 * values.mean():.1f} %" for key, values in columns.items()}
            top = f"{100 * columns['top'].mean():.1f} ± {100 * error:.1f} %"
            row = f"{name:16} {layer:10} {top:>14} {means['on_animal']:>10} {means['chance']:>8} {means['every']:>12}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
