"""Dataset: a table of photographs of known individuals, and what can be wrong with such a table."""

from __future__ import annotations

import math
import os
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pairx import images
from pairx.datasets.reading import Shown, read_steps
from pairx.types import InputError, Step, View

REQUIRED = ("image_id", "path", "identity")
BOX = ("x", "y", "w", "h")
OPTIONAL = ("orientation", "encounter", "split", "species", *BOX, "theta")
Box = tuple[float, float, float, float]
SHOWN = 5  # problems of one kind that a message spells out


@dataclass(frozen=True)
class Problem:
    """Something wrong with a manifest. kind: what, in the user's words. where: the row, column or file.

    row: its number in the table, 0 the first; None where a whole column is concerned.
    """

    kind: str
    where: str
    row: int | None = None


class ManifestError(InputError):
    """A manifest with problems: the message, one line, names every kind; `problems` holds them all."""

    def __init__(self, name: str, problems: Iterable[Problem], advice: str) -> None:
        self.problems = tuple(problems)
        super().__init__(f"{name}: {describe(self.problems)}. {advice}")


@dataclass(frozen=True)
class Dataset:
    """Photographs of known individuals.

    name: what to call it. table: one row a photograph, indexed from 0, texts in the columns image_id (unique), path
    (absolute) and identity, and where the source has them orientation, encounter, split and species ("" is unknown)
    and x, y, w, h, theta: the box around the animal and its turn, as `pairx.images.load_image` takes them (float, NaN
    is the whole photograph). problems: of the rows and columns that were left out, if any.
    """

    name: str
    table: pd.DataFrame
    problems: tuple[Problem, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    def row(self, image_id: str) -> int:
        """The number of a photograph's row. Raises InputError for an unknown id."""
        found = np.flatnonzero(self.table["image_id"] == image_id)
        if not len(found):
            some = ", ".join(self.table["image_id"][:3])
            raise InputError(f"{self.name} has no photograph {image_id!r}: give an image_id of it, such as {some}.")
        return int(found[0])

    def box(self, row: int) -> tuple[Box | None, float]:
        """The box (x, y, w, h) of a row, None for the whole photograph, and its theta in radians."""
        (found,) = shown(self.table.iloc[[row]], [""])
        return found.box, found.theta

    def photographs(self) -> list[Shown]:
        """What each row shows."""
        return shown(self.table, self.table["image_id"])

    def load(self, row: int) -> tuple[np.ndarray, View]:
        """The photograph of a row, its box turned upright: (H, W, 3) uint8 RGB and where it lies."""
        path, image_id = self.table["path"].iloc[row], self.table["image_id"].iloc[row]
        return images.load_image(path, *self.box(row), name=image_id)


def shown(table: pd.DataFrame, names: Iterable[str]) -> list[Shown]:
    """What each row of a table with numbers for boxes shows; an incomplete box is none. names: what errors call it."""
    nowhere = np.full((len(table), 4), math.nan)
    boxes = table[list(BOX)].to_numpy(float) if set(BOX) <= set(table) else nowhere
    thetas = np.nan_to_num(table["theta"].to_numpy(float)) if "theta" in table else np.zeros(len(table))
    complete = ~np.isnan(boxes).any(1)
    rows = zip(table["path"], boxes.tolist(), complete, thetas.tolist(), names, strict=True)
    return [Shown(path, tuple(box) if whole else None, theta, name) for path, box, whole, theta, name in rows]


def describe(problems: Iterable[Problem]) -> str:
    """Problems on one line, by kind, a few of each."""
    kinds: dict[str, list[str]] = {}
    for problem in problems:
        kinds.setdefault(problem.kind, []).append(problem.where)
    parts = []
    for kind, places in kinds.items():
        more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        parts.append(f"{kind}: {', '.join(places[:SHOWN])}{more}")
    return "; ".join(parts)


def build_steps(
    name: str, raw: pd.DataFrame, folder: Path, skip_problems: bool = False, cache: Path | None = None
) -> Generator[Step, None, Dataset]:
    """A checked Dataset from a table of texts with paths relative to a folder.

    Finds all problems at once: missing and unknown columns, empty and double ids, empty identities, boxes and angles
    that are no numbers, paths outside the folder, missing files, and photographs that cannot be read (each is decoded,
    unless it was before: see `read_steps`, also for cache). A generator of `Step`s.
    Raises ManifestError where there are any; with skip_problems only where a required column or all rows are missing,
    and otherwise leaves out the rows and unknown columns concerned.
    """
    raw = raw.reset_index(drop=True)
    missing = [Problem("missing column", column) for column in REQUIRED if column not in raw]
    missing += [Problem("missing column", column) for column in BOX if column not in raw and set(BOX) & set(raw)]
    unknown = [Problem("unknown column", str(column)) for column in raw if column not in (*REQUIRED, *OPTIONAL)]
    table = raw[[column for column in (*REQUIRED, *OPTIONAL) if column in raw]].copy()
    rows = _text_problems(table) + _number_problems(table)
    if "path" in table:
        rows += yield from _file_problems(table, folder, cache)
    problems = missing + unknown + sorted(rows, key=lambda problem: problem.row)
    if missing or (problems and not skip_problems):
        known = f"It has the columns {', '.join(REQUIRED)} and, where known, {', '.join(OPTIONAL)}"
        raise ManifestError(name, problems, known if missing or unknown else "Correct it, or skip these rows")
    kept = table.drop(index=sorted({problem.row for problem in rows})).reset_index(drop=True)
    if kept.empty and problems:
        raise ManifestError(name, problems, "No photograph is left")
    if kept.empty:
        raise InputError(f"{name} holds no photographs. Give one with a row for each.")
    return Dataset(name, kept, tuple(problems))


def _text_problems(table: pd.DataFrame) -> list[Problem]:
    problems = []
    for column in ("image_id", "path", "identity"):
        if column in table:
            table[column] = table[column].astype(str).str.strip()
            problems += [Problem(f"no {column}", _place(i), i) for i in np.flatnonzero(table[column] == "")]
    for column in set(OPTIONAL[:4]) & set(table):
        table[column] = table[column].fillna("").astype(str).str.strip()
    if "image_id" in table:
        double = table["image_id"].duplicated() & (table["image_id"] != "")
        problems += [
            Problem("double image_id", f"{table['image_id'][i]} ({_place(i)})", i) for i in double[double].index
        ]
    return problems


def _number_problems(table: pd.DataFrame) -> list[Problem]:
    problems = []
    columns = [column for column in (*BOX, "theta") if column in table]
    for column in columns:
        text = table[column].astype(str).str.strip()
        values = pd.to_numeric(text, errors="coerce").astype(float)
        table[column] = values.where(np.isfinite(values))
        wrong = table[column].isna() & ~text.isin(["", "nan", "NaN"])
        problems += [Problem(f"{column} is no number", f"{text[i]!r} ({_place(i)})", i) for i in wrong[wrong].index]
    if set(BOX) <= set(columns):
        empty = table[list(BOX)].isna().sum(axis=1)
        partial = (empty > 0) & (empty < 4)
        already = {problem.row for problem in problems}
        problems += [Problem("incomplete box", _place(i), i) for i in partial[partial].index if i not in already]
    return problems


def _file_problems(table: pd.DataFrame, folder: Path, cache: Path | None) -> Generator[Step, None, list[Problem]]:
    """What is wrong with the paths, which become absolute, and with the photographs they name."""
    problems, root, given = [], os.path.abspath(folder), table["path"].tolist()
    table["path"] = [os.path.normpath(os.path.join(root, path)) if path else "" for path in given]
    photographs, there = shown(table, given), []
    for i, photograph in enumerate(photographs):
        if not photograph.name:
            continue
        if not photograph.path.startswith(os.path.join(root, "")):
            problems.append(Problem("path outside the folder", f"{photograph.name} ({_place(i)})", i))
        elif not os.path.isfile(photograph.path):
            problems.append(Problem("missing file", f"{photograph.name} ({_place(i)})", i))
        else:
            there.append(i)
    read = yield from read_steps([photographs[i] for i in there], cache)
    for i, found in zip(there, read, strict=True):
        if isinstance(found, InputError):
            problems.append(Problem("unreadable photograph", f"{found} ({_place(i)})", i))
    return problems


def _place(index: int) -> str:
    return f"row {index + 1}"
