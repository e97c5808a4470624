"""Folders as people have them: what is a photograph, an individual, a split, and what is left out and said."""

from __future__ import annotations

import os
import shutil
import unicodedata
from pathlib import Path

import pytest

from pairx.datasets import load_dataset
from pairx.types import InputError
from tests.datasets.test_dataset import write_photo

COMPOSED = unicodedata.normalize("NFC", "José")
DECOMPOSED = unicodedata.normalize("NFD", "José")


def lay(root: Path, *names: str) -> Path:
    """Photographs of these names below a folder, whatever their endings."""
    picture = write_photo(root.parent / "picture.png", 0, 120, 120)
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, root / name)
    return root


def listed(root: Path, **options) -> list[tuple[str, str]]:
    table = load_dataset(root, **options).table
    return list(zip(table["image_id"], table["identity"], strict=True))


def test_plain_folders_need_no_note(tmp_path: Path) -> None:
    assert load_dataset(lay(tmp_path / "herd", "A/0.png", "A/day 2/0.png", "B/0.png")).notes == ()


@pytest.mark.parametrize(
    "system",
    [
        "@eaDir",
        ".@__thumb",
        ".thumbnails",
        "#recycle",
        "$RECYCLE.BIN",
        "lost+found",
        "__MACOSX",
        "@Recycle",
        ".Trash-1",
    ],
)
def test_system_folders_are_left_out_and_said(tmp_path: Path, system: str) -> None:
    herd = lay(tmp_path / "herd", "A/0.png", "B/0.png", f"{system}/0.png", f"B/{system}/0.png/thumb.png")
    lay(herd, "A/._0.png", "A/.hidden.png", "A/#12/0.png", "#7/0.png")
    (herd / "A" / "Thumbs.db").write_bytes(b"thumbnails")
    assert listed(herd) == [("#7/0.png", "#7"), ("A/#12/0.png", "A"), ("A/0.png", "A"), ("B/0.png", "B")]
    (note,) = load_dataset(herd).notes
    assert note.startswith("Left out: 5 system or hidden folders and files (") and system in note


def test_whatever_the_decoder_reads_is_taken(tmp_path: Path) -> None:
    endings = ["jpg", "jpeg", "JPG", "jpe", "jfif", "png", "webp", "tif", "tiff", "heic", "heif", "hif", "avif", "bmp"]
    endings += ["jp2", "j2k", "gif", "ppm", "pgm", "mpo"]
    herd = lay(tmp_path / "herd", *(f"A/{i}.{ending}" for i, ending in enumerate(endings)), "B/0.png")
    assert len(load_dataset(herd)) == len(endings) + 1 and load_dataset(herd).notes == ()


def test_what_is_left_out_is_counted_and_named(tmp_path: Path) -> None:
    herd = lay(tmp_path / "herd", "A/0.png", "A/1.nef", "A/2.NEF", "B/0.png", "B/1.cr2", "B/clip.mp4", "B/README")
    lay(herd, "map.png", "list.xlsx")
    assert load_dataset(herd).notes == (
        "Left out: 3 camera raw files, which are not read (.nef, .cr2); 3 other files (without ending, .mp4, .xlsx).",
        "1 photograph was left out: in no individual's folder.",
    )
    only = lay(tmp_path / "raw", "A/0.nef", "B/0.nef")
    with pytest.raises(InputError, match=r"holds neither metadata.csv nor folders .* 2 camera raw files.*\(\.nef\)"):
        load_dataset(only)


@pytest.mark.parametrize(
    ("names", "expected", "splits", "said"),
    [
        ("train/A/0 train/B/0 test/A/1", ["A", "A", "B"], ["test", "train", "train"], ["test, train: read as splits"]),
        ("Train/A/0 VAL/B/0/1", ["A", "B"], ["Train", "VAL"], ["read as splits"]),
        ("train/A/0 train/B/0", ["A", "B"], ["train", "train"], ["read as splits"]),
        ("images/A/0 images/B/0", ["A", "B"], None, ["All photographs lie in images"]),
        ("data/train/A/0 data/test/B/0", ["B", "A"], ["test", "train"], ["lie in data", "read as splits"]),
        ("train/images/A/0 train/images/B/0", ["A", "B"], ["train", "train"], ["read as splits", "lie in images"]),
        ("A/left/0 A/right/0", ["left", "right"], None, ["All photographs lie in A"]),
        ("Train_2019/A/0 test-set/B/0", ["A", "B"], ["Train_2019", "test-set"], ["read as splits"]),
        ("train_images/A/0 val2017/B/0", ["A", "B"], ["train_images", "val2017"], ["read as splits"]),
        ("2023/A/0 2024/A/0", ["2023", "2024"], None, ["2023, 2024: read as the individuals, though"]),
        ("test/A/left/0 train/B/right/0", ["A", "B"], ["test", "train"], ["read as splits", "A, B: read as"]),
        ("Ayo/0 Dev/0 Val/1/0", ["Ayo", "Dev", "Val"], None, ["Dev, Val: read as individuals and not as splits"]),
    ],
)
def test_what_the_levels_mean_is_guessed_and_said(
    tmp_path: Path, names: str, expected: list[str], splits: list[str] | None, said: list[str]
) -> None:
    dataset = load_dataset(lay(tmp_path / "herd", *(f"{name}.png" for name in names.split())))
    assert dataset.table["identity"].tolist() == expected
    assert (dataset.table["split"].tolist() if "split" in dataset.table else None) == splits
    assert len(dataset.notes) == len(said)
    assert all(part in note for part, note in zip(said, dataset.notes, strict=True))


@pytest.mark.parametrize("names", ["train/0 test/1", "train/A/0 test/1", "train/A/0 test/A/1 more/A/2", "test/0"])
def test_splits_that_cannot_be_told_from_individuals_are_refused(tmp_path: Path, names: str) -> None:
    herd = lay(tmp_path / "herd", *(f"{name}.png" for name in names.split()))
    with pytest.raises(InputError, match=r"names of splits, and .*\. Put a folder for each individual"):
        load_dataset(herd)


def test_one_individual_is_one_name(tmp_path: Path) -> None:
    herd = lay(tmp_path / "herd", f"{COMPOSED}/0.png", f"{DECOMPOSED}/1.png", " B/0.png", "B /1.png", "B/2.png")
    dataset = load_dataset(herd)
    assert sorted(dataset.table["identity"]) == ["B", "B", "B", COMPOSED, COMPOSED]
    assert all(os.path.isfile(path) for path in dataset.table["path"])
    assert len(dataset.notes) == 1 and "are one: " in dataset.notes[0]


@pytest.mark.parametrize(
    "word",
    [
        "unknown",
        "Unknown",
        "UNIDENTIFIED",
        "nan",
        "None",
        "?",
        "-",
        "___",
        "NA",
        "-1",
        "Unk.",
        "not_identified",
        "(unknown)",
        "new_whale",
        "unknown-animal",
    ],
)
def test_nobody_is_no_individual(tmp_path: Path, word: str) -> None:
    herd = lay(tmp_path / "herd", "A/0.png", "A/1.png", f"{word}/0.png", f"{word}/1.png")
    dataset = load_dataset(herd)
    assert set(dataset.table["identity"]) == {"A"}
    assert dataset.notes == (f"2 photographs were left out, of no known individual (identity: {word}).",)
    kept = load_dataset(herd, unknown=True)
    assert kept.table["identity"].tolist().count("") == 2 and kept.notes == ()


@pytest.mark.parametrize("name", ["Na", "nan 2", "unknown_1", "Nonny", "-1-", "1", "Untitled", "Nana"])
def test_names_that_only_resemble_such_words_are_individuals(tmp_path: Path, name: str) -> None:
    assert sorted(load_dataset(lay(tmp_path / "herd", "A/0.png", f"{name}/0.png")).table["identity"]) == sorted(
        ["A", name]
    )


def linked(tmp_path: Path) -> Path:
    """A herd with links: within it, out of it, in circles, to nothing."""
    store = lay(tmp_path / "store", "A/0.png", "B/0.png", "secret.png")
    herd = lay(tmp_path / "herd", "A/0.png", "B/0.png", "C/0.png")
    os.symlink(store / "A", herd / "A" / "session")
    os.symlink(store / "B", herd / "D")
    os.symlink(store / "secret.png", herd / "B" / "s.png")
    os.symlink(herd / "C", herd / "E")
    os.symlink(herd, herd / "C" / "again")
    os.symlink("..", herd / "B" / "up")
    os.symlink(herd / "C" / "0.png", herd / "C" / "same.png")
    os.symlink(tmp_path / "gone", herd / "A" / "nothing")
    return herd


INSIDE = ["A/0.png", "B/0.png", "C/0.png", "C/same.png", "E/0.png", "E/same.png"]


def test_links_are_followed_without_loops(tmp_path: Path) -> None:
    herd = linked(tmp_path)
    dataset = load_dataset(herd)
    assert dataset.table["image_id"].tolist() == sorted([*INSIDE, "A/session/0.png", "B/s.png", "D/0.png"])
    assert dataset.notes == (
        "Left out: 1 link to nothing (A/nothing).",
        "3 of the photographs lie behind links that lead out of the folder.",
    )
    assert [identity for _, identity in listed(herd)].count("D") == 1


def test_links_out_of_the_folder_are_not_followed_for_others(tmp_path: Path) -> None:
    herd = linked(tmp_path)
    dataset = load_dataset(herd, links_out=False)
    assert dataset.table["image_id"].tolist() == INSIDE
    assert "3 links lead (A/session, B/s.png, D) out of the folder, and what lies there was not read." in dataset.notes
    with pytest.raises(InputError, match=r"path outside the folder: B/s\.png"):
        (herd / "metadata.csv").write_text("image_id,path,identity\na,A/0.png,A\nb,B/s.png,B\n")
        load_dataset(herd, links_out=False)
    assert len(load_dataset(herd)) == 2
    linked_herd = tmp_path / "link to the herd"
    os.symlink(herd, linked_herd)
    (herd / "metadata.csv").unlink()
    assert load_dataset(linked_herd, links_out=False).table["image_id"].tolist() == INSIDE
