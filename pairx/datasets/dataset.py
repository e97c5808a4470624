"""Dataset: a table of photographs of known individuals, and what can be wrong with such a table."""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pairx import images
from pairx.datasets.marks import load_mask, parse_parts
from pairx.datasets.names import is_unknown, plain
from pairx.datasets.reading import Shown, read_steps
from pairx.types import Computation, InputError, View

REQUIRED = ("image_id", "path", "identity")
BOX = ("x", "y", "w", "h")
TEXTS = ("orientation", "encounter", "split", "species", "date", "place")
OPTIONAL = (*TEXTS, *BOX, "theta", "mask", "parts")
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
    (absolute) and identity, and where the source has them orientation, encounter, split, species, date and place ("" is
    unknown) and x, y, w, h, theta: the box around the animal and its turn, as `pairx.images.load_image` takes them
    (float, NaN is the whole photograph); mask, the absolute path of a picture of where the animal is, and parts, named
    points as `pairx.datasets.marks` reads them ("" is unknown). problems: of the rows that were left out because of
    them, if any. notes: what was guessed and what else was left out, a plain sentence each.
    """

    name: str
    table: pd.DataFrame
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

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

    def mask(self, row: int, view: View | None = None) -> np.ndarray | None:
        """(H, W) bool: where the animal is, over what a view shows of the photograph, by default its box; None where
        nobody knows. Raises InputError as `pairx.datasets.marks.load_mask` does."""
        path = self.table["mask"].iloc[row] if "mask" in self.table else ""
        return load_mask(path, view or self.load(row)[1], self.table["image_id"].iloc[row]) if path else None


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


@dataclass(frozen=True)
class Rules:
    """How strictly a data set is read: see `pairx.datasets.load_steps`."""

    skip_problems: bool = False
    links_out: bool = True
    unknown: bool = False
    cache: Path | None = None


def build_steps(
    name: str, raw: pd.DataFrame, folder: Path, rules: Rules, notes: Sequence[str] = ()
) -> Computation[Dataset]:
    """A checked Dataset from a table of texts with paths relative to a folder.

    Finds all problems at once: missing columns, empty and double ids, boxes and angles that are no numbers, paths
    outside the folder, missing files, and photographs that cannot be read (each is decoded, unless it was before: see
    `read_steps`). Other columns are not used. notes: what is known already. A generator of `Step`s.
    Raises ManifestError where there are any; where they are to be skipped, only where a required column or all rows are
    missing, and otherwise leaves out the rows concerned.
    """
    raw = raw.reset_index(drop=True)
    missing = [Problem("missing column", column) for column in REQUIRED if column not in raw]
    missing += [Problem("missing column", column) for column in BOX if column not in raw and set(BOX) & set(raw)]
    if missing:
        unknown = [Problem("unknown column", str(column)) for column in raw if column not in (*REQUIRED, *OPTIONAL)]
        known = f"It has the columns {', '.join(REQUIRED)} and, where known, {', '.join(OPTIONAL)}"
        raise ManifestError(name, missing + unknown, known)
    table = raw[[column for column in (*REQUIRED, *OPTIONAL) if column in raw]].copy()
    table, told = _with_identities(name, _as_texts(table), rules.unknown)
    rows = _id_problems(table) + _number_problems(table) + _mark_problems(table, folder, rules)
    found, read = yield from _file_problems(table, folder, rules)
    problems = sorted(rows + found, key=lambda problem: problem.row or 0)
    if problems and not rules.skip_problems:
        raise ManifestError(name, problems, "Correct it, or skip these rows")
    kept = table.drop(index=list({problem.row for problem in problems if problem.row is not None})).reset_index(
        drop=True
    )
    if kept.empty and problems:
        raise ManifestError(name, problems, "No photograph is left")
    if kept.empty:
        raise InputError(f"{name} holds no photographs. Give one with a row for each.")
    return Dataset(name, kept, tuple(problems), (*notes, *told, *read))


def _as_texts(table: pd.DataFrame) -> pd.DataFrame:
    """The cells of the columns that are texts; a path as it is, since files may have blanks around their names."""
    for column in {*REQUIRED, *TEXTS, "mask", "parts"} & set(table):
        texts = table[column].fillna("").astype(str)
        table[column] = texts if column in ("path", "mask", "parts") else texts.map(plain)
    return table


def _with_identities(name: str, table: pd.DataFrame, unknown: bool) -> tuple[pd.DataFrame, list[str]]:
    """The rows of known individuals, or all, and what was left out. Raises InputError where nobody is known."""
    nobody = table["identity"].map(is_unknown).astype(bool)
    if not nobody.any():
        return table, []
    words = Counter(table["identity"][nobody]).most_common(SHOWN)
    said = ", ".join(word or "empty" for word, _ in words)
    if unknown:
        return table.assign(identity=table["identity"].mask(nobody, "")), []
    if nobody.all():
        raise InputError(f"{name}: nobody is known on any photograph (identity: {said}). Give individuals a name.")
    were = "photographs were" if nobody.sum() > 1 else "photograph was"
    return table[~nobody], [f"{nobody.sum():,} {were} left out, of no known individual (identity: {said})."]


def _id_problems(table: pd.DataFrame) -> list[Problem]:
    problems = []
    for column in ("image_id", "path"):
        empty = table[column].str.strip() == ""
        problems += [Problem(f"no {column}", _place(i), i) for i in table.index[empty]]
    double = table["image_id"].duplicated() & (table["image_id"] != "")
    return problems + [
        Problem("double image_id", f"{table['image_id'][i]} ({_place(i)})", i) for i in table.index[double]
    ]


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


def _mark_problems(table: pd.DataFrame, folder: Path, rules: Rules) -> list[Problem]:
    """What is wrong with the paths of masks, which become absolute, and with named parts."""
    problems, root = [], os.path.abspath(folder)
    for i, given in zip(table.index, table["mask"], strict=True) if "mask" in table else ():
        where = f"{given.strip()} ({_place(i)})"
        table.loc[i, "mask"] = path = _locate(root, given)[0]
        if path and not _within(root, path, rules.links_out):
            problems.append(Problem("mask outside the folder", where, i))
        elif path and not os.path.isfile(path):
            problems.append(Problem("missing mask", where, i))
    for i, given in zip(table.index, table["parts"], strict=True) if "parts" in table else ():
        try:
            parse_parts(given)
        except InputError as error:
            problems.append(Problem("parts that cannot be read", f"{error} ({_place(i)})", i))
    return problems


def _file_problems(table: pd.DataFrame, folder: Path, rules: Rules) -> Computation[tuple[list[Problem], list[str]]]:
    """What is wrong with the paths, which become absolute, and with the photographs they name; and what was guessed."""
    problems, root, given = [], os.path.abspath(folder), table["path"].tolist()
    found = [_locate(root, path) for path in given]
    table["path"] = [path for path, _ in found]
    photographs, there = shown(table, (path.strip() for path in given)), []
    for i, photograph in zip(table.index, photographs, strict=True):
        where = f"{photograph.name} ({_place(i)})"
        if not photograph.name:
            continue
        if _ELSEWHERE.match(photograph.name) and not os.path.isfile(photograph.path):
            problems.append(Problem("path of another computer", where, i))
        elif not _within(root, photograph.path, rules.links_out):
            problems.append(Problem("path outside the folder", where, i))
        elif not os.path.isfile(photograph.path):
            problems.append(Problem("missing file", where, i))
        else:
            there.append((i, photograph))
    read = yield from read_steps([photograph for _, photograph in there], rules.cache)
    for (i, _), result in zip(there, read, strict=True):
        if isinstance(result, InputError):
            problems.append(Problem("unreadable photograph", f"{result} ({_place(i)})", i))
    ways = Counter(way for _, way in found if way)
    return problems, [f"{count:,} of the paths were read {way}." for way, count in ways.items()]


_ELSEWHERE = re.compile(r"[A-Za-z]:[\\/]|\\\\")  # a drive of Windows, or a computer on its network


def _locate(root: str, given: str) -> tuple[str, str]:
    """The file that a path means, and how it had to be read for that; as it is where there is no such file."""
    first = None
    for text, way in _readings(given):
        path = os.path.normpath(os.path.join(root, text)) if text.strip() else ""
        first = path if first is None else first
        if path and os.path.isfile(path):
            return path, way
    return first or "", ""


def _readings(given: str) -> Iterator[tuple[str, str]]:
    yield given, ""
    tidy = given.strip()
    yield tidy, "without the blanks around them"
    slashed = tidy.replace("\\", "/")
    yield slashed, "with / for \\"
    for form in ("NFC", "NFD"):
        yield unicodedata.normalize(form, slashed), "with their accents coded as the files' names have them"


def _within(root: str, path: str, links_out: bool) -> bool:
    """Whether a path lies in a folder; without links_out, wherever links lead."""
    if not links_out:
        root, path = os.path.realpath(root), os.path.realpath(path)
    return path.startswith(os.path.join(root, ""))


def _place(index: int) -> str:
    return f"row {index + 1}"
