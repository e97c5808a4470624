"""The networks themselves, and how to look into one without changing it."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import torch
from torch import nn
from torch.overrides import handle_torch_function, has_torch_function

from pairx.types import InputError


def gem(x: torch.Tensor, p: torch.Tensor, eps: float) -> torch.Tensor:
    """(B, C, h, w) to (B, C): the p-th root of the mean of p-th powers. One operation to whoever overrides torch
    functions.
    """
    if has_torch_function((x, p)):
        return handle_torch_function(gem, (x, p), x, p, eps)
    return x.clamp(min=eps).pow(p).mean((-2, -1)).pow(1 / p)


def attention_weights(
    query: torch.Tensor, key: torch.Tensor, mask: torch.Tensor | None = None, scale: float | None = None
) -> torch.Tensor:
    """What scaled dot-product attention mixes its values with: (…, N, D) and (…, M, D) to (…, N, M), rows of sum 1.

    mask: bool, which pairs take part, or numbers to add. scale: of the products, by default 1 / sqrt(D).
    """
    logits = query @ key.mT * (query.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None:
        logits = logits.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else logits + mask
    return logits.softmax(-1)


class GeM(nn.Module):
    """Generalised-mean pooling over space (Radenovic et al., "Fine-tuning CNN image retrieval", eq. 3).

    (B, C, h, w) to (B, C). p: learned exponent, 1 is the mean, infinity the maximum.
    """

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor([p]))
        self.eps = eps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return gem(x, self.p, self.eps)


class EmbeddingNet(nn.Module):
    """A timm backbone, GeM and BatchNorm: the form of MiewID's published checkpoints and of reid-lite0. Of tokens, as a
    ViT's, the class token takes the place of GeM.

    (B, 3, H, W) to (B, D) embeddings, not normalised. Keys: `backbone.*`, `pooling.p`, `bn.*`.
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = GeM()
        width: Any = backbone.num_features
        self.bn = nn.BatchNorm1d(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.backbone(x)
        if features.ndim == 3:
            return self.bn(features[:, 0])
        last = str(getattr(self.backbone, "output_fmt", "")) == "NHWC"
        return self.bn(self.pooling(features.permute(0, 3, 1, 2) if last else features))


class Selected(nn.Module):
    """A network `backbone` of several outputs, and which of them is the embedding: see `select`."""

    def __init__(self, backbone: nn.Module, output: str | int | None) -> None:
        super().__init__()
        self.backbone = backbone
        self.output = output

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return select(self.backbone(x), self.output)


def select(outputs: object, output: str | int | None = None) -> torch.Tensor:
    """One of a network's outputs: a tensor alone, else of a tuple, list or dictionary the one named, by default the
    first that is (B, D). Raises InputError where there is none such.
    """
    found = dict(named_outputs(outputs))
    if output is None:
        found = {key: x for key, x in found.items() if key is None or (x.ndim == 2 and x.is_floating_point())}
    elif output in found:
        return found[output]
    if output is not None or not found:
        listed = ", ".join(f"{key!r} {tuple(x.shape)}" for key, x in named_outputs(outputs)) or type(outputs).__name__
        raise InputError(f"The network gives no {'embeddings (B, D)' if output is None else repr(output)}: {listed}.")
    return next(iter(found.values()))


def named_outputs(outputs: object) -> Iterator[tuple[str | int | None, torch.Tensor]]:
    """The tensors of an output with their names or indices, those within others not; None for a tensor alone."""
    if isinstance(outputs, torch.Tensor):
        yield None, outputs
    named: Iterable[tuple[Any, object]] = (
        outputs.items() if isinstance(outputs, Mapping) else enumerate(outputs if _is_row(outputs) else ())
    )
    yield from ((key, value) for key, value in named if isinstance(value, torch.Tensor))


def _is_row(outputs: object) -> TypeGuard[Sequence[object]]:
    return isinstance(outputs, (tuple, list))


def private_copy(module: nn.Module) -> nn.Module:
    """The same network over the very same tensors, whose hooks and attributes nobody else sees."""
    tensors = [*module.parameters(), *module.buffers()]
    return copy.deepcopy(module, {id(tensor): tensor for tensor in tensors})


def capture_outputs(
    module: nn.Module, names: Sequence[str], see: Callable[[str, torch.Tensor], torch.Tensor | None]
) -> nn.Module:
    """The same network, whose named submodules ("" is the whole) also tell `see` their output; what `see` returns, if
    anything, takes its place.

    Only those submodules and what contains them are copied, so threads that share the module do not meet.
    """
    copies = _copies(module, names)
    for name in names:
        copies[name].register_forward_hook(lambda _module, _inputs, output, name=name: see(name, output))
    return copies[""]


def override_outputs(module: nn.Module, outputs: Mapping[str, torch.Tensor]) -> nn.Module:
    """The same network, whose named submodules give copies of these outputs instead of computing their own."""
    copies = _copies(module, list(outputs))
    for name, output in outputs.items():
        copies[name].forward = lambda *_inputs, output=output, **_named: output.clone()  # who comes next may write
    return copies[""]


def neighbour_modules(module: nn.Module, name: str) -> list[str]:
    """The submodules beside a named one, and beside each that contains it."""
    steps, found = name.split("."), []
    for depth, step in enumerate(steps):
        parent = ".".join(steps[:depth])
        children = [child for child, _ in module.get_submodule(parent).named_children() if child != step]
        found += [f"{parent}.{child}" if parent else child for child in children]
    return found


def _copies(module: nn.Module, names: Sequence[str]) -> dict[str, nn.Module]:
    """A module, the named submodules and what contains them, each a copy within a copy."""
    copies: dict[str, nn.Module] = {"": _shallow(module)}
    for name in names:
        steps = name.split(".") if name else []
        for depth, step in enumerate(steps):
            inside, path = copies[".".join(steps[:depth])], ".".join(steps[: depth + 1])
            if path not in copies:
                copies[path] = inside._modules[step] = _shallow(inside.get_submodule(step))
    return copies


def _shallow(module: nn.Module) -> nn.Module:
    clone = copy.copy(module)
    clone._modules, clone._forward_hooks = dict(module._modules), OrderedDict(module._forward_hooks)
    return clone


def record_outputs(
    module: nn.Module, names: Sequence[str], x: torch.Tensor
) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Run `module` on x: its output, and the outputs of the named submodules in the order of their computation."""
    outputs: dict[str, torch.Tensor] = {}
    return capture_outputs(module, names, outputs.__setitem__)(x), outputs


def finite(embeddings: torch.Tensor) -> torch.Tensor:
    """The embeddings (B, D) themselves. Raises InputError where one, or its length, is no finite number."""
    if not embeddings.float().square().sum(-1).isfinite().all():
        raise InputError(
            "The model's embedding of a photograph is no finite number (NaN, infinite or too large), so nothing can be "
            "compared. Use other weights, or another input size."
        )
    return embeddings
