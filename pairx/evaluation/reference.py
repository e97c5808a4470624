"""What a cosine similarity means for a model: where it lies among the sample herd's pairs.

A bare cosine says little: one model gives 0.4 to the same animal, another 0.9 to any two. `assets/similarity.json`
holds, by model key, the quantiles of similarities of the herd's correct and incorrect pairs; `tools/make_reference.py`
writes it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pairx.models import ASSETS, EmbeddingModel

PATH = ASSETS / "similarity.json"


@dataclass(frozen=True)
class Reference:
    """Similarities of many pairs of one data set under one model.

    name: of the data set. correct, incorrect: (Q,) ascending, evenly spaced quantiles from the smallest to the largest
    similarity of pairs of one individual and of two.
    """

    name: str
    correct: tuple[float, ...]
    incorrect: tuple[float, ...]

    @classmethod
    def of(cls, name: str, embeddings: np.ndarray, identities: np.ndarray, quantiles: int = 101) -> Reference:
        """From embeddings (N, D) and identities (N,), over all pairs of two different photographs."""
        unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        first, second = np.triu_indices(len(unit), 1)
        similarity = (unit[first] * unit[second]).sum(1)
        same = identities[first] == identities[second]
        levels = np.linspace(0, 1, quantiles)
        return cls(
            name, *(tuple(np.quantile(similarity[chosen], levels).round(4).tolist()) for chosen in (same, ~same))
        )

    def share_below(self, similarity: float, correct: bool) -> float:
        """Share of the correct or incorrect pairs that are less similar, 0 to 1."""
        values = self.correct if correct else self.incorrect
        return float(np.interp(similarity, values, np.linspace(0, 1, len(values)), left=0.0, right=1.0))


def reference(model: EmbeddingModel) -> Reference | None:
    """The stored reference of a model with exactly these weights and this preprocessing, or None."""
    return _stored().get(model.key)


def similarity_sentence(model: EmbeddingModel, similarity: float) -> str:
    """One plain sentence: what this similarity means for this model."""
    found = reference(model)
    if found is None:
        return f"How high that is for {model.name} is unknown: compare it with pairs that you know."
    above_incorrect = _percent(found.share_below(similarity, correct=False))
    above_correct = _percent(found.share_below(similarity, correct=True))
    return (
        f"For this model that is higher than {above_incorrect} of the pairs of different animals and than "
        f"{above_correct} of the pairs of the same animal in the {found.name}."
    )


def _percent(share: float) -> str:
    if share in (0.0, 1.0):
        return "all" if share else "none"
    return f"{min(max(100 * share, 1), 99):.0f} %"


@lru_cache(maxsize=1)
def _stored() -> dict[str, Reference]:
    if not PATH.exists():
        return {}
    return {key: Reference(**values) for key, values in json.loads(PATH.read_text()).items()}
