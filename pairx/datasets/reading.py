"""What photographs show, by a digest, and whether they can be read. Once read, a file that did not change is not read
again.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from pairx import images
from pairx.types import InputError, Step

VERSION = 2  # of what can be read: raised whenever `images.load_image` takes other files
SETTLED = 2.0  # s: a file changed less than that ago may change again without another time of change
PART = 256  # photographs between two steps


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
    """Where downloads and embeddings are kept between runs: PAIRX_CACHE, or `.cache/pairx` in the user's home."""
    return Path(os.environ.get("PAIRX_CACHE") or Path.home() / ".cache" / "pairx")


def read_steps(
    photographs: Sequence[Shown], cache: Path | None = None
) -> Generator[Step, None, list[str | InputError]]:
    """For each photograph a digest of its file's bytes, its box and its theta, or why it cannot be read.

    Each is decoded once; later it is known by path, size and times of change. cache: the folder that remembers it, by
    default the user's; where that cannot be written, nothing is remembered. A generator of `Step`s.
    """
    found: list[str | InputError] = []
    with closing(_open(cache or cache_folder())) as memory, ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(photographs), PART):
            part = photographs[start : start + PART]
            now, stamps = time.time(), [_stamp(one.path) for one in part]
            digests = [_recall(memory, one, stamp) for one, stamp in zip(part, stamps, strict=True)]
            unread = [i for i, digest in enumerate(digests) if digest is None]
            if unread:
                yield Step(start, len(photographs), "reading the photographs")
            for i, digest in zip(unread, pool.map(_read, [part[i] for i in unread]), strict=True):
                digests[i] = digest
            _remember(memory, [(part[i], stamps[i], digests[i]) for i in unread], now)
            found += digests
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


def _open(folder: Path) -> sqlite3.Connection:
    table = (
        "CREATE TABLE IF NOT EXISTS photographs (path TEXT, part TEXT, size INTEGER, modified INTEGER, "
        "changed INTEGER, digest TEXT, PRIMARY KEY (path, part)) WITHOUT ROWID"
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        memory = sqlite3.connect(folder / f"photographs.{VERSION}.sqlite", timeout=60)
        memory.execute(table)
    except (OSError, sqlite3.Error):
        memory = sqlite3.connect(":memory:")
        memory.execute(table)
    return memory


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
    with suppress(sqlite3.Error, UnicodeEncodeError), memory:
        memory.executemany("INSERT OR REPLACE INTO photographs VALUES (?, ?, ?, ?, ?, ?)", rows)
