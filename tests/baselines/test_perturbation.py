"""Perturbation methods against captum, scikit-learn, and games with known answers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from captum.attr import IntegratedGradients, KernelShap
from sklearn.linear_model import Ridge

from pairx.baselines import METHODS, PairAtLayer, backgrounds, encode_pair, explain, superpixels
from pairx.models import EmbeddingModel
from pairx.testing import make_pair
from pairx.types import Explanation, InputError, finished
from tests.baselines.networks import at_stage, gap, model_with


@pytest.fixture(scope="module")
def at(tiny: EmbeddingModel) -> PairAtLayer:
    return encode_pair(tiny, make_pair(), "stage")


def found(at: PairAtLayer, name: str, **options: object) -> Explanation:
    return finished(explain(at, name, METHODS[name].options(**options)))


@pytest.mark.parametrize("background", ["blur", "zero"])
def test_integrated_gradients_equal_captums(at: PairAtLayer, background: str) -> None:
    side = at.sides[1]
    absent = backgrounds.of_pixels(side, background)[None]
    peer = IntegratedGradients(lambda x: side.cosine(side.embed(x)))
    expected = peer.attribute(side.x, absent, n_steps=50, method="riemann_middle")[0].sum(0)
    ours = found(at, "integrated-gradients", background=background).map1
    np.testing.assert_allclose(ours, expected.detach(), rtol=1e-3, atol=1e-5 * float(expected.abs().max()))
    with torch.no_grad():
        apart = at.similarity - float(side.cosine(side.embed(absent)))
    assert ours.sum() == pytest.approx(apart, abs=1e-3)


def test_kernel_shap_is_exact_on_few_superpixels_and_agrees_with_captum(at: PairAtLayer) -> None:
    side, options = at.sides[0], {"segments": 9}
    segments = superpixels.superpixels(side.photo, 9, 10.0, 3.0)
    count = segments.max() + 1
    assert 3 <= count <= 10
    absent = backgrounds.of_pixels(side, "blur")[None]
    one = found(at, "kernel-shap", **options).map0
    values = [one[segments == label].sum() for label in range(count)]
    assert all(np.ptp(one[segments == label]) == 0 for label in range(count))
    with torch.no_grad():
        apart = at.similarity - float(side.cosine(side.embed(absent)))
        peer = KernelShap(lambda x: side.cosine(side.embed(x)))
        torch.manual_seed(0)
        theirs = peer.attribute(
            side.x,
            absent,
            feature_mask=torch.from_numpy(segments)[None, None],
            n_samples=2000,
            perturbations_per_eval=200,
        )
    assert sum(values) == pytest.approx(apart, abs=1e-5)
    expected = [float(theirs[0, 0][segments == label][0]) for label in range(count)]
    np.testing.assert_allclose(values, expected, atol=0.05 * np.abs(expected).max())


def test_lime_is_scikit_learns_ridge() -> None:
    torch.manual_seed(0)
    who, scores = (torch.rand(200, 8) < 0.5).float(), torch.rand(200)
    who[0] = 1
    distance = 1 - who.numpy() @ np.ones(8) / (np.linalg.norm(who.numpy(), axis=1) * np.sqrt(8) + 1e-300)
    weights = np.sqrt(np.exp(-((distance / 0.25) ** 2)))
    expected = Ridge(alpha=1.0).fit(who.numpy(), scores.numpy(), sample_weight=weights).coef_
    np.testing.assert_allclose(superpixels.local_linear(who, scores), expected, rtol=1e-4, atol=1e-6)


def test_what_the_model_cannot_see_gets_nothing() -> None:
    class RightHalf(torch.nn.Module):
        def forward(self, a: torch.Tensor) -> torch.Tensor:
            return a[..., 2:].mean((2, 3))

    at = at_stage(model_with(RightHalf()))
    for name, options in (("sbsm", {"window": 2, "stride": 1}), ("integrated-gradients", {})):
        one = found(at, name, **options).map0
        assert np.abs(one[:, :2]).max() == 0  # a window there reaches column 2; the right cells see from column 3 on
        assert np.abs(one[:, 4:]).max() > 1e-4


def test_sbsm_by_hand(at: PairAtLayer) -> None:
    side, size, window, stride = at.sides[0], 12, 5, 3
    black = backgrounds.of_pixels(side, "zero")
    total, count = np.zeros((size, size)), np.zeros((size, size))
    for row in (0, 3, 6, 7):
        for column in (0, 3, 6, 7):
            x = side.x.clone()
            x[0, :, row : row + window, column : column + window] = black[:, :window, :window]
            with torch.no_grad():
                weight = max(at.similarity - float(side.cosine(side.embed(x))), 0)
            total[row : row + window, column : column + window] += weight
            count[row : row + window, column : column + window] += 1
    ours = found(at, "sbsm", window=window, stride=stride).map0
    np.testing.assert_allclose(ours, total / count, rtol=1e-3, atol=1e-6)


def test_vesm_by_hand() -> None:
    """Mean pooling: the derivative of `w . e / |e|` by the features is `(w - (w . e) e / |e|^2) / |e| / cells`."""
    side = at_stage(model_with(gap())).sides[0]
    e, f = side.embedding.double().numpy(), side.partner.double().numpy()
    w = 1 - np.abs(e / np.linalg.norm(e) - f / np.linalg.norm(f))
    weights = (w - (w @ e) * e / (e @ e)) / np.linalg.norm(e) / 16
    expected = np.einsum("c,chw->hw", weights, side.activation.double().numpy())
    ours = found(at_stage(model_with(gap())), "vesm").map0
    np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-6)


def test_superpixels_are_numbered_from_zero_without_gaps(at: PairAtLayer) -> None:
    labels = superpixels.superpixels(make_pair().image0, 30, 10.0, 1.0)
    assert sorted(np.unique(labels)) == list(range(labels.max() + 1))
    assert 10 < labels.max() < 60
    with pytest.raises(InputError, match="segments is 2 or more"):
        found(at, "lime", segments=1)
