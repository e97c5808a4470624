"""Checkpoints that are damaged, are something else or hold code: one line that names the file, and nothing is run."""

from __future__ import annotations

import io
import pickle
import random
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from pairx import InputError, load_model
from pairx.models import hub
from pairx.models.checkpoints import SUFFIXES, read


def pickled(content: object) -> bytes:
    file = io.BytesIO()
    torch.save(content, file)
    return file.getvalue()


TENSORS = {"a": torch.arange(300.0)}
CUT = {".safetensors": save(TENSORS), ".pth": pickled(TENSORS)}
DAMAGED: dict[str, bytes] = {
    **{f"empty{suffix}": b"" for suffix in SUFFIXES},
    **{f"text{suffix}": b"hello, I am a text\n" for suffix in SUFFIXES},
    **{f"web page{suffix}": b"<!DOCTYPE html><html>404</html>" for suffix in SUFFIXES},
    **{f"noise{suffix}": random.Random(1).randbytes(3000) for suffix in SUFFIXES},
    **{f"half{suffix}": content[: len(content) // 2] for suffix, content in CUT.items()},
    **{f"start{suffix}": content[:5] for suffix, content in CUT.items()},
    "endless header.safetensors": (2**60).to_bytes(8, "little") + b"{}",
    "no tensors.safetensors": save({}),
    "a list.pth": pickled([torch.zeros(3)]),
    "a tensor.pth": pickled(torch.zeros(3)),
    "nothing.pth": pickled({}),
    "numbers for names.pth": pickled({1: torch.zeros(3)}),
    "more than tensors.pth": pickled({"a": torch.zeros(3), "epoch": 3}),
    "a whole module.pth": pickled(torch.nn.Linear(2, 2)),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(DAMAGED[name])
    assert_refused(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_missing_folder_and_endless_name(suffix: str, tmp_path: Path) -> None:
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    for path in (folder, tmp_path / f"missing{suffix}", tmp_path / ("a" * 300 + suffix)):
        assert_refused(path)


def assert_refused(path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_model("timm:resnet10t", weights=path)
    message = str(caught.value)
    assert path.stem in message
    assert "\n" not in message


class Trap:
    """Creates a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple:
        return open, (str(self.file), "w")


@pytest.mark.parametrize("form", ["pickle", "torch"])
@pytest.mark.parametrize("name", ["model.pth", "model.pt", "model.bin", "model.safetensors"])
def test_code_is_never_run(form: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sprung = tmp_path / "sprung"
    state = {"weight": Trap(sprung)}
    content = pickle.dumps(state, protocol=2) if form == "pickle" else pickled(state)
    path = tmp_path / name
    path.write_bytes(content)
    monkeypatch.setattr(hub, "fetch", lambda _repository, _files: path)
    uses = (
        lambda: load_model(str(path)),
        lambda: load_model("timm:resnet10t", weights=path),
        lambda: load_model("megadescriptor-t-224"),
        lambda: load_model("timm:resnet10t"),
    )
    for use in uses:
        with pytest.raises(InputError, match=name):
            use()
    assert not sprung.exists()
    torch.load(io.BytesIO(content), weights_only=False) if form == "torch" else pickle.loads(content)
    assert sprung.exists()  # the trap is a trap


@pytest.mark.parametrize(
    ("wrap", "under"),
    [
        (lambda state: state, ""),
        (lambda state: {"state_dict": state, "epoch": 1}, "state_dict."),
        (lambda state: {"model": {"model_state_dict": state}}, "model.model_state_dict."),
        (lambda state: {f"module.model.{key}": value for key, value in state.items()}, "module.model."),
        (lambda state: {key: value.half() for key, value in state.items()}, ""),
        (lambda state: {"state_dict": state, "best": np.float64(0.9), "rows": np.arange(3)[:2]}, "state_dict."),
        (lambda state: {"state_dict": state, "args": Namespace(lr=1, out=Path("runs")), "arch": "x"}, "state_dict."),
    ],
)
def test_tensors_by_dotted_name(wrap, under: str, tmp_path: Path) -> None:
    state = {"conv.weight": torch.arange(6.0).reshape(2, 3), "net.bias": torch.ones(2)}
    torch.save(wrap(state), tmp_path / "a.pth")
    found = {name: x for name, x in read(tmp_path / "a.pth").tensors.items() if name != "rows"}
    assert found.keys() == {f"{under}{key}" for key in state}
    assert all(
        x.dtype == torch.float32 and torch.equal(x, state[name.removeprefix(under)]) for name, x in found.items()
    )


def test_what_torch_allows_stays_as_it_is(tmp_path: Path) -> None:
    before = set(torch.serialization.get_safe_globals())
    torch.save(TENSORS | {"best": np.float64(0.9)}, tmp_path / "a.pth")
    read(tmp_path / "a.pth")
    assert set(torch.serialization.get_safe_globals()) == before
