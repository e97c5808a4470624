"""The figures of the papers, on any pairs: specifications to take as they are, or to edit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pairx.figures.spec import WIDTHS
from pairx.types import InputError

CAMS = (
    "grad-cam", "hirescam", "score-cam", "grad-cam++", "ablation-cam", "xgrad-cam", "eigen-cam", "eigengrad-cam",
    "layercam", "fullgrad", "grad-cam-elementwise", "kpca-cam",
)  # fmt: skip
"""The twelve techniques of PAIR-X's Figure 9, in its order."""
TECHNIQUES = ("sift", "kpca-cam", "kernel-shap-500", "lrp", "point-to-point", "pair-x")
"""Those of its Figure 2, in its order; its classical matcher is not named there."""
FIRST_ORDER = (
    "integrated-gradients", "sbsm", "partition-shap", "lime", "kernel-shap", "vesm", "grad-cam", "sam", "ig-sam",
    "ksam",
)  # fmt: skip
"""Those that Hamilton et al. compare, in the order of their Table 2, after the pixels' integrated gradients."""
NARROW = 100
"""Width, mm, below which layers and first-order methods go by rows."""
TRANSFORMER = {"name": "timm:swin_tiny_patch4_window7_224", "weights": "random", "resize": "squash"}
_RIGHT, _WRONG, _TWINS = ("inka-1", "inka-2"), ("domino-3", "inka-2"), ("duma-2", "tano-3")
Pair = tuple[str, str]
Values = dict[str, Any]


@dataclass(frozen=True)
class Preset:
    """A figure of a paper. about: what it shows. make: the specification's values of pairs of photographs, or of a run.
    given: how photographs are given: "pairs", "three" (a query, A, B), or "run", which goes without. sample: the
    photographs that stand in where none are given. turns: whether rows and columns change places in a narrow figure,
    as there are too many columns for it."""

    title: str
    about: str
    make: Callable[[Sequence[str], str], Values]
    given: str = "pairs"
    sample: tuple[str, ...] = ()
    turns: bool = False


def preset(name: str, photographs: Sequence[str] = (), run: str = "sample", **said: Any) -> Values:
    """The values of a preset's specification, ready for `pairx.figure` or YAML.

    photographs: paths or `sample:ID`; without any, those of the sample. run: its folder, for presets that show one.
    said: what the specification says beside, such as model, layer or width; None says nothing. Raises InputError for
    another name or number of photographs.
    """
    if name not in PRESETS:
        raise InputError(f"There is no preset {name!r}. Choose {', '.join(PRESETS)}.")
    chosen = PRESETS[name]
    given = tuple(photographs) or tuple(f"sample:{one}" for one in chosen.sample)
    if chosen.given == "run" and photographs:
        raise InputError(f"{name} takes its pairs from a run: give --run FOLDER in place of photographs.")
    if chosen.given == "pairs" and len(given) % 2:
        raise InputError(f"{name} takes pairs: give an even number of photographs, not {len(given)}.")
    if chosen.given == "three" and len(given) != 3:
        raise InputError(f"{name} takes three photographs: a query, A, and B that it is compared with.")
    values = chosen.make(given, run) | {key: value for key, value in said.items() if value is not None}
    if chosen.turns and _is_narrow(values["width"]):
        values["rows"], values["columns"] = values["columns"], values["rows"]
    return values


def _is_narrow(width: str | float) -> bool:
    """Whether a figure is as wide as one of several columns of text. width: mm, or the name of a journal's column."""
    try:
        return float(WIDTHS.get(str(width), width)) < NARROW
    except ValueError:  # which reading the specification tells
        return False


def _pairs(photographs: Sequence[str]) -> list[Any]:
    return [[photographs[at], photographs[at + 1]] for at in range(0, len(photographs), 2)]


def _explained(photographs: Sequence[str], _run: str) -> Values:
    return {"columns": {"pairs": _pairs(photographs)}, "rows": [{"show": "both", "title": ""}], "width": "cvpr-page"}


def _by_techniques(names: Sequence[str]) -> Callable[[Sequence[str], str], Values]:
    def make(photographs: Sequence[str], _run: str) -> Values:
        return {
            "columns": {"pairs": _pairs(photographs)},
            "rows": {"methods": list(names)},
            "width": "cvpr-page",
        }

    return make


def _trends(_photographs: Sequence[str], run: str) -> Values:
    views = ("most plausible correct", "most plausible incorrect", "least plausible correct")
    rows = [
        {"run": run, "view": view, "first": 1, "title": f"{view.capitalize()}"} for view in views
    ]  # fmt: skip
    return {
        "rows": {"pairs": rows},
        "columns": [{"show": "matches", "title": "Matches"}, {"show": "colours", "title": "Pixels"}],
        "outlines": "on",
        "width": "cvpr-page",
    }


def _scattered(_photographs: Sequence[str], run: str) -> Values:
    views = (("most plausible correct", 2), ("most plausible incorrect", 2), ("least plausible correct", 1))
    return {
        "scatter": {"run": run},
        "rows": {"pairs": [{"run": run, "view": view, "first": first, "title": ""} for view, first in views]},
        "show": "matches",
        "outlines": "on",
        "width": "cvpr-page",
    }


def _layers(photographs: Sequence[str], _run: str) -> Values:
    return {
        "rows": {"pairs": _pairs(photographs)},
        "columns": {"layers": [f"blocks.{number}" for number in (1, 2, 3, 4, 5)]},
        "width": "cvpr-page",
        "lines": 12,
    }


def _transformer(photographs: Sequence[str], _run: str) -> Values:
    return {
        "model": dict(TRANSFORMER),
        "columns": {"pairs": _pairs(photographs)},
        "rows": [{"show": "both", "title": ""}],
        "width": "cvpr-page",
    }


def _decomposition(photographs: Sequence[str], _run: str) -> Values:
    return {
        "rows": {"pairs": [{"a": a, "b": b, "point": [0.8, 0.3]} for a, b in _pairs(photographs)]},
        "columns": [
            {"show": "photographs", "title": "Photographs"},
            {"method": "decomposition", "show": "map", "title": "Overall"},
            {"method": "point-to-point", "show": "point", "title": "One point"},
        ],
        "width": "ieee-page",
    }


def _first_order(photographs: Sequence[str], _run: str) -> Values:
    columns: list[Any] = [{"show": "photographs", "photograph": "second", "title": "Retrieved"}]
    return {
        "rows": {"pairs": [{"a": a, "b": b, "title": ""} for a, b in _pairs(photographs)]},
        "columns": [*columns, *({"method": name, "photograph": "first", "show": "map"} for name in FIRST_ORDER)],
        "width": "neurips-page",
        "font_size": 6,
    }


def _rather(photographs: Sequence[str], _run: str) -> Values:
    query, a, b = photographs
    return {
        "method": "sam",
        "show": "map",
        "pair": [query, a],
        "columns": [
            {"show": "photographs", "title": "Query and A"},
            {"title": "Why A?"},
            {"background": b, "title": "Why A rather than B?"},
            {"pair": [query, b], "show": "photographs", "photograph": "second", "title": "B"},
        ],
        "rows": [{"title": ""}],
        "width": "neurips-page",
    }


def _labels(photographs: Sequence[str], _run: str) -> Values:
    thirds = [
        {"name": name, "box": [at, 0.2, 0.25, 0.6]}
        for name, at in (("left", 0.1), ("middle", 0.375), ("right", 0.65))
    ]  # fmt: skip
    return {
        "method": "sam",
        "labels": thirds,
        "rows": {"pairs": _pairs(photographs)},
        "columns": [
            {"show": "photographs", "title": "Photographs"},
            {"show": "labels", "title": "SAM"},
            {"show": "labels", "method": "point-to-point"},
        ],
        "width": "neurips-page",
    }


_THREE = (*_RIGHT, *_WRONG, *_TWINS)
PRESETS = {
    "pairx-1": Preset(
        "PAIR-X, Figure 1",
        "matches above, the pixels behind each below",
        _explained,
        sample=(*_RIGHT, *_WRONG),
    ),
    "pairx-2": Preset(
        "PAIR-X, Figure 2",
        "techniques by rows, pairs by columns",
        _by_techniques(TECHNIQUES),
        sample=_THREE,
    ),
    "pairx-4": Preset(
        "PAIR-X, Figure 4",
        "plausible and implausible pairs of a run, outlined",
        _trends,
        "run",
    ),
    "pairx-5": Preset(
        "PAIR-X, Figure 5",
        "a run as points, pairs pinned to theirs",
        _scattered,
        "run",
    ),
    "pairx-8": Preset(
        "PAIR-X, Figure 8",
        "layers by columns",
        _layers,
        sample=(*_RIGHT, *_TWINS),
        turns=True,
    ),
    "pairx-9": Preset(
        "PAIR-X, Figure 9",
        "twelve class activation techniques by rows",
        _by_techniques(CAMS),
        sample=_THREE,
    ),
    "pairx-10": Preset(
        "PAIR-X, Figure 10",
        "a transformer, of random weights unless --model names another",
        _transformer,
        sample=(*_RIGHT, *_TWINS),
    ),
    "zhu": Preset(
        "Zhu et al., Figure 1",
        "overall maps, and those of one point",
        _decomposition,
        sample=(*_RIGHT, *_TWINS),
    ),
    "hamilton-first-order": Preset(
        "Hamilton et al., Figure 2",
        "first-order methods by columns",
        _first_order,
        sample=(*_RIGHT, *_TWINS),
        turns=True,
    ),
    "hamilton-rather": Preset(
        "Hamilton et al., Figure 3",
        "why A rather than B",
        _rather,
        "three",
        sample=("inka-1", "inka-2", "domino-3"),
    ),
    "hamilton-labels": Preset(
        "Hamilton et al., Figure 4",
        "labels of one photograph, found in the other",
        _labels,
        sample=(*_RIGHT, *_TWINS),
    ),
}
"""By the names that `pairx figure --preset` takes."""
