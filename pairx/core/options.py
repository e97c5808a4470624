"""PAIR-X's card and its options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pairx import lrp
from pairx.choices import CHOICES, values_of
from pairx.types import Game, InputError, MethodCard

CARD = MethodCard(
    name="pair-x",
    title="PAIR-X",
    family="pairwise matching",
    summary="Matches the model's mid-level features between the two photographs, weighs each match by its relevance "
    "for the similarity, and paints the strongest matches back into the pixels.",
    paper="Shrack, Haucke, Salaün, Subramonian, Beery: Pairwise Matching of Intermediate Representations for "
    "Fine-grained Explainability",
    equation="section 3, eq. 1 and 2",
    license="MIT",
    needs=("both photographs", "activations", "relevance"),
    symmetric=True,
    cost="1 forward of each photograph and 2 + 2 k_colors relevance passes",
    game=Game("all"),
)

MOST_COLORS = 40
_MATCHING = {"positions": "centres", "strength": "relevance"}
_PUBLIC = _MATCHING | {
    "seed": "gradient",
    "residual": "plain",
    "batchnorm": "pass",
    "pooling": "gradient",
    "pixels": "absolute",
    "engine": "exact",
}
PRESETS = {
    "paper": _MATCHING,
    "pairx": _PUBLIC | {"cells": "abs_of_sum"},
    "wildme": _PUBLIC | {"cells": "sum_of_abs", "seed": "gradient_times_cosine"},
}
"""Options as published: by the paper, in its authors' public code (github.com/pairx-explains/pairx), and in the package
of github.com/WildMeOrg/pairx."""
VERSION = 5  # of the maths: raised whenever the same settings give another result


@dataclass(frozen=True)
class Options:
    """What the result depends on beside model, layer and photographs.

    k_colors: matches that get a pixel map, 0 to 40: of those that raise the similarity, or where none does, of those
    that lower it. k_lines: matches drawn as lines where no look says otherwise; all
    matches are in the result. cells: how a cell's channels add up to its relevance: "signed" sum as in the paper (eq.
    1), "abs_of_sum" or "sum_of_abs" as in the two public codes. start: pixel maps propagate from the cell's
    "activation" as in the paper (eq. 2; shows its receptive field) or from its "relevance" (shows its contribution).
    seed: where relevance starts at the embedding, see `pairx.lrp.seed`. pixels: a pixel's colours add up "signed", or
    "absolute", without the sum's sign. residual, batchnorm, composite, pooling: see `pairx.lrp.Policy`. engine: see
    `pairx.lrp.record`. positions: matches end at the "centres" of their cells, or "between" cells. strength: they are
    ordered by their "relevance", or by it times the "agreement" of the cells around; for both see
    `pairx.core.refining`. `PRESETS` has them as published.
    """

    k_lines: int = 20
    k_colors: int = 10
    cells: str = CHOICES["cells"].default
    start: str = CHOICES["start"].default
    residual: str = CHOICES["residual"].default
    batchnorm: str = CHOICES["batchnorm"].default
    composite: str = CHOICES["composite"].default
    seed: str = CHOICES["seed"].default
    pooling: str = CHOICES["pooling"].default
    pixels: str = CHOICES["pixels"].default
    engine: str = CHOICES["engine"].default
    positions: str = CHOICES["positions"].default
    strength: str = CHOICES["strength"].default

    def __post_init__(self) -> None:
        for name in CHOICES:
            if (value := getattr(self, name)) not in (known := values_of(name)):
                raise InputError(f"{name} is {' or '.join(known)}, not {value!r}.")
        if self.k_lines < 0:
            raise InputError(f"k_lines is 0 or more, not {self.k_lines}.")
        if not 0 <= self.k_colors <= MOST_COLORS:
            raise InputError(f"k_colors is 0 to {MOST_COLORS}, not {self.k_colors}.")

    @property
    def policy(self) -> lrp.Policy:
        """How relevance is propagated."""
        return lrp.Policy(self.residual, self.batchnorm, self.composite, self.pooling)


DEFAULTS = Options()


def completed(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Options as a file of before keeps them, with the defaults of those that came later."""
    return {**asdict(DEFAULTS), **kept}


def preset(name: str) -> dict[str, str]:
    """The options of `PRESETS`. Raises InputError for another name."""
    if name not in PRESETS:
        raise InputError(f"There is no preset {name!r}. Choose {', '.join(PRESETS)}.")
    return dict(PRESETS[name])
