"""The sample herd: rendered animals of which everything is known, so what an explainer says of them can be checked.

Coordinates are continuous pixels, x/y, the centre of the first pixel at (.5, .5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from pairx.assets import ASSETS
from pairx.datasets.raster import barycentric, facing, first_hit, rasterise
from pairx.types import InputError

FOLDER = ASSETS / "herd"
STEP = 1e-4  # metres, the unit of stored rest positions
TOLERANCE = 1e-3  # metres by which a visible point may lie behind the surface found in front of it


@dataclass(frozen=True)
class _Body:
    """A species' mesh. rest: (V, 3) metres. faces: (F, 3). bones, weights: (V, 3), what moves a vertex and how much."""

    rest: np.ndarray
    faces: np.ndarray
    bones: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class _View:
    """A body in a picture. screen: (V, 3) x/y pixels and depth in metres. covered: (H, W) bool, grass in front."""

    body: _Body
    screen: np.ndarray
    covered: np.ndarray

    @property
    def size(self) -> tuple[int, int]:
        return self.covered.shape[1], self.covered.shape[0]

    def shown(self) -> np.ndarray:
        """(H, W) the face that each pixel's centre shows, -1 where that is not the animal."""
        return np.where(self.covered, -1, rasterise(self.screen, self.body.faces, self.size))

    def locate(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The face shown at points (N, 2), -1 off the animal and outside the frame, and barycentric weights (N, 3)."""
        faces, weights = first_hit(self.screen, self.body.faces, self.size, points)
        column, row = np.where(faces < 0, 0, np.floor(np.nan_to_num(points)).astype(int).T)
        return np.where(self.covered[row, column], -1, faces), weights

    def place(self, faces: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Points (N, 2) of faces at barycentric weights."""
        return np.einsum("nk,nki->ni", weights, self.screen[self.body.faces[faces], :2])

    def depth(self, faces: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Metres (N,) from the camera of faces at barycentric weights."""
        return np.einsum("nk,nk->n", weights, self.screen[self.body.faces[faces], 2])


class Herd:
    """The herd's pictures and their truth. table: metadata.csv with absolute paths, one row a picture."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.table = _read_table(folder)
        self._rows = self.table.set_index("image_id", drop=False)
        self._body = lru_cache(None)(self._read_body)
        self._view = lru_cache(24)(self._read_view)
        self._truth = lru_cache(1)(lambda: dict(np.load(folder / "views.npz")))

    def path(self, image_id: str) -> Path:
        """The picture's file. Raises InputError for an unknown id."""
        return Path(self._row(image_id)["path"])

    def mask(self, image_id: str) -> np.ndarray:
        """(H, W) bool: the pixels that show the animal; grass in front of it is not the animal."""
        return self._view(self._known(image_id)).shown() >= 0

    def correspondence(self, image_id0: str, image_id1: str, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where points of one view lie in another view of the same individual or of its twin.

        points: (N, 2) x/y pixels of view 0. Returns points1 (N, 2) float64 x/y pixels of view 1, NaN where the point is
        off the animal, and visible (N,) bool: in the frame, and nothing in front. Hidden points have points1, too.
        Raises InputError for unknown ids and for views of different coats.
        """
        self._require_kin(image_id0, image_id1)
        points = np.asarray(points, float).reshape(-1, 2)
        view0, view1 = self._view(image_id0), self._view(image_id1)
        faces, weights = view0.locate(points)
        points1 = view1.place(faces, weights)
        in_front, at = view1.locate(points1)
        ahead = view1.depth(faces, weights) - view1.depth(in_front, at)
        visible = (faces >= 0) & (in_front >= 0) & (ahead < TOLERANCE) & facing(view1.screen, view1.body.faces[faces])
        points1[faces < 0] = np.nan
        return points1, visible

    def rest(self, image_id: str) -> np.ndarray:
        """(H, W, 3) metres: each pixel's place on the resting body (x forward, y left, z up); NaN off the animal."""
        view = self._view(self._known(image_id))
        shown = view.shown()
        result = np.full((*shown.shape, 3), np.nan)
        rows, columns = np.nonzero(shown >= 0)
        corners = view.body.faces[shown[rows, columns]]
        weights = barycentric(view.screen[corners], np.column_stack([columns, rows]) + 0.5)
        result[rows, columns] = np.einsum("nk,nki->ni", weights, view.body.rest[corners])
        return result

    def twin_difference(self, image_id: str) -> np.ndarray:
        """(H, W) bool: the pixels where the coat differs from the twin's; none for an animal without a twin."""
        identity = self._row(image_id)["identity"]
        marks = pd.read_csv(self.folder / "twins.csv")
        marks = marks[(marks["identity"] == identity) | (marks["twin"] == identity)]
        rest = self.rest(image_id)
        result = np.zeros(rest.shape[:2], bool)
        for x, y, z, radius in marks[["x", "y", "z", "radius"]].to_numpy():
            result |= np.linalg.norm(rest - (x, y, z), axis=-1) < radius
        return result

    def _known(self, image_id: str) -> str:
        return str(self._row(image_id)["image_id"])

    def _row(self, image_id: str) -> pd.Series:
        if image_id not in self._rows.index:
            some = ", ".join(self._rows.index[:3])
            raise InputError(f"no picture {image_id!r} in the herd: take an image_id of metadata.csv, such as {some}.")
        return self._rows.loc[[image_id]].iloc[0]

    def _require_kin(self, image_id0: str, image_id1: str) -> None:
        row0, row1 = self._row(image_id0), self._row(image_id1)
        if row1["identity"] not in (row0["identity"], row0["twin"]):
            raise InputError(
                f"{image_id0} shows {row0['identity']} and {image_id1} {row1['identity']}: "
                "give two views of one individual, or of twins."
            )

    def _read_body(self, species: str) -> _Body:
        with np.load(self.folder / "bodies.npz") as file:
            stored = {name: file[f"{species}.{name}"] for name in ("low", "vertices", "faces", "bones", "weights")}
        rest = stored["low"] + STEP * stored["vertices"]
        return _Body(rest, stored["faces"].astype(int), stored["bones"].astype(int), stored["weights"] / 255)

    def _read_view(self, image_id: str) -> _View:
        truth = self._truth()
        i = int(np.flatnonzero(truth["image_id"] == image_id)[0])
        body = self._body(self._row(image_id)["species"])
        focal, *centre = truth["lens"][i]
        rest = np.column_stack([body.rest, np.ones(len(body.rest))])
        bones = truth["bones"][i].astype(float)[body.bones]
        x, y, depth = np.einsum("vk,vkij,vj->iv", body.weights, bones, rest, optimize=True)
        screen = np.column_stack([focal * x / depth + centre[0], focal * y / depth + centre[1], depth])
        width, height = (int(side) for side in truth["size"][i])
        start, stop = np.concatenate([[0], truth["covered_end"]])[i : i + 2]
        covered = np.unpackbits(truth["covered"][start:stop], count=width * height).reshape(height, width)
        return _View(body, screen, covered.astype(bool))


def load_herd(folder: Path | None = None) -> Herd:
    """The herd that ships, or one that `python -m tools.render_herd` wrote. Raises InputError where there is none."""
    return Herd(FOLDER if folder is None else Path(folder))


def _read_table(folder: Path) -> pd.DataFrame:
    try:
        table = pd.read_csv(folder / "metadata.csv", dtype=str, keep_default_na=False)
    except OSError as error:
        raise InputError(
            f"{folder} holds no herd (no metadata.csv): make one with `python -m tools.render_herd --out {folder}`."
        ) from error
    table["path"] = [str((folder / path).resolve()) for path in table["path"]]
    return table
