"""The hub: its cache without a network, and one line within a second where it cannot be reached."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import timm
from huggingface_hub.errors import LocalEntryNotFoundError, RemoteEntryNotFoundError
from safetensors.torch import save_file

from pairx import InputError, load_model
from pairx.models import hub
from pairx.testing import smooth_noise
from tests.models.by_hand import assert_close, timms_embedding


class NotThere(RemoteEntryNotFoundError):
    def __init__(self) -> None:
        Exception.__init__(self, "404")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and no network."""
    monkeypatch.setattr(hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "get_session", refuse)
    monkeypatch.setattr(hub, "hf_hub_download", lambda *_: pytest.fail("the network was used"))
    return tmp_path


def refuse() -> None:
    raise ConnectionError("[Errno -2] Name or service not known\nand a second line")


def answer() -> SimpleNamespace:
    return SimpleNamespace(head=lambda *_args, **_options: None)


@pytest.mark.parametrize("name", ["miewid-msv3", "miewid-msv2", "megadescriptor-l-384", "dinov2-s", "timm:resnet18"])
def test_unreachable(name: str) -> None:
    started = time.perf_counter()
    with pytest.raises(InputError, match=r"could not be fetched.*Name or service not known.*reid-lite0") as caught:
        load_model(name)
    assert time.perf_counter() - started < 1
    assert "\n" not in str(caught.value)


def test_offline_does_not_even_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(hub, "get_session", lambda: pytest.fail("the network was used"))
    with pytest.raises(InputError, match=r"HF_HUB_OFFLINE.*reid-lite0"):
        load_model("megadescriptor-t-224")


def test_a_connection_that_breaks_is_not_a_missing_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_off(*_: str) -> str:
        raise LocalEntryNotFoundError("the connection broke")

    monkeypatch.setattr(hub, "get_session", answer)
    monkeypatch.setattr(hub, "hf_hub_download", break_off)
    with pytest.raises(InputError, match=r"could not be fetched from the hub .the connection broke"):
        hub.fetch("owner/model")


def test_a_repository_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def missing(_repository: str, filename: str) -> str:
        asked.append(filename)
        raise NotThere

    monkeypatch.setattr(hub, "get_session", answer)
    monkeypatch.setattr(hub, "hf_hub_download", missing)
    with pytest.raises(InputError, match=r"owner/model holds no model\.safetensors or pytorch_model\.bin.*reid-lite0"):
        hub.fetch("owner/model")
    assert asked == ["model.safetensors", "pytorch_model.bin"]


def test_the_second_file_where_the_first_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_pickles(_repository: str, filename: str) -> str:
        if filename != "pytorch_model.bin":
            raise NotThere
        return "somewhere/pytorch_model.bin"

    monkeypatch.setattr(hub, "get_session", answer)
    monkeypatch.setattr(hub, "hf_hub_download", only_pickles)
    assert hub.fetch("owner/model") == Path("somewhere/pytorch_model.bin")


def test_the_cache_is_used_without_any_network(cache: Path) -> None:
    repository = cache / "models--timm--resnet10t.c3_in1k"
    snapshot = repository / "snapshots" / "0123456789abcdef0123456789abcdef01234567"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(snapshot.name)
    original = timm.create_model("resnet10t")
    save_file(original.state_dict(), snapshot / "model.safetensors")
    model = load_model("timm:resnet10t", size=64, device="cpu")
    original.reset_classifier(0)
    photo = smooth_noise(0)
    assert_close(model.embed([photo])[0], timms_embedding(original, photo, 64))
