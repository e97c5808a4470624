"""Partition SHAP against the package shap, second-order LIME against scikit-learn, second-order SBSM by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shap
import torch
from sklearn.linear_model import Lasso

from pairx.baselines import METHODS, PairAtLayer, backgrounds, explain, superpixel_pairs
from pairx.baselines.sliding import SbsmOptions, coverage, windows
from pairx.types import Explanation, InputError, finished
from tests.baselines.networks import at_stage, gap, model_with


@pytest.fixture(scope="module")
def at() -> PairAtLayer:
    return at_stage(model_with(torch.nn.Sequential(*gap(), torch.nn.Linear(5, 6), torch.nn.Tanh())))


def found(at: PairAtLayer, name: str, **options: object) -> Explanation:
    return finished(explain(at, name, METHODS[name].options(**options)))


@pytest.mark.slow
@pytest.mark.parametrize("samples", [34, 150])
def test_partition_shap_equals_the_packages(at: PairAtLayer, samples: int) -> None:
    """Both take 16 masked photographs at once, so that they halve the same rectangles."""
    side = at.sides[0]

    def similarity(photos: np.ndarray) -> np.ndarray:
        x = torch.stack([side.input_of(one.astype(np.uint8)) for one in photos])
        with torch.no_grad():
            return side.cosine(side.embed(x)).numpy()

    explainer = shap.PartitionExplainer(similarity, shap.maskers.Image("blur(25,25)", side.photo.shape))
    expected = explainer(side.photo[None], max_evals=samples, batch_size=16, silent=True).values[0].sum(-1)
    ours = found(at, "partition-shap", samples=samples).map0
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


def test_partition_shap_sums_up_and_says_nothing(at: PairAtLayer, capfd: pytest.CaptureFixture) -> None:
    one = found(at, "partition-shap", samples=50, background="zero")
    with torch.no_grad():
        left = float(at.sides[1].cosine(at.sides[1].embed(backgrounds.of_pixels(at.sides[1], "zero")[None])))
    assert one.map1.sum() == pytest.approx(at.similarity - left, abs=1e-5)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(InputError, match="samples is 4 or more"):
        found(at, "partition-shap", samples=3)


def test_the_quadratic_model_is_scikit_learns_lasso() -> None:
    generator = torch.Generator().manual_seed(0)
    who = (torch.rand(400, 7, generator=generator) < 0.5).float()
    scores = torch.tanh(who @ torch.linspace(-1, 1, 7)) + who[:, 0] * who[:, 3]
    weights = torch.rand(400, generator=generator)
    first, second = torch.triu_indices(7, 7, 1)
    terms = torch.cat([who, who[:, first] * who[:, second]], 1).double().numpy()
    for sparsity in (1e-3, 1e-2):
        singles, pairs = finished(superpixel_pairs.quadratic(who, scores, weights, sparsity))
        peer = Lasso(alpha=sparsity, tol=1e-10, max_iter=100_000)
        expected = peer.fit(terms, scores.double().numpy(), sample_weight=weights.double().numpy()).coef_
        ours = np.concatenate([singles, pairs[first, second]])
        np.testing.assert_allclose(ours, expected, atol=2e-3 * np.abs(expected).max())
        assert (ours == 0).sum() >= 0.9 * (np.abs(expected) < 1e-9).sum() > 0


def test_second_order_lime_finds_the_pair_that_counts() -> None:
    """The embedding is the mean of the right half, so no pair with a superpixel on the left counts."""

    class RightHalf(torch.nn.Module):
        def forward(self, a: torch.Tensor) -> torch.Tensor:
            return a[..., 2:].mean((2, 3)) - a[..., 2:].mean()

    one = found(at_stage(model_with(RightHalf())), "lime-second-order", segments=8, samples=4000, sparsity=1e-4).tensor
    assert one.shape == (4, 4, 4, 4)
    strength = np.abs(one).sum((1, 3) if one.ndim == 2 else (0, 2))
    assert strength[2:, 2:].sum() > 3 * strength[:2, :2].sum()


def test_areas_of_superpixels() -> None:
    labels = torch.tensor([[0, 0, 0, 1], [0, 0, 0, 1], [2, 2, 2, 2], [2, 2, 2, 2]])
    found = superpixel_pairs.areas(labels, 3, [2, 2])
    expected = [[[4 / 6, 2 / 6], [0, 0]], [[0, 1], [0, 0]], [[0, 0], [1 / 2, 1 / 2]]]
    np.testing.assert_allclose(found, expected)


def test_windows_and_what_they_cover() -> None:
    places, possible = windows((8, 8), SbsmOptions(window=4, stride=3))
    assert sorted(set(places[:, 0].tolist())) == [0, 3, 4] and len(places) == possible == 9
    parts = coverage(torch.tensor([[0, 3, 4]]), [2, 4], (8, 8)).reshape(2, 4)
    np.testing.assert_allclose(parts, [[0, 0.5, 1, 0.5], [0, 0, 0, 0]])
    assert len(windows((8, 8), SbsmOptions(window=4, stride=1, samples=5))[0]) == 5


def test_second_order_sbsm_by_hand(at: PairAtLayer) -> None:
    options = {"window": 4, "stride": 4}
    black = [backgrounds.of_pixels(side, "zero") for side in at.sides]

    def without(number: int, row: int, column: int) -> torch.Tensor:
        x = at.sides[number].x.clone()
        x[0, :, row : row + 4, column : column + 4] = black[number][:, :4, :4]
        with torch.no_grad():
            return at.sides[number].embed(x)[0]

    expected = np.zeros((4, 4, 4, 4))
    for i, j, x, y in np.ndindex(2, 2, 2, 2):
        e, f = without(0, 4 * i, 4 * j), without(1, 4 * x, 4 * y)
        weight = max(float(torch.nn.functional.cosine_similarity(e, f, dim=0)) - at.similarity, 0)
        expected[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, 2 * x : 2 * x + 2, 2 * y : 2 * y + 2] = weight
    one = found(at, "sbsm-second-order", **options)
    np.testing.assert_allclose(one.tensor, expected, rtol=1e-3, atol=1e-6)
    assert expected.any()
    np.testing.assert_allclose(one.map1, expected.mean((0, 1)), rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", ["lime", "sbsm", "sbsm-second-order", "partition-shap"])
def test_another_photograph_as_background_changes_the_answer(at: PairAtLayer, name: str) -> None:
    few = {"lime": {"samples": 200}, "partition-shap": {"samples": 30}}.get(name, {"window": 4, "stride": 2})
    white = np.full((8, 8, 3), 255, np.uint8)
    one, other = found(at, name, **few), found(at, name, background=white, **few)
    assert not np.allclose(one.map0, other.map0, atol=1e-6)
    assert len(other.settings["background"]) == 64
    with pytest.raises(InputError, match="background is"):
        found(at, name, background="white", **few)
