"""All forms of a data set, and every problem of a manifest found at once."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from pairx import images
from pairx.datasets import ManifestError, load_dataset, load_herd
from pairx.testing import smooth_noise
from pairx.types import InputError


def write_photo(path: Path, seed: int = 0, height: int = 48, width: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(smooth_noise(seed, height, width)).save(path)
    return path


def write_toys(folder: Path) -> Path:
    """Six photographs of three individuals, in folders of theirs."""
    for i in range(6):
        write_photo(folder / "toys" / "ABC"[i % 3] / f"{i}.png", i)
    return folder / "toys"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four photographs of two individuals, with a manifest."""
    root = tmp_path / "herd"
    lines = ["image_id,path,identity,encounter"]
    for i in range(4):
        write_photo(root / "photos" / f"{i}.png", i)
        lines.append(f"p{i},photos/{i}.png,{'AB'[i // 2]},e{i}")
    (root / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return root


def test_sample() -> None:
    dataset, herd = load_dataset("sample"), load_herd()
    assert dataset.name == "sample"
    assert dataset.table["image_id"].tolist() == herd.table["image_id"].tolist()
    assert "twin" not in dataset.table
    assert np.array_equal(dataset.load(5)[0], images.decode(herd.table["path"][5]))


def test_folder_with_manifest_and_csv_are_the_same(folder: Path) -> None:
    dataset, again = load_dataset(folder), load_dataset(folder / "metadata.csv")
    pd.testing.assert_frame_equal(dataset.table, again.table)
    assert dataset.table.columns.tolist() == ["image_id", "path", "identity", "encounter"]
    assert dataset.table["path"][2] == str(folder / "photos" / "2.png")
    assert dataset.row("p2") == 2
    assert np.array_equal(dataset.load(2)[0], smooth_noise(2))
    with pytest.raises(InputError, match="no photograph 'p9'"):
        dataset.row("p9")


def test_folder_of_identities(tmp_path: Path) -> None:
    for name in ("Ayo/1.png", "Ayo/2021/1.png", "Bo/1.jpg", ".trash/1.png"):
        write_photo(tmp_path / name)
    (tmp_path / "Bo" / "notes.txt").write_text("no photograph")
    write_photo(tmp_path / "map.png")
    table = load_dataset(tmp_path).table
    assert table["image_id"].tolist() == ["Ayo/1.png", "Ayo/2021/1.png", "Bo/1.jpg"]
    assert table["identity"].tolist() == ["Ayo", "Ayo", "Bo"]


def test_box_and_theta_are_applied(folder: Path) -> None:
    (folder / "boxes.csv").write_text(
        "image_id,path,identity,x,y,w,h,theta\n"
        "cut,photos/0.png,A,10,5,20,30,\nwhole,photos/0.png,A,,,,,\nturned,photos/0.png,A,20,10,20,20,1.5707963267948966\n"
    )
    dataset = load_dataset(folder / "boxes.csv")
    photograph = smooth_noise(0)
    assert np.array_equal(dataset.load(0)[0], photograph[5:35, 10:30])
    assert np.array_equal(dataset.load(1)[0], photograph)
    assert dataset.load(2)[1].theta == pytest.approx(np.pi / 2)
    assert np.array_equal(dataset.load(2)[0], images.load_image(photograph, (20, 10, 20, 20), np.pi / 2)[0])


def test_every_problem_at_once(folder: Path) -> None:
    (folder / "photos" / "half.png").write_bytes((folder / "photos" / "0.png").read_bytes()[:700])
    (folder / "metadata.csv").write_text(
        "image_id,path,identity,colour,x,y,w,h\n"
        "a,photos/0.png,A,red,,,,\n"  # fine
        "a,photos/1.png,A,red,,,,\n"  # double id
        "b,photos/none.png,A,red,,,,\n"  # missing file
        "c,photos/half.png,A,red,,,,\n"  # cut
        "d,../outside.png,A,red,,,,\n"
        ",photos/1.png,A,red,,,,\n"  # no id
        "e,photos/1.png,B,red,ten,5,5,5\n"
        "f,photos/1.png,B,red,1,5,,5\n"
        "g,photos/1.png,B,red,100,5,5,5\n"  # beside the photograph
        "h,photos/1.png,B,red,1,5,5,5\n"  # fine
    )
    with pytest.raises(ManifestError) as caught:
        load_dataset(folder)
    found = [(problem.kind, problem.row) for problem in caught.value.problems]
    assert found == [
        ("double image_id", 1),
        ("missing file", 2),
        ("unreadable photograph", 3),
        ("path outside the folder", 4),
        ("no image_id", 5),
        ("x is no number", 6),
        ("incomplete box", 7),
        ("unreadable photograph", 8),
    ]
    message = str(caught.value)
    assert "\n" not in message and all(kind in message for kind, _ in found)
    dataset = load_dataset(folder, skip_problems=True)
    assert dataset.table["image_id"].tolist() == ["a", "h"]
    assert "colour" not in dataset.table and dataset.notes == ("Columns that were not used: colour.",)
    assert [(problem.kind, problem.row) for problem in dataset.problems] == found


def test_many_problems_of_a_kind_stay_short(folder: Path) -> None:
    rows = "".join(f"m{i},photos/m{i}.png,A\n" for i in range(300))
    (folder / "metadata.csv").write_text("image_id,path,identity\n" + rows)
    with pytest.raises(ManifestError, match="and 295 more") as caught:
        load_dataset(folder)
    assert len(caught.value.problems) == 300 and len(str(caught.value)) < 500
    with pytest.raises(ManifestError, match="No photograph is left"):
        load_dataset(folder, skip_problems=True)


def test_required_columns_cannot_be_skipped(folder: Path) -> None:
    (folder / "metadata.csv").write_text("image_id,file,x\na,photos/0.png,3\n")
    with pytest.raises(ManifestError) as caught:
        load_dataset(folder, skip_problems=True)
    missing = [problem.where for problem in caught.value.problems if problem.kind == "missing column"]
    assert missing == ["path", "identity", "y", "w", "h"]


def test_what_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such data set"):
        load_dataset(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds neither"):
        load_dataset(tmp_path)
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="is no table"):
        load_dataset(tmp_path / "empty.csv")
    (tmp_path / "head.csv").write_text("image_id,path,identity\n")
    with pytest.raises(InputError, match="holds no photographs"):
        load_dataset(tmp_path / "head.csv")


def test_a_row_with_more_cells_than_names_is_told(folder: Path) -> None:
    fine = [f"p{i},photos/{i}.png,A" for i in range(4)]
    for wide in (range(4), (2,), (0,)):
        rows = [row + ",surplus" * (i in wide) for i, row in enumerate(fine)]
        (folder / "metadata.csv").write_text("\n".join(["image_id,path,identity", "", *rows]))
        said = rf"row {min(wide) + 1} has 4 cells, and there are 3 names\. [^\n]*$"
        for skip in (False, True):
            with pytest.raises(InputError, match=said):
                load_dataset(folder, skip_problems=skip)
    (folder / "metadata.csv").write_text('image_id,path,identity\n"p,0",photos/0.png,"A, or ""B"""\n')
    assert load_dataset(folder).table["identity"].tolist() == ['A, or "B"']


def foreign(folder: Path, name: bytes) -> Path:
    """A path whose name is not UTF-8."""
    path = Path(os.fsdecode(os.path.join(os.fsencode(folder), name)))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:
        pytest.skip("this file system holds only names in UTF-8")
    path.unlink()
    return path


def test_names_that_are_not_utf_8(tmp_path: Path) -> None:
    """Photographs with such names are told, or skipped; folders with such names are told."""
    herd, odd = tmp_path / "herd", foreign(tmp_path / "herd" / "A", b"caf\xe9.png")
    write_photo(herd / "A" / "0.png")
    write_photo(odd)
    write_photo(foreign(herd, b"B\xe9") / "0.png")
    with pytest.raises(InputError, match=r"2 photographs whose names are not UTF-8, such as A/caf\\udce9.png\. Rename"):
        load_dataset(herd)
    assert load_dataset(herd, skip_problems=True).table["image_id"].tolist() == ["A/0.png"]
    far = foreign(tmp_path, b"far\xe9") / "herd"
    write_photo(far / "A" / "0.png")
    with pytest.raises(InputError, match=r"far\\udce9/herd: .* is not UTF-8\. Rename it\."):
        load_dataset(far)
