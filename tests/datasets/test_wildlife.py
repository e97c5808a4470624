"""The catalogue of wildlife-datasets: the package's own classes on folders laid out as theirs, and a stand-in."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from pairx.cli import main
from pairx.datasets import list_catalogue, load_dataset
from pairx.types import InputError
from tests.datasets.test_dataset import write_photo


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, and no network."""
    pytest.importorskip("wildlife_datasets", reason="wildlife-datasets is not installed")

    def refuse(*_: object, **__: object) -> None:
        raise OSError("no network in tests")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.slow
def test_nyala_in_its_own_layout(offline: None, tmp_path: Path) -> None:
    root = tmp_path / "wildlife" / "NyalaData"
    names = ["train/12/a_left.jpg", "train/12/b_right.jpg", "test/7/c_left.jpg"]
    for i, name in enumerate(names):
        write_photo(root / "wildlife_reidentification-main" / "Nyala_Data_Zero" / name, i)
    table = load_dataset("wildlife:NyalaData", cache=tmp_path).table.sort_values("path")
    assert [path.removeprefix(str(root)).split("/", 3)[-1] for path in table["path"]] == sorted(names)
    assert table["identity"].tolist() == ["7", "12", "12"]
    assert table["split"].tolist() == ["test", "train", "train"]
    assert table["orientation"].tolist() == ["left", "left", "right"]
    assert table["image_id"].is_unique


def test_leopards_in_coco_form(offline: None, tmp_path: Path) -> None:
    """Boxes, viewpoints and species of the annotations; unnamed leopards are left out."""
    root = tmp_path / "wildlife" / "LeopardID2022" / "leopard.coco"
    for i in range(2):
        write_photo(root / "images" / "train2022" / f"{i}.jpg", i)

    def annotation(image: int, name: str, x: float) -> dict:
        corners = [x, 5, x + 20, 5, x + 20, 35, x, 35]
        facts = {"name": name, "viewpoint": "left", "category_id": 0}
        return {**facts, "image_id": image, "segmentation": [corners], "bbox": [x, 5, 20, 30]}

    (root / "annotations").mkdir(parents=True)
    annotations = {
        "annotations": [annotation(0, "Tau", 10), annotation(0, "____", 30), annotation(1, "Tau", 12)],
        "images": [{"id": i, "file_name": f"{i}.jpg", "date_captured": "NA"} for i in range(2)],
        "categories": [{"id": 0, "name": "leopard", "supercategory": "animal"}],
    }
    (root / "annotations" / "instances_train2022.json").write_text(json.dumps(annotations))
    dataset = load_dataset("wildlife:LeopardID2022", cache=tmp_path)
    assert dataset.table["identity"].tolist() == ["Tau", "Tau"]
    assert dataset.table["species"].tolist() == ["leopard"] * 2
    assert dataset.box(0) == ((10, 5, 20, 30), 0) and dataset.load(1)[0].shape == (30, 20, 3)


def test_the_whole_catalogue_is_offered(offline: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    (tmp_path / "wildlife" / "NyalaData").mkdir(parents=True)
    entries = {entry.name: entry for entry in list_catalogue(tmp_path)}
    assert len(entries) > 50 and entries["wildlife:NyalaData"].animals == "nyalas"
    assert [name for name, entry in entries.items() if entry.here] == ["wildlife:NyalaData"]
    monkeypatch.setenv("PAIRX_CACHE", str(tmp_path))
    assert main(["datasets"]) == 0
    assert "wildlife:LionData" in capsys.readouterr().out
    assert main(["datasets", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == len(entries)


def test_near_names_and_failures_are_one_line(offline: None, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PAIRX_CACHE", str(tmp_path))
    for name, options, said in (
        ("niala", [], "Near it: NyalaData"),
        ("NyalaData", [], "download it by `python -m pairx evaluate wildlife:NyalaData --download -o RUN`"),
        ("NyalaData", ["--download"], "NyalaData could not be downloaded"),
        ("LeopardID2022", [], "could not be read from"),
    ):
        if said.startswith("could not be read"):
            (tmp_path / "wildlife" / name).mkdir()
        assert main(["rank", f"wildlife:{name}", "--query", "x", "--model", "lite0-imagenet", *options]) == 2
        captured = capsys.readouterr()
        (line,) = [line for line in captured.err.splitlines() if line.startswith("pairx:")]
        assert said in line and not captured.out


def stub_catalogue(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A stand-in for wildlife_datasets with one data set, ToyData; returns what it downloaded to."""
    downloads: list[str] = []

    class ToyData:
        def __init__(self, root: str) -> None:
            self.df = pd.DataFrame(
                {
                    "image_id": [7, 8, 9],
                    "path": ["a/0.png", "a/1.png", "a/1.png"],
                    "identity": [1, 2, "unknown"],
                    "bbox": [[10, 5, 20, 30], np.nan, np.nan],
                    "date": ["2020", "2021", "2021"],
                }
            )

        @classmethod
        def get_data(cls, root: str) -> None:
            downloads.append(root)
            for i in range(2):
                write_photo(Path(root) / "a" / f"{i}.png", i)

    package = ModuleType("wildlife_datasets")
    package.datasets = SimpleNamespace(names_all=[ToyData])
    monkeypatch.setitem(sys.modules, "wildlife_datasets", package)
    return downloads


def test_wildlife_downloads_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    downloads = stub_catalogue(monkeypatch)
    with pytest.raises(InputError, match="not on this machine"):
        load_dataset("wildlife:ToyData", cache=tmp_path)
    assert downloads == [] and not list(tmp_path.iterdir())
    dataset = load_dataset("wildlife:ToyData", download=True, cache=tmp_path)
    assert downloads == [str(tmp_path / "wildlife" / "ToyData")]
    assert dataset.table["image_id"].tolist() == ["7", "8"]
    assert dataset.box(0) == ((10, 5, 20, 30), 0) and dataset.box(1) == (None, 0)
    assert len(load_dataset("wildlife:ToyData", cache=tmp_path)) == 2 and len(downloads) == 1
    with pytest.raises(InputError, match=r"no 'Toys'.*ToyData"):
        load_dataset("wildlife:Toys", cache=tmp_path)


def test_wildlife_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wildlife_datasets", None)
    with pytest.raises(InputError, match="pip install wildlife-datasets"):
        load_dataset("wildlife:NyalaData")
