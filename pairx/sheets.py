"""Tables for spreadsheets."""

from __future__ import annotations

from typing import Any

import pandas as pd

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as CSV, without its index, that a spreadsheet shows and does not run: a text, or a column's name, that
    begins like a formula gets an apostrophe in front. Numbers stay as they are."""
    plain = table.rename(columns=_plain)
    texts = [str(name) for name in plain if not pd.api.types.is_numeric_dtype(plain[name])]
    return plain.assign(**{name: plain[name].map(_plain) for name in texts}).to_csv(index=False).encode()


def _plain(value: Any) -> Any:
    """The same; a text that a spreadsheet would take for a formula begins with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(FORMULAS) else value


def written(value: str) -> str:
    """The text that `csv_bytes` was given."""
    return value[1:] if value.startswith("'") and value[1:].lstrip(" ").startswith(FORMULAS) else value
