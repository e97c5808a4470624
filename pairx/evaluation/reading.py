"""A finished run read back from its folder, checked, with what is known of its photographs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pairx.datasets import dataset, load_herd
from pairx.datasets.sources import SAMPLE
from pairx.evaluation.guarding import Unfit, check_table, looking_into, read_table, read_values
from pairx.evaluation.metrics import columns
from pairx.evaluation.run import PAIRS, PHOTOGRAPHS, SETTINGS, SUMMARY
from pairx.evaluation.store import COUNTS, FILE, RENAMED, TABLES
from pairx.types import InputError

REQUIRED = (
    "query_id", "gallery_id", "correct", "cosine", "layer", "inverted_residual_mean",
    "inverted_residual_mean_normalised", "match_coverage", "n_matches", "transform_inliers", "status",
)  # fmt: skip
TEXTS = ("query_id", "gallery_id", "layer", "status", *dataset.REQUIRED)
SETTLED = {"dataset": str, "model": str}
SUMMED = {"pairs": int, "correct": int, "incorrect": int, "retrieval": dict, "status": dict, "layers": dict}
"""What the files of values hold at least, each with its kind."""
UNKNOWN = "unknown"
"""What stands for an individual without a name, and for any other text that a photograph lacks."""
MOST_VALUES = 12
"""Different values up to which a pair's column says them; beyond, it says whether they are the same."""


@dataclass(frozen=True)
class OpenRun:
    """A finished run. settings, summary: as `evaluate` wrote them. table: one row a pair and layer, with `number`, the
    pair's own (the same at every layer). photographs: by image_id, with path, identity and what else is known of them.
    within: folders that its photographs must lie in to be shown; None is anywhere.
    """

    folder: Path
    settings: dict[str, Any]
    summary: dict[str, Any]
    table: pd.DataFrame
    photographs: pd.DataFrame
    within: tuple[Path, ...] | None = None

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def layers(self) -> list[str]:
        return list(dict.fromkeys(self.table["layer"]))

    @property
    def metrics(self) -> list[str]:
        """The metrics that it has, in their usual order."""
        return [name for name in columns() if name in self.table]

    @cached_property
    def columns(self) -> dict[str, pd.Series]:
        """What pairs can be told apart by, beside their metrics, each with a value for every row of the table.

        Counts and status as they are; columns of the photographs as `pair_values` has them.
        """
        own = {name: self.table[name] for name in ("status", *COUNTS) if name in self.table}
        known = self.photographs
        both = [known.reindex(self.table[name]) for name in ("query_id", "gallery_id")]
        texts = [name for name in ("species", "orientation", "split", "encounter") if name in known]
        pairs = {name: pair_values(*(one[name].fillna("").to_numpy(str) for one in both)) for name in texts}
        return {name: pd.Series(values, self.table.index) for name, values in pairs.items()} | own

    def at(self, layer: str) -> pd.DataFrame:
        """The rows of one layer, indexed by number, with `columns` and both identities. Raises InputError for another
        layer."""
        if layer not in self.layers:
            raise InputError(f"{self.name} has no layer {layer!r}. It has {', '.join(self.layers)}.")
        return self._full[self._full["layer"] == layer].set_index("number", drop=False)

    @cached_property
    def _full(self) -> pd.DataFrame:
        identity = self.photographs["identity"]
        names = {f"{side}_identity": identity.reindex(self.table[f"{side}_id"]) for side in ("query", "gallery")}
        texts = {name: values.fillna(UNKNOWN).to_numpy(str) for name, values in names.items()}
        return self.table.assign(**self.columns, **texts)

    def photograph(self, image_id: str) -> tuple[Path, tuple[float, float, float, float] | None, float]:
        """File, box and theta of a photograph. Raises InputError where it is unknown or has moved."""
        if image_id not in self.photographs.index:
            raise InputError(f"{self.name} does not say where {image_id} is: evaluate its data set again.")
        (found,) = dataset.shown(self.photographs.loc[[image_id]], [image_id])
        path = Path(found.path)
        if self.within is not None and not any(path.resolve().is_relative_to(one) for one in self.within):
            raise InputError(
                f"The photograph {image_id} lies outside of this server's data sets: it is not shown. Its operator can "
                "name their folder as PAIRX_DATASETS."
            )
        if not path.is_file():
            raise InputError(
                f"The photograph {image_id} is no longer where the run found it ({path.parent.name}/{path.name}). "
                "Put it back, or evaluate the data set where it is now."
            )
        return path, found.box, found.theta


def pair_values(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """One text a pair from a text of each of its photographs: the text itself where both have it, otherwise both in
    alphabetical order, as "left / right". With many different texts: whether both have the same."""
    if len(np.unique(np.concatenate([first, second]))) > MOST_VALUES:
        unknown = (first == "") | (second == "")
        return np.where(unknown, UNKNOWN, np.where(first == second, "the same", "different"))
    first, second = (np.where(one == "", UNKNOWN, one) for one in (first, second))
    ordered = [np.where(first <= second, one, other) for one, other in ((first, second), (second, first))]
    joined = np.array([f"{one} / {other}" for one, other in zip(*ordered, strict=True)], dtype=object)
    return np.where(first == second, first, joined)


class _Damaged(InputError):
    """What is wrong with a run's files, to follow "cannot be opened:"."""


def open_run(folder: Path, within: Sequence[Path] | None = None) -> OpenRun:
    """Read a finished run, which may be anybody's. within: folders outside of which its photographs are not shown; None
    is anywhere. Raises InputError where the folder is none, files are missing or hold something else."""
    if not folder.is_dir():
        raise InputError(f"There is no run {folder.name}: its folder does not exist. Choose another.")
    kept = (folder / FILE).is_file()
    if kept and not (folder / PAIRS).is_file():
        raise InputError(f"The run {folder.name} is not finished. Continue it first.")
    try:
        settings, summary = _values(folder / SETTINGS, SETTLED), _summary(folder / SUMMARY)
        table, photographs = _table(folder / PAIRS, REQUIRED), _photographs(folder, settings)
        if not set(table["layer"]) <= set(summary["layers"]):
            raise _Damaged(f"its {SUMMARY} is not about its pairs")
    except _Damaged as error:
        continued = "Continue it, or evaluate with the same settings: that writes its files again"
        advice = continued if kept else "Evaluate its data set again"
        raise InputError(f"The run {folder.name} cannot be opened: {error}. {advice}.") from error
    table = table.astype({"correct": bool, "cosine": float, "query_id": str, "gallery_id": str})
    number = table.groupby(["query_id", "gallery_id"], sort=False).ngroup()
    allowed = None if within is None else tuple(one.resolve() for one in within)
    return OpenRun(folder, settings, summary, table.assign(number=number), photographs, allowed)


def _values(path: Path, needed: Mapping[str, type]) -> dict[str, Any]:
    try:
        values = read_values(path)
    except FileNotFoundError as error:
        raise _Damaged(f"it has no {path.name}") from error
    except Unfit as error:
        raise _Damaged(f"its {path.name} {error}") from error
    except OSError as error:
        raise _Damaged(f"its {path.name} cannot be read") from error
    absent = [one for one in needed if one not in values]
    if absent:
        raise _Damaged(f"its {path.name} has no {', '.join(absent)}")
    odd = [name for name, kind in needed.items() if not isinstance(values[name], kind)]
    if odd:
        raise _Damaged(f"its {path.name} has something else in {', '.join(odd)} than a run has")
    return values


def _summary(path: Path) -> dict[str, Any]:
    """The file of numbers, of which the app reads more than their names."""
    values = _values(path, SUMMED)
    layers, counts = values["layers"].values(), values["status"].values()
    metrics = [found for layer in layers if isinstance(layer, dict) for found in layer.values()]
    if not all(isinstance(one, dict) for one in (*layers, *metrics)) or not all(isinstance(n, int) for n in counts):
        raise _Damaged(f"its {path.name} has something else in layers or status than a run has")
    return values


def _check_table(path: Path, needed: tuple[str, ...]) -> None:
    """Look at a table's end, which tells its columns: it is missing where the file was cut."""
    try:
        names = check_table(path, TEXTS, ("correct", "cosine", *columns(), *COUNTS, *RENAMED))
    except FileNotFoundError as error:
        raise _Damaged(f"it has no {path.name}") from error
    except Unfit as error:
        raise _Damaged(f"its {path.name} {error}") from error
    except OSError as error:
        raise _Damaged(f"its {path.name} cannot be read") from error
    known = {*names, *_renamed(names).values()}
    absent = [name for name in needed if name not in known]
    if absent:
        raise _Damaged(f"its {path.name} has no column {', '.join(absent)}")


def _table(path: Path, needed: tuple[str, ...]) -> pd.DataFrame:
    _check_table(path, needed)
    try:
        table = read_table(path)
        table = table.rename(columns=_renamed(table.columns))
        return table.astype({name: str for name in TEXTS if name in table and table[name].dtype.kind in "iu"})
    except Unfit as error:
        raise _Damaged(f"its {path.name} {error}") from error
    except OSError as error:
        raise _Damaged(f"its {path.name} cannot be read") from error


def _renamed(names: Collection[str]) -> dict[str, str]:
    """The columns of a table of an older run, by their former names, with their names of today."""
    return {old: new for old, new in RENAMED.items() if old in names and new not in names}


def _photographs(folder: Path, settings: dict[str, Any]) -> pd.DataFrame:
    """By image_id. The sample's are the herd's, wherever this is installed; a folder of the sample's name is not it."""
    table = pd.DataFrame(columns=list(dataset.REQUIRED))
    if (folder / PHOTOGRAPHS).is_file():
        table = _table(folder / PHOTOGRAPHS, dataset.REQUIRED)
    if settings["dataset"] == SAMPLE:
        herd = load_herd().table
        table = herd if table.empty or set(table["image_id"]) == set(herd["image_id"]) else table
    ids = table["image_id"].astype(str)
    if ids.duplicated().any():
        raise _Damaged(f"its {PHOTOGRAPHS} has {ids[ids.duplicated()].iloc[0]} twice")
    return table.set_index(ids, drop=False)


@dataclass(frozen=True)
class RunState:
    """What a folder of a run holds, without reading its pairs. done, total: pairs; total is 0 where it is not yet known
    which pairs are to be scored. settings: as far as known. problem: why it cannot be opened, if it cannot.
    """

    name: str
    finished: bool
    done: int = 0
    total: int = 0
    settings: dict[str, Any] | None = None
    problem: str = ""


def run_state(folder: Path) -> RunState | None:
    """How far the run in a folder is; None where there is no sign of a run in it. A finished one with damaged files is
    unfinished where its database is whole: continuing it writes them again."""
    problem = ""
    if (folder / PAIRS).is_file():
        try:
            return _finished(folder)
        except _Damaged as error:
            problem = str(error)
    if (folder / FILE).is_file():
        try:
            return _unfinished(folder)
        except (OSError, ValueError, TypeError, RecursionError, sqlite3.Error):
            problem = problem or f"its {FILE} cannot be read"
    return RunState(folder.name, False, problem=problem) if problem else None


def _finished(folder: Path) -> RunState:
    settings, summary = _values(folder / SETTINGS, SETTLED), _summary(folder / SUMMARY)
    _check_table(folder / PAIRS, REQUIRED)
    if (folder / PHOTOGRAPHS).is_file():
        _check_table(folder / PHOTOGRAPHS, dataset.REQUIRED)
    return RunState(folder.name, True, summary["pairs"], summary["pairs"], settings)


def _unfinished(folder: Path) -> RunState:
    with looking_into(folder / FILE, TABLES) as database:
        settings = {name: json.loads(value) for name, value in database.execute("SELECT * FROM settings")}
        total = database.execute("SELECT count(*) FROM pairs").fetchone()[0]
        done = database.execute("SELECT count(DISTINCT number) FROM scores").fetchone()[0]
    return RunState(folder.name, False, done, total, settings)
