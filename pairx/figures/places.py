"""Places of a photograph, from pixels or fractions of its file to fractions of what is shown."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pairx.core import correspondence
from pairx.figures.computed import Answer, BoxIn, Transfer
from pairx.figures.nodes import short
from pairx.figures.sources import Sources
from pairx.figures.spec import Box, Inset, Label
from pairx.types import Explanation, ImagePair, InputError, View

FINE = 256
"""Cells along a side of a label's mask."""


def point_in(point: Sequence[float], view: View) -> tuple[float, float]:
    """A point (x, y), pixels of the photograph or fractions, in fractions of the image. Raises InputError outside."""
    x, y = _in_image(np.array([point], float), view)[0].tolist()
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise InputError(f"The point {short(list(point))} lies outside of what is shown of the photograph.")
    return x, y


def box_in(box: Box, view: View) -> BoxIn:
    """A box (x, y, w, h), pixels of the photograph or fractions, in fractions of the image, cut to it. Raises
    InputError where nothing of it is shown."""
    x, y, w, h = box
    corners = np.array([(x, y), (x + w, y), (x, y + h), (x + w, y + h)], float)
    if all(0 <= value <= 1 for value in box):
        corners = corners * (view.width, view.height)
    placed = view.to_image(corners) / view.image_size
    (left, top), (right, bottom) = (
        np.clip(placed.min(axis=0), 0, 1).tolist(),
        np.clip(placed.max(axis=0), 0, 1).tolist(),
    )
    if right - left < 0.01 or bottom - top < 0.01:
        raise InputError(
            f"The box {short(list(box))} lies outside of what is shown of the photograph, or is too small."
        )
    return left, top, right - left, bottom - top


def _in_image(points: np.ndarray, view: View) -> np.ndarray:
    """Points (N, 2) in fractions of the image."""
    if ((points >= 0) & (points <= 1)).all():
        points = points * (view.width, view.height)
    return view.to_image(points) / view.image_size


def insets_of(insets: Sequence[Inset], pair: ImagePair) -> tuple[tuple[int, BoxIn], ...]:
    """The insets of a pair, in fractions. Raises InputError."""
    return tuple((one.side, box_in(one.box, (pair.view0, pair.view1)[one.side])) for one in insets)


def answer_of(result: Explanation, pair: ImagePair, point: tuple[float, float]) -> Answer:
    """What the second photograph's cells add together with a point of the first. Raises InputError."""
    x, y = point_in(point, pair.view0)
    if result.tensor is None and result.map0 is None and result.map1 is not None:
        return Answer((x, y), result.map1)  # computed for this point alone
    if result.tensor is None:
        raise InputError(f"{result.method} tells nothing of pairs of places here.")
    seen = correspondence.seen((x, y, x, y), result.extent0, pair.image0.shape[1::-1])
    weights = correspondence.at_point(seen[:2], result.tensor.shape[:2])
    return Answer((x, y), correspondence.partners(result.tensor, weights).astype(np.float32))


def transfers_of(
    result: Explanation, pair: ImagePair, labels: Sequence[Label], sources: Sources
) -> tuple[Transfer, ...]:
    """Where labels of the first photograph lie in the second: as many of its cells, the highest (Hamilton et al.,
    section A.2). Raises InputError."""
    if result.tensor is None:
        raise InputError(f"{result.method} tells nothing of pairs of places here.")
    found = []
    for label in labels:
        mask = _mask_of(label, result, pair, sources)
        cells = correspondence.partners(result.tensor, correspondence.in_mask(mask, result.tensor.shape[:2]))
        found.append(Transfer(label.name, mask, correspondence.highest(cells, (FINE, FINE), int(mask.sum()))))
    return tuple(found)


def _mask_of(label: Label, result: Explanation, pair: ImagePair, sources: Sources) -> np.ndarray:
    """(FINE, FINE) bool over what the model sees of the first photograph. Raises InputError where that is nothing."""
    height, width = pair.image0.shape[:2]
    if label.mask is None:
        x, y, w, h = box_in(label.box or (0, 0, 1, 1), pair.view0)
        x0, y0, x1, y1 = correspondence.seen((x, y, x + w, y + h), result.extent0, (width, height))
        at = (np.arange(FINE) + 0.5) / FINE
        return np.outer((at >= y0) & (at <= y1), (at >= x0) & (at <= x1))
    whole = sources.mask(label.mask)
    if whole.shape != (pair.view0.height, pair.view0.width):
        raise InputError(
            f"The mask of {label.name} has {whole.shape[1]} x {whole.shape[0]} px and its photograph "
            f"{pair.view0.width} x {pair.view0.height}: give one of its size."
        )
    shown = cv2.warpAffine(whole.astype(np.float32), pair.view0.matrix, (width, height))
    x, y, w, h = result.extent0 or (0, 0, width, height)
    scale = np.array([[FINE / w, 0, -x * FINE / w], [0, FINE / h, -y * FINE / h]])
    mask = cv2.warpAffine(shown, scale, (FINE, FINE)) > 0.5
    if not mask.any():
        raise InputError(f"The mask of {label.name} marks nothing of what the model sees.")
    return mask
