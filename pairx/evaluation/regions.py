"""What a region of one photograph puts into its similarity with any other, and a gallery in that order (Zhu et al.,
"Visual Explanation for Deep Metric Learning", VII-B).

The embedding is taken apart at the model's last grid: `e = sum u_ij + B`, `u_ij = J_ij A_ij` of cell (i, j). Mean,
maximum and generalised-mean pooling, flattening, BatchNorm and linear layers leave nothing else out. `B`, what no cell
has, is spread evenly over all, so that the cells' parts add up to the embedding, and their similarities to the cosine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from pairx import images
from pairx.baselines.decomposition import LEAST, linear_part, towards
from pairx.baselines.sides import Side, encode_one
from pairx.core import correspondence
from pairx.datasets import Dataset
from pairx.evaluation.embeddings import embed_steps, key_steps
from pairx.models import EmbeddingModel
from pairx.types import Computation, InputError, Step, finished

TOGETHER = 4096  # photographs whose half-precision embeddings are widened at once
EXACT = 1e-3  # of the embedding's length: up to there a decomposition is called exact


@dataclass(frozen=True)
class TakenApart:
    """A photograph's embedding as a sum over the cells of a layer.

    side: the photograph at that layer. cells: (D,) what the cells' features make of the embedding. bias: what they do
    not, and is spread evenly, as a part of the embedding's length. nonlinear: what of that is not the embedding of
    all-zero features either; 0 where the sum is exact, more where it is the expansion of a network that is not linear.
    """

    side: Side
    cells: torch.Tensor
    bias: float
    nonlinear: float

    @property
    def note(self) -> str:
        """What to know of a sum that is not exact; empty where it is."""
        if self.nonlinear <= EXACT:
            return ""
        return (
            f"After {self.side.layer} the model is not linear: {self.nonlinear:.0%} of the embedding's length comes "
            "from no place, and is spread evenly. The order by a region is an approximation."
        )

    def part(self, cover: np.ndarray) -> np.ndarray:
        """(D,) float64: what a region puts into the embedding of length 1. cover: (h, w), 0 to 1, the share of each
        cell that lies in it; all ones give the embedding.
        """
        mask = torch.from_numpy(cover).to(self.side.x)
        own = linear_part(self.side, mask[None])[0].double()
        part = own + self._rest * float(cover.mean())
        return (part / self.side.embedding.double().norm().clamp(min=1e-12)).cpu().numpy()

    def of_cosine(self, other: np.ndarray) -> np.ndarray:
        """(h, w) float64: what each cell adds to the cosine with another embedding (D,); the sum is the cosine."""
        f = torch.from_numpy(np.asarray(other)).to(self.side.x)
        unit, length = f / f.norm().clamp(min=1e-12), self.side.embedding.norm()
        rest = self._rest @ unit.double() / length.double().clamp(min=1e-12)
        own = towards(self.side, unit * length).double()
        return (own + rest / own.numel()).detach().cpu().numpy()

    def cover(self, box: Sequence[float]) -> np.ndarray:
        """(h, w) the share of each cell that lies in a box (x, y, w, h) of the photograph, pixels or fractions. Raises
        InputError where the model sees nothing of it.
        """
        image, (h, w) = self.side.image, self.side.activation.shape[1:]
        size = image.shape[1], image.shape[0]
        place = images.corners(box, size, "the region")
        x0, y0, x1, y1 = correspondence.seen(place, self.side.model.extent(image), size)
        return correspondence.in_box((x0, y0, x1, y1), (h, w)) * (x1 - x0) * (y1 - y0) * h * w

    @property
    def _rest(self) -> torch.Tensor:
        return (self.side.embedding - self.cells).double()


def take_apart(model: EmbeddingModel, image: np.ndarray) -> TakenApart:
    """A photograph's embedding as a sum over cells, at the last grid that the embedding is made of. image: (H, W, 3)
    uint8 RGB. Raises InputError where no layer's features explain any of it, as where a LayerNorm follows them.
    """
    later = [layer.name for layer in reversed(model.layers)]
    for layer in dict.fromkeys([model.last_layer, *later]):
        side = encode_one(model, image, layer)
        cells = linear_part(side, torch.ones_like(side.activation[:1]))[0]
        length = side.embedding.norm().clamp(min=1e-12)
        if cells.norm() >= LEAST * length:
            with torch.no_grad():
                constant = side.head(torch.zeros_like(side.activation)[None])[0]
            rest = side.embedding - cells
            return TakenApart(side, cells, float(rest.norm() / length), float((rest - constant).norm() / length))
    raise InputError(
        f"{model.name} normalises its features on the way to the embedding, so no part of it belongs to a region. "
        "Choose another model."
    )


def halved(embeddings: np.ndarray) -> np.ndarray:
    """Embeddings (N, D) at length 1 and in half precision, 2 D bytes a photograph, for `similarities`."""
    lengths = np.linalg.norm(np.asarray(embeddings, np.float32), axis=1, keepdims=True)
    return (embeddings / np.maximum(lengths, np.float32(1e-12))).astype(np.float16)


def similarities(part: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """(N,) float32: a region's part of the cosine with each of a gallery. part: (D,) of `TakenApart.part`. gallery: (N,
    D) embeddings of length 1, in float32 or, as `halved` gives them, in half precision.
    """
    direction = torch.from_numpy(np.asarray(part, np.float32))
    found = np.empty(len(gallery), np.float32)
    for start in range(0, len(gallery), TOGETHER):
        rows = torch.from_numpy(gallery[start : start + TOGETHER])
        found[start : start + TOGETHER] = (rows.float() @ direction).numpy()
    return found


@dataclass(frozen=True)
class RegionRanking:
    """A gallery in the order of a region. table: image_id, identity, region (its part of the cosine), cosine, rank (by
    the cosine, from 1), best first. layer: at which the query was taken apart. note: what to know of it, or "".
    """

    table: pd.DataFrame
    layer: str
    note: str


def rank_region_steps(
    dataset: Dataset,
    model: EmbeddingModel,
    query: str | Path,
    box: Sequence[float],
    top_k: int = 20,
    cache: Path | None = None,
) -> Computation[RegionRanking]:
    """The photographs of a data set that are most similar to a region of one photograph.

    query: an image_id of the data set, which is left out of it, or the file of a photograph. box: (x, y, w, h) in the
    query, pixels of what the model is shown of it, or fractions. A generator of `Step`s. Raises InputError for an
    unknown query, a box without area, and a model that `take_apart` refuses.
    """
    if top_k < 1:
        raise InputError(f"top-k is 1 or more, not {top_k}.")
    known = np.flatnonzero(dataset.table["image_id"] == str(query))
    if not len(known) and not Path(query).is_file():
        raise InputError(f"{query} is no file, and {dataset.name} has no photograph of that name. Give one of the two.")
    image = dataset.load(int(known[0]))[0] if len(known) else images.decode(query)
    yield Step(0, 0, "taking the embedding apart")
    apart = take_apart(model, image)
    cover = apart.cover(box)
    keys = yield from key_steps(dataset, cache)
    gallery = yield from embed_steps(dataset, model, keys, cache)
    others = np.setdiff1d(np.arange(len(dataset)), known)
    region, cosine = (similarities(apart.part(one), gallery[others]) for one in (cover, np.ones_like(cover)))
    table = dataset.table.iloc[others][["image_id", "identity"]].reset_index(drop=True)
    table = table.assign(region=region, cosine=cosine)
    table["rank"] = table["cosine"].rank(ascending=False, method="first").astype(int)
    table = table.sort_values("region", ascending=False, kind="stable", ignore_index=True)
    return RegionRanking(table.head(top_k), apart.side.layer, apart.note)


def rank_region(
    dataset: Dataset, model: EmbeddingModel, query: str | Path, box: Sequence[float], top_k: int = 20
) -> RegionRanking:
    """The photographs most similar to a region: see `rank_region_steps`."""
    return finished(rank_region_steps(dataset, model, query, box, top_k))
