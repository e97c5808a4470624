"""The log of a review: every decision and every undo, in the order in which they were made, and what is to be decided.

An embedded database (SQLite) in the review's folder. Nothing in the log is ever changed or removed: an undo is an entry
of its own. An entry is on disk when `decide` or `undo` returns, whatever becomes of the process afterwards.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from pairx.evaluation.guarding import Unfit, require_tables_only
from pairx.reviews.counting import Progress, Tally, open_numbers
from pairx.reviews.decisions import MATCH, NO_MATCH, Decision
from pairx.types import InputError

FILE = "review.sqlite"
TABLES = ("facts", "tasks", "decisions")
SHARES = ("share", "share_low", "share_high")
KINDS = {
    **dict.fromkeys(("cosine", "score", *SHARES), "REAL"),
    **dict.fromkeys(("rank", "blind", "settles"), "INTEGER"),
}
NAMES = tuple(field.name for field in fields(Decision))
MOST_TICKET = 100
"""Characters of a ticket."""


@dataclass(frozen=True)
class Task:
    """A pair to decide. number: its place in the queue, from 0. cosine, score: known of it, or None. rank: of the
    candidate among those of its query, from 1."""

    number: int
    query_id: str
    candidate_id: str
    cosine: float | None = None
    score: float | None = None
    rank: int | None = None


class ReviewLog:
    """The database of one review. One object serves all threads of a process, and several processes may open one.
    Close it, or use it in a `with` block."""

    def __init__(self, folder: str | Path, facts: Mapping[str, Any] | None = None) -> None:
        """Open the review in a folder; with facts (JSON-ready: what it is of) begin one where there is none. Raises
        InputError where there is no review, where none can be kept, and where the file is no review's."""
        self.folder = Path(folder)
        self._lock = threading.RLock()
        path = self.folder / FILE
        if facts is None and not path.is_file():
            raise InputError(f"{self.folder} holds no review. Begin one, or give the folder of one.")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
            self._prepare(facts)
            self._tally = Tally(self._database)
        except Unfit as error:
            self._database.close()
            raise InputError(f"{path} {error}. Give the folder of a review.") from error
        except (OSError, sqlite3.Error) as error:
            raise InputError(f"{self.folder}: no review can be kept there ({error}). Choose another folder.") from error

    def __enter__(self) -> ReviewLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the database. What was decided is on disk already."""
        with self._lock:
            self._database.close()

    @property
    def facts(self) -> dict[str, Any]:
        """What the review is of, as it was begun."""
        return {name: json.loads(value) for name, value in self._all("SELECT name, value FROM facts")}

    def add_tasks(self, pairs: Iterable[tuple[str, str, float | None, float | None, int | None]]) -> int:
        """Append pairs to decide: (query_id, candidate_id, cosine, score, rank); those that are there already stay
        where they are. Returns how many are new. Raises InputError where a pair is one photograph, and where there is
        no room."""
        rows = [tuple(pair) for pair in pairs]
        if same := next((row[0] for row in rows if row[0] == row[1]), None):
            raise InputError(f"{same!r} is compared with itself: leave that pair out.")
        with self._transaction():
            before = self._database.execute("SELECT count(*) FROM tasks").fetchone()[0]
            self._database.executemany(
                "INSERT OR IGNORE INTO tasks (query_id, candidate_id, cosine, score, rank) VALUES (?, ?, ?, ?, ?)", rows
            )
            return self._database.execute("SELECT count(*) FROM tasks").fetchone()[0] - before

    def tasks(self) -> list[Task]:
        """All pairs to decide, in the order of the queue."""
        return [Task(number - 1, *rest) for number, *rest in self._all(f"SELECT {_TASK} FROM tasks ORDER BY number")]

    def task(self, query_id: str, candidate_id: str) -> Task | None:
        """A pair of the queue; None where it is not in it."""
        found = self._all(
            f"SELECT {_TASK} FROM tasks WHERE query_id = :query AND candidate_id = :candidate",
            {"query": query_id, "candidate": candidate_id},
        )
        return Task(found[0][0] - 1, *found[0][1:]) if found else None

    def tasks_of(self, query_id: str) -> list[Task]:
        """The pairs of a query, the best rank first, then in the order of the queue."""
        found = self._all(
            f"SELECT {_TASK} FROM tasks WHERE query_id = ? ORDER BY coalesce(rank, {_LAST}), number", (query_id,)
        )
        return [Task(number - 1, *rest) for number, *rest in found]

    def task_of(self, number: int) -> Task | None:
        """The pair that an entry of the log is about, or, of a new individual, the first of its query; None where it is
        not in the queue."""
        found = self._all(
            f"""SELECT {_TASK} FROM tasks WHERE EXISTS (
              SELECT 1 FROM decisions WHERE decisions.number = :number AND decisions.query_id = tasks.query_id
              AND decisions.candidate_id IN (tasks.candidate_id, '')
            ) ORDER BY number LIMIT 1""",
            {"number": number},
        )
        return Task(found[0][0] - 1, *found[0][1:]) if found else None

    def open_tasks(self, reviewer: str, limit: int = 20, asked_of: int | None = None) -> list[Task]:
        """The next pairs for a reviewer: those without a final verdict of theirs, the skipped ones last. asked_of: of
        how many reviewers each pair is asked; pairs which so many others have decided are left out, None for none."""
        with self._lock:
            numbers = open_numbers(self._database, reviewer, limit, asked_of)
            found = {
                row[0]: row
                for row in self._all(f"SELECT {_TASK} FROM tasks WHERE number IN ({_marks(numbers)})", numbers)
            }
        return [Task(number - 1, *found[number][1:]) for number in numbers]

    def progress(self, reviewer: str) -> Progress:
        """How far a reviewer is."""
        with self._lock:
            return self._tally.progress(reviewer)

    def decide(self, decision: Decision, ticket: str) -> int:
        """Write a decision down; returns its number in the log. ticket: a text that its sender chose for it, so that
        one that is sent twice is written once. Raises InputError where it cannot be kept: then it was not."""
        with self._transaction():
            known = self._database.execute("SELECT number FROM decisions WHERE ticket = ?", (ticket,)).fetchone()
            return known[0] if known else self._insert(ticket, None, astuple(decision))

    def undo(self, reviewer: str, ticket: str) -> int | None:
        """Take back the last decision of a reviewer that stands, and one further at each call. Returns the number of
        the decision that was taken back, None where none is left."""
        with self._transaction():
            known = self._database.execute("SELECT undoes FROM decisions WHERE ticket = ?", (ticket,)).fetchone()
            if known:
                return known[0]
            found = self._database.execute(
                f"""SELECT number, {", ".join(NAMES)} FROM decisions WHERE reviewer = ? AND undoes IS NULL
                AND number NOT IN (SELECT undoes FROM decisions WHERE undoes IS NOT NULL)
                ORDER BY number DESC LIMIT 1""",
                (reviewer,),
            ).fetchone()
            if found is None:
                return None
            self._insert(ticket, found[0], found[1:])
            return found[0]

    def entries(self) -> pd.DataFrame:
        """The whole log in its order: number, ticket, undoes (the number of the entry that it takes back, or missing),
        undone (whether a later entry takes it back), and the fields of `Decision`."""
        return self._entries("TRUE")

    def standing(self) -> pd.DataFrame:
        """Of each reviewer and pair of photographs, in either order, the last decision that was not taken back."""
        return _standing(self.entries())

    def disputed(self) -> pd.DataFrame:
        """What `standing` says of the pairs that somebody has called a match at some time, and somebody else none."""
        return _standing(self._entries(f"({_ENDS}) IN ({_DISPUTED})"))

    def _entries(self, condition: str) -> pd.DataFrame:
        with self._lock:
            table = pd.read_sql_query(
                f"SELECT number, ticket, undoes, {', '.join(NAMES)} FROM decisions WHERE {condition} ORDER BY number",
                self._database,
            )
        table["undoes"] = table["undoes"].astype("Int64")
        table["undone"] = table["number"].isin(table["undoes"].dropna())
        types: dict[str, Any] = {"blind": bool, "settles": bool, "rank": "Int64"}
        return table.astype(types | dict.fromkeys(("cosine", "score", *SHARES), float))

    def _insert(self, ticket: str, undoes: int | None, values: tuple[Any, ...]) -> int:
        if not 0 < len(ticket) <= MOST_TICKET:
            raise InputError(f"A decision's ticket has 1 to {MOST_TICKET} characters.")
        row = (ticket, undoes, *values)
        done = self._database.execute(
            f"INSERT INTO decisions (ticket, undoes, {', '.join(NAMES)}) VALUES ({_marks(row)})", row
        )
        return int(done.lastrowid or 0)

    def _all(self, query: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._lock, self._database:
                self._database.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.Error as error:
            raise InputError(
                f"{self.folder}: this was not kept ({error}). What was kept before stays; make room there, and decide "
                "again."
            ) from error

    def _prepare(self, facts: Mapping[str, Any] | None) -> None:
        with self._lock:
            require_tables_only(self._database, TABLES)
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = FULL")
            with closing(self._database.cursor()) as cursor:
                cursor.execute("BEGIN IMMEDIATE")
                made = cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'decisions'").fetchone()
                if not made:
                    for statement in _statements():
                        cursor.execute(statement)
                    rows = [(name, json.dumps(value)) for name, value in (facts or {}).items()]
                    cursor.executemany("INSERT INTO facts VALUES (?, ?)", rows)
                there = {row[1] for row in cursor.execute("PRAGMA table_info(decisions)").fetchall()}
                for name in SHARES:  # which reviews of before do not have
                    if name not in there:
                        cursor.execute(f"ALTER TABLE decisions ADD COLUMN {name} {KINDS[name]}")
                cursor.execute("COMMIT")


def pair_ends(table: pd.DataFrame) -> pd.DataFrame:
    """The two photographs of each row's pair, query_id and candidate_id, in alphabetical order: columns low and
    high."""
    ends = [sorted(pair) for pair in zip(table["query_id"], table["candidate_id"], strict=True)]
    return pd.DataFrame(ends, columns=["low", "high"], index=table.index, dtype=str)


_LAST = 2**62  # behind every rank
_TASK = "number, query_id, candidate_id, cosine, score, rank"
_ENDS = "min(query_id, candidate_id), max(query_id, candidate_id)"
_DISPUTED = (
    f"SELECT {_ENDS} FROM decisions WHERE undoes IS NULL AND verdict IN ('{MATCH}', '{NO_MATCH}') "
    "GROUP BY 1, 2 HAVING count(DISTINCT verdict) > 1 AND count(DISTINCT reviewer) > 1"
)


def _standing(entries: pd.DataFrame) -> pd.DataFrame:
    table = entries[entries["undoes"].isna() & ~entries["undone"]].reset_index(drop=True)
    repeated = pd.concat([pair_ends(table), table["reviewer"]], axis=1).duplicated(keep="last")
    return table[~repeated].reset_index(drop=True)


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _statements() -> Iterator[str]:
    """What makes an empty review."""
    yield "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
    yield (
        "CREATE TABLE tasks (number INTEGER PRIMARY KEY, query_id TEXT NOT NULL, candidate_id TEXT NOT NULL, "
        "cosine REAL, score REAL, rank INTEGER, UNIQUE (query_id, candidate_id))"
    )
    columns = ", ".join(f"{name} {KINDS.get(name, 'TEXT NOT NULL')}" for name in NAMES)
    yield (
        "CREATE TABLE decisions (number INTEGER PRIMARY KEY, ticket TEXT NOT NULL UNIQUE, "
        f"undoes INTEGER UNIQUE, {columns}, UNIQUE (query_id, candidate_id, reviewer, number))"
    )
