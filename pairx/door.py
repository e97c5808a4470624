"""Where the process meets the machine: what its output can hold, who hears warnings, what the system refuses."""

from __future__ import annotations

import errno
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pairx.errors import InputError
from pairx.files import advice, reason

# What the machine refuses; any other OSError is a fault of ours.
_REFUSALS = {
    errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EMFILE,
    errno.ENFILE,
}  # fmt: skip


def encode_all() -> None:
    """Let output that the terminal's encoding lacks become `?`."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


@contextmanager
def said_in_lines() -> Iterator[None]:
    """Warnings of ours are lines on stderr, as our errors are; matplotlib's, of where its fonts lie, are not shown."""
    handler, ours = logging.StreamHandler(sys.stderr), logging.getLogger("pairx")
    handler.setFormatter(logging.Formatter("pairx: %(message)s"))
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    ours.addHandler(handler)
    try:
        yield
    finally:
        ours.removeHandler(handler)


@contextmanager
def refusals_told() -> Iterator[None]:
    """What the machine refuses, wherever it was asked, becomes an InputError."""
    try:
        yield
    except OSError as error:
        if error.errno not in _REFUSALS:
            raise
        where = f"{error.filename}: " if error.filename else ""
        raise InputError(f"{where}{reason(error)}. {advice(error)}.") from error


def flush() -> None:
    """Send what was printed, so that what is wrong with that is known by now."""
    if sys.stdout is not None:
        sys.stdout.flush()


def leave() -> None:
    """Nothing more is said: where nobody listens, or nobody can, let what Python still sends at its end go nowhere."""
    try:
        flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # it is no file
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
