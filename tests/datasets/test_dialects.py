"""Tables of other tools are read as they mean it, and what was read from what is said."""

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pairx.datasets import load_dataset
from pairx.datasets.dialects import LEAST_CONFIDENCE, numbered
from pairx.types import InputError


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a.jpg", "b.jpg", "c.jpg"):
        (tmp_path / "images").mkdir(exist_ok=True)
        for path in (tmp_path / name, tmp_path / "images" / name):
            Image.fromarray(rng.integers(0, 255, (80, 100, 3), np.uint8)).save(path)
    return tmp_path


def read(folder, name, text, **how):
    path = folder / name
    if isinstance(text, bytes):
        path.write_bytes(text)
    else:
        path.write_text(text if isinstance(text, str) else json.dumps(text))
    return load_dataset(path, **how)


def test_wild_mes_csv(folder):
    rows = (
        "theta,viewpoint,name,file_name,species,file_path,x,y,w,h\n"
        "0.1,left,Ada,x,nyala,a.jpg,5,6,50,40\n0,right,Bo,x,nyala,a.jpg,0,0,20,20\n"
    )
    found = read(folder, "wildme.csv", rows)
    assert list(found.table["image_id"]) == ["a.jpg#1", "a.jpg#2"] and list(found.table["identity"]) == ["Ada", "Bo"]
    assert found.box(0) == ((5, 6, 50, 40), 0.1) and list(found.table["orientation"]) == ["left", "right"]
    assert any("Read as Wild Me's CSV: path from file_path" in note for note in found.notes)


def test_wildbooks_annotation_export_as_csv_and_as_workbook(folder):
    table = pd.DataFrame(
        {
            "Encounter.mediaAsset0": ["a.jpg", "b.jpg"],
            "Annotation0.ViewPoint": ["left", "right"],
            "Name0.value": ["Ada", "Bo"],
            "Encounter.mediaAsset0.imageUrl": ["http://x/a.jpg", "http://x/b.jpg"],
            "Annotation0.bbox": ["[5, 6, 50, 40]", "[0, 0, 20, 20]"],
            "Annotation0.MatchAgainst": ["true", "true"],
        }
    )
    table.to_csv(folder / "wildbook.csv", index=False)
    table.to_excel(folder / "wildbook.xlsx", index=False)
    for name in ("wildbook.csv", "wildbook.xlsx"):
        found = load_dataset(folder / name)
        assert list(found.table["identity"]) == ["Ada", "Bo"] and found.box(0)[0] == (5, 6, 50, 40)
        assert any("identity from Name0.value" in note for note in found.notes)


def test_carnivoreids_sheet_has_date_and_place(folder):
    rows = "original_path,taxon,unique_name,locality_name,datetime\na.jpg,lynx,L1,North ridge,2026-01-02 03:04:05\n"
    found = read(folder, "sheet.csv", rows)
    (row,) = found.table.to_dict("records")
    assert row["place"] == "North ridge" and row["date"] == "2026-01-02 03:04:05" and row["species"] == "lynx"


COCO = {
    "categories": [{"id": 7, "name": "zebra"}],
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "uuid": "u2", "file_name": "b.jpg"}],
    "annotations": [
        {
            "uuid": "n1",
            "image_id": 1,
            "bbox": [5, 6, 50, 40],
            "theta": 0.2,
            "viewpoint": "left",
            "name": "Ada",
            "category_id": 7,
        },
        {"uuid": "n2", "image_uuid": "u2", "image_id": 99, "bbox": [0, 0, 9, 9], "name": "Bo", "category_id": 7},
        {"uuid": "n3", "image_id": 55, "bbox": [0, 0, 9, 9], "name": "Cleo"},
    ],
}


def test_wild_mes_coco(folder):
    found = read(folder, "coco.json", COCO)
    assert list(found.table["image_id"]) == ["n1", "n2"] and list(found.table["species"]) == ["zebra", "zebra"]
    assert found.box(0) == ((5, 6, 50, 40), 0.2)
    assert any("1 annotations were left out" in note for note in found.notes)


def test_cocos_photographs_may_lie_in_the_folder_images(folder):
    for name in ("a.jpg", "b.jpg"):
        (folder / name).unlink()
    found = read(folder, "coco.json", COCO)
    assert found.table["path"].str.contains("images").all()


@pytest.mark.parametrize(
    "values",
    [
        {
            "images": [
                {"file": "a.jpg", "detections": [
                    {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.5, 0.5]},
                    {"category": "1", "conf": 0.8, "bbox": [0.5, 0.5, 0.4, 0.4]},
                    {"category": "2", "conf": 0.99, "bbox": [0, 0, 1, 1]},
                    {"category": "1", "conf": LEAST_CONFIDENCE - 0.01, "bbox": [0, 0, 1, 1]},
                ]},
                {"file": "b.jpg", "failure": "no image", "detections": None},
            ],
            "detection_categories": {"1": "animal", "2": "person"},
        },
        {"predictions": [{"filepath": "a.jpg", "detections": [
            {"category": "1", "label": "animal", "conf": 0.9, "bbox": [0.1, 0.2, 0.5, 0.5]},
            {"category": "1", "label": "animal", "conf": 0.8, "bbox": [0.5, 0.5, 0.4, 0.4]},
            {"category": "3", "label": "vehicle", "conf": 0.9, "bbox": [0, 0, 1, 1]},
            {"category": "1", "label": "animal", "conf": 0.1, "bbox": [0, 0, 1, 1]},
        ]}]},
    ],
    ids=["MegaDetector", "SpeciesNet"],
)  # fmt: skip
def test_detections_are_animals_of_nobody_with_their_boxes(folder, values):
    found = read(folder, "found.json", values, unknown=True)
    assert list(found.table["image_id"]) == ["a.jpg#1", "a.jpg#2"] and set(found.table["identity"]) == {""}
    assert found.load(0)[0].shape == (40, 50, 3)
    assert any("1 with a confidence below" in note for note in found.notes)
    with pytest.raises(InputError, match="nobody is known"):
        load_dataset(folder / "found.json")


def test_camtrap_dp(folder):
    package = folder / "package"
    package.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).rename(package / name)
    (package / "media.csv").write_text(
        "mediaID,deploymentID,timestamp,filePath\nm1,d1,2026-01-01T10:00:00Z,a.jpg\nm2,d1,2026-01-01T10:00:05Z,b.jpg\n"
    )
    (package / "observations.csv").write_text(
        "observationID,deploymentID,mediaID,eventID,observationLevel,observationType,scientificName,individualID,bboxX,bboxY,bboxWidth,bboxHeight\n"
        "o1,d1,m1,e1,media,animal,Lynx lynx,L1,0.1,0.1,0.5,0.5\no2,d1,m2,e1,media,animal,Lynx lynx,L2,,,,\n"
        "o3,d1,,e1,event,animal,Lynx lynx,L1,,,,\no4,d1,m2,e1,media,human,,,,,,\n"
    )
    found = load_dataset(package)
    assert list(found.table["identity"]) == ["L1", "L2"] and list(found.table["encounter"]) == ["e1", "e1"]
    assert list(found.table["date"]) == ["2026-01-01T10:00:00Z", "2026-01-01T10:00:05Z"]
    assert found.box(0)[0] == (0.1, 0.1, 0.5, 0.5) and found.box(1)[0] is None
    assert any("2 observations were left out" in note for note in found.notes)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.json", "{", "cannot be read as JSON"),
        ("x.json", "[1, 2]", "neither a COCO file nor"),
        ("x.json", {"images": [], "annotations": []}, "no annotation"),
        ("x.json", {"images": [{"file": "a.jpg", "detections": []}]}, "MegaDetector found no animal"),
        ("x.json", {"predictions": [3, None]}, "SpeciesNet found no animal"),
        (
            "x.json",
            {"images": [{"file": "a.jpg", "detections": [{"category": "1", "conf": "x", "bbox": "y"}]}]},
            "found no",
        ),
        ("x.xlsx", b"PK\x03\x04" + bytes(50), "cannot be read as an Excel workbook"),
        ("x.xlsx", b"no workbook", "cannot be read as an Excel workbook"),
    ],
)
def test_what_is_none_of_them_is_told_in_one_line(folder, name, text, told):
    with pytest.raises(InputError, match=told) as error:
        read(folder, name, text, unknown=True)
    assert "\n" not in str(error.value)


def test_a_broken_data_package_is_told(folder):
    (folder / "media.csv").write_text("mediaID\nm1\n")
    (folder / "observations.csv").write_text("mediaID,observationType\nm1,animal\n")
    with pytest.raises(InputError, match="lacks filePath"):
        load_dataset(folder)


def test_a_photograph_with_several_animals_has_numbered_ids():
    assert numbered(["a", "b", "a"]) == ["a#1", "b", "a#2"]
