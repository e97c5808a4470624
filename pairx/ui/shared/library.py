"""Which data sets and runs the app may open, by name. A name never becomes a path that somebody else chose."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pairx.assets import ASSETS
from pairx.datasets.sources import SAMPLE
from pairx.datasets.wildlife import CATALOGUE
from pairx.evaluation.reading import OpenRun, RunState, open_run, run_state
from pairx.evaluation.run import PAIRS
from pairx.judging.results import FILE as RESULTS
from pairx.reviews.log import FILE
from pairx.types import InputError

SAMPLE_RUN = ASSETS / "run"
READY = "Sample herd"
"""Name of the run that ships. It has a space, which no other run's name has."""
KEPT_RUNS = 4
MOST_RUNS = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")


@dataclass(frozen=True)
class Places:
    """Where this server's data are. datasets: a folder of data sets (folders and CSVs), or None. runs, reviews,
    judgements: the folder of each. own_machine: whether only the person at this machine reaches the app; then data
    sets may be typed as paths and runs started. Everybody else sees what lies in these folders.
    """

    datasets: Path | None
    runs: Path
    own_machine: bool
    reviews: Path = Path("reviews")
    judgements: Path = Path("judgements")

    @classmethod
    def from_environment(cls, own_machine: bool) -> Places:
        """PAIRX_DATASETS (none by default), PAIRX_RUNS, PAIRX_REVIEWS and PAIRX_JUDGEMENTS (`runs`, `reviews` and
        `judgements` in the working folder)."""
        datasets = os.environ.get("PAIRX_DATASETS")
        names = "runs", "reviews", "judgements"
        runs, *others = (Path(os.environ.get(f"PAIRX_{name.upper()}") or name) for name in names)
        return cls(Path(datasets) if datasets else None, runs, own_machine, *others)


class Library:
    """Data sets and runs by name. Opened runs are kept, a few of them, until their files change."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self._open: OrderedDict[tuple[Path, int], OpenRun] = OrderedDict()
        self._lock = threading.Lock()

    def datasets(self) -> list[str]:
        """Names of the data sets: the sample, then those of the folder."""
        folder = self.places.datasets
        found = sorted(folder.iterdir()) if folder and folder.is_dir() else []
        return [SAMPLE, *(one.name for one in found if one.name[0] != "." and (one.is_dir() or one.suffix == ".csv"))]

    def source(self, name: str) -> str | Path:
        """What `load_dataset` takes for a data set by name, or as typed where that is allowed. Raises InputError."""
        name = name.strip()
        if name == SAMPLE:
            return SAMPLE
        folder = self.places.datasets
        if folder and name in self.datasets():
            path = folder / name
            if not self._stays(path, folder):
                raise InputError(f"The data set {name} has a link that leads out of this server's data sets.")
            return path
        if not self.places.own_machine:
            raise InputError("There is no such data set here. Choose one from the list.")
        if name.startswith(CATALOGUE):
            return name
        path = Path(name).expanduser()
        if not name or not path.exists():
            raise InputError(f"{name or 'Nothing'}: there is no such folder or CSV. Type its whole path.")
        return path

    def states(self) -> list[RunState]:
        """All runs: the sample's, then those of the folder, the newest first."""
        folder = self.places.runs
        found = [one for one in folder.iterdir() if one.is_dir()] if folder.is_dir() else []
        newest = sorted(found, key=lambda one: one.stat().st_mtime, reverse=True)[:MOST_RUNS]
        ready = run_state(SAMPLE_RUN)
        states = [replace(ready, name=READY)] if ready else []
        return states + [state for one in newest if self._listed(one) and (state := run_state(one))]

    def _listed(self, folder: Path) -> bool:
        return bool(_NAME.fullmatch(folder.name)) and self._stays(folder, self.places.runs)

    def folder(self, name: str) -> Path:
        """The folder of a run, there or not. Raises InputError for a name that is none."""
        if name == READY:
            return SAMPLE_RUN
        if not _NAME.fullmatch(name):
            raise InputError("Name the run with letters, digits, dots, dashes and underscores, 60 at most.")
        folder = self.places.runs / name
        if not self._stays(folder, self.places.runs):
            raise InputError(f"The run {name} is a link that leads out of this server's runs: it is not opened.")
        return folder

    def reviews(self) -> list[str]:
        """Names of the reviews, the newest first."""
        return [one.name for one in self._holding(FILE, self.places.reviews)]

    def judgements(self) -> list[Path]:
        """Folders of the finished judgements, the newest first."""
        return self._holding(RESULTS, self.places.judgements)

    def _holding(self, file: str, folder: Path) -> list[Path]:
        """What of a folder holds a file of this name, the newest first."""
        found = [one for one in folder.iterdir() if (one / file).is_file()] if folder.is_dir() else []
        newest = sorted(found, key=lambda one: (one / file).stat().st_mtime, reverse=True)[:MOST_RUNS]
        return [one for one in newest if _NAME.fullmatch(one.name) and self._stays(one, folder)]

    def review_folder(self, name: str) -> Path:
        """The folder of a review, there or not. Raises InputError for a name that is none."""
        if not _NAME.fullmatch(name):
            raise InputError("Name the review with letters, digits, dots, dashes and underscores, 60 at most.")
        folder = self.places.reviews / name
        if not self._stays(folder, self.places.reviews):
            raise InputError(f"The review {name} is a link that leads out of this server's reviews: it is not opened.")
        return folder

    def changed(self, name: str) -> int:
        """When the pairs of a run changed last, ns; 0 where there are none. Raises InputError for another name."""
        pairs = self.folder(name) / PAIRS
        return pairs.stat().st_mtime_ns if pairs.is_file() else 0

    def run(self, name: str) -> OpenRun:
        """A finished run by its name. Raises InputError."""
        folder = self.folder(name)
        key = folder, self.changed(name)
        with self._lock:
            if key in self._open:
                self._open.move_to_end(key)
                return self._open[key]
        run = open_run(folder, None if self.places.own_machine else self._within(folder))
        with self._lock:
            self._open[key] = run
            while len(self._open) > KEPT_RUNS:
                self._open.popitem(last=False)
        return run

    def _within(self, run: Path) -> list[Path]:
        """Where the photographs of a run may lie that others are shown."""
        return [one for one in (ASSETS, run, self.places.datasets) if one]

    def _stays(self, path: Path, folder: Path) -> bool:
        """Whether neither a path nor a file in it leads out of a folder by a link. On one's own machine any may."""
        if self.places.own_machine:
            return True
        inside, files = folder.resolve(), [*path.iterdir()] if path.is_dir() else []
        return all(one.resolve().is_relative_to(inside) for one in (path, *files))

    def new_name(self, dataset: str, model: str) -> str:
        """A name for a run of a data set, not yet taken."""
        known = {state.name for state in self.states()}
        names = _names("run", Path(dataset).stem, model)
        return next(name for name in names if name not in known and not self.folder(name).exists())

    def new_review_name(self, dataset: str) -> str:
        """A name for a review of a data set, not yet taken."""
        return next(name for name in self.review_names(Path(dataset).stem) if not self.review_folder(name).exists())

    def review_names(self, of: str) -> Iterator[str]:
        """Names for reviews of something, in the order in which they are given."""
        return _names("review", of)


def _names(otherwise: str, *parts: str) -> Iterator[str]:
    """Names of these parts, numbered from the second on. otherwise: what to call it where nothing of the parts can be
    in a name."""
    plain = (re.sub(r"[^A-Za-z0-9._]+", "-", part).strip("-._") for part in parts)
    stem = "-".join(part for part in plain if part)[:50] or otherwise
    return (stem if number == 1 else f"{stem}-{number}" for number in range(1, 10**6))
