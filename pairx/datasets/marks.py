"""What a data set says of where the animal and its parts are: the columns `mask` and `parts`."""

from __future__ import annotations

import json
import math

import numpy as np

from pairx import images
from pairx.types import InputError, View

Parts = dict[str, tuple[float, float]]


def parse_parts(text: str) -> Parts:
    """Named points of a cell of the column `parts`, x/y in pixels of the upright photograph as its file holds it.

    The cell is JSON, `{"left eye": [120, 84], "nose": [133.5, 97]}`; a part that does not show is left out or null.
    Raises InputError.
    """
    try:
        found = json.loads(text) if text.strip() else {}
        parts = {str(name): tuple(map(float, at)) for name, at in found.items() if at is not None}
    except (AttributeError, TypeError, ValueError):
        parts = {"": ()}
    if any(len(at) != 2 or not all(map(math.isfinite, at)) for at in parts.values()):
        raise InputError('Parts are written as {"left eye": [x, y], …}, in pixels of the photograph.')
    return {name: (at[0], at[1]) for name, at in parts.items()}


def load_mask(path: str, view: View, name: str) -> np.ndarray:
    """(H, W) bool over the image that a view shows: where a mask's file is brighter than half of its brightest pixel.

    name: of the photograph, for errors. Raises InputError where the file is no picture, has another size than the
    photograph, or marks nothing of what the view shows.
    """
    whole, seen = images.load_image(path, name=f"the mask of {name}")
    if (seen.width, seen.height) != (view.width, view.height):
        raise InputError(
            f"The mask of {name} has {seen.width} x {seen.height} px and the photograph {view.width} x {view.height}. "
            "Give a mask of the same size."
        )
    shown, _ = images.load_image(path, view.box, view.theta, f"the mask of {name}", view.mirrored)
    mask: np.ndarray = shown.max(2) > whole.max() / 2
    if not mask.any():
        raise InputError(f"The mask of {name} marks nothing of what is shown of it.")
    return mask
