"""Second-order relevance of matches where it is known: a bilinear similarity, autograd's Hessian, BiLRP."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.autograd.functional import hessian

from benchmarks import second_order
from benchmarks.engine import into_float64
from pairx import lrp
from pairx.baselines import METHODS, PairAtLayer, explain
from pairx.types import finished
from tests.baselines.networks import at_stage, gap, model_with

CELLS = torch.arange(16)


def curved() -> PairAtLayer:
    """In float64, with a head that bends."""
    model = model_with(nn.Sequential(*gap(), nn.Linear(5, 6), nn.Tanh()))
    assert model.layers  # found while it still is as the photographs are
    into_float64(model)
    return at_stage(model)


def all_pairs(shares: list[Tensor], lengths: Tensor) -> Tensor:
    """(16, 16) of all pairs of cells."""
    one, other = torch.cartesian_prod(CELLS, CELLS).T
    return second_order.together(shares[0], shares[1], lengths, one, other).reshape(16, 16)


def lengths_of(at: PairAtLayer) -> Tensor:
    return at.sides[0].embedding.norm() * at.sides[1].embedding.norm()


def by_hessian(at: PairAtLayer, constant: bool) -> Tensor:
    """(16, 16): autograd's mixed Hessian of the similarity times both features. constant: whether lengths are."""
    first, last = at.sides
    grids = first.activation.detach(), last.activation.detach()

    def similarity(both: Tensor) -> Tensor:
        e, f = (side.head(part[None])[0] for side, part in zip(at.sides, both, strict=True))
        return e @ f / (lengths_of(at) if constant else e.norm() * f.norm())

    found = hessian(similarity, torch.stack(grids))[0, :, :, :, 1]  # (C, h, w, C, h, w)
    return torch.einsum("cij,cijdxy,dxy->ijxy", grids[0], found, grids[1]).reshape(16, 16)


def test_on_mean_pooling_it_is_the_product_of_the_features() -> None:
    at = at_stage(model_with(gap()))
    shares = [second_order.by_derivative(side, torch.eye(5)) for side in at.sides]
    one, other = (side.activation.flatten(1) for side in at.sides)
    found = all_pairs(shares, lengths_of(at))
    torch.testing.assert_close(found, one.T @ other / 16**2 / lengths_of(at))
    assert abs(float(found.sum()) - at.similarity) < 1e-5


def test_it_is_the_mixed_hessian_with_lengths_held_constant() -> None:
    at = curved()
    shares = [second_order.by_derivative(side, torch.eye(6)) for side in at.sides]
    torch.testing.assert_close(all_pairs(shares, lengths_of(at)), by_hessian(at, constant=True), rtol=1e-9, atol=1e-12)


def test_without_what_lies_along_the_embedding_it_is_the_cosines_hessian() -> None:
    at, found = curved(), []
    for side in at.sides:
        along = torch.cat([torch.eye(6).double(), side.embedding[None] / side.embedding.norm()])
        shares = second_order.by_derivative(side, along)
        found.append(second_order.off_embedding(shares, along @ along[-1]))
    torch.testing.assert_close(all_pairs(found, lengths_of(at)), by_hessian(at, constant=False), rtol=1e-9, atol=1e-12)


def test_with_relevance_it_is_bilrp() -> None:
    at = at_stage(model_with(gap()))
    found = []
    for side in at.sides:
        with lrp.record(side.model.module, side.x, [side.model.path(side.layer)]) as recording:
            found.append(second_order.by_relevance(recording, side, torch.eye(5)))
    options = METHODS["bilrp"].options(samples=5)
    expected = torch.from_numpy(finished(explain(at, "bilrp", options)).tensor).reshape(16, 16)
    torch.testing.assert_close(all_pairs(found, lengths_of(at)), expected, rtol=1e-3, atol=1e-6)


def test_principal_directions_hold_all_that_lies_in_few() -> None:
    """Embeddings of a plane: two directions are enough for products of what lies in it."""
    plane, weights = torch.randn(2, 8), torch.randn(30, 2)
    along = second_order.principal(weights @ plane, 2)
    torch.testing.assert_close(along @ along.T, torch.eye(2))
    one, other = (torch.randn(16, 2) @ plane for _ in range(2))
    found = all_pairs([(along @ part.T).reshape(2, 4, 4) for part in (one, other)], torch.ones(()))
    torch.testing.assert_close(found, one @ other.T, rtol=1e-3, atol=1e-4)
