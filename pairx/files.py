"""Files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pairx.errors import InputError

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def whole(path: str | Path) -> Iterator[Path]:
    """A file to write beside `path`, with its ending, which takes its place at the end of the block, on disk by then.

    Where anything fails before, it is removed, and what `path` held stays. Raises InputError where the system refuses:
    no room, no permission, no such folder.
    """
    path = Path(os.path.realpath(path))  # a link goes on to point where it does
    new = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    try:
        with refusals_told(path):
            yield new
            with open(new, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(new, path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


@contextmanager
def refusals_told(path: str | Path) -> Iterator[None]:
    """What the system refuses while something is written to `path` becomes an InputError."""
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written ({reason(error)}). {advice(error)}.") from error


def reason(error: OSError) -> str:
    """The system's own words, on one line."""
    return error.strerror or " ".join(str(error).split())


def advice(error: OSError) -> str:
    """What to do about it."""
    full = error.errno in _NO_ROOM or "space left" in str(error)
    return "Make room there, or choose another place" if full else "Choose another place"
