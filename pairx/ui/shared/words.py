"""What the controls are called."""

from __future__ import annotations

from collections.abc import Iterable

from pairx.evaluation.metrics import CONTROL, METRICS, USABLE
from pairx.models import EmbeddingModel, ModelCard

Choices = list[tuple[str, str]]

OWN_PAIR = (
    "The lines join the places that this model finds alike, and the colours mark the pixels behind the strongest."
)
"""What the picture of a pair shows that is no sample."""

OTHER_MISSING = "Now choose the other photograph: the pair is explained once both are there."
STOPPED = "Stopped. The picture is the one from before."
OUR_FAULT = "This pair could not be explained: a fault of ours. Try another layer or model."

NO_LONGER = "This picture is no longer the session's. Press Explain, then try again."
POINT_FAULT = "This place could not be explained: a fault of ours. Try another layer or model."

LAYER_INFO = "Where features are matched. Coarser layers see larger parts; the recommended one is chosen."

PRESETS: tuple[str, str, Choices] = (
    "As published",
    "Sets all below as the paper says, or as a public code does. Empty: a choice of your own.",
    [("The paper", "paper"), ("The authors' public code", "pairx"), ("WildMe's package", "wildme")],
)


def model_choices(cards: Iterable[ModelCard]) -> Choices:
    """Models by title; those that must be fetched say so."""
    return [(card.title if card.embedded else f"{card.title} (downloads its weights)", card.name) for card in cards]


def capitalised(text: str) -> str:
    """With a capital letter in front; the rest as it is."""
    return text[:1].upper() + text[1:]


def layer_title(model: EmbeddingModel, name: str) -> str:
    """Such as "1/16 resolution (blocks.3)"."""
    return f"1/{model.layer(name).stride} resolution ({name})"


def layer_choices(model: EmbeddingModel) -> Choices:
    """A model's layers from the input to the embedding."""
    return [(layer_title(model, layer.name), layer.name) for layer in model.layers]


COLUMNS = {
    "status": "Transform",
    "n_matches": "Matches",
    "local_matches": "Local matches",
    "transform_inliers": "Inliers of the transform",
}


def column_title(name: str) -> str:
    """What a column of a run's pairs is called, such as "Transform" for its status."""
    return COLUMNS.get(name) or name.replace("_", " ").capitalize()


def metric_title(name: str) -> str:
    """Such as "Match coverage"; the control that only resizes, and pairs with a usable transform, say so."""
    plain = name.removeprefix(CONTROL).removesuffix(USABLE)
    title = METRICS[plain].title if plain in METRICS else plain.replace("_", " ")
    if name.endswith(USABLE):
        title += ", usable only"
    return f"Control: {title[:1].lower()}{title[1:]}" if name.startswith(CONTROL) else title


def duration(seconds: float) -> str:
    """Such as "0.4 s", "12 s" or "3 min"."""
    if seconds < 9.95:
        return f"{max(seconds, 0.1):.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5940 else f"{seconds / 3600:.0f} h"
