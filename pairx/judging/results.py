"""What a judgement found, small enough to ship: every method by every criterion, and the pairs behind it."""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd

from pairx.judging.criteria import CRITERIA
from pairx.types import InputError

FILE = "results.json"
"""Name of the file in a judgement's folder."""
ENDS = 3
"""Pairs that are kept of each end of a cell, the best and the worst."""
DIGITS = 4
TITLES = {
    "benchmarks.models:mobilenet": "MobileNetV2 (ImageNet)",
    "benchmarks.models:lite2": "EfficientNet-Lite2 (ImageNet)",
}
"""Of judged models whose name is an address of code."""
_NUMBERS = "mean", "low", "high", "difference", "difference_low", "difference_high"


@dataclass(frozen=True)
class JudgedPair:
    """number: in `Results.pairs`. value: of the method by the criterion."""

    number: int
    value: float


@dataclass(frozen=True)
class Cell:
    """How a method, or a control, fared by a criterion.

    mean; low, high: its 95 % interval; difference, and its interval: to the reference, over the pairs that both have;
    each in the criterion's unit, NaN where it is not known. pairs, individuals: how many. flagged: controls that it is
    not better than. best, worst: up to ENDS pairs each, the best and the worst first.
    """

    method: str
    criterion: str
    mean: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float
    pairs: int
    individuals: int
    flagged: tuple[str, ...]
    best: tuple[JudgedPair, ...]
    worst: tuple[JudgedPair, ...]


@dataclass(frozen=True)
class Results:
    """What a judgement found.

    settings: dataset, photographs, model, model_key (`EmbeddingModel.key`), size [height, width], layer, pairs, seed
    and what else it depends on. command: that makes it. versions: of this program and of what computes. methods,
    controls, criteria: names in their order. notes: plain sentences on what was left out. pairs: image ids.
    """

    settings: Mapping[str, Any]
    command: str
    versions: Mapping[str, str]
    reference: str
    methods: tuple[str, ...]
    controls: tuple[str, ...]
    criteria: tuple[str, ...]
    notes: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...] = field(repr=False)
    cells: tuple[Cell, ...] = field(repr=False)

    @property
    def model_title(self) -> str:
        """What a reader calls the model: a name, and no address of a module."""
        name = str(self.settings["model"])
        return TITLES.get(name, name)

    def cell(self, method: str, criterion: str) -> Cell | None:
        """That of a method and a criterion; None where it is not defined."""
        return self._cells.get((method, criterion))

    @cached_property
    def _cells(self) -> dict[tuple[str, str], Cell]:
        return {(one.method, one.criterion): one for one in self.cells}

    def save(self, path: Path) -> None:
        """Write it as JSON that `read_results` reads."""
        told = asdict(self)
        told["cells"] = [_known(one) for one in told["cells"]]
        path.write_text(json.dumps(told, separators=(",", ":"), allow_nan=False) + "\n", encoding="utf-8")


def results_of(table: pd.DataFrame, scores: pd.DataFrame, about: Mapping[str, Any]) -> Results:
    """From a judgement's table, scores and `about`."""
    ids = scores.drop_duplicates("number").set_index("number")[["image_id0", "image_id1"]]
    places = {number: place for place, number in enumerate(ids.index)}
    by_cell = {key: part for key, part in scores.groupby(["method", "criterion"], sort=False)}
    cells = []
    for row in table.to_dict("records"):
        order = by_cell[row["method"], row["criterion"]].sort_values("value", kind="stable")
        if CRITERIA[row["criterion"]].higher:
            order = order[::-1]
        ranked = [
            JudgedPair(places[number], round(value, DIGITS))
            for number, value in zip(order["number"], order["value"], strict=True)
        ]
        cells.append(
            Cell(
                row["method"], row["criterion"], **{name: round(float(row[name]), DIGITS) for name in _NUMBERS},
                pairs=int(row["pairs"]), individuals=int(row["individuals"]),
                flagged=tuple(filter(None, row["flagged"].split(", "))),
                best=tuple(ranked[:ENDS]), worst=tuple(ranked[::-1][:ENDS]),
            )
        )  # fmt: skip
    return Results(
        about["settings"], _command(about), _versions(), about["reference"], tuple(about["methods"]),
        tuple(about["controls"]), tuple(one["name"] for one in about["criteria"]), tuple(about["notes"]),
        tuple((str(first), str(second)) for first, second in ids.to_numpy()), tuple(cells),
    )  # fmt: skip


def read_results(path: Path) -> Results:
    """What `Results.save` wrote. Raises InputError where the file is none of ours."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        told["cells"] = tuple(_cell(one) for one in told["cells"])
        told["pairs"] = tuple((first, second) for first, second in told["pairs"])
        told |= {name: tuple(told[name]) for name in ("methods", "controls", "criteria", "notes")}
        return Results(**told)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} holds no results of a judgement ({error}): give one that `judge` wrote.") from error


@cache
def shipped_results() -> tuple[Results, ...]:
    """The judgements that ship, of several models and data sets; first those with the most numbers, since the truth of
    their data set is known.
    """
    folder = Path(str(files("pairx.assets") / "judgements"))
    read = [read_results(path) for path in sorted(folder.glob("*.json"))]
    return tuple(sorted(read, key=lambda one: -len(one.cells)))


def _cell(told: dict[str, Any]) -> Cell:
    told |= {name: math.nan if told[name] is None else told[name] for name in _NUMBERS}
    told |= {end: tuple(JudgedPair(**one) for one in told[end]) for end in ("best", "worst")}
    return Cell(**told | {"flagged": tuple(told["flagged"])})


def _known(cell: dict[str, Any]) -> dict[str, Any]:
    return cell | {name: None if math.isnan(cell[name]) else cell[name] for name in _NUMBERS}


def _command(about: Mapping[str, Any]) -> str:
    """The command that judges the same, for one who has the data set under its name."""
    settings = about["settings"]
    words = ["pairx", "judge", settings["dataset"], "--model", settings["model"], "--pairs", str(settings["pairs"])]
    words += ["--seed", str(settings["seed"])] * bool(settings["seed"])
    words += ["--whole-photographs"] * settings["whole_photographs"]
    if settings["criteria"] != list(CRITERIA):
        words += ["--criteria", *settings["criteria"]]
    return shlex.join([*words, "--methods", *about["methods"]])


def _versions() -> dict[str, str]:
    return {"pairx": import_module("pairx").__version__, **{name: version(name) for name in ("torch", "timm", "numpy")}}
