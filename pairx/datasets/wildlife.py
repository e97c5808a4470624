"""The catalogue of the package wildlife-datasets: data sets by name, downloaded only where that is asked for."""

from __future__ import annotations

import difflib
import sys
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pairx.datasets.dataset import OPTIONAL, REQUIRED
from pairx.datasets.reading import cache_folder
from pairx.datasets.tables import with_known_columns
from pairx.files import refusals_told
from pairx.types import InputError

CATALOGUE = "wildlife:"


@dataclass(frozen=True)
class CatalogueEntry:
    """A data set of the catalogue. name: as `load_dataset` takes it. animals, license, size, individuals: as far as the
    catalogue knows, size in MB. here: whether its folder is on this machine.
    """

    name: str
    animals: str
    individuals: int | None
    size: float | None
    license: str
    url: str
    here: bool


def list_catalogue(cache: Path | None = None) -> list[CatalogueEntry]:
    """All data sets of the catalogue, by name. Raises InputError without the package wildlife-datasets."""
    found = []
    for name, kind in sorted(_kinds().items()):
        known = getattr(kind, "summary", None) or {}
        animals = known.get("animals_simple") or ", ".join(sorted(known.get("animals") or ()))
        found.append(
            CatalogueEntry(
                CATALOGUE + name,
                animals,
                known.get("reported_n_individuals"),
                known.get("size"),
                known.get("licenses") or "",
                known.get("url") or "",
                _folder(name, cache).is_dir(),
            )
        )
    return found


def read_wildlife(name: str, download: bool, cache: Path | None = None) -> tuple[pd.DataFrame, Path]:
    """The table of a data set and its folder.

    Raises InputError without the package, for an unknown name, where the data set is not on this machine and no
    download is asked for, and where the download or what is there fails.
    """
    kinds, folder = _kinds(), _folder(name, cache)
    if name not in kinds:
        lower = {known.lower(): known for known in sorted(kinds)}
        near = difflib.get_close_matches(name.lower(), lower, 3, 0.4) or list(lower)[:3]
        names = [lower[one] for one in near]
        raise InputError(
            f"wildlife-datasets has no {name!r}. Near it: {', '.join(names)}; `python -m pairx datasets` lists all."
        )
    if download:
        with refusals_told(folder):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            _attempt(name, "be downloaded", lambda: kinds[name].get_data(str(folder)))
        except InputError:
            with suppress(OSError):
                folder.rmdir()  # if nothing came
            raise
    elif not folder.is_dir():
        raise InputError(
            f"{name} is not on this machine ({folder}). Put it there, or download it by "
            f"`python -m pairx evaluate {CATALOGUE}{name} --download -o RUN`."
        )
    table = _attempt(name, f"be read from {folder}", lambda: kinds[name](str(folder)).df)
    return _as_manifest(table), folder


def _folder(name: str, cache: Path | None) -> Path:
    try:
        return (cache or cache_folder()) / "wildlife" / name
    except OSError as error:
        raise InputError(f"{name} is kept in a cache, and {error.strerror}: name a folder in PAIRX_CACHE.") from error


def _kinds() -> dict[str, Any]:
    """The catalogue's classes by name."""
    try:
        from wildlife_datasets import datasets
    except ImportError as error:
        raise InputError(
            "Data sets by name need the package wildlife-datasets: `pip install wildlife-datasets`."
        ) from error
    return {kind.__name__: kind for kind in datasets.names_all}


def _attempt(name: str, what: str, do: Any) -> Any:
    """What `do` gives. It is others' code for many archives: whatever it raises, the data set is not there."""
    try:
        with redirect_stdout(sys.stderr):
            return do()
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        raise InputError(f"{name} could not {what} ({reason}). Download it again, or put it there by hand.") from error


def _as_manifest(table: pd.DataFrame) -> pd.DataFrame:
    """The columns that a Dataset has, as texts."""
    table, _ = with_known_columns(table)
    kept = table[[column for column in (*REQUIRED, *OPTIONAL) if column in table]]
    return kept.astype(object).where(kept.notna(), "").astype(str)
