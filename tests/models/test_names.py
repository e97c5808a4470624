"""Names that laboratories type: a hub's repository, a local folder, a configuration with a file of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from pairx import InputError, load_model
from pairx.models import MODELS, Preprocessing, hub, loading
from pairx.testing import smooth_noise
from tests.models.by_hand import HALF, assert_close, embedding

PHOTO = smooth_noise(0, 64, 64)
MEAN, STD = [0.1, 0.2, 0.3], [0.4, 0.5, 0.6]
FACTS = {"input_size": [3, 64, 64], "mean": MEAN, "std": STD, "interpolation": "bilinear", "crop_pct": 1.0}


def network(**options) -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model("resnet10t", num_classes=0, **options)


def folder_of(folder: Path, facts: dict, module: nn.Module | None = None, **more) -> Path:
    folder.mkdir(exist_ok=True)
    content = {"architecture": "resnet10t", "num_classes": 0, "pretrained_cfg": facts, **more}
    (folder / "config.json").write_text(json.dumps(content))
    save_file((module or network()).state_dict(), folder / facts.get("hf_hub_filename", "model.safetensors"))
    return folder


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch):
    """A hub of one repository, as it lies in a folder: `publish("owner/name", folder)`."""

    def publish(repository: str, folder: Path) -> None:
        def fetch(asked: str, filenames=hub.FILES) -> Path:
            assert asked == repository
            return next(folder / name for name in filenames if (folder / name).exists())

        monkeypatch.setattr(hub, "fetch", fetch)

    return publish


@pytest.mark.parametrize("form", ["hf-hub:owner/name", "timm:hf-hub:owner/name", "hf_hub:owner/name", "folder"])
def test_a_repository_and_a_folder_of_timms_form(form: str, tmp_path: Path, publish) -> None:
    original = network()
    folder = folder_of(tmp_path / "mine", FACTS, original)
    publish("owner/name", folder)
    model = load_model(str(folder) if form == "folder" else form, device="cpu")
    assert model.name == ("mine" if form == "folder" else form)
    assert_close(model.embed([PHOTO])[0], embedding(original, PHOTO, 64, MEAN, STD))


def test_all_that_the_configuration_says(tmp_path: Path) -> None:
    original = network(stem_width=24)
    facts = {
        "input_size": [3, 96, 64],
        "mean": MEAN,
        "std": STD,
        "interpolation": "bicubic",
        "crop_pct": 0.875,
        "hf_hub_filename": "named.safetensors",
    }
    folder = folder_of(tmp_path / "mine", facts, original, model_args={"stem_width": 24, "in_chans": 3})
    model = load_model(str(folder), device="cpu")
    assert model.preprocessing == Preprocessing((96, 64), tuple(MEAN), tuple(STD), "bicubic", True, "crop", 0.875)
    x = model.preprocessing(PHOTO)[None]
    with torch.no_grad():
        assert_close(model.module(x).numpy(), original.eval()(x).numpy())


def test_the_older_form_of_one_level(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mine", {})
    (folder / "config.json").write_text(json.dumps({"architecture": "resnet10t", **FACTS, "crop_mode": "squash"}))
    assert load_model(str(folder), device="cpu").preprocessing == Preprocessing((64, 64), tuple(MEAN), tuple(STD))


def test_a_folder_that_names_classes_has_a_classifier(tmp_path: Path) -> None:
    torch.manual_seed(0)
    original = timm.create_model("resnet10t", num_classes=64)
    folder = folder_of(tmp_path / "mine", {**FACTS, "label_names": ["a"] * 64}, original)
    model = load_model(str(folder), device="cpu")
    assert model.embed([PHOTO]).shape == (1, 512) and "since the file names classes" in model.notes[0]


def test_a_registered_models_repository_is_that_model(tmp_path: Path, publish) -> None:
    """Its authors' mean and std, whatever its config.json says."""
    folder = folder_of(tmp_path / "mine", {**FACTS, "mean": HALF[0]})
    state = timm.create_model("efficientnet_b3", num_classes=0).state_dict()
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    publish("BVRA/MegaDescriptor-T-CNN-288", folder)
    model = load_model("hf-hub:BVRA/MegaDescriptor-T-CNN-288", size=64, device="cpu")
    assert (model.card, model.embed([PHOTO]).shape) == (MODELS["megadescriptor-t-cnn-288"], (1, 1536))


def test_timms_configuration_with_a_file_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = network()
    save_file(original.state_dict(), tmp_path / "own.safetensors")
    config = timm.get_pretrained_cfg("resnet10t.c3_in1k")
    config.hf_hub_filename, config.num_classes = "own.safetensors", 0
    monkeypatch.setattr(loading, "get_pretrained_cfg", lambda _: config)
    asked = []
    monkeypatch.setattr(hub, "fetch", lambda repository, names: asked.append(names) or tmp_path / names[0])
    monkeypatch.setattr(loading, "create_model", lambda *_, **options: asked.append(options) or original)
    original.pretrained_cfg = {"input_size": (3, 64, 64), "mean": MEAN, "std": STD}
    load_model("timm:resnet10t.c3_in1k", device="cpu")
    assert asked[0] == ("own.safetensors",)
    assert asked[1]["pretrained_cfg_overlay"] == {"file": str(tmp_path / "own.safetensors")}


CODE = {"auto_map": {"AutoModel": "modeling.Net"}, "architectures": ["Net"]}
WRONG = {
    "code": (CODE, "names no architecture of timm's, and code of a hub is never run"),
    "no json": (None, "is damaged or not of timm's form"),
    "a list": ([1], "is damaged or not of timm's form"),
    "another architecture": ({"architecture": "hf-hub:other/name"}, "timm has no architecture 'hf-hub:other/name'"),
    "a path": ({"architecture": "resnet10t", "model_args": {"checkpoint_path": "x.pth"}}, "not of timm's form"),
    "an option": ({"architecture": "resnet10t", "model_args": {"no_such": 1}}, "takes no such options"),
    "std": ({"architecture": "resnet10t", "std": [0, 1, 1]}, "not of timm's form"),
    "interpolation": ({"architecture": "resnet10t", "interpolation": "lanczos"}, "no interpolation 'lanczos'"),
    "size": ({"architecture": "resnet10t", "input_size": [3, "big", 4]}, "not of timm's form"),
}


@pytest.mark.parametrize("form", WRONG)
def test_configurations_that_are_no_timms(form: str, tmp_path: Path) -> None:
    content, said = WRONG[form]
    folder = folder_of(tmp_path / "mine", FACTS)
    (folder / "config.json").write_text("{" if content is None else json.dumps(content))
    with pytest.raises(InputError, match=said) as caught:
        load_model(str(folder), device="cpu")
    assert "\n" not in str(caught.value)


def test_folders_and_names_of_no_model(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no config\.json"):
        load_model(str(tmp_path))
    folder = folder_of(tmp_path / "mine", FACTS)
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=r"mine holds no model\.safetensors or pytorch_model\.bin"):
        load_model(str(folder))
    for name in ("hf-hub:", "hf-hub:owner", "hf-hub:owner/name/more", "timm:hf-hub:../name x"):
        with pytest.raises(InputError, match="names no repository: give hf-hub:OWNER/NAME"):
            load_model(name)
