"""One door to all methods: a model, a pair and methods' names to explanations."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from pairx import baselines, core, lrp
from pairx.baselines import Method
from pairx.geometry import MATCHERS
from pairx.models import EmbeddingModel
from pairx.plugins import Registry
from pairx.types import Computation, Explanation, ImagePair, InputError, MethodCard, Refusal, Step, Steps, finished

_FAMILIES = (
    core.CARD.family, "class activation", "decomposition", "Shapley values", "relevance", "perturbation", "classical",
)  # fmt: skip


def registered() -> Registry[Method]:
    """All methods but PAIR-X."""
    len(MATCHERS)  # a look loads those of plug-ins, each of which is a method, too
    return baselines.METHODS


def families() -> list[str]:
    """The families of methods, in the order they are shown: ours, then others as they were registered."""
    return list(dict.fromkeys([*_FAMILIES, *(found.card.family for found in registered().values())]))


def cards() -> dict[str, MethodCard]:
    """The cards of all methods by name, family by family."""
    found, order = [core.CARD, *(found.card for found in registered().values())], families()
    return {card.name: card for card in sorted(found, key=lambda card: order.index(card.family))}


def card_of(method: str) -> MethodCard:
    """A method's card. Raises InputError for a method that does not exist."""
    if method == core.CARD.name:
        return core.CARD
    if method not in registered():
        raise InputError(f"There is no method {method!r}. `python -m pairx methods` lists all.")
    return baselines.METHODS[method].card


def list_methods(family: str | None = None) -> list[MethodCard]:
    """The cards of all methods, or of one family."""
    return [card for card in cards().values() if family in (None, card.family)]


def explain_steps(
    model: EmbeddingModel, pair: ImagePair, method: str = "pair-x", layers: Sequence[str] = (), **options: Any
) -> Computation[list[Explanation]]:
    """Explain a pair at one or several layers, in steps.

    layers: by default the model's own choice. options: the method's (`pairx.core.Options` for PAIR-X, and `preset`, a
    name of `pairx.core.PRESETS`, whose options hold where no others are given). Yields a `Step`
    before every part of the work; stop iterating and the work stops. Returns one `Explanation` a layer. Raises
    InputError for a method, layer or option that does not exist.
    """
    chosen = options_of(method, **options)
    layers = tuple(layers) or (model.default_layer,)
    if method == core.CARD.name:
        explanations = yield from core.explain_steps(model, pair, layers, chosen)
        return [noted(one, pair) for one in explanations]
    explanations = []
    for layer in [model.layer(name).name for name in layers]:
        yield Step(0, 1, "encoding the photographs")
        found = yield from baselines.explain(baselines.encode_pair(model, pair, layer), method, chosen)
        explanations.append(noted(found, pair))
    return explanations


def explain(
    model: EmbeddingModel, pair: ImagePair, method: str = "pair-x", layer: str | None = None, **options: Any
) -> Explanation:
    """Explain a pair at one layer: see `explain_steps`."""
    return finished(explain_steps(model, pair, method, (layer,) if layer else (), **options))[0]


@dataclass(frozen=True)
class Seen:
    """What the model saw of a pair's photographs for other pairs, too.

    sides: by `baselines.encode_one` at one layer, for methods but PAIR-X. recordings: of `core.Recordings`, for PAIR-X
    with the same layer and options. What is empty is seen anew.
    """

    sides: Sequence[baselines.Side] = ()
    recordings: Sequence[lrp.Recording] = ()


NOTHING = Seen()


def compare_each(
    model: EmbeddingModel,
    pair: ImagePair,
    methods: Sequence[str],
    layer: str | None = None,
    *,
    seen: Seen = NOTHING,
    **options: Any,
) -> Generator[Step | Explanation | Refusal]:
    """Explain a pair by several methods at one layer, in steps; the model sees the photographs once for all.

    seen: what it has seen before. options: given to each method that has them, such as `background`; other choices are
    each method's own. Of `samples` it is the most: a method whose own number is smaller keeps it. Yields Steps and, as
    soon as a method is through, its `Explanation`, or a `Refusal` where it cannot run, or not with the value of an
    option. Raises InputError for a method, layer or option that does not exist.
    """
    known = {name: option_names(name) for name in methods}
    if unknown := sorted(set(options).difference(*known.values())):
        raise InputError(f"None of these methods has an option {unknown[0]!r}.")
    layer = model.layer(layer or model.default_layer).name
    at = baselines.paired(pair, *seen.sides) if seen.sides else baselines.encode_pair(model, pair, layer)
    for number, name in enumerate(methods):
        yield Step(100 * number, 100 * len(methods), title := card_of(name).title)
        try:
            own = _at_most(options_of(name, **{key: value for key, value in options.items() if key in known[name]}))
            if name == core.CARD.name:
                steps = _first(core.explain_steps(model, pair, (layer,), own, seen.recordings))
            else:
                steps = baselines.explain(at, name, own)
            yield noted((yield from _within(steps, number, len(methods), title)), pair)
        except InputError as error:
            yield Refusal(name, str(error))


def compare_steps(
    model: EmbeddingModel, pair: ImagePair, methods: Sequence[str], layer: str | None = None, **options: Any
) -> Computation[list[Explanation | Refusal]]:
    """Explain a pair by several methods at one layer: see `compare_each`. Yields Steps, returns what each method finds,
    in the order given.
    """
    found: list[Explanation | Refusal] = []
    for item in compare_each(model, pair, methods, layer, **options):
        if isinstance(item, Step):
            yield item
        else:
            found.append(item)
    return found


def compare(
    model: EmbeddingModel, pair: ImagePair, methods: Sequence[str], layer: str | None = None, **options: Any
) -> list[Explanation | Refusal]:
    """Explain a pair by several methods at one layer: see `compare_steps`."""
    return finished(compare_steps(model, pair, methods, layer, **options))


def option_names(method: str) -> list[str]:
    """The names of a method's options. Raises InputError for a method that does not exist."""
    return [field.name for field in fields(_options(method))]


def options_of(method: str, **options: Any) -> Any:
    """A method's options, frozen. Raises InputError for a method or an option that does not exist."""
    known = option_names(method)
    if method == core.CARD.name:
        options = core.preset(options.pop("preset", "paper")) | options
    if unknown := sorted(set(options) - set(known)):
        raise InputError(f"{method} has no option {unknown[0]!r}. It takes {', '.join(known) or 'none'}.")
    return _options(method)(**options)


def _options(method: str) -> type:
    """The class of a method's options."""
    return core.Options if card_of(method) is core.CARD else baselines.METHODS[method].options


def noted(explanation: Explanation, pair: ImagePair) -> Explanation:
    """The explanation with what was guessed while its photographs were read among its notes."""
    return replace(explanation, notes=tuple(dict.fromkeys((*explanation.notes, *pair.notes))))


def signed(explanation: Explanation) -> tuple[int, int] | tuple[None, None]:
    """How many matches raise and lower the similarity; None but for PAIR-X's, where they can be believed."""
    matches = explanation.matches
    if matches is None or explanation.withheld or explanation.settings.get("cells") != "signed":
        return None, None
    return matches.raising, matches.lowering


def _at_most(options: Any) -> Any:
    """The same with no more samples than the method's own number."""
    own = getattr(type(options)(), "samples", None)
    return options if own is None else replace(options, samples=min(options.samples, own))


def _first(steps: Computation[list[Explanation]]) -> Computation[Explanation]:
    return (yield from steps)[0]


def _within(steps: Computation[Explanation], number: int, total: int, title: str) -> Computation[Explanation]:
    """One method's steps as hundredths of its part in the whole."""
    taken = Steps(steps)
    for step in taken:
        part = round(100 * step.done / max(1, step.total))
        yield Step(100 * number + part, 100 * total, f"{title}: {step.what}")
    return taken.result
