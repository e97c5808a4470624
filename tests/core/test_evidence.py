"""What matches say of a similarity, in words and in order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import pairx
from pairx import viz
from pairx.core.evidence import evidence, for_and_against, nothing_raises
from pairx.models import EmbeddingModel
from pairx.testing import make_pair, smooth_noise
from pairx.types import NOTHING_MATCHES, NOTHING_RAISES, ImagePair, Matches, View


def matches_of(*relevance: float) -> Matches:
    n = len(relevance)
    cells = [np.zeros((n, 2), int)] * 2
    return Matches(*cells, *(one + 0.5 for one in cells), np.array(relevance, float), np.zeros(n))


@pytest.mark.parametrize(
    ("relevance", "said"),
    [
        ((1,), None),
        ((1, -2, 0), None),
        ((), NOTHING_MATCHES),
        ((-1,), f"{NOTHING_RAISES}: its only match lowers it in both photographs."),
        ((-2, -1), f"{NOTHING_RAISES}: all 2 matches lower it in both photographs."),
        ((0,), f"{NOTHING_RAISES}: its only match neither raises nor lowers it in both photographs."),
        ((0, 0, 0), f"{NOTHING_RAISES}: none of 3 matches raises or lowers it in both photographs."),
        ((-1, 0), f"{NOTHING_RAISES}: of 2 matches, 1 lowers it in both photographs, and the other does neither."),
        ((-2, -1, 0), f"{NOTHING_RAISES}: of 3 matches, 2 lower it in both photographs, and the other does neither."),
        (
            (-2, -1, 0, 0),
            f"{NOTHING_RAISES}: of 4 matches, 2 lower it in both photographs, and the other 2 do neither.",
        ),
    ],
)
def test_the_sentence_is_right_for_any_number_of_matches(relevance: tuple, said: str | None) -> None:
    assert nothing_raises(matches_of(*relevance)) == (() if said is None else (said,))


def test_evidence_is_what_raises_or_else_what_lowers() -> None:
    assert [evidence(matches_of(*some)) for some in ((3, 2, -1, 0), (-2, -1, 0), (0, 0), ())] == [2, 2, 0, 0]


@pytest.mark.parametrize("seed", range(4))
def test_order_and_signs_by_definition(seed: int) -> None:
    """With values of both signs, zeros and equal ones; the photographs may be exchanged."""
    first, second = torch.randint(-3, 4, (2, 40), generator=torch.Generator().manual_seed(seed)).double()
    relevance, order = for_and_against(first, second)
    by_hand = [a * b if min(a, b) > 0 else -a * b if max(a, b) < 0 else 0 for a, b in zip(first, second, strict=True)]
    assert relevance.tolist() == by_hand
    found = relevance[order].tolist()
    raising, lowering = (np.array([value for value in found if value * sign > 0]) for sign in (1, -1))
    assert found == [*sorted(raising, reverse=True), *sorted(lowering), *[0] * (40 - len(raising) - len(lowering))]
    exchanged = for_and_against(second, first)
    assert torch.equal(exchanged[0], relevance) and torch.equal(exchanged[1], order)


def thin_pair() -> ImagePair:
    image, line = smooth_noise(0), smooth_noise(1)[:2]
    return ImagePair(image, line, "first", "second", View.whole(64, 48), View.whole(64, 2))


@pytest.mark.parametrize("turned", [False, True])
def test_a_photograph_so_thin_that_no_cell_lies_on_it_matches_nothing(lite0: EmbeddingModel, turned: bool) -> None:
    padded = EmbeddingModel(lite0.card, lite0.module, replace(lite0.preprocessing, resize="pad"))
    pair = thin_pair().swapped() if turned else thin_pair()
    one = pairx.explain(padded, pair, k_colors=2)
    assert len(one.matches) == 0 and one.pixel_maps0.shape[0] == 0 and NOTHING_MATCHES in one.notes
    scene = viz.compose(one, pair)
    assert scene.banner == NOTHING_MATCHES and scene.marks == () and "0 of 0 matches" in scene.legend[1]


def test_legends_count_in_words_that_fit() -> None:
    pair = make_pair()
    about = {"map0": np.zeros((2, 2), np.float32), "map1": np.zeros((2, 2), np.float32)}
    for relevance, said in (
        ((-1.0,), "1 of 1 match, which lowers it (dashed blue)"),
        ((-2.0, -1.0), "2 of 2 matches, all of them lower it (dashed blue)"),
        ((2.0, -1.0), "2 of 2 matches, 1 of them lowers it (dashed blue)"),
        ((3.0, -2.0, -1.0), "3 of 3 matches, 2 of them lower it (dashed blue)"),
    ):
        one = pairx.Explanation("pair-x", 0.1, **about, matches=matches_of(*relevance))
        assert viz.compose(one, pair).legend[1].endswith(said)
