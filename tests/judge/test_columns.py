"""Truth that comes with a data set: masks, boxes of whole photographs, and named parts."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pairx
from pairx.datasets import Dataset, ManifestError, load_dataset
from pairx.datasets.marks import parse_parts
from pairx.judging import places
from pairx.judging.truth import Truth, truth_of_table
from pairx.models import EmbeddingModel
from pairx.types import InputError
from tests.datasets.test_dataset import write_photo
from tests.judge.made_up import PAIR, case, matches, tensor

HEADER = "image_id,path,identity,x,y,w,h,theta,mask,parts"


def told(folder: Path, rows: list[tuple], masks: dict[str, np.ndarray] | None = None) -> Dataset:
    """A data set of photographs of 64 x 48 px. rows: identity, box (x, y, w, h), mask's name, parts."""
    lines = [HEADER]
    for i, (identity, box, mask, parts) in enumerate(rows):
        write_photo(folder / f"{i}.png", i)
        cells = ",".join(map(str, box)) if box else ",,,"
        text = json.dumps(parts).replace('"', '""') if parts else ""
        lines.append(f'p{i},{i}.png,{identity},{cells},,{mask},"{text}"')
    for name, mask in (masks or {}).items():
        Image.fromarray(mask).save(folder / name)
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return load_dataset(folder)


def truth(dataset: Dataset, whole: bool = False) -> Truth:
    views = (dataset.load(0)[1], dataset.load(1)[1])
    return truth_of_table(dataset, (0, 1), views, whole)


def marked(value: int) -> np.ndarray:
    mask = np.zeros((48, 64), np.uint8)
    mask[8:20, 16:40] = value
    return mask


@pytest.mark.parametrize("value", [1, 255])
def test_a_mask_marks_the_animal_in_the_part_that_is_shown(tmp_path: Path, value: int) -> None:
    rows = [("A", None, "m.png", None), ("A", (10, 4, 20, 30), "m.png", None)]
    found = truth(told(tmp_path, rows, {"m.png": marked(value)})).masks
    assert found is not None
    assert np.array_equal(found[0], marked(1) > 0)
    assert np.array_equal(found[1], (marked(1) > 0)[4:34, 10:30])


def test_a_box_is_where_the_animal_is_only_in_a_whole_photograph(tmp_path: Path) -> None:
    dataset = told(tmp_path, [("A", (16, 8, 24, 12), "", None), ("A", (0.25, 0.25, 0.5, 0.5), "", None)])
    assert truth(dataset).masks is None
    whole = pairx.load_pair(tmp_path / "0.png", tmp_path / "1.png")
    found = truth_of_table(dataset, (0, 1), (whole.view0, whole.view1), whole=True).masks
    assert found is not None
    for mask, box in zip(found, ((16, 8, 24, 12), (16, 12, 32, 24)), strict=True):
        rows, columns = np.nonzero(mask)
        assert np.allclose((columns.min(), rows.min()), box[:2], atol=1)
        assert np.allclose((np.ptp(columns), np.ptp(rows)), box[2:], atol=1)


def test_parts_that_show_in_both_are_matched_by_name(tmp_path: Path) -> None:
    first = {"eye": [20, 10], "tail": [60, 40], "nose": None, "ear": [1, 1]}
    second = {"tail": [50, 30], "nose": [5, 5], "eye": [21.5, 11], "ear": [2, 2]}
    found = truth(told(tmp_path, [("A", None, "", first), ("A", (10, 4, 50, 40), "", second)])).parts
    assert found is not None
    assert np.allclose(found[0], [[20, 10], [60, 40]])  # the ear of the second lies outside its box
    assert np.allclose(found[1], [[11.5, 7], [40, 26]])


def test_what_is_wrong_with_masks_and_parts_is_told_at_once(tmp_path: Path) -> None:
    rows = [("A", None, "none.png", None), ("A", None, "../m.png", None), ("B", None, "", ["eye"])]
    with pytest.raises(ManifestError) as caught:
        told(tmp_path, rows)
    assert [one.kind for one in caught.value.problems] == [
        "missing mask", "mask outside the folder", "parts that cannot be read",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["[1, 2]", "{", '{"eye": 3}', '{"eye": [1, NaN]}', '{"eye": [1, 2, 3]}', '{"eye": "a"}']
)
def test_parts_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="Parts are written as"):
        parse_parts(text)


@pytest.mark.parametrize(
    ("mask", "says"), [(np.zeros((48, 64), np.uint8), "marks nothing"), (np.ones((20, 64), np.uint8), "same size")]
)
def test_a_mask_that_cannot_be_used_is_told(tmp_path: Path, mask: np.ndarray, says: str) -> None:
    dataset = told(tmp_path, [("A", None, "m.png", None)] * 2, {"m.png": mask})
    with pytest.raises(InputError, match=says):
        truth(dataset)


def test_the_partner_of_a_part_is_the_strongest_cell_or_the_nearest_match() -> None:
    sizes = [np.array(image.shape[1::-1], float) for image in PAIR.images]
    fractions = np.array([[0.3, 0.4], [0.7, 0.6]])
    known = Truth(parts=(fractions * sizes[0], fractions * sizes[1]))
    assert places.parts(case(known, tensor=tensor())) == 1
    assert places.parts(case(known, tensor=tensor(shift=3))) == 0
    right = matches(*known.parts)
    assert places.parts(case(known, matches=right)) == 1
    one = matches(known.parts[0][:1], known.parts[1][:1])
    assert places.parts(case(known, matches=one)) == 0.5
    assert places.parts(case(known, map0=tensor()[0, 0], map1=tensor()[0, 0])) is None


@pytest.mark.slow
def test_a_judgement_takes_the_truth_of_the_columns(tmp_path: Path, tiny: EmbeddingModel) -> None:
    parts = {"eye": [20, 10]}
    rows = [(name, None, "m.png", parts) for name in "AABBCC"]
    dataset = told(tmp_path, rows, {"m.png": marked(255)})
    found = pairx.judge(dataset, tiny, ["sam", "grad-cam"], out=tmp_path / "run", pairs=2)
    criteria = set(found.table["criterion"])
    assert {"energy", "pointing", "localisation", "label-transfer", "parts"} <= criteria
    assert not {"right-places", "twins"} & criteria
