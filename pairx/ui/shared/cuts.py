"""A part of a photograph, turned by right angles or mirrored, as a person asks for it in the app."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from pairx.images import SMALLEST_CUT
from pairx.types import InputError

_TEXT = re.compile(r"([0-9]{1,6}),([0-9]{1,6}),([0-9]{1,6}),([0-9]{1,6}),([0-3])(,m)?")
NO_CUT = "This is no part of a photograph. Draw the rectangle again."


@dataclass(frozen=True)
class Cut:
    """box: (x, y, w, h), whole pixels of the upright photograph. turns: quarter turns of the part, clockwise on screen,
    0 to 3. mirrored: whether it is mirrored after that, left to right. Raises InputError for anything else."""

    box: tuple[int, int, int, int]
    turns: int = 0
    mirrored: bool = False

    def __post_init__(self) -> None:
        x, y, w, h = self.box
        if x < 0 or y < 0 or self.turns not in (0, 1, 2, 3):
            raise InputError(NO_CUT)
        if min(w, h) < SMALLEST_CUT:
            raise InputError(f"A part has at least {SMALLEST_CUT} px a side, not {w} x {h}. Draw a larger rectangle.")

    def arguments(self) -> dict[str, Any]:
        """As `pairx.images.load_image` takes them: its box is turned against the part, about the same centre."""
        x, y, w, h = self.box
        box = (x + w / 2 - h / 2, y + h / 2 - w / 2, h, w) if self.turns % 2 else self.box
        return {"box": box, "theta": -self.turns * math.pi / 2, "mirrored": self.mirrored}

    def is_whole(self, width: int, height: int) -> bool:
        """Whether it leaves a photograph of this size as it is."""
        return self == Cut((0, 0, width, height))

    def __str__(self) -> str:
        """As in a link, such as "10,20,300,200,1,m"."""
        return ",".join(map(str, (*self.box, self.turns))) + ",m" * self.mirrored


def parse(text: str) -> Cut | None:
    """A cut as a link has it, None for "". Raises InputError for anything else."""
    if not text:
        return None
    found = _TEXT.fullmatch(text)
    if found is None:
        raise InputError(NO_CUT)
    x, y, w, h, turns = map(int, found.groups()[:5])
    return Cut((x, y, w, h), turns, found[6] is not None)


def from_page(asked: dict[str, Any], width: int, height: int) -> Cut:
    """A cut that the browser sent, clipped to a photograph of this size: it may hold anything. Raises InputError."""
    box, turns = asked.get("box"), asked.get("turns")
    numbers = (
        [one for one in box if isinstance(one, int | float) and math.isfinite(one)] if isinstance(box, list) else []
    )
    if len(numbers) != 4 or len(box or ()) != 4 or turns not in (0, 1, 2, 3):
        raise InputError(NO_CUT)
    x, y, w, h = numbers
    if not (w > 0 and h > 0):
        raise InputError(NO_CUT)
    left, right = (min(max(round(value), 0), width) for value in (x, x + w))
    top, bottom = (min(max(round(value), 0), height) for value in (y, y + h))
    if left >= right or top >= bottom:
        raise InputError(f"The rectangle lies outside of the photograph of {width} x {height} px. Draw it again.")
    return Cut((left, top, right - left, bottom - top), int(turns), asked.get("mirrored") is True)
