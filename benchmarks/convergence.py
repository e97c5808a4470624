"""How many samples do the sampling methods need?

    python -m benchmarks.convergence [--methods kernel-shap lime ksam …] [--model reid-lite0] [--size 96] [--pairs 2]

Explains pairs of the sample herd, two photographs of one flank of one animal, with 1/16 to all of a method's own number
of samples, and once more with its own number from another seed. A row a method: of each number of samples, how far the
map is from that other run, the length of the difference in the other's length, and the rank correlation of the two;
means over pairs, over both maps. The last column is what two runs with the method's own number differ by. Of a
method without a seed, whose samples are points on a way or ever smaller parts, the other run has twice its own number.
As figure 5 of Hamilton et al., on photographs. A small input makes it quick: how many numbers a method has to find
depends on its segments or players, and only of sliding windows on the input's size.
"""

from __future__ import annotations

import argparse

import numpy as np
from scipy.stats import spearmanr

import pairx
from benchmarks.correspondence import correct_pairs
from pairx.datasets import load_herd
from pairx.methods import cards, option_names, options_of
from pairx.models import EmbeddingModel
from pairx.types import ImagePair, InputError

PARTS = (16, 8, 4, 2, 1)
"""Of a method's own number of samples, one in so many."""


def sampling_methods() -> list[str]:
    """The first-order methods that draw samples; of the others a map is a sum over what they draw, and tells less."""
    return [name for name, card in cards().items() if "samples" in option_names(name) and not card.second_order]


def errors(model: EmbeddingModel, pair: ImagePair, method: str) -> np.ndarray:
    """(2, len(PARTS)) distances and rank correlations of the maps to those of another run; NaN where so few samples are
    too few."""
    own = options_of(method).samples
    seeded = "seed" in option_names(method)
    other = _map(model, pair, method, samples=own, seed=1) if seeded else _map(model, pair, method, samples=2 * own)
    found = np.full((2, len(PARTS)), np.nan)
    for column, part in enumerate(PARTS):
        try:
            one = _map(model, pair, method, samples=own // part)
        except InputError:
            continue
        found[:, column] = np.linalg.norm(one - other) / np.linalg.norm(other), spearmanr(one, other).statistic
    return found


def _map(model: EmbeddingModel, pair: ImagePair, method: str, **options: int) -> np.ndarray:
    """(N,) the numbers of both maps."""
    found = pairx.explain(model, pair, method, **options)
    assert found.map0 is not None and found.map1 is not None
    return np.concatenate([found.map0.ravel(), found.map1.ravel()]).astype(float)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--methods", nargs="+", default=sampling_methods(), metavar="NAME")
    parser.add_argument("--model", default="reid-lite0")
    parser.add_argument("--size", type=int, default=96, help="the model's input (default: %(default)s)")
    parser.add_argument("--pairs", type=int, default=2)
    arguments = parser.parse_args()
    model, herd = pairx.load_model(arguments.model, size=arguments.size), load_herd()
    pairs = [pairx.load_pair(*map(herd.path, ids)) for ids in correct_pairs(herd, arguments.pairs)]
    print("| method | its own samples |", " | ".join(f"1/{part}" if part > 1 else "all" for part in PARTS), "|")
    print("|---" * (len(PARTS) + 2) + "|")
    for method in arguments.methods:
        found = np.mean([errors(model, pair, method) for pair in pairs], 0)
        cells = ["-" if np.isnan(distance) else f"{distance:.2f} ({rank:.2f})" for distance, rank in found.T]
        print("|", " | ".join([f"`{method}`", f"{options_of(method).samples:,}", *cells]), "|", flush=True)


if __name__ == "__main__":
    try:
        main()
    except InputError as error:
        raise SystemExit(f"{error}") from error
