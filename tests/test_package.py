"""The package: built, installed in an environment of its own, and used from another folder."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import tomllib
import urllib.request
import venv
import zipfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from PIL import Image

import pairx
from pairx.testing import smooth_noise

ROOT = Path(__file__).resolve().parents[1]
BACKEND = "setuptools"
BUILD = (
    "import sys; from setuptools import build_meta as b; print(b.build_sdist('out'), b.build_wheel('out'), sep='\\n')"
)
# What an empty environment would download; all of it is in the one that runs the tests.
OTHERS = (
    "import site, sys; print(*site.getsitepackages(), *(p for p in sys.path if p.endswith('-packages')), sep='\\n')"
)


HIDE = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.split(".")[0] == "{module}" else super().find_spec(name, path, target)

sys.meta_path = [Without if one is PathFinder else one for one in sys.meta_path]
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The sdist and the wheel, built from a copy of the checkout."""
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"][0].split(">=")[1]
    try:
        if int(version(BACKEND).split(".")[0]) < int(wanted):
            pytest.skip(f"the build backend {BACKEND} is older than {wanted} here")
    except PackageNotFoundError:
        pytest.skip(f"the build backend {BACKEND} is not installed here")
    copy = tmp_path_factory.mktemp("checkout")
    for name in ("pairx", "pyproject.toml", "README.md", "LICENSE"):
        take = shutil.copytree if (ROOT / name).is_dir() else shutil.copyfile
        take(ROOT / name, copy / name)
    (copy / "out").mkdir()
    done = run([sys.executable, "-c", BUILD], copy)
    sdist, wheel = (copy / "out" / name for name in done.stdout.splitlines()[-2:])
    return sdist, wheel


@pytest.fixture(scope="module")
def scripts(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of commands of an environment where the wheel alone was installed."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    bin = folder / ("Scripts" if os.name == "nt" else "bin")
    python = str(bin / "python")
    places = Path(run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder).stdout.strip())
    options = ["--no-deps", "--no-index", "--no-warn-script-location", "--quiet"]
    run([sys.executable, "-m", "pip", "--python", python, "install", *options, str(built[1])], folder)
    (places / "others.pth").write_text(run([sys.executable, "-c", OTHERS], folder).stdout)
    return bin


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder with two photographs that is no checkout."""
    for i in range(2):
        Image.fromarray(smooth_noise(i, 96, 128)).save(tmp_path / f"{i}.png")
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    """Ours, but without a way to the checkout."""
    ours = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    return {**ours, "PAIRX_CACHE": str(folder / "cache"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=folder, env=environment(folder), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_there_is_one_version() -> None:
    assert f"\nversion: {pairx.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"\n## {pairx.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_a_space_takes_the_pinned_gradio() -> None:
    assert (
        f"\ngradio=={re.search('sdk_version: (.+)', (ROOT / 'README.md').read_text())[1]}\n"
        in (ROOT / "requirements.txt").read_text()
    )


@pytest.mark.slow
@pytest.mark.parametrize(("module", "extra"), [("gradio", "app"), ("ray", "ray"), ("kornia", "features")])
def test_without_an_extra_one_line_names_it(module: str, extra: str, tmp_path: Path) -> None:
    commands = {
        "app": ["app"],
        "ray": ["evaluate", "sample", "--ray", "-o", "run"],
        "features": ["evaluate", "sample", "-o", "run"],
    }
    hidden = HIDE.format(module=module) + f"from pairx.cli import main; sys.exit(main({commands[extra]}))"
    done = subprocess.run(
        [sys.executable, "-c", hidden], cwd=tmp_path, env={**environment(tmp_path), "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert f'pip install "pairx-explorer[{extra}]"' in done.stderr


@pytest.mark.slow
def test_wheel_and_sdist_hold_the_whole_package(built: tuple[Path, Path]) -> None:
    files = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "pairx").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pyi" and path.name != ".gitignore"
    }
    with tarfile.open(built[0]) as sdist, zipfile.ZipFile(built[1]) as wheel:
        assert not files - {name.partition("/")[2] for name in sdist.getnames()}
        assert not files - set(wheel.namelist())
        assert not [name for name in wheel.namelist() if not name.startswith(("pairx/", "pairx_explorer-"))]


@pytest.mark.slow
def test_an_installation_explains_and_evaluates(scripts: Path, elsewhere: Path) -> None:
    command = str(scripts / "pairx")
    assert run([command, "--version"], elsewhere).stdout == f"pairx {pairx.__version__}\n"
    where = "import pairx; print(pairx.__file__)"
    assert str(scripts.parent) in run([str(scripts / "python"), "-c", where], elsewhere).stdout, "not the checkout's"
    run([command, "explain", "0.png", "1.png", "-o", "ab.png"], elsewhere)
    assert Image.open(elsewhere / "ab.png").size[0] > 500
    run([command, "evaluate", "sample", "--pairs", "8", "--features", "sift", "-o", "run"], elsewhere)
    assert (elsewhere / "run" / "summary.json").is_file()


@pytest.mark.slow
def test_an_installation_serves_the_app(scripts: Path, elsewhere: Path) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    log = elsewhere / "log.txt"
    command = [str(scripts / "pairx"), "app", "--port", str(port)]
    with log.open("w") as file:
        app = subprocess.Popen(command, cwd=elsewhere, env=environment(elsewhere), stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline and app.poll() is None:
            try:
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read()
                break
            except OSError:
                time.sleep(0.5)
        else:
            pytest.fail(log.read_text())
        assert b"PAIR-X Explorer" in page
        taken = subprocess.run(command, cwd=elsewhere, env=environment(elsewhere), capture_output=True, text=True)
        assert taken.returncode == 2 and taken.stderr.count("\n") == 1 and f":{port}" in taken.stderr
    finally:
        app.terminate()  # not SIGINT, which programs in the background of a script ignore
        app.wait(60)
