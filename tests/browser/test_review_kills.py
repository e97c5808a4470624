"""Decisions made by key while the server and the browser are killed."""

import shutil

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from benchmarks.review_kills import Session, kill_at_random, told
from pairx.reviews import Decision, ReviewLog, now


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium on this machine")
def test_what_was_acknowledged_is_kept_once_and_as_it_was_decided(tmp_path):
    found = kill_at_random(tmp_path, 2)
    assert found["acknowledged"] > 5
    assert [found[fault] for fault in FAULTS] == [0, 0, 0, 0], found


FAULTS = ("acknowledged and lost", "kept and never sent", "doubled", "swapped")


@pytest.mark.parametrize("fault", [*FAULTS, None])
def test_each_fault_would_be_found(tmp_path, fault):
    session = Session(0)
    for ticket, candidate in (("t1", "a"), ("t2", "b"), ("t3", "c")):
        session.pressed.append((f'["q","{candidate}"]', "match"))
        session.sent[ticket] = (f'["q","{candidate}"]', "match")
        session.acknowledged.add(ticket)
    kept = {"t1": "a", "t2": "b", "t3": "c"}
    if fault == "acknowledged and lost":
        del kept["t2"]
    elif fault == "kept and never sent":
        kept["t4"] = "d"
    elif fault == "doubled":
        kept["t4"] = "a"
        session.sent["t4"] = ('["q","a"]', "match")
        session.pressed.append(session.sent["t4"])
    elif fault == "swapped":
        session.pressed[1] = ('["q","z"]', "match")
    with ReviewLog(tmp_path, {}) as log:
        for ticket, candidate in kept.items():
            log.decide(Decision("q", candidate, "match", "Ada", now()), ticket)
        found = told(session, log.entries())
    assert [one for one in FAULTS if found[one]] == ([fault] if fault else [])


def test_what_a_browser_sent_as_it_died_was_pressed(tmp_path):
    session = Session(0)
    session.pressed = [('["q","a"]', "match"), ('["q","b"]', "match")]
    session.sent["t1"] = session.pressed[0]
    session.acknowledged.add("t1")
    session.browser_died()
    with ReviewLog(tmp_path, {}) as log:
        for ticket, candidate in (("t1", "a"), ("t2", "b")):
            log.decide(Decision("q", candidate, "match", "Ada", now()), ticket)
        assert told(session, log.entries())["kept and never sent"] == 0
        log.decide(Decision("q", "c", "match", "Ada", now()), "t3")
        assert told(session, log.entries())["kept and never sent"] == 1
