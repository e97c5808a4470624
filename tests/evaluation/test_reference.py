"""Where a similarity lies among known pairs."""

from __future__ import annotations

import numpy as np
import pytest

from pairx.evaluation.reference import Reference, similarity_sentence
from pairx.models import EmbeddingModel


def test_quantiles_of_all_pairs_of_two_different_photographs() -> None:
    angles = np.radians([0, 10, 90, 100])
    embeddings = np.column_stack([np.cos(angles), np.sin(angles)]) * [[1], [2], [3], [4]]
    found = Reference.of("four", embeddings, np.array(["a", "a", "b", "b"]))
    assert found.correct[0] == found.correct[-1] == pytest.approx(np.cos(np.radians(10)), abs=1e-4)
    assert found.incorrect[0] == pytest.approx(np.cos(np.radians(100)), abs=1e-4)
    assert found.incorrect[-1] == pytest.approx(np.cos(np.radians(80)), abs=1e-4)


def test_share_below() -> None:
    found = Reference("line", tuple(np.linspace(0, 1, 11)), tuple(np.linspace(-1, 0, 11)))
    assert found.share_below(0.25, correct=True) == pytest.approx(0.25)
    assert found.share_below(0.25, correct=False) == 1
    assert found.share_below(-0.75, correct=False) == pytest.approx(0.25)
    assert found.share_below(-0.75, correct=True) == 0


def test_an_unknown_model_is_said_so(tiny: EmbeddingModel) -> None:
    assert "unknown" in similarity_sentence(tiny, 0.5)
