"""Runs on Ray: the numbers of a plain run, bit by bit; runs that go on elsewhere; one line where ray is missing."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest

from pairx.cli import main
from pairx.datasets import load_dataset
from pairx.evaluation.run import Run, evaluate, evaluate_steps
from pairx.models import EmbeddingModel
from pairx.types import finished
from tests.datasets.test_dataset import write_photo

ROOT = Path(__file__).resolve().parents[2]


# Ray ends the process of a driver whose local cluster dies, so the drivers are no processes of pytest's.
DRIVER = """
import os, sys
from pathlib import Path
import ray
from pairx.datasets import load_dataset
from pairx.evaluation.run import evaluate_steps
from pairx.testing import tiny_model

folder, out, cache = map(Path, sys.argv[1:4])
dataset = load_dataset(folder, cache=cache)
steps = evaluate_steps(dataset, tiny_model(), layers=["stage", "second"], pairs=50, out=out, cache=cache, ray="local")
for step in steps:
    print(step.what, step.done, sep=";", flush=True)
    if sys.argv[4:] and step.what == "scoring pairs" and step.done:
        steps.close()
assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0" and not ray.is_initialized()
"""


class Toys:
    """Thirty photographs of ten individuals, and runs of them on Ray, each in a process of its own."""

    options: ClassVar[dict] = {"layers": ["stage", "second"], "pairs": 50}

    def __init__(self, folder: Path) -> None:
        pytest.importorskip("ray", reason="ray is not installed")
        self.photos, self.out, self.cache = folder / "toys", folder / "run", folder / "cache"
        for i in range(30):
            write_photo(self.photos / f"{i % 10}" / f"{i}.png", i % 25)
        self.dataset = load_dataset(self.photos)

    @contextmanager
    def driver(self, *stop: str) -> Iterator[subprocess.Popen[str]]:
        """stop: a word makes the driver end the run after its first pairs."""
        command = [sys.executable, "-c", DRIVER, *map(str, (self.photos, self.out, self.cache)), *stop]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as driver:
            yield driver

    def scores(self) -> list[tuple]:
        """What the run's database holds of its finished pairs."""
        with closing(sqlite3.connect(self.out / "run.sqlite")) as database:
            return database.execute("SELECT * FROM scores ORDER BY number, layer").fetchall()


@pytest.fixture
def toys(tmp_path: Path) -> Toys:
    return Toys(tmp_path)


@pytest.fixture
def plain(toys: Toys, tiny: EmbeddingModel, tmp_path: Path) -> Run:
    """The same run, computed in this process."""
    return evaluate(toys.dataset, tiny, out=tmp_path / "plain", cache=tmp_path / "plain-cache", **toys.options)


def pairs_done(output: Iterable[str]) -> Iterator[int]:
    """The numbers of finished pairs that a driver announces, between what Ray itself may print."""
    for line in output:
        if line.startswith("scoring pairs;"):
            yield int(line.split(";")[1])


@pytest.mark.slow
def test_two_workers_give_the_same_numbers(toys: Toys, plain: Run, tiny: EmbeddingModel) -> None:
    """Stopped on Ray after its first pairs, and finished without: as if all had been computed here."""
    with toys.driver("stop") as driver:
        announced = list(pairs_done(driver.stdout))
    assert driver.returncode == 0 and announced == [0, 1]
    steps = evaluate_steps(toys.dataset, tiny, out=toys.out, cache=toys.cache, **toys.options)
    begun = next(step for step in steps if step.what == "scoring pairs")
    assert 1 <= begun.done < begun.total == 50
    run = finished(steps)
    pd.testing.assert_frame_equal(run.pairs, plain.pairs, check_exact=True)
    assert run.summary == plain.summary and run.settings == plain.settings


@pytest.mark.slow
def test_a_run_continues_after_its_driver_was_killed(toys: Toys, plain: Run) -> None:
    """kill -9 of the driver as soon as pairs are announced: these stay as they are, none is missing, none double."""
    with toys.driver() as driver:
        announced = next(done for done in pairs_done(driver.stdout) if done)
        driver.kill()
    assert driver.returncode == -signal.SIGKILL and not (toys.out / "pairs.parquet").exists()
    kept = toys.scores()
    with toys.driver() as driver:
        begun = next(pairs_done(driver.stdout))
        driver.stdout.read()
    assert driver.returncode == 0
    found = toys.scores()
    layers = len(toys.options["layers"])
    assert 1 <= announced <= begun == len(kept) / layers < 50
    assert [row for row in found if row in kept] == kept
    assert [row[0] for row in found] == [pair for pair in range(50) for _ in range(layers)]
    pd.testing.assert_frame_equal(Run(toys.out).pairs, plain.pairs, check_exact=True)


def test_without_ray_one_line_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    command = ["evaluate", "sample", "-o", str(tmp_path / "run"), "--ray"]
    assert main([*command, "--model", "lite0-imagenet", "--size", "64"]) == 2
    error = capsys.readouterr().err
    assert 'pip install "pairx-explorer[ray]"' in error and error.count("\n") == 1
