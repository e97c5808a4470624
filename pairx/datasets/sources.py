"""Where a data set comes from: the sample herd, a folder, a CSV, or the catalogue of wildlife-datasets."""

from __future__ import annotations

import csv
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pandas as pd

from pairx.datasets.dataset import REQUIRED, Dataset, build_steps
from pairx.datasets.herd import load_herd
from pairx.datasets.wildlife import CATALOGUE, read_wildlife
from pairx.types import InputError, Step, finished

SAMPLE = "sample"
MANIFEST = "metadata.csv"
SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".heic", ".avif", ".bmp", ".jp2", ".gif", ".ppm"}
FORMS = (
    f"Give `{SAMPLE}`, a folder with {MANIFEST}, a folder of one folder per identity, a CSV, or `{CATALOGUE}NAME` of "
    "the package wildlife-datasets."
)


def load_dataset(
    source: str | Path, skip_problems: bool = False, download: bool = False, cache: Path | None = None
) -> Dataset:
    """A data set, checked: see `load_steps`."""
    return finished(load_steps(source, skip_problems, download, cache))


def load_steps(
    source: str | Path, skip_problems: bool = False, download: bool = False, cache: Path | None = None
) -> Generator[Step, None, Dataset]:
    """A data set, checked, in steps.

    source: "sample", the herd that ships; a folder with metadata.csv; a folder of one folder per identity; a CSV
    (paths relative to its folder); or "wildlife:NAME", a data set of the package wildlife-datasets. skip_problems: go
    on without the rows that have problems. download: fetch a wildlife data set that is not there yet. cache: where
    wildlife data sets are kept and what is known of photographs, by default `cache_folder()`.

    Raises InputError where there is nothing of that kind, and ManifestError, which lists every problem, where its
    contents are not in order.
    """
    if str(source) == SAMPLE:
        herd = load_herd()
        return (yield from build_steps(SAMPLE, herd.table.drop(columns="twin"), herd.folder, skip_problems, cache))
    if str(source).startswith(CATALOGUE):
        name = str(source).removeprefix(CATALOGUE)
        table, folder = read_wildlife(name, download, cache)
        return (yield from build_steps(f"{CATALOGUE}{name}", table, folder, skip_problems, cache))
    path = Path(source)
    if not _is_text(os.path.abspath(path)):
        raise InputError(f"{_legible(path)}: the name of the folder, or of one above it, is not UTF-8. Rename it.")
    if os.path.isfile(path / MANIFEST):
        return (yield from build_steps(path.resolve().name, read_table(path / MANIFEST), path, skip_problems, cache))
    if os.path.isdir(path):
        return (
            yield from build_steps(path.resolve().name, _folders_table(path, skip_problems), path, skip_problems, cache)
        )
    if os.path.isfile(path):
        return (yield from build_steps(path.resolve().name, read_table(path), path.parent, skip_problems, cache))
    raise InputError(f"{source}: there is no such data set. {FORMS}")


def read_table(path: Path) -> pd.DataFrame:
    """A CSV's cells as texts. Raises InputError where it cannot be read as one, or a row has more cells than names."""
    try:
        _require_narrow(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except (OSError, UnicodeDecodeError, csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is no table ({reason}). Save it as CSV in UTF-8, with a line of names.") from error


def _require_narrow(path: Path) -> None:
    """Raise InputError where a row of a CSV has more cells than its line of names: pandas drops or shifts them."""
    with open(path, newline="", encoding="utf-8-sig") as file:
        rows = filter(None, csv.reader(file))
        names = next(rows, [])
        for number, row in enumerate(rows, 1):
            if len(row) > len(names):
                raise InputError(
                    f"{path}: row {number} has {len(row)} cells, and there are {len(names)} names. Name every column, "
                    "and put texts with commas in quotes."
                )


def _folders_table(folder: Path, skip_problems: bool) -> pd.DataFrame:
    """One row a photograph below the folders of a folder, each of which is an identity. Raises InputError for names
    that are not UTF-8, unless they are to be skipped.
    """
    paths = list(_photographs(folder))
    wrong = [path for path in paths if not _is_text(str(path))]
    if wrong and not skip_problems:
        raise InputError(
            f"{folder} holds {len(wrong)} photographs whose names are not UTF-8, such as {_legible(wrong[0])}. Rename "
            "them, or skip them."
        )
    rows = [(path.as_posix(), path.as_posix(), path.parts[0]) for path in paths if _is_text(str(path))]
    if not rows:
        raise InputError(f"{folder} holds neither {MANIFEST} nor folders of photographs. {FORMS}")
    return pd.DataFrame(rows, columns=list(REQUIRED))


def _photographs(folder: Path) -> Iterator[Path]:
    """Paths, relative to a folder, of the photographs in its folders; hidden ones are not looked at."""
    for identity in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if identity.is_dir() and not identity.name.startswith("."):
            for path in sorted(Path(identity.path).rglob("*")):
                relative = path.relative_to(folder)
                hidden = any(part.startswith(".") for part in relative.parts)
                if path.suffix.lower() in SUFFIXES and not hidden and path.is_file():
                    yield relative


def _is_text(path: str) -> bool:
    """Whether a path is text in UTF-8: of other bytes, Python makes halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in path)


def _legible(path: Path) -> str:
    """A path that is no text, for people."""
    return str(path).encode("utf-8", "backslashreplace").decode()
