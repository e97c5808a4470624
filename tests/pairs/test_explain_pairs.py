"""Lists of pairs: the numbers of single pairs, once each, whatever is killed, and a line for every bad row."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pairx.cli import main
from pairx.core import pair_x
from pairx.datasets import Dataset, load_dataset
from pairx.datasets.pairs import read_pairs
from pairx.evaluation.work import LocalWorkers
from pairx.images import load_pair
from pairx.methods import explain
from pairx.models import EmbeddingModel
from pairx.pairs import ExplainedPairs, explain_pairs, explain_pairs_steps
from pairx.pairs.explaining import Drawing, Explaining, file_name
from pairx.pairs.kept import Kept
from pairx.types import Explanation, InputError
from tests.datasets.test_dataset import write_photo

ROOT = Path(__file__).resolve().parents[2]
PAIRS = [("a.png", "b.png"), ("c.png", "a.png"), ("a.png", "c.png"), ("a.png", "d.png")]


def write_list(path: Path, pairs: list[tuple[str, str]]) -> Path:
    pd.DataFrame(pairs, columns=["query_id", "candidate_id"]).to_csv(path, index=False)
    return path


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    for number, name in enumerate("abcd"):
        write_photo(tmp_path / f"{name}.png", number)
    return write_list(tmp_path / "list.csv", PAIRS)


def run(listed: Path, model: EmbeddingModel, **options: object) -> ExplainedPairs:
    given = {"out": listed.parent / "out", "figures": "none", "features": "sift", "k_colors": 1} | options
    return explain_pairs(listed, model, cache=listed.parent / "cache", **given)


def test_the_numbers_are_those_of_single_pairs(
    listed: Path, tiny: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And each photograph is decoded and recorded once."""
    recorded, decoded = Counter(), Counter()
    record, load = pair_x.record, Dataset.load
    monkeypatch.setattr(pair_x, "record", lambda *given: recorded.update([given[1].tobytes()]) or record(*given))
    monkeypatch.setattr(Dataset, "load", lambda data, row: decoded.update([row]) or load(data, row))
    found = run(listed, tiny, figures="npz")
    assert set(recorded.values()) == set(decoded.values()) == {1} and len(recorded) == len(decoded) == 4
    assert found.table["line"].tolist() == [2, 3, 4, 5]
    assert list(found.table[["query_id", "candidate_id"]].itertuples(False, None)) == PAIRS
    monkeypatch.undo()
    for row in found.table.itertuples():
        pair = load_pair(*(listed.parent / name for name in (row.query_id, row.candidate_id)))
        expected = explain(tiny, pair, k_colors=1)
        kept = Explanation.load(found.folder / row.figure)
        assert row.cosine == expected.similarity == kept.similarity
        assert (row.matches, row.raising) == (len(expected.matches), expected.matches.raising)
        for name in ("map0", "map1", "pixel_maps0", "pixel_maps1"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(expected, name))
    assert found.table["inverted_residual_mean"].dtype == float and "match_coverage" in found.table


def test_a_stopped_list_goes_on(listed: Path, tiny: EmbeddingModel) -> None:
    """Nothing finished is computed or written again, half a line is cut off, and a vanished figure is drawn again."""
    options = {"out": listed.parent / "out", "features": "sift", "k_colors": 1, "cache": listed.parent / "cache"}
    steps = explain_pairs_steps(listed, tiny, figures="npz", **options)
    for step in steps:
        if step.what == "explaining the pairs" and step.done == 2:
            break
    steps.close()
    out = listed.parent / "out"
    first = pd.read_csv(out / "pairs.csv")
    assert len(first) == 2
    finished = out / "finished.jsonl"
    written = finished.read_bytes()
    assert written.count(b"\n") == 2
    finished.write_bytes(written + b'{"pair": ["a.png", "d')
    gone, stays = (out / name for name in first["figure"])
    gone.unlink()
    stray = out / "figures" / f".{'0' * 16}.npz"
    stray.touch()
    before = stays.stat().st_mtime_ns
    found = run(listed, tiny, figures="npz")
    assert len(found.table) == 4 and found.table["cosine"].notna().all() and gone.is_file()
    assert stays.stat().st_mtime_ns == before and not stray.exists()
    pairs = Counter(tuple(json.loads(line)["pair"][:2]) for line in finished.read_text().splitlines())
    assert set(pairs) == set(PAIRS) and sorted(pairs.values()) == [1, 1, 1, 2]


@pytest.mark.slow
def test_bad_rows_are_told_and_the_others_go_on(
    listed: Path, tiny: EmbeddingModel, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [("a.png", "no.png"), ("", "a.png"), ("broken.png", "b.png"), PAIRS[0], PAIRS[0]]
    (listed.parent / "broken.png").write_bytes(b"\x89PNG no photograph")
    write_list(listed, bad)
    found = run(listed, tiny)
    assert [one.line for one in found.problems] == [2, 3, 4] and found.repeated == 1
    assert "there is no file" in found.problems[0].words and "not named" in found.problems[1].words
    assert "broken.png" in found.problems[2].words
    assert found.table["problem"].notna().tolist() == [True, True, True, False]
    write_photo(listed.parent / "no.png", 4)
    assert [one.line for one in run(listed, tiny).problems] == [3, 4]
    command = ["explain", "--pairs", str(listed), "-o", str(listed.parent / "other"), "--figures", "none"]
    command += ["--model", "lite0-imagenet", "--size", "64", "--k-colors", "1", "--features", "sift"]
    assert main(command) == 2
    printed = capsys.readouterr()
    *told, last = printed.err.splitlines()
    assert told[0].startswith(f"pairx: {listed}: line 3: ") and len(told) == 2
    assert last.startswith("pairx: 2 of 4 pairs could not be explained") and "2 pairs" in printed.out


@pytest.mark.slow
def test_several_methods_have_a_row_each(listed: Path, tiny: EmbeddingModel) -> None:
    found = run(listed, tiny, methods=["pair-x", "grad-cam"], figures="png")
    assert found.table["method"].tolist() == ["pair-x", "grad-cam"] * 4
    assert found.table["figure"].nunique() == 4 and not found.problems
    assert all((found.folder / name).read_bytes().startswith(b"\x89PNG") for name in found.table["figure"])
    assert found.table.loc[found.table["method"] == "grad-cam", "match_coverage"].isna().all()


def test_a_pair_that_no_method_can_explain_is_a_problem(
    listed: Path, tiny: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_given: object) -> None:
        raise InputError("It cannot be.")

    monkeypatch.setattr(pair_x, "encode", refuse)
    found = run(listed, tiny)
    assert [one.words for one in found.problems] == ["It cannot be."] * 4
    monkeypatch.undo()
    assert not run(listed, tiny).problems


def test_other_settings_and_other_folders_are_refused(listed: Path, tiny: EmbeddingModel) -> None:
    run(listed, tiny)
    with pytest.raises(InputError, match="was begun with options"):
        run(listed, tiny, k_colors=2)
    with pytest.raises(InputError, match="holds other files"):
        run(listed, tiny, out=listed.parent)
    with Kept(listed.parent / "held", {}), pytest.raises(InputError, match="working on"):
        run(listed, tiny, out=listed.parent / "held")
    for wrong in ({"figures": "npz", "methods": ["pair-x", "grad-cam"]}, {"samples": 1}, {"methods": []}):
        with pytest.raises(InputError):
            run(listed, tiny, out=listed.parent / "new", **wrong)
    assert not (listed.parent / "new").exists()


def test_ids_of_a_data_set(tmp_path: Path, tiny: EmbeddingModel) -> None:
    """Its boxes hold, and work that is sent to another process finds the same."""
    for animal, name, seed in (("A", "1", 0), ("A", "2", 1), ("B", "3", 2)):
        write_photo(tmp_path / "herd" / animal / f"{name}.png", seed)
    herd = load_dataset(tmp_path / "herd", cache=tmp_path / "cache")
    ids = herd.table["image_id"].tolist()
    listed = write_list(tmp_path / "list.csv", [(ids[0], ids[2]), ("nobody", ids[1])])
    found = run(listed, tiny, dataset=herd)
    assert [one.words for one in found.problems] == ["herd has no photograph 'nobody'. Give an image_id of it."]
    work = Explaining(herd, tiny, ["pair-x"], "stage", {"k_colors": 1}, "sift", "affine", tmp_path, Drawing("none"))
    sent = pickle.loads(pickle.dumps(work))
    pairs = pd.DataFrame({"number": [7], "query": [0], "gallery": [2]})
    ((number, (row,)),) = LocalWorkers().pairs(sent, pairs)
    assert number == 7 and row["cosine"] == found.table["cosine"][1 if found.table["line"][0] == 3 else 0]


def test_masks_of_a_data_set_say_where_the_animal_is(tmp_path: Path, tiny: EmbeddingModel) -> None:
    """A photograph with itself is as similar without the animal, which only a mask can tell."""
    for name in "ab":
        write_photo(tmp_path / f"{name}.png", 5)
    mask = np.zeros((48, 64), np.uint8)
    mask[10:30, 10:30] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    rows = {"image_id": ["a", "b"], "path": ["a.png", "b.png"], "identity": "A", "mask": "mask.png"}
    pd.DataFrame(rows).to_csv(tmp_path / "metadata.csv", index=False)
    herd = load_dataset(tmp_path / "metadata.csv", cache=tmp_path / "cache")
    bare = Dataset("bare", herd.table.drop(columns="mask"))
    listed = write_list(tmp_path / "list.csv", [("a", "b")])
    masked, plain = (run(listed, tiny, dataset=one, out=tmp_path / f"{i}") for i, one in enumerate((herd, bare)))
    assert "outside" in masked.table["warned"][0] and "outside" not in plain.table["warned"][0]


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c:d", "ж" * 300, "", ".", "CON\n\x00", "-rf"])
def test_any_id_makes_a_safe_name(name: str, tmp_path: Path) -> None:
    made = file_name(name, name)
    (tmp_path / f"{made}.png").touch()
    assert [one.name for one in tmp_path.iterdir()] == [f"{made}.png"]
    assert made[0] not in ".-" and made != file_name(name, f"{name} ") and len(made.encode()) < 160


def test_lines_are_those_of_the_file(tmp_path: Path) -> None:
    """Whatever cells and blank lines come between."""
    path = tmp_path / "list.csv"
    path.write_text('note,query_id,gallery_id\n"two\nlines",a,b\n\n,c,"d"\n')
    table = read_pairs(path)
    assert table["line"].tolist() == [2, 5] and table["candidate_id"].tolist() == ["b", "d"]
    path.write_text("query_id,other\na,b\n")
    with pytest.raises(InputError, match="lacks candidate_id"):
        read_pairs(path)


DRIVER = """
import sys
from pathlib import Path
from pairx.pairs import explain_pairs_steps
from pairx.testing import tiny_model

listed = Path(sys.argv[1])
for step in explain_pairs_steps(
    listed, tiny_model(), out=listed.parent / "out", figures="npz", features="sift", k_colors=1,
    cache=listed.parent / "cache",
):
    print(step.done, flush=True)
    if step.what == "explaining the pairs" and step.done:
        sys.stdin.read()
"""


@pytest.mark.slow
def test_a_killed_list_loses_nothing(listed: Path, tiny: EmbeddingModel) -> None:
    command = [sys.executable, "-c", DRIVER, str(listed)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as driver:
        for line in driver.stdout:
            if line.strip() == "1":
                os.kill(driver.pid, signal.SIGKILL)
                break
    finished = listed.parent / "out" / "finished.jsonl"
    assert finished.read_bytes().count(b"\n") == 1
    found = run(listed, tiny, figures="npz")
    assert finished.read_bytes().count(b"\n") == len(found.table) == len(PAIRS)
    whole = run(listed, tiny, figures="npz", out=listed.parent / "whole")
    same = [name for name in whole.table if name != "seconds"]
    pd.testing.assert_frame_equal(found.table[same], whole.table[same])
