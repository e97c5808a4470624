"""Memory of a process of our own."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from pairx import cli, heap


def test_nobody_looks_for_garbage_while_modules_are_imported() -> None:
    with heap.importing():
        assert not gc.isenabled()
        with heap.importing():
            assert not gc.isenabled()
        assert not gc.isenabled(), "what surrounds it goes on"
    assert gc.isenabled()
    with pytest.raises(ImportError), heap.importing():
        raise ImportError
    assert gc.isenabled()


def test_a_command_leaves_the_search_for_garbage_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["models"]) == 0 and capsys.readouterr().out
    assert gc.isenabled()


@pytest.mark.parametrize(("asked", "status"), [(["--version"], 0), (["nothing"], 2), (["models"], 0)])
def test_the_process_ends_with_its_commands_status(asked: list[str], status: int) -> None:
    code = (
        "import atexit, gc, sys\nfrom pairx import cli\n"
        "atexit.register(lambda: print('frozen', gc.get_freeze_count() > 0))\nsys.exit(cli.run())"
    )
    done = subprocess.run([sys.executable, "-c", code, *asked], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert done.stdout.splitlines()[-1] == "frozen True"


def test_nothing_is_said_of_what_triton_leaves() -> None:
    pytest.importorskip("triton", reason="triton is not installed")
    code = "import triton._C.libtriton\nfrom pairx import heap\nheap.end()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
