"""The criteria: each is one record, from which run, table, command and documentation take all that they say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pairx.evaluation.faithfulness import SHARE
from pairx.judging import disturbing, fidelity, places
from pairx.judging.case import WITHIN, Case
from pairx.judging.contenders import CENTRE, EDGES, RANDOM
from pairx.judging.curves import SHARES
from pairx.judging.planning import SAME, TWINS
from pairx.judging.truth import CORRESPONDENCE, DIFFERENCES, MASKS, PARTS
from pairx.plugins import Registry
from pairx.types import InputError

RIGHT, TRUE, CHANGES, COST = "right places", "true to the model", "what changes the map", "cost"
"""Groups of criteria."""
_SHARES = ", ".join(f"{100 * share:.0f} %" for share in SHARES)


@dataclass(frozen=True)
class Criterion:
    """What a method is judged by.

    name: as typed. title: as shown. unit: of its numbers. higher: whether more is better. needs: the truth it takes, a
    key of `truth.KINDS`, or nothing. pairs: the kind of pairs it is measured on. beats: controls that know nothing;
    a method has to be better than each. paper, definition: where it comes from and what it is. measure: its number
    for a case, None where it is not defined for what the method gives.
    """

    name: str
    title: str
    group: str
    unit: str
    higher: bool
    needs: str
    pairs: str
    beats: tuple[str, ...]
    paper: str
    definition: str
    measure: Callable[[Case], float | None]


CRITERIA: Registry[Criterion] = Registry("criteria")
"""By name, in the order they are shown."""


def chosen(names: tuple[str, ...] | list[str]) -> list[Criterion]:
    """The criteria of these names, or all. Raises InputError for a name that does not exist."""
    if unknown := [name for name in names if name not in CRITERIA]:
        raise InputError(f"There is no criterion {unknown[0]!r}. There are {', '.join(CRITERIA)}.")
    return [one for name, one in CRITERIA.items() if not names or name in names]


def _add(
    name: str,
    group: str,
    measure: Callable[[Case], float | None],
    paper: str,
    definition: str,
    *,
    title: str = "",
    unit: str = "0 to 1",
    higher: bool = True,
    needs: str = "",
    pairs: str = SAME,
    beats: tuple[str, ...] = (RANDOM, CENTRE, EDGES),
) -> None:
    title = title or name.replace("-", " ")
    CRITERIA.add(name, Criterion(name, title, group, unit, higher, needs, pairs, beats, paper, definition, measure))


_HAMILTON = "Hamilton et al., Axiomatic Explanations for Visual Search, Retrieval, and Similarity Learning"
_ADEBAYO = "Adebayo et al., Sanity Checks for Saliency Maps"
_YEH = "Yeh et al., On the (In)fidelity and Sensitivity of Explanations, as a correlation"
_ZHU = "Zhu et al., Visual Explanation for Deep Metric Learning"

_add(
    "right-places", RIGHT, places.right_places, "Shrack et al., PAIR-X",
    f"Share of the {places.TOP} strongest matches whose end lies within {WITHIN} cells of the model's layer of "
    "the true place; mean of both directions. A match that starts off the animal, or on a spot that the other "
    "photograph does not show, misses. Of a method that tells pairs of cells, matches are the cells whose strongest "
    "partner is the strongest.",
    title="right partner", needs=CORRESPONDENCE,
)  # fmt: skip
_add(
    "distance", RIGHT, places.distance, "Shrack et al., PAIR-X",
    "Median distance of those matches' ends from the true place, over those that have one.",
    title="off by", unit="pixels of the photograph", higher=False, needs=CORRESPONDENCE,
)  # fmt: skip
_add(
    "energy", RIGHT, places.energy, "Wang et al., Score-CAM (energy-based pointing game)",
    "Share of the positive evidence, of the map at the input's resolution, that lies on the animal.",
    title="energy inside", needs=MASKS,
)  # fmt: skip
_add(
    "pointing", RIGHT, places.pointing, "Zhang et al., Top-down Neural Attention by Excitation Backprop",
    "Whether the highest pixel of the map is on the animal.",
    title="pointing game", needs=MASKS,
)  # fmt: skip
_add(
    "localisation", RIGHT, places.localisation, f"{_ZHU}, V",
    "A map is cut at a threshold times its maximum; the box of the largest connected part is right where it and the "
    f"animal's box overlap by more than {places.OVERLAP} of their union. The share of the thresholds "
    f"{', '.join(map(str, places.THRESHOLDS))} where it is right; the paper takes each method's best threshold.",
    needs=MASKS,
)  # fmt: skip
_add(
    "label-transfer", RIGHT, places.label_transfer, f"{_HAMILTON}, A.2",
    "The animal's mask is sent to the other photograph through the pairs of cells, as many pixels as its own mask has "
    "there: the mean of the IoU of the animal and of the rest, both directions.",
    needs=MASKS,
)  # fmt: skip
_add(
    "parts", RIGHT, places.parts, f"{_HAMILTON}, A.2, of points in place of masks",
    f"Share of the named parts that show in both photographs whose partner lies within {WITHIN} cells of the model's "
    "layer of the same part; mean of both directions. The partner is the strongest of the place; of a method that "
    f"tells matches, the end of the nearest, and a part at which none starts within {WITHIN} cells misses.",
    title="right part", needs=PARTS,
)  # fmt: skip
_add(
    "twins", RIGHT, places.twins, "this project: the sample herd's twins differ in a few known markings",
    "Of two photographs of twins: the probability that a pixel of a marking that differs has less evidence for the "
    "match than another pixel of the animal. .5 is chance.",
    title="twins' difference", needs=DIFFERENCES, pairs=TWINS,
)  # fmt: skip
_add(
    "orientation", RIGHT, places.orientation, f"{_ZHU}, VI",
    f"The first photograph beside itself, turned by {disturbing.TURN:.0f} degrees about its middle. The highest place "
    "of each map, among those that both photographs show, tells the turn, as seen from the middle: by how much that is "
    f"wrong. A map that does not turn is wrong by {disturbing.TURN:.0f}, chance by 90.",
    title="turn by maps", unit="degrees", higher=False, beats=(RANDOM, CENTRE),
)  # fmt: skip
_add(
    "orientation-partner", RIGHT, places.orientation_partner, f"{_ZHU}, VI",
    "The same, told by the highest place of the photograph's map and its partner, as for the right part; 90 where it "
    "has none.",
    title="turn by partner", unit="degrees", higher=False, beats=(RANDOM, CENTRE),
)  # fmt: skip
_add(
    "deletion", TRUE, fidelity.deletion, "Petsiuk et al., RISE",
    f"The mean cosine that is left when {_SHARES} of a photograph's pixels, the highest, are replaced by the "
    "photograph blurred by a box of 25 x 25 px; the other photograph stays whole; mean of both.",
    unit="cosine", higher=False,
)  # fmt: skip
_add(
    "insertion", TRUE, fidelity.insertion, "Petsiuk et al., RISE",
    f"The mean cosine when all but {_SHARES} of the pixels, the highest, are replaced in the same way.",
    unit="cosine",
)  # fmt: skip
_add(
    "faithfulness", TRUE, fidelity.drop, f"{_HAMILTON}, 6",
    f"By how much the cosine falls when {100 * SHARE:.0f} % of the pixels, the highest, are blurred in the same way.",
    unit="cosine",
)  # fmt: skip
_add(
    "kept", TRUE, fidelity.kept, f"{_HAMILTON}, A.2 (second-order faithfulness)",
    "The cosine that is left when of one photograph the animal is kept, and of the other as many pixels as show the "
    "animal there, those that the pairs of cells make its strongest partners; the rest of both is blurred in the same "
    "way; mean of both directions.",
    unit="cosine", needs=MASKS,
)  # fmt: skip
_add(
    "completeness", TRUE, fidelity.completeness, f"{_HAMILTON}, 5 (inefficiency)",
    "Of a method that promises a sum: by how much its numbers together miss the similarity that goes with all places. "
    "0 is complete.",
    title="missing of the sum", unit="cosine", higher=False, beats=(),
)  # fmt: skip
_add(
    "partner", CHANGES, fidelity.partner, f"this project, after {_ADEBAYO}",
    "Rank correlation of the first photograph's map with its map beside another individual. 1 is a map that does not "
    "look at the partner.",
    title="same for a stranger", unit="-1 to 1", higher=False, beats=(CENTRE,),
)  # fmt: skip
_add(
    "weights", CHANGES, fidelity.weights, _ADEBAYO,
    "Rank correlation of the first photograph's map with its map by the model with all weights shuffled. 1 is a map "
    "that does not look at what the model has learned.",
    title="same untrained", unit="-1 to 1", higher=False, beats=(CENTRE,),
)  # fmt: skip
_add(
    "cascade", CHANGES, fidelity.cascade, f"{_ADEBAYO} (cascading randomisation)",
    "The same, mean over models that have forgotten more and more: the last third of their weight matrices and kernels "
    "shuffled, the last two thirds, all.",
    title="same as weights go", unit="-1 to 1", higher=False, beats=(CENTRE,),
)  # fmt: skip
_add(
    "noise", CHANGES, fidelity.noise, _YEH,
    "Rank correlation of the first photograph's map with its map after noise in each pixel of the model's input, of "
    f"standard deviation {disturbing.NOISE} of 255. 1 is a map that stays, as one that looks at nothing does, too.",
    title="same in noise", unit="-1 to 1", beats=(RANDOM,),
)  # fmt: skip
_add(
    "compression", CHANGES, fidelity.compression, _YEH,
    f"The same after the photograph, reduced to the model's input, was kept as a JPEG of quality {disturbing.QUALITY}.",
    title="same as JPEG", unit="-1 to 1", beats=(RANDOM,),
)  # fmt: skip
_add(
    "shift", CHANGES, fidelity.shift, _YEH,
    f"The same after a shift by {disturbing.SHIFT} px of the model's input to the right and down, which is taken back "
    "before the maps are compared.",
    title="same when shifted", unit="-1 to 1", beats=(RANDOM,),
)  # fmt: skip
_add(
    "seconds", COST, lambda case: case.explanation.seconds, "measured", "Time of one explanation on this machine.",
    unit="seconds", higher=False, beats=(),
)  # fmt: skip
_add(
    "passes", COST, lambda case: _known(case.explanation.seconds / case.forward), "measured",
    "The same in times that one photograph takes forward through the model.",
    unit="forward passes", higher=False, beats=(),
)  # fmt: skip
_add(
    "memory", COST, lambda case: _known(case.memory / 2**20), "measured",
    "By how much the process's memory at its height exceeds what was in use before.",
    unit="MiB", higher=False, beats=(),
)  # fmt: skip


def _known(number: float) -> float | None:
    return number if np.isfinite(number) else None
