"""Tables as pandas, wildlife-datasets, Windows and people write them, and files that are no tables."""

from __future__ import annotations

import gzip
import json
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from pairx.datasets import Dataset, ManifestError, load_dataset
from pairx.types import InputError
from tests.datasets.test_dataset import write_photo


@pytest.fixture
def herd(tmp_path: Path) -> Path:
    for i in range(4):
        write_photo(tmp_path / "herd" / "photos" / f"{i}.png", i, 120, 120)
    return tmp_path / "herd"


def read(herd: Path, text: str, **options) -> Dataset:
    (herd / "metadata.csv").write_text(text, encoding="utf-8")
    return load_dataset(herd, **options)


def test_what_pandas_writes_is_read(herd: Path) -> None:
    frame = pd.DataFrame(
        {
            "image_id": [5, 6, 7],
            "identity": ["A", "B", "unknown"],
            "path": [f"photos/{i}.png" for i in range(3)],
            "bbox": [[10, 20.5, 60, 50], None, [0, 0, 50, 50]],
            "date": ["2020-01-01 10:00:00"] * 3,
            "camera": ["left of the gate"] * 3,
            "position": ["left", "right", "left"],
            "original_split": ["train", "test", "test"],
        }
    )
    for written in (frame, frame.reset_index(), frame.reset_index(drop=True)):
        dataset = read(herd, written.to_csv())
        assert dataset.table["image_id"].tolist() == ["5", "6"]
        assert dataset.table["orientation"].tolist() == ["left", "right"]
        assert dataset.table["split"].tolist() == ["train", "test"]
        assert dataset.box(0) == ((10, 20.5, 60, 50), 0) and dataset.box(1) == (None, 0)
        assert "1 photograph was left out, of no known individual (identity: unknown)." in dataset.notes
        assert any(note.startswith("Columns that were not used: ") and "camera" in note for note in dataset.notes)
        assert set(dataset.table["date"]) == {"2020-01-01 10:00:00"}


@pytest.mark.parametrize("box", ['"[10, 20, 60, 50]"', '"(10, 20, 60, 50)"', "[10. 20. 60. 50.]", '"10,20,60,50"'])
def test_a_box_in_one_cell(herd: Path, box: str) -> None:
    assert read(herd, f"image_id,path,identity,bbox\na,photos/0.png,A,{box}\n").box(0) == ((10, 20, 60, 50), 0)


def test_a_box_in_one_cell_that_is_none(herd: Path) -> None:
    with pytest.raises(ManifestError, match=r"x is no number: '\[10, 20\]' \(row 1\)"):
        read(herd, 'image_id,path,identity,bbox\na,photos/0.png,A,"[10, 20]"\nb,photos/1.png,A,\n')


def test_capitals_and_blanks_in_names_do_not_count(herd: Path) -> None:
    dataset = read(herd, "Image_ID, PATH,Identity ,Encounter\na,photos/0.png, A ,e1\n")
    assert dataset.table.iloc[0].tolist() == ["a", str(herd / "photos" / "0.png"), "A", "e1"] and dataset.notes == ()


def test_one_rule_for_nobody(herd: Path) -> None:
    words = ["", "nan", "Unknown", "unidentified", "None", "?", "-", "n/a", "____"]
    rows = [f"p{i},photos/0.png,{word}" for i, word in enumerate(words)]
    dataset = read(herd, "\n".join(["image_id,path,identity", "a,photos/1.png,Nan Goldin", "b,photos/2.png,0", *rows]))
    assert dataset.table["identity"].tolist() == ["Nan Goldin", "0"]
    (note,) = dataset.notes
    assert note.startswith("9 photographs were left out, of no known individual (identity: empty, nan, Unknown")
    with pytest.raises(InputError, match="nobody is known on any photograph"):
        read(herd, "\n".join(["image_id,path,identity", *rows]))


def test_rows_keep_their_numbers_beside_those_left_out(herd: Path) -> None:
    rows = ["a,photos/0.png,?", "b,photos/9.png,B", "c,photos/1.png,-", "d,photos/2.png,D", "d,photos/3.png,D"]
    with pytest.raises(ManifestError, match=r"missing file: photos/9.png \(row 2\); double image_id: d \(row 5\)"):
        read(herd, "\n".join(["image_id,path,identity", *rows]))
    kept = read(herd, "\n".join(["image_id,path,identity", *rows]), skip_problems=True)
    assert kept.table["image_id"].tolist() == ["d"] and kept.table["path"][0].endswith("2.png")


@pytest.mark.parametrize(
    ("path", "way"),
    [
        ("photos\\0.png", "with / for \\"),
        ("  photos/0.png ", "without the blanks"),
        (".\\photos\\0.png ", "with / for \\"),
    ],
)
def test_paths_of_windows_and_with_blanks(herd: Path, path: str, way: str) -> None:
    dataset = read(herd, f"image_id,path,identity\na,{path},A\nb,{path},A\n")
    assert dataset.table["path"].tolist() == [str(herd / "photos" / "0.png")] * 2
    (note,) = dataset.notes
    assert note.startswith(f"2 of the paths were read {way}")


@pytest.mark.parametrize(("file", "cell"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_paths_with_accents_coded_otherwise(herd: Path, file: str, cell: str) -> None:
    write_photo(herd / "photos" / unicodedata.normalize(file, "José.png"))
    dataset = read(herd, f"image_id,path,identity\na,photos/{unicodedata.normalize(cell, 'José.png')},José\n")
    assert len(dataset) == 1 and len(dataset.notes) == 1


def test_files_with_blanks_around_their_names_are_found(herd: Path) -> None:
    write_photo(herd / " photos" / "0.png ".strip())
    assert read(herd, "image_id,path,identity\na, photos/0.png,A\n").table["path"][0] == str(herd / " photos" / "0.png")


@pytest.mark.parametrize("start", ["C:\\data\\", "d:/data/", "\\\\server\\data\\"])
def test_paths_of_another_computer_are_told_once(herd: Path, start: str) -> None:
    rows = "".join(f"p{i},{start}{i}.png,A\n" for i in range(40))
    with pytest.raises(ManifestError) as caught:
        read(herd, "image_id,path,identity\n" + rows)
    assert str(caught.value).count("path of another computer") == 1 and len(str(caught.value)) < 400
    assert "missing file" not in str(caught.value) and "and 35 more" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"images": [{"file": "a.jpg", "detections": [{"conf": 0.9, "bbox": [0, 0, 1, 1]}]}]}, "a MegaDetector file"),
        ({"predictions": [{"filepath": "a.jpg", "detections": []}]}, "a SpeciesNet file"),
        ({"info": {}, "images": [], "annotations": [], "categories": []}, "a COCO file"),
        ([{"id": 1}], "a JSON file"),
        (b"PAR1" + bytes(100), "a Parquet table"),
        (b"PK\x03\x04" + bytes(100), "an Excel workbook"),
        (gzip.compress(b"image_id,path,identity\n"), "a compressed file"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "a photograph"),
    ],
)
def test_other_files_are_named_in_one_line(herd: Path, content: object, said: str) -> None:
    for name in ("set.csv", "metadata.csv"):
        (herd / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=1).encode())
        with pytest.raises(InputError, match=rf"is {said}.*Make a CSV of it with the columns image_id") as caught:
            load_dataset(herd / name)
        assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
