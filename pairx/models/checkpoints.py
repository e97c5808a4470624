"""Reading weights: safetensors, or pickles with `weights_only=True`. No code from a checkpoint or a hub is ever run."""

from __future__ import annotations

import argparse
import pathlib
import pickle
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy._core import multiarray
from safetensors import safe_open

from pairx.types import InputError

State = dict[str, torch.Tensor]
SUFFIXES = (".safetensors", ".pth", ".pt", ".bin", ".ckpt")
TRAINERS = (
    "optimizer",
    "optimizers",
    "optimizer_states",
    "scaler",
    "lr_scheduler",
    "lr_schedulers",
    "callbacks",
    "loops",
)
CLASS_NAMES = (
    "classes",
    "class_names",
    "class_to_idx",
    "idx_to_class",
    "label_names",
    "labels",
    "id2label",
    "label2id",
)

# Plain values that trainers keep beside the weights. Making one runs no code of the file's.
_PLAIN = [
    argparse.Namespace,
    *(getattr(pathlib, name) for name in ("PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath")),
    range,
    slice,
    np.ndarray,
    np.dtype,
    *(kind for kind in vars(np.dtypes).values() if isinstance(kind, type)),
    *(
        (getattr(multiarray, name), f"numpy.{core}.multiarray.{name}")
        for core in ("_core", "core")  # as NumPy 2 and NumPy 1 name it
        for name in ("scalar", "_reconstruct")
    ),
]
_ALLOWING = threading.Lock()  # what torch allows is a list of the whole process


@dataclass(frozen=True)
class Checkpoint:
    """What a file holds.

    source: where it lies. tensors: by name, in float32 where they are floats; those of nested dictionaries under
    dotted names (`state_dict.conv1.weight`). about: what the file says of itself, by name. classes: whether it names
    classes.
    """

    source: str
    tensors: State
    about: dict[str, str] = field(default_factory=dict)
    classes: bool = False


def read(path: Path) -> Checkpoint:
    """The tensors of a checkpoint and what it says of itself.

    Of a pickle only tensors and plain values are read. Raises InputError where the file is missing, damaged, or holds
    anything else, or no tensors by name.
    """
    try:
        if path.suffix.lower() == ".safetensors":
            with safe_open(path, framework="pt") as file:
                content: object = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
                about = dict(file.metadata() or {})
        else:
            content, about = _unpickled(path), {}
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such checkpoint. Give the path of a .safetensors or .pth file.") from error
    except pickle.UnpicklingError as error:
        raise InputError(
            f"{path} holds code or is no checkpoint, and is not opened. Save the state_dict() alone, or as safetensors."
        ) from error
    except Exception as error:  # bytes that are no checkpoint make the readers raise whatever they happen to say
        raise InputError(
            f"{path} is damaged or no checkpoint. Fetch or save it again as .safetensors or .pth."
        ) from error
    tensors = dict(_flat(content)) if isinstance(content, Mapping) else {}
    if not tensors:
        raise InputError(f"{path} holds no weights by name. Save the model's state_dict().")
    said = content if isinstance(content, Mapping) else {}
    if isinstance(said.get("arch"), str):  # as timm's training script names it
        about.setdefault("architecture", said["arch"])
    return Checkpoint(str(path), tensors, about, any(said.get(name) is not None for name in CLASS_NAMES))


def _unpickled(path: Path) -> object:
    with _ALLOWING, torch.serialization.safe_globals(_PLAIN):
        return torch.load(path, map_location="cpu", weights_only=True)


def _flat(content: Mapping, prefix: str = "") -> Iterator[tuple[str, torch.Tensor]]:
    """Tensors by dotted name, those of trainers' states left out."""
    for key, value in content.items():
        if not isinstance(key, str) or (not prefix and key in TRAINERS):
            continue
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        elif isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            yield f"{prefix}{key}", _float(torch.from_numpy(value))
        elif isinstance(value, torch.Tensor):
            yield f"{prefix}{key}", _float(value)


def _float(value: torch.Tensor) -> torch.Tensor:
    return value.float() if value.is_floating_point() else value
