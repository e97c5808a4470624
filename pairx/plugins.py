"""Records that anybody may add to: ours, those registered later, and those of installed packages.

A package names its modules in its pyproject.toml; each registers what it has when it is imported:

    [project.entry-points."pairx.methods"]
    dense-cosine = "my_package.dense_cosine"
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from pairx.types import InputError

log = logging.getLogger(__name__)
Record = TypeVar("Record")


class Registry(Mapping[str, Record]):
    """Records of one kind by name, in the order in which they came.

    kind: in the plural, such as "methods". Entry points of the group `pairx.<kind>` are loaded when somebody first
    looks. One that fails is left out: a logged warning says so, and `broken` keeps why, by its name.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.broken: dict[str, str] = {}
        self._records: dict[str, Record] = {}
        self._followers: list[Callable[[str, Record], Any]] = []
        self._lock, self._loaded = threading.RLock(), False

    def add(self, name: str, record: Record) -> None:
        """Register a record. Raises InputError for a name that is taken."""
        if name in self._records:
            raise InputError(f"There are two {self.kind} with the name {name!r}. Give yours another.")
        with self._lock:
            self._records = {**self._records, name: record}  # whoever iterates goes on over the old ones
            for function in self._followers:
                function(name, record)

    def follow(self, function: Callable[[str, Record], Any]) -> None:
        """Call function(name, record) of every record there is, and of every one that comes."""
        with self._lock:
            self._followers.append(function)
            for name, record in self._records.items():
                function(name, record)

    def remove(self, name: str) -> None:
        """Forget a record, as tests of a plug-in do."""
        self._records = {key: record for key, record in self._records.items() if key != name}

    def __getitem__(self, name: str) -> Record:
        self._load()
        return self._records[name]

    def __iter__(self) -> Iterator[str]:
        self._load()
        return iter(self._records)

    def __len__(self) -> int:
        self._load()
        return len(self._records)

    def _load(self) -> None:
        if self._loaded:
            return
        with self._lock:
            if self._loaded:
                return
            self._loaded = True  # before: a plug-in may look at what there is while it registers
            for entry in entry_points(group=f"pairx.{self.kind}"):
                self._import(entry)

    def _import(self, entry: EntryPoint) -> None:
        try:
            entry.load()
        except Exception as error:  # a plug-in may fail in any way, and must not take the rest with it
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            self.broken[entry.name] = reason
            log.warning("The plug-in %r of pairx.%s is left out (%s).", entry.name, self.kind, reason)
