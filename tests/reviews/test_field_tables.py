"""What Wildbook and Camtrap DP take, and that it can be read back."""

import shutil

import pandas as pd
import pytest

from pairx.datasets import load_dataset
from pairx.reviews import Decision, ReviewLog, now
from pairx.reviews.exchange import identities_table, individuals_of
from pairx.reviews.field_tables import camtrap_observations, wildbook_table
from pairx.sheets import csv_bytes

HERD = load_dataset("sample")


@pytest.fixture
def found(tmp_path):
    """A data set in which nobody is known but one, and a review that found a match."""
    table = HERD.table.iloc[:3].copy()
    table["identity"] = ["Ada", "", ""]
    table["species"], table["place"], table["date"] = "Equus quagga", ["North", "North", ""], "2026-05-31 14:03"
    dataset = type(HERD)("field", table.reset_index(drop=True))
    a, b, _ = dataset.table["image_id"]
    with ReviewLog(tmp_path / "review", {}) as log:
        log.decide(Decision(a, b, "match", "Cleo", now(), note="same notch"), "t1")
        yield dataset, log, identities_table(individuals_of(log, dataset), dataset)


def test_wildbooks_bulk_import(found):
    dataset, log, identities = found
    table, told = wildbook_table(identities, dataset, log)
    assert list(table["MarkedIndividual.individualID"]) == ["Ada", "Ada", "new-1"]
    assert set(table["Encounter.genus"]) == {"Equus"} and set(table["Encounter.specificEpithet"]) == {"quagga"}
    assert list(table.iloc[0][["Encounter.year", "Encounter.month", "Encounter.day"]]) == ["2026", "05", "31"]
    assert list(table["Encounter.researcherComments"]) == ["same notch", "same notch", ""]
    assert any("place" in line for line in told) and any("rename" in line for line in told)
    assert not (table == "").all().any()


def test_wildbooks_bulk_import_is_read_back_beside_its_photographs(found, tmp_path):
    dataset, log, identities = found
    table, _ = wildbook_table(identities, dataset, log)
    for path in dataset.table["path"]:
        shutil.copy(path, tmp_path)
    (tmp_path / "wildbook.csv").write_bytes(csv_bytes(table))
    again = load_dataset(tmp_path / "wildbook.csv")
    assert list(again.table["identity"]) == ["Ada", "Ada", "new-1"]
    assert set(again.table["species"]) == {"Equus quagga"} and set(again.table["date"]) == {"2026-05-31"}
    assert list(again.table["place"]) == ["North", "North", ""]
    assert any("Wildbook's bulk import: path from Encounter.mediaAsset0" in note for note in again.notes)


def test_camtraps_observations_are_read_back_with_their_individuals(found, tmp_path):
    dataset, log, identities = found
    table, told = camtrap_observations(identities, dataset, log)
    assert list(table["individualID"]) == ["Ada", "Ada", "new-1"]
    assert list(table["classifiedBy"]) == ["Cleo", "Cleo", ""] and told
    (tmp_path / "observations.csv").write_bytes(csv_bytes(table))
    media = pd.DataFrame({"mediaID": dataset.table["image_id"], "filePath": dataset.table["path"]})
    for row in media.itertuples():
        target = tmp_path / f"{row.mediaID}.jpg"
        shutil.copy(row.filePath, target)
        media.loc[row.Index, "filePath"] = target.name
    media.to_csv(tmp_path / "media.csv", index=False)
    again = load_dataset(tmp_path)
    assert list(again.table["identity"]) == ["Ada", "Ada", "new-1"]
