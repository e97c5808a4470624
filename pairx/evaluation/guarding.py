"""Reading a run's files, which may be anybody's: only what a run can hold, and no more of it than fits.

A database may have views that never end and triggers; a table of a few kilobytes may unpack to more than the memory.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.parquet import ParquetFile

MOST_ROWS, MOST_COLUMNS = 4_000_000, 200
MOST_BYTES = 2 * 2**30  # of a table, unpacked as its own metadata say
MOST_TEXT = 4096  # characters of a text in a table
MOST_JSON = 64 * 2**20  # bytes of a file of values
MOST_SECONDS = 5.0  # that looking into a database may take
LONGEST_VALUE = 16 * 2**20  # bytes of a value in a database
_OPCODES = 10_000  # of SQLite, between two looks at the clock


class Unfit(ValueError):
    """What is wrong with a file, to follow its name: "has views"."""


def read_values(path: Path) -> dict[str, Any]:
    """A JSON file of named values, none where it holds anything else. Raises OSError, and Unfit where it is no JSON or
    too large."""
    if path.stat().st_size > MOST_JSON:
        raise Unfit("is larger than any run's")
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise Unfit("cannot be read") from error
    return values if isinstance(values, dict) else {}


def check_table(path: Path, texts: Collection[str] = (), numbers: Collection[str] = ()) -> list[str]:
    """Look at the end of a Parquet table, which tells its columns: their names. texts, numbers: columns that must hold
    names, as texts or whole numbers, and such that must hold numbers, where they are there. Raises OSError, and Unfit
    where it holds what a run's table cannot."""
    try:
        with ParquetFile(path) as file:
            schema, about = file.schema_arrow, file.metadata
    except (ValueError, pa.ArrowException) as error:
        raise Unfit("cannot be read") from error
    unpacked = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    if about.num_rows > MOST_ROWS or about.num_columns > MOST_COLUMNS or unpacked > MOST_BYTES:
        raise Unfit(f"has {about.num_rows:,} rows and {about.num_columns:,} columns, more than this can open")
    for field in schema:
        if not (_is_text(field.type) or _is_plain(field.type)):
            raise Unfit(f"holds {field.type} in {field.name[:80]}, where a run has numbers and texts")
        named = _is_text(field.type) or pa.types.is_integer(field.type) or pa.types.is_null(field.type)
        if field.name in texts and not named:
            raise Unfit(f"holds {field.type} in {field.name[:80]}, where a run has names")
        if field.name in numbers and not _is_number(field.type):
            raise Unfit(f"holds {field.type} in {field.name[:80]}, where a run has numbers")
    return list(schema.names)


def read_table(path: Path) -> pd.DataFrame:
    """A Parquet table of numbers and texts that `check_table` has let through. Raises Unfit."""
    try:
        with ParquetFile(path) as file:
            names = [field.name for field in file.schema_arrow if _is_text(field.type)]
        with ParquetFile(path, read_dictionary=names) as file:  # a text that all rows share is unpacked once
            table = file.read()
        for name in names:
            for chunk in table[name].chunks:
                words = chunk.dictionary if pa.types.is_dictionary(chunk.type) else chunk
                if (pc.max(pc.binary_length(words)).as_py() or 0) > MOST_TEXT:
                    raise Unfit(f"has texts of more than {MOST_TEXT:,} characters in {name[:80]}")
        return table.cast(_without_dictionaries(table.schema)).to_pandas(ignore_metadata=True)
    except (pa.ArrowException, MemoryError) as error:
        raise Unfit("cannot be read") from error


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or _is_words(kind)


def _is_words(kind: pa.DataType) -> bool:
    return pa.types.is_dictionary(kind) and _is_text(kind.value_type)


def _is_number(kind: pa.DataType) -> bool:
    return any(test(kind) for test in (pa.types.is_boolean, pa.types.is_integer, pa.types.is_floating))


def _is_plain(kind: pa.DataType) -> bool:
    return _is_number(kind) or pa.types.is_null(kind) or pa.types.is_temporal(kind)


def _without_dictionaries(schema: pa.Schema) -> pa.Schema:
    plain = [field.with_type(field.type.value_type) if _is_words(field.type) else field for field in schema]
    return pa.schema(plain)


@contextmanager
def looking_into(path: Path, tables: Collection[str]) -> Iterator[sqlite3.Connection]:
    """A database to read from, which holds nothing but tables of these names. Raises sqlite3.Error, also where looking
    takes too long, and Unfit where it holds anything else."""
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5)) as database:
        ends = time.monotonic() + MOST_SECONDS
        database.set_progress_handler(lambda: time.monotonic() > ends, _OPCODES)
        require_tables_only(database, tables)
        yield database


def require_tables_only(database: sqlite3.Connection, tables: Collection[str]) -> None:
    """Raises Unfit where a database holds anything but plain tables of these names, and sqlite3.Error where it is
    none. From now on it runs nothing that its file brings along."""
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
    database.execute("PRAGMA trusted_schema = OFF")
    for kind, name, page in database.execute("SELECT type, name, rootpage FROM sqlite_master").fetchall():
        own_index = kind == "index" and str(name).startswith("sqlite_autoindex_")
        if own_index or (kind == "table" and str(name).startswith("sqlite_stat")):
            continue
        if kind != "table" or name not in tables or not page:
            raise Unfit(f"holds a {kind} {str(name)[:80]}, which no run has")
        if any(column[-1] for column in database.execute(f'PRAGMA table_xinfo("{name}")')):
            raise Unfit(f"computes columns of {name}, which no run does")
