"""Checkpoints of the forms that are published load into exactly the network that they were saved from."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from pairx import InputError, load_model
from pairx.models import hub
from pairx.testing import smooth_noise
from tests.models.by_hand import IMAGENET, assert_close, embedding, timms_embedding

State = dict[str, torch.Tensor]
PHOTO = smooth_noise(0)


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch):
    """A hub of one file: `publish(repository, path)`; asking for any other repository fails."""

    def publish(repository: str, path: Path) -> None:
        monkeypatch.setattr(hub, "fetch", lambda asked, *_: {repository: path}[asked])

    return publish


class PublishedMiewId(nn.Module):
    """MiewID as its authors wrote it: backbone, GeM with one learned exponent, BatchNorm, and a head for training."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = timm.create_model("efficientnetv2_rw_m", num_classes=0, global_pool="")
        self.pooling = nn.Module()
        self.pooling.p = nn.Parameter(torch.tensor([2.5]))
        self.bn = nn.BatchNorm1d(2152)
        nn.init.uniform_(self.bn.weight)
        nn.init.normal_(self.bn.running_mean)
        self.final = nn.Linear(2152, 7, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        powers = self.backbone(x).clamp(min=1e-6) ** self.pooling.p
        return self.bn(nn.functional.avg_pool2d(powers, powers.shape[-2:])[..., 0, 0] ** (1 / self.pooling.p))


@pytest.mark.slow
def test_miewid(tmp_path: Path, publish) -> None:
    torch.manual_seed(0)
    original = PublishedMiewId()
    save_file(original.state_dict(), tmp_path / "model.safetensors")
    publish("conservationxlabs/miewid-msv3", tmp_path / "model.safetensors")
    model = load_model("miewid-msv3", size=64, device="cpu")
    assert_close(model.embed([PHOTO])[0], embedding(original, PHOTO, 64, *IMAGENET))
    assert (model.default_layer, model.layer("blocks.3").stride) == ("blocks.3", 16)


@pytest.fixture(scope="module")
def swin() -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model("swin_tiny_patch4_window7_224", num_classes=0)


def headless(state: State) -> State:
    return state


def with_head(state: State) -> State:
    return state | {"head.fc.weight": torch.zeros(9, 768), "head.fc.bias": torch.zeros(9)}


def of_older_timm(state: State) -> State:
    """Merging at the end of a stage rather than at the start of the next one, and masks among the weights."""
    buffers = {"layers.0.blocks.1.attn_mask": torch.zeros(64, 49, 49)}
    for stage in (1, 2, 3):
        state = {key.replace(f"layers.{stage}.down", f"layers.{stage - 1}.down"): x for key, x in state.items()}
    return state | buffers


@pytest.mark.slow
@pytest.mark.parametrize("form", [headless, with_head, of_older_timm])
def test_megadescriptor(form, swin: nn.Module, tmp_path: Path, publish) -> None:
    torch.save(form(swin.state_dict()), tmp_path / "pytorch_model.bin")
    publish("BVRA/MegaDescriptor-T-224", tmp_path / "pytorch_model.bin")
    model = load_model("megadescriptor-t-224", device="cpu")
    assert_close(model.embed([PHOTO])[0], embedding(swin, PHOTO, 224, *IMAGENET))


def test_dinov2_with_its_positions_resampled(tmp_path: Path, publish) -> None:
    torch.manual_seed(0)
    small = timm.create_model("vit_small_patch14_dinov2", num_classes=0, img_size=98)
    state = small.state_dict()
    coarse, fine = torch.randn(1, 384, 37, 37), torch.empty(1, 384, 7, 7)
    fine = nn.functional.interpolate(coarse, (7, 7), mode="bicubic", antialias=True)
    classes = state["pos_embed"][:, :1]
    published = {"pos_embed": torch.cat([classes, coarse.flatten(2).mT], 1), "mask_token": torch.zeros(1, 384)}
    small.load_state_dict(state | {"pos_embed": torch.cat([classes, fine.flatten(2).mT], 1)})
    save_file({key: x.contiguous() for key, x in (state | published).items()}, tmp_path / "model.safetensors")
    publish("timm/vit_small_patch14_dinov2.lvd142m", tmp_path / "model.safetensors")
    expected = embedding(small, PHOTO, 98, *IMAGENET)
    model = load_model("dinov2-s", size=98, device="cpu")
    assert_close(model.embed([PHOTO])[0], expected)
    assert {layer.grid for layer in model.layers} == {(7, 7)}
    local = load_model("dinov2-s", weights=tmp_path / "model.safetensors", size=98, device="cpu")
    assert_close(local.embed([PHOTO])[0], expected)


def test_a_trainers_wrapped_checkpoint(tmp_path: Path) -> None:
    torch.manual_seed(0)
    original = timm.create_model("resnet18", num_classes=4)
    state = {f"module.{key}": x for key, x in original.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "mine.pth")
    model = load_model("timm:resnet18", weights=tmp_path / "mine.pth", size=64, device="cpu")
    original.reset_classifier(0)
    assert_close(model.embed([PHOTO])[0], timms_embedding(original, PHOTO, 64))
    assert model.name == "timm:resnet18@mine"


ABOUT = {
    "architecture": "resnet10t",
    "size": "80",
    "mean": "0.1,0.2,0.3",
    "std": "0.4,0.5,0.6",
    "default_layer": "layer2",
}


def save_resnet10t(path: Path, about: dict[str, str]) -> nn.Module:
    torch.manual_seed(0)
    network = timm.create_model("resnet10t", num_classes=0)
    save_file(network.state_dict(), path, about)
    return network


def test_a_checkpoint_that_describes_itself(tmp_path: Path) -> None:
    original = save_resnet10t(tmp_path / "mine.safetensors", ABOUT)
    model = load_model(str(tmp_path / "mine.safetensors"), device="cpu")
    assert (model.name, model.size, model.default_layer) == ("mine", (80, 80), "layer2")
    expected = embedding(original, PHOTO, 80, (0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    assert_close(model.embed([PHOTO])[0], expected)
    assert load_model(str(tmp_path / "mine.safetensors"), size=64, device="cpu").size == (64, 64)


@pytest.mark.parametrize(
    ("key", "value"),
    [("size", "big"), ("size", "100000"), ("mean", "0.5,0.5"), ("std", "a,b,c"), ("mean", "nan,0,0"), ("std", "0,1,1")],
)
def test_a_checkpoint_that_describes_itself_wrongly(key: str, value: str, tmp_path: Path) -> None:
    save_resnet10t(tmp_path / "mine.safetensors", ABOUT | {key: value})
    with pytest.raises(InputError, match=rf"mine\.safetensors says {key}='{value}'"):
        load_model(str(tmp_path / "mine.safetensors"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("layer2.0.conv1.weight") * 0, "lacks layer2.0.conv1.weight"),
        (lambda state: state.update({"bn1.bias": torch.zeros(3)}), "other shapes for bn1.bias"),
        (lambda state: state.update({"layer9.weight": torch.zeros(3)}), "unknown layer9.weight"),
        (lambda state: [state.pop(key) for key in list(state) if key != "bn1.bias"], r"lacks .*, .*, .* and \d+ more"),
    ],
    ids=["missing", "shape", "unknown", "nearly all missing"],
)
def test_a_checkpoint_of_another_architecture(change, said: str, tmp_path: Path) -> None:
    state = timm.create_model("resnet10t", num_classes=0).state_dict()
    change(state)
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(InputError, match=said) as caught:
        load_model("timm:resnet10t", weights=tmp_path / "other.pth")
    assert str(tmp_path / "other.pth") in str(caught.value)


def test_a_checkpoint_without_an_architecture_says_how_to_name_it(tmp_path: Path) -> None:
    save_file({"a": torch.zeros(2)}, tmp_path / "mine.safetensors")
    with pytest.raises(InputError, match=r"--model timm:ARCHITECTURE --weights .*mine\.safetensors"):
        load_model(str(tmp_path / "mine.safetensors"))
