"""One process at a time works on a run: a lock that the system releases when the process ends, however it ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from pairx.errors import InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK = "run.lock"


class RunLock:
    """The right to work on the run in a folder, which must be there.

    Raises InputError at once where another holds it, and OSError where no file can be made there. Where the file system
    knows no locks, everybody gets the right.
    """

    def __init__(self, folder: Path) -> None:
        self._path: Path | None = folder / LOCK
        while True:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
            if not _lock(self._file):
                holder = _read(self._file)
                os.close(self._file)
                raise InputError(_taken(folder, holder))
            with suppress(OSError):
                if os.path.samestat(os.fstat(self._file), os.stat(self._path)):
                    break
            os.close(self._file)  # its last holder has removed it meanwhile
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, str(os.getpid()).encode())

    def remove(self) -> None:
        """Remove its file, where the system can remove an open one. It may be another's by the second time."""
        path, self._path = self._path, None
        with suppress(OSError):
            if path is not None:
                path.unlink()

    def release(self) -> None:
        """Give it back. Nothing is left in the folder."""
        self.remove()
        os.close(self._file)


def require_free(folder: Path) -> None:
    """Raise InputError where a process works on the run in a folder, there or not."""
    try:
        file = os.open(folder / LOCK, os.O_RDWR)
    except OSError:
        return
    try:
        if not _lock(file):
            raise InputError(_taken(folder, _read(file)))
    finally:
        os.close(file)


def _lock(file: int) -> bool:
    """Whether the file is ours now: False only where somebody else has it."""
    try:
        if sys.platform == "win32":
            os.lseek(file, 1 << 20, os.SEEK_SET)  # beyond what is read: Windows locks bytes, for readers too
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        pass
    return True


def _read(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    return os.read(file, 32).decode("ascii", "replace").strip()


def _taken(folder: Path, holder: str) -> str:
    who = "This process" if holder == str(os.getpid()) else f"Another process (pid {holder or 'unknown'})"
    return f"{who} is working on the run {folder}. Wait for its end, stop it, or choose another folder."
