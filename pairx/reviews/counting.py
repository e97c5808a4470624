"""Which pairs of the queue each reviewer has decided or put off, and how many, by the log's own numbers."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pairx.reviews.decisions import FINAL

_EVER = 2**62  # no log has so many entries


@dataclass(frozen=True)
class Progress:
    """Of one reviewer. decided: tasks with a verdict other than skip. skipped: those put off. open: still to decide,
    the skipped ones among them."""

    decided: int
    skipped: int
    open: int


def touched(condition: str = "TRUE") -> str:
    """The beginning of a query, of tables `standing` and `touched`: the tasks (by number) that each reviewer has
    decided or put off, and whether with a final verdict.

    condition: which decisions count. A new individual answers all pairs of its query.
    """
    return f"""
    WITH kept AS (
      SELECT number, query_id, candidate_id, reviewer, verdict FROM decisions WHERE undoes IS NULL AND ({condition})
      AND NOT EXISTS (SELECT 1 FROM decisions AS later WHERE later.undoes = decisions.number AND later.number <= :upto)
    ), standing AS (
      SELECT query_id, candidate_id, reviewer, verdict IN ({", ".join(map(repr, FINAL))}) AS final, max(number)
      FROM kept GROUP BY query_id, candidate_id, reviewer
    ), touched AS (
      SELECT number, reviewer, max(final) AS final FROM (
        SELECT tasks.number, reviewer, final FROM standing JOIN tasks
        ON tasks.query_id = standing.query_id AND tasks.candidate_id = standing.candidate_id
        UNION ALL
        SELECT tasks.number, reviewer, final FROM standing JOIN tasks
        ON standing.candidate_id = '' AND tasks.query_id = standing.query_id
      ) GROUP BY number, reviewer
    )"""


def open_numbers(database: sqlite3.Connection, reviewer: str, limit: int, asked_of: int | None) -> list[int]:
    """The numbers of the next tasks of a reviewer: see `ReviewLog.open_tasks`."""
    others = "SELECT count(*) FROM touched AS others WHERE others.number = tasks.number AND others.final"
    enough = "FALSE" if asked_of is None else f"({others}) >= :asked_of"
    found = database.execute(
        f"""{touched("TRUE" if asked_of is not None else "reviewer = :reviewer")}
        SELECT tasks.number FROM tasks LEFT JOIN touched AS own
        ON own.number = tasks.number AND own.reviewer = :reviewer
        WHERE coalesce(own.final, 0) = 0 AND NOT {enough} ORDER BY own.number IS NOT NULL, tasks.number LIMIT :limit""",
        {"reviewer": reviewer, "limit": limit, "asked_of": asked_of, "upto": _EVER},
    )
    return [number for (number,) in found]


class Tally:
    """How far each reviewer is: counted once, then kept up with what any process has added to the log since."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._counts: dict[str, tuple[int, int, int, int]] = {}
        """By reviewer: tasks, the log's last entry, and the tasks decided and touched as far as that entry."""

    def progress(self, reviewer: str) -> Progress:
        """How far a reviewer is."""
        tasks, last = self._database.execute(
            "SELECT (SELECT coalesce(max(number), 0) FROM tasks), (SELECT coalesce(max(number), 0) FROM decisions)"
        ).fetchone()
        known = self._counts.get(reviewer)
        if known is None or known[0] != tasks:
            decided, seen = self._counted(reviewer, last)
        else:
            _, before, decided, seen = known
            for query in self._queries(reviewer, before, last):
                (was_decided, was_seen), (is_decided, is_seen) = (
                    self._counted(reviewer, upto, query) for upto in (before, last)
                )
                decided, seen = decided + is_decided - was_decided, seen + is_seen - was_seen
        self._counts[reviewer] = tasks, last, decided, seen
        return Progress(decided, seen - decided, tasks - decided)

    def _queries(self, reviewer: str, after: int, upto: int) -> list[str]:
        """The queries that a reviewer's entries of a part of the log are about."""
        found = self._database.execute(
            "SELECT DISTINCT query_id FROM decisions WHERE number > ? AND number <= ? AND reviewer = ?",
            (after, upto, reviewer),
        )
        return [query for (query,) in found.fetchall()]

    def _counted(self, reviewer: str, upto: int, query: str | None = None) -> tuple[int, int]:
        """Tasks of a query, or of all, that a reviewer has decided, and that they have touched, as far as an entry."""
        condition = "reviewer = :reviewer AND number <= :upto" + ("" if query is None else " AND query_id = :query")
        return self._database.execute(
            f"{touched(condition)} SELECT coalesce(sum(final), 0), count(*) FROM touched",
            {"reviewer": reviewer, "upto": upto, "query": query},
        ).fetchone()
