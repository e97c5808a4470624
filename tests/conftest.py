"""What several tests share: a tiny network, small real ones, photographs."""

from __future__ import annotations

import os
from pathlib import Path

import pillow_heif
import pytest
import torch

from pairx import load_model
from pairx.models import EmbeddingModel
from pairx.testing import make_pair, tiny_model
from pairx.types import ImagePair

pillow_heif.register_heif_opener()  # tests write HEIC with Pillow
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
torch.set_num_threads(max(1, min(2, os.cpu_count() or 1) // _WORKERS))


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With `-n`, the tests of a file stay together, as what they share is made once. Those of the browser all do, and
    come first: they share one app and take half of the time."""
    browser = Path(__file__).parent / "browser"
    items.sort(key=lambda item: browser not in item.path.parents)
    for item in items:
        item.add_marker(pytest.mark.xdist_group("browser" if browser in item.path.parents else str(item.path)))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What tests remember is no user's."""
    os.environ["PAIRX_CACHE"] = str(tmp_path_factory.mktemp("user-cache"))


@pytest.fixture
def pair() -> ImagePair:
    return make_pair()


@pytest.fixture(scope="session")
def tiny() -> EmbeddingModel:
    return tiny_model()


@pytest.fixture(scope="session")
def lite0() -> EmbeddingModel:
    """ImageNet's EfficientNet-Lite0 at 96 px: real weights, small maps."""
    return load_model("lite0-imagenet", size=96, device="cpu")


@pytest.fixture(scope="session")
def photographs() -> Path:
    """The development photographs that PAIRX_DATA names."""
    if "PAIRX_DATA" not in os.environ:
        pytest.skip("PAIRX_DATA is unset: it names the folder of development photographs")
    return Path(os.environ["PAIRX_DATA"])
