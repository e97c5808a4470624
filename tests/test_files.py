"""Files appear whole or not at all, and what the system refuses is one line."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pairx import viz
from pairx.evaluation import run as runs
from pairx.evaluation.metrics import columns
from pairx.evaluation.store import Store
from pairx.files import whole
from pairx.types import Explanation, InputError

if os.name == "posix":
    import resource


def test_a_file_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with whole(path) as new:
        new.write_text("new")
        assert path.read_text() == "old" and new.suffix == ".txt" and new.parent == tmp_path
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError("ours"), KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
def test_what_was_there_stays_where_writing_fails(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    said = InputError if isinstance(error, OSError) else type(error)
    with pytest.raises(said) as caught, whole(path) as new:
        new.write_text("half")
        raise error
    assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]
    if said is InputError:
        assert (
            str(caught.value) == f"{path} cannot be written (No space left). Make room there, or choose another place."
        )


def test_a_link_goes_on_to_point_where_it_does(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link.txt").symlink_to(tmp_path / "there" / "a.txt")
    with whole(tmp_path / "link.txt") as new:
        new.write_text("new")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "there" / "a.txt").read_text() == "new"


@contextmanager
def no_room() -> Iterator[None]:
    """No file may grow beyond 2,000 bytes: within the block only, as pytest's own output may be a file."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


needs_limits = pytest.mark.skipif(os.name != "posix", reason="the limit is POSIX's")


def explanation() -> Explanation:
    noise = np.random.default_rng(0).normal(size=(2, 64, 64)).astype(np.float32)
    return Explanation("pair-x", 0.5, noise[0], noise[1], settings={"model": "tiny", "layer": "stage"})


@pytest.mark.slow
@needs_limits
def test_without_room_no_half_file_is_left(tmp_path: Path, pair) -> None:
    for name, write in (
        ("a.npz", explanation().save),
        ("a.png", viz.draw(explanation(), pair).save),
        ("a.svg", viz.draw(explanation(), pair).save),
    ):
        (tmp_path / name).write_text("old")
        with pytest.raises(InputError, match=rf"{name} cannot be written \(.*\)\. Make room there"), no_room():
            write(tmp_path / name)
        assert (tmp_path / name).read_text() == "old" and [one.name for one in tmp_path.iterdir()] == [name]
        (tmp_path / name).unlink()


def test_an_explanation_gets_its_ending(tmp_path: Path) -> None:
    explanation().save(tmp_path / "a")
    explanation().save(str(tmp_path / "b.npz"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.npz", "b.npz"]
    assert Explanation.load(tmp_path / "a.npz").similarity == 0.5


@needs_limits
def test_a_run_without_room_keeps_its_files_and_its_pairs(tmp_path: Path) -> None:
    table = pd.DataFrame({"layer": ["stage"] * 4000, "cosine": np.random.default_rng(0).random(4000)})
    summary, settings = {"layers": {"stage": {}}}, {"dataset": "cows"}
    (tmp_path / "pairs.parquet").write_text("old")
    (tmp_path / "summary.json").write_text("old")
    with pytest.raises(InputError, match=r"cannot be written \(.*\)\. Make room there"), no_room():
        runs._write(tmp_path, table, table[:2], summary, settings)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(
        ("pairs.parquet", "summary.json"), "old"
    )


def test_a_database_without_room_is_told(tmp_path: Path) -> None:
    with Store(tmp_path / "run", {"dataset": "cows"}) as store:
        store.begin(pd.DataFrame(columns=["query_id", "gallery_id", "correct", "cosine"]), {"k": 5})
        pages = store._database.execute("PRAGMA page_count").fetchone()[0]
        store._database.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(InputError, match=r"cannot be kept there \(database or disk is full\)\. Make room there"):
            for number in range(10_000):
                row = dict.fromkeys(("n_matches", "local_matches", "transform_inliers"), 1) | {"status": "ok" * 200}
                store.add(number, ["stage"], [dict.fromkeys(columns(), 0.5) | row])
        assert store.facts == {"k": 5}
