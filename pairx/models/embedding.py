"""EmbeddingModel: what is known of a loaded model, and what it can do."""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from pairx import images
from pairx.models.filling import Reading
from pairx.models.networks import EmbeddingNet, Selected, finite, record_outputs
from pairx.models.preprocessing import Preprocessing
from pairx.models.registry import ModelCard
from pairx.types import Extent, ImagePair, InputError


@dataclass(frozen=True)
class Layer:
    """A place in the model where its features lie on a grid over the image.

    name: of the module whose output it is. stride: input pixels a cell, per side (the larger). grid: (h, w) cells.
    channels: features a cell. default: whether `explain` uses it when none is named.
    """

    name: str
    stride: int
    grid: tuple[int, int]
    channels: int
    default: bool = False


@dataclass(frozen=True)
class EncodedPair:
    """A pair as the unmodified model sees it.

    embeddings: (2, D). activations: layer name to (2, C, h, w), features on their grid.
    """

    model: EmbeddingModel
    pair: ImagePair
    embeddings: torch.Tensor
    activations: dict[str, torch.Tensor]

    @property
    def similarity(self) -> float:
        """Cosine of the two embeddings, -1 to 1; 0 where one of them is zero."""
        return cosine_similarity(*self.embeddings)


def cosine_similarity(embedding0: torch.Tensor, embedding1: torch.Tensor) -> float:
    """Cosine of two embeddings (D,), -1 to 1, in float64; 0 where one of them is zero."""
    e, f = embedding0.double(), embedding1.double()
    return float(e @ f / (e.norm() * f.norm()).clamp(min=1e-12))


class EmbeddingModel:
    """A network that turns a photograph into an embedding, with its preprocessing and its layers.

    module: in evaluation mode, its parameters frozen. trunk: the part that layers are named in. backbone: timm's
    network within it, which says how its tokens lie, or all of it. reading: what was read of its checkpoint, where that
    was not all of it as it is.
    """

    def __init__(
        self,
        card: ModelCard,
        module: nn.Module,
        preprocessing: Preprocessing,
        device: str | torch.device = "cpu",
        reading: Reading | None = None,
    ) -> None:
        self.card = card
        self.reading = reading
        self.module = module.to(device).eval().requires_grad_(False)
        self.trunk = module.backbone if isinstance(module, (EmbeddingNet, Selected)) else module
        found = [name for name, part in self.trunk.named_modules() if hasattr(part, "feature_info")]
        self._inside = f"{found[0]}." if found and found[0] else ""
        self.backbone = self.trunk.get_submodule(self._inside.removesuffix("."))
        self.preprocessing = preprocessing
        self.device = torch.device(device)

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def title(self) -> str:
        return self.card.title

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the input, pixels."""
        return self.preprocessing.size

    def extent(self, image: np.ndarray) -> Extent | None:
        """The rectangle (x, y, w, h) of an image (H, W, 3), in its pixels, that input, cells and maps cover: within the
        image where it is cut, beyond it where it is padded; None where it is the whole image.
        """
        height, width = image.shape[:2]
        extent = self.preprocessing.extent(width, height)
        return None if extent == (0, 0, width, height) else extent

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader has to know of this model, a plain sentence each."""
        return (self.reading.sentence,) if self.reading is not None and self.reading.sentence else ()

    @cached_property
    def key(self) -> str:
        """Digest of everything that an embedding depends on: architecture, weights, preprocessing."""
        options = f"{dict(self.card.options)}, " if self.card.options else ""
        about = f"({self.card.architecture!r}, {options}{type(self.module).__name__!r}, {self.preprocessing.identity})"
        digest = hashlib.sha256(about.encode())
        for name, value in self.module.state_dict().items():
            digest.update(name.encode())
            digest.update(value.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers worth choosing, from the input to the embedding, whose output is a grid: the network's stages, or
        blocks two levels deep.
        """
        return self.choose(
            self._probe(self._stages()) or self._probe([name for name in self._blocks() if name.count(".") < 2])
        )

    def choose(self, found: Sequence[Layer]) -> tuple[Layer, ...]:
        """The layers found, one of them the default. Raises InputError where there is none."""
        default = self._default(found)
        return tuple(replace(layer, default=layer.name == default) for layer in found)

    @property
    def default_layer(self) -> str:
        """The layer that `explain` uses when none is named."""
        return next(layer.name for layer in self.layers if layer.default)

    @cached_property
    def last_layer(self) -> str:
        """The deepest place whose output is a grid: what the network pools. Raises InputError where there is none."""
        found = self._probe([name for name, _ in self.trunk.named_modules() if name])
        return self.choose(found)[-1].name

    def layer(self, name: str) -> Layer:
        """One of `layers` by name, or any deeper module whose output is a grid. Raises InputError for others."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        if name and name in dict(self.trunk.named_modules()) and (found := self._probe([name])):
            return found[0]
        known = [layer.name for layer in self.layers]
        close = difflib.get_close_matches(name, known, 3) or known
        raise InputError(
            f"{self.name} has no layer {name!r} with features on a grid. Try {', '.join(close)}; "
            f"`python -m pairx layers --model {self.name}` lists all."
        )

    def embed(self, photographs: Iterable[str | Path | np.ndarray], batch: int | None = None) -> np.ndarray:
        """(N, D) float32 embeddings, not normalised, of photographs given as paths or (H, W, 3) uint8 arrays.

        batch: photographs in one forward; by default 16 on a GPU, and one on a CPU, where the activations of several
        leave its caches, and where a photograph's numbers do not depend on its company then. Raises InputError where
        one is no finite number.
        """
        size, waiting = batch or (1 if self.device.type == "cpu" else 16), iter(photographs)
        parts = []
        with torch.inference_mode():
            while inputs := [self.preprocessing(images.decode(one)) for one in islice(waiting, size)]:
                parts.append(self.module(torch.stack(inputs).to(self.device)).cpu())
        return finite(torch.cat(parts)).numpy()

    def encode(self, pair: ImagePair, layers: Sequence[str]) -> EncodedPair:
        """Embeddings and activations of a pair at the named layers, one forward. Raises InputError for an unknown
        layer and for embeddings that are no finite numbers.
        """
        chosen = [self.layer(name) for name in layers]
        inputs = torch.stack([self.preprocessing(pair.image0), self.preprocessing(pair.image1)]).to(self.device)
        with torch.no_grad():
            embeddings, outputs = record_outputs(self.module, [self.path(layer.name) for layer in chosen], inputs)
        return EncodedPair(
            self,
            pair,
            finite(embeddings),
            {layer.name: self.to_grid(outputs[self.path(layer.name)]) for layer in chosen},
        )

    def path(self, layer: str) -> str:
        """Where in `module` a layer of `trunk` is found."""
        return layer if self.trunk is self.module else f"backbone.{layer}"

    def to_grid(self, output: torch.Tensor) -> torch.Tensor:
        """A layer's output as (B, C, h, w), from (B, C, h, w), (B, h, w, C) of Swin or (B, tokens, C) of ViT (prefix
        tokens dropped), whose tokens Hiera keeps in the order of its windows.
        """
        if output.ndim == 3:
            prefix, grid = self._tokens(output.shape[1])
            rows = output[:, prefix:] if self._windows is None else output[:, self._order(output.shape[1])]
            return rows.transpose(1, 2).unflatten(2, grid)
        return output.permute(0, 3, 1, 2) if self._channels_last(output.shape) else output

    def from_grid(self, grid: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """(B, C, h, w) back to the layer's own form, that of `like`; prefix tokens get zeros."""
        if like.ndim == 3:
            rows = grid.flatten(2).transpose(1, 2).expand(len(like), -1, -1)
            if self._windows is not None:
                return rows[:, self._order(like.shape[1]).argsort()]
            return torch.cat([torch.zeros_like(like[:, : self._tokens(like.shape[1])[0]]), rows], 1)
        return grid.permute(0, 2, 3, 1) if self._channels_last(like.shape) else grid

    def _channels_last(self, shape: torch.Size) -> bool:
        """Whether a layer's output of a shape is (B, h, w, C): of all layers (Swin), or where its first axes are the
        patches' grid and its last are not (the blocks of SAM).
        """
        if str(getattr(self.backbone, "output_fmt", "")) == "NHWC":
            return True
        grid = getattr(getattr(self.backbone, "patch_embed", None), "grid_size", None)
        return grid is not None and tuple(shape[1:3]) == tuple(grid) != tuple(shape[2:])

    @property
    def _windows(self) -> Any:
        """Hiera's module that puts tokens from the order of its windows into that of rows; None in other networks."""
        return getattr(self.backbone, "reroll", None)

    def _order(self, number: int) -> torch.Tensor:
        """The token of each cell, row by row, of so many."""
        places = torch.arange(number, device=self.device)[None, :, None]
        block = next(block for block, (_, grid) in self._windows.schedule.items() if math.prod(grid) == number)
        return self._windows(places, block).flatten()

    def _tokens(self, number: int) -> tuple[int, tuple[int, int]]:
        """How many of a layer's tokens are no patches, none where the class token comes later (CaiT), and the grid
        (h, w) of those that are; (0, 0) where they lie on none.
        """
        if self._windows is not None:
            grids = [tuple(grid) for _, grid in self._windows.schedule.values() if math.prod(grid) == number]
            return 0, grids[0] if grids else (0, 0)
        for prefix in (getattr(self.backbone, "num_prefix_tokens", 0), 0):
            for grid in self._token_grids:
                if math.prod(grid) == number - prefix:
                    return prefix, grid
        return 0, (0, 0)

    @cached_property
    def _token_grids(self) -> tuple[tuple[int, int], ...]:
        """The grids (h, w) that a layer's tokens may lie on: that of the patches, then coarser ones of later stages."""
        embedding = getattr(self.backbone, "patch_embed", None)
        finest = getattr(embedding, "grid_size", None) or self._over(_pair(getattr(embedding, "patch_size", None) or 4))
        coarser = [tuple(-(-side // 2**halved) for side in finest) for halved in range(6)]
        return tuple(dict.fromkeys([*coarser, *(self._over((stride, stride)) for stride in (8, 16, 32, 64))]))

    def _over(self, patch: tuple[int, int]) -> tuple[int, int]:
        """(h, w) patches (height, width) that fit into the input."""
        height, width = self.size
        return height // patch[0], width // patch[1]

    def _is_grid(self, output: object) -> bool:
        """Whether a module's output for one image lies on a grid, shaped as the image is, of several cells."""
        if not isinstance(output, torch.Tensor) or output.ndim not in (3, 4) or len(output) != 1:
            return False
        if output.ndim == 3:
            return math.prod(self._tokens(output.shape[1])[1]) > 1
        h, w = self.to_grid(output).shape[2:]
        height, width = self.size
        return h * w > 1 and abs(h * width - w * height) < max(height, width)  # less than a cell off

    def _stages(self) -> list[str]:
        """Names of the modules that timm takes features from, with their siblings."""
        modules = dict(self.trunk.named_modules())
        info = getattr(self.backbone, "feature_info", None) or []
        said = [f"{self._inside}{entry['module']}" for entry in info]
        named = [name for name in said if name in modules]  # of some it names what is no module
        parents = {name.rpartition(".")[0] for name in named} - {self._inside.removesuffix(".")}
        return list(dict.fromkeys([*named, *(name for name in self._blocks() if name.rpartition(".")[0] in parents)]))

    def _blocks(self) -> list[str]:
        """Names of the modules that have parts."""
        return [name for name, part in self.trunk.named_modules() if name and any(True for _ in part.children())]

    def _probe(self, names: Sequence[str]) -> list[Layer]:
        """The named modules whose output is a grid, in the order of computation."""
        blank = torch.zeros(1, 3, *self.size, device=self.device)
        paths = {self.path(name): name for name in names}
        with torch.no_grad():
            _, outputs = record_outputs(self.module, list(paths), blank)
        found = []
        for path, output in outputs.items():
            # Hiera puts its tokens into the order of windows before its blocks.
            if self._is_grid(output) and (self._windows is None or "blocks." in path):
                _, channels, h, w = self.to_grid(output).shape
                stride = round(max(self.size[0] / h, self.size[1] / w))
                found.append(Layer(paths[path], stride, (h, w), channels))
        return found

    def _default(self, layers: Sequence[Layer]) -> str:
        names = [layer.name for layer in layers]
        if not names:
            raise InputError(
                f"{self.name} has no layer with features on a grid, so there is nothing to match. Choose another model."
            )
        if self.card.layer in names:
            return self.card.layer
        # Layers "close to the middle of the model" look best (PAIR-X, C.2): the first stage at a sixteenth, or the
        # middle, as in a ViT, whose first block is at a sixteenth already.
        sixteenth = [layer.name for layer in layers if layer.stride == 16 != layers[0].stride]
        return sixteenth[0] if sixteenth else names[len(names) // 2]


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    if isinstance(value, int):
        return value, value
    height, width = value
    return height, width
