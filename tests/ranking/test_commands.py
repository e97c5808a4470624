"""`rank` on the command line: what it prints and writes, and one line with status 2 for wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from pairx.cli import main
from pairx.datasets import load_dataset
from pairx.models import load_model
from pairx.ranking import learn_steps
from pairx.types import finished
from tests.datasets.test_dataset import write_toys

MODEL = ("--model", "lite0-imagenet", "--size", "64")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIRX_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """Six photographs of three individuals."""
    return str(write_toys(tmp_path))


@pytest.mark.slow
def test_rank(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["rank", folder, "--query", "A/0.png", "--top-k", "4", *MODEL]
    assert main([*command, "--json"]) == 0
    plain = pd.DataFrame(json.loads(capsys.readouterr().out))
    assert plain["rank"].tolist() == [1, 2, 3, 4] and plain["cosine"].is_monotonic_decreasing
    assert "A/0.png" not in set(plain["image_id"])
    assert main(command) == 0
    assert len(capsys.readouterr().out.splitlines()) == 5
    assert main([*command, "--where", "identity=B", "--where", "identity=C", "-o", str(tmp_path / "list.csv")]) == 0
    written = pd.read_csv(tmp_path / "list.csv")
    assert set(written["identity"]) == {"B", "C"} and len(written) == 4
    assert main([*command, "--query", "A/0.png", "B/1.png", "--by", "individual"]) == 0
    printed = capsys.readouterr().out
    assert "query A/0.png" in printed and "query B/1.png" in printed


@pytest.mark.slow
def test_rerank(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without weights by match coverage, which is said; with weights by the fused score, with its share."""
    command = ["rank", folder, "--query", "A/0.png", "--top-k", "4", "--rerank", *MODEL]
    assert main([*command, "--json"]) == 0
    captured = capsys.readouterr()
    plain = pd.DataFrame(json.loads(captured.out))
    assert "in the order of match coverage" in captured.err and captured.err.count("\n") == 1
    assert plain["match_coverage"].is_monotonic_decreasing and plain["rank"].tolist() == [1, 2, 3, 4]
    assert plain["words"].str.startswith("The cosine is").all() and "share" not in plain
    model, dataset = load_model("lite0-imagenet", size=64, device="cpu"), load_dataset(folder)
    fusion = finished(learn_steps(dataset, model))
    assert fusion.learned == {
        "dataset": "toys", "species": [""], "individuals": 3, "queries": 6, "pairs": 30, "correct": 6, "candidates": 20,
        "exclude_encounter": False,
    }  # fmt: skip
    fusion.save(tmp_path / "fusion.json")
    assert main([*command, "--fusion", str(tmp_path / "fusion.json"), "--json"]) == 0
    fused = pd.DataFrame(json.loads(capsys.readouterr().out))
    assert fused["fused"].is_monotonic_decreasing and fused["share"].between(fused["low"], fused["high"]).all()
    assert sorted(fused["image_id"]) == sorted(plain["image_id"])
    assert fused["words"].str.contains("of such pairs").all()
    assert main(["rank", folder, "--query", "A/0.png", "--rerank", "--fusion", str(tmp_path / "fusion.json")]) == 2
    assert "are for another model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--query", "Z"], "no photograph 'Z'"),
        (["--query", "A/0.png", "--top-k", "0"], "top-k is 1 or more"),
        (["--query", "A/0.png", "--where", "identity"], "give COLUMN=VALUE"),
        (["--query", "A/0.png", "--where", "flank=left"], "no column 'flank'. It has image_id, path, identity"),
        (["--query", "A/0.png", "-o", "list.xls"], "written as .csv or .json"),
        (["--query", "A/0.png", "--exclude-encounter"], "no column encounter"),
        (["--query", "A/0.png", "--fusion", "none.json"], "add --rerank"),
        (["--query", "A/0.png", "--rerank", "--fusion", "none.json"], "none.json cannot be read"),
    ],
)
def test_wrong_input_is_one_line(
    arguments: list[str], said: str, folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rank", folder, *arguments, *MODEL]) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.err.count("\n") == 1 and not captured.out


def test_problems_are_said_or_skipped(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (Path(folder) / "A" / "cut.png").write_bytes((Path(folder) / "A" / "0.png").read_bytes()[:500])
    command = ["rank", folder, "--query", "A/0.png", *MODEL]
    assert main(command) == 2
    error = capsys.readouterr().err
    assert "A/cut.png" in error and error.count("\n") == 1
    assert main([*command, "--skip-problems"]) == 0
    captured = capsys.readouterr()
    assert "left out: unreadable photograph: A/cut.png" in captured.err
    assert len(captured.out.splitlines()) == 6
