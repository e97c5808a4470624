"""Photographs are decoded once, and again as soon as their file or box is another."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

import pytest

from pairx import images
from pairx.datasets import reading
from pairx.datasets.reading import Shown, read_steps
from pairx.types import InputError, finished
from tests.datasets.test_dataset import foreign, write_photo


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the photographs decoded so far; files count as settled at once."""
    names, load = [], images.load_image
    monkeypatch.setattr(
        images, "load_image", lambda path, *box, name: names.append(name) or load(path, *box, name=name)
    )
    monkeypatch.setattr(reading, "SETTLED", -60.0)
    return names


def read(folder: Path, *shown: Shown) -> list[str | InputError]:
    return finished(read_steps(shown, folder / "cache"))


def test_a_photograph_is_decoded_once(tmp_path: Path, decoded: list[str]) -> None:
    paths = [write_photo(tmp_path / f"{i}.png", i) for i in range(3)]
    shown = [Shown(str(path), None, 0.0, path.stem) for path in paths]
    first = read(tmp_path, *shown)
    assert first[1] == hashlib.sha256(b"(None, 0.0)" + paths[1].read_bytes()).hexdigest()
    assert decoded == ["0", "1", "2"]
    assert read(tmp_path, *shown) == first and decoded == ["0", "1", "2"]
    cut = Shown(str(paths[0]), (1.0, 2.0, 30.0, 20.0), 0.5, "cut")
    (digest,) = read(tmp_path, cut)
    assert decoded[3:] == ["cut"] and digest not in first


def test_a_changed_file_is_decoded_again(tmp_path: Path, decoded: list[str]) -> None:
    path = write_photo(tmp_path / "a.png", 1)
    shown = Shown(str(path), None, 0.0, "a")
    (first,) = read(tmp_path, shown)
    before, content = path.stat(), bytearray(path.read_bytes())
    # As many bytes, and the time of change put back.
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_size == before.st_size and path.stat().st_mtime_ns == before.st_mtime_ns
    (second,) = read(tmp_path, shown)
    assert first != second and decoded == ["a", "a"]
    path.unlink()
    (gone,) = read(tmp_path, shown)
    assert isinstance(gone, InputError)


def test_what_was_written_just_now_may_change_again(
    tmp_path: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SETTLED", 2.0)
    shown = Shown(str(write_photo(tmp_path / "a.png")), None, 0.0, "a")
    read(tmp_path, shown)
    read(tmp_path, shown)
    assert decoded == ["a", "a"]
    later = time.time() + 10
    monkeypatch.setattr(time, "time", lambda: later)
    read(tmp_path, shown)
    read(tmp_path, shown)
    assert decoded == ["a", "a", "a"]


@pytest.mark.parametrize("damage", ["a file", "no database"])
def test_without_a_memory_everything_is_read(tmp_path: Path, decoded: list[str], damage: str) -> None:
    if damage == "a file":
        (tmp_path / "cache").write_text("no folder")
    else:
        (tmp_path / "cache").mkdir()
        (tmp_path / "cache" / f"photographs.{reading.VERSION}.sqlite").write_bytes(b"no database " * 100)
    shown = Shown(str(write_photo(tmp_path / "a.png")), None, 0.0, "a")
    assert read(tmp_path, shown) == read(tmp_path, shown) and decoded == ["a", "a"]


def test_what_cannot_be_read_is_said_each_time(tmp_path: Path, decoded: list[str]) -> None:
    (tmp_path / "half.png").write_bytes(write_photo(tmp_path / "a.png").read_bytes()[:700])
    shown = Shown(str(tmp_path / "half.png"), None, 0.0, "half.png")
    for _ in range(2):
        (found,) = read(tmp_path, shown)
        assert isinstance(found, InputError) and "half.png" in str(found)


def test_a_name_that_is_no_text_is_read_every_time(tmp_path: Path, decoded: list[str]) -> None:
    path = foreign(tmp_path, b"caf\xe9.png")
    write_photo(path)
    shown = Shown(str(path), None, 0.0, "cafe")
    assert read(tmp_path, shown) == read(tmp_path, shown) and decoded == ["cafe", "cafe"]
