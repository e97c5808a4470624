"""From a name to a model: embedded, from the hub, from timm, or from a local checkpoint."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from pairx import images
from pairx.models import hub
from pairx.models.architectures import (
    PretrainedCfg,
    create_model,
    get_pretrained_cfg,
    is_architecture,
    resolve_data_config,
    timm,
)
from pairx.models.checkpoints import Checkpoint, read
from pairx.models.embedding import EmbeddingModel
from pairx.models.filling import Shapes, fill
from pairx.models.finding import SIZES, find
from pairx.models.networks import EmbeddingNet
from pairx.models.preprocessing import Preprocessing
from pairx.models.registry import EMBEDDED, ModelCard
from pairx.models.wrapping import wrap
from pairx.types import InputError, said_size

TIMMS = re.compile(r"^timm:(?!hf[-_]hub:)")


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
    card, checkpoint = find(name, weights, pretrained)
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
        backbone = create_model(card.architecture, pretrained=published, **options)
    except (AssertionError, ValueError) as error:
        raise _size_error(card.name, chosen, None if config is None else config.input_size, error) from error
    except TypeError as error:  # an option that the architecture does not have
        raise InputError(f"{card.architecture} takes no such options ({str(error)[:100]}).") from error
    return EmbeddingNet(backbone) if card.pooled else backbone


def _config(architecture: str) -> PretrainedCfg | None:
    """timm's facts about an architecture; None where it has none."""
    name = architecture.partition(".")[0]
    if not is_architecture(name):
        close = difflib.get_close_matches(architecture, timm.list_models(), 3)
        raise InputError(f"timm has no architecture {architecture!r}. Try {', '.join(close) or 'resnet50'}.")
    try:
        return get_pretrained_cfg(architecture)
    except RuntimeError as error:
        close = difflib.get_close_matches(architecture, timm.list_pretrained(f"{name}.*"), 3, cutoff=0)
        raise InputError(f"timm has no weights {architecture!r}. Try {', '.join([name, *close])}.") from error


def _shapes(card: ModelCard) -> Shapes:
    """The shapes of the network's tensors at the input size that its card or timm says."""
    with torch.device("meta"):
        return {name: x.shape for name, x in _build(card, None, published=False).state_dict().items()}


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
    """Raises InputError where the network does not take images of the model's size. What is learned of its layers on
    the way is kept; that it has none is told to who asks for one.
    """
    try:
        with suppress(InputError):
            model.layers  # noqa: B018
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
