"""Networks of one's own: explained as they are, and left as they were."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from PIL import Image
from torch import nn

import pairx
from pairx import InputError, cli
from pairx.models import Preprocessing
from pairx.testing import TinyNet, make_pair, smooth_noise
from tests.models.by_hand import IMAGENET, assert_close, embedding

ROOT = Path(__file__).resolve().parents[2]
PHOTO = smooth_noise(0)


class Own(nn.Module):
    """A trunk, a layer of embeddings and one of classes, as metric learning has them; `ending` says what is given."""

    def __init__(self, ending: Callable[[torch.Tensor, torch.Tensor], object] = lambda e, _: F.normalize(e)) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.trunk = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(i, o, 3, 2, 1), nn.BatchNorm2d(o), nn.ReLU())
                for i, o in ((3, 4), (4, 6), (6, 8))
            )
        )
        self.embed, self.classify, self.ending = nn.Linear(8, 5), nn.Linear(5, 7), ending

    def forward(self, x: torch.Tensor) -> object:
        e = self.embed(self.trunk(x).mean((2, 3)))
        return self.ending(e, self.classify(e))


def wrapped(module: nn.Module, **options) -> pairx.EmbeddingModel:
    return pairx.wrap(module, **{"size": 32, "mean": IMAGENET[0], "std": IMAGENET[1], **options})


def test_it_embeds_and_explains_as_the_network_does() -> None:
    network = Own().train()
    model, pair = wrapped(network, name="mine"), make_pair()
    explanation = pairx.explain(model, pair)
    assert (model.name, model.default_layer) == ("mine", "trunk.1")
    assert [(layer.name, layer.stride, layer.grid, layer.channels) for layer in model.layers] == [
        ("trunk.0", 2, (16, 16), 4),
        ("trunk.1", 4, (8, 8), 6),
        ("trunk.2", 8, (4, 4), 8),
    ]
    assert network.training
    e, f = (embedding(network, image, 32, *IMAGENET) for image in (pair.image0, pair.image1))
    assert explanation.similarity == pytest.approx(float(e @ f), abs=1e-6)
    assert explanation.map0.shape == (8, 8) and np.abs(explanation.map0).max() > 0
    assert_close(model.embed([pair.image0])[0], e)


def test_the_network_is_left_as_it_was_and_trains_on() -> None:
    network, seen = Own().train(), []
    network.trunk[0].eval()  # as who freezes a stage
    network.trunk[0].requires_grad_(False)
    network.trunk[2].register_full_backward_hook(lambda *_: seen.append(1))
    state = {name: x.clone() for name, x in network.state_dict().items()}
    modes = [part.training for part in network.modules()]
    frozen = [parameter.requires_grad for parameter in network.parameters()]
    hooks = [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in network.modules()]
    model = wrapped(network)
    pairx.explain(model, make_pair())
    pairx.compare(model, make_pair(), ["grad-cam", "decomposition"])
    assert [part.training for part in network.modules()] == modes
    assert [parameter.requires_grad for parameter in network.parameters()] == frozen
    assert [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in network.modules()] == hooks
    assert all(torch.equal(x, state[name]) for name, x in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    seen.clear()
    network(torch.randn(4, 3, 32, 32)).sum().backward()
    assert seen and network.embed.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("step", ["optimizer", "data", "statistics"])
def test_a_step_of_training_is_seen(step: str) -> None:
    network = Own().train()
    model = wrapped(network)
    before, key = model.embed([PHOTO])[0], model.key
    if step == "optimizer":
        network(torch.randn(4, 3, 32, 32)).sum().backward()
        torch.optim.AdamW(network.parameters(), 0.1).step()
    elif step == "data":
        network.embed.weight.data.add_(torch.randn(5, 8))
    else:
        network(torch.randn(4, 3, 32, 32))
    assert model.key != key
    assert np.abs(model.embed([PHOTO])[0] - before).max() > 1e-3
    assert_close(model.embed([PHOTO])[0], embedding(network, PHOTO, 32, *IMAGENET))


class Both(NamedTuple):
    embeddings: torch.Tensor
    logits: torch.Tensor


OUTPUTS = {
    "tuple": (lambda e, c: (e, c), None, "0"),
    "list": (lambda e, c: [c[:, :, None, None], e], None, ""),
    "dict": (lambda e, c: {"count": e.argmax(1), "emb": e, "logits": c}, None, "emb"),
    "named tuple": (Both, 0, ""),
    "by name": (lambda e, c: {"logits": c, "emb": e}, "emb", ""),
    "by index": (lambda e, c: (c, e), 1, ""),
}


@pytest.mark.parametrize("form", OUTPUTS)
def test_outputs(form: str) -> None:
    ending, output, said = OUTPUTS[form]
    network = Own(ending)
    model = wrapped(network, output=output)
    assert_close(model.embed([PHOTO])[0], embedding(Own(lambda e, _: e), PHOTO, 32, *IMAGENET))
    assert pairx.explain(model, make_pair()).map0.any()
    assert any(f"{said!r} is taken" in note or f"{said} is taken" in note for note in model.notes) == bool(said)


def test_what_was_not_said_is_said() -> None:
    model = pairx.wrap(TinyNet(), size=12)
    assert model.preprocessing == Preprocessing((12, 12), *IMAGENET)
    assert model.notes[0] == "No mean and standard deviation given: ImageNet's taken." and "squashed" in model.notes[1]
    given = Preprocessing((12, 12), (0.5,) * 3, (0.5,) * 3, "bicubic")
    model = pairx.wrap(TinyNet(), preprocessing=given)
    assert (model.preprocessing, model.notes) == (given, ())


def test_layers_given() -> None:
    model = wrapped(Own(), layers=["trunk.0", "trunk.2"], layer="trunk.2")
    assert [(layer.name, layer.default) for layer in model.layers] == [("trunk.0", False), ("trunk.2", True)]
    assert wrapped(Own(), layer="trunk.1.0").default_layer == "trunk.1.0"
    for options in ({"layers": ["embed"]}, {"layer": "trunk.9"}):
        with pytest.raises(InputError, match=r"no layer '(embed|trunk\.9)' with features on a grid"):
            _ = wrapped(Own(), **options).layers


def test_a_plain_sequence_and_timms_networks_within() -> None:
    plain = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    assert [layer.name for layer in wrapped(plain).layers] == ["0", "1"]
    vit = timm.create_model("vit_tiny_patch16_224", img_size=64, num_classes=0, depth=3)
    model = wrapped(nn.Sequential(vit, nn.Linear(192, 6)), size=64)
    assert [(layer.name, layer.grid) for layer in model.layers] == [(f"0.blocks.{i}", (4, 4)) for i in range(3)]
    swin = timm.create_model("swin_tiny_patch4_window7_224", img_size=64, num_classes=0, depths=(1, 1, 1, 1))
    assert wrapped(swin, size=64).layers[0].channels == 96


KEY = """
import pairx, torch, sys
from tests.models.test_wrapping import Own, wrapped
print(wrapped(Own()).key, wrapped(Own(lambda e, _: e * (e in {"a", "b", "c"} or 2))).key)
"""


@pytest.mark.slow
def test_the_key_is_the_same_in_every_process() -> None:
    keys = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", KEY],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        )
        assert done.returncode == 0, done.stderr
        keys.add(done.stdout)
    (found,) = keys
    plain, other = found.split()
    assert plain == wrapped(Own()).key != other


def test_the_key_tells_networks_apart() -> None:
    network = Own(lambda e, _: e)
    strided = Own(lambda e, _: e)
    strided.trunk[2][0].stride = (1, 1)
    models = [
        wrapped(network),
        wrapped(strided),
        wrapped(Own(lambda e, _: e.relu())),
        wrapped(network, size=48),
        wrapped(Own(lambda e, c: (e, c)), output=1),
        wrapped(Own(lambda e, c: (e, c)), output=0),
    ]
    assert len({model.key for model in models}) == len(models)
    assert wrapped(network, name="other").key == models[0].key


def test_what_stands_around_a_network_is_taken_off() -> None:
    network = Own()
    assert wrapped(nn.DataParallel(network)).key == wrapped(network).key


class Recorder(nn.Module):
    """With a tensor that is no buffer, not a leaf, and a buffer that is not saved."""

    def __init__(self) -> None:
        super().__init__()
        self.own = TinyNet()
        self.scale = nn.Parameter(torch.ones(1)) * 2
        self.register_buffer("shift", torch.ones(1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.own(x) * self.scale + self.shift


def test_tensors_that_are_neither_parameters_nor_saved() -> None:
    network = Recorder()
    model = wrapped(network, size=12)
    key = model.key
    assert_close(model.embed([PHOTO])[0], embedding(network, PHOTO, 12, *IMAGENET))
    network.shift += 1
    assert model.key != key


class Locked(TinyNet):
    def __init__(self) -> None:
        super().__init__()
        self.lines = (line for line in ())  # what cannot be copied


@pytest.mark.parametrize(
    ("make", "options", "said"),
    [
        (lambda: lambda x: x, {}, "wrap takes a torch.nn.Module, not function"),
        (lambda: torch.jit.script(nn.Linear(2, 2)), {}, "not compiled"),
        (TinyNet, {"size": None}, "size .* is not known: give size=224"),
        (TinyNet, {"preprocessing": Preprocessing((12, 12), *IMAGENET)}, "give either it or them"),
        (TinyNet, {"mean": (0.5,)}, "give three numbers"),
        (TinyNet, {"std": (0.5, 0, 1)}, "std above 0"),
        (TinyNet, {"size": 0}, "all above 0"),
        (lambda: TinyNet().half(), {}, r"torch\.float16, and explanations need float32"),
        (lambda: nn.LazyConv2d(3, 3), {}, "has no shape yet"),
        (Locked, {}, "Locked cannot be copied .*generator"),
        (lambda: nn.Linear(7, 2), {}, r"own does not take a batch \(2, 3, 32, 32\)"),
        (lambda: nn.Conv2d(3, 4, 3), {}, r"gives \(2, 4, 30, 30\).*no embeddings"),
        (lambda: Own(lambda e, c: {"a": e, "b": c}), {"output": "c"}, r"no 'c': 'a' \(2, 5\), 'b' \(2, 7\)"),
        (lambda: Own(lambda e, _: {"a": e[..., None]}), {}, r"no embeddings \(B, D\): 'a' \(2, 5, 1\)"),
        (lambda: Own(lambda *_: "text"), {}, r"no embeddings \(B, D\): str"),
        (lambda: nn.Sequential(nn.Flatten(), nn.Linear(3072, 4)), {"layer": "0"}, "no layer with features on a grid"),
    ],
)
def test_what_cannot_be_wrapped(make, options: dict, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        wrapped(make(), **options)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_example_in_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"```python\n(.*?)```", text.partition("**Your own model.**")[2], re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    for seed, name in enumerate(("a.jpg", "b.jpg")):
        Image.fromarray(smooth_noise(seed, 96, 128)).save(name)
    names: dict = {}
    exec(example, names)
    assert Path("ab.png").stat().st_size and names["model"].default_layer == "layer3"
    assert len(example.splitlines()) <= 10


FACTORY = """
from pairx import wrap
from pairx.testing import TinyNet
network, model = TinyNet, lambda: wrap(TinyNet(), size=12, layers=["stage"])
number, broken = lambda: 3, lambda: 1 / 0
"""


def test_a_function_of_ones_own_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("ours_to_try.py").write_text(FACTORY)
    for options in (["ours_to_try:model"], ["ours_to_try:network", "--size", "12"]):
        assert cli.main(["layers", "--model", *options]) == 0
        out, err = capsys.readouterr()
        assert "stage" in out and "running the code of ours_to_try" in err and "squashed" in err
    wrong = {
        "ours_to_try:network": "size=224",
        "ours_to_try:number": "returns int",
        "ours_to_try:broken": "ZeroDivisionError",
        "ours_to_try:nothing": "nothing",
        "not_there:model": "not_there",
    }
    for name, said in wrong.items():
        assert cli.main(["layers", "--model", name]) == 2
        assert said in capsys.readouterr().err.splitlines()[-1]
        with pytest.raises(InputError, match="There is no model"):  # never but from the command line
            pairx.load_model(name)
