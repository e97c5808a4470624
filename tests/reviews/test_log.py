"""The log of a review: nothing decided is lost, doubled or changed."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time

import pytest

from pairx.reviews.counting import Progress
from pairx.reviews.decisions import VERDICTS, Decision, now
from pairx.reviews.log import FILE, SHARES, ReviewLog
from pairx.types import InputError

PAIRS = [("q1", "a", 0.9, None, 1), ("q1", "b", 0.8, None, 2), ("q2", "a", 0.7, None, 1), ("q2", "c", 0.6, None, 2)]


def decided(query: str, candidate: str, verdict: str = "match", reviewer: str = "Ada", **more) -> Decision:
    return Decision(query, candidate, verdict, reviewer, now(), **more)


@pytest.fixture
def log(tmp_path):
    with ReviewLog(tmp_path / "review", {"dataset": "herd"}) as log:
        log.add_tasks(PAIRS)
        yield log


def pairs(tasks) -> list[tuple[str, str]]:
    return [(task.query_id, task.candidate_id) for task in tasks]


def test_a_decision_comes_back_as_it_was_made(log):
    given = decided("q1", "a", cosine=0.9, score=1.5, score_name="residual", rank=1, blind=True, note="ear", model="m")
    number = log.decide(given, "t1")
    (row,) = log.entries().to_dict("records")
    assert row["number"] == number and not row["undone"]
    assert {name: row[name] for name in ("query_id", "cosine", "score", "rank", "blind", "note", "decided_at")} == {
        "query_id": "q1", "cosine": 0.9, "score": 1.5, "rank": 1, "blind": True, "note": "ear",
        "decided_at": given.decided_at,
    }  # fmt: skip


def test_a_review_of_before_takes_decisions_with_a_share(log):
    log.decide(decided("q1", "a"), "t1")
    log.close()
    with sqlite3.connect(log.folder / FILE) as database:
        for name in SHARES:
            database.execute(f"ALTER TABLE decisions DROP COLUMN {name}")
    with ReviewLog(log.folder) as again:
        again.decide(decided("q1", "b", share=0.8, share_low=0.7, share_high=0.9), "t2")
        kept = again.entries()
    assert kept["share"].isna().tolist() == [True, False] and kept["share_high"].tolist()[1] == 0.9
    with pytest.raises(InputError, match="from 0 to 1"):
        decided("q1", "a", share=1.5)


def test_a_decision_that_is_sent_twice_is_written_once(log):
    given = decided("q1", "a")
    assert log.decide(given, "t1") == log.decide(given, "t1")
    assert log.undo("Ada", "u1") == log.undo("Ada", "u1")
    assert len(log.entries()) == 2


def test_undo_goes_back_one_decision_of_that_reviewer_at_each_call_and_removes_nothing(log):
    first, second = log.decide(decided("q1", "a"), "t1"), log.decide(decided("q1", "b", "no_match"), "t2")
    other = log.decide(decided("q1", "a", "unsure", "Bo"), "t3")
    assert [log.undo("Ada", f"u{n}") for n in range(3)] == [second, first, None]
    assert list(log.standing()["number"]) == [other]
    assert list(log.entries()["undone"]) == [True, True, False, False, False]
    again = log.decide(decided("q1", "b"), "t4")
    assert log.undo("Ada", "u9") == again


def test_the_queue_goes_on_where_each_reviewer_was_and_puts_the_skipped_last(log):
    assert pairs(log.open_tasks("Ada")) == [pair[:2] for pair in PAIRS]
    log.decide(decided("q1", "a", "skip"), "t1")
    log.decide(decided("q1", "b", "no_match"), "t2")
    assert pairs(log.open_tasks("Ada")) == [("q2", "a"), ("q2", "c"), ("q1", "a")]
    assert log.progress("Ada") == Progress(decided=1, skipped=1, open=3)
    assert log.progress("Bo") == Progress(decided=0, skipped=0, open=4)
    log.decide(decided("q1", "a"), "t3")
    assert pairs(log.open_tasks("Ada")) == [("q2", "a"), ("q2", "c")]
    log.undo("Ada", "u1")
    assert pairs(log.open_tasks("Ada")) == [("q2", "a"), ("q2", "c"), ("q1", "a")]


def test_a_new_individual_answers_all_pairs_of_its_query(log):
    log.decide(decided("q1", "", "new_individual"), "t1")
    assert pairs(log.open_tasks("Ada")) == [("q2", "a"), ("q2", "c")]


def test_each_pair_is_asked_of_so_many_reviewers_and_no_more(log):
    log.decide(decided("q1", "a"), "t1")
    assert ("q1", "a") not in pairs(log.open_tasks("Bo", asked_of=1))
    assert ("q1", "a") in pairs(log.open_tasks("Bo", asked_of=2))
    log.decide(decided("q1", "a", "no_match", "Bo"), "t2")
    assert ("q1", "a") not in pairs(log.open_tasks("Cleo", asked_of=2))
    assert ("q1", "a") in pairs(log.open_tasks("Cleo"))


def test_progress_that_is_kept_up_is_what_a_full_count_gives(tmp_path):
    rng = random.Random(5)
    verdicts, queries = list(VERDICTS), [f"q{n}" for n in range(4)]
    with ReviewLog(tmp_path, {}) as log, ReviewLog(tmp_path) as other:
        for turn in range(400):
            writer, reviewer = rng.choice([log, other]), rng.choice(["Ada", "Bo"])
            query, verdict = rng.choice(queries), rng.choice(verdicts)
            candidate = "" if verdict == "new_individual" else rng.choice("abcde")
            if turn % 57 == 3:
                writer.add_tasks([(query, rng.choice("abc") + str(turn), None, None, None), (query, "a", 0.5, None, 1)])
            if rng.random() < 0.3:
                writer.undo(reviewer, f"u{turn}")
            else:
                writer.decide(decided(query, candidate, verdict, reviewer), f"t{turn}")
            if rng.random() < 0.6:
                asked = rng.choice(["Ada", "Bo"])
                assert log.progress(asked) == recount(log, asked)
        assert log.progress("Ada").decided > 2


def recount(log: ReviewLog, reviewer: str) -> Progress:
    """Of the whole log, without SQL."""
    table = log.entries()
    table = table[(table["reviewer"] == reviewer) & table["undoes"].isna() & ~table["undone"]]
    last = {(row.query_id, row.candidate_id): row.verdict for row in table.itertuples()}
    said = [[last[pair] for pair in ((q, c), (q, "")) if pair in last] for q, c in pairs(log.tasks())]
    done = [any(verdict != "skip" for verdict in verdicts) for verdicts in said]
    return Progress(sum(done), sum(map(bool, said)) - sum(done), len(said) - sum(done))


def test_what_is_disputed_is_what_all_that_stands_says_of_these_pairs(log):
    log.decide(decided("q1", "a"), "t1")
    log.decide(decided("q1", "a", "no_match", "Bo"), "t2")
    log.decide(decided("q1", "b", "no_match", "Bo"), "t3")
    log.decide(decided("a", "q1", "unsure", "Cleo"), "t4")
    assert list(log.disputed()["number"]) == [1, 2, 4]
    log.undo("Bo", "u1")
    log.undo("Bo", "u2")
    assert list(log.disputed()["number"]) == [1, 4]


def test_pairs_are_added_once_and_never_of_one_photograph(log):
    assert log.add_tasks([PAIRS[0], ("q3", "a", None, None, None)]) == 1
    assert pairs(log.tasks())[-1] == ("q3", "a")
    with pytest.raises(InputError, match="with itself"):
        log.add_tasks([("q3", "q3", None, None, None)])


@pytest.mark.parametrize(
    "wrong",
    [
        {"verdict": "maybe"},
        {"query_id": ""},
        {"candidate_id": ""},
        {"candidate_id": "q1"},
        {"reviewer": "  "},
        {"decided_at": "2026-05-31T14:00:00"},
        {"decided_at": "yesterday"},
        {"cosine": float("nan")},
        {"note": "x" * 3000},
        {"verdict": "new_individual"},
    ],
)
def test_what_nobody_can_have_decided_is_refused_in_one_line(wrong):
    right = {"query_id": "q1", "candidate_id": "a", "verdict": "match", "reviewer": "Ada", "decided_at": now()}
    with pytest.raises(InputError) as told:
        Decision(**{**right, **wrong})
    assert "\n" not in str(told.value)


def test_every_verdict_has_words():
    assert all(words and words[0].isupper() for words in VERDICTS.values())


def test_what_is_no_review_is_told(tmp_path):
    with pytest.raises(InputError, match="holds no review"):
        ReviewLog(tmp_path)
    (tmp_path / FILE).write_text("no database")
    with pytest.raises(InputError, match="no review can be kept"):
        ReviewLog(tmp_path)
    (tmp_path / FILE).unlink()
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("CREATE VIEW decisions AS SELECT 1")
    database.close()
    with pytest.raises(InputError, match="holds a view"):
        ReviewLog(tmp_path)


def test_facts_stay_as_they_were_begun(tmp_path):
    ReviewLog(tmp_path, {"dataset": "herd", "top_k": 5}).close()
    with ReviewLog(tmp_path, {"dataset": "other"}) as log:
        assert log.facts == {"dataset": "herd", "top_k": 5}


def test_many_threads_and_two_processes_lose_nothing(tmp_path):
    folder = tmp_path / "review"
    with ReviewLog(folder, {}) as log, ReviewLog(folder) as other:

        def work(name: str, where: ReviewLog) -> None:
            for number in range(40):
                where.decide(decided(f"q{number}", "a", reviewer=name), f"{name}-{number}")

        workers = [threading.Thread(target=work, args=(f"r{n}", one)) for n, one in enumerate([log, log, other, other])]
        for one in workers:
            one.start()
        for one in workers:
            one.join()
        assert len(log.entries()) == 160 and log.entries()["ticket"].is_unique


@pytest.mark.slow
def test_what_was_acknowledged_is_there_after_a_kill_at_any_moment(tmp_path):
    script = textwrap.dedent(
        """
        import sys
        from pairx.reviews.decisions import Decision, now
        from pairx.reviews.log import ReviewLog
        log = ReviewLog(sys.argv[1], {})
        for number in range(100_000):
            log.decide(Decision(f"q{number}", "a", "match", "Ada", now()), f"{sys.argv[2]}-{number}")
            print(f"{sys.argv[2]}-{number}", flush=True)
        """
    )
    told = set()
    for turn in range(5):
        command = [sys.executable, "-c", script, str(tmp_path / "review"), str(turn)]
        worker = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        told.add(worker.stdout.readline().strip())
        time.sleep(0.05 * turn)
        os.kill(worker.pid, signal.SIGKILL)
        told |= set(worker.stdout.read().split())
        worker.wait()
    told = {one for one in told if "-" in one}
    with ReviewLog(tmp_path / "review") as log:
        kept = log.entries()["ticket"]
        assert told - {""} <= set(kept) and kept.is_unique
