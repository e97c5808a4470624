"""The figure of two candidates of one query: what speaks for each of them, and not for the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pairx.types import Explanation, ImagePair, MethodCard
from pairx.viz.grid import Entry, Grid, draw_entries
from pairx.viz.marks import Look

ENDS = ("for the other", "for this candidate")
"""What blue and red mean."""
CAVEAT = (
    "Lines: matches that this candidate has and the other lacks. Red: what speaks for this candidate rather than for "
    "the other; a candidate's places are set against the same places of the other."
)


def draw_contrast(explanations: Sequence[Explanation], pairs: Sequence[ImagePair], look: Look | None = None) -> Grid:
    """A figure of what `pairx.contrast` found: the query with each candidate, one below the other.

    explanations, pairs: of both candidates, in the same order. Raises InputError as `draw_entries` does.
    """
    entries = []
    for explanation, pair in zip(explanations, pairs, strict=True):
        alone, shared = (int(explanation.metrics.get(name, 0)) for name in ("alone", "shared"))
        title = f"{pair.id1}: {alone} matches of its own, {shared} that both have"
        entries.append(Entry(title, explanation, pair, _CARD))
    first, second = pairs
    difference = f"{explanations[0].metrics['difference']:+.3f}".replace("-", "−")
    heading = f"{first.id0}: {first.id1} against {second.id1}, difference {difference}"
    return replace(draw_entries(entries, look, ends=ENDS, seconds=False, columns=1), heading=heading, named=False)


_CARD = MethodCard(
    name="contrast", title="Contrast", family="", summary="", paper="", equation="", license="MIT",
    needs=("both photographs",), symmetric=True, cost="", caveat=CAVEAT,
)  # fmt: skip
