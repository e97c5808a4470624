"""Runs on Ray: the numbers of a plain run, bit by bit; runs that go on elsewhere; one line where ray is missing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from pairx.cli import main
from pairx.datasets import Dataset, load_dataset
from pairx.evaluation.run import evaluate, evaluate_steps
from pairx.models import EmbeddingModel
from pairx.types import finished
from tests.datasets.test_dataset import write_photo

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Thirty photographs of ten individuals."""
    for i in range(30):
        write_photo(tmp_path / "toys" / f"{i % 10}" / f"{i}.png", i % 25)
    return load_dataset(tmp_path / "toys")


def test_two_workers_give_the_same_numbers(dataset: Dataset, tiny: EmbeddingModel, tmp_path: Path) -> None:
    """Stopped on Ray after its first pairs, and finished without: as if all had been computed here."""
    ray = pytest.importorskip("ray", reason="ray is not installed")
    options = {"layers": ["stage", "second"], "pairs": 40}
    plain = evaluate(dataset, tiny, out=tmp_path / "plain", cache=tmp_path / "plain-cache", **options)
    assert len(plain.pairs) > 2 * 16  # more than one worker does at once
    options |= {"out": tmp_path / "run", "cache": tmp_path / "cache"}
    steps = evaluate_steps(dataset, tiny, ray="local", **options)
    done = next(step.done for step in steps if step.what == "scoring pairs" and step.done)
    steps.close()
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0" and not ray.is_initialized()
    steps = evaluate_steps(dataset, tiny, **options)
    begun = next(step.done for step in steps if step.what == "scoring pairs")
    assert done == 1 and 1 <= begun < 20
    run = finished(steps)
    pd.testing.assert_frame_equal(run.pairs, plain.pairs, check_exact=True)
    assert run.summary == plain.summary and run.settings == plain.settings


def scores(run: Path) -> list[tuple]:
    """What a run's database holds of its finished pairs."""
    with closing(sqlite3.connect(run / "run.sqlite")) as database:
        return database.execute("SELECT * FROM scores ORDER BY number, layer").fetchall()


DRIVER = """
import sys
from pathlib import Path
from pairx.datasets import load_dataset
from pairx.evaluation.run import evaluate_steps
from tests.conftest import tiny_model

folder, out, cache = map(Path, sys.argv[1:])
dataset = load_dataset(folder, cache=cache)
for step in evaluate_steps(dataset, tiny_model(), out=out, cache=cache, pairs=60, ray="local"):
    print(step.what, step.done, sep=";", flush=True)
"""


def test_a_run_continues_after_its_driver_was_killed(dataset: Dataset, tiny: EmbeddingModel, tmp_path: Path) -> None:
    """kill -9 of the driver as soon as pairs are announced: these stay as they are, none is missing, none double."""
    pytest.importorskip("ray", reason="ray is not installed")
    out, cache = tmp_path / "run", tmp_path / "cache"
    plain = evaluate(dataset, tiny, out=tmp_path / "plain", cache=cache, pairs=60)
    command = [sys.executable, "-c", DRIVER, *map(str, (tmp_path / "toys", out, cache))]
    announced = 0
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as driver:
        for line in driver.stdout:
            what, done = line.strip().split(";")
            announced = int(done) if what == "scoring pairs" else 0
            if announced:
                break
        driver.kill()
    assert driver.returncode == -signal.SIGKILL and not (out / "pairs.parquet").exists()
    kept = scores(out)
    steps = evaluate_steps(dataset, tiny, out=out, cache=cache, pairs=60, ray="local")
    begun = next(step for step in steps if step.what == "scoring pairs")
    assert 1 <= announced <= begun.done == len(kept) < begun.total
    run = finished(steps)
    found = scores(out)
    assert [row for row in found if row in kept] == kept
    assert [row[0] for row in found] == list(range(begun.total))
    pd.testing.assert_frame_equal(run.pairs, plain.pairs, check_exact=True)


def test_without_ray_one_line_says_so(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    command = ["evaluate", str(tmp_path / "toys"), "-o", str(tmp_path / "run"), "--ray"]
    assert main([*command, "--model", "lite0-imagenet", "--size", "64"]) == 2
    error = capsys.readouterr().err
    assert "pip install ray" in error and error.count("\n") == 1
