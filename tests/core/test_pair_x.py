"""PAIR-X end to end: against a float64 rewrite of the paper's equations, and its invariants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import pairx
from pairx.core import pair_x
from pairx.core.evidence import for_and_against
from pairx.core.pair_x import Options, aggregate, score_steps
from pairx.models import EmbeddingModel
from pairx.testing import make_pair, smooth_noise
from pairx.types import Explanation, ImagePair, InputError, Matches
from tests.lrp.by_hand import FAST, Rewrite


def rewritten(
    model: EmbeddingModel, pair: ImagePair
) -> tuple[float, list[np.ndarray], list[tuple], list[list[np.ndarray]]]:
    """Similarity, cell relevances, matches (cell0, cell1, relevance) and pixel maps, from the equations."""
    inputs = [model.preprocessing(image).double().numpy() for image in (pair.image0, pair.image1)]
    images = [Rewrite(model.module, x) for x in inputs]
    e, f = images[0].output, images[1].output
    norms = np.linalg.norm(e) * np.linalg.norm(f)
    relevances = [image.at_stage(e * f / norms) for image in images]
    cells = [relevance.sum(0) for relevance in relevances]
    features = [image.stage.reshape(4, 6, 6) for image in images]
    places = [(i, j) for i in range(6) for j in range(6)]
    distances = np.array([[np.linalg.norm(features[0][:, *a] - features[1][:, *b]) for b in places] for a in places])
    found = []
    for index, a in enumerate(places):
        other = distances[index].argmin()
        if distances[:, other].argmin() == index:
            b = places[other]
            found.append((a, b, cells[0][a] * cells[1][b]))
    found.sort(key=lambda match: -match[2])
    maps: list[list[np.ndarray]] = [[], []]
    for match in found:
        for side in (0, 1):
            masked = np.zeros_like(features[side])
            masked[:, *match[side]] = features[side][:, *match[side]]
            maps[side].append(images[side].at_pixels(masked).sum(0))
    return float(e @ f / norms), cells, found, maps


@pytest.mark.parametrize("engine", ["exact", "zennit", "fast"])
def test_everything_equals_the_equations(tiny: EmbeddingModel, pair: ImagePair, engine: str) -> None:
    explanation = pairx.explain(tiny, pair, k_colors=3, engine=engine)
    similarity, cells, found, maps = rewritten(tiny, pair)
    relative, absolute = (0, FAST) if engine == "fast" else (1e-3, 1e-5)
    assert explanation.similarity == pytest.approx(similarity, rel=1e-5)
    for ours, theirs in zip((explanation.map0, explanation.map1), cells, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=relative, atol=absolute * np.abs(theirs).max())
    expected = {(a, b): index for index, (a, b, _) in enumerate(found)}
    matches = explanation.matches
    places = [(tuple(a), tuple(b)) for a, b in zip(matches.cells0.tolist(), matches.cells1.tolist(), strict=True)]
    assert set(places) == set(expected)
    order = [expected[place] for place in places]
    relevance = np.array([relevance for _, _, relevance in found])
    atol = FAST * np.abs(relevance).max() if engine == "fast" else 1e-9
    np.testing.assert_allclose(matches.relevance, relevance[order], rtol=relative, atol=atol)
    assert (np.diff(matches.relevance) <= 0).all()
    for ours, theirs in zip((explanation.pixel_maps0, explanation.pixel_maps1), maps, strict=True):
        best = np.stack(theirs)[order[:3]]
        np.testing.assert_allclose(ours, best, rtol=relative, atol=absolute * np.abs(best).max())


def test_keypoints_are_the_centres_of_cells(tiny: EmbeddingModel, pair: ImagePair) -> None:
    matches = pairx.explain(tiny, pair, k_colors=0).matches
    rows, columns = matches.cells0.T
    np.testing.assert_allclose(matches.keypoints0, np.column_stack([(columns + 0.5) * 64 / 6, (rows + 0.5) * 48 / 6]))
    rows, columns = matches.cells1.T
    np.testing.assert_allclose(matches.keypoints1, np.column_stack([(columns + 0.5) * 40 / 6, (rows + 0.5) * 60 / 6]))


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_exchanging_the_images_exchanges_the_maps(lite0: EmbeddingModel, pair: ImagePair, engine: str) -> None:
    one, other = (pairx.explain(lite0, p, k_colors=1, engine=engine) for p in (pair, pair.swapped()))
    assert one.similarity == pytest.approx(other.similarity, abs=1e-6)
    for ours, theirs in ((one.map0, other.map1), (one.map1, other.map0), (one.pixel_maps0, other.pixel_maps1)):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-4 * np.abs(theirs).max())
    assert set(map(tuple, np.hstack([one.matches.cells0, one.matches.cells1]).tolist())) == set(
        map(tuple, np.hstack([other.matches.cells1, other.matches.cells0]).tolist())
    )


def test_two_identical_images_match_cell_by_cell(lite0: EmbeddingModel) -> None:
    pair = make_pair(4, 5)
    same = ImagePair(pair.image0, pair.image0, "a", "b", pair.view0, pair.view0)
    explanation = pairx.explain(lite0, same, k_colors=0)
    assert explanation.similarity == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(explanation.matches.cells0, explanation.matches.cells1)
    np.testing.assert_allclose(explanation.matches.distance, 0, atol=1e-6)
    assert len(explanation.matches) == 36


def test_the_same_twice_is_the_same(lite0: EmbeddingModel, pair: ImagePair) -> None:
    one, other = (pairx.explain(lite0, pair, k_colors=1) for _ in range(2))
    assert np.array_equal(one.pixel_maps0, other.pixel_maps0)
    assert np.array_equal(one.matches.relevance, other.matches.relevance)


def test_cells_aggregate_as_named() -> None:
    relevance = torch.randn(5, 3, 4)
    assert torch.equal(aggregate(relevance, "signed"), relevance.sum(0))
    assert torch.equal(aggregate(relevance, "abs_of_sum"), relevance.sum(0).abs())
    assert torch.equal(aggregate(relevance, "sum_of_abs"), relevance.abs().sum(0))


def test_a_match_is_for_where_both_cells_are_against_where_both_are_and_neither_where_they_disagree() -> None:
    first = torch.tensor([3.0, -2.0, 2.0, -5.0, -1.0, 0.0, 1.0])
    second = torch.tensor([2.0, -1.0, 4.0, -4.0, 3.0, 7.0, -1.0])
    relevance, order = for_and_against(first, second)
    assert relevance.tolist() == [6, -2, 8, -20, 0, 0, 0]
    assert order.tolist() == [2, 0, 3, 1, 5, 6, 4]
    assert for_and_against(second, first)[1].tolist() == order.tolist()


def test_evidence_against_is_no_evidence_for(
    tiny: EmbeddingModel, pair: ImagePair, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative of a similarity has the same evidence, with the other sign."""
    raised, start = pairx.explain(tiny, pair, k_colors=3), pair_x.lrp.seed
    monkeypatch.setattr(pair_x.lrp, "seed", lambda *given: -start(*given))
    lowered = pairx.explain(tiny, pair, k_colors=3)
    count = raised.matches.raising
    assert count > 5 and raised.matches.lowering == 0 and raised.notes == ()
    assert lowered.matches.raising == 0 and lowered.matches.lowering == count
    np.testing.assert_allclose(lowered.matches.relevance[:count], -raised.matches.relevance[:count], rtol=1e-5)
    np.testing.assert_array_equal(lowered.matches.cells0[:count], raised.matches.cells0[:count])
    np.testing.assert_allclose(lowered.pixel_maps0, raised.pixel_maps0, rtol=1e-5, atol=1e-9)
    (note,) = lowered.notes
    assert note.startswith("Nothing raises this similarity") and f"{count} lower it in both photographs" in note


@pytest.mark.parametrize("engine", ["exact", "zennit"])
def test_maps_from_relevance_add_up_to_the_relevance_of_all_that_is_painted(tiny: EmbeddingModel, engine: str) -> None:
    pair = make_pair(6, 7)
    explanation = pairx.explain(tiny, pair, k_colors=36, start="relevance", engine=engine)
    image, other = (Rewrite(tiny.module, tiny.preprocessing(x).double().numpy()) for x in (pair.image0, pair.image1))
    seed = image.output * other.output / (np.linalg.norm(image.output) * np.linalg.norm(other.output))
    assert len(explanation.pixel_maps0) == explanation.matches.raising > 5
    matched = np.zeros((6, 6), bool)
    matched[tuple(explanation.matches.cells0[: explanation.matches.raising].T)] = True
    relevance = image.at_stage(seed) * matched
    np.testing.assert_allclose(explanation.pixel_maps0.sum(0), image.at_pixels(relevance).sum(0), rtol=1e-3, atol=1e-6)


def test_several_layers_give_what_each_gives_alone(lite0: EmbeddingModel, pair: ImagePair) -> None:
    together = drained(pairx.explain_steps(lite0, pair, layers=["blocks.2", "blocks.4"], k_colors=1))
    for explanation, layer in zip(together, ("blocks.2", "blocks.4"), strict=True):
        alone = pairx.explain(lite0, pair, layer=layer, k_colors=1)
        assert explanation.settings == alone.settings
        np.testing.assert_allclose(explanation.map0, alone.map0, rtol=1e-3, atol=1e-5 * np.abs(alone.map0).max())
        np.testing.assert_array_equal(explanation.matches.cells0, alone.matches.cells0)


@pytest.mark.parametrize("engine", ["exact", "fast", "zennit"])
def test_scores_are_what_explaining_each_candidate_gives(lite0: EmbeddingModel, pair: ImagePair, engine: str) -> None:
    candidates = [make_pair(seed, seed + 1).image1 for seed in (1, 2, 3)]
    scores = drained(score_steps(lite0, pair.image0, candidates, "blocks.3", Options(engine=engine)))
    assert len(scores) == 3
    for candidate, score in zip(candidates, scores, strict=True):
        alone = pairx.explain(lite0, replace(pair, image1=candidate), layer="blocks.3", k_colors=0, engine=engine)
        assert score.similarity == pytest.approx(alone.similarity, abs=1e-6)
        assert score.settings == alone.settings
        assert len(score.pixel_maps0) == len(score.pixel_maps1) == 0
        ours, theirs = by_cells(score.matches), by_cells(alone.matches)
        assert ours.keys() == theirs.keys()
        np.testing.assert_allclose([ours[cells] for cells in theirs], list(theirs.values()), rtol=1e-4, atol=1e-9)
        np.testing.assert_allclose(score.map0, alone.map0, rtol=1e-4, atol=1e-5 * np.abs(alone.map0).max())
        np.testing.assert_allclose(score.map1, alone.map1, rtol=1e-4, atol=1e-5 * np.abs(alone.map1).max())
    assert len({score.similarity for score in scores}) == 3


def by_cells(matches: Matches) -> dict[tuple, tuple]:
    """Keypoints and relevance of each match by its two cells, as equally relevant ones may change places."""
    cells = np.hstack([matches.cells0, matches.cells1]).tolist()
    values = np.column_stack([matches.keypoints0, matches.keypoints1, matches.relevance]).tolist()
    return {tuple(key): tuple(value) for key, value in zip(cells, values, strict=True)}


def test_scores_are_symmetrical(lite0: EmbeddingModel, pair: ImagePair) -> None:
    (one,) = drained(score_steps(lite0, pair.image0, [pair.image1], "blocks.3"))
    (other,) = drained(score_steps(lite0, pair.image1, [pair.image0], "blocks.3"))
    assert one.similarity == pytest.approx(other.similarity, abs=1e-6)
    np.testing.assert_allclose(one.map0, other.map1, rtol=1e-3, atol=1e-4 * np.abs(one.map0).max())
    assert by_cells(one.matches).keys() == {(*key[2:], *key[:2]) for key in by_cells(other.matches)}


def test_the_query_is_recorded_once(tiny: EmbeddingModel, pair: ImagePair, monkeypatch: pytest.MonkeyPatch) -> None:
    recorded, record = [], pair_x.record

    def counted(model: EmbeddingModel, image: np.ndarray, *args: object) -> object:
        recorded.append(image)
        return record(model, image, *args)

    monkeypatch.setattr(pair_x, "record", counted)
    candidates = [smooth_noise(seed) for seed in range(5)]
    assert len(drained(score_steps(tiny, pair.image0, candidates, "stage"))) == 5
    assert sum(image is pair.image0 for image in recorded) == 1
    assert len(recorded) == 6
    assert drained(score_steps(tiny, pair.image0, [], "stage")) == []


def drained(steps) -> list[Explanation]:
    """The generator's result; its steps count up to the total."""
    done = []
    while True:
        try:
            step = next(steps)
        except StopIteration as stop:
            assert done == sorted(done)
            assert done[-1] == step.total
            return stop.value
        done.append(step.done)


def test_steps_can_be_left(lite0: EmbeddingModel, pair: ImagePair) -> None:
    steps = pairx.explain_steps(lite0, pair, k_colors=10)
    assert [next(steps).done for _ in range(4)] == [0, 1, 2, 3]
    steps.close()
    assert list(steps) == []


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"cells": "mean"}, "signed"),
        ({"start": "pixels"}, "activation"),
        ({"residual": "half"}, "norm"),
        ({"batchnorm": "drop"}, "merge"),
        ({"composite": "flat"}, "conserving"),
        ({"engine": "warp"}, "zennit"),
        ({"k_colors": -1}, "k_colors"),
        ({"k_colors": 41}, "40"),
        ({"k_lines": -1}, "k_lines"),
        ({"colours": 3}, "colours"),
        ({"method": "magic"}, "methods"),
        ({"layer": "blocks.9"}, "blocks."),
    ],
)
def test_wrong_options_are_named(lite0: EmbeddingModel, pair: ImagePair, options: dict, word: str) -> None:
    with pytest.raises(InputError, match=word):
        pairx.explain(lite0, pair, **options)


def test_a_saved_explanation_comes_back(lite0: EmbeddingModel, pair: ImagePair, tmp_path) -> None:
    explanation = pairx.explain(lite0, pair, k_colors=1)
    explanation.save(tmp_path / "x.npz")
    back = Explanation.load(tmp_path / "x.npz")
    assert (back.similarity, back.settings, back.method) == (explanation.similarity, explanation.settings, "pair-x")
    for name in ("map0", "map1", "pixel_maps0", "pixel_maps1"):
        assert np.array_equal(getattr(back, name), getattr(explanation, name))
    for name in ("cells0", "cells1", "keypoints0", "keypoints1", "relevance", "distance"):
        assert np.array_equal(getattr(back.matches, name), getattr(explanation.matches, name))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"text", None])
def test_what_is_no_explanation_is_said_so(tmp_path, content: bytes | None) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, other=np.ones(3)) if content is None else path.write_bytes(content)
    with pytest.raises(InputError, match=r"x\.npz"):
        Explanation.load(path)
