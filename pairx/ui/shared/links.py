"""A link that reopens a view: what it holds, how it is written, how an untrusted one is read."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

from pairx import core
from pairx.choices import OFFERED
from pairx.types import InputError
from pairx.ui.shared import cuts as parts_of
from pairx.ui.shared import seen
from pairx.ui.shared.cuts import Cut
from pairx.ui.shared.payload import Seen

CHOICES = {name: tuple(choice.offered) for name, choice in OFFERED.items()}
"""The options that have controls, each with the values that it may have here, the default first."""

MOST_LINES, MOST_COLORS = 40, 10
MOST_RANK = 99_999
MOST_TEXT, MOST_VALUES, MOST_SELECTED = 500, 200, 4000
_UPLOAD = re.compile(r"[0-9a-f]{24}")
_SPANS = re.compile(r"[0-9]{1,9}(-[0-9]{1,9})?(,[0-9]{1,9}(-[0-9]{1,9})?)*")
_LAYER = re.compile(r"[A-Za-z0-9_.]{1,80}")


@dataclass(frozen=True)
class Options:
    """How PAIR-X is computed, beyond model and layer. See `pairx.explain_steps`."""

    cells: str = CHOICES["cells"][0]
    start: str = CHOICES["start"][0]
    residual: str = CHOICES["residual"][0]
    batchnorm: str = CHOICES["batchnorm"][0]
    seed: str = CHOICES["seed"][0]
    pooling: str = CHOICES["pooling"][0]
    pixels: str = CHOICES["pixels"][0]
    engine: str = CHOICES["engine"][0]
    positions: str = CHOICES["positions"][0]
    strength: str = CHOICES["strength"][0]

    def __post_init__(self) -> None:
        for one in fields(self):
            if getattr(self, one.name) not in CHOICES[one.name]:
                raise ValueError(f"{one.name} is none of {', '.join(CHOICES[one.name])}")

    @property
    def chosen(self) -> dict[str, str]:
        """Those that are not the default, which links, figures and keys name: a new option leaves these as they are."""
        return {name: value for name, value in asdict(self).items() if value != CHOICES[name][0]}


def published(preset: str) -> Options:
    """The options of one of `pairx.core.PRESETS`. Raises InputError for another name."""
    return Options(**core.preset(preset))


def preset_of(options: Options) -> str | None:
    """The preset that the options are, or None."""
    return next((name for name in core.PRESETS if published(name) == options), None)


@dataclass(frozen=True)
class Link:
    """What a link asks for. a, b: a sample's id or the short digest of an upload. layer: None is the model's default.
    look: of `lines`, `colors`, `opacity`, `palette` those that were given. match: rank of the match to keep bright.
    cuts: what part of each photograph, None is all. seen: what of the picture is seen. back: whether the browser's
    history asks for it."""

    a: str
    b: str
    model: str
    layer: str | None = None
    options: Options = field(default_factory=Options)
    look: dict[str, int | float | str] = field(default_factory=dict)
    match: int | None = None
    cuts: tuple[Cut | None, Cut | None] = (None, None)
    seen: Seen = field(default_factory=Seen)
    back: bool = False


@dataclass(frozen=True)
class RunLink:
    """What a link to a view of a run asks for, unchecked: only the run knows what it has. "" and () where it says
    nothing. color, column, values, text: see `pairx.ui.explore.choice.Choice`. pairs: id of a ready-made view.
    selected: numbers of pairs selected by hand, such as "1-3,7". query, gallery: ids of the chosen pair's photographs.
    """

    run: str
    layer: str = ""
    metric: str = ""
    color: str = ""
    column: str = ""
    values: tuple[str, ...] = ()
    text: str = ""
    pairs: str = ""
    selected: str = ""
    query: str = ""
    gallery: str = ""

    def parameters(self) -> dict[str, str]:
        """The link's query; what it does not say is left out."""
        texts: dict[str, Any] = asdict(self) | {"values": json.dumps(self.values) if self.values else ""}
        return {name: text for name, text in texts.items() if text}


CUTS = ("cut_a", "cut_b")
LOOK_NAMES = ("lines", "colors", "opacity", "palette", "match", *seen.NAMES)
PAIR_NAMES = ("a", "b", *CUTS, "model", "layer", *CHOICES, *LOOK_NAMES)
COMPARE_NAMES = ("axis", "choices", "methods", "order", "background")
TRUST_NAMES = ("judged", "by", "cell")
NAMES = tuple(dict.fromkeys([*PAIR_NAMES, *COMPARE_NAMES, *(one.name for one in fields(RunLink)), *TRUST_NAMES]))
"""Every query parameter that a link may hold."""


def short(digest: str) -> str:
    """The part of an image's digest that a link carries: 96 bits, so that nobody finds another's photograph by
    trying."""
    return digest[:24]


def is_upload(photo: str) -> bool:
    """Whether this is the form of an upload's short digest."""
    return _UPLOAD.fullmatch(photo) is not None


def query(
    a: str, b: str, model: str, layer: str, options: Options, cuts: Sequence[Cut | None] = (None, None)
) -> dict[str, str]:
    """The parameters of a result. Options that have their default value are left out, and so are cuts that are none."""
    parts = {name: str(cut) for name, cut in zip(CUTS, cuts, strict=True) if cut is not None}
    return {"a": a, "b": b, **parts, "model": model, "layer": layer, **options.chosen}


def parse(
    params: Mapping[str, str], samples: Container[str], models: Container[str], palettes: Container[str]
) -> Link | None:
    """Read a query. None where it asks for nothing; values that are unknown or out of range are left at their defaults.

    Raises ValueError with a line for the person where the photographs or the model cannot be meant.
    """
    a, b, model = (str(params.get(name, ""))[:200] for name in ("a", "b", "model"))
    if not a and not b:
        return None
    for photo in (a, b):
        if photo not in samples and not is_upload(photo):
            raise ValueError(
                "This link names a photograph that does not exist here. Upload two, or take a sample pair."
            )
    if model and model not in models:
        raise ValueError("This link names a model that does not exist here. Choose another, and two photographs.")
    try:
        first, second = (parts_of.parse(str(params.get(name, ""))) for name in CUTS)
    except InputError as error:
        raise ValueError("This link names a part of a photograph that cannot be meant. Draw it again.") from error
    layer = str(params.get("layer", ""))
    chosen = {name: params[name] for name, values in CHOICES.items() if params.get(name) in values}
    return Link(
        a,
        b,
        model,
        layer if _LAYER.fullmatch(layer) else None,
        Options(**chosen),
        _look(params, palettes),
        _whole(params, "match", 1, MOST_RANK),
        (first, second),
        seen.read(params),
    )


def parse_run(params: Mapping[str, str]) -> RunLink | None:
    """Read a query. None where it names no run; texts are cut to a length that nothing of a run has."""
    texts: dict[str, Any] = {one.name: str(params.get(one.name, ""))[:MOST_TEXT] for one in fields(RunLink)}
    try:
        values = json.loads(str(params.get("values", ""))[: MOST_TEXT * MOST_VALUES])
    except (ValueError, RecursionError):
        values = []
    known = [one[:MOST_TEXT] for one in values if isinstance(one, str)] if isinstance(values, list) else []
    longer = {"values": tuple(known[:MOST_VALUES]), "selected": str(params.get("selected", ""))[:MOST_SELECTED]}
    return RunLink(**texts | longer) if texts["run"] else None


def among(numbers: Sequence[int], spans: str) -> list[int]:
    """Which of some numbers a text such as "1-3,7" names; none where it is another text."""
    if not _SPANS.fullmatch(spans):
        return []
    every = np.asarray(numbers)
    chosen = np.zeros(len(every), bool)
    for span in spans.split(","):
        low, _, high = span.partition("-")
        chosen |= (every >= int(low)) & (every <= int(high or low))
    return every[chosen].tolist()


def _look(params: Mapping[str, str], palettes: Container[str]) -> dict[str, int | float | str]:
    look: dict[str, int | float | str] = {}
    for name, most in (("lines", MOST_LINES), ("colors", MOST_COLORS)):
        if (value := _whole(params, name, 0, most)) is not None:
            look[name] = value
    text = str(params.get("opacity", ""))
    if re.fullmatch(r"[01](\.[0-9]{1,4})?", text) and float(text) <= 1:
        look["opacity"] = float(text)
    if params.get("palette") in palettes:
        look["palette"] = params["palette"]
    return look


def _whole(params: Mapping[str, str], name: str, low: int, high: int) -> int | None:
    text = str(params.get(name, ""))
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) and low <= int(text) <= high else None
