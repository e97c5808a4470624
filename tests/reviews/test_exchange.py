"""What a review writes can be read back, and its command says what is wrong in one line."""

import json

import pandas as pd
import pytest

from pairx.cli import main
from pairx.commands import review
from pairx.datasets import load_dataset
from pairx.reviews import Decision, ReviewLog, now
from pairx.reviews.exchange import add_decisions, decisions_table, identities_table, individuals_of, read_decisions
from pairx.reviews.exporting import EXPORTS
from pairx.reviews.queues import ORDERS, listed_steps, ordered
from pairx.sheets import csv_bytes
from pairx.types import InputError, finished

HERD = load_dataset("sample")
IDS = list(HERD.table["image_id"])


@pytest.fixture
def log(tmp_path):
    with ReviewLog(tmp_path / "review", {"dataset": "sample"}) as log:
        first = Decision(IDS[0], IDS[1], "match", "Ada", now(), cosine=0.5, rank=1, blind=True, note="=SUM(A1)")
        log.decide(first, "t1")
        log.decide(
            Decision(
                IDS[2],
                IDS[3],
                "no_match",
                "Bo, the 2nd",
                now(),
                score=-0.25,
                score_name="residual",
                share=0.8,
                share_low=0,
                share_high=1,
            ),
            "t2",
        )
        log.decide(Decision(IDS[4], "", "new_individual", "Ada", now()), "t3")
        log.decide(Decision(IDS[4], IDS[0], "match", "Ada", now()), "t4")
        log.undo("Ada", "u1")
        yield log


def test_decisions_that_were_written_are_read_back_as_they_were(log, tmp_path):
    path = tmp_path / "decisions.csv"
    path.write_bytes(csv_bytes(decisions_table(log, {IDS[0]: "a/b.jpg"})))
    with ReviewLog(tmp_path / "other", {}) as other:
        assert add_decisions(other, read_decisions(path), set(IDS)) == 3
        assert add_decisions(other, read_decisions(path), set(IDS)) == 0
        kept = other.entries().drop(columns=["number", "undoes", "undone"])
    entries = log.entries()
    made = entries[entries["undoes"].isna() & ~entries["undone"]].drop(columns=["number", "undoes", "undone"])
    pd.testing.assert_frame_equal(kept, made.reset_index(drop=True))


def test_what_was_taken_back_is_written_as_such(log):
    table = decisions_table(log)
    assert list(table["undone"]) == [False, False, False, True]


def test_a_table_without_tickets_is_written_once(log, tmp_path):
    path = tmp_path / "decisions.csv"
    decisions_table(log)[["query_id", "candidate_id", "verdict", "reviewer", "decided_at"]].to_csv(path, index=False)
    with ReviewLog(tmp_path / "other", {}) as other:
        assert add_decisions(other, read_decisions(path), set(IDS)) == 4
        assert add_decisions(other, read_decisions(path), set(IDS)) == 0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("query_id,candidate_id\na,b\n", "lacks verdict, reviewer, decided_at"),
        ("query_id,candidate_id,verdict,reviewer,decided_at\na,b,maybe,Ada,2026-01-01T00:00:00Z\n", "row 1: .*maybe"),
        ("query_id,candidate_id,verdict,reviewer,decided_at\na,b,match,Ada,today\n", "row 1: 'today' is no time"),
        ("query_id,candidate_id,verdict,reviewer,decided_at,rank\na,b,match,Ada,2026-01-01T00:00:00Z,x\n", "row 1"),
        ("query_id,candidate_id,verdict,reviewer,decided_at,blind\na,b,match,Ada,2026-01-01T00:00:00Z,?\n", "true nor"),
    ],
)
def test_a_table_that_holds_no_decisions_is_told_with_its_row(tmp_path, text, told):
    path = tmp_path / "decisions.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_decisions(path)


def test_decisions_about_unknown_photographs_are_refused_as_a_whole(log, tmp_path):
    decisions = [(Decision("elsewhere", IDS[0], "match", "Ada", now()), "t9")]
    with pytest.raises(InputError, match="no photograph 'elsewhere'"):
        add_decisions(log, decisions, set(IDS))
    assert "t9" not in set(log.entries()["ticket"])


def test_identities_keep_what_they_had_where_a_group_is_contradicted(tmp_path):
    table = HERD.table.set_index("image_id")["identity"]
    a, b = table.index[0], table.index[table != table.iloc[0]][0]
    with ReviewLog(tmp_path, {}) as log:
        log.decide(Decision(a, b, "match", "Ada", now()), "t1")
        found = identities_table(individuals_of(log, HERD), HERD)
    assert list(found["identity"]) == list(HERD.table["identity"])
    assert found.set_index("image_id").loc[[a, b], "contradicted"].all()


def test_orders_put_first_what_they_say():
    pairs = pd.DataFrame({"query_id": ["a", "a", "b"], "candidate_id": ["x", "y", "z"], "cosine": [0.5, 0.1, 0.9]})
    assert list(ordered(pairs, "queries")["cosine"]) == [0.5, 0.1, 0.9]
    assert list(ordered(pairs, "closest")["cosine"]) == [0.9, 0.5, 0.1]
    assert list(ordered(pairs, "uncertain", middle=0.2)["cosine"]) == [0.1, 0.5, 0.9]
    with pytest.raises(InputError, match="order"):
        ordered(pairs, "random")
    assert tuple(ORDERS) == review.ORDERS, "the command offers every order, without importing what ranks"
    assert tuple(EXPORTS) == review.TABLES


def test_a_list_of_pairs_is_asked_in_its_order_once(tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text(f"query_id,gallery_id,cosine\n{IDS[3]},{IDS[1]},0.4\n{IDS[0]},{IDS[2]},\n{IDS[3]},{IDS[1]},0.4\n")
    table = finished(listed_steps(path, HERD))
    assert list(table["query_id"]) == [IDS[3], IDS[0]] and table["cosine"].isna().tolist() == [False, True]
    path.write_text("query_id,candidate_id\nnone,x\n")
    with pytest.raises(InputError, match="row 1: sample has no photograph 'none'"):
        finished(listed_steps(path, HERD))
    path.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="lacks query_id and candidate_id"):
        finished(listed_steps(path, HERD))


def run(capsys, *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    told = capsys.readouterr()
    return status, told.out, told.err


@pytest.mark.slow
def test_the_command_begins_a_review_tells_of_it_and_writes_it(tmp_path, capsys):
    folder = str(tmp_path / "review")
    begin = ["review", "begin", "sample", "-o", folder, "--size", "64", "--top-k", "3", "--json"]
    status, out, _ = run(capsys, *begin)
    begun = json.loads(out)
    assert status == 0 and 60 <= begun["pairs"] == begun["new pairs"]
    assert json.loads(run(capsys, *begin)[1])["new pairs"] == 0
    with ReviewLog(folder) as log:
        pairs = {frozenset((task.query_id, task.candidate_id)) for task in log.tasks()}
        assert len(pairs) == begun["pairs"]
        task = log.open_tasks("Ada", 1)[0]
        log.decide(Decision(task.query_id, task.candidate_id, "match", "Ada", now()), "t1")
        log.decide(Decision(task.query_id, task.candidate_id, "no_match", "Bo", now()), "t2")
    status, out, _ = run(capsys, "review", "status", folder)
    assert status == 0 and "conflict 1" in out and "agreement Ada, Bo: 0% of 1 pairs" in out
    for table, rows in (("decisions", 2), ("identities", len(HERD))):
        path = tmp_path / f"{table}.csv"
        assert run(capsys, "review", "export", folder, "-o", str(path), "--table", table)[0] == 0
        assert len(pd.read_csv(path)) == rows
    status, out, _ = run(capsys, "review", "import", folder, str(tmp_path / "decisions.csv"), "--json")
    assert json.loads(out) == {"decisions": 2, "new": 0}


@pytest.mark.parametrize(
    "words", [["status", "."], ["status"], ["export", ".", "-o", "x.csv"], ["import", ".", "none.csv"], ["fly"], []]
)
def test_a_wrong_command_is_one_line_and_exit_status_2(tmp_path, capsys, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    status, _, err = run(capsys, "review", *words)
    assert status == 2 and len(err.strip().splitlines()) == 1
