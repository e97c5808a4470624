"""A run's database: settings, pairs, and the scores of every finished pair, durable one by one.

SQLite, because a pair's transaction is on disk when it returns, whatever kills the process afterwards, and because
others may read while the run writes.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pandas as pd

from pairx.core.options import completed
from pairx.evaluation.guarding import Unfit, require_tables_only
from pairx.evaluation.lock import LOCK, RunLock
from pairx.evaluation.metrics import columns
from pairx.types import InputError, both_sides

FILE = "run.sqlite"
CHOICE = "layers"  # folder in a run's of another run, by which its layer was chosen
PAIR_X = "pair_x"  # the setting that holds PAIR-X's options
SIZE = "size"  # the one setting that older runs do not name; their model_key, a digest, holds it too
COUNTS = ("n_matches", "local_matches", "transform_inliers")
RENAMED = {"homography_inliers": "transform_inliers"}  # columns that older runs have under their former names
TABLES = ("settings", "facts", "pairs", "scores")


def scores() -> tuple[str, ...]:
    """The names of what is kept of a pair at a layer: metrics, counts, status."""
    return (*columns(), *COUNTS, "status")


def _tables() -> Iterator[str]:
    """The statements that make an empty database."""
    for name in TABLES[:2]:
        yield f"CREATE TABLE {name} (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
    yield (
        "CREATE TABLE pairs (number INTEGER PRIMARY KEY, query_id TEXT, gallery_id TEXT, correct INTEGER, cosine REAL, "
        "UNIQUE (query_id, gallery_id))"
    )
    kinds = ", ".join([f'"{name}" REAL' for name in columns()] + [f"{name} INTEGER" for name in COUNTS])
    yield (
        f"CREATE TABLE scores (number INTEGER REFERENCES pairs, layer TEXT, {kinds}, status TEXT, "
        "PRIMARY KEY (number, layer))"
    )


class Store:
    """The database of one run, in its folder. Use it in a `with` block."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Make it, or open the one that is there.

        Raises InputError where the folder cannot be made or holds something else, where another process works on the
        run there, and where that was started with other settings.
        """
        self.folder = folder
        made = [one for one in (folder, *folder.parents) if not os.path.exists(one)]
        self._own_folders = [folder] if os.path.exists(folder / FILE) else made
        self._lock, self._database = _open(folder)
        self._names = scores()
        try:
            with self._transaction():
                self._require_same(settings)
        except InputError:
            self._close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Close it. After an InputError before `begin` it is removed: such a run cannot be continued, while a killed or
        stopped one can."""
        if kind is not None and issubclass(kind, InputError):
            self._remove_unless_begun()
        self._close()

    def begin(self, pairs: pd.DataFrame, facts: Mapping[str, Any]) -> None:
        """Write down once what is to be scored: pairs with query_id, gallery_id, correct, cosine; facts, JSON-ready."""
        rows = zip(
            range(len(pairs)), pairs["query_id"], pairs["gallery_id"], pairs["correct"].astype(int), pairs["cosine"],
            strict=True,
        )  # fmt: skip
        with self._transaction():
            if not self.begun:
                self._database.executemany("INSERT INTO pairs VALUES (?, ?, ?, ?, ?)", rows)
                self._write("facts", facts)

    @property
    def begun(self) -> bool:
        """Whether it is known what is to be scored."""
        return bool(self._database.execute("SELECT count(*) FROM facts").fetchone()[0])

    @property
    def facts(self) -> dict[str, Any]:
        """What `begin` wrote down beside the pairs."""
        return {name: json.loads(value) for name, value in self._database.execute("SELECT * FROM facts")}

    def count(self) -> int:
        """How many pairs there are to score in all."""
        return self._database.execute("SELECT count(*) FROM pairs").fetchone()[0]

    def missing(self) -> pd.DataFrame:
        """The pairs without scores: number, query_id, gallery_id; those of one query together."""
        return pd.read_sql_query(
            "SELECT number, query_id, gallery_id FROM pairs WHERE number NOT IN (SELECT number FROM scores) "
            "ORDER BY number",
            self._database,
        )

    def add(self, number: int, layers: Sequence[str], found: Sequence[Mapping[str, Any]]) -> None:
        """Keep a finished pair: its `scores()` at each of the run's layers. On disk, whole, when this returns. Raises
        InputError where it cannot be: no room; what was kept before stays."""
        rows = [(number, layer, *(row[name] for name in self._names)) for layer, row in zip(layers, found, strict=True)]
        marks = ", ".join("?" * len(rows[0]))
        with self._transaction():
            self._database.executemany(f"INSERT OR REPLACE INTO scores VALUES ({marks})", rows)

    def table(self) -> pd.DataFrame:
        """All finished pairs, one row a pair and layer: query_id, gallery_id, correct, cosine, layer and `scores()`."""
        table = pd.read_sql_query(
            f"SELECT query_id, gallery_id, correct, cosine, layer, {', '.join(map(_quoted, self._names))} "
            "FROM scores JOIN pairs USING (number) ORDER BY layer, number",
            self._database,
        )
        return table.astype({"correct": bool, **dict.fromkeys(columns(), float), **dict.fromkeys(COUNTS, int)})

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                yield
        except sqlite3.OperationalError as error:
            raise InputError(
                f"{self.folder}: the run cannot be kept there ({error}). Make room there and start it again: finished "
                "pairs are kept."
            ) from error

    def _close(self) -> None:
        self._database.close()
        self._lock.release()

    def _remove_unless_begun(self) -> None:
        """Remove the database and the folders made for it, where they are empty; not while another has it open."""
        with suppress(sqlite3.Error, OSError):
            if self.begun:
                return
            self._database.execute("PRAGMA journal_mode = DELETE")  # fails while there is another connection
            self._database.execute("BEGIN EXCLUSIVE")
            if not self.begun:
                (self.folder / FILE).unlink()
                self._lock.remove()
                for folder in self._own_folders:
                    folder.rmdir()

    def _require_same(self, settings: Mapping[str, Any]) -> None:
        known = {name: json.loads(value) for name, value in self._database.execute("SELECT * FROM settings")}
        given = json.loads(json.dumps(settings))
        if not known:
            return self._write("settings", given)
        if SIZE in known:
            known[SIZE] = both_sides(known[SIZE])
        else:
            given.pop(SIZE, None)
        known |= {name: completed(known[name]) for name in [PAIR_X] if name in known}
        for name in sorted([*given, *known], key=lambda name: name == "model_key"):  # last: a digest tells nobody much
            if known.get(name) != given.get(name):
                raise InputError(
                    f"{self.folder} holds a run with {name} {json.dumps(known.get(name))}, not "
                    f"{json.dumps(given.get(name))}: give the same settings to continue it, or another folder."
                )

    def _write(self, table: str, values: Mapping[str, Any]) -> None:
        rows = [(name, json.dumps(value)) for name, value in values.items()]
        self._database.executemany(f"INSERT INTO {table} VALUES (?, ?)", rows)


def refuse_others(folder: Path) -> None:
    """Raise InputError where a folder holds something, and that is no run."""
    entries = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    ours = (CHOICE, LOCK)
    if FILE not in entries and any(not name.startswith(FILE) and name not in ours for name in entries):
        raise InputError(f"{folder} holds other files and no run. Choose a new folder.")


def _open(folder: Path) -> tuple[RunLock, sqlite3.Connection]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        refuse_others(folder)
        lock = RunLock(folder)
    except OSError as error:
        raise _refused(folder, error) from error
    try:
        database = sqlite3.connect(folder / FILE, timeout=60, isolation_level=None)
        require_tables_only(database, TABLES)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")  # WAL's default may lose the last pairs when the power fails
        database.execute("BEGIN IMMEDIATE")
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'scores'").fetchone():
            for statement in _tables():
                database.execute(statement)
        _rename_columns(database)
        database.execute("COMMIT")
        _require_columns(database)
    except Unfit as error:
        lock.release()
        database.close()
        raise _refused(folder, f"its {FILE} {error}") from error
    except sqlite3.DatabaseError as error:
        lock.release()
        raise _refused(folder, error) from error
    return lock, database


def _columns(database: sqlite3.Connection) -> set[str]:
    return {name for _, name, *_ in database.execute("PRAGMA table_info(scores)")}


def _rename_columns(database: sqlite3.Connection) -> None:
    """Give the columns of an older run their names of today, so that it can be continued."""
    kept = _columns(database)
    for old, new in RENAMED.items():
        if old in kept and new not in kept:
            database.execute(f"ALTER TABLE scores RENAME COLUMN {old} TO {new}")


def _require_columns(database: sqlite3.Connection) -> None:
    """Raise Unfit where a run was begun with other metrics than there are now."""
    kept = _columns(database) - {"number", "layer"}
    if other := sorted(kept.symmetric_difference(scores())):
        raise Unfit(f"was begun with other metrics ({', '.join(other)}): have the same plug-ins, as then")


def _quoted(name: str) -> str:
    return f'"{name}"'


def _refused(folder: Path, error: Exception | str) -> InputError:
    return InputError(f"{folder}: no run can be kept there ({error}). Choose another folder.")
