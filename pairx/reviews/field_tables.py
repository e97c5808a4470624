"""What a review found, as tables that other tools of the field import: Wildbook's bulk import, and the observations of
a camera-trap data package (Camtrap DP 1)."""

from __future__ import annotations

import re
from pathlib import PurePath

import pandas as pd

from pairx.datasets import Dataset
from pairx.reviews.log import ReviewLog

_PLAIN_NAME = re.compile(r"[A-Za-z0-9. ]+")  # what Wildbook takes in names of files
_DAY = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
ASSET = "Encounter.mediaAsset0"


def wildbook_table(identities: pd.DataFrame, dataset: Dataset, log: ReviewLog) -> tuple[pd.DataFrame, list[str]]:
    """One row a photograph of a named individual, for Wildbook's bulk import, and what is missing there.

    identities: as `identities_table` gives them. Columns that would be empty are left out, as Wildbook asks. Genus and
    epithet come from species, the place from place, year, month and day from date, the remark from the notes of the
    decisions about the photograph.
    """
    known = dataset.table.set_index("image_id")
    named = identities[identities["identity"] != ""]
    about = known.loc[named["image_id"]]
    species = about.get("species", pd.Series("", about.index)).str.split(n=1)
    dates = [_DAY.match(text) for text in about.get("date", pd.Series("", about.index))]
    notes = _notes(log)
    table = pd.DataFrame(
        {
            ASSET: [PurePath(path).name for path in named["path"]],
            "MarkedIndividual.individualID": named["identity"].to_numpy(),
            "Encounter.genus": species.str[0].fillna("").to_numpy(),
            "Encounter.specificEpithet": species.str[1].fillna("").to_numpy(),
            "Encounter.verbatimLocality": about.get("place", pd.Series("", about.index)).to_numpy(),
            "Encounter.sightingID": about.get("encounter", pd.Series("", about.index)).to_numpy(),
            **{
                f"Encounter.{part}": [found[number] or "" if found else "" for found in dates]
                for number, part in enumerate(("year", "month", "day"), 1)
            },
            "Encounter.researcherComments": [notes.get(image_id, "") for image_id in named["image_id"]],
        }
    )
    told = [
        f"Wildbook asks for {what}, which the data set does not have for every photograph: fill it in."
        for column, what in {
            "Encounter.genus": "a genus and an epithet (column species)",
            "Encounter.verbatimLocality": "a place (column place)",
            "Encounter.year": "a year (column date)",
        }.items()
        if (table[column] == "").any()
    ]
    odd = [name for name in table[ASSET] if not _PLAIN_NAME.fullmatch(name)]
    if odd:
        told.append(f"Wildbook takes letters, digits, dots and blanks in names of files: rename {odd[0]} and the like.")
    return table.loc[:, (table != "").any()], told


def camtrap_observations(identities: pd.DataFrame, dataset: Dataset, log: ReviewLog) -> tuple[pd.DataFrame, list[str]]:
    """`observations.csv` of Camtrap DP 1: one observation a photograph, with the individual that the review found, who
    decided and when; and what is missing there."""
    known = dataset.table.set_index("image_id").loc[identities["image_id"]]
    nothing = pd.Series("", known.index)
    last = log.standing().sort_values("number")
    sides = [last.rename(columns={f"{side}_id": "image_id"}) for side in ("query", "candidate")]
    decided = pd.concat(sides).drop_duplicates("image_id", keep="last").set_index("image_id")
    who, when = (decided[name].reindex(identities["image_id"]).fillna("") for name in ("reviewer", "decided_at"))
    date = known.get("date", nothing)
    table = pd.DataFrame(
        {
            "observationID": [f"pairx-{image_id}" for image_id in identities["image_id"]],
            "deploymentID": known.get("place", nothing).to_numpy(),
            "mediaID": identities["image_id"].to_numpy(),
            "eventID": known.get("encounter", nothing).to_numpy(),
            "eventStart": date.to_numpy(),
            "eventEnd": date.to_numpy(),
            "observationLevel": "media",
            "observationType": "animal",
            "scientificName": known.get("species", nothing).to_numpy(),
            "count": 1,
            "individualID": identities["identity"].to_numpy(),
            "classificationMethod": ["human" if name else "" for name in who],
            "classifiedBy": who.to_numpy(),
            "classificationTimestamp": when.to_numpy(),
        }
    )
    told = [
        f"Camtrap DP asks for {what}, which the data set does not have for every photograph: fill it in."
        for column, what in {
            "deploymentID": "a deployment (column place)",
            "eventStart": "a time (column date)",
        }.items()
        if (table[column] == "").any()
    ]
    return table, told


def _notes(log: ReviewLog) -> dict[str, str]:
    """The notes of the decisions about each photograph, joined."""
    found: dict[str, list[str]] = {}
    for row in log.standing().itertuples():
        for image_id in filter(None, (row.query_id, row.candidate_id)):
            if row.note:
                found.setdefault(str(image_id), []).append(str(row.note))
    return {image_id: "; ".join(dict.fromkeys(notes)) for image_id, notes in found.items()}
