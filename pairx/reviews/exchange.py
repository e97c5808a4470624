"""Decisions and individuals as tables that other tools read, and decisions read back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pandas as pd

from pairx.datasets import Dataset
from pairx.datasets.tables import read_table
from pairx.reviews.decisions import Decision
from pairx.reviews.individuals import Individuals, individuals
from pairx.reviews.log import SHARES, ReviewLog
from pairx.reviews.settling import settled
from pairx.sheets import written
from pairx.types import InputError

REQUIRED = ("query_id", "candidate_id", "verdict", "reviewer", "decided_at")
DECISIONS = (
    "query_id", "candidate_id", "query_path", "candidate_path", "verdict", "cosine", "model", "layer", "score_name",
    "score", "rank", *SHARES, "blind", "reviewer", "decided_at", "note", "version", "settles", "undone", "ticket",
)  # fmt: skip
_NUMBERS = {"rank": int} | dict.fromkeys(("cosine", "score", *SHARES), float)
_TRUTHS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}
_TEXTS = tuple(field.name for field in fields(Decision) if field.type == "str")


def decisions_table(log: ReviewLog, paths: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Every decision of a review in the log's order, with the columns DECISIONS. paths: of the photographs, by image
    id. undone: whether it was taken back."""
    table = log.entries()
    table = table[table["undoes"].isna()].copy()
    for side in ("query", "candidate"):
        table[f"{side}_path"] = [(paths or {}).get(image_id, "") for image_id in table[f"{side}_id"]]
    return table[list(DECISIONS)].reset_index(drop=True)


def read_decisions(path: str | Path) -> list[tuple[Decision, str]]:
    """The decisions of a CSV that stand, each with its ticket. Columns: REQUIRED, and of DECISIONS what is there;
    others are not used. Where there is no column ticket, it is a digest of the row, so that a file that is read twice
    is written once. Raises InputError, with the row's number, for the first row that is no decision."""
    table = read_table(Path(path))
    if missing := [name for name in REQUIRED if name not in table]:
        raise InputError(f"{path} lacks {', '.join(missing)}. A table of decisions has {', '.join(REQUIRED)}.")
    found = []
    for number, cells in enumerate(table.itertuples(index=False), 1):
        row = dict(zip(map(str, table), cells, strict=True))
        try:
            if not _truth(row.get("undone", "")):
                found.append((_decision(row), row.get("ticket") or _digest(row)))
        except (InputError, ValueError) as error:
            raise InputError(f"{path}: row {number}: {error}") from error
    return found


def add_decisions(log: ReviewLog, decisions: list[tuple[Decision, str]], known: set[str]) -> int:
    """Write decisions of elsewhere into a log; returns how many are new. known: the image ids of the data set. Raises
    InputError where one is of another photograph; then none is written."""
    for decision, _ in decisions:
        for image_id in filter(None, (decision.query_id, decision.candidate_id)):
            if image_id not in known:
                raise InputError(f"This review's data set has no photograph {image_id!r}. Nothing was imported.")
    before = len(log.entries())
    for decision, ticket in decisions:
        log.decide(decision, ticket)
    return len(log.entries()) - before


def individuals_of(log: ReviewLog, dataset: Dataset) -> Individuals:
    """The individuals that a review's settled verdicts make of a data set."""
    known = dict(zip(dataset.table["image_id"], dataset.table["identity"], strict=True))
    return individuals(settled(log.standing()), known)


def identities_table(found: Individuals, dataset: Dataset) -> pd.DataFrame:
    """A data set's table with the identities that a review found: image_id, path, identity, then previous (the identity
    before) and contradicted. Where a group is contradicted, photographs keep what they had."""
    table = dataset.table[["image_id", "path"]].merge(found.table, on="image_id", how="left", sort=False)
    table["identity"] = table["individual"].where(~table["contradicted"], table["known"])
    return table.rename(columns={"known": "previous"})[["image_id", "path", "identity", "previous", "contradicted"]]


def _decision(row: Mapping[str, str]) -> Decision:
    values: dict[str, Any] = {name: written(row[name]) for name in _TEXTS if name in row}
    for name, kind in _NUMBERS.items():
        if text := row.get(name, "").strip():
            values[name] = kind(float(text))
    for name in ("blind", "settles"):
        values[name] = _truth(row.get(name, ""))
    return Decision(**values)


def _truth(text: str) -> bool:
    if text.strip().casefold() not in _TRUTHS:
        raise InputError(f"{text!r} is neither true nor false.")
    return _TRUTHS[text.strip().casefold()]


def _digest(row: Mapping[str, str]) -> str:
    return hashlib.sha256("\0".join(row[name] for name in REQUIRED).encode()).hexdigest()[:32]
