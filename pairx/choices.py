"""What a user may choose of PAIR-X's computation: each option is one record.

Its values and default hold everywhere; the command line's flags, the app's controls and the links' parameters come from
here. Nothing is imported, so that `--help` is quick.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """One option. title, info: of its control in the app. about: in the command line's help. values: what it may be,
    each with its name in the app, the default first; a name of "" is not offered there.
    """

    title: str
    info: str
    about: str
    values: dict[str, str]

    @property
    def default(self) -> str:
        return next(iter(self.values))

    @property
    def offered(self) -> dict[str, str]:
        """The values that the app offers, with their names."""
        return {value: name for value, name in self.values.items() if name}


CHOICES = {
    "cells": Choice(
        "Relevance of a place",
        "How the channels of one place add up. The paper keeps their sign.",
        "how channels add up to a cell's relevance; signed is the paper's",
        {
            "signed": "Signed sum (paper)",
            "abs_of_sum": "Absolute value of the sum",
            "sum_of_abs": "Sum of absolute values",
        },
    ),
    "start": Choice(
        "Trace pixels from",
        "Activation shows all that a place looks at, relevance what counts for the similarity.",
        "where the colour maps start; activation is the paper's",
        {"activation": "Activation (paper)", "relevance": "Relevance"},
    ),
    "residual": Choice(
        "Skip connections",
        "How relevance is shared where two branches of the network are added.",
        "how relevance crosses residual sums",
        {"norm": "In proportion to the branches", "plain": "As the plain gradient"},
    ),
    "batchnorm": Choice(
        "Batch normalisation",
        "Merged into the convolution before it, or passed over unchanged.",
        "how relevance crosses BatchNorm",
        {"merge": "Merged", "pass": "Passed"},
    ),
    "composite": Choice(
        "Rules",
        "Which rule each operation gets.",
        "the rules; epsilon-plus is the paper's; auto takes conserving for networks with layer normalisation or "
        "attention, as in transformers, and magnitudes at sums that are normalised",
        {"auto": "", "epsilon-plus": "", "conserving": "", "gradient": ""},
    ),
    "seed": Choice(
        "Relevance starts from",
        "What each part of the embedding adds to the similarity, or the similarity's gradient.",
        "where relevance starts; relevance is the paper's",
        {
            "relevance": "Parts of the similarity (paper)",
            "gradient": "Gradient",
            "gradient_times_cosine": "Gradient times similarity",
        },
    ),
    "pooling": Choice(
        "Generalised-mean pooling",
        "How relevance is shared among the places that are pooled into the embedding.",
        "how relevance crosses generalised-mean pooling",
        {"norm": "In proportion to what each adds", "gradient": "As the plain gradient"},
    ),
    "pixels": Choice(
        "Values of pixels",
        "In the raw numbers: with or without the sign of the sum over the colours. Pictures show the magnitude.",
        "how the colours of a pixel add up in .npz",
        {"signed": "With their sign", "absolute": "Magnitudes"},
    ),
    "engine": Choice(
        "Engine",
        "Fast leaves out what hardly counts, exact nothing.",
        "which engine computes relevance; zennit is the slow reference",
        {"fast": "Fast", "exact": "Exact", "zennit": ""},
    ),
    "positions": Choice(
        "Ends of matches",
        "Between cells, where the features fit best: of ten lines, one more ends within half a cell of the true spot.",
        "where matches end; centres is the paper's; between puts them where between cells the features fit best",
        {"centres": "At the centres of cells (paper)", "between": "Between cells"},
    ),
    "strength": Choice(
        "Matches that come first",
        "A match counts less where the cells around it match elsewhere: the first are more often right.",
        "the order of matches; relevance is the paper's; agreement multiplies it by the share of the cells around that "
        "match beside it",
        {"relevance": "The most relevant (paper)", "agreement": "Relevant and agreed on"},
    ),
}
"""The options by name. What each does to the result: see `pairx.core.Options` and `pairx.lrp.Policy`."""
OFFERED = {name: choice for name, choice in CHOICES.items() if choice.offered}
"""Those that the app has controls for."""


def values_of(name: str) -> tuple[str, ...]:
    """What an option may be, the default first."""
    return tuple(CHOICES[name].values)
