"""Runs read back: what is checked, what is told of a pair, ready-made views, several runs side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pairx import load_model
from pairx.assets import ASSETS
from pairx.core import pair_x
from pairx.datasets import load_dataset, load_herd
from pairx.evaluation import run as runs
from pairx.evaluation.embeddings import key_steps
from pairx.evaluation.reading import OpenRun, open_run, pair_values, run_state
from pairx.evaluation.store import COUNTS, Store, scores
from pairx.evaluation.views import VIEWS, filtered, view_rows
from pairx.types import InputError, both_sides, finished
from tests.evaluation.made_up import write_run

SAMPLE_RUN = ASSETS / "run"
SUMMARY = {"layers": {"early": {}}, "pairs": 0, "correct": 0, "incorrect": 0, "retrieval": {}, "status": {}}


@pytest.fixture
def opened(tmp_path: Path) -> OpenRun:
    write_run(tmp_path / "cows")
    return open_run(tmp_path / "cows")


def test_the_run_that_ships_is_of_the_present_model_herd_and_maths() -> None:
    """Where this fails: `python -m tools.make_run`."""
    found = open_run(SAMPLE_RUN)
    herd, model = load_dataset("sample"), load_model("reid-lite0")
    assert (found.settings["model_key"], both_sides(found.settings["size"])) == (model.key, list(model.size))
    assert found.settings["content"] == runs.fingerprint(herd, finished(key_steps(herd)))
    assert found.settings["pair_x"]["version"] == pair_x.VERSION and found.settings["version"] == runs.VERSION
    assert model.default_layer in found.layers and set(found.summary["layers"]) == set(found.layers)
    once = found.at(found.layers[0])
    assert len(once) == found.summary["pairs"] > 200 and once["correct"].sum() == found.summary["correct"]
    assert all(found.photograph(id)[0].is_file() for id in once["query_id"])


def test_a_pair_has_one_number_at_every_layer_and_knows_its_photographs(opened: OpenRun) -> None:
    early, stage = opened.at("early"), opened.at("stage")
    assert early.index.tolist() == stage.index.tolist() == list(range(40))
    assert early.loc[7, ["query_id", "gallery_id"]].tolist() == stage.loc[7, ["query_id", "gallery_id"]].tolist()
    assert stage.loc[30, ["query_identity", "gallery_identity"]].tolist() == ["Animal 30", "Other 30"]
    assert set(stage["species"]) == {"cow"} and stage.loc[[0, 1], "orientation"].tolist() == ["left", "left / right"]
    assert {"status", "n_matches", "orientation"} <= set(opened.columns) and "encounter" not in opened.columns
    path, box, theta = opened.photograph("q3")
    assert path.is_file() and box is None and theta == 0
    with pytest.raises(InputError, match="no layer 'late'"):
        opened.at("late")


def test_what_two_photographs_have_in_common() -> None:
    few = np.array(["left", "left", "", "right"]), np.array(["left", "right", "left", "left"])
    assert pair_values(*few).tolist() == ["left", "left / right", "left / unknown", "left / right"]
    many = np.array([f"day {i}" for i in range(20)] + [""]), np.array(["day 0"] * 21)
    assert pair_values(*many).tolist() == ["the same", *["different"] * 19, "unknown"]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "summary.json").unlink(), "no summary.json"),
        (lambda folder: (folder / "pairs.parquet").write_bytes(b"no table"), "cannot be read"),
        (lambda folder: (folder / "settings.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "photographs.parquet").write_bytes(b""), "photographs.parquet cannot be read"),
        (lambda folder: change_photographs(folder, lambda table: table.drop(columns="identity")), "column identity"),
        (lambda folder: change_photographs(folder, lambda table: table.drop(columns="image_id")), "column image_id"),
        (lambda folder: change_photographs(folder, lambda table: pd.concat([table, table[4:6]])), "has q2 twice"),
        (lambda folder: (folder / "settings.json").write_text("[]"), "has no dataset, model"),
        (lambda folder: (folder / "summary.json").write_text("{}"), "has no pairs, correct"),
        (lambda folder: (folder / "summary.json").write_text(json.dumps(SUMMARY)), "not about its pairs"),
        (lambda folder: drop_column(folder, "match_coverage"), "no column match_coverage"),
    ],
)
def test_a_run_that_is_not_whole_says_what_is_missing(tmp_path: Path, harm, said: str) -> None:
    folder = tmp_path / "cows"
    write_run(folder)
    harm(folder)
    with pytest.raises(InputError, match=said) as caught:
        open_run(folder)
    assert "\n" not in str(caught.value) and str(tmp_path) not in str(caught.value)


def change_photographs(folder: Path, change) -> None:
    change(pd.read_parquet(folder / "photographs.parquet")).to_parquet(folder / "photographs.parquet")


@pytest.mark.parametrize("name", ["pairs.parquet", "photographs.parquet", "summary.json", "settings.json"])
def test_a_finished_run_with_a_damaged_file_can_be_continued(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "cows"
    write_run(folder)
    whole = (folder / name).read_bytes()
    (folder / name).write_bytes(whole[: len(whole) // 2])
    assert run_state(folder).problem == f"its {name} cannot be read", "nothing to continue from"
    database = folder / "run.sqlite"
    database.write_bytes(b"no database" * 99)
    assert run_state(folder).problem == f"its {name} cannot be read"
    database.unlink()
    half_done(tmp_path / "half", dataset="cows")
    (tmp_path / "half" / "run.sqlite").rename(database)
    state = run_state(folder)
    assert (state.finished, state.problem, state.total, state.settings) == (False, "", 2, {"dataset": "cows"})
    with pytest.raises(InputError, match=f"its {name} cannot be read. Continue it, or evaluate with the same settings"):
        open_run(folder)
    (folder / name).write_bytes(whole)
    assert run_state(folder).finished and open_run(folder).name == "cows"


def drop_column(folder: Path, name: str) -> None:
    pd.read_parquet(folder / "pairs.parquet").drop(columns=name).to_parquet(folder / "pairs.parquet")


def test_a_run_with_the_former_name_of_a_column_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "cows"
    write_run(folder)
    now = open_run(folder).table["transform_inliers"].tolist()
    table = pd.read_parquet(folder / "pairs.parquet")
    table.rename(columns={"transform_inliers": "homography_inliers"}).to_parquet(folder / "pairs.parquet")
    assert run_state(folder).finished
    found = open_run(folder)
    assert found.table["transform_inliers"].tolist() == now and "homography_inliers" not in found.table
    assert found.columns["transform_inliers"].tolist() == now
    table.assign(homography_inliers="many").to_parquet(folder / "pairs.parquet")
    with pytest.raises(InputError, match="in homography_inliers, where a run has numbers"):
        open_run(folder)


def test_an_unfinished_run_with_the_former_name_of_a_column_is_continued(tmp_path: Path) -> None:
    half_done(tmp_path / "half", dataset="cows")
    row = dict.fromkeys(scores(), 0.5) | dict.fromkeys(COUNTS, 7) | {"status": "ok"}
    with Store(tmp_path / "half", {"dataset": "cows"}) as store:
        store.add(0, ["stage"], [row])
        store._database.execute("ALTER TABLE scores RENAME COLUMN transform_inliers TO homography_inliers")
    assert run_state(tmp_path / "half").done == 1
    with Store(tmp_path / "half", {"dataset": "cows"}) as store:
        store.add(1, ["stage"], [row | {"transform_inliers": 9}])
        assert store.table()["transform_inliers"].tolist() == [7, 9] and len(store.missing()) == 0


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        open_run(tmp_path / "nowhere")
    assert run_state(tmp_path) is None


def test_photographs_that_moved_are_named(opened: OpenRun, tmp_path: Path) -> None:
    (tmp_path / "cows" / "photo0.png").rename(tmp_path / "elsewhere.png")
    with pytest.raises(InputError, match="q0 is no longer where"):
        opened.photograph("q0")
    with pytest.raises(InputError, match="does not say where"):
        opened.photograph("nobody")


def test_a_folder_of_the_samples_name_has_its_own_photographs(tmp_path: Path) -> None:
    photographs = write_run(tmp_path / "cows", dataset="sample")
    found = open_run(tmp_path / "cows")
    assert found.at("stage").loc[3, "query_identity"] == "Animal 3"
    assert str(found.photograph("q3")[0]) == photographs.set_index("image_id")["path"]["q3"]


def test_photographs_of_the_sample_are_found_wherever_it_was_evaluated(tmp_path: Path) -> None:
    write_run(tmp_path / "cows", dataset="sample")
    herd = load_herd().table
    herd.assign(path="/elsewhere/" + herd["image_id"]).to_parquet(tmp_path / "cows" / "photographs.parquet")
    assert str(open_run(tmp_path / "cows").photograph(herd["image_id"][5])[0]) == herd["path"][5]


def half_done(folder: Path, **settings: Any) -> None:
    """A run of two pairs that has not come to the first."""
    rows = {"query_id": ["a", "b"], "gallery_id": ["b", "c"], "correct": [True, False], "cosine": [1, 0.5]}
    with Store(folder, settings) as store:
        store.begin(pd.DataFrame(rows), {"k": 5})


def test_how_far_a_run_is(tmp_path: Path) -> None:
    write_run(tmp_path / "cows")
    state = run_state(tmp_path / "cows")
    assert (state.finished, state.done, state.total) == (True, 40, 40)
    with Store(tmp_path / "new", {"dataset": "cows"}):
        assert run_state(tmp_path / "new").total == 0
    half_done(tmp_path / "half", dataset="cows")
    state = run_state(tmp_path / "half")
    assert (state.finished, state.done, state.total, state.settings) == (False, 0, 2, {"dataset": "cows"})
    (tmp_path / "half" / "run.sqlite").write_bytes(b"no database at all, but long enough to be looked at" * 9)
    assert run_state(tmp_path / "half").problem == "its run.sqlite cannot be read"


def test_views_hold_what_their_words_say(opened: OpenRun) -> None:
    rows = opened.at("stage").copy()
    # Correct pairs have metric and cosine 0 to 19 / 20, incorrect ones are set beside them.
    rows["match_coverage"] = np.concatenate([np.arange(20), np.arange(20)]) / 20
    rows["cosine"] = np.concatenate([np.arange(20), np.arange(20)[::-1]]) / 20
    upper, lower = np.quantile(np.arange(20) / 20, [0.75, 0.25])
    found = {view: view_rows(rows, "match_coverage", view) for view in VIEWS}
    assert len(found["all"]) == 40
    assert not found["plausible"]["correct"].any() and (found["plausible"]["match_coverage"] >= upper).all()
    assert found["plausible"].index.tolist() == [39, 38, 37, 36, 35], "the most plausible first"
    assert found["implausible"]["correct"].all() and (found["implausible"]["match_coverage"] <= lower).all()
    assert found["implausible"].index.tolist() == [0, 1, 2, 3, 4], "the least plausible first"
    assert found["sure"].index.tolist() == [20, 21, 22, 23, 24], "the most similar first"
    assert found["far"].index.tolist() == [0, 1, 2, 3, 4], "the least similar first"
    with pytest.raises(InputError, match="no view"):
        view_rows(rows, "match_coverage", "best")


def test_views_of_rows_without_a_metric_are_empty(opened: OpenRun) -> None:
    rows = opened.at("stage").assign(match_coverage=np.nan)
    assert (
        len(view_rows(rows, "match_coverage", "plausible"))
        == len(view_rows(rows, "match_coverage", "implausible"))
        == 0
    )


def test_filters(opened: OpenRun) -> None:
    rows = opened.at("stage")
    assert len(filtered(rows, "", ())) == 40
    assert filtered(rows, "status", ["ok"]).index.tolist() == list(range(0, 40, 2))
    assert filtered(rows, "n_matches", ["7"]).index.tolist() == list(range(40)), "numbers are compared as texts"
    assert filtered(rows, None, (), "OTHER 3").index.tolist() == list(range(30, 40))
    assert filtered(rows, None, (), "g1[").empty, "a text, no pattern"
    with pytest.raises(InputError, match="no column"):
        filtered(rows, "colour", ["red"])
