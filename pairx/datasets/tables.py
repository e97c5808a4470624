"""Tables of photographs as people have them: a CSV's cells, the names of its columns, and files that are something
else."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd

from pairx.datasets.dataset import BOX, OPTIONAL, REQUIRED
from pairx.types import InputError

KNOWN = (*REQUIRED, *OPTIONAL)
ALSO = {"position": "orientation", "original_split": "split", "video": "encounter"}  # of wildlife-datasets
BBOX = "bbox"
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_BINARY = (
    (b"PAR1", "a Parquet table"),
    (b"PK\x03\x04", "an Excel workbook or another archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"SQLite format 3", "a database"),
    (b"\x1f\x8b", "a compressed file"),
    (b"\xff\xd8\xff", "a photograph"),
    (b"\x89PNG", "a photograph"),
)
_JSON = (  # words that it holds, what it then is
    ((b'"detections"', b'"file"'), "a MegaDetector file, which says where animals are and not who they are"),
    ((b'"predictions"',), "a SpeciesNet file, which says where animals of which species are and not who they are"),
    ((b'"annotations"', b'"images"'), "a COCO file"),
    ((), "a JSON file"),
)
MOST_SHEET = 64 * 2**20  # bytes of a workbook
_LOOK = 1 << 20  # bytes at either end in which to look for such words


def read_table(path: Path) -> pd.DataFrame:
    """A CSV's cells as texts. Raises InputError where it is something else or cannot be read as one, or a row has more
    cells than names.
    """
    try:
        if path.suffix.casefold() == ".xlsx":
            return _sheet(path)
        if kind := _other_kind(path):
            raise InputError(
                f"{path} is {kind}. Make a CSV of it with the columns {', '.join(REQUIRED)} and, for boxes, "
                f"{', '.join(BOX)} in pixels or fractions."
            )
        _require_narrow(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False)
    except (OSError, UnicodeDecodeError, csv.Error, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is no table ({reason}). Save it as CSV in UTF-8, with a line of names.") from error


def _sheet(path: Path) -> pd.DataFrame:
    """The cells of a workbook's first sheet, as texts. Raises InputError."""
    if path.stat().st_size > MOST_SHEET:
        raise InputError(f"{path} is larger than {MOST_SHEET >> 20} MiB. Save it as CSV in UTF-8.")
    try:
        return pd.read_excel(path, dtype=str, keep_default_na=False, engine="openpyxl").fillna("")
    except Exception as error:  # of another's parser of anybody's file
        reason = " ".join(str(error).split())[:120]
        raise InputError(f"{path} cannot be read as an Excel workbook ({reason}). Save it as CSV in UTF-8.") from error


def with_known_columns(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """A table with its columns named as ours, others unchanged, and what there is to say of that.

    Capitals and blanks in names do not count; a first column without a name is pandas' row numbers; `bbox` holds the
    four numbers of a box, as a list or as its text.
    """
    names = {column: str(column).strip().casefold() for column in raw}
    ours = {column: ALSO.get(name, name) for column, name in names.items() if ALSO.get(name, name) in (*KNOWN, BBOX)}
    taken = set(raw.columns)
    table = raw.rename(columns={column: name for column, name in ours.items() if name not in taken})
    table = table.loc[:, ~table.columns.duplicated()]
    numbers = [column for column in table.columns[:1] if re.fullmatch(r"|unnamed: 0|index", str(column).casefold())]
    table = table.drop(columns=numbers)
    if BBOX in table and not set(BOX) & set(table):
        boxes = [_corner_and_size(cell) for cell in table[BBOX]]
        table = table.drop(columns=BBOX)
        table[list(BOX)] = pd.DataFrame(boxes, index=table.index, columns=list(BOX))
    unused = [str(column) for column in table if column not in KNOWN]
    return table, [f"Columns that were not used: {', '.join(unused)}."] if unused else []


def _corner_and_size(cell: object) -> list[str]:
    """The four cells of a box; what is none is left to be told as such."""
    numbers = [str(value) for value in cell] if isinstance(cell, list | tuple) else _NUMBER.findall(str(cell))
    if len(numbers) == 4:
        return numbers
    return ["" if str(cell).strip().casefold() in ("", "nan", "none", "[]") else str(cell), "", "", ""]


def _other_kind(path: Path) -> str | None:
    """What a file is that is no CSV, as far as its bytes tell."""
    with open(path, "rb") as file:
        start = file.read(_LOOK)
        file.seek(max(0, path.stat().st_size - _LOOK))
        both = start + file.read()
    kind = next((kind for signature, kind in _BINARY if start.startswith(signature)), None)
    if kind or not start.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        return kind
    return next(kind for words, kind in _JSON if all(word in both for word in words))


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
