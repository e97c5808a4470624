"""`evaluate` on the command line: what they print, and one line with status 2 for wrong input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pairx import geometry
from pairx.cli import main
from pairx.commands.reports import report
from pairx.evaluation.run import Run
from tests.datasets.test_dataset import write_toys

MODEL = ("--model", "lite0-imagenet", "--size", "64", "--layer", "blocks.2")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIRX_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> str:
    """Six photographs of three individuals."""
    return str(write_toys(tmp_path))


@pytest.mark.slow
def test_evaluate(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["evaluate", folder, "-o", str(tmp_path / "run"), "--pairs", "6", *MODEL]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    run = Run(tmp_path / "run")
    assert lines[0] == "toys: 6 photographs, lite0-imagenet"
    assert lines[1].startswith("top-1 over 6 queries: ")
    assert lines[2] == "6 pairs of the top 5: 3 correct, 3 incorrect"
    assert any(line.startswith("Top-1, top-5 and mAP are over 6 queries only; rho, Delta") for line in lines)
    rows = [line.split() for line in lines if line.startswith("blocks.2")]
    assert sum("more than its control" in line for line in lines) == 5
    assert [row[1] for row in rows] == list(run.summary["layers"]["blocks.2"])
    coverage = run.summary["layers"]["blocks.2"]["match_coverage"]
    assert rows[-1][:4] == ["blocks.2", "match_coverage", "3+3", f"{coverage['rho']:.2f}"]
    assert main([*command, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["summary"] == run.summary and printed["settings"]["pairs"] == 6
    defaults = {"features": geometry.DEFAULT_FEATURES, "transform": geometry.DEFAULT_TRANSFORM}
    assert defaults == {name: printed["settings"][name] for name in defaults}
    assert main([*command, "--seed", "5"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "with seed 0, not 5" in error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["evaluate", "nowhere", "-o", "run"], "no such data set"),
        (["evaluate", "FOLDER"], "required: -o"),
        (["evaluate", "FOLDER", "-o", "run", "--pairs", "0"], "pairs is 2 or more"),
        (["evaluate", "FOLDER", "-o", "run", "--seed", "-1"], "seed is 0 or more, not -1"),
        (["evaluate", "FOLDER", "-o", "run", "--transform", "warp"], "not 'warp'"),
        (["evaluate", "FOLDER", "-o", "run", "--features", "surf"], "not 'surf'"),
        (["evaluate", "FOLDER", "-o", "run", "--query-split", "test"], "no split 'test'"),
        (["evaluate", "FOLDER", "-o", "run", "--exclude-encounter"], "no column encounter"),
    ],
)
def test_wrong_input_is_one_line(
    arguments: list[str], said: str, folder: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([folder if argument == "FOLDER" else argument for argument in arguments] + list(MODEL)) == 2
    captured = capsys.readouterr()
    assert said in captured.err and captured.err.count("\n") == 1 and not captured.out
    assert not Path("run").exists()


def test_one_photograph_makes_no_pairs(folder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = Path(folder) / "one.csv"
    manifest.write_text("image_id,path,identity\np0,A/0.png,A\n")
    assert main(["evaluate", str(manifest), "-o", str(tmp_path / "run"), *MODEL]) == 2
    captured = capsys.readouterr()
    assert "There are no pairs: no photograph has another" in captured.err
    assert captured.err.count("\n") == 1 and not captured.out
    assert not (tmp_path / "run").exists()


def test_numbers_that_do_not_exist_are_dashes() -> None:
    values = {"correct": 2, "incorrect": 0, "rho": None, "delta": None, "delta_p": None, "delta_reason": "none"}
    values |= {"delta_interval": [None, None], "delta_null": [None, None]}
    summary = {
        "retrieval": {"queries": 0, "top_1": None, "top_5": None, "map": None},
        **{"pairs": 2, "k": 5, "correct": 2, "incorrect": 0, "status": {"ok": 2}, "median_inliers": None},
        "layers": {"stage": {"match_coverage": values}},
    }
    settings = {"dataset": "toys", "photographs": 3, "model": "tiny", "features": "sift", "transform": "affine"}
    lines = report({**summary, "best_layer": None}, settings)
    assert lines[-2].split() == ["stage", "match_coverage", "2+0", *["-"] * 8]
    assert lines[-1].strip() == "no Delta: none"


def test_a_report_says_the_least_p_and_what_is_more_than_the_control() -> None:
    ends = {"rho_interval": [0.4, 0.6], "delta_interval": [0.1, 0.3], "auc_interval": [0.55, 0.65]}
    values = {"correct": 40, "incorrect": 50, "rho": 0.5, "delta": 0.2, "delta_reason": "", "auc": 0.6, **ends}
    values |= {"delta_null": [-0.02, 0.02], "delta_p": 1 / 201, "delta_p_floor": 1 / 201}
    values["over_control"] = {"rho": 0.01, "delta": -0.1, "auc": 0.02} | {key: [-0.3, 0.1] for key in ends}
    summary = {
        "retrieval": {"queries": 90, "top_1": 0.5, "top_5": 0.6, "map": 0.4},
        **{"pairs": 90, "k": 5, "correct": 40, "incorrect": 50, "status": {"ok": 90}, "median_inliers": 9.0},
        **{"best_layer": "stage", "layers": {"stage": {"inverted_residual_mean": values}}},
    }
    settings = {"dataset": "toys", "photographs": 90, "model": "tiny", "features": "sift", "transform": "affine"}
    found, apart = (line.split() for line in report(summary, settings)[-2:])
    numbers = "40+50 0.50 0.40 to 0.60 0.20 0.10 to 0.30 -0.02 to 0.02 <=0.005 0.60 0.55 to 0.65"
    assert found[2:] == numbers.split()
    expected = "more than its control 0.01 -0.30 to 0.10 -0.10 -0.30 to 0.10 0.02 -0.30 to 0.10"
    assert apart == expected.split()
