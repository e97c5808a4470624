"""Lists of pairs: a table with query_id and candidate_id, as reviews, runs and people write it."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from pairx.datasets.tables import read_table
from pairx.sheets import written
from pairx.types import InputError

ENDS = ("query_id", "candidate_id")


def read_pairs(path: str | Path) -> pd.DataFrame:
    """The rows of a list of pairs, all cells as texts: query_id, candidate_id (or gallery_id, as a run has it), what
    else is there, and line, the number of the file's line at which each begins.

    Raises InputError where it is no table or lacks a column.
    """
    path = Path(path)
    table = read_table(path).rename(columns={"gallery_id": "candidate_id"})
    if missing := [name for name in ENDS if name not in table]:
        raise InputError(f"{path} lacks {' and '.join(missing)}. A list of pairs has query_id and candidate_id.")
    return table.assign(**{name: table[name].map(written) for name in ENDS}, line=_lines(path, len(table)))


def _lines(path: Path, rows: int) -> list[int]:
    """The number of the line at which each row below the names begins; blank lines are no rows."""
    plain = list(range(2, 2 + rows))
    if path.suffix.casefold() == ".xlsx":
        return plain
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader, begins, found = csv.reader(file), 1, []
        for cells in reader:
            if any(cell.strip() for cell in cells) or len(cells) > 1:
                found.append(begins)
            begins = reader.line_num + 1
    return found[1:] if len(found) == rows + 1 else plain
