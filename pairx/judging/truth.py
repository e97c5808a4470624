"""What is known of a pair beside its photographs, which criteria of right places need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pairx.datasets import Dataset, Herd, load_herd

Masks = tuple[np.ndarray, np.ndarray]
Partners = Callable[[int, np.ndarray], tuple[np.ndarray, np.ndarray]]

MASKS, CORRESPONDENCE, DIFFERENCES = "masks", "correspondence", "differences"
KINDS = {
    MASKS: "where the animal is",
    CORRESPONDENCE: "which places are the same",
    DIFFERENCES: "where twins differ",
}
"""What truth there may be, in words."""


@dataclass(frozen=True)
class Truth:
    """Of one pair, in pixels of its images; None is what is not known.

    masks: (H, W) bool over each image, where the animal is. correspondence: of a photograph's number, 0 or 1, and
    points (N, 2) x/y in it: where they are in the other, (N, 2) x/y, NaN off the animal, and whether they show there,
    (N,) bool. differences: (H, W) bool over each image of twins, the markings that differ.
    """

    masks: Masks | None = None
    correspondence: Partners | None = None
    differences: Masks | None = None

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
