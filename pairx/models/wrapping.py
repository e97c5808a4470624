"""A network of one's own as an EmbeddingModel, itself left as it is."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from types import CodeType, FunctionType
from typing import Any

import numpy as np
import torch
from torch import nn

from pairx.models.embedding import EmbeddingModel, Layer
from pairx.models.networks import Selected, named_outputs, select
from pairx.models.preprocessing import Preprocessing
from pairx.models.registry import IMAGENET, ModelCard
from pairx.types import InputError

FEW = 3  # layers to choose from, below which deeper ones are looked at
DEEPEST = 6
WHOLE = (nn.DataParallel, nn.parallel.DistributedDataParallel)
LIBRARIES = ("torch", "timm", "torchvision", "pairx")  # whose classes' code does not change between runs
PLAIN = (int, float, str, bool, type(None))


def wrap(
    module: nn.Module,
    *,
    size: int | tuple[int, int] | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    resize: str | None = None,
    preprocessing: Preprocessing | None = None,
    name: str = "own",
    layers: Sequence[str] = (),
    layer: str | None = None,
    output: str | int | None = None,
    device: str | torch.device | None = None,
) -> EmbeddingModel:
    """Any network that maps photographs (B, 3, H, W) to embeddings (B, D), ready to be explained.

    size: of its input in pixels, a side or (height, width). mean, std: per channel, of values in 0..1; ImageNet's by
    default. resize: how photographs come to the size, "squash" by default, "pad" or "crop". preprocessing: says all of
    it in their place. name: in captions and lists. layers: names of modules to choose from, found where none are given.
    layer: the one that `explain` uses. output: which one is the embedding, where the network gives several: a name or
    an index; by default the first that is (B, D). device: where it is to run, by default where it is.

    The module itself is not changed: neither its mode, gradients, hooks, device nor buffers. The model shares its
    tensors, so it follows a training that goes on, and has another `key` after each step; hooks that the module has are
    part of the network and run with it. Wrap it again after moving it to another device. What was taken by default is
    in the model's `notes`.

    Raises InputError for what is no such network, for layers without features on a grid and outputs that there are not.
    """
    network = _bare(module)
    preprocessing, notes = _preprocessing(preprocessing, size, mean, std, resize)
    tensors = [*network.parameters(), *network.buffers()]
    device = torch.device(device) if device is not None else tensors[0].device if tensors else torch.device("cpu")
    card = ModelCard(name, name, "A network of one's own.", _structure(network, output), "", "", layer=layer)
    model = OwnModel(card, Selected(_sharing(network), output), preprocessing, device)
    model.given, model.said = tuple(layers), (*notes, *_check(model, output))
    if layer is not None and layer not in [found.name for found in model.layers]:
        model.given = (*(found.name for found in model.layers), model.layer(layer).name)
        del model.layers
    return model


class OwnModel(EmbeddingModel):
    """A wrapped network. given: the layers to choose from, () for those found. said: its notes."""

    given: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.said, *super().notes)

    @property
    def key(self) -> str:
        """Digest of everything that an embedding depends on, as it is now: structure, weights, preprocessing."""
        digest = hashlib.sha256(f"({self.card.architecture!r}, {self.preprocessing.identity})".encode())
        for name, value in _tensors(self.trunk):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
        return digest.hexdigest()[:16]

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers given, or the stages and blocks of the network, at the depth where there are several."""
        return self.choose(self._those_given() if self.given else self._found())

    def _those_given(self) -> list[Layer]:
        known = dict(self.trunk.named_modules())
        found = self._probe([name for name in self.given if name in known])
        for name in self.given:
            if name not in [layer.name for layer in found]:
                raise InputError(f"{self.name} has no layer {name!r} with features on a grid. Leave it out.")
        return found

    def _found(self) -> list[Layer]:
        if len(found := self._probe(self._stages())) >= FEW:
            return found
        for depth in range(DEEPEST):
            if len(found := _innermost(self._probe([n for n in self._blocks() if n.count(".") <= depth]))) >= FEW:
                return found
        return _innermost(self._probe([name for name, _ in self.trunk.named_modules() if name]))


def _innermost(layers: list[Layer]) -> list[Layer]:
    """Without those that others are part of."""
    return [one for one in layers if not any(other.name.startswith(f"{one.name}.") for other in layers)]


def _bare(module: nn.Module) -> nn.Module:
    """The network within torch.compile and data parallelism. Raises InputError for what is no network of ours."""
    while isinstance(module, WHOLE) or hasattr(module, "_orig_mod"):
        inside: Any = module.module if isinstance(module, WHOLE) else module._orig_mod
        module = inside
    if not isinstance(module, nn.Module) or isinstance(module, torch.jit.ScriptModule):
        raise InputError(
            f"wrap takes a torch.nn.Module, not {type(module).__name__}. Hand it the network itself, not compiled."
        )
    for name, value in _tensors(module):
        if nn.parameter.is_lazy(value):
            raise InputError(f"{name} has no shape yet. Run the network once before it is wrapped.")
        if value.is_floating_point() and value.dtype != torch.float32:
            raise InputError(
                f"{name} is {value.dtype}, and explanations need float32. Wrap copy.deepcopy(net).float()."
            )
    return module


def _tensors(module: nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Parameters, buffers and tensors that are plain attributes, by name."""
    for path, part in module.named_modules():
        for name, value in (*part._parameters.items(), *part._buffers.items(), *vars(part).items()):
            if isinstance(value, torch.Tensor):
                yield f"{path}.{name}", value


def _sharing(module: nn.Module) -> nn.Module:
    """The same network in objects of its own, over the same memory."""
    shared: dict[int, object] = {}
    for _, value in _tensors(module):
        own = value.detach()
        shared[id(value)] = nn.Parameter(own, requires_grad=False) if isinstance(value, nn.Parameter) else own
    try:
        return copy.deepcopy(module, shared)
    except Exception as error:  # whatever an attribute of theirs raises
        raise InputError(
            f"{type(module).__name__} cannot be copied ({_first_line(error)}). Take what is no part of the network out "
            "of it before it is wrapped."
        ) from error


def _preprocessing(
    given: Preprocessing | None,
    size: int | tuple[int, int] | None,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    resize: str | None,
) -> tuple[Preprocessing, list[str]]:
    """How photographs become inputs, and what of it was not said."""
    if given is not None:
        if any(value is not None for value in (size, mean, std, resize)):
            raise InputError("size, mean, std and resize are part of preprocessing: give either it or them.")
        return given, []
    if size is None:
        raise InputError("The size of the network's input is not known: give size=224, or size=(256, 128).")
    unsaid = [what for what, value in (("mean", mean), ("standard deviation", std)) if value is None]
    notes = [f"No {' and '.join(unsaid)} given: ImageNet's taken."] if unsaid else []
    if resize is None:
        notes.append("Photographs are squashed to the input's size, as no other preprocessing was given.")
    sides: Any = size if np.ndim(size) else (size, size)
    mean, std = (tuple(map(float, own or default)) for own, default in zip((mean, std), IMAGENET, strict=True))
    if len(mean) != 3 or len(std) != 3 or not np.isfinite(mean).all() or not min(std) > 0:
        raise InputError(f"mean {mean} and std {std}: give three numbers each, std above 0.")
    return Preprocessing(tuple(sides), mean, std, resize=resize or "squash"), notes


def _check(model: OwnModel, output: str | int | None) -> list[str]:
    """Run the network once: what is said of its output."""
    expected = f"(2, 3, {model.preprocessing.size[0]}, {model.preprocessing.size[1]})"
    try:
        with torch.no_grad():
            outputs = model.trunk(torch.zeros(2, 3, *model.preprocessing.size, device=model.device))
    except Exception as error:  # whatever their code raises
        raise InputError(
            f"{model.name} does not take a batch {expected} ({_first_line(error)}). Give the size that it takes."
        ) from error
    found = select(outputs, output)
    if found.ndim != 2 or len(found) != 2 or not found.is_floating_point():
        raise InputError(
            f"{model.name} gives {tuple(found.shape)} for a batch {expected}, which are no embeddings (2, D). End it "
            "in one vector a photograph, or choose another output=."
        )
    several = [key for key, value in named_outputs(outputs) if value.ndim == 2 and value.is_floating_point()]
    if output is None and len(several) > 1:
        return [f"Of its outputs, {several[0]!r} is taken as the embedding; output= chooses another of {several}."]
    return []


def _structure(module: nn.Module, output: str | int | None) -> str:
    """Digest of what a network computes, its tensors apart: its parts, their settings and their own code. The same in
    every process.
    """
    digest = hashlib.sha256(repr(output).encode())
    for path, part in module.named_modules():
        digest.update(f"\n{path}: {type(part).__qualname__}".encode())
        for name, value in sorted(vars(part).items()):
            if name != "training" and _is_plain(value):
                digest.update(f" {name}={value!r}".encode())
            elif isinstance(value, FunctionType):
                digest.update(f" {name}={value.__qualname__} {_code(value.__code__)}".encode())
        for kind in type(part).__mro__:
            if kind.__module__.partition(".")[0] not in (*LIBRARIES, "builtins"):
                functions = [(name, f) for name, f in sorted(vars(kind).items()) if isinstance(f, FunctionType)]
                digest.update("".join(f" {name}={_code(f.__code__)}" for name, f in functions).encode())
    return digest.hexdigest()[:16]


def _is_plain(value: object) -> bool:
    """Whether a value says the same in every process."""
    if isinstance(value, Mapping):
        return all(_is_plain(one) for pair in value.items() for one in pair)
    return isinstance(value, PLAIN) or (isinstance(value, (list, tuple)) and all(map(_is_plain, value)))


def _code(code: CodeType) -> str:
    """What a function does, in words that no address or order of a set is part of."""
    constants = [_code(one) if isinstance(one, CodeType) else _constant(one) for one in code.co_consts]
    return f"{code.co_code.hex()}{code.co_names}{constants}"


def _constant(value: object) -> str:
    return repr(sorted(map(repr, value))) if isinstance(value, frozenset) else re.sub(r" at 0x\w+", "", repr(value))


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]
