"""Pairs scored from kept recordings: the numbers of pairs scored one by one, within a memory, in any thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest

from pairx import lrp
from pairx.core import pair_x
from pairx.core.scoring import PairScorer
from pairx.models import EmbeddingModel
from pairx.testing import smooth_noise

LAYERS = ["stage", "second"]
PAIRS = [(0, 1), (0, 2), (1, 2), (3, 0), (2, 3), (1, 0)]


def photograph(number: int) -> np.ndarray:
    return smooth_noise(number, 48 + number, 64)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """How often each photograph was recorded."""
    counts, record = Counter(), pair_x.record
    monkeypatch.setattr(
        pair_x, "record", lambda model, image, *rest: counts.update([len(image) - 48]) or record(model, image, *rest)
    )
    return counts


@pytest.mark.parametrize("workers", [1, 4])
def test_the_numbers_are_those_of_single_pairs(tiny: EmbeddingModel, recorded: Counter, workers: int) -> None:
    scorer = PairScorer(tiny, photograph, LAYERS)
    found = list(lrp.in_threads(lambda pair: scorer.score(*pair), PAIRS * 2, workers))
    assert recorded == dict.fromkeys(range(4), 1)
    for (query, candidate), explanations in zip(PAIRS * 2, found, strict=True):
        (expected,) = pair_x.score_each(tiny, photograph(query), [photograph(candidate)], LAYERS)
        for mine, theirs in zip(explanations, expected, strict=True):
            assert mine.similarity == theirs.similarity and mine.settings == theirs.settings
            np.testing.assert_array_equal(mine.map0, theirs.map0)
            np.testing.assert_array_equal(mine.map1, theirs.map1)
            np.testing.assert_array_equal(mine.matches.keypoints0, theirs.matches.keypoints0)
            np.testing.assert_array_equal(mine.matches.relevance, theirs.matches.relevance)


def test_recordings_stay_within_memory(tiny: EmbeddingModel, recorded: Counter) -> None:
    scorer = PairScorer(tiny, photograph, LAYERS)
    scorer.score(0, 1)
    one = next(iter(scorer._recordings._kept.values())).memory
    assert one > 0
    for memory, again in ((0, 2), (2 * one, 1)):
        recorded.clear()
        scorer = PairScorer(tiny, photograph, LAYERS, memory=memory)
        for pair in ((0, 1), (2, 1), (2, 1)):  # 0 is the oldest that is not needed
            scorer.score(*pair)
        assert recorded[0] == 1 and recorded[1] == (3 if memory == 0 else 1) and recorded[2] == again
        assert sum(kept.memory for kept in scorer._recordings._kept.values()) <= memory


def test_any_engine_can_score(tiny: EmbeddingModel) -> None:
    found = {}
    for engine in ("exact", "zennit"):
        scorer = PairScorer(tiny, photograph, LAYERS, pair_x.Options(engine=engine))
        found[engine] = [scorer.score(0, 1)[0].map0, scorer.score(0, 2)[1].map1]
        assert len(scorer._recordings._kept) == (
            3 if engine == "exact" else 0
        )  # nobody knows what zennit's recordings hold
    for mine, reference in zip(*found.values(), strict=True):
        np.testing.assert_allclose(mine, reference, atol=1e-6)
