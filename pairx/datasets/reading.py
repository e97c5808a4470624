"""What photographs show, by a digest, and whether they can be read. Once read, a file that did not change is not read
again.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import sqlite3
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pairx import images
from pairx.types import Computation, InputError, Step

VERSION = 4  # of what can be read: raised whenever `images.load_image` takes other files
SETTLED = 2.0  # s: a file changed less than that ago may change again without another time of change
PART = 256  # photographs between two steps
_TABLE = (
    "CREATE TABLE IF NOT EXISTS photographs (path TEXT, part TEXT, size INTEGER, modified INTEGER, "
    "changed INTEGER, digest TEXT, PRIMARY KEY (path, part)) WITHOUT ROWID"
)
log = logging.getLogger(__name__)


class Shown(NamedTuple):
    """A photograph in a file, whole or a box of it. name: what errors call it."""

    path: str
    box: tuple[float, float, float, float] | None
    theta: float
    name: str

    @property
    def part(self) -> str:
        """The box and its turn as text."""
        return repr((self.box, self.theta))


def cache_folder() -> Path:
    """Where downloads and embeddings are kept between runs: PAIRX_CACHE, or `.cache/pairx` in the user's home. Raises
    OSError where there is no home."""
    if given := os.environ.get("PAIRX_CACHE"):
        return Path(given)
    try:
        return Path.home() / ".cache" / "pairx"
    except RuntimeError as error:
        raise OSError(errno.ENOENT, "there is no home folder") from error


def open_cache(file: str, table: str, cache: Path | None = None) -> sqlite3.Connection:
    """A database of the cache with a table, or, said once, one in memory where none can be kept.

    file: its path in the cache, by default the user's. table: what makes the table, as in SQL.
    """
    try:
        path = (cache or cache_folder()) / file
        path.parent.mkdir(parents=True, exist_ok=True)
        database = sqlite3.connect(path, timeout=60)
        database.execute(table)
        database.execute("PRAGMA user_version = 0")  # a write: whether it may be written
    except (OSError, sqlite3.Error) as error:
        say_no_cache(str(error))
        database = sqlite3.connect(":memory:")
        database.execute(table)
    return database


@lru_cache
def say_no_cache(reason: str) -> None:
    """Warn, once for each reason."""
    log.warning(
        "Nothing is kept between runs: the cache cannot be written (%s). PAIRX_CACHE can name another folder.", reason
    )


def read_steps(photographs: Sequence[Shown], cache: Path | None = None) -> Computation[list[str | InputError]]:
    """For each photograph a digest of its file's bytes, its box and its theta, or why it cannot be read.

    Each is decoded once; later it is known by path, size and times of change. cache: the folder that remembers it, by
    default the user's; where that cannot be written, nothing is remembered. A generator of `Step`s.
    """
    found: list[str | InputError] = []
    with (
        closing(open_cache(f"photographs.{VERSION}.sqlite", _TABLE, cache)) as memory,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        for start in range(0, len(photographs), PART):
            part = photographs[start : start + PART]
            now, stamps = time.time(), [_stamp(one.path) for one in part]
            recalled = [_recall(memory, one, stamp) for one, stamp in zip(part, stamps, strict=True)]
            unread = [i for i, digest in enumerate(recalled) if digest is None]
            if unread:
                yield Step(start, len(photographs), "reading the photographs")
            read = dict(zip(unread, pool.map(_read, [part[i] for i in unread]), strict=True))
            _remember(memory, [(part[i], stamps[i], digest) for i, digest in read.items()], now)
            found += [read[i] if digest is None else digest for i, digest in enumerate(recalled)]
    return found


def _read(photograph: Shown) -> str | InputError:
    path, box, theta, name = photograph
    try:
        images.load_image(path, box, theta, name=name)
        digest = hashlib.sha256(photograph.part.encode())
        digest.update(Path(path).read_bytes())
    except InputError as error:
        return error
    except OSError as error:
        return InputError(f"{name} cannot be read ({error.strerror})")
    return digest.hexdigest()


def _stamp(path: str) -> tuple[int, int, int] | None:
    """What changes with a file: its size and its times of change, of content and of anything; None without a file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _recall(memory: sqlite3.Connection, photograph: Shown, stamp: tuple[int, int, int] | None) -> str | None:
    query = "SELECT size, modified, changed, digest FROM photographs WHERE path = ? AND part = ?"
    with suppress(sqlite3.Error, UnicodeEncodeError):  # the second where a path is no text
        row = memory.execute(query, (photograph.path, photograph.part)).fetchone()
        if row and row[:3] == stamp:
            return row[3]
    return None


def _remember(memory: sqlite3.Connection, read: Sequence[tuple], now: float) -> None:
    rows = [
        (one.path, one.part, *stamp, digest)
        for one, stamp, digest in read
        if stamp and isinstance(digest, str) and max(stamp[1:]) < (now - SETTLED) * 1e9
    ]
    try:
        with suppress(UnicodeEncodeError), memory:
            memory.executemany("INSERT OR REPLACE INTO photographs VALUES (?, ?, ?, ?, ?, ?)", rows)
    except sqlite3.Error as error:
        say_no_cache(str(error))
