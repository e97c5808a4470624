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
torch.set_num_threads(min(2, os.cpu_count() or 1))


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
