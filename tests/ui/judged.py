"""A judgement that is made up: every number of it is known."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from pairx.judging.contenders import CENTRE, EDGES, RANDOM, UNTRAINED
from pairx.judging.criteria import CRITERIA
from pairx.judging.results import FILE, Cell, JudgedPair, Results

PAIRS = (("amara-1", "amara-2"), ("chui-1", "chui-2"), ("marty-1", "marty-2"))
"""Of the sample herd."""
MEANS = {
    "pair-x": {"right-places": 0.81, "energy": 0.7, "deletion": 0.2, "faithfulness": 0.42, "partner": 0.5},
    "grad-cam": {"energy": 0.3, "deletion": 0.1, "faithfulness": 0.3, "partner": -0.1, "weights": 0.95},
    "eigen-cam": {"energy": 0.5, "faithfulness": -0.1, "partner": 1.0},
    RANDOM: {"right-places": 0.01, "energy": 0.2, "faithfulness": 0.2},
}
FLAGGED = {
    ("grad-cam", "energy"): (CENTRE, EDGES),
    ("pair-x", "faithfulness"): (EDGES,),
    ("eigen-cam", "faithfulness"): (RANDOM, CENTRE, EDGES),
    ("eigen-cam", "partner"): (CENTRE,),
}


def results(key: str = "a key", layer: str = "stage", **settings: Any) -> Results:
    """Of `reid-lite0` on the sample herd, unless settings say otherwise. key: of the model."""
    cells = [_cell(method, name, mean) for method, means in MEANS.items() for name, mean in means.items()]
    told = {
        **{"dataset": "sample", "photographs": 128, "model": "reid-lite0", "model_key": key, "layer": layer},
        **{"whole_photographs": False},
        **settings,
    }
    methods = tuple(name for name in MEANS if name != RANDOM)
    return Results(
        settings=told, command="pairx judge sample", versions={}, reference="pair-x", methods=methods,
        controls=(RANDOM, CENTRE, EDGES, UNTRAINED), criteria=tuple(CRITERIA), notes=("Left out: parts.",),
        pairs=PAIRS, cells=tuple(cells),
    )  # fmt: skip


def write(folder: Path, found: Results) -> None:
    """As `judge` leaves it in its folder."""
    folder.mkdir(parents=True)
    found.save(folder / FILE)


def _cell(method: str, criterion: str, mean: float) -> Cell:
    ends = [tuple(JudgedPair(i, mean + sign * (0.2 - 0.1 * i)) for i in range(2)) for sign in (1, -1)]
    difference = (math.nan,) * 3 if method == "pair-x" or criterion == "right-places" else (-0.4, -0.6, -0.2)
    known = (math.nan, math.nan) if criterion == "partner" else (mean - 0.1, mean + 0.1)
    return Cell(
        method, criterion, mean, *known, *difference, pairs=12, individuals=11,
        flagged=FLAGGED.get((method, criterion), ()), best=ends[0], worst=ends[1],
    )  # fmt: skip
