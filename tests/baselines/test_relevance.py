"""LRP, CRP, BiLRP and SIFT against the reference engine and known answers."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from pairx import lrp
from pairx.assets import ASSETS
from pairx.baselines import METHODS, PairAtLayer, encode_pair, explain
from pairx.images import load_image
from pairx.models import EmbeddingModel
from pairx.testing import make_pair
from pairx.types import Explanation, ImagePair, InputError, finished


@pytest.fixture(scope="module")
def at(tiny: EmbeddingModel) -> PairAtLayer:
    return encode_pair(tiny, make_pair(), "stage")


def found(at: PairAtLayer, name: str, **options: object) -> Explanation:
    return finished(explain(at, name, METHODS[name].options(**options)))


def seed(at: PairAtLayer) -> torch.Tensor:
    e, f = (side.embedding for side in at.sides)
    return e * f / (e.norm() * f.norm())


def test_relevance_of_the_pixels_is_zennits(at: PairAtLayer) -> None:
    ours = found(at, "lrp")
    for side, one in zip(at.sides, (ours.map0, ours.map1), strict=True):
        with lrp.record(at.model.module, side.x, ["stage"], engine="zennit") as recording:
            relevance = recording.relevance("stage", seed(at)[None])
            (pixels,) = recording.pixels("stage", relevance)
        expected = pixels.sum(0).numpy()
        np.testing.assert_allclose(one, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())


def test_relevance_through_all_channels_together_is_lrp(at: PairAtLayer) -> None:
    parts = [found(at, "crp", channel=channel) for channel in range(4)]
    whole = found(at, "lrp")
    for name in ("map0", "map1"):
        total = sum(getattr(part, name) for part in parts)
        np.testing.assert_allclose(total, getattr(whole, name), rtol=1e-3, atol=1e-5)
    strongest = max(parts, key=lambda part: part.map0.sum() + part.map1.sum())
    assert found(at, "crp").metrics["channel"] in range(4)
    assert strongest.metrics["share0"] + strongest.metrics["share1"] > 0
    with pytest.raises(InputError, match="channels 0 to 3"):
        found(at, "crp", channel=4)


def exact_pairs(at: PairAtLayer) -> np.ndarray:
    """`sum_k LRP(e_k) x LRP(f_k) / (|e||f|)` by the reference engine, one number of the embedding at a time."""
    cells = []
    for side in at.sides:
        with lrp.record(at.model.module, side.x, ["stage"], engine="zennit") as recording:
            relevance = recording.relevance("stage", torch.diag(side.embedding))
        cells.append(relevance[:, 0].sum(1).double().numpy())
    e, f = (side.embedding.double().numpy() for side in at.sides)
    return np.einsum("kij,kxy->ijxy", *cells) / np.linalg.norm(e) / np.linalg.norm(f)


def test_bilrp_is_the_sum_over_the_embedding(at: PairAtLayer) -> None:
    expected = exact_pairs(at)
    ours = found(at, "bilrp")
    np.testing.assert_allclose(ours.tensor, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
    np.testing.assert_allclose(ours.map0, expected.sum((2, 3)), rtol=1e-3, atol=1e-5)


def test_random_directions_have_the_right_mean(at: PairAtLayer) -> None:
    expected = exact_pairs(at)
    drawn = [found(at, "bilrp", samples=4, seed=number).tensor for number in range(40)]
    away = np.abs(np.mean(drawn, 0) - expected).mean()
    error = (np.std(drawn, 0) / np.sqrt(len(drawn))).mean()
    assert np.std(drawn, 0).max() > 0
    assert away < 2 * error


def test_sift_finds_a_photograph_again_that_was_turned(tiny: EmbeddingModel) -> None:
    image, view = load_image(ASSETS / "herd" / "amara-1.jpg")
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 0.9)
    turned = cv2.warpAffine(image, turn, (width, height))
    one = found(encode_pair(tiny, ImagePair(image, turned, "a", "b", view, view), "stage"), "sift")
    assert len(one.matches) == one.metrics["inliers"] >= 20
    expected = (one.matches.keypoints0 - 0.5) @ turn[:, :2].T + turn[:, 2] + 0.5
    assert np.linalg.norm(expected - one.matches.keypoints1, axis=1).max() < 4
    assert (np.diff(one.matches.relevance) <= 0).all()


def test_sift_finds_nothing_in_gray(tiny: EmbeddingModel) -> None:
    pair = make_pair()
    gray = ImagePair(pair.image0 * 0 + 127, pair.image1, "a", "b", pair.view0, pair.view1)
    one = found(encode_pair(tiny, gray, "stage"), "sift")
    assert len(one.matches) == 0 and one.metrics["local_matches"] == 0
