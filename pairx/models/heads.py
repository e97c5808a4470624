"""The layers of a checkpoint after its network: which one is the embedding, and which are classes or a loss's."""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import nn

from pairx.models.checkpoints import Checkpoint, State
from pairx.types import InputError

HEADS = ("keep", "drop")
TRAINING = re.compile(
    r"(.*\.)?(\w*loss\w*|criterion|objective|arc_?face\w*|cosface\w*|margin\w*|metrics?|metric_fc|final|head_dist"
    r"|logit_scale|logit_bias|mask_token|n_averaged|aux\w*|decoder\w*|prototypes?|queue\w*|dino_head|ibot_head"
    r"|(teacher|student)\.head)(\.|$)"
)
RECOMPUTED = ("num_batches_tracked", "relative_position_index", "relative_coords_table", "attn_mask", "position_ids")
EMBEDDING_NAMES = {"embed", "embedding", "embedder", "emb", "proj", "projection", "projector", "neck", "bottleneck"}
CLASSES = (80, 400)  # numbers of classes of public data sets that are multiples of 16


def final_layer(module: nn.Module, extra: State, checkpoint: Checkpoint, head: str | None) -> tuple[str, State]:
    """What is said of the layers after the network, and the tensors of the one to keep as the embedding.

    Raises InputError for tensors that are none of a loss's, nor of one linear layer, nor of classes over it.
    """
    rest = {
        name: x for name, x in extra.items() if x.ndim and not name.endswith(RECOMPUTED) and not TRAINING.match(name)
    }
    layers: dict[str, State] = {}
    for name, x in rest.items():
        layer, _, kind = name.rpartition(".")
        layers.setdefault(layer, {})[kind] = x
    if not layers or head == "drop":
        return ("", {}) if not layers else (f"{few(list(layers))} left out as asked", {})
    widths = {getattr(module, name, None) for name in ("num_features", "head_hidden_size")} - {None}
    linear = {name: parts for name, parts in layers.items() if _is_linear(parts)}
    first = [name for name, parts in linear.items() if parts["weight"].shape[1] in widths] if widths else list(linear)
    after = {name: x for name, x in extra.items() if x.ndim == 2 and name.rpartition(".")[0] not in first}
    outputs = {linear[name]["weight"].shape[0] for name in first}
    unknown = [name for name in layers if name not in first and not _follows(layers[name], outputs)]
    if unknown or len(first) != 1:
        names = [name for name in rest if not unknown or name.rpartition(".")[0] in unknown]
        raise InputError(
            f"{checkpoint.source} does not fit this architecture: it has unknown {few(names)}. Name the architecture "
            "that it was trained with, leave them out with --head drop, or hand your own network to pairx.wrap."
        )
    (name,) = first
    out, features = linear[name]["weight"].shape
    followed = any(x.shape[1] == out or (x.shape[0] == out and x.shape[1] not in widths) for x in after.values())
    embedding, why = _is_embedding(name, out, features, followed, checkpoint.classes, head)
    size = f"the final layer {name} ({features} to {out})"
    if not embedding:
        return f"{size} is left out, {why} (--head keep keeps it)", {}
    said = f"{size} is kept as the embedding, {why} (--head drop leaves it out)"
    return said, {full: x for full, x in rest.items() if full.rpartition(".")[0] == name}


def _is_linear(parts: State) -> bool:
    return parts.keys() <= {"weight", "bias"} and "weight" in parts and parts["weight"].ndim == 2


def _follows(parts: State, outputs: set[int]) -> bool:
    """Whether a layer is linear over one of these numbers of inputs."""
    return _is_linear(parts) and parts["weight"].shape[1] in outputs


def _is_embedding(
    name: str, out: int, features: int, followed: bool, classes: bool, head: str | None
) -> tuple[bool, str]:
    """Whether a final linear layer is the embedding, and why we think so: a checkpoint does not say."""
    if head is not None:
        return head == "keep", "as asked"
    if followed:
        return True, "since a layer of the file takes its output"
    if not EMBEDDING_NAMES.isdisjoint(re.split(r"[._]", name.lower())):
        return True, "as its name says"
    if classes:
        return False, "since the file names classes"
    if out > features or out in CLASSES or out % 16:
        return False, f"as a classifier: {out} is more like a number of classes"
    return True, f"since {out} is more like the size of an embedding than like a number of classes"


def append(module: nn.Module, layer: State, source: str) -> None:
    """Give a network of timm's this final layer."""
    parts = {name.rpartition(".")[2]: x for name, x in layer.items()}
    weight = parts["weight"]
    network: Any = module
    linear = None
    if hasattr(network, "reset_classifier"):
        network.reset_classifier(weight.shape[0])
        linear = network.get_classifier()
    if not isinstance(linear, nn.Linear) or linear.weight.shape != weight.shape:
        raise InputError(
            f"{source}: its final layer cannot be added to this architecture. Leave it out with --head drop, or hand "
            "your own network to pairx.wrap."
        )
    with torch.no_grad():
        linear.weight.copy_(weight)
        if linear.bias is not None:
            linear.bias.copy_(parts.get("bias", torch.zeros(len(weight))))


def few(names: list[str]) -> str:
    """The first of some names, and how many more there are."""
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
