"""Where a figure's photographs, runs and models come from: the file system, or, in its place, a server's shelf."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from pairx.assets import ASSETS
from pairx.datasets import load_herd
from pairx.evaluation.reading import OpenRun, open_run
from pairx.figures.pairs import SAMPLE
from pairx.figures.spec import Model, Photograph
from pairx.images import load_image
from pairx.models import EmbeddingModel, load_model
from pairx.types import InputError, View

RANDOM = "what random weights find says nothing."


@dataclass(frozen=True)
class Found:
    """A photograph as it is explained. image: (H, W, 3) uint8. name: without folder and ending. sha256: of its file."""

    image: np.ndarray
    view: View
    name: str
    sha256: str


class Sources:
    """Reads from files, relative to a folder. A server gives an instance of its own, which looks elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.photograph = lru_cache(None)(self._photograph)
        self.run = lru_cache(None)(self._run)
        self.model = lru_cache(None)(self._model)

    def file(self, source: str) -> Path:
        """Where a photograph lies. Raises InputError where there is none."""
        if source.startswith(f"{SAMPLE}:"):
            return load_herd().path(source.partition(":")[2])
        path = self.folder / Path(source).expanduser()
        if not path.is_file():
            raise InputError(f"There is no file {source}. Paths start at the specification's folder.")
        return path

    def sha256(self, source: str) -> str:
        """Of a photograph's file. Raises InputError."""
        try:
            return hashlib.sha256(self.file(source).read_bytes()).hexdigest()
        except OSError as error:
            raise InputError(f"{source} cannot be read ({error.strerror}).") from error

    def _photograph(self, wanted: Photograph) -> Found:
        """A photograph, decoded. Raises InputError."""
        path = self.file(wanted.source)
        image, view = load_image(path, wanted.box, wanted.theta, wanted.source, wanted.mirrored)
        return Found(image, view, path.stem, self.sha256(wanted.source))

    def identity(self, source: str) -> str | None:
        """Which individual a photograph of the sample shows; None of others."""
        if not source.startswith(f"{SAMPLE}:"):
            return None
        table = load_herd().table
        found = table.loc[table["image_id"] == source.partition(":")[2], "identity"]
        return str(found.iloc[0]) if len(found) else None

    def mask(self, source: str) -> np.ndarray:
        """(H, W) bool: the bright pixels of an image, or where the animal of a sample is. Raises InputError."""
        if source.startswith(f"{SAMPLE}:"):
            return load_herd().mask(source.partition(":")[2])
        image, _ = load_image(self.file(source), name=source)
        return image.mean(axis=2) > 127

    def _run(self, source: str) -> OpenRun:
        """A finished run. Raises InputError."""
        return open_run(ASSETS / "run" if source == SAMPLE else self.folder / Path(source).expanduser())

    def _model(self, wanted: Model) -> EmbeddingModel:
        """A model, loaded. Raises InputError."""
        weights = None if wanted.weights is None else self.folder / Path(wanted.weights).expanduser()
        local = self.folder / Path(wanted.name).expanduser()
        name = str(local) if wanted.name.startswith(("~", ".")) or local.is_file() else wanted.name
        with torch.random.fork_rng(devices=[]):  # random weights are the same ones each time
            torch.manual_seed(0)
            model = load_model(
                name, weights=weights, pretrained=not wanted.random, size=wanted.size, resize=wanted.resize
            )
        if wanted.random:
            model.card = replace(model.card, title=f"{wanted.name}, random weights")
        return model
