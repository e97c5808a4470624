"""Queries of a data set and files against its photographs, as a table."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pairx
from pairx.datasets import Dataset
from pairx.models import EmbeddingModel
from pairx.ranking import ranking
from pairx.types import InputError
from tests.datasets.test_dataset import write_photo


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIRX_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def herd(tmp_path: Path) -> Dataset:
    """Twenty photographs of four individuals, the last two of nobody known, taken in pairs, of both flanks."""
    paths = [write_photo(tmp_path / f"{i}.png", i) for i in range(20)]
    table = {
        "image_id": [f"p{i}" for i in range(20)],
        "path": list(map(str, paths)),
        "identity": ["A", "A", "B", "A", "C", "A", *"BCDBCDBCDBCD", "", ""],
        "orientation": ["left", "left", "right"] * 6 + ["left", "right"],
        "encounter": [f"e{i // 2}" for i in range(20)],
        "date": ["2024-01-02"] * 20,
    }
    return Dataset("herd", pd.DataFrame(table))


def cosines(herd: Dataset, model: EmbeddingModel) -> np.ndarray:
    vectors = model.embed(herd.table["path"]).astype(float)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units @ units.T


def test_the_list_is_the_brute_force_one(herd: Dataset, tiny: EmbeddingModel) -> None:
    found = pairx.rank(herd, tiny, ["p3", "p8"], top_k=6)
    for row, query in ((3, "p3"), (8, "p8")):
        own, listed = cosines(herd, tiny)[row], found[found["query"] == query]
        best = [i for i in np.argsort(-own, kind="stable") if i != row][:6]
        assert listed["image_id"].tolist() == [f"p{i}" for i in best] and listed["rank"].tolist() == list(range(1, 7))
        assert listed["cosine"].tolist() == pytest.approx(own[best], abs=1e-6)
        names = herd.table["identity"]
        assert listed["correct"].tolist() == [names[i] == names[row] for i in best]
        assert listed["file"].tolist() == [f"{i}.png" for i in best] and set(listed["date"]) == {"2024-01-02"}


def test_conditions_and_encounters_restrict_the_gallery(herd: Dataset, tiny: EmbeddingModel) -> None:
    found = pairx.rank(herd, tiny, "p4", top_k=30, where={"orientation": "left", "identity": ["A", "C"]})
    kept = herd.table[(herd.table["orientation"] == "left") & herd.table["identity"].isin(["A", "C"])]
    assert sorted(found["image_id"]) == sorted(set(kept["image_id"]) - {"p4"})
    everybody = pairx.rank(herd, tiny, "p4", top_k=30)
    others = pairx.rank(herd, tiny, "p4", top_k=30, exclude_encounter=True)
    assert set(everybody["image_id"]) - set(others["image_id"]) == {"p5"} and len(others) == 18


def test_a_file_is_not_compared_with_itself_or_its_copies(herd: Dataset, tiny: EmbeddingModel, tmp_path: Path) -> None:
    copy = tmp_path / "copy.png"
    shutil.copy(herd.table["path"][7], copy)
    for file in (herd.table["path"][7], copy):
        found = pairx.rank(herd, tiny, file, top_k=30)
        assert len(found) == 19 and "p7" not in set(found["image_id"]) and not found["correct"].any()
    row = pairx.rank(herd, tiny, "p7", top_k=30)
    assert found["image_id"].tolist() == row["image_id"].tolist()


def test_individuals_with_their_best_photographs(herd: Dataset, tiny: EmbeddingModel) -> None:
    for top_k in (1, 3, 40):
        found = pairx.rank(herd, tiny, "p3", top_k=top_k, by="individual")
        everything = pairx.rank(herd, tiny, "p3", top_k=30)
        # The two of nobody known are individuals of their own.
        owners = everything["identity"].where(everything["identity"] != "", everything["image_id"])
        names = list(dict.fromkeys(owners))[:top_k]
        expected = [
            (rank, one) for rank, name in enumerate(names, 1) for one in everything["image_id"][owners == name][:3]
        ]
        assert list(zip(found["rank"], found["image_id"], strict=True)) == expected


def test_wrong_input(herd: Dataset, tiny: EmbeddingModel, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photograph")
    for query, options, said in (
        ("Z", {}, "herd has no photograph 'Z', and there is no such file"),
        (str(tmp_path / "text.jpg"), {}, "text.jpg"),
        ([], {}, "There is no query"),
        ("p0", {"top_k": 0}, "top-k is 1 or more"),
        ("p0", {"by": "herd"}, "by photograph or individual, not by 'herd'"),
        ("p0", {"where": {"flank": "left"}}, "no column 'flank'. It has image_id, path, identity, orientation"),
        ("p0", {"where": {"orientation": "up"}}, "orientation 'up'. It has left, right"),
        ("p2", {"where": {"image_id": "p2"}}, "nothing to compare p2 with"),
        ("p2", {"where": {"image_id": "p2", "orientation": "left"}}, "image_id=p2 and orientation=left"),
    ):
        with pytest.raises(InputError) as caught:
            pairx.rank(herd, tiny, query, **options)
        assert said in str(caught.value) and "\n" not in str(caught.value)
    bare = Dataset("bare", herd.table[["image_id", "path", "identity"]])
    with pytest.raises(InputError, match="no column encounter"):
        pairx.rank(bare, tiny, "p0", exclude_encounter=True)
    with pytest.raises(InputError, match="holds one photograph"):
        pairx.rank(Dataset("one", bare.table[:1]), tiny, "p0")


def test_an_individuals_photographs_far_down_the_list_are_found(
    herd: Dataset, tiny: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search deepens until the best photographs of each individual are known."""
    whole = pairx.rank(herd, tiny, "p3", top_k=2, by="individual")
    depths, search = [], ranking.nearest
    monkeypatch.setattr(ranking, "nearest", lambda *args, **options: depths.append(args[4]) or search(*args, **options))
    monkeypatch.setattr(ranking, "BEST", 6)
    found = pairx.rank(herd, tiny, "p3", top_k=2, by="individual")
    assert depths[0] == 12 and depths[-1] >= 12 and len(found) > len(whole)
    sizes = found.groupby("identity").size()
    available = herd.table[herd.table["image_id"] != "p3"].groupby("identity").size()
    assert all(size == min(6, available.get(name, 1)) or name == "" for name, size in sizes.items())
