"""`judge` as a run: its table, its continuation after a stop, wrong input in one line, and methods that are wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import pairx
from pairx.baselines import METHODS as REGISTRY
from pairx.cli import main
from pairx.datasets import load_dataset, load_herd
from pairx.judging import measuring
from pairx.judging.contenders import CENTRE, EDGES, RANDOM, UNTRAINED
from pairx.judging.planning import SAME, TWINS, plan
from pairx.judging.run import judge_steps
from pairx.judging.table import flags
from pairx.judging.truth import herd_of, truth_of, twin_pairs
from pairx.models import EmbeddingModel
from pairx.types import InputError
from tests.datasets.test_dataset import write_photo, write_toys
from tests.judge.wrong import RIGHT, wrong_methods

METHODS = ["grad-cam", "sam"]
CONTROLS = [RANDOM, CENTRE, EDGES, UNTRAINED]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIRX_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six photographs of three individuals."""
    return write_toys(tmp_path)


@pytest.mark.slow
def test_a_table_has_every_method_and_control(folder: Path, tmp_path: Path, tiny: EmbeddingModel) -> None:
    found = pairx.judge(folder, tiny, METHODS, out=tmp_path / "run", pairs=3)
    assert set(found.table["method"]) == {*METHODS, *CONTROLS}
    assert set(found.table["criterion"]) >= {"deletion", "insertion", "faithfulness", "partner", "weights", "seconds"}
    told = " ".join(found.about["notes"])
    for name in ("right-places", "energy", "twins"):
        assert name not in set(found.table["criterion"]) and name in told
    assert found.about["methods"] == METHODS and found.about["controls"] == CONTROLS
    assert set(found.scores["number"]) == {0, 1, 2}
    edges = found.scores[(found.scores["method"] == EDGES) & (found.scores["criterion"] == "partner")]
    assert np.allclose(edges["value"], 1)


@pytest.mark.slow
def test_a_stopped_run_goes_on_and_finds_the_same(
    folder: Path, tmp_path: Path, tiny: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured, measure = [], measuring.Measuring.measure
    monkeypatch.setattr(
        measuring.Measuring, "measure", lambda *given: measured.append(given[2].name) or measure(*given)
    )
    steps = judge_steps(folder, tiny, METHODS, out=tmp_path / "stopped", pairs=2)
    while len(measured) < 5:
        next(steps)
    steps.close()
    found = pairx.judge(folder, tiny, METHODS, out=tmp_path / "stopped", pairs=2)
    assert len(measured) == 2 * (len(METHODS) + len(CONTROLS))
    whole = pairx.judge(folder, tiny, METHODS, out=tmp_path / "whole", pairs=2)
    timed = ("seconds", "passes", "memory")
    keys = ["number", "method", "criterion"]
    one, other = (
        run.scores[~run.scores["criterion"].isin(timed)].sort_values(keys).reset_index(drop=True)
        for run in (found, whole)
    )
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.slow
def test_methods_may_come_to_a_judgement_and_settings_may_not_change(
    folder: Path, tmp_path: Path, tiny: EmbeddingModel, lite0: EmbeddingModel
) -> None:
    out = tmp_path / "run"
    pairx.judge(folder, tiny, METHODS[:1], out=out, pairs=1)
    assert set(METHODS) < set(pairx.judge(folder, tiny, METHODS, out=out, pairs=1).table["method"])
    with pytest.raises(InputError, match="with pairs 1, not 2"):
        pairx.judge(folder, tiny, METHODS, out=out, pairs=2)
    with pytest.raises(InputError, match='model "tiny", not "lite0-imagenet"'):
        pairx.judge(folder, lite0, METHODS, out=out, pairs=1)


def test_a_method_that_cannot_run_is_told_and_the_rest_is_judged(
    folder: Path, tmp_path: Path, tiny: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise InputError("It does not run on such a network.")

    records = REGISTRY._records
    monkeypatch.setattr(REGISTRY, "_records", records | {"sam": replace(records["sam"], find=refuse)})
    found = pairx.judge(folder, tiny, METHODS, out=tmp_path / "run", pairs=1)
    assert "sam" not in set(found.table["method"]) and "grad-cam" in set(found.table["method"])
    assert "sam could not run on 1 of the pairs: It does not run on such a network." in found.about["notes"]


@pytest.mark.slow
def test_pairs_are_spread_over_individuals_and_a_stranger_is_no_twin() -> None:
    dataset = load_dataset("sample")
    herd = herd_of(dataset)
    assert herd is not None
    found = plan(dataset.table, 8, 0, twin_pairs(herd))
    names = dataset.table["identity"]
    assert [one.kind for one in found] == [SAME] * 8 + [TWINS] * 8
    assert len({one.individual for one in found[:8]}) == 8
    twins = dict(herd.table[["identity", "twin"]].to_numpy())
    for one in found:
        own = {names[row] for row in one.rows}
        assert (len(own) == 1) == (one.kind == SAME)
        assert names[one.stranger] not in own | {twins[name] for name in own}
        flanks = {dataset.table["orientation"][row] for row in one.rows}
        assert len(flanks) == 1


@pytest.mark.slow
def test_the_herd_knows_its_twins_and_other_data_sets_know_nothing(folder: Path) -> None:
    herd = load_herd()
    ids = twin_pairs(herd)[0]
    assert truth_of(herd, ids).knows("correspondence")
    one = herd.table[herd.table["identity"] == "Marty"]["image_id"].tolist()[:2]
    assert truth_of(herd, (one[0], one[1])).differences is None
    assert herd_of(load_dataset(folder)) is None


@pytest.mark.slow
def test_the_command_prints_means_and_what_was_left_out(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ["--model", "pairx.testing:tiny_model", "--methods", "sam"]
    command = ["judge", str(folder), *model, "-o", str(tmp_path / "run")]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "toys: 6 photographs, tiny, stage"
    (head,) = [line for line in lines if line.startswith("true to the model")]
    assert "insertion ↑" in head and "deletion ↓" in head
    assert [line.split("  ")[0] for line in lines[3:8]] == ["sam", *CONTROLS]
    missing = "Left out, since the data set does not say where the animal is: energy"
    assert any(line.startswith(missing) for line in lines)
    assert main([*command, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["method"] for row in told["table"]} == {"sam", *CONTROLS}
    assert {row["flagged"] for row in told["table"]} == {""}  # three individuals have no intervals


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--methods", "gradcam"], "There is no method 'gradcam'"),
        (["--criteria", "beauty"], "There is no criterion 'beauty'"),
        (["--reference", "nobody"], "There is no method 'nobody'"),
        (["--pairs", "0"], "pairs is 1 or more"),
    ],
)
def test_wrong_words_get_one_line(
    folder: Path, tmp_path: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = ["--model", "lite0-imagenet", "--size", "64"]
    assert main(["judge", str(folder), *model, *words, "-o", str(tmp_path / "run")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 and said in lines[0]
    assert not (tmp_path / "run").exists()


def test_too_few_photographs_and_a_folder_of_something_else_get_one_line(
    folder: Path, tmp_path: Path, tiny: EmbeddingModel
) -> None:
    write_photo(tmp_path / "one" / "A" / "1.png", 1)
    for i in range(2):
        write_photo(tmp_path / "apart" / "AB"[i] / f"{i}.png", i)
        write_photo(tmp_path / "two" / "A" / f"{i}.png", i)
    for name, said in (("one", "two individuals"), ("two", "two individuals"), ("apart", "pairs of one animal")):
        with pytest.raises(InputError, match=said):
            pairx.judge(tmp_path / name, tiny, METHODS, out=tmp_path / "run")
    with pytest.raises(InputError, match="holds other files and no judgement"):
        pairx.judge(folder, tiny, METHODS, out=folder)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "judgement.sqlite").write_text("no database")
    with pytest.raises(InputError, match="no judgement can be kept there"):
        pairx.judge(folder, tiny, METHODS, out=tmp_path / "run")


@pytest.mark.slow
def test_maps_of_the_edges_are_flagged_since_they_look_at_neither_model_nor_partner(
    tmp_path: Path, tiny: EmbeddingModel
) -> None:
    for i in range(16):
        write_photo(tmp_path / "eight" / "ABCDEFGH"[i // 2] / f"{i}.png", i)
    changes = ["partner", "weights", "cascade"]
    found = pairx.judge(tmp_path / "eight", tiny, ["layercam"], out=tmp_path / "run", criteria=changes)
    rows = found.table.set_index(["method", "criterion"])
    assert [rows.loc[(EDGES, name), "flagged"] for name in changes] == [CENTRE] * 3
    assert flags(found.table)[EDGES] == 3


@pytest.mark.slow
def test_what_is_wrong_comes_last_and_is_flagged(tmp_path: Path) -> None:
    """Maps mirrored, and maps of the neighbouring pair, are worse than those that they are made of by every criterion,
    clearly by two."""
    more, less = ["energy", "pointing", "faithfulness"], ["deletion"]
    model, criteria = pairx.load_model("reid-lite0", size=208), [*more, *less]
    with wrong_methods(load_herd()) as wrong:
        found = pairx.judge(
            "sample", model, [RIGHT, *wrong], out=tmp_path / "run", pairs=10, criteria=criteria, reference=RIGHT
        )
    rows = found.table.set_index(["method", "criterion"])
    for name in wrong:
        assert all(rows.loc[name, one]["difference"].item() < 0 for one in more), name
        assert all(rows.loc[name, one]["difference"].item() > 0 for one in less), name
        clearly = [rows.loc[name, one]["difference_high"].item() < 0 for one in more]
        clearly += [rows.loc[name, one]["difference_low"].item() > 0 for one in less]
        assert sum(clearly) >= 2, name
        assert flags(found.table)[name] >= 2, name
