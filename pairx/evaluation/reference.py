"""What a cosine similarity means for a model: where it lies among pairs whose truth is known.

A bare cosine says little: one model gives 0.4 to the same animal, another 0.9 to any two. Pairs of two individuals
count only where both are of one species, as to tell species apart is easy. `pairx/assets/similarity.json` holds, by
model key, the quantiles of the sample herd's similarities (`tools/make_reference.py` writes it); any finished run that
was made with the same model tells of its own pairs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from pairx.assets import ASSETS
from pairx.models import EmbeddingModel

if TYPE_CHECKING:
    from pairx.evaluation.reading import OpenRun

PATH = ASSETS / "similarity.json"
HERD = "rendered sample herd"
FEWEST = 10  # pairs of either kind from which shares of them are told
QUANTILES = 101
UNCALIBRATED = "Compared with rendered sample animals; not calibrated for your photographs."
"""What has to be known where the herd's pairs are the reference for other photographs."""


@dataclass(frozen=True)
class Reference:
    """Similarities of many pairs of one data set under one model.

    name: of the data set or run. correct, incorrect: (Q,) ascending, evenly spaced quantiles from the smallest to the
    largest similarity of pairs of one individual, and of two of one species. pairs: how many correct and incorrect ones
    they are of.
    """

    name: str
    correct: tuple[float, ...]
    incorrect: tuple[float, ...]
    pairs: tuple[int, int] = (0, 0)

    @classmethod
    def of(cls, name: str, similarity: np.ndarray, correct: np.ndarray) -> Reference:
        """From the similarities (N,) of pairs, correct (N,) bool or not; some of either."""
        levels = np.linspace(0, 1, QUANTILES)
        sides = [similarity[correct], similarity[~correct]]
        one, other = (tuple(np.quantile(side, levels).round(4).tolist()) for side in sides)
        return cls(name, one, other, (len(sides[0]), len(sides[1])))

    @classmethod
    def of_photographs(
        cls, name: str, embeddings: np.ndarray, identities: np.ndarray, species: np.ndarray
    ) -> Reference:
        """From embeddings (N, D), identities (N,) and species (N,), over all pairs of two different photographs of one
        species."""
        unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        first, second = np.triu_indices(len(unit), 1)
        kept = species[first] == species[second]
        first, second = first[kept], second[kept]
        return cls.of(name, (unit[first] * unit[second]).sum(1), identities[first] == identities[second])

    @classmethod
    def of_run(cls, run: OpenRun, name: str) -> Reference | None:
        """From the pairs of a run, those of two known species left out; None where too few are left of either kind."""
        rows, known = run.at(run.layers[0]), run.photographs
        kept = np.ones(len(rows), bool)
        if "species" in known:
            kinds = known["species"].fillna("").astype(str)
            first, second = (kinds.reindex(rows[f"{side}_id"]).fillna("").to_numpy() for side in ("query", "gallery"))
            kept = (first == second) | (first == "") | (second == "")
        cosine, correct = rows["cosine"].to_numpy(float)[kept], rows["correct"].to_numpy(bool)[kept]
        if min(correct.sum(), (~correct).sum()) < FEWEST:
            return None
        return cls.of(name, cosine, correct)

    def share_below(self, similarity: float, correct: bool) -> float:
        """Share of the correct or incorrect pairs that are less similar, 0 to 1."""
        values = self.correct if correct else self.incorrect
        return float(np.interp(similarity, values, np.linspace(0, 1, len(values)), left=0.0, right=1.0))

    def sentence(self, similarity: float) -> str:
        """One plain sentence: where a similarity lies among these pairs."""
        right, wrong = (_percent(self.share_below(similarity, correct)) for correct in (True, False))
        if self.name == HERD:
            return (
                f"Higher than {wrong} of the pairs of two animals of one species, and than {right} of the pairs of one "
                f"animal, in the {HERD}."
            )
        right_pairs, wrong_pairs = self.pairs
        return (
            f"Higher than {wrong} of the {wrong_pairs:,} incorrect pairs and than {right} of the {right_pairs:,} "
            f"correct pairs of {self.name}."
        )


def reference(model: EmbeddingModel) -> Reference | None:
    """The herd's pairs under a model with exactly these weights and this preprocessing, or None."""
    return _stored().get(model.key)


def similarity_sentence(model: EmbeddingModel, similarity: float) -> str:
    """What a similarity of a person's own photographs means for this model; empty where nothing is known."""
    found = reference(model)
    return f"{found.sentence(similarity)} {UNCALIBRATED}" if found else ""


def _percent(share: float) -> str:
    if share in (0.0, 1.0):
        return "all" if share else "none"
    return f"{min(max(100 * share, 1), 99):.0f} %"


@lru_cache(maxsize=1)
def _stored() -> dict[str, Reference]:
    if not PATH.exists():
        return {}
    return {key: Reference(**values) for key, values in json.loads(PATH.read_text()).items()}
