"""Pairs of a run as a queue: what each keeps, and from where its photographs come."""

from __future__ import annotations

import pytest

from pairx.datasets import load_dataset
from pairx.evaluation.reading import open_run
from pairx.reviews import ReviewLog, Task
from pairx.reviews.queues import begin_of_run
from pairx.types import InputError
from pairx.ui.shared.library import SAMPLE_RUN
from tests.evaluation.made_up import write_run


@pytest.fixture
def run(tmp_path):
    write_run(tmp_path / "cows", model="tiny", model_key="abc")
    return open_run(tmp_path / "cows")


def test_a_queue_keeps_order_cosine_score_and_what_it_is_of(run, tmp_path):
    folder = tmp_path / "review"
    assert begin_of_run(folder, run, "early", "match_coverage", [39, 0, 20], "1.2") == 3
    with ReviewLog(folder) as log:
        assert log.tasks() == [
            Task(0, "q39", "g39", pytest.approx(0.1)),  # without the metric: no score
            Task(1, "q0", "g0", 0.9, 1.0),
            Task(2, "q20", "g20", pytest.approx(0.9 - 0.8 * 20 / 39), pytest.approx(1 - 20 / 39)),
        ]
        facts = log.facts
    known = {"model": "tiny", "model_key": "abc", "run": "cows", "layer": "early", "score_name": "match_coverage"}
    assert facts == {**known, "version": "1.2", "dataset": f"run:{run.folder}"}
    found = load_dataset(facts["dataset"], skip_problems=True, unknown=True, links_out=False)
    assert len(found) == 80 and found.table["identity"][found.row("g3")] == "Animal 3" and found.load(0)[0].ndim == 3


def test_the_same_pairs_go_on_and_others_are_refused(run, tmp_path):
    folder = tmp_path / "review"
    begin_of_run(folder, run, "early", "match_coverage", [1, 2])
    assert begin_of_run(folder, run, "early", "match_coverage", [2, 1]) == 0
    for layer, metric, numbers in (
        ("early", "match_coverage", [1, 2, 3]),
        ("stage", "match_coverage", [1, 2]),
        ("early", "inverted_residual_mean", [1, 2]),
    ):
        with pytest.raises(InputError, match="review of other pairs"):
            begin_of_run(folder, run, layer, metric, numbers)
    with ReviewLog(folder) as log:
        assert [task.query_id for task in log.tasks()] == ["q1", "q2"]


@pytest.mark.parametrize(
    ("layer", "metric", "numbers", "said"),
    [
        ("late", "match_coverage", [1], "no layer"),
        ("early", "beauty", [1], "no metric"),
        ("early", "match_coverage", [], "no such pairs"),
        ("early", "match_coverage", [1, 40], "no such pairs"),
    ],
)
def test_what_the_run_does_not_have_begins_nothing(run, tmp_path, layer, metric, numbers, said):
    with pytest.raises(InputError, match=said):
        begin_of_run(tmp_path / "review", run, layer, metric, numbers)
    assert not (tmp_path / "review").exists()


def test_the_samples_photographs_are_those_that_ship(tmp_path):
    sample = open_run(SAMPLE_RUN)
    begin_of_run(tmp_path / "review", sample, sample.layers[0], "match_coverage", [0])
    with ReviewLog(tmp_path / "review") as log:
        assert log.facts["dataset"] == "sample"


def test_a_run_that_does_not_say_where_its_photographs_are_is_no_data_set(run):
    (run.folder / "photographs.parquet").unlink()
    with pytest.raises(InputError, match="does not say where its photographs are"):
        load_dataset(f"run:{run.folder}")
