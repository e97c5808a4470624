"""What the rooms hand to each other: a pair, a view, matches, an explanation, a method's card.

Frozen dataclasses over NumPy arrays. Coordinates are continuous: (0, 0) is the top left corner of an image and the
centre of its first pixel is (.5, .5). Points are (x, y); cells are (row, column).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from pairx.errors import InputError as InputError  # where everybody looks for it
from pairx.files import whole

Result = TypeVar("Result")
Extent = tuple[float, float, float, float]
"""A rectangle (x, y, w, h) of an image, in its pixels; it may reach beyond the image."""
SAME = "The two photographs are the same, pixel for pixel: that they are similar says nothing about the animals."

NOTHING_RAISES = "Nothing raises this similarity"
"""What is said where none of the matches does."""
NOTHING_MATCHES = "Nothing matches: the model's cells are too coarse for what it sees of a photograph."
"""What is said where there are no matches."""


def both_sides(size: int | Sequence[int] | None) -> list[int] | None:
    """[height, width] of a model's input that may be said as the side of a square, as older files do."""
    if size is None:
        return None
    return [size, size] if isinstance(size, int) else list(size)


def said_size(size: int | Sequence[int] | None) -> str:
    """A model's input in words, height first, or the side of a square."""
    return " x ".join(dict.fromkeys(map(str, both_sides(size) or "?"))) + " px"


@dataclass(frozen=True)
class View:
    """Which part of a photograph an image shows: a box, turned upright.

    width, height: of the upright photograph, pixels. box: (x, y, w, h) in photograph pixels before rotation. theta:
    radians by which the box is turned about its own centre, clockwise on screen (the convention of COCO-style wildlife
    manifests). scale: image pixels per photograph pixel, below 1 where a large photograph was reduced. mirrored:
    whether the image is mirrored, left to right. The image is the box turned upright, `image_size` pixels large, then
    mirrored. notes: what was guessed while it was read, a plain sentence each.
    """

    width: int
    height: int
    box: tuple[float, float, float, float]
    theta: float = 0.0
    scale: float = 1.0
    notes: tuple[str, ...] = ()
    mirrored: bool = False

    @classmethod
    def whole(cls, width: int, height: int) -> View:
        """The view of a whole photograph."""
        return cls(width, height, (0.0, 0.0, float(width), float(height)))

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) of the image, whole pixels, at least 1."""
        return max(1, round(self.box[2] * self.scale)), max(1, round(self.box[3] * self.scale))

    @property
    def matrix(self) -> np.ndarray:
        """(2, 3) float64 affine map from photograph pixels to image pixels."""
        x, y, w, h = self.box
        image_w, image_h = self.image_size
        cos, sin = np.cos(self.theta), np.sin(self.theta)
        scale = np.diag([image_w / w, image_h / h])
        linear = scale @ np.array([[cos, sin], [-sin, cos]])
        if self.mirrored:
            linear = np.diag([-1.0, 1.0]) @ linear
        offset = np.array([image_w / 2, image_h / 2]) - linear @ np.array([x + w / 2, y + h / 2])
        return np.column_stack([linear, offset])

    def to_image(self, points: np.ndarray) -> np.ndarray:
        """Photograph pixels (N, 2) x/y to image pixels (N, 2) x/y."""
        matrix = self.matrix
        return np.asarray(points, float) @ matrix[:, :2].T + matrix[:, 2]

    def to_photograph(self, points: np.ndarray) -> np.ndarray:
        """Image pixels (N, 2) x/y to photograph pixels (N, 2) x/y."""
        matrix = self.matrix
        return (np.asarray(points, float) - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T


@dataclass(frozen=True)
class ImagePair:
    """Two images to compare: what the model sees, before its resize.

    image0, image1: (H, W, 3) uint8 RGB, each of its own size. id0, id1: names to show. view0, view1: where each image
    lies in its photograph.
    """

    image0: np.ndarray
    image1: np.ndarray
    id0: str
    id1: str
    view0: View
    view1: View

    @property
    def images(self) -> tuple[np.ndarray, np.ndarray]:
        """Both images."""
        return self.image0, self.image1

    @property
    def notes(self) -> tuple[str, ...]:
        """What was guessed while the photographs were read, a plain sentence each that names its photograph, and
        whether they are one and the same."""
        named = ((self.id0, self.view0.notes), (self.id1, self.view1.notes))
        guessed = dict.fromkeys(f"{name}: {note}" for name, notes in named for note in notes)
        return (*guessed, SAME) if np.array_equal(self.image0, self.image1) else tuple(guessed)

    def swapped(self) -> ImagePair:
        """The same pair with its images exchanged."""
        return ImagePair(self.image1, self.image0, self.id1, self.id0, self.view1, self.view0)


@dataclass(frozen=True)
class Matches:
    """N matched cells of two images: first those that raise the similarity, then those that lower it, the strongest of
    each first, then those that do neither.

    cells0, cells1: (N, 2) int row/column. keypoints0, keypoints1: (N, 2) float x/y, pixels of `ImagePair.image0` and
    `image1`: of the cells' centres, or where the match lies between cells. relevance: (N,) signed float, the product of
    the two cells' relevances (PAIR-X, eq. 1) where both are positive, less it where both are negative, and 0 where the
    two disagree. distance: (N,) float, L2 between the two descriptors.
    """

    cells0: np.ndarray
    cells1: np.ndarray
    keypoints0: np.ndarray
    keypoints1: np.ndarray
    relevance: np.ndarray
    distance: np.ndarray

    def __len__(self) -> int:
        return len(self.relevance)

    @property
    def raising(self) -> int:
        """How many raise the similarity."""
        return int((self.relevance > 0).sum())

    @property
    def lowering(self) -> int:
        """How many lower it."""
        return int((self.relevance < 0).sum())


@dataclass(frozen=True)
class Explanation:
    """What a method says of a pair: raw signed floats, never scaled or clipped.

    method: its registered name. similarity: cosine of the two embeddings, -1 to 1. map0, map1: (H, W) float32 or None,
    evidence over each image's extent at the method's own resolution (for PAIR-X the relevance of the layer's cells).
    pixel_maps0, pixel_maps1: (k, H, W) float32 or None, one map a match at the model's input resolution, in the order
    of `matches`. tensor: (h0, w0, h1, w1) float32 or None, evidence of every cell pair. metrics: name to number.
    settings: all that the result depends on (model, layer, size [height, width] of its input, options, versions),
    JSON-ready; files of before say one number for the side of a square. seconds: time it took.
    extent0, extent1: the rectangle of each image, in its pixels, that maps and tensor cover: what the model sees, which
    may be a part of the image, or more where it is padded. None is the whole image.
    notes: what the reader has to know to read it right, a plain sentence each, shown and printed beside the maps.
    withheld: why maps and matches cannot be believed and are not drawn, or nothing; withheld_pixels: the same of the
    pixel maps.
    """

    method: str
    similarity: float
    map0: np.ndarray | None = None
    map1: np.ndarray | None = None
    matches: Matches | None = None
    pixel_maps0: np.ndarray | None = None
    pixel_maps1: np.ndarray | None = None
    tensor: np.ndarray | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    withheld: str = ""
    withheld_pixels: str = ""
    extent0: Extent | None = None
    extent1: Extent | None = None

    _ARRAYS = ("map0", "map1", "pixel_maps0", "pixel_maps1", "tensor")
    _ABOUT = (
        "method", "similarity", "metrics", "settings", "seconds", "notes", "withheld", "withheld_pixels", "extent0",
        "extent1",
    )  # fmt: skip
    _MATCHES = ("cells0", "cells1", "keypoints0", "keypoints1", "relevance", "distance")

    @property
    def sampled(self) -> str:
        """How far sampling has got, such as "error .08 after 640 samples": the larger error of both maps, in that map's
        own length, or that of the pairs of places; "" where nothing is sampled, or nobody can tell.
        """
        taken, errors = ([self.metrics[one + side] for side in ("", "0", "1") if one + side in self.metrics]
                         for one in ("samples", "sampling_error"))  # fmt: skip
        if not taken:
            return ""
        count = " and ".join(f"{one:,.0f}" for one in dict.fromkeys(taken))
        if not errors:
            return f"error unknown after {count} samples"
        error = f"{max(errors):.2f}".lstrip("0")
        error = "below .01" if max(errors) < 0.005 else error if error.startswith(".") else "above 1"
        return f"error{' of pairs' if self.tensor is not None else ''} {error} after {count} samples"

    def save(self, path: str | Path) -> None:
        """Write everything to a compressed .npz that `load` reads back and NumPy opens without us; the ending is added.
        Raises InputError where the file cannot be written; what was there stays."""
        arrays = {name: getattr(self, name) for name in self._ARRAYS if getattr(self, name) is not None}
        if self.matches is not None:
            arrays |= {f"matches.{name}": getattr(self.matches, name) for name in self._MATCHES}
        about = {name: getattr(self, name) for name in self._ABOUT}
        with whole(path if str(path).endswith(".npz") else f"{path}.npz") as new:
            np.savez_compressed(new, about=json.dumps(about), **arrays)

    @classmethod
    def load(cls, path: str | Path) -> Explanation:
        """Read what `save` wrote. Raises InputError where the file is not one of ours."""
        try:
            with np.load(path, allow_pickle=False) as file:
                about = json.loads(str(file["about"]))
                arrays = {name: file[name] for name in cls._ARRAYS if name in file}
                matches = {name: file[f"matches.{name}"] for name in cls._MATCHES if f"matches.{name}" in file}
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path} is not a saved explanation ({error}): give an .npz that `explain -o` wrote."
            ) from error
        about["notes"] = tuple(about.get("notes", ()))
        about |= {name: tuple(about[name]) for name in ("extent0", "extent1") if about.get(name)}
        return cls(**about, **arrays, matches=Matches(**matches) if matches else None)


@dataclass(frozen=True)
class Refusal:
    """A method that cannot run on a model or a pair, and why."""

    method: str
    reason: str


@dataclass(frozen=True)
class Step:
    """How far a long computation is: `done` of `total` parts, and what it does now, in the user's words."""

    done: int
    total: int
    what: str


Computation = Generator[Step, None, Result]
"""A long computation: an iterator over its steps, between which it may be stopped, that returns what was asked for."""


class Steps(Generic[Result]):
    """A computation in steps to iterate over, and its `result` once all of them are taken."""

    result: Result

    def __init__(self, steps: Generator[Any, None, Result]) -> None:
        self._steps = steps

    def __iter__(self) -> Generator[Any]:
        self.result = yield from self._steps


def finished(steps: Generator[Any, None, Result]) -> Result:
    """What a computation in steps returns, once all of its steps are taken."""
    taken = Steps(steps)
    for _ in taken:
        pass
    return taken.result


@dataclass(frozen=True)
class Game:
    """What a method shares out among places: the similarity less what is left of it with every place absent, which is
    what its numbers then ought to sum to (efficiency).

    players: "pixels" or "cells", which show the background's where they are absent; "all" where nothing is taken to be
    left, so that the whole similarity is shared out. background: where the method has no option of that name. norm:
    whether the similarity is the cosine, or `e . f` over the lengths of the unchanged embeddings; the method's option
    of that name goes before. singles, pairs: whether the maps and the tensor are such shares. A method reports as
    metrics `elsewhere0` and `elsewhere1`, of the tensor `elsewhere`, the sum of shares that are not on the map, and as
    `left0` and `left1`, of the tensor `left`, what is left with a background that only the method itself knows.
    """

    players: str
    background: str = "blur"
    norm: bool = True
    singles: bool = True
    pairs: bool = False


@dataclass(frozen=True)
class MethodCard:
    """The facts about a method.

    name: as typed. title: as shown. family: for grouping. paper, equation: the source. license: of what it stands on.
    needs: the inputs it looks at; a method that knows the partner image names "both photographs" or "partner
    embedding". symmetric: whether exchanging the images only exchanges the maps. cost: in forward passes, a sentence.
    slow: whether that is more than a few passes. signed: whether negative values are evidence against the match.
    second_order: whether it tells pairs of places, in `Explanation.tensor`. caveat: what to beware of when reading its
    maps, or nothing. game: what its numbers share out; None where they only rank.
    """

    name: str
    title: str
    family: str
    summary: str
    paper: str
    equation: str
    license: str
    needs: tuple[str, ...]
    symmetric: bool
    cost: str
    slow: bool = False
    signed: bool = True
    second_order: bool = False
    caveat: str = ""
    game: Game | None = None

    @property
    def knows_partner(self) -> bool:
        """Whether a photograph's map depends on what it is compared with."""
        return not {"both photographs", "partner embedding"}.isdisjoint(self.needs)
