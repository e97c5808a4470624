"""Names as people write them: one individual is one name, and many words mean that there is none."""

from __future__ import annotations

import unicodedata
from pathlib import PurePath

# As spreadsheets, pandas, wildlife-datasets and people write it; so are texts of nothing but ? - _ . * and blanks.
UNKNOWN_WORDS = {"nan", "unknown", "unidentified", "none", "null", "n/a", "<na>"}


def plain(name: str) -> str:
    """A name without blanks around it, each accent one code with its letter (Unicode's NFC)."""
    return unicodedata.normalize("NFC", name).strip()


def is_unknown(identity: str) -> bool:
    """Whether a name says that nobody knows the individual."""
    name = plain(identity).casefold()
    return name in UNKNOWN_WORDS or not name.strip("?-_.* ")


def legible(path: PurePath | str) -> str:
    """A path that may be no text, for people."""
    return str(path).encode("utf-8", "backslashreplace").decode()
