"""Names as people write them: one individual is one name, and many words mean that there is none."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePath

# As spreadsheets, pandas, R, catalogues and people write it; so are texts of nothing but ? - _ . * and blanks.
UNKNOWN_WORDS = {
    "nan", "null", "none", "n/a", "#n/a", "<na>", "unknown", "unknown individual", "unknown animal", "unk",
    "unidentified", "unidentified individual", "unidentified animal", "unid", "not identified", "unidentifiable",
    "undetermined", "undefined", "unassigned", "unnamed", "unlabeled", "unlabelled", "no id", "noid", "no name",
    "new individual", "new whale",
}  # fmt: skip
UNKNOWN_CODES = {"NA", "-1"}  # as written: Na may be a name


def plain(name: str) -> str:
    """A name without blanks around it, each accent one code with its letter (Unicode's NFC)."""
    return unicodedata.normalize("NFC", name).strip()


def is_unknown(identity: str) -> bool:
    """Whether a name says that nobody knows the individual."""
    name = plain(identity)
    words = re.sub(r"[\s_-]+", " ", name.casefold()).strip("?.*()[] ")
    return name in UNKNOWN_CODES or words in UNKNOWN_WORDS or not words


def legible(path: PurePath | str) -> str:
    """A path that may be no text, for people."""
    return str(path).encode("utf-8", "backslashreplace").decode()
