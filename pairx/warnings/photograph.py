"""A photograph as the warnings look at it: what is costly is computed when a check first asks for it, and kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pairx import geometry, images
from pairx.models import EmbeddingModel
from pairx.types import InputError

NEIGHBOURS = 3  # nearest photographs whose cosines are averaged
SAMPLE = 300  # photographs of a data set that tell how near their neighbours are
SELF = 0.999  # cosine from which on a photograph is the same one, in half precision, too


@dataclass(frozen=True)
class Neighbourhood:
    """How near photographs of a data set are to their nearest others.

    embeddings: (N, D) of length 1, float32 or half precision. nearness: of a sample of them, sorted.
    """

    embeddings: np.ndarray
    nearness: np.ndarray

    @classmethod
    def of(cls, embeddings: np.ndarray) -> Neighbourhood | None:
        """Of embeddings (N, D) of length 1; None where they are too few to say anything."""
        if len(embeddings) <= 10 * NEIGHBOURS:
            return None
        rows = np.random.default_rng(0).permutation(len(embeddings))[:SAMPLE]
        return cls(embeddings, np.sort([_nearness(embeddings[row], embeddings) for row in rows]))

    def farther_than(self, embedding: np.ndarray) -> float:
        """Share of the photographs that lie nearer to their nearest others than one (D,) does, 0 to 1. Itself, where
        it is one of them, does not count.
        """
        unit = embedding / max(float(np.linalg.norm(embedding)), 1e-12)
        near = _nearness(unit, self.embeddings)
        return float(1 - np.searchsorted(self.nearness, near, side="right") / len(self.nearness))


@dataclass(frozen=True)
class Photograph:
    """One of a pair.

    image: (H, W, 3) uint8 RGB. name: what the words call it. animal: (H, W) bool, the pixels that show the animal, or
    None where nobody knows. encounter: "" where it is unknown. around: the data set's photographs. Raises InputError
    for a mask of another size.
    """

    model: EmbeddingModel
    image: np.ndarray
    name: str
    animal: np.ndarray | None = None
    encounter: str = ""
    around: Neighbourhood | None = None

    def __post_init__(self) -> None:
        size, shape = self.image.shape[:2], None if self.animal is None else np.shape(self.animal)
        if shape is not None and shape != size:
            raise InputError(f"{self.name}: the mask has the shape {shape}: give one of {size}, as the image has it.")

    @cached_property
    def embedding(self) -> np.ndarray:
        """(D,) as the model gives it."""
        return self.model.embed([self.image])[0]

    @cached_property
    def mirrored_embedding(self) -> np.ndarray:
        """(D,) of the photograph, left and right exchanged."""
        return self.model.embed([np.ascontiguousarray(self.image[:, ::-1])])[0]

    @cached_property
    def background_embedding(self) -> np.ndarray | None:
        """(D,) with the animal painted over; None where nobody knows it, or it fills the photograph."""
        if self.animal is None or self.animal.all():
            return None
        painted = self.image.copy()
        painted[self.animal] = self.image[~self.animal].mean(0).round()
        return self.model.embed([painted])[0]

    @cached_property
    def strangeness(self) -> float | None:
        """See `Neighbourhood.farther_than`; None where there is no data set."""
        return None if self.around is None else self.around.farther_than(self.embedding)

    @cached_property
    def flaws(self) -> list[str]:
        """What makes it a poor one to explain, a sentence each: see `pairx.images.flaws`."""
        return images.flaws(self.image)

    @cached_property
    def features(self) -> geometry.LocalFeatures:
        """SIFT's local features."""
        found = geometry.local_features(self.image, "sift")
        assert isinstance(found, geometry.LocalFeatures)
        return found


def _nearness(unit: np.ndarray, embeddings: np.ndarray) -> float:
    """The mean of the NEIGHBOURS largest cosines of one embedding (D,) with others (N, D), all of length 1."""
    from pairx.evaluation.regions import similarities  # which imports pandas, and every explanation is warned of

    cosines = similarities(unit, embeddings)
    own = cosines.argmax()
    if cosines[own] > SELF:
        cosines[own] = -np.inf
    return float(np.partition(cosines, -NEIGHBOURS)[-NEIGHBOURS:].mean())
