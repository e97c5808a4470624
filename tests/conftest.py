"""What several tests share: a tiny network, small real ones, photographs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pillow_heif
import pytest
import torch

from pairx import load_model
from pairx.models import EmbeddingModel
from pairx.testing import make_pair, tiny_model
from pairx.types import ImagePair

pillow_heif.register_heif_opener()  # tests write HEIC with Pillow
BROWSER = "tests/browser/"
_WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
torch.set_num_threads(max(1, min(2, os.cpu_count() or 1) // _WORKERS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's tests come first: they take half of the time, and with `-n` one worker runs them all."""
    items.sort(key=lambda item: not item.nodeid.startswith(BROWSER))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `-n`, the tests of a file stay together, as what they share is made once. Those of the browser all do: they
    share one app."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else nodeid.partition("::")[0]

    return ByFile(config, log)


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
