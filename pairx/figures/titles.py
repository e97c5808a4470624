"""What rows and columns are called where nobody says."""

from __future__ import annotations

from pairx.figures.cells import DEFAULT_MODEL
from pairx.figures.resolving import Resolved
from pairx.figures.spec import SIDES, Entry, Model, Pair, Photograph
from pairx.methods import card_of
from pairx.models import EmbeddingModel

_SHOWS = {
    "photographs": "Photographs",
    "map": "Map",
    "matches": "Matches",
    "colours": "Pixels",
    "both": "Matches and pixels",
    "point": "One point",
    "labels": "Labels",
}


def titles(found: Resolved, models: dict[Model, EmbeddingModel]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The titles of rows and of columns; "" for one that varies nothing."""
    rows, columns = (tuple(_title(entry, models) for entry in axis) for axis in (found.rows, found.columns))
    return rows, columns


def _title(entry: Entry, models: dict[Model, EmbeddingModel]) -> str:
    if entry.title is not None:
        return entry.title
    own, parts = entry.settings, []
    if isinstance(own.pair, Pair):
        parts.append(" and ".join(name_of(one) for one in (own.pair.a, own.pair.b)))
    if own.method:
        parts.append(card_of(own.method).title + (", pixels" if own.show == "colours" else ""))
    if own.model is not None:
        parts.append(models[own.model].title if own.model in models else own.model.name)
    if own.layer:
        model = models.get(own.model or DEFAULT_MODEL)
        parts.append(f"{own.layer} (1/{model.layer(own.layer).stride})" if model else own.layer)
    parts += [f"{name}: {value}".replace("_", " ") for name, value in own.options or ()]
    if isinstance(own.background, Photograph):
        parts.append(f"rather than {name_of(own.background)}")
    elif own.background:
        parts.append(f"background: {own.background}")
    if not parts and own.show:
        parts.append(_SHOWS[own.show])
    if not parts and own.side in (0, 1):
        parts.append(f"{SIDES[own.side].capitalize()} photograph")
    return ", ".join(parts)


def name_of(photograph: Photograph) -> str:
    """A photograph's name, without folder and ending."""
    stem = photograph.source.rpartition(":")[2].replace("\\", "/").rpartition("/")[2]
    return stem.rpartition(".")[0] or stem
