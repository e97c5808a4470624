"""Layers with more cells than a tensor of pairs has room for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pairx
from pairx.baselines import pairs

FINE = ["sam", "point-to-point", "integrated-jacobians", "bilrp"]


def test_joined_places_cover_all_cells_evenly_and_keep_the_sum():
    values = torch.rand(3, 7, 10, dtype=torch.float64)
    place = pairs.places((7, 10), (3, 4))
    counts = torch.bincount(place.flatten(), minlength=12)
    assert counts.min() >= 4 and counts.max() <= 9 and place[0, 0] == 0 and place[-1, -1] == 11
    assert pairs.joined(values) is values, "few cells stay as they are"
    fine = torch.rand(2, pairs.MOST + 5, 3, dtype=torch.float64)
    coarse = pairs.joined(fine)
    assert coarse.shape == (2, pairs.MOST, 3)
    assert torch.allclose(coarse.sum(1), fine.sum(1))


@pytest.mark.parametrize("name", FINE)
def test_joined_cells_have_the_sum_of_their_pairs(name, tiny, pair, monkeypatch):
    (fine,) = pairx.compare(tiny, pair, [name])
    h, w = fine.tensor.shape[:2]
    monkeypatch.setattr(pairs.at_most, "__defaults__", (2,))
    (coarse,) = pairx.compare(tiny, pair, [name])
    assert coarse.tensor.shape == (2, 2, 2, 2) and (h, w) > (2, 2)
    place = pairs.places((h, w), (2, 2)).numpy().ravel()
    groups = np.eye(4)[place]
    expected = groups.T @ fine.tensor.reshape(h * w, h * w) @ groups
    np.testing.assert_allclose(coarse.tensor.reshape(4, 4), expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())
