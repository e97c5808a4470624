"""The types of the package hold, as mypy sees them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_mypy_finds_nothing(tmp_path: Path) -> None:
    pytest.importorskip("mypy", reason="mypy is not installed: see requirements-dev.txt")
    # A copy: the app, which other tests start, has gradio write types beside its components, which may be half there.
    for source in ("pyproject.toml", *(ROOT / "pairx").rglob("*.py")):
        copy = tmp_path / (ROOT / source).relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / source, copy)
    command = [sys.executable, "-m", "mypy", "--cache-dir", os.environ.get("MYPY_CACHE_DIR", str(tmp_path / "cache"))]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
