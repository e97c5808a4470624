"""The command line on machines that refuse: encodings, closed pipes, no home, no room."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pairx.testing import smooth_noise

ROOT = Path(__file__).resolve().parents[1]
SMALL = ("--model", "lite0-imagenet", "--size", "64", "--k-colors", "1")


def run(*arguments: str, command: str = "", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """`python -m pairx` in a process of its own; command: what a shell does with it, where it stands as "$@"."""
    inherited = {name: value for name, value in os.environ.items() if name not in ("PAIRX_CACHE", "HOME", "PYTHONUTF8")}
    whole = [sys.executable, "-m", "pairx", *arguments]
    whole = ["sh", "-c", command, "sh", *whole] if command else whole
    return subprocess.run(whole, cwd=ROOT, env=inherited | environment, capture_output=True)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_names_that_the_terminal_cannot_write(encoding: str, tmp_path: Path) -> None:
    paths = [tmp_path / "Łoś_1.png", tmp_path / "鹿.png"]
    for seed, path in enumerate(paths):
        Image.fromarray(smooth_noise(seed, 120, 120)).save(path)
    arguments = ["explain", *map(str, paths), "-o", str(tmp_path / "ło.npz"), *SMALL]
    for extra in ([], ["--json"]):
        done = run(*arguments, *extra, PYTHONIOENCODING=encoding, PYTHONUTF8="0", HOME=str(tmp_path))
        assert (done.returncode, done.stderr) == (0, b"")
        assert (tmp_path / "ło.npz").is_file() and done.stdout.decode(encoding)
    bad = run("explain", str(tmp_path / "ł.png"), *map(str, paths[:1]), "-o", str(tmp_path / "a.npz"),
              PYTHONIOENCODING=encoding)  # fmt: skip
    assert bad.returncode == 2 and len(bad.stderr.splitlines()) == 1


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_output_that_nobody_takes() -> None:
    done = run("methods", command='"$@" | head -n 1 && echo "status ${PIPESTATUS:-0}"')
    assert done.stderr == b"" and done.stdout.startswith(b"name")
    done = run("methods", "--json", command='"$@" >&-; echo $?')
    assert done.stdout.strip() == b"0" and done.stderr == b""
    done = run("methods", "--json", command='"$@" > /dev/full; echo $?')
    assert done.stdout.strip() == b"2"
    assert done.stderr == b"pairx: No space left on device. Make room there, or choose another place.\n"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder in which nobody can write")
@pytest.mark.parametrize("environment", [{"HOME": "/proc/nobody"}, {"PAIRX_CACHE": "/proc/nobody"}])
def test_without_a_cache_it_goes_on_and_says_so(tmp_path: Path, environment: dict[str, str]) -> None:
    for i in range(6):
        (tmp_path / "herd" / "AB"[i % 2]).mkdir(parents=True, exist_ok=True)
        Image.fromarray(smooth_noise(i, 120, 120)).save(tmp_path / "herd" / "AB"[i % 2] / f"{i}.png")
    command = ["rank", str(tmp_path / "herd"), "--query", "A/0.png", *SMALL[:4]]
    done = run(*command, **{"HOME": str(tmp_path), **environment})
    assert done.returncode == 0 and len(done.stdout.splitlines()) == 6
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("pairx: Nothing is kept between runs: the cache cannot be written (")
    assert line.endswith("PAIRX_CACHE can name another folder.")
