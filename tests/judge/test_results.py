"""What ships of a judgement: the pairs behind each number, and a file that says the same when it is read."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pairx.judging.contenders import RANDOM
from pairx.judging.criteria import CRITERIA
from pairx.judging.results import Results, read_results, results_of, shipped_results
from pairx.judging.run import VERSION
from pairx.judging.table import tabulate
from pairx.methods import cards
from pairx.types import InputError

SETTINGS = {
    "dataset": "my herd", "model": "tiny", "pairs": 12, "seed": 0, "whole_photographs": False,
    "criteria": list(CRITERIA),
}  # fmt: skip


def found(criterion: str = "energy") -> Results:
    """Pair i of 12 has the value i."""
    values = {"sam": np.arange(12.0), RANDOM: np.full(12, 5.5)}
    scores = pd.DataFrame(
        [
            {
                "number": i, "individual": f"a{i}", "image_id0": f"p{i}", "image_id1": f"q{i}", "method": name,
                "criterion": criterion, "value": value,
            }
            for name, own in values.items() for i, value in enumerate(own)
        ]
    )  # fmt: skip
    about = {
        "settings": SETTINGS, "reference": "sam", "methods": ["sam"], "controls": [RANDOM],
        "criteria": [{"name": criterion}], "notes": [],
    }  # fmt: skip
    return results_of(tabulate(scores, list(values), [CRITERIA[criterion]], "sam"), scores, about)


@pytest.mark.parametrize(("criterion", "best"), [("energy", [11, 10, 9]), ("deletion", [0, 1, 2])])
def test_the_best_and_worst_pairs_are_told(criterion: str, best: list[int]) -> None:
    results = found(criterion)
    cell = results.cell("sam", criterion)
    assert cell is not None
    assert [one.value for one in cell.best] == best
    assert [results.pairs[one.number] for one in cell.best] == [(f"p{i}", f"q{i}") for i in best]
    assert [one.value for one in cell.worst] == [11 - i for i in best]
    assert cell.mean == 5.5 and cell.flagged == (RANDOM,) and math.isnan(cell.difference)


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    one = found()
    one.save(tmp_path / "one.json")
    again = read_results(tmp_path / "one.json")
    again.save(tmp_path / "again.json")
    assert (tmp_path / "one.json").read_text() == (tmp_path / "again.json").read_text()
    assert again.cell(RANDOM, "energy") == one.cell(RANDOM, "energy")
    assert again.cell("sam", "pointing") is None
    assert again.command == "pairx judge 'my herd' --model tiny --pairs 12 --methods sam"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}'])
def test_another_file_gets_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.json").write_text(text)
    with pytest.raises(InputError, match="holds no results of a judgement"):
        read_results(tmp_path / "one.json")


def test_what_ships_is_of_methods_and_criteria_that_there_are() -> None:
    for one in shipped_results():
        assert one.settings["version"] == VERSION, one.command
        assert set(one.methods) <= set(cards()) and set(one.criteria) <= set(CRITERIA)
        assert {cell.method for cell in one.cells} <= {*one.methods, *one.controls}
        assert all(pair.number < len(one.pairs) for cell in one.cells for pair in (*cell.best, *cell.worst))
    known = [(one.settings["model"], one.settings["dataset"]) for one in shipped_results()]
    assert known[0] == ("reid-lite0", "sample")
    assert known.index(("lite0-imagenet", "sample")) < known.index(("lite0-imagenet", "nyala"))
