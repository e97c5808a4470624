"""Do the strongest matches point at the same spot of the animal? On the sample herd, where the true spot is known.

    python -m benchmarks.correspondence [--models reid-lite0 lite0-imagenet] [--layers blocks.3 …] [--pairs 60]

Prints, per model and layer, the share of the 20 most relevant matches of correct pairs (two photographs of one flank of
one individual) that end within 1.5 cells of the true position; a match that starts off the animal, or on a spot that
the other photograph does not show, misses. Beside it: the share that starts on the animal, what remains when the
partner of each match is drawn at random among the cells on the animal (chance), and the share without relevance (all).
All models see the photographs at the input size of the first, so that a cell is as large for one as for the other, and
are asked at the same layers.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np

import pairx
from pairx.datasets import Herd, load_herd
from pairx.images import cell_centres
from pairx.models import EmbeddingModel, load_model

TOP = 20
WITHIN = 1.5


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
    height, width = pair.image1.shape[:2]
    grid = model.layer(layer).grid
    cell = np.array([width / grid[1], height / grid[0]])
    true, visible = herd.correspondence(*ids, matches.keypoints0)
    known = visible & np.isfinite(true).all(1)
    hits = known & (np.linalg.norm((matches.keypoints1 - true) / cell, axis=1) <= WITHIN)
    rows, columns = np.indices(grid).reshape(2, -1)
    centres = cell_centres(np.column_stack([rows, columns]), grid, (width, height))
    mask = herd.mask(ids[1])
    x, y = centres.astype(int).T
    animal = centres[mask[y, x]]
    near = np.linalg.norm((animal[None] - true[:TOP, None]) / cell, axis=2) <= WITHIN
    chance = np.where(known[:TOP], near.mean(1), 0)
    first = matches.keypoints0[:TOP].astype(int)
    on_animal = herd.mask(ids[0])[first[:, 1], first[:, 0]]
    return Scores(hits[:TOP].mean(), on_animal.mean(), chance.mean(), hits.mean())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["reid-lite0", "lite0-imagenet"])
    parser.add_argument("--layers", nargs="+", help="default: the first model's own")
    parser.add_argument("--pairs", type=int, default=60)
    arguments = parser.parse_args()
    herd = load_herd()
    ids = correct_pairs(herd, arguments.pairs)
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
