"""The judgements that the app knows: those of this server's folder, and those that ship."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pairx.datasets.sources import SAMPLE
from pairx.judging.criteria import CRITERIA
from pairx.judging.results import FILE, Cell, Results, read_results, shipped_results
from pairx.types import InputError
from pairx.ui.shared.library import READY, Library

log = logging.getLogger(__name__)
KEPT = 50
NEEDED = {"dataset", "photographs", "whole_photographs", "model", "model_key", "layer"}
"""What a judgement's settings have to say."""


@dataclass(frozen=True)
class Judged:
    """One of them. id: as links name it. title: as shown. results: what it found."""

    id: str
    title: str
    results: Results

    @property
    def dataset(self) -> str:
        """What its data set is called."""
        name = str(self.results.settings["dataset"])
        return READY if name == SAMPLE else name

    def cells(self, method: str) -> Iterator[Cell]:
        """How a method or a control fared, by the criteria that there are, in their order."""
        for name in CRITERIA:
            if (cell := self.results.cell(method, name)) is not None:
                yield cell


class Judgements:
    """Knows them by id; files are read again when they have changed."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._read = lru_cache(KEPT)(lambda path, _changed: read_results(path))

    def all(self) -> list[Judged]:
        """The folder's, the newest first, then those that ship."""
        own = [one for folder in self.library.judgements() if (one := self._own(folder))]
        return own + [_shipped(results) for results in shipped_results()]

    def find(self, id: str) -> Judged:
        """One of them. Raises InputError for another id."""
        found = next((one for one in self.all() if one.id == id), None)
        if found is None:
            raise InputError("This judgement is no longer here. Choose another.")
        return found

    def of(self, model_key: str, layer: str) -> Judged | None:
        """The first of exactly this model, weights and input size included, at this layer; None where nobody judged
        it."""
        for one in self.all():
            settings = one.results.settings
            if (settings["model_key"], settings["layer"]) == (model_key, layer):
                return one
        return None

    def _own(self, folder: Path) -> Judged | None:
        path = folder / FILE
        try:
            results = self._read(path, path.stat().st_mtime_ns)
            if missing := NEEDED - results.settings.keys():
                raise InputError(f"{path} does not say its {', '.join(sorted(missing))}")
            return Judged(folder.name, f"{folder.name}: {_about(results)}", results)
        except (InputError, OSError) as error:
            log.warning("a judgement is left out: %s", error)
            return None


def _shipped(results: Results) -> Judged:
    settings = results.settings
    # A space is in no folder's name.
    return Judged(f"{settings['dataset']} {settings['model']}", _about(results), results)


def _about(results: Results) -> str:
    one = Judged("", "", results)
    return f"{one.dataset}, {results.model_title}"
