"""What is finished of a list, on disk pair by pair: a line of JSON each, so that a kill harms none before it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pairx.evaluation.lock import RunLock
from pairx.files import refusals_told, whole
from pairx.types import InputError

FINISHED, SETTINGS, TABLE, FIGURES = "finished.jsonl", "settings.json", "pairs.csv", "figures"
Key = tuple[str, str, str, str]
"""The pair's query_id, candidate_id, query_key, gallery_key."""
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.\w+")  # of `whole`, where a process was killed


class Kept:
    """The folder of a list that is worked on. Use it in a `with` block.

    found: of each finished pair its rows, JSON-ready.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        """Make it, or open the one that is there.

        Raises InputError where the folder cannot be made or holds something else, where another process works on it,
        and where it was begun with other settings.
        """
        self.folder = folder
        with refusals_told(folder):
            (folder / FIGURES).mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()) and not (folder / SETTINGS).is_file() and set(os.listdir(folder)) != {FIGURES}:
                raise InputError(f"{folder} holds other files and no list's results. Choose a new folder.")
            self._lock = RunLock(folder)
        try:
            self._require_same(settings)
            self.found = self._read()
            self._file = open(folder / FINISHED, "ab")  # noqa: SIM115
            for one in (folder / FIGURES).iterdir():
                if _UNFINISHED.fullmatch(one.name):
                    one.unlink()
        except (InputError, OSError) as error:
            self._lock.release()
            raise error if isinstance(error, InputError) else InputError(f"{folder}: {error}") from error

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._lock.release()

    def add(self, key: Key, rows: list[dict[str, Any]]) -> None:
        """Keep a finished pair. On disk when this returns."""
        with refusals_told(self.folder):
            self._file.write(json.dumps({"pair": key, "rows": rows}).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        self.found[key] = rows

    def _require_same(self, settings: Mapping[str, Any]) -> None:
        given, path = json.loads(json.dumps(settings)), self.folder / SETTINGS
        if not path.is_file():
            with whole(path) as new:
                new.write_text(json.dumps(given, indent=2))
            return
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise InputError(f"{path} cannot be read. Choose another folder.") from error
        for name in sorted({*given, *known}, key=lambda name: (name == "model_key", name)):
            if known.get(name) != given.get(name):
                raise InputError(
                    f"{self.folder} was begun with {name} {json.dumps(known.get(name))}, not "
                    f"{json.dumps(given.get(name))}: give the same to continue it, or another folder."
                )

    def _read(self) -> dict[Key, list[dict[str, Any]]]:
        """The finished pairs whose figures are there; the half line of a process that was killed is cut off."""
        path, found = self.folder / FINISHED, dict[Key, list[dict[str, Any]]]()
        if not path.is_file():
            return found
        content = path.read_bytes()
        complete = content.rfind(b"\n") + 1
        if complete < len(content):
            os.truncate(path, complete)
        for line in content[:complete].splitlines():
            with suppress(ValueError, KeyError, TypeError):
                one = json.loads(line)
                figure = one["rows"][0]["figure"]
                if not figure or (self.folder / figure).is_file():
                    found[tuple(one["pair"])] = one["rows"]
        return found
