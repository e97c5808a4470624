"""Copies of photographs in a data set, and what a run makes of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import pairx
from pairx.datasets import load_dataset, load_herd
from pairx.evaluation import summary
from pairx.evaluation.duplicates import duplicates
from pairx.models import EmbeddingModel


def test_copies_are_found_by_what_they_show() -> None:
    table = pd.DataFrame({"image_id": list("abcdef"), "identity": ["A", "A", "B", "B", "C", "C"]})
    chosen = pd.DataFrame({"query": [0, 0, 2], "gallery": [1, 2, 4]})
    found = duplicates(table, ["x", "x", "y", "z", "y", "x"], chosen)
    assert found == {"photographs": 3, "contradictory": 2, "pairs": 2, "examples": [["a", "b"], ["c", "e"]]}
    none = duplicates(table, list("uvwxyz"), chosen)
    assert none == {"photographs": 0, "contradictory": 0, "pairs": 0, "examples": []}


def test_a_copied_photograph_stays_in_and_rules_nothing(
    tiny: EmbeddingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its residuals are next to none; they count as the finest that matches can have, and the run tells of it."""
    monkeypatch.setattr(summary, "RESAMPLES", 5)
    herd = load_herd()
    for i, name in enumerate("ABC"):
        (tmp_path / "toys" / name).mkdir(parents=True)
        picture = np.asarray(Image.open(herd.path(herd.table["image_id"][4 * i])).convert("RGB"))[100:400, 100:400]
        for j in range(2):
            Image.fromarray(picture[15 * j : 220, : 240 - 5 * j]).save(tmp_path / "toys" / name / f"{j}.png")
    shutil.copy(tmp_path / "toys" / "A" / "0.png", tmp_path / "toys" / "A" / "0 (1).png")
    dataset = load_dataset(tmp_path / "toys", cache=tmp_path / "cache")
    run = pairx.evaluate(dataset, tiny, out=tmp_path / "run", pairs=20, cache=tmp_path / "cache")
    found = run.summary["duplicates"]
    assert (found["photographs"], found["pairs"], found["contradictory"]) == (1, 1, 0)
    values = run.pairs[[name for name in run.pairs if "inverted_residual" in name]].to_numpy()
    assert not np.isinf(values).any()
    same = run.pairs[run.pairs["query_id"].str[:3] == run.pairs["gallery_id"].str[:3]]
    copy = same[same["cosine"] > 1 - 1e-6].iloc[0]
    finest = 6 / ((np.sqrt(2) + np.arcsinh(1)) * 12 / 6)  # 12 px and 6 x 6 cells
    assert copy["resize_inverted_residual_mean"] == pytest.approx(finest)
    assert run.summary["layers"]["stage"]["resize_inverted_residual_mean"]["correct"] == run.summary["correct"]
