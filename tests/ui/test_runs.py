"""Runs in the tab: started, watched, stopped, continued, laid side by side."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import pytest

from pairx.datasets import Problem
from pairx.types import InputError, Step
from pairx.ui.explore import runs as runs_module
from pairx.ui.explore.running import OUR_FAULT, SKIP, Progress, Runner, in_form_words, in_words, left_out, measured
from pairx.ui.explore.runs import ONLY_HERE, STOPPED, STOPPED_EARLY, Runs
from pairx.ui.shared.library import READY, Library, Places
from tests.datasets.test_dataset import write_photo
from tests.evaluation.made_up import write_run
from tests.evaluation.test_reading import half_done

FORM = ("mine", "sample", "reid-lite0", ["stage"], 10, 3, True, False)


class Slow:
    """Stands in for `evaluate_steps`: goes on step by step when told, notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []
        self.gate = threading.Semaphore(0)

    def __call__(self, dataset, model, *, out, **options) -> Iterator[Step]:
        self.asked.append((dataset.name, model.name, out.name, options))
        for done in range(1, 4):
            yield Step(done, 3, "scoring pairs")
            self.gate.acquire(timeout=20)


@pytest.fixture
def slow(monkeypatch) -> Slow:
    found = Slow()
    monkeypatch.setattr(runs_module, "evaluate_steps", found)
    return found


class Reading:
    """Stands in for `load_steps`: a data set of a thousand photographs that is read one a step; two are left out."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []
        self.gate = threading.Semaphore(0)

    def __call__(self, source, skip, links_out) -> Generator[Step, None, SimpleNamespace]:
        assert not links_out
        self.asked.append((str(source), skip))
        for done in range(1000):
            yield Step(done, 1000, "reading the photographs")
            self.gate.acquire(timeout=20)
        problems = (Problem("missing file", "a.jpg (row 2)", 0), Problem("missing file", "b.jpg (row 3)", 1))
        return SimpleNamespace(name="read", problems=problems)


@pytest.fixture
def reading(monkeypatch) -> Reading:
    found = Reading()
    monkeypatch.setattr(runs_module, "load_steps", found)
    return found


@pytest.fixture
def warned(monkeypatch) -> list[str]:
    """What a person was told in a corner of the page."""
    found: list[str] = []
    monkeypatch.setattr(gr, "Warning", lambda text, **_: found.append(text))
    return found


@pytest.fixture
def runs_of(app_state, tmp_path) -> Runs:
    write_run(tmp_path / "runs" / "cows")
    return Runs(app_state, Library(Places(None, tmp_path / "runs", own_machine=True)))


def until(condition) -> None:
    for _ in range(400):
        if condition():
            return
        threading.Event().wait(0.05)
    pytest.fail("it did not happen within 20 seconds")


def said(answer) -> dict:
    """The status that an answer tells."""
    return answer.runs["status"]


def named(listed: dict) -> dict[str, dict]:
    return {run["name"]: run for run in listed["runs"]}


def test_a_run_is_started_watched_and_finished(runs_of, slow, warned):
    begun, _ = runs_of.start(*FORM)
    assert begun["status"]["busy"] and begun["running"] == begun["begun"] == "mine"
    until(lambda: runs_of.runner.progress.done == 1)
    assert slow.asked == [
        ("sample", "tiny", "mine", {"layers": ["stage"], "exclude_encounter": True, "pairs": 10, "seed": 3})
    ]
    status = said(runs_of.watch())
    assert status["text"].startswith("mine · Scoring pairs: 1 of 3") and (status["done"], status["total"]) == (1, 3)
    for refused, _ in (
        runs_of.start("cows", "/no/such/folder", *FORM[2:]),
        runs_of.resume("", gr.EventData(None, {"name": "x"})),
        runs_of.start(*FORM),  # pressed twice
    ):
        assert refused["status"]["text"].startswith("mine · ") and refused["status"]["busy"], "of another page, too"
        assert refused["running"] == "mine" and refused["begun"] is None and named(refused)["cows"]["finished"]
    assert said(runs_of.refresh())["text"].startswith("mine · "), "a page that was opened meanwhile says so at once"
    assert warned == ["mine is running. Wait for its end, or stop it."] * 3
    slow.gate.release(3)
    runs_of.runner.wait()
    over, compared = runs_of.watch()
    assert over["status"] == {"text": "mine is finished.", "error": False} and over["running"] is None
    assert over["at"] > begun["at"] and "begun" not in over and "cows" in compared["choices"]
    assert "status" not in runs_of.refresh().runs, "what was said stays"


def test_stop_keeps_what_is_finished(runs_of, slow):
    runs_of.start(*FORM)
    until(lambda: runs_of.runner.progress.done == 1)
    runs_of.halt()
    slow.gate.release()
    runs_of.runner.wait()
    assert "Stopped" in said(runs_of.watch())["text"] and runs_of.runner.progress.done == 2


def test_reading_a_data_set_is_watched_and_stopped(runs_of, slow, reading):
    runs_of.start(*FORM[:6], False, True)
    until(lambda: reading.asked == [("sample", True)] and runs_of.runner.progress.total == 1000)
    reading.gate.release(20)
    until(lambda: runs_of.runner.progress.done == 20)
    assert said(runs_of.watch())["text"].startswith("mine · Reading the photographs: 20 of 1000, ")
    runs_of.halt()
    reading.gate.release()
    runs_of.runner.wait()
    assert said(runs_of.watch()) == {"text": STOPPED_EARLY, "error": False}, "there is no run to continue"
    assert reading.asked and not slow.asked


def test_what_was_left_out_is_said_at_the_end(runs_of, slow, reading):
    runs_of.start(*FORM[:6], False, True)
    reading.gate.release(1000)
    slow.gate.release(3)
    runs_of.runner.wait()
    status = said(runs_of.watch())
    assert status["text"] == "mine is finished. 2 photographs were left out: missing file (2)."


def test_problems_in_words():
    double = [Problem("no identity", "row 4", 2), Problem("no number", "row 4", 2), Problem("no number", "row 5", 3)]
    assert left_out(double) == "2 photographs were left out: no number (2), no identity (1)."
    assert left_out(double[:1]) == "1 photograph was left out: no identity (1)."
    assert left_out([Problem("unknown column", "mood"), Problem("unknown column", "day")]) == (
        "Columns left out: mood, day."
    )
    assert left_out(()) == ""


def test_continue_takes_the_data_set_that_is_typed(app_state, tmp_path, slow, reading):
    """Before one of the list that has the same name."""
    listed, typed = tmp_path / "sets" / "herd", tmp_path / "mine" / "herd"
    listed.mkdir(parents=True), typed.mkdir(parents=True)
    half_done(tmp_path / "runs" / "half", dataset="herd", model="reid-lite0")
    runs = Runs(app_state, Library(Places(tmp_path / "sets", tmp_path / "runs", own_machine=True)))
    for text, source in ((str(typed), typed), ("", listed), ("sample", listed), (f"{typed}/", typed)):
        runs.resume(text, gr.EventData(None, {"name": "half"}))
        until(lambda: reading.asked)
        assert reading.asked.pop() == (str(source), True)
        runs.halt()
        reading.gate.release(3)
        runs.runner.wait()
        assert said(runs.watch())["text"] == STOPPED, "there is a run to continue"


def test_an_unfinished_run_continues_with_its_own_settings(runs_of, slow, tmp_path):
    half_done(tmp_path / "runs" / "half", dataset="sample", model="reid-lite0", layers=["stage"], pairs=9, seed=7)
    found = named(runs_of.listed())
    assert found["half"]["resumable"] and not found["half"]["finished"] and "0 of 2 pairs" in found["half"]["hint"]
    assert not found["cows"]["resumable"] and found[READY]["finished"]
    runs_of.resume("", gr.EventData(None, {"name": "half"}))
    until(lambda: slow.asked)
    assert slow.asked == [("sample", "tiny", "half", {"layers": ["stage"], "pairs": 9, "seed": 7})]
    assert named(runs_of.listed())["half"]["hint"].endswith("running")
    slow.gate.release(3)
    runs_of.runner.wait()
    half_done(tmp_path / "runs" / "far", dataset="elsewhere", model="reid-lite0")
    for name, reason in (("far", "Where is the data set elsewhere"), ("cows", "no unfinished"), ("../x", "no unfin")):
        status = said(runs_of.resume("", gr.EventData(None, {"name": name})))
        assert reason in status["text"] and status["error"]


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (("cows", *FORM[1:]), "is a run cows already"),
        (("a b", *FORM[1:]), "Name the run"),
        (("../up", *FORM[1:]), "Name the run"),
        (("new", "/no/such/folder", *FORM[2:]), "no such folder"),
        ((*FORM[:4], 1, *FORM[5:]), "Pairs is a whole number"),
        ((*FORM[:4], None, *FORM[5:]), "Pairs is a whole number"),
        ((*FORM[:5], -1, *FORM[6:]), "seed is a whole number"),
    ],
)
def test_what_cannot_be_started_says_why(runs_of, slow, form, reason):
    told, _ = runs_of.start(*form)
    assert reason in told["status"]["text"] and told["status"]["error"] and told["running"] is told["begun"] is None
    assert not runs_of.runner.busy and not slow.asked


def test_a_run_that_cannot_begin_can_be_started_again(runs_of, tmp_path, monkeypatch):
    monkeypatch.setenv("PAIRX_CACHE", str(tmp_path / "cache"))
    for name in "ABC":
        write_photo(tmp_path / "strangers" / name / "0.png", ord(name))
    for _ in range(2):
        status = said(runs_of.start("mine", str(tmp_path / "strangers"), *FORM[2:6], False, False))
        assert status["busy"]
        runs_of.runner.wait()
        assert "most similar pairs are incorrect" in said(runs_of.watch())["text"]
        assert "mine" not in named(runs_of.listed())


def test_a_run_with_a_damaged_file_offers_to_continue(runs_of, tmp_path):
    half_done(tmp_path / "half", dataset="sample", model="reid-lite0")
    (tmp_path / "half" / "run.sqlite").rename(tmp_path / "runs" / "cows" / "run.sqlite")
    assert not named(runs_of.listed())["cows"]["resumable"]
    (tmp_path / "runs" / "cows" / "summary.json").write_text('{"pairs": "')
    found = named(runs_of.listed())["cows"]
    assert found["resumable"] and not found["finished"] and found["hint"] == "sample · reid-lite0 · 0 of 2 pairs"
    assert "Continue it" in runs_of.summary("cows")["note"]


def test_nobody_starts_runs_on_somebody_elses_machine(app_state, tmp_path, slow):
    half_done(tmp_path / "half", dataset="sample", model="reid-lite0")
    public = Runs(app_state, Library(Places(None, tmp_path, own_machine=False)))
    for told, _ in (public.start(*FORM), public.resume("", gr.EventData(None, {"name": "half"}))):
        assert told["status"]["text"] == ONLY_HERE
    assert not named(public.listed())["half"]["resumable"] and not slow.asked


def test_what_goes_wrong_in_a_run_is_said():
    runner = Runner()

    def faulty(error):
        yield Step(0, 1, "reading")
        raise error

    for error, text in ((InputError("row 3 is missing"), "row 3 is missing"), (RuntimeError("secret"), OUR_FAULT)):
        runner.start("x", lambda error=error: faulty(error))
        runner.wait()
        assert runner.progress.over and runner.progress.error == text


def test_rate_and_remaining_time():
    progress = measured(Step(10, 110, "scoring pairs"), Step(30, 110, "scoring pairs"), 40)
    assert (progress.rate, progress.remaining) == (0.5, 160)
    assert in_words(progress) == "Scoring pairs: 30 of 110, 0.5 a second, 3 minutes left"
    assert in_words(replace(progress, remaining=0.8)).endswith("1 second left")
    assert in_words(Progress("x", "reading the data set")) == "Reading the data set"
    first = measured(Step(10, 110, "x"), Step(10, 110, "x"), 0)
    assert first.rate is None and first.remaining is None


def test_the_numbers_of_one_run_and_of_several(runs_of, tmp_path):
    write_run(tmp_path / "runs" / "calves", seed=1)
    retrieval, care, table = runs_of.summary("cows")["tables"]
    assert care["rows"] == [["Top-1, top-5 and mAP are over 8 queries only."]]
    assert retrieval["rows"] == [["8", "50.0 %", "75.0 %", "–", "20 + 20", "ok 20, few inliers 20"]]
    assert table["rows"][0] == [
        "early", "Inverted residual mean, 1/px", "20 + 19", "0.50", "", "0.25", "0.10 to 0.40", "−0.10 to 0.10",
        "0.010", "–", "",
    ]  # fmt: skip
    retrieval, care, table, differing = runs_of.compare(["cows", "calves"])["tables"]
    assert [row[0] for row in care["rows"]] == ["cows", "calves"]
    assert [row[0] for row in table["rows"][:4]] == ["cows", "calves"] * 2 and table["head"][0] == "Run"
    assert differing["head"] == ["Setting", "cows", "calves"] and differing["rows"] == [["seed", "0", "1"]]
    assert "two or more" in runs_of.compare(["cows"])["note"]
    assert "does not exist" in runs_of.compare(["cows", "gone"])["note"] and runs_of.summary("")["tables"] == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "cows: unreadable photograph: 6/broken.jpg cannot be decoded (row 6). Correct it, or skip these rows",
            f"cows: unreadable photograph: 6/broken.jpg cannot be decoded. Correct it, or tick “{SKIP}” above",
        ),
        ("Rename them, or skip them.", f"Rename them, or tick “{SKIP}” above."),
        ("/data/cows: there is no such folder.", "/data/cows: there is no such folder."),
    ],
)
def test_a_data_sets_faults_are_said_in_the_words_of_the_form(said, shown):
    assert in_form_words(said) == shown


def test_the_words_of_the_command_line_do_not_come_through(runs_of, tmp_path):
    (tmp_path / "herd" / "6").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        write_photo(tmp_path / "herd" / "6" / name)
    (tmp_path / "herd" / "6" / "broken.jpg").write_bytes(b"\xff\xd8 no photograph")
    runs_of.start("broken", str(tmp_path / "herd"), *FORM[2:])
    runs_of.runner.wait()
    text = said(runs_of.watch())["text"]
    assert "6/broken.jpg" in text and SKIP in text and "row" not in text


def test_the_list_says_which_run_is_under_way_and_which_came_to_its_end(runs_of, slow):
    assert [runs_of.listed()[name] for name in ("running", "finished")] == [None, None]
    runs_of.start(*FORM)
    assert [runs_of.listed()[name] for name in ("running", "finished")] == ["mine", None]
    slow.gate.release(3)
    runs_of.runner.wait()
    assert [runs_of.listed()[name] for name in ("running", "finished")] == [None, "mine"]
    runs_of.start("other", *FORM[1:])
    runs_of.halt()
    slow.gate.release(3)
    runs_of.runner.wait()
    assert [runs_of.listed()[name] for name in ("running", "finished")] == [None, None], "it was stopped"
