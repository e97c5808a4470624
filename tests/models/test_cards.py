"""Every registered model, from a checkpoint made in its published form, gives what its authors' code would give."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision import transforms

from pairx import InputError, list_models, load_model
from pairx.models import hub, loading
from pairx.testing import smooth_noise
from tests.models.by_hand import HALF, IMAGENET, assert_close, model_input

State = dict[str, torch.Tensor]
CLIP = ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711))
PHOTO = smooth_noise(0, 48, 64)
MIEWID, MEGA = "conservationxlabs/miewid-msv3", "BVRA/MegaDescriptor"


@pytest.fixture(autouse=True)
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """timm's transformers of one block a stage: their form is all that matters here."""
    create = timm.create_model

    def make(name: str, **options) -> nn.Module:
        depth = {"depth": 1} if name.startswith("vit_") else {"depths": (1,) * 4} if name.startswith("swin") else {}
        return create(name, **{**depth, **options})

    monkeypatch.setattr(timm, "create_model", make)
    monkeypatch.setattr(loading, "create_model", make)


@pytest.fixture
def publish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, State], None]:
    """A hub of one repository: `publish(repository, filename, state)`; another file or repository fails."""

    def publish(repository: str, filename: str, state: State, **configs: dict) -> None:
        for name, content in configs.items():
            (tmp_path / f"{name}.json").write_text(json.dumps(content))
        if filename.endswith(".safetensors"):
            save_file({name: x.contiguous() for name, x in state.items()}, tmp_path / filename)
        else:
            torch.save(state, tmp_path / filename)

        def fetch(asked: str, filenames=("model.safetensors", "pytorch_model.bin")) -> Path:
            assert asked == repository
            found = [tmp_path / name for name in filenames if (tmp_path / name).exists()]
            if not found:
                raise InputError(f"{asked} holds no {filenames}")
            return found[0]

        monkeypatch.setattr(hub, "fetch", fetch)

    return publish


def made(name: str, **options) -> nn.Module:
    torch.manual_seed(0)
    module = timm.create_model(name, **{"num_classes": 0, **options}).eval()
    for parameter in module.parameters():
        if parameter.ndim < 2 or parameter.shape[0] == 1:  # at their start many are zero, and would hide a mistake
            parameter.data += 0.1 * torch.randn_like(parameter)
    return module


def of(module: nn.Module, x: torch.Tensor) -> np.ndarray:
    with torch.no_grad():
        return module.eval()(x)[0].numpy()


MEGADESCRIPTORS = {
    "megadescriptor-t-224": (f"{MEGA}-T-224", "swin_tiny_patch4_window7_224", 224),
    "megadescriptor-s-224": (f"{MEGA}-S-224", "swin_small_patch4_window7_224", 224),
    "megadescriptor-b-224": (f"{MEGA}-B-224", "swin_base_patch4_window7_224", 224),
    "megadescriptor-l-224": (f"{MEGA}-L-224", "swin_large_patch4_window7_224", 224),
    "megadescriptor-l-384": (f"{MEGA}-L-384", "swin_large_patch4_window12_384", 384),
    "megadescriptor-t-cnn-288": (f"{MEGA}-T-CNN-288", "efficientnet_b3", 288),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", MEGADESCRIPTORS)
def test_megadescriptor(name: str, publish) -> None:
    repository, architecture, size = MEGADESCRIPTORS[name]
    original = made(architecture)
    head = (
        {"head.weight": torch.zeros(9, original.num_features), "head.bias": torch.zeros(9)}
        if "swin" in architecture
        else {}
    )
    publish(repository, "pytorch_model.bin", original.state_dict() | head)
    model = load_model(name, device="cpu")
    assert_close(model.embed([PHOTO])[0], of(original, model_input(PHOTO, size, *IMAGENET)))
    assert any("ImageNet" in note for note in model.card.notes)


def test_megadescriptor_clip_is_what_its_configuration_says(publish) -> None:
    original = made("vit_large_patch14_clip_336")
    facts = {"input_size": [3, 336, 336], "mean": CLIP[0], "std": CLIP[1], "crop_mode": "squash"}
    config = {"architecture": "vit_large_patch14_clip_336", "pretrained_cfg": facts}
    publish(f"{MEGA}-CLIP-336", "pytorch_model.bin", original.state_dict(), config=config)
    model = load_model("megadescriptor-clip-336", device="cpu")
    assert (model.name, model.card.license) == ("megadescriptor-clip-336", "CC-BY-NC-4.0")
    assert_close(model.embed([PHOTO])[0], of(original, model_input(PHOTO, 336, *CLIP)))


class MiewId(nn.Module):
    """As its authors wrote it: a backbone, GeM or the class token, BatchNorm; `pooling.p` is in the file of all."""

    def __init__(self, architecture: str, **options) -> None:
        super().__init__()
        self.backbone = made(architecture, global_pool="", **options)
        self.pooling = nn.Module()
        self.pooling.p = nn.Parameter(torch.tensor([2.5]))
        self.bn = nn.BatchNorm1d(self.backbone.num_features)
        nn.init.uniform_(self.bn.weight)
        nn.init.normal_(self.bn.running_mean)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = self.backbone.forward_features(x)
        if features.ndim == 3:
            return self.bn(features[:, 0])
        if features.shape[-1] == self.backbone.num_features:  # (B, h, w, C)
            features = features.permute(0, 3, 1, 2)
        powers = features.clamp(min=1e-6) ** self.pooling.p
        return self.bn(F.avg_pool2d(powers, powers.shape[-2:])[..., 0, 0] ** (1 / self.pooling.p))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["miewid-msv2", "miewid-msv3", "miewid-msv3-wildbook"])
def test_miewid(name: str, publish) -> None:
    original = MiewId("efficientnetv2_rw_m")
    publish(f"conservationxlabs/{name[:11]}", "model.safetensors", original.state_dict())
    model = load_model(name, size=64, device="cpu")
    x = model_input(PHOTO, 64, *IMAGENET)
    if name.endswith("wildbook"):
        plain = cv2.resize(PHOTO, (64, 64), interpolation=cv2.INTER_LINEAR)
        x = model_input(plain, 64, *IMAGENET)  # of its size already
    assert_close(model.embed([PHOTO])[0], of(original, x))
    assert model.card.license == "none stated" and any("cosines differ" in note for note in model.card.notes)


@pytest.mark.slow
def test_miewid_of_a_file(tmp_path: Path) -> None:
    original = MiewId("efficientnetv2_rw_m")
    torch.save(original.state_dict(), tmp_path / "miew_id.msv4_1_main.bin")
    model = load_model("miewid-msv3", weights=tmp_path / "miew_id.msv4_1_main.bin", size=64, device="cpu")
    assert_close(model.embed([PHOTO])[0], of(original, model_input(PHOTO, 64, *IMAGENET)))


@pytest.mark.parametrize("architecture", ["vit_tiny_patch16_224", "swinv2_tiny_window8_256"])
def test_miewid_over_transformers(architecture: str, tmp_path: Path) -> None:
    original = MiewId(architecture, img_size=64)
    torch.save(original.state_dict(), tmp_path / "mine.bin")
    model = load_model(f"timm:{architecture}", weights=tmp_path / "mine.bin", size=64, device="cpu")
    assert_close(model.embed([PHOTO])[0], of(original, model.preprocessing(PHOTO)[None]))
    assert {"timm:vit_tiny_patch16_224": (4, 4)}.get(f"timm:{architecture}", (16, 16)) == model.layers[0].grid


DINO = [
    *(
        (f"dinov2-{letter}{'-reg' * reg}", f"vit_{size}_patch14_{'reg4_' * reg}dinov2", ".lvd142m")
        for letter, size in (("s", "small"), ("b", "base"), ("l", "large"))
        for reg in (0, 1)
    ),
    *((f"dinov3-{s[0]}", f"vit_{s}_patch16_dinov3", ".lvd1689m") for s in ("small", "base", "large")),
]


@pytest.mark.parametrize(("name", "architecture", "tag"), DINO)
def test_dino(name: str, architecture: str, tag: str, publish) -> None:
    side = 96 if "dinov3" in name else 98
    original = made(architecture)
    publish(f"timm/{architecture}{tag}", "model.safetensors", original.state_dict())
    model = load_model(name, size=side, device="cpu")
    x = model_input(PHOTO, side, *IMAGENET)
    original.set_input_size((side, side))
    with torch.no_grad():
        tokens = original.norm(original.forward_features(x)) if "dinov3" in name else original.forward_features(x)
    if "dinov3" in name:  # timm's own choice pools, and has its norm after it
        tokens = of_class_token(original, architecture, side, x)
    assert_close(model.embed([PHOTO])[0], tokens[0, 0].numpy())
    assert {layer.grid for layer in model.layers} == {(side // (16 if "dinov3" in name else 14),) * 2}


def of_class_token(original: nn.Module, architecture: str, side: int, x: torch.Tensor) -> torch.Tensor:
    """(1, tokens, D) of DINOv3, its last norm over all tokens, as upstream."""
    with torch.no_grad():
        x, rope = original._pos_embed(original.patch_embed(x))
        for block in original.blocks:
            x = block(x, rope=rope)
    norm = original.norm if not isinstance(original.norm, nn.Identity) else original.fc_norm
    with torch.no_grad():
        return norm(x)


def test_dinov3_by_timms_name(publish) -> None:
    publish(
        "timm/vit_small_patch16_dinov3.lvd1689m", "model.safetensors", made("vit_small_patch16_dinov3").state_dict()
    )
    named, card = (load_model(n, size=64, device="cpu") for n in ("timm:vit_small_patch16_dinov3.lvd1689m", "dinov3-s"))
    x = model_input(PHOTO, 64, *IMAGENET)
    assert_close(of(named.module, x), of(card.module, x))


def as_published(size: int, norm: tuple) -> Callable[[np.ndarray], torch.Tensor]:
    """CLIP's own transform."""
    steps = [
        transforms.Resize(size, transforms.InterpolationMode.BICUBIC),
        transforms.CenterCrop(size),
        transforms.ToTensor(),
        transforms.Normalize(*norm),
    ]
    return lambda image: transforms.Compose(steps)(Image.fromarray(image))[None]


@pytest.mark.parametrize(
    ("name", "architecture", "width"), [("clip-b-16", "vit_base_patch16", 512), ("clip-l-14", "vit_large_patch14", 768)]
)
def test_clip(name: str, architecture: str, width: int, publish) -> None:
    """With its projection and its own activation, the sigmoid's approximation of GELU."""
    original = made(f"{architecture}_clip_quickgelu_224", num_classes=width)
    publish(f"timm/{architecture}_clip_224.openai", "model.safetensors", original.state_dict())
    model = load_model(name, device="cpu")
    x = torch.linspace(-3, 3, 7)
    torch.testing.assert_close(model.module.blocks[0].mlp.act(x), x * torch.sigmoid(1.702 * x))
    found = model.embed([PHOTO])[0]
    assert found.shape == (width,)
    assert_close(found, of(original, as_published(224, CLIP)(PHOTO)))


def test_siglip2(publish) -> None:
    original = made("vit_base_patch16_siglip_224")
    publish("timm/vit_base_patch16_siglip_224.v2_webli", "model.safetensors", original.state_dict())
    squashed = np.asarray(Image.fromarray(PHOTO).resize((224, 224), Image.Resampling.BICUBIC))
    expected = of(original, model_input(squashed, 224, *HALF))
    assert_close(load_model("siglip2-b-16", device="cpu").embed([PHOTO])[0], expected)


class Tower(nn.Module):
    """open_clip's ViT, as it is published."""

    def __init__(self, width: int, patch: int, heads: int, out: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv1 = nn.Conv2d(3, width, patch, patch, bias=False)
        self.class_embedding = nn.Parameter(torch.randn(width))
        self.positional_embedding = nn.Parameter(torch.randn((224 // patch) ** 2 + 1, width))
        self.ln_pre, self.ln_post = nn.LayerNorm(width), nn.LayerNorm(width)
        block = nn.Module()
        block.ln_1, block.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        block.attn = nn.MultiheadAttention(width, heads, batch_first=True)
        block.mlp = nn.Sequential()
        block.mlp.c_fc, block.mlp.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.ModuleList([block])
        self.proj = nn.Parameter(torch.randn(width, out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv1(x).flatten(2).mT
        x = torch.cat([self.class_embedding.expand(len(x), 1, -1), x], 1) + self.positional_embedding
        x = self.ln_pre(x)
        (block,) = self.transformer.resblocks
        y = block.ln_1(x)
        x = x + block.attn(y, y, y, need_weights=False)[0]
        x = x + block.mlp.c_proj(F.gelu(block.mlp.c_fc(block.ln_2(x))))
        return self.ln_post(x[:, 0]) @ self.proj


BIOCLIP = {"bioclip": (768, 12, 16, 12, 512), "bioclip-2": (1024, 24, 14, 16, 768)}


@pytest.mark.parametrize("name", BIOCLIP)
@pytest.mark.parametrize("filename", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"])
def test_bioclip(name: str, filename: str, publish) -> None:
    width, layers, patch, heads, out = BIOCLIP[name]
    tower = Tower(width, patch, heads, out)
    state = {f"visual.{key}": x for key, x in tower.state_dict().items()}
    texts = {
        "positional_embedding": torch.zeros(7, 8),
        "text_projection": torch.zeros(8, out),
        "logit_scale": torch.ones([]),
    }
    vision = {"image_size": 224, "layers": layers, "width": width, "patch_size": patch}
    facts = {"mean": CLIP[0], "std": CLIP[1], "interpolation": "bicubic", "resize_mode": "shortest"}
    config = {"model_cfg": {"embed_dim": out, "vision_cfg": vision}, "preprocess_cfg": facts}
    publish(f"imageomics/{name}", filename, state | texts, open_clip_config=config)
    model = load_model(name, device="cpu")
    assert_close(model.embed([PHOTO])[0], of(tower, as_published(224, CLIP)(PHOTO)))
    assert model.reading.left_out.keys() >= {"text_projection", "logit_scale"}


def test_every_card_says_what_was_never_run() -> None:
    cards = list_models()
    assert len({card.name for card in cards}) == len(cards) >= 26
    for card in cards:
        assert any("never with the published weights" in note for note in card.notes) != card.embedded
