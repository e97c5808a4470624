"""Where a similarity lies among known pairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pairx.evaluation.reading import OpenRun
from pairx.evaluation.reference import HERD, UNCALIBRATED, Reference, reference, similarity_sentence
from pairx.models import EmbeddingModel, load_model


def test_quantiles_of_all_pairs_of_two_different_photographs_of_one_species() -> None:
    angles = np.radians([0, 10, 90, 100, 101])
    embeddings = np.column_stack([np.cos(angles), np.sin(angles)]) * [[1], [2], [3], [4], [5]]
    names, kinds = np.array(["a", "a", "b", "b", "c"]), np.array(["x", "x", "x", "x", "y"])
    found = Reference.of_photographs("four", embeddings, names, kinds)
    assert found.correct[0] == found.correct[-1] == pytest.approx(np.cos(np.radians(10)), abs=1e-4)
    assert found.incorrect[0] == pytest.approx(np.cos(np.radians(100)), abs=1e-4)
    assert found.incorrect[-1] == pytest.approx(np.cos(np.radians(80)), abs=1e-4)
    assert found.pairs == (2, 4), "no pair with the only one of another species"


def test_share_below() -> None:
    found = Reference("line", tuple(np.linspace(0, 1, 11)), tuple(np.linspace(-1, 0, 11)))
    assert found.share_below(0.25, correct=True) == pytest.approx(0.25)
    assert found.share_below(0.25, correct=False) == 1
    assert found.share_below(-0.75, correct=False) == pytest.approx(0.25)
    assert found.share_below(-0.75, correct=True) == 0


def test_nothing_is_claimed_for_a_model_without_known_pairs(tiny: EmbeddingModel) -> None:
    assert similarity_sentence(tiny, 0.5) == ""


def test_the_herd_is_named_and_is_not_for_other_photographs() -> None:
    model = load_model("reid-lite0")
    found, said = reference(model), similarity_sentence(model, 0.5)
    assert found and found.pairs[1] > found.pairs[0] > 100
    assert HERD in said and "one species" in said and said.endswith(UNCALIBRATED)


def run_of(cosine: np.ndarray, correct: np.ndarray, species: list[str] | None = None) -> OpenRun:
    """Pairs of the photographs 0 and 1, 2 and 3, …; species: of every photograph."""
    first = np.arange(len(cosine)) * 2
    pairs = {"query_id": first.astype(str), "gallery_id": (first + 1).astype(str)}
    table = pd.DataFrame({**pairs, "correct": correct, "cosine": cosine, "layer": "stage", "number": range(len(first))})
    ids = np.arange(2 * len(cosine)).astype(str)
    photographs = pd.DataFrame({"image_id": ids, "path": ids, "identity": "one"}, index=ids)
    if species is not None:
        photographs["species"] = species
    return OpenRun(Path("mine"), {}, {"layers": {}}, table, photographs)


def test_a_run_tells_of_its_own_pairs_of_one_species() -> None:
    cosine, correct = np.linspace(0, 1, 40), np.arange(40) % 2 == 0
    kinds = ["zebra"] * 80
    kinds[79] = "giraffe"  # of the most similar incorrect pair
    found = Reference.of_run(run_of(cosine, correct, kinds), "mine")
    assert found.pairs == (20, 19) and found.incorrect[-1] == pytest.approx(cosine[37], abs=1e-4)
    assert (
        found.sentence(2.0) == "Higher than all of the 19 incorrect pairs and than all of the 20 correct pairs of mine."
    )
    assert "50 % of the 20 correct pairs" in found.sentence(float(np.median(cosine[correct])))
    kinds[79] = ""
    unknown = Reference.of_run(run_of(cosine, correct, kinds), "mine")
    assert unknown.pairs == Reference.of_run(run_of(cosine, correct), "mine").pairs == (20, 20)


def test_a_run_of_few_pairs_tells_nothing() -> None:
    run = run_of(np.linspace(0, 1, 30), np.arange(30) < 9)
    assert Reference.of_run(run, "mine") is None
    assert Reference.of_run(replace(run, table=run.table.assign(correct=np.arange(30) < 10)), "mine") is not None
