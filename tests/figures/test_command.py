"""The command: what it writes, lists and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pairx import cli
from pairx.figures import PRESETS, read_record
from tests.figures.made_up import photographs

SPEC = "rows: {pairs: [[a.png, b.png]]}\nshow: photographs\nwidth: 50\ndpi: 100\n"


def run(*arguments: object) -> int:
    return cli.main(["figure", *map(str, arguments)])


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    (photographs(tmp_path) / "spec.yaml").write_text(SPEC)
    return tmp_path / "spec.yaml"


def test_a_figure_is_written_and_made_again(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, again = spec.with_name("figure.png"), spec.with_name("again.png")
    assert run(spec, "-o", path) == 0
    assert f"{path}: 1 x 1 panels, 50 x" in capsys.readouterr().out
    assert run(path) == 0
    assert "the same, byte for byte" in capsys.readouterr().out
    assert run(path, "-o", again, "--json") == 0
    assert json.loads(capsys.readouterr().out)["differs"] == []
    assert again.read_bytes() == path.read_bytes()
    assert run(path, "--write-spec", spec.with_name("more.yaml")) == 0
    assert spec.with_name("more.yaml").read_text() == read_record(path)["spec"]


def test_presets_are_listed_and_written_for_editing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--presets") == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in PRESETS)
    path = tmp_path / "spec.yaml"
    assert run("--preset", "pairx-9", "a.png", "b.png", "--width", "89", "--write-spec", path) == 0
    assert "kpca-cam" in path.read_text() and "width: '89'" in path.read_text()


def test_every_problem_is_a_line_on_its_own(spec: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spec.write_text(SPEC + "widht: 3\ndpi: 1\n")
    assert run(spec, "-o", spec.with_name("figure.png")) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and all(line.startswith("pairx: line ") for line in lines)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.yaml", "-o", "x.pdf"], "cannot be read"),
        (["spec.yaml"], "Say where"),
        (["spec.yaml", "-o", "x.gif"], "End the name"),
        (["spec.yaml", "-o", "nowhere/x.pdf"], "no folder"),
        (["spec.yaml", "-o", "x.png", "--dpi", "9"], "dpi is"),
        (["spec.yaml", "-o", "x.pdf", "--width", "9"], "of presets"),
        ([], "Give one specification"),
        (["--preset", "pairx-0", "-o", "x.pdf"], "no preset"),
        (["--preset", "pairx-1", "a.png", "-o", "x.pdf"], "even number"),
        (["--preset", "hamilton-rather", "a.png", "-o", "x.pdf"], "three photographs"),
        (["--preset", "pairx-5", "a.png", "b.png", "-o", "x.pdf"], "from a run"),
        (["a.png"], "does not say how it was made"),
        (["a.png", "-o", "x.pdf"], "does not say how it was made"),
    ],
)
def test_what_cannot_be_is_one_line(
    spec: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(spec.parent)
    assert run(*arguments) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
