"""Transforms between photographs: estimates against true ones, and failures that say so."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pairx import geometry, images
from pairx.datasets import load_herd
from pairx.types import InputError

SHIFT = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV counts from the first pixel's centre


def true_homographies(photographs: Path) -> dict[str, np.ndarray]:
    """Name to matrix in our coordinates; the files have the first pixel's centre at (0, 0)."""
    names = sorted(path.name.removesuffix("_H.txt") for path in (photographs / "evd").glob("*_H.txt"))
    assert len(names) == 8
    return {name: SHIFT @ np.loadtxt(photographs / "evd" / f"{name}_H.txt") @ np.linalg.inv(SHIFT) for name in names}


def corners(size: tuple[int, int]) -> np.ndarray:
    return np.array([(0, 0), (size[0], 0), size, (0, size[1])], float)


def corner_error(matrix: np.ndarray, truth: np.ndarray, size: tuple[int, int]) -> float:
    """Mean distance, pixels of image 1, between the corners of image 0 under two transforms."""
    ours, true = geometry.project(corners(size), matrix), geometry.project(corners(size), truth)
    return float(np.linalg.norm(ours - true, axis=1).mean())


def warped(image: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return cv2.warpPerspective(image, np.linalg.inv(SHIFT) @ matrix @ SHIFT, size, flags=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    return images.decode(load_herd().path("zuri-1"))


def test_true_homographies_are_recovered(photographs: Path) -> None:
    """From points that follow the true homography to half a pixel, among twice as many that follow nothing.

    No true one is mirrored or folded; two of these extreme views shrink or stretch the frame more than tenfold.
    """
    rng = np.random.default_rng(0)
    for name, truth in true_homographies(photographs).items():
        sizes = [images.decode(photographs / "evd" / f"{name}_{i}.jpg").shape[1::-1] for i in (1, 2)]
        usable = geometry.usability(truth, *sizes)
        assert usable == ("area ratio" if name in ("cafe", "face") else "ok"), name
        points0 = rng.uniform(0, sizes[0], (300, 2))
        points1 = geometry.project(points0, truth) + rng.normal(0, 0.5, (300, 2))
        points1[100:] = rng.uniform(0, sizes[1], (200, 2))
        found = geometry.estimate(points0, points1, *sizes)
        assert found.status == usable and found.matches == 300
        assert 95 <= found.inliers <= 110, name
        assert corner_error(found.matrix, truth, sizes[0]) < 0.02 * np.hypot(*sizes[1]), name


def test_sift_finds_known_warps_of_photographs(photographs: Path) -> None:
    image = images.decode(photographs / "evd" / "graf_1.jpg")
    size = image.shape[1::-1]
    truth = np.array([[0.8, -0.2, 160], [0.15, 0.9, -20], [2e-4, -1e-4, 1]])
    found = geometry.align(geometry.local_features(image), geometry.local_features(warped(image, truth, size)))
    assert found.status == "ok" and found.inliers > 100
    assert corner_error(found.matrix, truth, size) < 1


@pytest.mark.parametrize(
    ("transform", "truth"),
    [
        ("homography", np.array([[0.9, 0.1, 10], [-0.05, 1.1, 5], [2e-4, 1e-4, 1]])),
        ("affine", np.array([[0.9, 0.2, 10], [-0.05, 1.1, 5], [0, 0, 1]])),
        ("similarity", np.array([[0.9, -0.3, 60], [0.3, 0.9, -10], [0, 0, 1]])),
    ],
)
def test_sift_finds_known_warps_of_the_sample(photograph: np.ndarray, transform: str, truth: np.ndarray) -> None:
    size = photograph.shape[1::-1]
    features0, features1 = map(geometry.local_features, (photograph, warped(photograph, truth, size)))
    found = geometry.align(features0, features1, transform)
    assert found.status == "ok"
    assert corner_error(found.matrix, truth, size) < 1
    again = geometry.align(features0, features1, transform)
    assert np.array_equal(found.matrix, again.matrix) and found.inliers == again.inliers


def test_points_are_of_the_photograph_as_given(photograph: np.ndarray) -> None:
    """Features are found in a reduced photograph; a shift of whole pixels comes back to a small part of one."""
    large = images.resize(photograph, (3 * photograph.shape[0], 3 * photograph.shape[1]))
    assert max(large.shape) > geometry.LONGEST
    features = geometry.local_features(large)
    assert features.size == large.shape[1::-1] and features.points.max() > geometry.LONGEST
    found = geometry.align(geometry.local_features(photograph), features)
    assert corner_error(found.matrix, np.diag([3, 3, 1.0]), photograph.shape[1::-1]) < 1
    shifted = geometry.align(geometry.local_features(photograph[8:, 12:]), geometry.local_features(photograph))
    assert geometry.project(np.array([[100.0, 100.0]]), shifted.matrix)[0] == pytest.approx((112, 108), abs=0.05)


def test_a_failure_is_a_status() -> None:
    blank = geometry.local_features(np.full((60, 80, 3), 127, np.uint8))
    found = geometry.align(blank, blank)
    assert (found.matrix, found.matches, found.inliers, found.status) == (None, 0, 0, "few inliers")
    rng = np.random.default_rng(1)
    points0, points1 = rng.uniform(0, 1000, (2, 5, 2))
    for transform in ("affine", "similarity"):
        found = geometry.estimate(points0, points1, (1000, 1000), (1000, 1000), transform)
        assert found.matrix is None and found.inliers < 4 and found.status == "few inliers"
    with pytest.raises(InputError, match="homography, affine, similarity"):
        geometry.estimate(points0, points1, (1, 1), (1, 1), "euclidean")


@pytest.mark.parametrize(
    ("matrix", "status"),
    [
        (np.eye(3), "ok"),
        (-np.eye(3), "ok"),  # the same homography
        (np.diag([2, 3, 1.0]), "ok"),
        (np.diag([-1, 1, 1.0]), "flipped"),
        (np.diag([4, 3, 1.0]), "area ratio"),
        (np.diag([0.3, 0.3, 1.0]), "area ratio"),
        (np.array([[1, 0, 0], [0, 1, 0], [-0.02, 0, 1]]), "non-convex"),  # the horizon crosses the image
        (np.zeros((3, 3)), "non-convex"),
        (np.array([[1, 0, 0], [1, 0, 0], [0, 0, 1.0]]), "area ratio"),  # all on one line
        (np.array([[-1e-9, 0, 300], [0, 1e-9, 200], [0, 0, 1.0]]), "area ratio"),  # all at one point
    ],
)
def test_usability(matrix: np.ndarray, status: str) -> None:
    assert geometry.usability(matrix, (100, 50), (100, 50)) == status


@pytest.mark.parametrize("transform", ["affine", "similarity"])
def test_many_places_matched_with_one_have_no_area(transform: str) -> None:
    """Most matches follow a transform that puts the whole photograph there."""
    rng = np.random.default_rng(0)
    points0, points1 = rng.uniform(0, 500, (2, 12, 2))
    points1[:6] = 301.7, 211.3
    found = geometry.estimate(points0, points1, (512, 512), (512, 512), transform)
    assert found.inliers == 6 and found.follows[:6].all() and found.status == "area ratio"


def test_no_frame_on_one_side_of_the_horizon_is_concave() -> None:
    """What makes a frame non-convex is the horizon alone: turns at its corners, one by one."""
    rng, size, told = np.random.default_rng(3), (80, 60), []
    for _ in range(300):
        matrix = np.eye(3) + rng.normal(0, 1, (3, 3)) * np.array([[0.8], [0.8], [0.005]])
        frame = geometry.project(corners(size), matrix)
        sides = np.roll(frame, -1, axis=0) - frame
        (x, y), (next_x, next_y) = sides.T, np.roll(sides, -1, axis=0).T
        turns = np.sign(x * next_y - y * next_x)
        told.append(geometry.usability(matrix, size, size))
        if told[-1] != "non-convex":
            assert abs(turns.sum()) == 4 and (turns[0] < 0) == (told[-1] == "flipped")
    assert {"ok", "non-convex", "flipped"} <= set(told)


def test_area_is_counted_against_image_1() -> None:
    control = geometry.resize_only((100, 50), (4000, 3000))
    assert geometry.project(corners((100, 50)), control).tolist() == corners((4000, 3000)).tolist()
    assert geometry.usability(control, (100, 50), (4000, 3000)) == "ok"


def test_a_place_is_matched_once() -> None:
    """SIFT describes a place once an orientation; four copies of one match must not make a homography."""
    rng = np.random.default_rng(2)
    descriptors = rng.integers(0, 255, (6, 128)).astype(np.uint8)
    points = np.repeat([[10.0, 10.0], [40.0, 20.0]], 3, axis=0)
    features = geometry.LocalFeatures("sift", points, descriptors, (64, 48), (64, 48))
    found = geometry.local_matches(features, features)
    assert found.points0.tolist() == found.points1.tolist() == [[10, 10], [40, 20]]
    assert geometry.align(features, features).status == "few inliers"


def test_ratio_of_neighbours() -> None:
    """A match counts where the second nearest is more than 1 / .8 times as far."""
    query = np.zeros((1, 128), np.uint8)
    for second, matched in ((12, False), (13, True)):
        gallery = np.zeros((2, 128), np.uint8)
        gallery[:, 0] = 10, second
        at = (np.zeros((1, 2)), np.zeros((2, 2)))
        features = [
            geometry.LocalFeatures("sift", p, d, (9, 9), (9, 9)) for p, d in zip(at, (query, gallery), strict=True)
        ]
        found = geometry.local_matches(*features)
        assert len(found) == matched
        assert found.score.tolist() == pytest.approx([1 - 10 / 13] if matched else [])
        assert found.distance.tolist() == ([10] if matched else [])


@pytest.mark.parametrize("bytewise", [True, False])
def test_nearest_features_are_those_of_whole_numbers(bytewise: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Distances in 64 bits, pair by pair, for descriptors as far apart as can be; by either way of multiplying."""
    if bytewise and not torch.cpu._is_vnni_supported():
        pytest.skip("this processor does not multiply bytes")
    monkeypatch.setattr(torch.cpu, "_is_vnni_supported", lambda: bytewise)
    rng = np.random.default_rng(4)
    sides = [rng.choice([0, 1, 254, 255], (n, 128), p=[0.5, 0.1, 0.1, 0.3]).astype(np.uint8) for n in (70, 91)]
    sides[0][:40] = np.where(rng.random((40, 128)) < 0.05, 128, sides[1][:40])
    sides[0][40], sides[1][40], sides[1][41] = 0, 0, 255
    features = [
        geometry.LocalFeatures("sift", rng.uniform(0, 99, (len(one), 2)), one, (99, 99), (99, 99)) for one in sides
    ]
    found = geometry.local_matches(*features)
    squared = ((sides[0][:, None].astype(np.int64) - sides[1]) ** 2).sum(2)
    nearest, (best, second) = squared.argmin(1), np.sort(squared, axis=1)[:, :2].T
    good = best < 0.64 * second
    assert 40 < good.sum() < 70
    np.testing.assert_array_equal(found.points0, features[0].points[good])
    np.testing.assert_array_equal(found.points1, features[1].points[nearest[good]])
    np.testing.assert_allclose(found.distance, np.sqrt(best[good]), rtol=1e-6)
    np.testing.assert_allclose(found.score, 1 - np.sqrt(best[good] / second[good]), rtol=1e-5)


@pytest.mark.parametrize(
    ("inliers", "status", "word"),
    [
        (14, geometry.OK, "only 14 of 40 matches follow one transform, and at least 15"),
        (3, geometry.FEW_INLIERS, "only 3 of 40"),
        (30, geometry.FLIPPED, "one mirrors the other"),
        (30, geometry.NON_CONVEX, "horizon"),
        (30, geometry.AREA, "ten times"),
    ],
)
def test_what_must_not_be_shown_laid_over_says_why(inliers: int, status: str, word: str) -> None:
    assert word in geometry.doubt(geometry.Alignment(np.eye(3), np.ones(40, bool), inliers, status))
    assert geometry.doubt(geometry.Alignment(np.eye(3), np.ones(40, bool), 15, geometry.OK)) == ""
