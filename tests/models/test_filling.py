"""Checkpoints as trainers write them: the network that was trained is read, and what was chosen is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
from torch import nn

from pairx import InputError, compare, explain, load_model
from pairx.models import EmbeddingModel, loading
from pairx.testing import make_pair, smooth_noise
from tests.models.by_hand import assert_close, timms_embedding

State = dict[str, torch.Tensor]
NAME, FEATURES, SIZE = "resnet10t", 512, 48
PHOTO = smooth_noise(0)


def network(seed: int = 0, outputs: int = 0, **options) -> nn.Module:
    torch.manual_seed(seed)
    module = timm.create_model(NAME, num_classes=outputs, **options)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.uniform_(part.weight, 0.5, 1.5)
    return module


def saved(content: object, folder: Path) -> Path:
    torch.save(content, folder / "mine.pth")
    return folder / "mine.pth"


def load(content: object, folder: Path, **options) -> EmbeddingModel:
    return load_model(f"timm:{NAME}", weights=saved(content, folder), size=SIZE, device="cpu", **options)


def assert_same(model: EmbeddingModel, module: nn.Module) -> None:
    assert_close(model.embed([PHOTO])[0], timms_embedding(module, PHOTO, SIZE))


def under(prefix: str, state: State) -> State:
    return {prefix + name: x for name, x in state.items()}


WRAPPED: dict[str, tuple[Callable[[State], object], str]] = {
    "compiled": (lambda state: under("_orig_mod.", state), "read from _orig_mod"),
    "parallel, compiled": (lambda state: under("module._orig_mod.", state), "read from module._orig_mod"),
    "a part of a larger module": (lambda state: under("encoder.trunk.", state), "read from encoder.trunk"),
    "lightning": (
        lambda state: {
            "state_dict": under("model.", state) | {"criterion.weight": torch.zeros(9, FEATURES)},
            "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(3)}}}],
            "hyper_parameters": {"lr": 1e-3},
        },
        r"read from state_dict.model; left out: state_dict.criterion.weight \[9, 512\]",
    ),
    "objective": (
        lambda state: {"model": state, "objective": {"weight": torch.zeros(9, FEATURES)}},
        r"read from model; left out: objective.weight \[9, 512\]",
    ),
    "averaged alone": (lambda state: {"model_ema": state}, "averaged weights read from model_ema"),
    "swa": (
        lambda state: under("module.", state) | {"n_averaged": torch.tensor(3)},
        r"read from module; left out: n_averaged \[\]",
    ),
    "dino": (
        lambda state: {
            "teacher": under("backbone.", state) | {"head.mlp.0.weight": torch.zeros(8, FEATURES)},
            "student": under("backbone.", network(1).state_dict()) | {"head.mlp.0.weight": torch.zeros(8, FEATURES)},
        },
        "averaged weights read from teacher.backbone; the raw ones in student.backbone are not taken",
    ),
}


@pytest.mark.parametrize("form", WRAPPED)
def test_wrapped(form: str, tmp_path: Path) -> None:
    wrap, said = WRAPPED[form]
    original = network()
    model = load(wrap(original.state_dict()), tmp_path)
    assert_same(model, original)
    (note,) = model.notes
    assert note.startswith(f"{tmp_path / 'mine.pth'}: ") and "\n" not in note
    assert re.search(said, note), note


def test_a_checkpoint_that_is_taken_as_it_is_says_nothing(tmp_path: Path) -> None:
    assert load(network().state_dict(), tmp_path).notes == ()


AVERAGED = {
    "timm": lambda raw, averaged: {"state_dict": raw, "state_dict_ema": under("module.", averaged), "epoch": 3},
    "model_ema": lambda raw, averaged: {"model": raw, "model_ema": averaged},
    "ema_model": lambda raw, averaged: {"net": raw, "ema_model": under("module.", averaged)},
    "one dictionary": lambda raw, averaged: under("model.", raw) | under("model_ema.module.", averaged),
}


@pytest.mark.parametrize("form", AVERAGED)
@pytest.mark.parametrize("averaged", [True, False])
def test_averaged_and_raw_weights(form: str, averaged: bool, tmp_path: Path) -> None:
    both = network(0), network(1)
    content = AVERAGED[form](*(module.state_dict() for module in both))
    model = load(content, tmp_path, averaged=averaged)
    assert_same(model, both[averaged])
    assert model.reading.weights == ("averaged" if averaged else "raw")
    assert ("raw ones" if averaged else "averaged ones") in model.notes[0]


def test_averaged_weights_of_a_part_are_not_taken(tmp_path: Path) -> None:
    raw = network()
    part = {name: x for name, x in network(1).state_dict().items() if "running" not in name}
    model = load({"state_dict": raw.state_dict(), "ema": part}, tmp_path)
    assert_same(model, raw)
    assert "raw weights" in model.notes[0] and "ema. holds averaged weights of a part" in model.notes[0]


def test_two_networks_of_which_none_is_averaged(tmp_path: Path) -> None:
    both = {"encoder_q": network(0).state_dict(), "encoder_k": network(1).state_dict()}
    with pytest.raises(InputError, match=r"mine\.pth holds this network 2 times, under 'encoder_k\.', 'encoder_q\.'"):
        load(both, tmp_path)


def test_the_final_layer_is_the_embedding(tmp_path: Path) -> None:
    for original in (network(outputs=128), network(outputs=512)):
        model = load(original.state_dict(), tmp_path)
        assert_same(model, original)
        assert "is kept as the embedding" in model.notes[0] and "--head drop" in model.notes[0]


def test_a_final_layer_without_a_bias_and_beside_the_network(tmp_path: Path) -> None:
    torch.manual_seed(1)
    layer = nn.Linear(FEATURES, 100, bias=False)
    content = under("backbone.", network().state_dict()) | {"embedding.weight": layer.weight.detach()}
    model = load(content, tmp_path)
    assert_same(model, nn.Sequential(network(), layer))
    assert "as its name says" in model.notes[0]


def test_a_loss_over_the_final_layer_tells_that_it_is_the_embedding(tmp_path: Path) -> None:
    original = network(outputs=100)
    for classes in (torch.zeros(7, 100), torch.zeros(100, 7)):
        model = load(original.state_dict() | {"loss.W": classes}, tmp_path)
        assert_same(model, original)
        assert model.reading.left_out == {"loss.W": tuple(classes.shape)}


@pytest.mark.parametrize("outputs", [4, 99, 1000])
def test_a_classifier_is_left_out(outputs: int, tmp_path: Path) -> None:
    original = network(outputs=outputs)
    model = load(original.state_dict(), tmp_path)
    assert model.reading.left_out == {"fc.weight": (outputs, FEATURES), "fc.bias": (outputs,)}
    assert f"the final layer fc (512 to {outputs}) is left out" in model.notes[0]
    assert_same(load(original.state_dict(), tmp_path, head="keep"), original)
    original.reset_classifier(0)
    assert_same(model, original)


def test_named_classes_make_a_classifier(tmp_path: Path) -> None:
    content = {"state_dict": network(outputs=64).state_dict(), "classes": [str(i) for i in range(64)]}
    assert "since the file names classes" in load(content, tmp_path).notes[0]
    assert load(content, tmp_path, head="keep").embed([PHOTO]).shape == (1, 64)


def test_layers_that_we_cannot_place_are_refused(tmp_path: Path) -> None:
    original = network()
    bottleneck = {"neck.weight": torch.ones(FEATURES), "neck.bias": torch.zeros(FEATURES)}
    perceptron = {
        "fc.0.weight": torch.zeros(64, FEATURES),
        "fc.2.weight": torch.zeros(32, 64),
        "fc.1.weight": torch.ones(64),
    }
    for beside in (bottleneck, perceptron):
        with pytest.raises(InputError, match=r"unknown .*--head drop.*pairx\.wrap"):
            load(original.state_dict() | beside, tmp_path)
        model = load(original.state_dict() | beside, tmp_path, head="drop")
        assert_same(model, original)
        assert model.reading.left_out.keys() == beside.keys()


def test_one_input_channel(tmp_path: Path) -> None:
    """Photographs of equal channels, normalised equally, are to the network what one channel was."""
    original = network(in_chans=1)
    model = load(original.state_dict(), tmp_path)
    assert "takes one channel" in model.notes[0]
    x = torch.randn(1, 1, SIZE, SIZE)
    with torch.no_grad():
        assert_close(model.module(x.expand(-1, 3, -1, -1)).numpy(), original.eval()(x).numpy())


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers(value: float, tmp_path: Path) -> None:
    state = network(outputs=128).state_dict()
    for name in ("layer3.0.conv1.weight", "fc.weight", "bn1.running_var"):
        broken = {key: x.clone() for key, x in state.items()}
        broken[name].view(-1)[0] = value
        with pytest.raises(InputError, match=rf"mine\.pth: {name} holds values that are no finite numbers"):
            load(broken, tmp_path)


def test_embeddings_that_are_no_numbers(tmp_path: Path) -> None:
    state = network().state_dict()
    state["layer4.0.conv1.weight"] *= 1e38
    state["layer4.0.conv2.weight"] *= 1e38
    model = load(state, tmp_path)
    uses = (
        lambda: model.embed([PHOTO]),
        lambda: model.encode(make_pair(), []),
        lambda: explain(model, make_pair()),
        lambda: explain(model, make_pair(), method="grad-cam"),
        lambda: compare(model, make_pair(), ["grad-cam", "pair-x"]),
    )
    for use in uses:
        with pytest.raises(InputError, match="no finite number"):
            use()


def vit(side: int | tuple[int, int]) -> nn.Module:
    torch.manual_seed(0)
    return timm.create_model("vit_tiny_patch16_224", img_size=side, num_classes=0, depth=1)


@pytest.mark.parametrize("trained", [(256, 64), (288, 128), (256, 128)])
def test_positions_of_an_unknown_grid_are_not_read_as_square(trained: tuple[int, int], tmp_path: Path, shallow) -> None:
    path = saved(vit(trained).state_dict(), tmp_path)
    for size in (None, 160):
        with pytest.raises(InputError, match=r"pos_embed .* is neither of the input size chosen.*--size 256x64"):
            load_model("timm:vit_tiny_patch16_224", weights=path, size=size, device="cpu")


def test_positions_of_the_size_chosen_and_of_the_published_one(tmp_path: Path, shallow) -> None:
    original = vit(128)
    model = load_model(
        "timm:vit_tiny_patch16_224", weights=saved(original.state_dict(), tmp_path), size=128, device="cpu"
    )
    assert torch.equal(model.module.pos_embed, original.pos_embed)
    assert "pos_embed [1, 65, 192] is taken to be of this input size" in model.notes[0]
    published = saved(vit(224).state_dict(), tmp_path)
    model = load_model("timm:vit_tiny_patch16_224", weights=published, size=128, device="cpu")
    assert model.module.pos_embed.shape == (1, 65, 192) and model.notes == ()


@pytest.fixture
def shallow(monkeypatch: pytest.MonkeyPatch) -> None:
    """timm's ViT of one block."""
    create = timm.create_model
    monkeypatch.setattr(loading, "create_model", lambda name, **options: create(name, **{"depth": 1, **options}))
