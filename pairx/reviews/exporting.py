"""What is written of a review, by name: decisions, identities, and the tables that other tools import."""

from __future__ import annotations

import pandas as pd

from pairx.datasets import Dataset
from pairx.reviews.exchange import decisions_table, identities_table, individuals_of
from pairx.reviews.field_tables import camtrap_observations, wildbook_table
from pairx.reviews.log import ReviewLog

EXPORTS = {
    "decisions": "all decisions",
    "identities": "identities that the matches make",
    "wildbook": "Wildbook's bulk import",
    "camtrap": "Camtrap DP's observations",
}
"""Each table with its words."""


def export_table(log: ReviewLog, dataset: Dataset, name: str) -> tuple[pd.DataFrame, list[str]]:
    """A table of EXPORTS by its name, and what it lacks for the tool that takes it, a sentence each."""
    if name == "decisions":
        paths = dict(zip(dataset.table["image_id"], dataset.table["path"], strict=True))
        return decisions_table(log, paths), []
    table = identities_table(individuals_of(log, dataset), dataset)
    made = {"wildbook": wildbook_table, "camtrap": camtrap_observations}.get(name)
    return made(table, dataset, log) if made else (table, [])
