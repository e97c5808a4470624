"""Two processes on one run: the second is told at once, and a killed one holds nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pairx.cli import main
from pairx.evaluation.lock import LOCK, RunLock, require_free
from pairx.evaluation.reading import run_state
from pairx.evaluation.store import Store
from pairx.types import InputError

HOLD = """
import sys, time
from pathlib import Path
from pairx.evaluation.store import Store
with Store(Path(sys.argv[1]), {"dataset": "cows"}):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def held(tmp_path: Path):
    """A run that another process works on, and that process."""
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "run"], stdout=subprocess.PIPE, cwd=root) as process:
        assert process.stdout.readline() == b"held\n"
        yield tmp_path / "run", process
        process.kill()


@pytest.mark.slow
def test_another_process_is_named_at_once_and_a_kill_frees_its_run(held, capsys: pytest.CaptureFixture[str]) -> None:
    folder, process = held
    said = rf"^Another process \(pid {process.pid}\) is working on the run {folder}\. Wait"
    for attempt in (lambda: require_free(folder), lambda: RunLock(folder), lambda: Store(folder, {"dataset": "cows"})):
        with pytest.raises(InputError, match=said):
            attempt()
    start = time.perf_counter()
    assert main(["evaluate", "sample", "-o", str(folder)]) == 2
    assert time.perf_counter() - start < 2, "before anything is loaded"
    assert capsys.readouterr().err.startswith(f"pairx: Another process (pid {process.pid})")
    assert run_state(folder).settings == {"dataset": "cows"}, "it can be looked at all the same"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    require_free(folder)
    with Store(folder, {"dataset": "cows"}):
        pass
    assert not (folder / LOCK).exists()


def test_a_lock_is_given_back_and_leaves_nothing(tmp_path: Path) -> None:
    require_free(tmp_path / "gone")
    for _ in range(2):
        lock = RunLock(tmp_path)
        with pytest.raises(InputError, match=r"^This process is working"):
            RunLock(tmp_path)
        lock.release()
        assert not list(tmp_path.iterdir())
