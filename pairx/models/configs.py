"""What the configuration beside weights says, in the form of timm or of open_clip: facts, never code."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path

from pairx.models.registry import CLIP, IMAGENET, OPEN_CLIP, ModelCard
from pairx.types import InputError

FRAMINGS = {"center": "crop", "squash": "squash", "border": "pad"}  # timm's names of a crop's mode, and ours
WEIGHTS = {"pretrained", "pretrained_cfg", "pretrained_cfg_overlay", "checkpoint_path", "cache_dir"}
SHAPE = {"num_classes", "in_chans"}  # what the checkpoint itself shows
CONFIGS = ("config.json", "open_clip_config.json")
TOWERS = {(768, 12): "base", (1024, 24): "large", (1280, 32): "huge"}  # by width and depth, as timm calls them
RESIZES = {"shortest": "crop", "squash": "squash", "longest": "pad"}  # open_clip's names, and ours
PLAIN = (int, float, str, bool, type(None))


def find_config(fetch: Callable[[str], Path], name: str, source: str) -> tuple[ModelCard, bool]:
    """The card that a repository's configuration gives, and whether it names classes. `fetch` gives a file by its name.

    Raises the first InputError where no file is there that describes a network.
    """
    errors = []
    for filename in CONFIGS:
        try:
            return read_config(fetch(filename), name, source)
        except InputError as error:
            errors.append(error)
    raise errors[0]


def read_config(path: Path, name: str, source: str) -> tuple[ModelCard, bool]:
    """The card of a model that a configuration describes, and whether it names classes.

    Of timm: architecture, model_args, and in pretrained_cfg input_size, mean, std, interpolation, crop_pct, crop_mode,
    hf_hub_filename. Of open_clip: the ViT that sees the images, with its projection, and preprocess_cfg. Raises
    InputError where it is of another form, or says what cannot be.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if "model_cfg" in content:
            return _of_open_clip(content, name, source), False
        if isinstance(content.get("architecture"), str):
            facts = content.get("pretrained_cfg") or content
            classes = any(facts.get(key) or content.get(key) for key in ("label_names", "labels"))
            return _of_timm(content, facts, name, source), classes
    except FileNotFoundError as error:
        raise InputError(f"{path.parent} holds no {path.name}. Give the weights themselves with --weights.") from error
    except InputError:
        raise
    except Exception as error:  # whatever a file of another form makes of this
        raise InputError(
            f"{path} is damaged or not of timm's form or open_clip's. Give the weights with --weights."
        ) from error
    raise InputError(
        f"{path} names no architecture of timm's, and code of a hub is never run. Give the weights with "
        "--model timm:ARCHITECTURE --weights FILE, or hand your own network to pairx.wrap."
    )


def _of_timm(content: dict, facts: dict, name: str, source: str) -> ModelCard:
    crop = float(facts.get("crop_pct") or 1)
    mean, std = (_triple(facts.get(key) or default) for key, default in zip(("mean", "std"), IMAGENET, strict=True))
    _, height, width = facts.get("input_size") or (3, None, None)
    if not (0 < crop <= 2 and min(std) > 0 and all(x is None or isinstance(x, int) for x in (height, width))):
        raise ValueError
    return ModelCard(
        name,
        name.rpartition(":")[2],
        "Described by its config.json.",
        content["architecture"],
        str(facts.get("license") or "see its card"),
        source,
        None if height is None or width is None else (height, width),
        mean,
        std,
        interpolation=facts.get("interpolation") or "bilinear",
        resize=FRAMINGS[facts.get("crop_mode") or "center"],
        crop_pct=crop,
        options=_options(content.get("model_args") or {}),
        files=(str(facts["hf_hub_filename"]),) if facts.get("hf_hub_filename") else (),
    )


def _of_open_clip(content: dict, name: str, source: str) -> ModelCard:
    network, facts = content["model_cfg"], content.get("preprocess_cfg") or {}
    vision = network["vision_cfg"]
    if "timm_model_name" in vision or (vision["width"], vision["layers"]) not in TOWERS:
        raise InputError(f"{source}: of open_clip's networks only its ViT Base, Large and Huge are known. Use timm's.")
    size, gelu = int(vision["image_size"]), "quickgelu_" * bool(network.get("quick_gelu"))
    mean, std = (_triple(facts.get(key) or default) for key, default in zip(("mean", "std"), CLIP, strict=True))
    return ModelCard(
        name,
        name.rpartition(":")[2],
        "Described by its open_clip_config.json.",
        f"vit_{TOWERS[vision['width'], vision['layers']]}_patch{int(vision['patch_size'])}_clip_{gelu}224",
        "see its card",
        source,
        (size, size),
        mean,
        std,
        interpolation=facts.get("interpolation") or "bicubic",
        resize=RESIZES[facts.get("resize_mode") or "shortest"],
        options=(("num_classes", int(network["embed_dim"])),),
        files=OPEN_CLIP,
    )


def _triple(values: Iterable[float]) -> tuple[float, float, float]:
    red, green, blue = map(float, values)
    if not math.isfinite(red + green + blue):
        raise ValueError
    return red, green, blue


def _options(arguments: dict) -> tuple[tuple[str, object], ...]:
    """The architecture's options of plain values, none of which names a file."""
    for name, value in arguments.items():
        if name in WEIGHTS or not all(
            isinstance(one, PLAIN) for one in (value if isinstance(value, list) else [value])
        ):
            raise ValueError
    lists = ((name, tuple(value) if isinstance(value, list) else value) for name, value in arguments.items())
    return tuple((name, value) for name, value in lists if name not in SHAPE)
