"""A computed figure: every panel with its raw numbers, and all that its drawing needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from pairx.figures.spec import Settings, Spec
from pairx.types import Explanation, Extent, ImagePair, Refusal

BoxIn = tuple[float, float, float, float]
"""x, y, w, h in fractions of an image."""


@dataclass(frozen=True)
class Answer:
    """What the second photograph answers to a point of the first. point: x/y in fractions. cells: (h, w), raw."""

    point: tuple[float, float]
    cells: np.ndarray


@dataclass(frozen=True)
class Transfer:
    """A label: its part of the first photograph, and as large a part of the second, where the evidence is strongest.

    mask0, mask1: (H, W) bool over each photograph's extent, or the whole.
    """

    name: str
    mask0: np.ndarray
    mask1: np.ndarray


@dataclass(frozen=True)
class Panel:
    """One panel. result: raw; None where only photographs are shown. correct: whether the pair is, None where nobody
    knows. insets: (side, box) each. number: of its pair in the scatter, from 1, or None."""

    settings: Settings
    pair: ImagePair
    result: Explanation | Refusal | None = None
    correct: bool | None = None
    answer: Answer | None = None
    transfers: tuple[Transfer, ...] = ()
    insets: tuple[tuple[int, BoxIn], ...] = ()
    extents: tuple[Extent | None, Extent | None] = (None, None)
    number: int | None = None


@dataclass(frozen=True)
class Points:
    """A run's pairs as points. rows: with correct, cosine and the metric. pins: (cosine, metric) of the panels' pairs,
    in the order of their numbers."""

    rows: pd.DataFrame
    metric: str
    title: str
    pins: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Used:
    """A photograph's file, with its digest. name: what a run or the sample calls it, "" for a path of the
    specification."""

    source: str
    name: str
    sha256: str


@dataclass(frozen=True)
class Figure:
    """A computed figure. panels: row by row. folder: that the specification's paths start at. versions: of ourselves
    and of what we compute with. models: keys by name. used: the photographs, in the order of the panels. notes: what
    the reader has to know, a sentence each."""

    spec: Spec
    panels: tuple[tuple[Panel, ...], ...]
    row_titles: tuple[str, ...]
    column_titles: tuple[str, ...]
    folder: Path
    versions: Mapping[str, str]
    models: Mapping[str, str]
    used: tuple[Used, ...]
    points: Points | None = None
    notes: tuple[str, ...] = ()

    def save(self, path: str | Path, dpi: int | None = None) -> None:
        """Write a .png, .svg or .pdf that knows how it was made. dpi: of a PNG, by default the specification's. Raises
        InputError for another ending, and where it cannot be written."""
        from pairx.figures.drawing import save

        save(self, Path(path), dpi)
