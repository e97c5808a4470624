"""A judgement's database: settings, and what was measured of every finished pair and method, durable one by one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pairx.evaluation.guarding import Unfit, require_tables_only
from pairx.evaluation.lock import RunLock
from pairx.types import InputError

FILE = "judgement.sqlite"
_TABLES = {
    "settings": "name TEXT PRIMARY KEY, value TEXT NOT NULL",
    "found": "number INTEGER, method TEXT, value TEXT NOT NULL, PRIMARY KEY (number, method)",
}


class Store:
    """The database of one judgement, in its folder. Use it in a `with` block."""

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Make it, or open the one that is there.

        Raises InputError where the folder cannot be made or holds something else, where another process works on it,
        and where it was begun with other settings.
        """
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()) and not (folder / FILE).is_file():
                raise InputError(f"{folder} holds other files and no judgement. Choose a new folder.")
            self._lock = RunLock(folder)
        except OSError as error:
            raise self._refused(error) from error
        try:
            self._database = sqlite3.connect(folder / FILE, timeout=60, isolation_level=None)
            self._open(settings)
        except (sqlite3.Error, Unfit) as error:
            self._close()
            raise self._refused(f"its {FILE}: {error}") from error
        except InputError:
            self._close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def add(self, number: int, method: str, found: Mapping[str, Any]) -> None:
        """Keep what was measured of a pair by a method, JSON-ready; on disk when this returns. Raises InputError where
        it cannot be: no room; what was kept before stays."""
        try:
            self._database.execute(
                "INSERT OR REPLACE INTO found VALUES (?, ?, ?)", (number, method, json.dumps(found, allow_nan=False))
            )
        except sqlite3.Error as error:
            raise InputError(
                f"{self._folder}: the judgement cannot be kept there ({error}). Make room there and start it again."
            ) from error

    def found(self) -> dict[tuple[int, str], dict[str, Any]]:
        """All that was kept, by the pair's number and the method."""
        rows = self._database.execute("SELECT number, method, value FROM found ORDER BY number")
        return {(number, method): json.loads(value) for number, method, value in rows}

    def _open(self, settings: Mapping[str, Any]) -> None:
        require_tables_only(self._database, tuple(_TABLES))
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = FULL")
        for name, columns in _TABLES.items():
            self._database.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns})")
        given = json.loads(json.dumps(settings))
        known = {name: json.loads(value) for name, value in self._database.execute("SELECT * FROM settings")}
        if not known:
            rows = [(name, json.dumps(value)) for name, value in given.items()]
            with self._database:
                self._database.execute("BEGIN")
                self._database.executemany("INSERT INTO settings VALUES (?, ?)", rows)
            return
        for name in sorted([*given, *known], key=lambda name: name == "model_key"):  # a digest tells nobody much
            if known.get(name) != given.get(name):
                raise InputError(
                    f"{self._folder} holds a judgement with {name} {json.dumps(known.get(name))}, not "
                    f"{json.dumps(given.get(name))}: give the same settings to continue it, or another folder."
                )

    def _close(self) -> None:
        if hasattr(self, "_database"):
            self._database.close()
        self._lock.release()

    def _refused(self, error: Exception | str) -> InputError:
        return InputError(f"{self._folder}: no judgement can be kept there ({error}). Choose another folder.")
