"""Reading weights: safetensors, or pickles with `weights_only=True`. No code from a checkpoint or a hub is ever run."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from torch import nn

from pairx.types import InputError

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
WRAPPERS = ("state_dict", "model_state_dict", "model")
PREFIXES = ("module.", "model.", "net.")
CLASSIFIERS = ("classifier.", "head.", "fc.", "final.", "arcface.", "loss.", "head_dist.")


def read_state(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors of a checkpoint by name, float32, and its metadata (of safetensors; empty for pickles).

    Wrapping dictionaries and prefixes of trainers (`state_dict`, `module.` …) are taken off. Raises InputError where
    the file is missing, damaged, or holds anything but tensors.
    """
    try:
        if path.suffix.lower() == ".safetensors":
            with safe_open(path, framework="pt") as file:
                state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a mapping)
                metadata = file.metadata() or {}
        else:
            state, metadata = _unwrap(torch.load(path, map_location="cpu", weights_only=True)), {}
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
    if not state or not all(isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in state.items()):
        raise InputError(f"{path} holds no weights by name. Save the model's state_dict().")
    for prefix in PREFIXES:
        if all(key.startswith(prefix) for key in state):
            state = {key.removeprefix(prefix): value for key, value in state.items()}
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items()}, metadata


def _unwrap(content: object) -> dict:
    if not isinstance(content, dict):
        raise ValueError("not a dictionary")
    for wrapper in WRAPPERS:
        if isinstance(content.get(wrapper), dict):
            return _unwrap(content[wrapper])
    return content


def fill(module: nn.Module, state: dict[str, torch.Tensor], source: str) -> None:
    """Load `state` into `module`: every tensor of the module must be there; only a classifier may be left over.

    Where names or shapes are those of the architecture's authors, of an older timm or of another input size, timm's own
    translation is tried. Raises InputError naming the first tensors that are missing, of another shape, or left over.
    """
    own = module.state_dict()
    if problem := _misfit(own, state):
        state = _translated(module, state)
        if _misfit(own, state):
            raise InputError(
                f"{source} does not fit this architecture: it {problem}. "
                "Name the architecture that it was trained with."
            )
    module.load_state_dict({key: value for key, value in state.items() if key in own}, strict=False)


def _misfit(own: dict[str, torch.Tensor], state: dict[str, torch.Tensor]) -> str:
    """What keeps `state` from filling a module's `own` tensors; empty where it fits."""
    missing = [key for key in own if key not in state and not key.endswith("num_batches_tracked")]
    shapes = [key for key in own if key in state and own[key].shape != state[key].shape]
    extra = [key for key in state if key not in own and not key.startswith(CLASSIFIERS)]
    for problem, keys in (("lacks", missing), ("has other shapes for", shapes), ("has unknown", extra)):
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            return f"{problem} {', '.join(keys[:3])}{more}"
    return ""


def _translated(module: nn.Module, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    translate = getattr(sys.modules[type(module).__module__], "checkpoint_filter_fn", None)
    try:
        return translate(dict(state), module) if translate else state
    except Exception:  # the tensors are of something else
        return state
