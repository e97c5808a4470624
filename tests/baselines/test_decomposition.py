"""Activation decomposition on heads whose equivalent features are known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from pairx.baselines import METHODS, PairAtLayer, explain
from pairx.baselines.decomposition import all_cells, point_map
from pairx.core import correspondence
from pairx.models import GeM
from pairx.types import Explanation, InputError, finished
from tests.baselines.networks import at_stage, gap, model_with, numpy


def found(at: PairAtLayer, name: str) -> Explanation:
    return finished(explain(at, name, METHODS[name].options()))


def bn(size: int) -> nn.BatchNorm1d:
    layer = nn.BatchNorm1d(size, eps=0.1)
    layer.running_mean.uniform_(-1, 1)
    layer.running_var.uniform_(0.5, 2)
    return layer


def by_gap(a: np.ndarray, head: nn.Sequential) -> np.ndarray:
    return np.einsum("dc,cij->dij", numpy(head[2].weight), a) / a[0].size


def by_gmp(a: np.ndarray, head: nn.Sequential) -> np.ndarray:
    top = a == a.max((1, 2), keepdims=True)
    return np.einsum("dc,cij->dij", numpy(head[2].weight), a * top / top.sum((1, 2), keepdims=True))


def by_flat(a: np.ndarray, head: nn.Sequential) -> np.ndarray:
    return np.einsum("dcij,cij->dij", numpy(head[1].weight).reshape(6, *a.shape), a)


def by_bn(a: np.ndarray, head: nn.Sequential) -> np.ndarray:
    norm = head[2]
    scale = numpy(norm.weight) / np.sqrt(numpy(norm.running_var) + norm.eps)
    return scale[:, None, None] * a / a[0].size


HEADS = {
    "gap": (lambda: nn.Sequential(*gap(), nn.Linear(5, 6)), by_gap),
    "gmp": (lambda: nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(5, 6)), by_gmp),
    "flatten": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(80, 6)), by_flat),
    "batchnorm": (lambda: nn.Sequential(*gap(), bn(5)), by_bn),
}


@pytest.mark.parametrize("name", HEADS)
def test_linear_heads_are_exact(name: str) -> None:
    make, by_hand = HEADS[name]
    model = model_with(make())
    at = at_stage(model)
    u, v = (by_hand(numpy(side.activation), model.module.head) for side in at.sides)
    e, f = (numpy(side.embedding) for side in at.sides)
    norms = np.linalg.norm(e) * np.linalg.norm(f)
    expected = np.einsum("dij,dxy->ijxy", u, v) / norms
    points = found(at, "point-to-point")
    tolerance = {"rtol": 1e-4, "atol": 1e-5 * np.abs(expected).max()}
    np.testing.assert_allclose(points.tensor, expected, **tolerance)
    for one in (points, found(at, "decomposition")):
        np.testing.assert_allclose(one.map0, expected.sum((2, 3)), rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(one.map1, expected.sum((0, 1)), rtol=1e-4, atol=1e-6)
        assert one.metrics["nonlinear0"] == pytest.approx(0, abs=1e-5)
        assert one.metrics["bias0"] == pytest.approx(np.linalg.norm(e - u.sum((1, 2))) / np.linalg.norm(e), abs=1e-5)
    biased = found(at, "decomposition-bias")
    np.testing.assert_allclose(biased.map0, np.einsum("dij,d->ij", u, f) / norms, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(biased.map1, np.einsum("dxy,d->xy", v, e) / norms, rtol=1e-4, atol=1e-6)
    biases = (e - u.sum((1, 2))) @ (v.sum((1, 2))) + e @ (f - v.sum((1, 2)))
    assert points.tensor.sum() + biases / norms == pytest.approx(at.similarity, abs=1e-5)


@pytest.mark.parametrize("name", ["gmp", "batchnorm"])
def test_one_place_is_asked_without_the_whole_tensor(name: str) -> None:
    at = at_stage(model_with(HEADS[name][0]()))
    tensor = found(at, "point-to-point").tensor
    grid = tensor.shape[:2]
    for side, weights in (
        (0, correspondence.at_point((0.4, 0.7), grid)),
        (1, correspondence.in_box((0.1, 0.2, 0.6, 0.9), grid)),
    ):
        expected = correspondence.partners(tensor, weights, side)
        np.testing.assert_allclose(
            point_map(at, weights, side), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max()
        )


def test_ties_of_maximum_pooling_share_evenly() -> None:
    at = at_stage(model_with(nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())))
    flat = torch.full_like(at.sides[0].output, 2.0)
    side = replace(at.sides[0], output=flat, embedding=flat[0, :, 0, 0])
    at = replace(at, sides=(side, at.sides[1]))
    one = found(at, "decomposition").map0
    np.testing.assert_allclose(one, np.full((4, 4), one.mean()), rtol=1e-5)
    assert abs(one.mean()) > 0


def test_generalised_mean_pooling_is_exact_but_for_its_floor() -> None:
    model = model_with(nn.Sequential(GeM(), bn(5)))
    model.module.head[0].p.fill_(3.0)
    one = found(at := at_stage(model), "point-to-point")
    assert one.metrics["nonlinear0"] == pytest.approx(0, abs=1e-4)
    np.testing.assert_allclose(one.map0, found(at, "decomposition").map0, rtol=1e-3, atol=1e-6)


def test_what_is_not_linear_is_reported() -> None:
    at = at_stage(model_with(nn.Sequential(*gap(), nn.Linear(5, 6), nn.Tanh(), nn.Linear(6, 4))))
    one = found(at, "point-to-point")
    assert one.metrics["nonlinear0"] > 1e-2
    np.testing.assert_allclose(one.map0, found(at, "decomposition").map0, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(one.map1, found(at, "decomposition").map1, rtol=1e-3, atol=1e-6)


def test_places_that_do_not_add_up_are_said() -> None:
    whole, biased = nn.Linear(5, 6, bias=False), nn.Linear(5, 6)
    nn.init.constant_(biased.bias, 5)
    assert not found(at_stage(model_with(nn.Sequential(*gap(), whole))), "decomposition").notes
    at = at_stage(model_with(nn.Sequential(*gap(), biased)))
    one = found(at, "decomposition")
    assert f"add up to {one.map0.sum():.2f}, the similarity is {at.similarity:.2f}" in one.notes[0]


class Attention(nn.Module):
    """Cells that look at each other, then mean pooling."""

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        cells = a.flatten(2).transpose(1, 2)
        return nn.functional.scaled_dot_product_attention(cells, cells.roll(1, 2), cells).mean(1)


def test_attention_has_the_derivative_of_finite_differences() -> None:
    side = at_stage(model_with(Attention())).sides[0]
    a, step = side.activation, 1e-2
    with torch.no_grad():
        more, less = side.head(torch.stack([a * (1 + step), a * (1 - step)]))
    torch.testing.assert_close(all_cells(side), (more - less) / (2 * step), rtol=1e-2, atol=1e-3)


class NormalisedCells(nn.Module):
    """Every cell divided by its length, so that no cell's length matters; then mean pooling."""

    def forward(self, a: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(a, dim=1).mean((2, 3))


@pytest.mark.parametrize("name", ["hirescam", "decomposition", "decomposition-bias", "point-to-point"])
def test_rounding_is_not_drawn_as_evidence(name: str) -> None:
    with pytest.raises(InputError, match="normalises"):
        found(at_stage(model_with(NormalisedCells())), name)
