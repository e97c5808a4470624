"""A figure's file knows how it was made, tells nothing private, and makes itself again."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from pairx.figures import read_record, remake_steps
from pairx.figures.record import near
from pairx.types import InputError, finished
from tests.figures.made_up import TinySources, computed, photographs

SPEC = """
title: Stripes
width: 50
dpi: 100
rows: {pairs: [[a.png, b.png], [a.png, c.png]]}
method: grad-cam
"""


@pytest.fixture(params=["png", "svg", "pdf"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = photographs(tmp_path) / f"figure.{request.param}"
    computed(SPEC, tmp_path).save(path)
    return path


def remade(path: Path):  # type: ignore[no-untyped-def]
    return finished(remake_steps(path, TinySources(path.parent)))


def test_a_file_makes_itself_again_byte_for_byte(file: Path) -> None:
    again = remade(file)
    assert again.differs == () and again.identical and again.data == file.read_bytes()


def test_the_record_says_all_that_the_figure_depends_on(file: Path) -> None:
    found = read_record(file)
    assert [one["source"] for one in found["photographs"]] == ["a.png", "b.png", "c.png"]
    assert all(re.fullmatch("[0-9a-f]{64}", one["sha256"]) for one in found["photographs"])
    assert found["models"] and {"code", "torch", "numpy", "drawing", "matplotlib"} <= found["versions"].keys()
    assert "Stripes" in found["spec"]


def test_what_differs_is_told(file: Path) -> None:
    (file.parent / "b.png").write_bytes((file.parent / "c.png").read_bytes())
    again = remade(file)
    assert again.differs == ("b.png holds another photograph than then.",) and not again.identical


def test_a_missing_photograph_is_told(file: Path) -> None:
    (file.parent / "b.png").unlink()
    with pytest.raises(InputError, match=r"There is no file b\.png"):
        remade(file)


def test_other_versions_and_weights_are_told(tmp_path: Path) -> None:
    path = photographs(tmp_path) / "figure.svg"
    computed(SPEC, tmp_path).save(path)
    text = path.read_text()
    model = next(iter(read_record(path)["models"].values()))
    path.write_text(text.replace(model, "0" * 16).replace('"torch": "', '"torch": "0.'))
    differs = " ".join(remade(path).differs)
    assert "other weights" in differs and "torch is another version" in differs


def test_no_private_path_is_in_a_file(tmp_path: Path) -> None:
    home, paper = tmp_path / "secret-name" / "photos", tmp_path / "paper"
    home.mkdir(parents=True)
    paper.mkdir()
    photographs(home)
    text = f"rows: {{pairs: [['{home}/a.png', '{home}/b.png']]}}\nshow: photographs\ndpi: 72\nwidth: 40 # {home}"
    for format in ("png", "pdf"):
        path = home / f"figure.{format}"
        computed(text, paper).save(path)
        data = path.read_bytes()
        assert b"secret-name" not in data and str(tmp_path).encode() not in data
        assert remade(path).identical  # beside the photographs, their names alone are enough


def test_paths_through_a_home_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: Path("/homes/ann"))
    assert near("/homes/ann/photos/a.png", Path("/x"), Path("/homes/ann/paper")) == "../photos/a.png"
    assert near("a.png", Path("/homes/ann/paper/spec"), Path("/homes/ann/paper/out")) == "../spec/a.png"
    assert near("/homes/bob/photos/a.png", Path("/x"), Path("/homes/ann/paper")) == "a.png"
    assert near("/data/a.png", Path("/x"), Path("/homes/ann/paper")) == "a.png"


def test_a_figure_can_still_be_read(file: Path) -> None:
    if file.suffix == ".png":
        with Image.open(io.BytesIO(file.read_bytes())) as opened:
            opened.load()
            assert json.loads(opened.text["pairx-figure"])["version"] == 1  # type: ignore[attr-defined]
    if file.suffix == ".pdf":
        data = file.read_bytes()
        start = int(re.findall(rb"startxref\s+(\d+)", data)[-1])
        assert data[start:].startswith(b"xref")
        for number, at in re.findall(rb"\n(\d+) 1\n(\d{10}) 00000 n", data[start:]):
            assert data[int(at) :].startswith(b"%s 0 obj" % number)


@pytest.mark.parametrize(
    "data", [b"", b"\x89PNG\r\n\x1a\n", b"%PDF-1.4", b"<svg>", b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffiTXt"]
)
def test_other_files_are_told_to_be_none(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "other.png"
    path.write_bytes(data)
    with pytest.raises(InputError, match="does not say how it was made"):
        read_record(path)


@pytest.mark.parametrize(
    ("was", "wrong"),
    [
        ('"photographs": [{', '"photographs": [1, {'),
        ('"dpi": 300', '"dpi": "300"'),
        ('"spec"', '"spec'),
        ('"spec"', '"s"'),
    ],
)
def test_a_record_that_was_tampered_with_is_none(tmp_path: Path, was: str, wrong: str) -> None:
    path = photographs(tmp_path) / "figure.svg"
    computed("rows: {pairs: [[a.png, b.png]]}\nshow: photographs\nwidth: 50", tmp_path).save(path)
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, wrong))
    with pytest.raises(InputError, match="does not say how it was made"):
        read_record(path)
