"""Runs: what they write, that they continue after a kill, and that other settings are refused."""

from __future__ import annotations

import json
import math
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import pairx
from pairx import geometry, images
from pairx.core import metrics, pair_x
from pairx.datasets import Dataset, load_dataset, load_herd
from pairx.evaluation import run as runs
from pairx.evaluation import separability
from pairx.evaluation.reading import open_run, run_state
from pairx.evaluation.store import Store
from pairx.models import EmbeddingModel
from pairx.types import InputError

ROOT = Path(__file__).resolve().parents[2]
PAIRS = 24


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Three overlapping cuts, of different shapes, from a picture of each of six animals, and of a blank one."""
    folder, herd = tmp_path_factory.mktemp("toys"), load_herd()
    pictures = [images.decode(herd.path(image_id))[100:400, 100:400] for image_id in herd.table["image_id"][:24:4]]
    for name, picture in zip("ABCDEFG", [*pictures, np.full((300, 300, 3), 127, np.uint8)], strict=True):
        (folder / name).mkdir()
        for i in range(3):
            Image.fromarray(picture[15 * i : 220, 10 * i : 240 - 5 * i]).save(folder / name / f"{i}.png")
    return load_dataset(folder)


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> dict:
    cache = tmp_path_factory.mktemp("cache")
    return {"pairs": PAIRS, "features": "sift", "transform": "homography", "cache": cache}


@pytest.fixture(scope="module")
def run(dataset: Dataset, tiny: EmbeddingModel, options: dict, tmp_path_factory: pytest.TempPathFactory) -> runs.Run:
    out = tmp_path_factory.mktemp("runs") / "first"
    return pairx.evaluate(dataset, tiny, layers=["stage", "second"], out=out, **options)


def test_what_a_run_writes(run: runs.Run, tiny: EmbeddingModel) -> None:
    pairs = pd.read_parquet(run.folder / "pairs.parquet")
    assert pairs.columns[:5].tolist() == ["query_id", "gallery_id", "correct", "cosine", "layer"]
    assert pairs.groupby("layer").size().to_dict() == {"stage": len(pairs) // 2, "second": len(pairs) // 2}
    assert not pairs.duplicated(["query_id", "gallery_id", "layer"]).any()
    assert (pairs["correct"] == (pairs["query_id"].str[0] == pairs["gallery_id"].str[0])).all()
    failed = pairs["status"] == "few inliers"
    assert failed.any() and not failed.all() and (pairs["inverted_residual_mean"].isna() == failed).all()
    assert pairs["resize_inverted_residual_mean"].notna().all()
    summary = json.loads((run.folder / "summary.json").read_text())
    assert summary == run.summary and summary["pairs"] == len(pairs) // 2
    assert summary["correct"] + summary["incorrect"] == summary["pairs"] <= PAIRS
    assert summary["status"]["few inliers"] == failed.sum() // 2
    assert run.settings["model_key"] == tiny.key and run.settings["layers"] == ["stage", "second"]
    assert run.settings["size"] == list(tiny.size)


def test_a_run_is_read_back_with_its_photographs(run: runs.Run, dataset: Dataset) -> None:
    found = open_run(run.folder)
    once = found.at("second")
    assert len(once) == found.summary["pairs"] and once["query_identity"].tolist() == once["query_id"].str[0].tolist()
    for image_id in once["gallery_id"]:
        assert str(found.photograph(image_id)[0]) == dataset.table["path"][dataset.row(image_id)]


def test_pairs_scored_by_hand(run: runs.Run, dataset: Dataset, tiny: EmbeddingModel) -> None:
    chosen = run.pairs[::3]
    assert {"ok", "few inliers"} <= set(chosen["status"])
    for _, row in chosen.iterrows():
        query, candidate = (dataset.row(row[name]) for name in ("query_id", "gallery_id"))
        paths = dataset.table["path"].iloc[[query, candidate]]
        pair = images.load_pair(*paths)
        options = {"layer": row["layer"], "k_colors": 0}
        explanation = pairx.explain(tiny, pair, **options)
        assert row["cosine"] == pytest.approx(explanation.similarity, abs=1e-6)
        assert row["n_matches"] == len(explanation.matches)
        expected = metrics.match_coverage(explanation.map0, explanation.map1, explanation.matches)
        assert row["match_coverage"] == pytest.approx(expected, rel=1e-4)
        # Both frames stretched to the model's 12 x 12: the control leaves points where they are.
        in_input = [
            images.scale_points(points, image.shape[1::-1], (12, 12))
            for points, image in zip(
                (explanation.matches.keypoints0, explanation.matches.keypoints1),
                (pair.image0, pair.image1),
                strict=True,
            )
        ]
        mean = np.linalg.norm(in_input[0] - in_input[1], axis=1).mean()
        assert row["resize_inverted_residual_mean"] == pytest.approx(1 / mean, rel=1e-6)
        found = geometry.align(*(geometry.local_features(image) for image in (pair.image0, pair.image1)))
        assert (row["status"], row["transform_inliers"]) == (found.status, found.inliers)
        if found.matrix is not None:
            off = geometry.project(explanation.matches.keypoints0, found.matrix) - explanation.matches.keypoints1
            height, width = pair.image1.shape[:2]
            mean = np.linalg.norm(off * (12 / width, 12 / height), axis=1).mean()
            assert row["inverted_residual_mean"] == pytest.approx(1 / mean, rel=1e-6)
            mean = np.linalg.norm(off, axis=1).mean() / math.hypot(height, width)
            assert row["inverted_residual_mean_normalised"] == pytest.approx(1 / mean, rel=1e-6)


def test_the_summary_is_of_these_pairs(run: runs.Run) -> None:
    for layer in ("stage", "second"):
        rows = run.pairs[run.pairs["layer"] == layer]
        columns = [rows[name].to_numpy() for name in ("match_coverage", "cosine", "correct")]
        found = run.summary["layers"][layer]["match_coverage"]
        assert found["rho"] == pytest.approx(separability.rho(*columns[:2]))
        value = separability.delta(*columns).value
        assert found["delta"] == (None if math.isnan(value) else pytest.approx(value))
        # A control speaks of the pairs that its metric speaks of.
        metric, control = (run.summary["layers"][layer][name + "inverted_residual_mean"] for name in ("", "resize_"))
        assert (metric["correct"], metric["incorrect"]) == (control["correct"], control["incorrect"])
    rhos = {layer: found["inverted_residual_mean"]["rho"] for layer, found in run.summary["layers"].items()}
    assert rhos[run.summary["best_layer"]] == max(rhos.values())


def test_a_second_start_changes_nothing(
    run: runs.Run, dataset: Dataset, tiny: EmbeddingModel, options: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name: path.read_bytes() for path in run.folder.iterdir() if path.suffix in (".parquet", ".json")}
    assert before.keys() == {"pairs.parquet", "photographs.parquet", "summary.json", "settings.json"}
    monkeypatch.setattr(pair_x, "record", None)  # nothing is computed again
    pairx.evaluate(dataset, tiny, layers=["stage", "second"], out=run.folder, **options)
    assert before == {name: (run.folder / name).read_bytes() for name in before}


def test_a_run_from_before_the_size_was_named_goes_on(
    run: runs.Run, dataset: Dataset, tiny: EmbeddingModel, options: dict, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run.folder, tmp_path / "copy"))
    with closing(sqlite3.connect(copy / "run.sqlite")) as database, database:
        assert database.execute("DELETE FROM settings WHERE name = 'size'").rowcount == 1
    pairx.evaluate(dataset, tiny, layers=["stage", "second"], out=copy, **options)
    assert (copy / "settings.json").read_bytes() == (run.folder / "settings.json").read_bytes()
    small = EmbeddingModel(tiny.card, tiny.module, replace(tiny.preprocessing, size=(24, 24)))
    with pytest.raises(InputError, match="with model_key"):
        pairx.evaluate(dataset, small, layers=["stage", "second"], out=copy, **options)


def test_a_run_from_before_an_option_was_named_goes_on(
    run: runs.Run, dataset: Dataset, tiny: EmbeddingModel, options: dict, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run.folder, tmp_path / "copy"))
    named = {**run.settings["pair_x"]}
    assert named.pop("positions") == "centres" and named.pop("strength") == "relevance"
    with closing(sqlite3.connect(copy / "run.sqlite")) as database, database:
        database.execute("UPDATE settings SET value = ? WHERE name = 'pair_x'", [json.dumps(named)])
    pairx.evaluate(dataset, tiny, layers=["stage", "second"], out=copy, **options)
    assert (copy / "settings.json").read_bytes() == (run.folder / "settings.json").read_bytes()


def test_damaged_files_are_written_again(
    run: runs.Run, dataset: Dataset, tiny: EmbeddingModel, options: dict, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(run.folder, tmp_path / "copy"))
    (copy / "pairs.parquet").write_bytes((copy / "pairs.parquet").read_bytes()[:500])
    (copy / "settings.json").unlink()
    state = run_state(copy)
    assert (state.finished, state.problem, state.done) == (False, "", state.total) and state.settings["pairs"] == PAIRS
    pairx.evaluate(dataset, tiny, layers=["stage", "second"], out=copy, **options)
    assert run_state(copy).finished
    for name in ("pairs.parquet", "settings.json"):
        assert (copy / name).read_bytes() == (run.folder / name).read_bytes()


def test_other_settings_are_refused(run: runs.Run, dataset: Dataset, tiny: EmbeddingModel, options: dict) -> None:
    same = {"layers": ["stage", "second"], "out": run.folder, **options}
    for change, said in (
        ({"seed": 1}, "with seed 0, not 1"),
        ({"layers": ["stage"]}, "with layers"),
        ({"pairs": 30}, "with pairs 24, not 30"),
        ({"transform": "affine"}, "with transform"),
        ({"features": "xfeat"}, 'with features "sift", not "xfeat"'),
    ):
        with pytest.raises(InputError, match=said):
            pairx.evaluate(dataset, tiny, **{**same, **change})
    small = EmbeddingModel(tiny.card, tiny.module, replace(tiny.preprocessing, size=(24, 24)))
    with pytest.raises(InputError, match=r"with size \[12, 12\], not \[24, 24\]"):
        pairx.evaluate(dataset, small, **same)
    relabelled = Dataset(dataset.name, dataset.table.assign(identity="A"))
    with pytest.raises(InputError, match="with content"):
        pairx.evaluate(relabelled, tiny, **same)


def test_wrong_input(dataset: Dataset, tiny: EmbeddingModel, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for change, said in (
        ({}, "other files and no run"),
        ({"out": tmp_path / "notes.txt"}, "no run can be kept"),
        ({"pairs": 1}, "2 or more"),
        ({"transform": "warp"}, "not 'warp'"),
        ({"features": "surf"}, "not 'surf'"),
        ({"layers": ["nowhere"]}, "no layer 'nowhere'"),
        ({"query_split": "test"}, "no split 'test'"),
    ):
        with pytest.raises(InputError, match=said):
            pairx.evaluate(dataset, tiny, **{"out": tmp_path, "cache": tmp_path / "cache", **change})
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "run.sqlite").write_bytes(b"no database " * 100)
    with pytest.raises(InputError, match="no run can be kept"):
        pairx.evaluate(dataset, tiny, out=tmp_path / "broken", cache=tmp_path / "cache")
    assert not (tmp_path / "cache" / "embeddings").exists()


def test_a_run_that_cannot_begin_leaves_nothing(dataset: Dataset, tiny: EmbeddingModel, tmp_path: Path) -> None:
    strangers = Dataset("strangers", dataset.table.assign(identity=dataset.table["image_id"]))
    cache, out = tmp_path / "cache", tmp_path / "new" / "run"
    with pytest.raises(InputError, match="similar pairs are incorrect"):
        pairx.evaluate(strangers, tiny, out=out, cache=cache)
    assert not (tmp_path / "new").exists()
    mine = tmp_path / "mine"  # a folder that was there, or that holds something, stays
    for name in (".", "layers"):
        (mine / name).mkdir(parents=True, exist_ok=True)
        with pytest.raises(InputError, match="similar pairs are incorrect"):
            pairx.evaluate(strangers, tiny, out=mine, cache=cache)
        assert mine.is_dir() and not list(mine.glob("run.sqlite*"))


def test_a_run_that_somebody_works_on_is_left_to_them(tmp_path: Path) -> None:
    settings = {"dataset": "cows"}
    with Store(tmp_path / "run", settings) as other:
        with pytest.raises(InputError, match=r"^This process is working on the run .*run\. "):
            Store(tmp_path / "run", settings)
        other.begin(pd.DataFrame(columns=["query_id", "gallery_id", "correct", "cosine"]), {"k": 5})
    with pytest.raises(InputError, match="moved"), Store(tmp_path / "run", settings) as begun:
        raise InputError("A photograph has moved.")
    with Store(tmp_path / "run", settings) as begun:
        assert begun.facts == {"k": 5}
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["run.sqlite"]


def test_a_stopped_run_is_kept_and_removed_when_it_cannot_begin(tmp_path: Path) -> None:
    for stop in (KeyboardInterrupt, GeneratorExit):
        with pytest.raises(stop), Store(tmp_path / "run", {"dataset": "cows"}):
            raise stop
        assert run_state(tmp_path / "run").settings == {"dataset": "cows"}
    with pytest.raises(InputError), Store(tmp_path / "run", {"dataset": "cows"}):
        raise InputError("There are no pairs.")
    assert not (tmp_path / "run").exists()


RUNNER = """
import json, os, signal, sqlite3, sys, time
from pathlib import Path
from pairx.datasets import load_dataset
from pairx.evaluation.run import evaluate_steps
from pairx.testing import tiny_model

folder, out, cache = map(Path, sys.argv[1:4])
model = tiny_model()

def run(say):
    options = {"layers": ["stage", "second"], "pairs": 24, "features": "sift", "transform": "homography"}
    for step in evaluate_steps(load_dataset(folder, cache=cache), model, out=out, cache=cache, **options):
        say.write(json.dumps([step.what, step.done]) + "\\n")
        say.flush()

for lines, delay in json.loads(sys.argv[4]):  # kill after so many lines and so many seconds
    hear, say = os.pipe()
    child = os.fork()
    if not child:
        os.close(hear)
        with os.fdopen(say, "w") as said:
            run(said)
        os._exit(0)
    os.close(say)
    with os.fdopen(hear) as heard:
        said = [json.loads(line) for line, _ in zip(heard, range(lines))]
        time.sleep(delay)
        os.kill(child, signal.SIGKILL)
        said += [json.loads(line) for line in heard if line.endswith("\\n")]
    status = os.waitpid(child, 0)[1]
    with sqlite3.connect(out / "run.sqlite") as database:
        query = "SELECT number, layer, n_matches, match_coverage FROM scores ORDER BY 1, 2"
        scores = database.execute(query).fetchall() if status == signal.SIGKILL else None
    print(json.dumps([status, said, scores, (out / "summary.json").exists()]), flush=True)
"""


def killed_runs(dataset: Dataset, out: Path, cache: Path, moments: list[tuple[int, float]]) -> list[list]:
    """Start a run again and again and kill it at each of the moments: how it ended, what it said, what was on disk."""
    folder = Path(dataset.table["path"][0]).parents[1]
    command = [sys.executable, "-c", RUNNER, *map(str, (folder, out, cache)), json.dumps(moments)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.slow
def test_a_run_killed_twenty_times_continues(
    run: runs.Run, dataset: Dataset, tiny: EmbeddingModel, tmp_path: Path
) -> None:
    """kill -9 while embedding, scoring and summarising: every announced pair stays as it is, none is done again."""
    rng, out, cache = np.random.default_rng(0), tmp_path / "killed", tmp_path / "cache"
    moments = [(lines, 0.0) for lines in (2, 3)]
    moments += [(int(rng.integers(4, 7)), rng.uniform(0, 0.02)) for _ in range(18)]
    kept, stages = [], set()
    for status, said, scores, finished in killed_runs(dataset, out, cache, moments):
        assert status == signal.SIGKILL and not finished
        scored = [done for what, done in said if what == "scoring pairs"]
        assert not scored or (scored[0] == len(kept) // 2 and max(scored) <= len(scores) // 2)
        assert len(scores) % 2 == 0 and len({(number, layer) for number, layer, *_ in scores}) == len(scores)
        assert [row for row in scores if row in kept] == kept
        kept, stages = scores, stages | {said[-1][0]}
    assert stages >= {"embedding the photographs", "scoring pairs", "comparing with chance"}
    options = {"pairs": 24, "features": "sift", "transform": "homography", "cache": cache}
    again = pairx.evaluate(dataset, tiny, layers=["stage", "second"], out=out, **options)
    pd.testing.assert_frame_equal(again.pairs, run.pairs, rtol=1e-5)
