"""What is known of a pair beside its photographs, which criteria of right places need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from pairx import images
from pairx.datasets import Dataset, Herd, load_herd
from pairx.datasets.marks import parse_parts
from pairx.types import View

Masks = tuple[np.ndarray, np.ndarray]
Partners = Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]]

MASKS, PARTS, CORRESPONDENCE, DIFFERENCES = "masks", "parts", "correspondence", "differences"
KINDS = {
    MASKS: "where the animal is",
    PARTS: "where parts of the animal are",
    CORRESPONDENCE: "which places are the same",
    DIFFERENCES: "where twins differ",
}
"""What truth there may be, in words."""


@dataclass(frozen=True)
class Truth:
    """Of one pair, in pixels of its images; None is what is not known.

    masks: (H, W) bool over each image, where the animal is. parts: (P, 2) x/y in each image of the parts that show in
    both, in the same order. correspondence: of a photograph's number, 0 or 1, and
    points (N, 2) x/y in it: where they are in the other, (N, 2) x/y, NaN off the animal, and whether they show there,
    (N,) bool. differences: (H, W) bool over each image of twins, the markings that differ.
    """

    masks: Masks | None = None
    correspondence: Partners | None = None
    differences: Masks | None = None
    parts: tuple[np.ndarray, np.ndarray] | None = None

    def knows(self, kind: str) -> bool:
        """Whether it holds one of KINDS."""
        return getattr(self, kind) is not None


def herd_of(dataset: Dataset) -> Herd | None:
    """The rendered herd that a data set is, whose every photograph is shown whole; None for any other."""
    folders = {Path(path).parent for path in dataset.table["path"]}
    folder = next(iter(folders))
    files = ("metadata.csv", "views.npz", "bodies.npz", "twins.csv")
    whole = all(shown.box is None and not shown.theta for shown in dataset.photographs())
    if len(folders) > 1 or not whole or not all((folder / name).is_file() for name in files):
        return None
    herd = load_herd(folder)
    return herd if set(dataset.table["image_id"]) <= set(herd.table["image_id"]) else None


def truth_of(herd: Herd, ids: tuple[str, str]) -> Truth:
    """All that the herd knows of two of its pictures, of one animal or of twins."""
    differences = (herd.twin_difference(ids[0]), herd.twin_difference(ids[1]))
    kin = _twins(herd.table).get(_identity(herd, ids[0])) == _identity(herd, ids[1])
    return Truth(
        masks=(herd.mask(ids[0]), herd.mask(ids[1])),
        correspondence=lambda side, points: herd.correspondence(ids[side], ids[1 - side], points),
        differences=differences if kin and all(one.any() for one in differences) else None,
    )


def truth_of_table(dataset: Dataset, rows: tuple[int, int], views: tuple[View, View], whole: bool = False) -> Truth:
    """What the columns of a data set say of two of its photographs.

    views: how they are shown. whole: whether they are shown whole, and a box is where the animal is, for those that
    have no mask. Raises InputError for a mask that cannot be read.
    """
    found = [_mask(dataset, row, view, whole) for row, view in zip(rows, views, strict=True)]
    masks = None if found[0] is None or found[1] is None else (found[0], found[1])
    return Truth(masks=masks, parts=_parts(dataset.table, rows, views))


def _mask(dataset: Dataset, row: int, view: View, whole: bool) -> np.ndarray | None:
    if (mask := dataset.mask(row, view)) is not None:
        return mask
    box, theta = dataset.box(row)
    if not whole or box is None:
        return None
    width, height = view.image_size
    animal = images.load_image(dataset.table["path"].iloc[row], box, theta)[1]
    corners = view.to_image(animal.to_photograph(np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * animal.image_size))
    inside = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(inside, corners.round().astype(np.int32), 1)
    return inside.astype(bool)


def _parts(
    table: pd.DataFrame, rows: tuple[int, int], views: tuple[View, View]
) -> tuple[np.ndarray, np.ndarray] | None:
    """Of both photographs, x/y in their images, those parts that both have and show."""
    if "parts" not in table:
        return None
    known = [parse_parts(table["parts"].iloc[row]) for row in rows]
    both = [name for name in known[0] if name in known[1]]
    if not both:
        return None
    first, second = (
        view.to_image(np.array([one[name] for name in both])) for one, view in zip(known, views, strict=True)
    )
    shown = np.ones(len(both), bool)
    for points, view in ((first, views[0]), (second, views[1])):
        shown &= ((points >= 0) & (points < view.image_size)).all(1)
    return (first[shown], second[shown]) if shown.any() else None


def twin_pairs(herd: Herd) -> list[tuple[str, str]]:
    """Image ids of all pairs of twins, seen from one flank."""
    twins, table = _twins(herd.table), herd.table
    return [
        (one["image_id"], other["image_id"])
        for _, one in table.iterrows()
        for _, other in table[(table["identity"] == twins.get(one["identity"]))].iterrows()
        if one["identity"] < other["identity"] and one["orientation"] == other["orientation"]
    ]


def _twins(table: pd.DataFrame) -> dict[str, str]:
    """Each twin's other, both ways."""
    known = table[table["twin"] != ""][["identity", "twin"]].drop_duplicates().to_numpy()
    return {a: b for first, second in known for a, b in ((first, second), (second, first))}


def _identity(herd: Herd, image_id: str) -> str:
    return str(herd.table.set_index("image_id").loc[image_id, "identity"])
