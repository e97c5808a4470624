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


def test_equally_bright_cells_make_equally_bright_places():
    """Where they do not divide evenly, a cell between two places gives each its part."""
    assert torch.allclose(pairs.joined(torch.ones(104, 104).double()), torch.full((64, 64), (104 / 64) ** 2).double())
    assert torch.allclose(pairs.parts(3, 2), torch.tensor([[1, 0.5, 0], [0, 0.5, 1]]).double())


@pytest.mark.parametrize("name", FINE)
def test_joined_cells_have_the_sum_of_their_pairs(name, tiny, pair, monkeypatch):
    (fine,) = pairx.compare(tiny, pair, [name])
    h, w = fine.tensor.shape[:2]
    monkeypatch.setattr(pairs.at_most, "__defaults__", (2,))
    (coarse,) = pairx.compare(tiny, pair, [name])
    assert coarse.tensor.shape == (2, 2, 2, 2) and (h, w) > (2, 2)
    groups = np.kron(pairs.parts(h, 2), pairs.parts(w, 2))
    expected = groups @ fine.tensor.reshape(h * w, h * w) @ groups.T
    np.testing.assert_allclose(coarse.tensor.reshape(4, 4), expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())
