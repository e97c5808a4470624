"""The warnings, one record each: a number of a pair, a threshold, and the words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pairx.models import EmbeddingModel
from pairx.plugins import Registry
from pairx.types import SAME, Computation, ImagePair, Step, finished
from pairx.warnings import measures
from pairx.warnings.measures import Case
from pairx.warnings.photograph import Neighbourhood, Photograph


@dataclass(frozen=True)
class PairWarning:
    """What is to be looked at before a pair is believed.

    name: of its check. words: one line of plain English that holds the number. number, unit, threshold: what was
    measured, from which threshold on it is told.
    """

    name: str
    words: str
    number: float
    unit: str
    threshold: float


@dataclass(frozen=True)
class Check:
    """A warning that may be given.

    about: what it is about. measure: a pair's number, or None where it cannot be known; the warning is given from the
    threshold on. words: number and pair to one line. needs: what has to be known beside the pair, "" for nothing.
    """

    name: str
    about: str
    unit: str
    threshold: float
    measure: Callable[[Case], float | None]
    words: Callable[[float, Case], str]
    needs: str = ""


WARNINGS: Registry[Check] = Registry("warnings")
"""By name, in the order they are shown."""


def warn_steps(first: Photograph, second: Photograph) -> Computation[tuple[PairWarning, ...]]:
    """What to beware of in a pair, in the order of WARNINGS. A generator of `Step`s, one a check."""
    case, found = Case(first, second), []
    for done, check in enumerate(WARNINGS.values()):
        yield Step(done, len(WARNINGS), check.about)
        number = check.measure(case)
        if number is not None and number >= check.threshold:
            found.append(PairWarning(check.name, check.words(number, case), number, check.unit, check.threshold))
    return tuple(found)


def pair_warnings(
    model: EmbeddingModel,
    pair: ImagePair,
    animals: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
    encounters: tuple[str, str] = ("", ""),
    around: Neighbourhood | None = None,
) -> tuple[PairWarning, ...]:
    """What to beware of in a pair.

    animals: (H, W) bool of each image, the pixels that show the animal. encounters: of each. around: the photographs of
    the data set that they are of. What is not known is not asked. Raises InputError as the model does, and for a mask
    of another size than its image.
    """
    known = zip(pair.images, (pair.id0, pair.id1), animals, encounters, strict=True)
    first, second = (Photograph(model, *one, around) for one in known)
    return finished(warn_steps(first, second))


def _add(name: str, **facts: Any) -> None:
    WARNINGS.add(name, Check(name, **facts))


_add(
    "copy",
    about="one picture in two files",
    unit="correlation",
    threshold=measures.COPY,
    measure=measures.agreement,
    words=lambda number, case: (
        SAME
        if case.identical
        else f"These are nearly one picture: laid over each other they agree (correlation {number:.2f}). That they are "
        "similar says nothing about the animals."
    ),
)
_add(
    "encounter",
    about="two photographs of one encounter",
    unit="",
    threshold=1,
    measure=measures.same_encounter,
    words=lambda _number, case: (
        f"Both are of encounter {case.first.encounter}: light and place are alike, whoever is shown."
    ),
    needs="the column encounter",
)
_add(
    "background",
    about="backgrounds that are one",
    unit="details",
    threshold=12,
    measure=measures.background_details,
    words=lambda number, _case: (
        f"The backgrounds agree in {number:.0f} details: both may be of one place and time, whoever is shown."
    ),
)
_add(
    "outside",
    about="similar without the animals",
    unit="cosine",
    threshold=0.75,
    measure=measures.without_animals,
    words=lambda number, _case: (
        f"The model finds the two similar without the animals, too: cosine {number:.2f} with the animals painted over."
    ),
    needs="masks",
)
_add(
    "mirror",
    about="more similar when mirrored",
    unit="cosine",
    threshold=0.02,
    measure=measures.mirrored_gain,
    words=lambda number, case: (
        f"{case.second.name} is more similar when it is mirrored, by {number:.2f}: it may show the other flank."
    ),
)
_add(
    "strange",
    about="a photograph unlike all others",
    unit="share",
    threshold=0.99,
    measure=measures.strangeness,
    words=lambda number, case: (
        f"{measures.stranger(case).name} is unlike all others here: {number:.0%} of the data set's photographs are "
        "nearer to their nearest ones. The model may not know what to do with it."
    ),
    needs="a data set",
)
_add(
    "poor",
    about="photographs that show little",
    unit="flaws",
    threshold=1,
    measure=lambda case: float(sum(len(one.flaws) for one in case.photographs)),
    words=lambda _number, case: " ".join(f"{one.name}: {flaw}" for one in case.photographs for flaw in one.flaws),
)
