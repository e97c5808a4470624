"""How far sampling methods say that they are from the truth, against games whose truth is known, and when they stop."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

import pairx
from pairx.baselines import METHODS, shapley, stopping
from pairx.methods import option_names
from pairx.models import EmbeddingModel
from pairx.testing import few, make_pair
from pairx.types import Computation, Explanation, InputError, finished

PLAYERS = 14
NAMES = [name for name in METHODS if "error" in option_names(name)]
AMONG_PAIRS = torch.randn(PLAYERS, PLAYERS, generator=torch.Generator().manual_seed(5)).triu(1).double()
ALONE = torch.linspace(-1, 2, PLAYERS).double()
SHARES = ALONE + (AMONG_PAIRS + AMONG_PAIRS.T).sum(1) / 2
"""Shapley values of the game below: each pair's worth is shared evenly."""


def paired(coalitions: Tensor) -> Tensor:
    who = coalitions.double()
    return who @ ALONE + ((who @ AMONG_PAIRS) * who).sum(1)


def shares(values, samples: int, seed: int = 0, error: float = 0.0) -> shapley.Shares:
    return finished(shapley.shapley_values(values, PLAYERS, samples, seed, 16, "", error=error))


class Means:
    """Vectors (N, D) whose mean is the map."""

    def __init__(self, rows: Tensor) -> None:
        self.rows, self.count = rows, 0

    def take(self, count: int) -> Computation[None]:
        yield from ()
        self.count = count

    def found(self, half: int | None) -> Tensor:
        return self.rows[: self.count][stopping.part(half, self.count)].mean(0)


@pytest.mark.slow
@pytest.mark.parametrize("samples", [100, 400])
def test_the_error_of_shapley_values_is_the_true_one_within_a_quarter(samples: int) -> None:
    runs = [shares(paired, samples, seed) for seed in range(40)]
    true = math.sqrt(np.mean([float((run.singles - SHARES).square().sum() / SHARES.square().sum()) for run in runs]))
    told = np.array([run.reached.error for run in runs])
    assert true / 1.25 < np.sqrt((told**2).mean()) < 1.25 * true
    assert (told > true / 2).all() and (told < 2 * true).all()


@pytest.mark.parametrize("dimensions", [1, 50])
def test_the_error_of_a_mean_is_its_standard_error(dimensions: int) -> None:
    """Also where all numbers err together, as one."""
    told = []
    for seed in range(60):
        rows = 1 + torch.randn(64, dimensions, generator=torch.Generator().manual_seed(seed))
        mean, reached = finished(stopping.sampled(Means(rows), 64, 0.0))
        told.append(reached.error * float(mean.norm()))
    expected = math.sqrt(dimensions / 64)
    assert expected / 1.25 < math.sqrt(np.mean(np.square(told))) < 1.25 * expected


def test_a_linear_game_has_no_error_and_stops_at_the_first_look() -> None:
    found = shares(lambda who: who.double() @ ALONE, 3000, error=0.01)
    assert found.reached.samples == stopping.EACH * PLAYERS and found.reached.error == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.singles, ALONE, atol=1e-9)


def test_what_is_constant_stops_at_once_without_an_error() -> None:
    found = shares(lambda who: 0.3 + 1e-9 * torch.rand(len(who)), 3000, error=0.01)
    assert found.reached == stopping.Reached(stopping.EACH * PLAYERS, 0.0)


def test_sampling_stops_where_the_error_is_reached_and_never_beyond_the_maximum() -> None:
    asked = []

    def counted(who: Tensor) -> Tensor:
        asked.append(len(who))
        return paired(who)

    taken = {}
    for error in (0.4, 0.2, 0.1, 1e-9):
        asked.clear()
        found = shares(counted, 3000, error=error)
        assert sum(asked) == found.reached.samples + 2 <= 3002
        assert found.reached.error <= error or found.reached.samples == 3000
        taken[error] = found.reached.samples
    assert taken[0.4] < taken[0.2] < taken[0.1] < taken[1e-9] == 3000
    expected = taken[0.2] * 4  # half the error takes four times the samples
    assert expected / 2 < taken[0.1] < expected * 2


def test_all_coalitions_leave_no_error_and_too_few_tell_none() -> None:
    assert shares(paired, 2**PLAYERS).reached.error is not None
    assert finished(shapley.shapley_values(paired_of(4), 4, 100, 0, 16, "")).reached == stopping.Reached(14, 0.0)
    assert shares(paired, PLAYERS + 2).reached == stopping.Reached(PLAYERS + 2, None)


def paired_of(players: int):
    return lambda who: (who.double() @ ALONE[:players]).square()


def test_halves_are_of_one_size_and_each_split_crosses_all_others() -> None:
    sides = []
    for split in range(stopping.SPLITS):
        one, other = (stopping.part(2 * split + side, 64) for side in (0, 1))
        assert len(one) == len(other) == 32 and sorted([*one.tolist(), *other.tolist()]) == list(range(64))
        sides.append(torch.ones(64).index_fill(0, other, -1.0))
    crossed = torch.stack(sides) @ torch.stack(sides).T
    assert torch.equal(crossed, 64 * torch.eye(stopping.SPLITS))


def test_every_beginning_of_the_points_of_a_way_is_spread_evenly() -> None:
    order = stopping.evenly(100)
    assert sorted(order.tolist()) == list(range(100))
    for count in (10, 24, 50):
        gaps = np.diff(sorted([-1, *order[:count].tolist(), 100]))
        assert gaps.max() <= 2.7 * 100 / count


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.slow) if "lime-" in one else one for one in NAMES]
)
def test_a_method_stops_early_tells_it_and_finds_the_same_again(name: str, tiny: EmbeddingModel) -> None:
    options = {**few(name), "samples": 400}
    if "players" in options:
        options["players"] = 3
    found = pairx.explain(tiny, make_pair(), name, **options, error=1.0)
    again = pairx.explain(tiny, make_pair(), name, **options, error=1.0)
    np.testing.assert_array_equal(found.map0, again.map0)
    taken = [value for key, value in found.metrics.items() if key.startswith("samples")]
    assert all(0 < one <= 400 for one in taken) and bool(taken) == bool(found.sampled)
    assert found.settings["error"] == 1.0
    assert np.isfinite(found.map0).all()


@pytest.mark.parametrize("name", NAMES)
def test_an_error_that_is_never_reached_gives_the_map_of_all_samples(name: str, tiny: EmbeddingModel) -> None:
    maps = [pairx.explain(tiny, make_pair(), name, **few(name), error=error).map0 for error in (0.0, 1e-12)]
    np.testing.assert_allclose(maps[1], maps[0], rtol=1e-4, atol=1e-5 * np.abs(maps[0]).max())


@pytest.mark.parametrize("wrong", [-0.1, 1.5, math.nan, math.inf, "little", None, True])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_error_is_refused(name: str, wrong: object) -> None:
    with pytest.raises(InputError, match="error is 0 to 1"):
        METHODS[name].options(error=wrong)


def test_who_samples_tells_the_error_or_why_not() -> None:
    silent = [name for name in METHODS if "samples" in option_names(name) and name not in NAMES]
    assert silent == ["partition-shap"] and "error" in METHODS["partition-shap"].card.caveat


@pytest.mark.parametrize(
    ("metrics", "tensor", "words"),
    [
        ({}, False, ""),
        ({"samples0": 640, "samples1": 640, "sampling_error0": 0.08, "sampling_error1": 0.06}, False,
         "error .08 after 640 samples"),
        ({"samples0": 640, "samples1": 5000, "sampling_error0": 0.001, "sampling_error1": 0.004}, False,
         "error below .01 after 640 and 5,000 samples"),
        ({"samples": 40000, "sampling_error": 0.9999}, True, "error of pairs above 1 after 40,000 samples"),
        ({"samples0": 51, "samples1": 51}, False, "error unknown after 51 samples"),
    ],
)  # fmt: skip
def test_the_error_in_words(metrics: dict[str, float], tensor: bool, words: str) -> None:
    pairs = np.zeros((1, 1, 1, 1), np.float32) if tensor else None
    assert Explanation("ksam", 0.5, metrics=metrics, tensor=pairs).sampled == words
