"""Mutual nearest neighbours against OpenCV's cross-checked brute force and against the definition."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from pairx.core import matching
from pairx.core.matching import mutual_nearest


def pairs(a: np.ndarray, b: np.ndarray) -> set[tuple[int, int]]:
    index0, index1 = mutual_nearest(torch.from_numpy(a), torch.from_numpy(b))
    return set(zip(index0.tolist(), index1.tolist(), strict=True))


@pytest.mark.parametrize("rows", [2048, 7])
def test_equals_opencv(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "ROWS", rows)
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(60, 16)).astype(np.float32), rng.normal(size=(83, 16)).astype(np.float32)
    found = cv2.BFMatcher(cv2.NORM_L2, crossCheck=True).match(a, b)
    assert pairs(a, b) == {(match.queryIdx, match.trainIdx) for match in found}


def test_exchanging_the_images_exchanges_the_pairs() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(50, 8)), rng.normal(size=(40, 8))
    assert pairs(a, b) == {(first, second) for second, first in pairs(b, a)}


def test_every_descriptor_finds_itself() -> None:
    a = np.random.default_rng(2).normal(size=(30, 4)) + 1e3
    assert pairs(a, a) == {(index, index) for index in range(30)}


def test_of_equal_descriptors_one_pair_remains() -> None:
    assert pairs(np.ones((9, 3)), np.ones((4, 3))) == {(0, 0)}


def test_a_near_third_does_not_count() -> None:
    a = np.array([[0.0], [1.0]])
    b = np.array([[0.9], [5.0]])
    assert pairs(a, b) == {(1, 0)}
