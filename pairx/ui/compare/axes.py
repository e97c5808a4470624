"""What a comparison varies: one record an axis. Panels, links, keys of results and figures follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pairx import core
from pairx.choices import OFFERED
from pairx.methods import card_of, cards
from pairx.types import InputError
from pairx.ui.compare.background import BACKGROUNDS, PHOTOGRAPH, background_of
from pairx.ui.explain.samples import SamplePair
from pairx.ui.shared.links import Options, published
from pairx.ui.shared.photos import Ref
from pairx.ui.shared.session import AppState, Request, takes_background
from pairx.ui.shared.words import PRESETS, capitalised, layer_title

MOST_PANELS = 60
PAIR_X = core.CARD.name
BETWEEN = "~"
"""Between the ids of a pair's photographs."""


@dataclass(frozen=True)
class Choice:
    """One of an axis. id: as links name it. group: the heading below which it is listed."""

    id: str
    title: str
    group: str = ""


@dataclass(frozen=True)
class Ground:
    """What a comparison starts from. request: what the form holds. pairs: the samples. photo: the background's
    photograph, where one is chosen."""

    app_state: AppState
    request: Request
    pairs: tuple[SamplePair, ...] = ()
    photo: Ref | InputError | None = None


@dataclass(frozen=True)
class Cell:
    """One panel: what is computed, and what it is called. id: of its choice and, beside several methods, of its
    method. request: its layer is "" for the model's own."""

    id: str
    title: str
    method: str
    request: Request

    @property
    def about(self) -> str:
        """Its method, where the title does not say it already."""
        title = card_of(self.method).title
        return "" if title == self.title else title


@dataclass(frozen=True)
class Axis:
    """What is varied. offered: its choices. default: those that are compared until somebody chooses. varied: title and
    request of one choice; raises InputError where there is none of this id. method: by which it is compared until
    somebody chooses others; "" where the choices are the methods. takes: whether a method can be compared along it.
    open: whether there are choices beside those offered."""

    id: str
    title: str
    info: str
    offered: Callable[[Ground], Sequence[Choice]]
    default: Callable[[Sequence[Choice]], Iterable[str]]
    varied: Callable[[Ground, str], tuple[str, Request]]
    method: str = PAIR_X
    takes: Callable[[str], bool] = lambda method: True
    open: bool = False

    def chosen(self, ground: Ground, choices: Sequence[str] | None) -> list[str]:
        """Of what was chosen that which exists here; the default where nobody chose, or nothing of it exists."""
        offered = self.offered(ground)
        known = {one.id for one in offered}
        found = [one for one in choices or () if self.open or one in known]
        return found if found or choices == () else [one for one in self.default(offered) if one in known]

    def cells(self, ground: Ground, choices: Sequence[str], methods: Sequence[str]) -> list[Cell]:
        """The panels: row by row, a row a choice and a column a method. Raises InputError."""
        if not self.method:
            return [Cell(name, *_by(name, *self.varied(ground, name))) for name in choices]
        names = [name for name in methods if self.takes(name)] or [self.method]
        found = []
        for choice in choices:
            title, request = self.varied(ground, choice)
            for name in names:
                id = choice if len(names) == 1 else f"{choice} {name}"
                found.append(Cell(id, *_by(name, title, request)))
        return found


def _by(method: str, title: str, request: Request) -> tuple[str, str, Request]:
    """What a cell of this method is made of: the options are PAIR-X's, and no other result depends on them."""
    return title, method, request if method == PAIR_X else replace(request, options=Options())


def _methods(ground: Ground) -> list[Choice]:
    return [Choice(card.name, card.title, capitalised(card.family)) for card in cards().values()]


def _method(ground: Ground, name: str) -> tuple[str, Request]:
    return card_of(name).title, ground.request


def _layers(ground: Ground) -> list[Choice]:
    model = ground.app_state.model(ground.request.model)
    return [Choice(layer.name, layer_title(model, layer.name)) for layer in model.layers]


def _layer(ground: Ground, name: str) -> tuple[str, Request]:
    request = replace(ground.request, layer=name)
    return layer_title(ground.app_state.model(request.model), name), request


def _models(ground: Ground) -> list[Choice]:
    known = ground.app_state.cards.values()
    ready = [Choice(card.name, card.title, "Here") for card in known if card.embedded]
    return ready + [Choice(card.name, card.title, "Downloads its weights") for card in known if not card.embedded]


def _model(ground: Ground, name: str) -> tuple[str, Request]:
    if name not in ground.app_state.cards:
        raise InputError("There is no such model here. Choose one from the list.")
    layer = ground.request.layer if name == ground.request.model else ""
    return ground.app_state.cards[name].title, replace(ground.request, model=name, layer=layer)


def _options(ground: Ground) -> list[Choice]:
    presets = [Choice(name, title, "As published") for title, name in PRESETS[2]]
    return presets + [
        Choice(f"{name}.{value}", title, choice.title)
        for name, choice in OFFERED.items()
        for value, title in choice.offered.items()
        if value != getattr(ground.request.options, name)
    ]


def _option(ground: Ground, id: str) -> tuple[str, Request]:
    known = {name: title for title, name in PRESETS[2]}
    if id in known:
        return known[id], replace(ground.request, options=published(id))
    name, _, value = id.partition(".")
    if name not in OFFERED or value not in OFFERED[name].offered:
        raise InputError("There is no such option of PAIR-X. Choose one from the list.")
    options = Options(**{**asdict(ground.request.options), name: value})
    return f"{OFFERED[name].title}: {OFFERED[name].offered[value]}", replace(ground.request, options=options)


def _backgrounds(ground: Ground) -> list[Choice]:
    return [Choice(name, title) for title, name in BACKGROUNDS]


def _background(ground: Ground, name: str) -> tuple[str, Request]:
    title = next((title for title, known in BACKGROUNDS if known == name), "")
    background = background_of(name, ground.photo)
    if isinstance(background, Ref) and name == PHOTOGRAPH:
        title = background.name
    return title, replace(ground.request, background=background)


def _pairs(ground: Ground) -> list[Choice]:
    here = ground.request
    own = Choice(pair_id(here.photo0.id, here.photo1.id), f"{here.photo0.name} and {here.photo1.name}", "This pair")
    samples = [Choice(pair_id(one.a, one.b), f"{one.title}: {one.a} and {one.b}", "Samples") for one in ground.pairs]
    return [own, *(one for one in samples if one.id != own.id)]


def _pair(ground: Ground, id: str) -> tuple[str, Request]:
    here = ground.request.photo0, ground.request.photo1
    if id == pair_id(here[0].id, here[1].id):
        return f"{here[0].name} and {here[1].name}", ground.request
    photos = [ground.app_state.shelf.find(one) for one in id.split(BETWEEN)]
    if len(photos) != 2:
        raise InputError("This is no pair of photographs. Choose one from the list.")
    a, b = photos
    return f"{a.name} and {b.name}", replace(ground.request, photo0=a, photo1=b)


def pair_id(a: str, b: str) -> str:
    """A pair's id, from those of its photographs."""
    return f"{a}{BETWEEN}{b}"


def _first(count: int) -> Callable[[Sequence[Choice]], list[str]]:
    return lambda choices: [one.id for one in choices[:count]]


def _ready(choices: Sequence[Choice]) -> list[str]:
    return [one.id for one in choices if one.group == choices[0].group]


SIX = (PAIR_X, "grad-cam", "decomposition", "sam", "lrp", "sift")
"""One quick method of each family that has one, and one that does not look at the model."""
AXES = {
    axis.id: axis
    for axis in (
        Axis(
            "methods", "Methods", "Each with the settings of its paper; PAIR-X with those of Explain.",
            _methods, lambda choices: SIX, _method, method="",
        ),
        Axis(
            "layers", "Layers", "Where in the network features are compared.",
            _layers, _first(6), _layer,
        ),
        Axis(
            "models", "Models", "Each at the layer that is recommended for it; Explain's model at the chosen one.",
            _models, _ready, _model,
        ),
        Axis(
            "options", "Options", "PAIR-X as published, or as in Explain but for one option.",
            _options, _first(3), _option, takes=lambda method: method == PAIR_X,
        ),
        Axis(
            "backgrounds", "Backgrounds", "What stands for an absent place.",
            _backgrounds, _first(4), _background, method="sam", takes=takes_background,
        ),
        Axis(
            "pairs", "Pairs", "Several pairs by one method, or by a few: then a row a pair and a column a method.",
            _pairs, _first(4), _pair, open=True,
        ),
    )
}  # fmt: skip
"""By id, in the order they are shown."""


@dataclass(frozen=True)
class Asked:
    """What the browser asks to be compared. choices: None where nobody chose. Of what it sends, only texts stay."""

    axis: str = "methods"
    choices: tuple[str, ...] | None = None
    methods: tuple[str, ...] = ()

    @classmethod
    def of(cls, sent: dict[str, Any]) -> Asked:
        """From anything."""
        choices = sent.get("choices")
        return cls(str(sent.get("axis")), None if choices is None else _texts(choices), _texts(sent.get("methods")))

    def cells(self, ground: Ground) -> list[Cell]:
        """The panels. Raises InputError where nothing, too much, or what does not exist is asked for."""
        if self.axis not in AXES:
            raise InputError("There is no such comparison. Choose what to compare at the left.")
        axis = AXES[self.axis]
        choices = axis.chosen(ground, self.choices)
        if not choices:
            raise InputError(f"Choose at least one of the {axis.title.lower()}.")
        found = axis.cells(ground, choices, [name for name in self.methods if name in cards()])
        if len(found) > MOST_PANELS:
            raise InputError(f"{len(found)} panels are too many to compare: choose {MOST_PANELS} at most.")
        return found


def _texts(sent: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in sent if isinstance(one, str))) if isinstance(sent, list) else ()
