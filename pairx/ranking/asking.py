"""What is looked for, and among what: queries of a data set or files, and the rows of a data set that are asked."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pairx import images
from pairx.datasets import Dataset, Shown, read_steps
from pairx.evaluation import search
from pairx.types import Computation, InputError

SHOWN = 8  # values that a message spells out


@dataclass(frozen=True)
class Query:
    """A photograph to look for. name: its image_id, or its file's path as it was given. row: its row in the data set;
    None for a file. path: of the file; left_out: rows that it is not compared with."""

    name: str
    row: int | None
    path: str
    left_out: np.ndarray

    def load(self, dataset: Dataset) -> np.ndarray:
        """(H, W, 3) uint8 RGB: the box of the animal where the data set has one."""
        return images.decode(self.path) if self.row is None else dataset.load(self.row)[0]


def query_steps(
    dataset: Dataset, names: Sequence[str | Path], keys: Sequence[str], exclude_encounter: bool, cache: Path | None
) -> Computation[list[Query]]:
    """The queries of some names, each an image_id of the data set or, where it has none of that name, a file.

    keys: of the data set's rows, see `key_steps`. A photograph is not compared with itself, nor, where its encounter is
    excluded, with others of it; a file not with a copy of itself, nor with a part of itself. A generator of `Step`s.
    Raises InputError for a name that is neither, a file that is no photograph, and a missing column encounter.
    """
    everywhere = search.split_queries(dataset, None, None, exclude_encounter)
    known = {name: row for row, name in enumerate(dataset.table["image_id"])}
    every, paths, queries = np.arange(len(dataset)), dataset.table["path"].to_numpy(), []
    for name in map(str, names):
        if (row := known.get(name)) is not None:
            left_out = np.flatnonzero(everywhere.excluded(np.array([row]), every)[0])
            queries.append(Query(name, row, paths[row], left_out))
            continue
        if not os.path.isfile(name):
            some = ", ".join(dataset.table["image_id"][:3])
            raise InputError(
                f"{dataset.name} has no photograph {name!r}, and there is no such file: give an image_id of it, such "
                f"as {some}, or a file."
            )
        (key,) = yield from read_steps([Shown(name, None, 0.0, name)], cache)
        if isinstance(key, InputError):
            raise key
        same = (np.array(keys) == key) | (paths == os.path.abspath(name))
        queries.append(Query(name, None, name, np.flatnonzero(same)))
    return queries


def gallery_rows(dataset: Dataset, where: Mapping[str, Sequence[str]]) -> np.ndarray:
    """The rows (G,) of a data set whose columns have one of the values given for each.

    where: columns of texts to their values. Raises InputError where there is no such column, which names those there
    are, and where no row is left, which names the values there are.
    """
    texts = [str(name) for name in dataset.table if dataset.table[name].dtype.kind not in "fiub"]
    kept = np.ones(len(dataset), bool)
    for column, values in where.items():
        if column not in texts:
            raise InputError(f"{dataset.name} has no column {column!r}. It has {', '.join(texts)}.")
        own = dataset.table[column]
        if not own.isin(values).any():
            known = sorted(set(own) - {""})
            more = f" and {len(known) - SHOWN} more" if len(known) > SHOWN else ""
            raise InputError(
                f"No photograph of {dataset.name} has {column} {' or '.join(map(repr, values))}. "
                f"It has {', '.join(known[:SHOWN]) or 'no values'}{more}."
            )
        kept &= own.isin(values).to_numpy()
    if not kept.any():
        said = " and ".join(f"{column}={'|'.join(values)}" for column, values in where.items())
        raise InputError(f"No photograph of {dataset.name} has {said}. Ask for less.")
    return np.flatnonzero(kept)
