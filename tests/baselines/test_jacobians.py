"""Second-order gradients where they are known: mean pooling, efficiency, finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pairx.baselines import METHODS, PairAtLayer, backgrounds, explain, jacobians, shapley
from pairx.baselines.search_activation import Masked
from pairx.types import Explanation, InputError, finished
from tests.baselines.networks import at_stage, gap, model_with


def found(at: PairAtLayer, name: str, **options: object) -> Explanation:
    return finished(explain(at, name, METHODS[name].options(**options)))


@pytest.fixture(scope="module")
def curved() -> PairAtLayer:
    return at_stage(model_with(nn.Sequential(*gap(), nn.Linear(5, 6), nn.Tanh())))


def test_on_mean_pooling_expected_hessians_are_a_quarter_of_the_shapley_taylor_indices() -> None:
    at = at_stage(model_with(gap()))
    ours = found(at, "ig-sam-second-order", norm=False).tensor
    np.testing.assert_allclose(4 * ours, found(at, "sam").tensor, rtol=1e-3, atol=1e-6)
    games = [Masked(side, backgrounds.of_features(side, "blur"), 2) for side in at.sides]
    lengths = at.sides[0].embedding.norm() * at.sides[1].embedding.norm()

    def product(who: torch.Tensor) -> torch.Tensor:
        return (games[0].embeddings(who[:, :4]) * games[1].embeddings(who[:, 4:])).sum(1) / lengths

    indices = finished(shapley.shapley_taylor_indices(product, 8, 5000, 0, 64, "")).pairs[:4, 4:].reshape(2, 2, 2, 2)
    pooled = ours.reshape(2, 2, 2, 2, 2, 2, 2, 2).sum((1, 3, 5, 7))
    np.testing.assert_allclose(4 * pooled, indices, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("background", ["blur", "zero"])
def test_integrated_jacobians_sum_to_what_both_have_and_the_backgrounds_lack(
    curved: PairAtLayer, background: str
) -> None:
    one = found(curved, "integrated-jacobians", background=background)
    whole = [side.embedding for side in curved.sides]
    left = [side.head(backgrounds.of_features(side, background)[None])[0] for side in curved.sides]

    def s(e: torch.Tensor, f: torch.Tensor) -> float:
        return float(torch.nn.functional.cosine_similarity(e, f, dim=0))

    expected = s(*whole) - s(whole[0], left[1]) - s(left[0], whole[1]) + s(*left)
    assert one.tensor.sum() == pytest.approx(expected, rel=0.02, abs=2e-3)
    assert one.metrics["elsewhere"] == pytest.approx(s(*whole) - s(*left) - expected, abs=1e-5)
    np.testing.assert_allclose(one.map0, one.tensor.sum((2, 3)), atol=1e-5)


def test_derivatives_are_those_of_finite_differences(curved: PairAtLayer) -> None:
    """Of the unit embedding of the first photograph, half on its way, in one direction and by one cell's features."""
    way = jacobians.Way(curved.sides[0], jacobians.JacobianOptions())
    direction = torch.linspace(-1, 1, 6)
    shares = finished(way.shares(torch.tensor([0.5]), direction[None]))[0, 0]
    side, step = curved.sides[0], 1e-2
    background = backgrounds.of_features(side, "blur")
    change = side.activation - background
    one = torch.zeros(4, 4)
    one[1, 2] = step
    ends = side.head(torch.stack([background + (0.5 + sign * one) * change for sign in (1, -1)]))
    ends = torch.nn.functional.normalize(ends, dim=1) @ direction
    assert float(shares[1, 2]) == pytest.approx(float(ends[0] - ends[1]) / (2 * step), rel=1e-2, abs=1e-4)


def test_the_weights_of_the_way_are_a_quarter_in_all() -> None:
    assert float(jacobians.mass(7).sum()) == pytest.approx(1 / 4, abs=1e-12)


@pytest.mark.parametrize("name", ["ig-sam-second-order", "integrated-jacobians"])
def test_random_directions_have_the_right_mean(curved: PairAtLayer, name: str) -> None:
    exact = found(curved, name).tensor
    drawn = [found(curved, name, samples=80, seed=number).tensor for number in range(30)]
    away, error = np.abs(np.mean(drawn, 0) - exact).mean(), (np.std(drawn, 0) / 30**0.5).mean()
    assert 0 < away < 2 * error
    with pytest.raises(InputError, match="samples is 20 or more"):
        found(curved, name, samples=19)
