"""Faithfulness by hand, and on networks where it is known."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from torch import nn

import pairx
from pairx import images
from pairx.evaluation.faithfulness import most_attributed
from pairx.models import EmbeddingModel
from pairx.testing import make_pair, smooth_noise
from pairx.types import InputError
from tests.baselines.networks import gap, model_with


def test_exactly_the_share_is_chosen_and_a_random_field_settles_ties() -> None:
    values = np.array([[2.0, 1, 1, 1, 1], [0, 0, 0, 0, 3]])
    ties = np.array([[0.0, 1, 4, 3, 2], [9, 9, 9, 9, 9]])
    assert np.flatnonzero(most_attributed(values, ties, 0.4)).tolist() == [0, 2, 3, 9]
    assert most_attributed(np.zeros((10, 10)), np.random.default_rng(0).random((10, 10))).sum() == 30


def cosine(model: EmbeddingModel, photo0: np.ndarray, photo1: np.ndarray) -> float:
    e, f = model.embed([photo0, photo1]).astype(float)
    return float(e @ f / np.linalg.norm(e) / np.linalg.norm(f))


def shown(model: EmbeddingModel, number: int) -> np.ndarray:
    """A photograph of the pair at the model's input size."""
    pair = make_pair()
    return images.resize((pair.image0, pair.image1)[number], model.size)


def blurred(photo: np.ndarray, where: np.ndarray) -> np.ndarray:
    return np.where(where[..., None], cv2.blur(photo, (25, 25)), photo)


def test_fall_by_hand(tiny: EmbeddingModel) -> None:
    pair = make_pair()
    explanation = pairx.explain(tiny, pair, "integrated-gradients", samples=4)
    found = pairx.faithfulness(tiny, pair, explanation)
    photos = [shown(tiny, number) for number in (0, 1)]
    for number, values in enumerate((explanation.map0, explanation.map1)):
        first = np.zeros(144, bool)
        first[np.argsort(-values.ravel())[: round(0.3 * 144)]] = True
        without = blurred(photos[number], first.reshape(12, 12))
        expected = cosine(tiny, *photos) - cosine(tiny, without, photos[1 - number])
        assert found.drop[number] == pytest.approx(expected, abs=1e-5)
    assert found.kept is None and found.pair_inefficiency is None


def test_the_control_depends_on_the_seed_and_not_on_the_explanation(tiny: EmbeddingModel) -> None:
    pair = make_pair()
    one, other = (pairx.explain(tiny, pair, name) for name in ("grad-cam", "layercam"))
    control = pairx.faithfulness(tiny, pair, one).random_drop
    assert pairx.faithfulness(tiny, pair, other).random_drop == control
    assert pairx.faithfulness(tiny, pair, one, seed=1).random_drop != control


def test_what_the_partners_keep(tiny: EmbeddingModel) -> None:
    """A tensor in which the left half belongs to the right half, and nothing else to anything."""
    pair = make_pair()
    tensor = np.zeros((6, 6, 6, 6), np.float32)
    tensor[:, :3, :, 3:] = 1
    explanation = replace(pairx.explain(tiny, pair, "sam"), tensor=tensor)
    masks = [np.zeros(image.shape[:2], bool) for image in (pair.image0, pair.image1)]
    masks[0][:, :32], masks[1][:, 20:] = True, True
    found = pairx.faithfulness(tiny, pair, explanation, masks=tuple(masks))
    half = np.arange(12) < 6
    left, right = np.broadcast_to(half, (12, 12)), np.broadcast_to(~half, (12, 12))
    expected = cosine(tiny, blurred(shown(tiny, 0), right), blurred(shown(tiny, 1), left))
    np.testing.assert_allclose(found.kept, expected, atol=1e-5)
    assert found.iou == found.mean_iou == (1, 1)
    wrong = pairx.faithfulness(tiny, pair, replace(explanation, tensor=-tensor), masks=tuple(masks))
    assert max(wrong.iou) < 0.2
    assert found.random_kept == wrong.random_kept
    alone = pairx.faithfulness(tiny, pair, explanation)
    assert alone.iou is None and alone.kept is not None


def test_shares_are_efficient_on_a_network_of_means() -> None:
    model, pair = model_with(gap()), make_pair()

    def of(name: str, **options: object) -> pairx.Faithfulness:
        return pairx.faithfulness(model, pair, pairx.explain(model, pair, name, **options))

    exact = of("decomposition"), of("fullgrad"), of("ksam", players=2), of("kernel-shap", segments=6)
    assert max(max(one.inefficiency) for one in exact) < 1e-5
    assert max(of("ig-sam").relative_inefficiency) < 1e-2
    assert max(of("integrated-gradients", samples=200).relative_inefficiency) < 1e-2
    np.testing.assert_allclose(of("grad-cam").relative_inefficiency, 1, atol=1e-3)  # cosine's gradients cancel
    assert min(of("sam").inefficiency) > 1e-4  # it divides by the length of the whole photograph's features
    for name, options in (("point-to-point", {}), ("ksam-second-order", {"players": 2}), ("bilrp", {})):
        assert of(name, **options).pair_inefficiency < 1e-5
        assert of(name, **options).inefficiency is None
    assert of("eigen-cam").inefficiency is of("sbsm", samples=9).inefficiency is None


def test_inefficiency_of_search_activation_by_hand() -> None:
    model, pair = model_with(gap()), make_pair()
    found = pairx.faithfulness(model, pair, pairx.explain(model, pair, "sam"))
    photos = [shown(model, number) for number in (0, 1)]
    (x, y), (a, b) = (model.embed(some).astype(float) for some in (photos, [cv2.blur(one, (25, 25)) for one in photos]))
    lengths = [np.linalg.norm(one) for one in (x, y, a, b)]
    expected = abs(x @ b / lengths[0] / lengths[3] - x @ b / lengths[0] / lengths[1])
    assert found.inefficiency[1] == pytest.approx(expected, abs=1e-5)
    expected = abs(a @ b / lengths[2] / lengths[3] - a @ b / lengths[0] / lengths[1])
    assert found.pair_inefficiency == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", ["ksam", "lime"])
def test_a_photograph_as_background_has_to_be_given_again(name: str) -> None:
    model, pair = model_with(nn.Sequential(*gap(), nn.Linear(5, 6), nn.Tanh())), make_pair()
    options = {"ksam": {"players": 2}, "lime": {"samples": 100, "segments": 6}}[name]
    explanation = pairx.explain(model, pair, name, background=smooth_noise(5), **options)
    found = pairx.faithfulness(model, pair, explanation, background=smooth_noise(5))
    assert name == "lime" or max(found.inefficiency) < 1e-5
    with pytest.raises(InputError, match="a photograph as its background"):
        pairx.faithfulness(model, pair, explanation, background=smooth_noise(6))
    with pytest.raises(InputError, match="a photograph as its background"):
        pairx.faithfulness(model, pair, explanation)


def test_what_does_not_belong_together_is_refused(tiny: EmbeddingModel) -> None:
    pair = make_pair()
    explanation = pairx.explain(tiny, pair, "sam")
    with pytest.raises(InputError, match="of another model"):
        pairx.faithfulness(model_with(gap()), pair, explanation)
    full = np.ones(pair.image0.shape[:2], bool)
    with pytest.raises(InputError, match="does not fit"):
        pairx.faithfulness(tiny, pair, explanation, masks=(full, full))
    with pytest.raises(InputError, match="mask marks nothing that the model sees"):
        pairx.faithfulness(tiny, pair, explanation, masks=(full, np.zeros(pair.image1.shape[:2], bool)))


def test_matches_alone_have_no_map_to_judge(tiny: EmbeddingModel) -> None:
    found = pairx.faithfulness(tiny, make_pair(), pairx.explain(tiny, make_pair(), "sift"))
    assert found == pairx.Faithfulness()


def test_nothing_is_changed(tiny: EmbeddingModel) -> None:
    pair = make_pair()
    explanation = pairx.explain(tiny, pair, "sam")
    before = explanation.map0.copy(), pair.image0.copy()
    pairx.faithfulness(tiny, pair, explanation)
    assert np.array_equal(before[0], explanation.map0) and np.array_equal(before[1], pair.image0)
    assert all(torch.isfinite(parameter).all() and parameter.grad is None for parameter in tiny.module.parameters())
