"""A list of pairs as work: its photographs, the pairs that can be explained, and what is wrong with the others."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from pairx.datasets import Dataset, read_steps
from pairx.datasets.pairs import ENDS, read_pairs
from pairx.types import Computation, InputError, Step


class RowProblem(NamedTuple):
    """A row that cannot be explained. line: of the list. query_id, candidate_id: as written there. words: what is wrong
    and what to do."""

    line: int
    query_id: str
    candidate_id: str
    words: str


@dataclass(frozen=True)
class Listed:
    """dataset: the photographs. pairs: one row a pair, in the list's order: line, query_id, candidate_id, query and
    gallery (rows of the data set), query_key and gallery_key (digests of what they show). repeated: rows that name a
    pair again."""

    dataset: Dataset
    pairs: pd.DataFrame
    problems: tuple[RowProblem, ...]
    repeated: int


def list_steps(path: str | Path, dataset: Dataset | None, cache: Path | None) -> Computation[Listed]:
    """The pairs of a CSV. dataset: whose ids they name; None where they are paths relative to the list. cache: where it
    is kept what is known of photographs. A generator of `Step`s. Raises InputError where it is no list of pairs."""
    yield Step(0, 0, "reading the list")
    raw = read_pairs(path)[[*ENDS, "line"]]
    table = raw.drop_duplicates(list(ENDS), ignore_index=True)
    if table.empty:
        raise InputError(f"{path} holds no pairs. Give it a row for each.")
    if dataset is None:
        dataset = _of_paths(Path(path), table)
    rows = dict(zip(dataset.table["image_id"], range(len(dataset)), strict=True))
    named = [rows[name] for name in dict.fromkeys(table[list(ENDS)].to_numpy().ravel()) if name in rows]
    photographs = dataset.photographs()
    read = yield from read_steps([photographs[row] for row in named], cache)
    keys = dict(zip(named, read, strict=True))
    pairs, problems = [], []
    for query_id, candidate_id, line in table.itertuples(index=False, name=None):
        both = [rows.get(name) for name in (query_id, candidate_id)]
        found = [_wrong(name, row, keys, dataset) for name, row in zip((query_id, candidate_id), both, strict=True)]
        if words := next(filter(None, found), ""):
            problems.append(RowProblem(line, query_id, candidate_id, words))
        else:
            pairs.append((line, query_id, candidate_id, *both, *(keys[row] for row in both if row is not None)))
    names = ("line", *ENDS, "query", "gallery", "query_key", "gallery_key")
    return Listed(dataset, pd.DataFrame(pairs, columns=list(names)), tuple(problems), len(raw) - len(table))


def _of_paths(path: Path, table: pd.DataFrame) -> Dataset:
    """The photographs whose paths a list names, each by its path as it is written there."""
    folder, ids = path.absolute().parent, list(dict.fromkeys(table[list(ENDS)].to_numpy().ravel()))
    paths = [os.path.normpath(folder / name) for name in ids]
    return Dataset(path.name, pd.DataFrame({"image_id": ids, "path": paths, "identity": ""}))


def _wrong(name: str, row: int | None, keys: dict[int, str | InputError], dataset: Dataset) -> str:
    """What is wrong with a photograph of the list, and what to do; empty where nothing is."""
    if not name.strip():
        return "a photograph is not named. Write its id or path."
    if row is None:
        return f"{dataset.name} has no photograph {name!r}. Give an image_id of it."
    path = dataset.table["path"].iloc[row]
    if not os.path.isfile(path):
        return f"there is no file {path}. Give a path from the list's folder, or the data set that has this id."
    return str(key) if isinstance(key := keys[row], InputError) else ""
