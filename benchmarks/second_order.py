"""What a pair of cells, one in each photograph, adds to the similarity jointly: second-order relevance of matches.

    python -m benchmarks.second_order [--models reid-lite0 lite0-imagenet] [--pairs 60] [--directions 32]

Prints whether an order by it makes PAIR-X's first matches truer: of correct pairs of the sample herd, the share in
percent that ends within half a cell, and within 1.5 cells, of the true position, and in brackets the difference to
PAIR-X's own order on the same pairs, with its 95 % interval over the individuals.

With embeddings `e`, `f` of the features `A`, `B` of a layer, `s = e . f / (|e| |f|)`. Of cells i and j the product of
both features and the mixed derivative (Eberle et al., Building and Interpreting Deep Similarity Models: Hessian x
product) is

    sum_cd A_ci B_dj d2s / (dA_ci dB_dj) = v_i . w_j / (|e| |f|),    v_i = sum_c A_ci de / dA_ci,

w alike of f. With lengths held constant it is this; of the cosine itself, the part of v_i along e and that of w_j along
f are taken off first. BiLRP (same paper, eq. 6) has LRP in place of the derivative: `v_i` of a number of the embedding
is that number's relevance in the cell. Both need v_i (D,), which one backward pass a number of the embedding gives, for
all cells and whatever the partner. Fewer passes see
the part of both that lies in as many directions: see `principal`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import lru_cache, partial

import numpy as np
import torch
from torch import Tensor

from benchmarks.correspondence import WITHIN, correct_pairs
from benchmarks.variants import HALF, as_it_is, by_order, distances, matched, see
from pairx import images, lrp
from pairx.baselines.sides import Side, encode_one
from pairx.core import Options, pair_x
from pairx.datasets import Herd, load_herd
from pairx.judging.table import interval
from pairx.models import EmbeddingModel, load_model


def principal(embeddings: Tensor, count: int) -> Tensor:
    """(K, D) directions at right angles, of length 1, in which embeddings (N, D) of many photographs are longest: what
    tells them apart lies in the first of them."""
    return torch.linalg.svd(embeddings.double(), full_matrices=False).Vh[:count].float()


def by_derivative(side: Side, along: Tensor) -> Tensor:
    """(K, h, w): `z . v` of each cell in directions z (K, D)."""
    gradients = torch.stack([side.gradient(partial(torch.matmul, other=z)) for z in along.to(side.embedding)])
    return (gradients * side.activation).sum(1)


def by_relevance(recording: lrp.Recording, side: Side, along: Tensor) -> Tensor:
    """(K, h, w): the same with LRP's relevance of `z . e`, `e_k z_k` a number."""
    path, model = side.model.path(side.layer), side.model
    parts = [recording.relevance(path, side.embedding * part) for part in along.to(side.embedding).split(8)]
    return torch.cat([model.to_grid(one).sum(1) for part in parts for one in part])


def off_embedding(shares: Tensor, along: Tensor) -> Tensor:
    """(K, h, w): shares without what of each v lies along the embedding, as of the cosine. shares: (K + 1, h, w), the
    last in the direction of the embedding; along: (K + 1,), how far each direction lies along it."""
    return shares[:-1] - along[:-1, None, None] * shares[-1]


def together(shares0: Tensor, shares1: Tensor, lengths: Tensor | float, index0: Tensor, index1: Tensor) -> Tensor:
    """(M,) second-order relevance of matches of cells by number. shares0, shares1: (K, h, w); lengths: `|e| |f|`."""
    one, other = (shares.flatten(1)[:, index] for shares, index in ((shares0, index0), (shares1, index1)))
    return (one * other).sum(0) / lengths


def of_photograph(model: EmbeddingModel, image: np.ndarray, layer: str, directions: Tensor) -> dict[str, np.ndarray]:
    """derivative, relevance (K + 1, h, w), of `second_order`, in directions (K, D) and, last, along the embedding;
    along (K + 1,), how far each of them lies along it."""
    side = encode_one(model, image, layer)
    unit = side.embedding / side.embedding.norm()
    along = torch.cat([directions, unit[None]])
    with pair_x.record(model, image, [layer], Options(k_colors=0)) as recording:
        relevance = by_relevance(recording, side, along)
    derivative = by_derivative(side, along)
    return {"derivative": derivative.numpy(), "relevance": relevance.numpy(), "along": (along @ unit).numpy()}


def of_pair(shares: Sequence[dict[str, np.ndarray]]) -> dict[str, tuple[Tensor, Tensor]]:
    """Shares (K, h, w) of both photographs by name: by the derivative, of the cosine's, and by relevance."""
    one, other = ({name: torch.from_numpy(values) for name, values in part.items()} for part in shares)
    found = {name: (one[name][:-1], other[name][:-1]) for name in ("derivative", "relevance")}
    off = (off_embedding(part["derivative"], part["along"]) for part in (one, other))
    return found | {"cosine": (next(off), next(off))}


def print_table(model: EmbeddingModel, herd: Herd, count: int, directions: int) -> None:
    """A row an order."""
    pairs, identities = correct_pairs(herd, count), herd.table.set_index("image_id")["identity"]
    embeddings = torch.from_numpy(model.embed(map(herd.path, herd.table["image_id"])))
    along = principal(torch.nn.functional.normalize(embeddings, dim=1), directions)

    @lru_cache(None)
    def shares(name: str) -> dict[str, np.ndarray]:
        return of_photograph(model, images.decode(herd.path(name)), model.default_layer, along)

    found: dict[str, list[np.ndarray]] = {}
    for ids in pairs:
        seen = see(model, herd, ids)
        cells = matched(seen)
        off = {"as it is": distances(seen, herd, ids, as_it_is(seen))}
        for kind, both in of_pair([shares(name) for name in ids]).items():
            order = together(*both, 1.0, *cells).argsort(descending=True, stable=True)
            off[f"second order, {kind}"] = distances(seen, herd, ids, by_order(seen, *(at[order] for at in cells)))
        for name, values in off.items():
            found.setdefault(name, []).append(values)
    individuals, base = np.array([identities[first] for first, _ in pairs]), np.stack(found["as it is"])
    print(f"\n{model.name}, {len(pairs)} pairs of the herd: % of the first {base.shape[1]} within half a cell, and 1.5")
    for name, values in found.items():
        cells_of = []
        for within in (HALF, WITHIN):
            share, change = (np.stack(values) <= within).mean(1), (np.stack(values) <= within).mean(1)
            change = change - (base <= within).mean(1)
            low, high = 100 * np.array(interval(change, individuals))
            cells_of.append(f"{100 * share.mean():.1f} ({100 * change.mean():+.1f} [{low:+.1f}, {high:+.1f}])")
        print(f"| {name} | {' | '.join(cells_of)} |", flush=True)


def main() -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["reid-lite0", "lite0-imagenet"])
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--directions", type=int, default=32)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for name in arguments.models:
        print_table(load_model(name, device="cpu"), load_herd(), arguments.pairs, arguments.directions)


if __name__ == "__main__":
    main()
