"""Exact search in memory, in a file and on Ray, against a plain loop in whole numbers; equal cosines included."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pairx.evaluation import embeddings as embedding_store
from pairx.evaluation.search import EXACT
from pairx.ranking import nearest as room
from pairx.ranking.nearest import Searched, nearest

ROOT = Path(__file__).resolve().parents[2]
K = 12


def made_up(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """Ninety embeddings of which a third occur twice and one ten times, three queries, a gallery, what is left out."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0.3, 1, (90, 6)).astype(np.float32)
    values[60:] = values[:30]
    values[40:50] = values[3]
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    gallery = np.array([row for row in range(90) if row % 7])
    return values, values[[3, 20, 81]], gallery, [np.array([3, 40]), np.array([20]), np.array([], int)]


def by_hand(values: np.ndarray, queries: np.ndarray, gallery: np.ndarray, left_out: list[np.ndarray]) -> list:
    found = []
    for query, out in zip(queries, left_out, strict=True):
        wholes = {row: round(float(query.astype(float) @ values[row].astype(float)) * EXACT) for row in gallery}
        best = sorted((row for row in gallery if row not in out), key=lambda row: (-wholes[row], row))[:K]
        found.append([(int(row), wholes[row]) for row in best])
    return found


def listed(found: Searched) -> list:
    return [list(zip(one.rows.tolist(), one.wholes.tolist(), strict=True)) for one in found]


@pytest.mark.parametrize("block", [1, 7, 30, 4096])
def test_in_memory_and_in_a_file(block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "BLOCK", block)
    values, queries, gallery, left_out = made_up()
    expected = by_hand(values, queries, gallery, left_out)
    assert len({whole for _, whole in expected[0]}) < K - 4  # equal ones are among them
    assert listed(nearest(values, queries, gallery, left_out, K)) == expected
    np.save(tmp_path / "values.npy", values)
    mapped = np.load(tmp_path / "values.npy", mmap_mode="r")
    assert listed(nearest(mapped, queries, gallery, left_out, K)) == expected


def test_parts_may_come_back_in_any_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "BLOCK", 8)
    values, queries, gallery, left_out = made_up(1)
    backwards = lambda search, parts: iter([search(part) for part in parts][::-1])  # noqa: E731
    found = nearest(values, queries, gallery, left_out, K, backwards)
    assert listed(found) == by_hand(values, queries, gallery, left_out)


def test_a_small_gallery_gives_what_it_has() -> None:
    values, queries, _, _ = made_up()
    (found,) = nearest(values, queries[:1], np.array([3, 5]), [np.array([3])], K)
    assert found.rows.tolist() == [5] and -1 <= found.cosines[0] <= 1
    (nothing,) = nearest(values, queries[:1], np.array([3]), [np.array([3])], K)
    assert not len(nothing.rows)


def test_embeddings_beyond_the_memory_lie_in_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not isinstance(embedding_store._room(4, 3), np.memmap)
    monkeypatch.setattr(embedding_store, "IN_MEMORY", 40)
    found = embedding_store._room(4, 3)
    found[:] = 1
    assert isinstance(found, np.memmap) and found.shape == (4, 3) and found.sum() == 12


DRIVER = """
import numpy as np
from pairx.evaluation.cluster import Cluster
from pairx.ranking import nearest as room
from tests.ranking.test_nearest import K, by_hand, listed, made_up

room.BLOCK = 8
case = made_up(2)
with Cluster("local") as cluster:
    assert listed(room.nearest(*case, K, cluster.each)) == by_hand(*case)
print("the same")
"""


@pytest.mark.slow
def test_on_ray() -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    done = subprocess.run([sys.executable, "-c", DRIVER], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and "the same" in done.stdout, done.stderr
