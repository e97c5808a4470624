"""Several reviewers: conflicts, agreement, and individuals that matches make."""

import numpy as np
import pandas as pd
import pytest

from pairx.reviews.decisions import Decision, now
from pairx.reviews.individuals import individuals
from pairx.reviews.log import ReviewLog
from pairx.reviews.settling import agreements, settled


def log_of(folder, rows) -> pd.DataFrame:
    """standing() of decisions (query, candidate, verdict, reviewer[, settles])."""
    with ReviewLog(folder, {}) as log:
        for number, (query, candidate, verdict, reviewer, *settles) in enumerate(rows):
            log.decide(Decision(query, candidate, verdict, reviewer, now(), settles=bool(settles)), str(number))
        return log.standing()


def verdicts(standing: pd.DataFrame) -> dict[tuple[str, str], str]:
    table = settled(standing)
    return dict(zip(zip(table["query_id"], table["candidate_id"], strict=True), table["verdict"], strict=True))


def test_two_who_differ_are_a_conflict_until_somebody_settles_it(tmp_path):
    rows = [
        ("a", "b", "match", "Ada"),
        ("b", "a", "no_match", "Bo"),
        ("a", "c", "match", "Ada"),
        ("a", "c", "unsure", "Bo"),
    ]
    assert verdicts(log_of(tmp_path / "1", rows)) == {("a", "b"): "conflict", ("a", "c"): "match"}
    rows.append(("a", "b", "no_match", "Cleo", True))
    assert verdicts(log_of(tmp_path / "2", rows))[("a", "b")] == "no_match"


def test_the_last_word_of_a_reviewer_counts_whichever_photograph_was_the_query(tmp_path):
    standing = log_of(tmp_path, [("a", "b", "match", "Ada"), ("b", "a", "no_match", "Ada")])
    assert verdicts(standing) == {("b", "a"): "no_match"}


def test_skipped_and_bad_photographs_are_no_verdict(tmp_path):
    assert verdicts(log_of(tmp_path, [("a", "b", "skip", "Ada"), ("a", "c", "bad_photograph", "Ada")])) == {}


def test_kappa_is_that_of_scikit_learn(tmp_path):
    metrics = pytest.importorskip(
        "sklearn.metrics", reason="scikit-learn is not installed: requirements-dev.txt has it"
    )
    rng = np.random.default_rng(0)
    words = np.array(["match", "no_match", "unsure"])
    first = words[rng.choice(3, 60, p=[0.5, 0.4, 0.1])]
    second = np.where(rng.random(60) < 0.7, first, words[rng.choice(3, 60)])
    rows = [(f"q{n}", "c", verdict, "Ada") for n, verdict in enumerate(first)]
    rows += [("c", f"q{n}", verdict, "Bo") for n, verdict in enumerate(second)]
    (found,) = agreements(log_of(tmp_path, rows))
    assert (found.first, found.second, found.pairs) == ("Ada", "Bo", 60)
    assert found.kappa == pytest.approx(metrics.cohen_kappa_score(first, second))
    assert found.same == pytest.approx((first == second).mean())


def test_kappa_is_absent_where_chance_would_agree_on_all(tmp_path):
    rows = [("a", "b", "match", "Ada"), ("a", "b", "match", "Bo")]
    (found,) = agreements(log_of(tmp_path, rows))
    assert found.kappa is None and found.same == 1


def test_matches_make_individuals_and_known_names_stay(tmp_path):
    standing = log_of(tmp_path, [("a", "b", "match", "Ada"), ("b", "c", "match", "Ada"), ("d", "e", "match", "Ada")])
    found = individuals(settled(standing), {"a": "", "b": "", "c": "zuri", "d": "", "e": "", "f": ""})
    names = dict(zip(found.table["image_id"], found.table["individual"], strict=True))
    assert names == {"a": "zuri", "b": "zuri", "c": "zuri", "d": "new-1", "e": "new-1", "f": "new-2"}
    assert found.contradictions == ()


def test_a_no_match_inside_an_individual_is_told_with_the_way_that_joins_them(tmp_path):
    rows = [
        ("a", "b", "match", "Ada"),
        ("b", "c", "match", "Ada"),
        ("a", "c", "no_match", "Bo"),
        ("d", "e", "no_match", "Bo"),
    ]
    found = individuals(settled(log_of(tmp_path, rows)), dict.fromkeys("abcde", ""))
    (told,) = found.contradictions
    assert {told.a, told.b} == {"a", "c"} and told.path in (("a", "b", "c"), ("c", "b", "a"))
    assert found.table.set_index("image_id")["contradicted"].to_dict() == {
        "a": True, "b": True, "c": True, "d": False, "e": False,
    }  # fmt: skip


def test_two_known_individuals_that_a_match_joins_are_told_and_not_made_one(tmp_path):
    standing = log_of(tmp_path, [("a", "q", "match", "Ada"), ("q", "b", "match", "Ada")])
    found = individuals(settled(standing), {"a": "zuri", "q": "", "b": "tano"})
    (told,) = found.contradictions
    assert "zuri and tano" in told.text and told.path == ("a", "q", "b")
    assert dict(zip(found.table["image_id"], found.table["individual"], strict=True)) == {
        "a": "zuri",
        "q": "",
        "b": "tano",
    }
