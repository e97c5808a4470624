"""Runs side by side: which numbers stand in which row, what differs, and folders that hold no finished run."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from pairx.cli import main
from pairx.evaluation.comparing import compare_runs
from pairx.evaluation.reading import REQUIRED, open_run
from pairx.types import InputError

SETTINGS = {"dataset": "toys", "photographs": 9, "model": "tiny", "seed": 0, "layers": ["a"], "pair_x": {"version": 2}}


def write_run(folder: Path, rhos: dict[str, float], **settings: object) -> Path:
    """A finished run, as far as its files say; rhos: of each layer's residual."""
    metrics = {
        layer: {
            name: {
                "correct": 3,
                "incorrect": 4,
                "rho": rho + shift,
                "delta": delta,
                "delta_interval": [None, None] if delta is None else [0.1, 0.3],
                "delta_null": [None, None] if delta is None else [-0.02, 0.02],
                "delta_p": None if delta is None else 0.005,
                "delta_p_floor": 0.005,
                "auc": 0.6,
                "auc_interval": [0.55, 0.65],
            }
            for name, shift, delta in (("residual", 0.0, None), ("coverage", 0.1, 0.2))
        }
        for layer, rho in rhos.items()
    }
    retrieval = {"queries": 9, "top_1": 0.5, "top_5": 0.75, "map": 0.4}
    summary = {
        "pairs": 7,
        "correct": 3,
        "incorrect": 4,
        "k": 5,
        "retrieval": retrieval,
        "best_layer": None,
        "status": {},
    }
    folder.mkdir()
    (folder / "summary.json").write_text(json.dumps({**summary, "layers": metrics}))
    (folder / "settings.json").write_text(json.dumps({**SETTINGS, **settings}))
    pairs = pd.DataFrame(dict.fromkeys(REQUIRED, 0), range(len(rhos))).assign(layer=list(rhos))
    pairs.to_parquet(folder / "pairs.parquet")
    return folder


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    first = write_run(tmp_path / "first", {"a": 0.25})
    second = write_run(tmp_path / "second", {"a": 0.5, "b": 0.75}, layers=["a", "b"], pair_x={"version": 3})
    return [str(first), str(second)]


def test_comparable_rows_follow_one_another(folders: list[str]) -> None:
    first, second = folders
    found = compare_runs({folder: open_run(Path(folder)) for folder in folders})
    assert found.runs["run"].tolist() == folders and found.runs["top_5"].tolist() == [0.75, 0.75]
    rows = [("residual", "a", first), ("residual", "a", second), ("residual", "b", second)]
    rows += [("coverage", layer, run) for _, layer, run in rows]
    assert list(found.scores[["metric", "layer", "run"]].itertuples(index=False, name=None)) == rows
    assert found.scores["rho"].tolist() == pytest.approx([0.25, 0.5, 0.75, 0.35, 0.6, 0.85])
    assert found.scores["delta"].isna().tolist() == [True] * 3 + [False] * 3
    assert found.scores["delta_high"].tolist()[3:] == [0.3] * 3 and found.scores["chance_low"][5] == -0.02


def test_differing_settings_are_named(folders: list[str]) -> None:
    differing = compare_runs({folder: open_run(Path(folder)) for folder in folders}).differing
    expected = pd.DataFrame([['["a"]', '["a", "b"]'], [2, 3]], ["layers", "pair_x.version"], folders)
    assert differing.astype(str).equals(expected.astype(str))
    assert compare_runs({"one": open_run(Path(folders[0]))}).differing.empty


def test_options_that_an_older_run_does_not_name_had_their_defaults(tmp_path: Path) -> None:
    old = write_run(tmp_path / "old", {"a": 0.5})
    new = write_run(tmp_path / "new", {"a": 0.5}, pair_x={"version": 2, "positions": "centres"})
    other = write_run(tmp_path / "other", {"a": 0.5}, pair_x={"version": 2, "positions": "between"})
    found = {folder.name: open_run(folder) for folder in (old, new, other)}
    assert compare_runs({name: found[name] for name in ("old", "new")}).differing.empty
    assert compare_runs(found).differing.loc["pair_x.positions"].tolist() == ["centres", "centres", "between"]


def test_the_input_size_of_an_older_run_is_known_by_its_model(tmp_path: Path) -> None:
    new = write_run(tmp_path / "new", {"a": 0.5}, model_key="abc", size=128)
    small = write_run(tmp_path / "small", {"a": 0.5}, model_key="def", size=96)
    old = write_run(tmp_path / "old", {"a": 0.5}, model_key="abc")
    found = {folder.name: open_run(folder) for folder in (new, small, old)}
    assert compare_runs({name: found[name] for name in ("old", "new")}).differing.empty
    differing = compare_runs(found).differing
    assert differing.loc["size"].tolist() == ["128 px", "96 px", "128 px"] and len(differing) == 2


def test_the_command(folders: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", *folders, folders[0]]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["pair_x.version", "2", "3"] in lines
    coverage = "3+4 0.85 - 0.20 0.10 to 0.30 0.60 0.55 to 0.65 -0.02 to 0.02 <=0.005"
    residual = "3+4 0.25 - - - 0.60 0.55 to 0.65 - -"
    assert ["coverage", "b", folders[1], *coverage.split()] in lines
    assert ["residual", "a", folders[0], *residual.split()] in lines
    assert sum(line[0] == "coverage" for line in lines if line) == 3
    assert main(["runs", *folders, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["runs"][1]["map"] == 0.4 and printed["scores"][0]["delta"] is None
    assert printed["differing"][1] == {"run": folders[1], "layers": '["a", "b"]', "pair_x.version": 3}


def test_what_is_no_finished_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match="folder does not exist"):
        open_run(tmp_path / "nowhere")
    (tmp_path / "begun").mkdir()
    (tmp_path / "begun" / "run.sqlite").write_bytes(b"")
    with pytest.raises(InputError, match="Continue it first"):
        open_run(tmp_path / "begun")
    damaged = write_run(tmp_path / "damaged", {"a": 0.25})
    (damaged / "summary.json").write_text("{")
    assert main(["runs", str(damaged)]) == 2
    captured = capsys.readouterr()
    assert "cannot be read" in captured.err and captured.err.count("\n") == 1 and not captured.out
