"""Shapley values and Shapley-Taylor indices against shapiq's exact ones, and search activation maps on networks where
they are known."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest
import shapiq
import torch
from torch import nn

from pairx.baselines import METHODS, PairAtLayer, backgrounds, explain, search_activation, shapley
from pairx.testing import smooth_noise
from pairx.types import Explanation, InputError, finished
from tests.baselines.networks import at_stage, gap, model_with

N = 5


def game(coalitions: torch.Tensor) -> torch.Tensor:
    """Neither linear nor quadratic."""
    weights = torch.linspace(-1, 2, coalitions.shape[1])
    return torch.tanh(coalitions @ weights + 0.3) + 2 * coalitions[:, 0] * coalitions[:, 2] * coalitions[:, 3]


def exact(index: str, order: int, players: int = N) -> shapiq.InteractionValues:
    class Game(shapiq.Game):
        def value_function(self, coalitions: np.ndarray) -> np.ndarray:
            return game(torch.from_numpy(coalitions).float()).double().numpy()

    one = Game(n_players=players, normalize=False)
    return shapiq.ExactComputer(n_players=players, game=one)(index, order=order)


def test_shapley_values_equal_the_exact_ones() -> None:
    shares = finished(shapley.shapley_values(game, N, 5000, 0, 7, ""))
    expected = exact("SV", 1)
    np.testing.assert_allclose(shares.singles, [expected[(i,)] for i in range(N)], rtol=1e-4, atol=1e-6)
    assert shares.error == 0


def test_shapley_taylor_indices_equal_the_exact_ones() -> None:
    shares = finished(shapley.shapley_taylor_indices(game, N, 5000, 0, 7, ""))
    expected = exact("STII", 2)
    np.testing.assert_allclose(shares.singles, [expected[(i,)] for i in range(N)], rtol=1e-4, atol=1e-6)
    for pair in combinations(range(N), 2):
        assert float(shares.pairs[pair]) == pytest.approx(expected[pair], rel=1e-3, abs=1e-5)
        assert shares.pairs[pair] == shares.pairs[pair[::-1]]


@pytest.mark.parametrize("order", [1, 2])
def test_sampled_values_are_near_the_exact_ones_and_sum_up_exactly(order: int) -> None:
    players, solve = 12, shapley.shapley_values if order == 1 else shapley.shapley_taylor_indices
    shares = finished(solve(game, players, 2000, 1, 500, ""))
    expected = exact("SV" if order == 1 else "STII", order, players)
    if order == 1:
        fitted, true = shares.singles.numpy(), [expected[(i,)] for i in range(players)]
    else:
        pairs = list(combinations(range(players), 2))
        fitted, true = np.array([float(shares.pairs[pair]) for pair in pairs]), [expected[pair] for pair in pairs]
    away = np.abs(fitted - true)
    assert 0 < shares.error < 0.05
    assert away.mean() < 3 * shares.error
    worth = game(torch.stack([torch.ones(players), torch.zeros(players)])).double()
    total = shares.singles.sum() + (shares.pairs.triu(1).sum() if order == 2 else 0)
    assert float(total) == pytest.approx(float(worth[0] - worth[1]), abs=1e-9)


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(InputError, match="Give more samples"):
        finished(shapley.shapley_values(game, 40, 40, 0, 8, ""))


def found(at: PairAtLayer, name: str, **options: object) -> Explanation:
    return finished(explain(at, name, METHODS[name].options(**options)))


def brute_force(at: PairAtLayer, number: int) -> np.ndarray:
    """Shapley values (2, 2) of four places of 2 x 2 cells, zero background, from their definition (eq. 1)."""
    side = at.sides[number]

    def worth(members: tuple[int, ...]) -> float:
        shown = torch.zeros(2, 2)
        for member in members:
            shown[divmod(member, 2)] = 1
        grid = side.activation * shown.repeat_interleave(2, 0).repeat_interleave(2, 1)
        return float(side.product(side.head(grid[None])))

    values = []
    for i in range(4):
        others = [j for j in range(4) if j != i]
        coalitions = [s for size in range(4) for s in combinations(others, size)]
        values.append(sum((worth((*s, i)) - worth(s)) / (4 * comb(3, len(s))) for s in coalitions))
    return np.array(values).reshape(2, 2)


def pooled(cells: np.ndarray) -> np.ndarray:
    return cells.reshape(2, 2, 2, 2).sum((1, 3))


@pytest.mark.parametrize("number", [0, 1])
def test_on_mean_pooling_all_agree(number: int) -> None:
    at = at_stage(model_with(gap()))
    expected = getattr(found(at, "decomposition"), f"map{number}")
    for name, options in (("sam", {}), ("ig-sam", {"norm": False, "samples": 3})):
        one = getattr(found(at, name, background="zero", **options), f"map{number}")
        np.testing.assert_allclose(one, expected, rtol=1e-4, atol=1e-6)
    players = found(at, "ksam", background="zero", norm=False, players=2)
    ours = pooled(getattr(players, f"map{number}"))
    np.testing.assert_allclose(ours, pooled(expected), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(ours, brute_force(at, number), rtol=1e-4, atol=1e-6)


def test_second_order_sam_is_the_decomposition_on_mean_pooling() -> None:
    at = at_stage(model_with(gap()))
    sam = found(at, "sam", background="zero")
    np.testing.assert_allclose(sam.tensor, found(at, "point-to-point").tensor, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(sam.tensor.sum((0, 1)), sam.map1, rtol=1e-4, atol=1e-6)
    assert sam.metrics["mean_features"] == pytest.approx(at.similarity, abs=1e-6)


@pytest.mark.parametrize("background", ["blur", "mean", "another"])
def test_shares_sum_to_the_similarity_less_the_backgrounds(background: str) -> None:
    at = at_stage(model_with(nn.Sequential(*gap(), nn.Linear(5, 6), nn.Tanh())))
    chosen = smooth_noise(9) if background == "another" else background
    for number, side in enumerate(at.sides):
        absent = side.head(backgrounds.of_features(side, chosen)[None])
        expected = at.similarity - float(side.cosine(absent))
        shapley_sum = getattr(found(at, "ksam", background=chosen, players=2), f"map{number}").sum()
        assert shapley_sum == pytest.approx(expected, abs=1e-5)
        integrated = found(at, "ig-sam", background=chosen)
        assert getattr(integrated, f"map{number}").sum() == pytest.approx(expected, abs=1e-3)


def test_places_that_the_model_ignores_get_nothing() -> None:
    class RightHalf(nn.Module):
        def forward(self, a: torch.Tensor) -> torch.Tensor:
            return torch.tanh(a[..., 2:].mean((2, 3)))

    at = at_stage(model_with(RightHalf()))
    for name, options in (("ksam", {"players": 2}), ("ig-sam", {})):
        one = found(at, name, **options).map0
        assert np.abs(one[:, :2]).max() == pytest.approx(0, abs=1e-7)
        assert np.abs(one[:, 2:]).max() > 1e-4
    pairs = found(at, "ksam-second-order", players=2).tensor
    assert np.abs(pairs[:, 0]).max() == pytest.approx(0, abs=1e-6)
    assert np.abs(pairs[:, :, :, 0]).max() == pytest.approx(0, abs=1e-6)
    assert np.abs(pairs[:, 1, :, 1]).max() > 1e-4


def test_places_join_neighbouring_cells() -> None:
    at = at_stage(model_with(gap()))
    one = found(at, "ksam", players=3).map0
    assert one.shape == (4, 4)
    np.testing.assert_array_equal(one[0], one[1])  # rows 0 and 1 are one place
    assert not np.array_equal(one[1], one[2])


def test_places_of_unequal_width_are_shared_out_evenly() -> None:
    """Four cells of a side make places of 2, 1 and 1: what they have goes to three equally wide ones, by area."""
    at = at_stage(model_with(gap()))
    rows, columns = search_activation.Masked(at.sides[0], torch.zeros(1), 3).evenly()
    assert torch.allclose(rows @ torch.tensor([2.0, 1.0, 1.0]).double(), torch.full((3,), 4 / 3).double())
    assert torch.allclose(columns.sum(0), torch.ones(3).double())
    explanation = found(at, "ksam-second-order", players=3, background="zero")
    assert explanation.tensor.shape == (3, 3, 3, 3)
    whole = explanation.tensor.sum() + explanation.metrics["elsewhere"]
    assert whole == pytest.approx(at.similarity, abs=1e-5)


def test_an_unknown_background_is_refused() -> None:
    with pytest.raises(InputError, match="blur or mean or zero"):
        METHODS["sam"].options(background="white")
    with pytest.raises(InputError, match="8-bit"):
        METHODS["sam"].options(background=np.zeros((4, 4)))
