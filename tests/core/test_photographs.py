"""PAIR-X on real photographs whose true geometry is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import pairx

WITHIN = 2  # cells


@pytest.mark.slow
def test_top_matches_follow_true_homographies(photographs: Path) -> None:
    model = pairx.load_model("reid-lite0", device="cpu")
    grid = model.layer("blocks.3").grid
    shares = []
    for name in ("adam", "cat", "fox", "graf"):
        pair = pairx.load_pair(*(photographs / "evd" / f"{name}_{side}.jpg" for side in (1, 2)))
        homography = np.loadtxt(photographs / "evd" / f"{name}_H.txt")
        matches = pairx.explain(model, pair, layer="blocks.3", k_colors=0).matches
        projected = np.column_stack([matches.keypoints0, np.ones(len(matches))]) @ homography.T
        height, width = pair.image1.shape[:2]
        cell = np.array([width / grid[1], height / grid[0]])
        distance = np.linalg.norm((matches.keypoints1 - projected[:, :2] / projected[:, 2:]) / cell, axis=1)
        shares.append((distance[:20] <= WITHIN).mean())
    chance = np.pi * WITHIN**2 / (grid[0] * grid[1])
    assert np.mean(shares) > 5 * chance
