"""Embeddings, search, retrieval and the choice of pairs, against plain loops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pairx.datasets import Dataset
from pairx.evaluation import search
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.models import EmbeddingModel
from pairx.testing import smooth_noise
from pairx.types import InputError, finished
from tests.datasets.test_dataset import write_photo


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Twenty photographs of five individuals; the last two files hold the same bytes."""
    paths = [write_photo(tmp_path / f"{i}.png", min(i, 18)) for i in range(20)]
    table = {"image_id": [f"p{i}" for i in range(20)], "path": list(map(str, paths)), "identity": list("ABCDE" * 4)}
    return Dataset("toys", pd.DataFrame({**table, "split": ["train"] * 12 + ["test"] * 8}))


def some_embeddings(n: int = 60, seed: int = 0) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0.3, 1, (n, 6)).astype(np.float32)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def embedded(dataset: Dataset, model: EmbeddingModel, cache: Path) -> np.ndarray:
    return finished(embed_steps(dataset, model, finished(key_steps(dataset)), cache))


def test_embeddings_are_the_models(dataset: Dataset, tiny: EmbeddingModel, tmp_path: Path) -> None:
    found = embedded(dataset, tiny, tmp_path)
    expected = tiny.embed([smooth_noise(min(i, 18)) for i in range(20)])
    np.testing.assert_allclose(found, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)


def test_known_embeddings_are_not_computed_again(
    dataset: Dataset, tiny: EmbeddingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed = []
    embed = tiny.embed
    monkeypatch.setattr(tiny, "embed", lambda photos: computed.append(len(photos)) or embed(photos))
    first = embedded(dataset, tiny, tmp_path)
    assert sum(computed) == 19  # twenty files, two of them alike
    # Another file with the same content and other names are the same; a changed file and a box are not.
    write_photo(Path(dataset.table["path"][4]), 99)
    table = dataset.table.assign(image_id=[f"q{i}" for i in range(20)], x=np.nan, y=0.0, w=30.0, h=30.0)
    table.loc[7, "x"] = 2.0
    changed = Dataset("toys", table)
    second = embedded(changed, tiny, tmp_path)
    assert sum(computed) == 21
    assert np.flatnonzero((first != second).any(1)).tolist() == [4, 7]


def test_nearest_is_exact() -> None:
    embeddings = some_embeddings()
    encounters = np.array([f"e{i // 4}" if i % 7 else "" for i in range(60)])
    where = search.QuerySplit(np.arange(0, 60, 2), np.arange(10, 60), encounters)
    found = search.nearest(embeddings, where, 5)
    for query, rows in found.groupby("query"):
        others = [g for g in range(10, 60) if g != query and not (encounters[g] and encounters[g] == encounters[query])]
        cosines = {g: float(embeddings[g].astype(float) @ embeddings[query].astype(float)) for g in others}
        best = sorted(others, key=lambda g: (-cosines[g], g))[:5]
        assert rows["gallery"].tolist() == best and rows["rank"].tolist() == list(range(5))
        assert rows["cosine"].tolist() == pytest.approx([cosines[g] for g in best])


def test_a_small_gallery_gives_what_it_has() -> None:
    where = search.QuerySplit(np.arange(3), np.arange(3))
    assert search.nearest(some_embeddings(3), where, 20).groupby("query").size().tolist() == [2, 2, 2]


def test_retrieval_by_hand() -> None:
    """Query 0's gallery by similarity: 1 wrong, 2 right, 3 wrong, 4 right; average precision (1/2 + 2/4) / 2."""
    angles = np.array([0, 0.1, 0.2, 0.3, 0.4])
    embeddings = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    identities = np.array(["A", "B", "A", "C", "A"])
    found = search.retrieval(embeddings, search.QuerySplit(np.array([0]), np.arange(5)), identities)
    assert found == {"queries": 1, "top_1": 0, "top_5": 1, "map": pytest.approx(0.5)}
    # B and C are alone, so only the three A are queries; excluding 0's encounter leaves 4 as its only right one.
    encounters = np.array(["x", "", "x", "", ""])
    found = search.retrieval(embeddings, search.QuerySplit(np.arange(5), np.arange(5), encounters), identities)
    # 0: 1 3 4 -> 1/3; 2: 1 3 4 -> 1/3 (1 and 3 are equally near); 4: 3 2 1 0 -> (1/2 + 2/4) / 2.
    assert found["queries"] == 3 and found["top_1"] == 0
    assert found["map"] == pytest.approx((1 / 3 + 1 / 3 + 1 / 2) / 3)


def test_retrieval_without_any_right_answer() -> None:
    found = search.retrieval(some_embeddings(4), search.QuerySplit(np.arange(4), np.arange(4)), np.array(list("ABCD")))
    assert found["queries"] == 0 and np.isnan(found["top_1"])


def test_pairs_are_chosen_from_the_smallest_k() -> None:
    embeddings, identities = some_embeddings(80, 1), np.array([f"i{i % 8}" for i in range(80)])
    candidates = search.nearest(embeddings, search.QuerySplit(np.arange(80), np.arange(80)), search.LARGEST_K)
    sizes = {}
    for k in range(5, 21):
        pool = {
            frozenset(pair) for pair in candidates[candidates["rank"] < k][["query", "gallery"]].to_numpy().tolist()
        }
        sizes[k] = sum(len({identities[i] for i in pair}) == 1 for pair in pool)
    assert sizes[5] < sizes[8] < sizes[20]
    for wanted in (sizes[5], sizes[5] + 1, sizes[8], sizes[20] + 10):
        chosen, used = search.choose_pairs(candidates, identities, 2 * wanted, 0)
        assert used == next((k for k, size in sizes.items() if size >= wanted), 20)
        assert chosen["correct"].sum() == (~chosen["correct"]).sum() == min(wanted, sizes[20])
        assert chosen["rank"].max() < used
        assert len({frozenset(pair) for pair in chosen[["query", "gallery"]].to_numpy().tolist()}) == len(chosen)
        assert (chosen["correct"] == (identities[chosen["query"]] == identities[chosen["gallery"]])).all()


def test_the_choice_is_seeded() -> None:
    embeddings, identities = some_embeddings(80, 1), np.array([f"i{i % 8}" for i in range(80)])
    candidates = search.nearest(embeddings, search.QuerySplit(np.arange(80), np.arange(80)), search.LARGEST_K)
    first, again, other = (search.choose_pairs(candidates, identities, 40, seed)[0] for seed in (0, 0, 1))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other) and len(first) == len(other) == 40


@pytest.mark.parametrize(("identities", "said"), [("AAAA", "are correct"), ("ABCD", "are incorrect")])
def test_pairs_of_one_kind_are_nothing_to_compare(identities: str, said: str) -> None:
    candidates = search.nearest(some_embeddings(4), search.QuerySplit(np.arange(4), np.arange(4)), search.LARGEST_K)
    with pytest.raises(InputError, match=said):
        search.choose_pairs(candidates, np.array(list(identities)), 10, 0)


def test_splits(dataset: Dataset) -> None:
    where = search.split_queries(dataset, "test", "train")
    assert where.queries.tolist() == list(range(12, 20)) and where.gallery.tolist() == list(range(12))
    assert len(search.split_queries(dataset, None, None).gallery) == 20
    with pytest.raises(InputError, match=r"no split 'val'\. It has test, train"):
        search.split_queries(dataset, "val", None)
    with pytest.raises(InputError, match="no column encounter"):
        search.split_queries(dataset, None, None, exclude_encounter=True)


def test_parts_give_what_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks bound the memory and change nothing, equally similar photographs in different chunks included."""
    embeddings = some_embeddings(90)
    embeddings[50:60] = embeddings[:10]
    identities = np.array([f"i{i % 7}" for i in range(90)])
    encounters = np.array([f"e{i // 4}" if i % 3 else "" for i in range(90)])
    where = search.QuerySplit(np.arange(0, 90, 2), np.arange(5, 90), encounters)
    whole = search.nearest(embeddings, where, 6), search.retrieval(embeddings, where, identities)
    for name, size in (("QUERIES", 4), ("GALLERY", 7), ("TOGETHER", 30)):
        monkeypatch.setattr(search, name, size)
    parts = search.nearest(embeddings, where, 6), search.retrieval(embeddings, where, identities)
    pd.testing.assert_frame_equal(parts[0], whole[0])
    assert parts[1] == whole[1]
    # By brute force, a query at a time.
    precision = []
    for query in where.queries:
        cosines = (embeddings[where.gallery].astype(float) @ embeddings[query].astype(float)).round(10)
        other = (where.gallery != query) & (
            (encounters[where.gallery] != encounters[query]) | (encounters[query] == "")
        )
        right = identities[where.gallery[other]][np.argsort(-cosines[other], kind="stable")] == identities[query]
        places = np.flatnonzero(right)
        if len(places):
            precision.append(np.mean(np.arange(1, len(places) + 1) / (places + 1)))
    assert (whole[1]["queries"], whole[1]["map"]) == (len(precision), pytest.approx(np.mean(precision)))
