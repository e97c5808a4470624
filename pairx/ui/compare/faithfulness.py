"""How faithful the panels of a comparison are, measured on demand and said in words."""

from __future__ import annotations

import numpy as np

from pairx.evaluation.faithfulness import Faithfulness, Two, faithfulness
from pairx.models import EmbeddingModel
from pairx.types import Explanation, ImagePair
from pairx.ui.compare.payload import MeasuredPanel, MeasuredRow
from pairx.ui.shared.cache import Recent

KEPT_NUMBERS = 1000
FALL = (
    "By how much the similarity falls when the 30 % of a photograph's pixels that the map rates highest are blurred. "
    "Higher is better."
)
KEPT = (
    "The similarity that is left when only the highest 30 % of one photograph and their strongest partners in the "
    "other stay sharp. Higher is better."
)
INEFFICIENCY = (
    "How far the sum of the map is from the similarity that it ought to share out: all of it, less what is left "
    "without any place. 0 is best."
)
NO_SHARES = "Not defined: the method's numbers are not shares of the similarity."
NO_MAP = "The method draws matches and no map, so there is nothing to blur."


def in_words(found: Faithfulness) -> MeasuredPanel:
    """Faithfulness in words, JSON-ready: numbers and a line for a panel's bar, and rows for its card."""
    if found.drop is None or found.random_drop is None:
        nothing: list[MeasuredRow] = [{"name": "Faithfulness", "value": NO_MAP}]
        return {"drop": None, "random": None, "line": NO_MAP, "rows": nothing}
    drop, random = sum(found.drop) / 2, sum(found.random_drop) / 2
    line = f"Faithfulness {_number(drop)}, at random {_number(random)}"
    rows: list[MeasuredRow] = [
        {"name": "Faithfulness", "value": f"{_both(found.drop)} (random: {_both(found.random_drop)})", "meaning": FALL}
    ]
    if found.kept is not None:
        value = f"{_both(found.kept)} (at random: {_both(found.random_kept)})"
        rows.append({"name": "Faithfulness of pairs", "value": value, "meaning": KEPT})
    if found.inefficiency is None and found.pair_inefficiency is None:
        rows.append({"name": "Inefficiency", "value": NO_SHARES})
    if found.inefficiency is not None:
        value = f"{_both(found.inefficiency)} ({_shares(found.relative_inefficiency)})"
        rows.append({"name": "Inefficiency", "value": value, "meaning": INEFFICIENCY})
    if found.pair_inefficiency is not None and found.relative_pair_inefficiency is not None:
        value = f"{_number(found.pair_inefficiency)} ({_share(found.relative_pair_inefficiency)})"
        rows.append({"name": "Inefficiency of pairs", "value": value, "meaning": INEFFICIENCY})
    return {"drop": drop, "random": random, "line": line, "rows": rows}


class Measures:
    """Measures each result once."""

    def __init__(self) -> None:
        self._known: Recent[MeasuredPanel] = Recent(KEPT_NUMBERS)

    def known(self, key: str | None) -> MeasuredPanel | None:
        """Of the result of this key, where it was measured."""
        return None if key is None else self._known.get(key)

    def measure(
        self,
        key: str,
        model: EmbeddingModel,
        pair: ImagePair,
        explanation: Explanation,
        background: np.ndarray | None,
    ) -> MeasuredPanel:
        """Of a result by its key. background: the photograph that it was computed with, if any."""
        found = self._known.get(key)
        if found is None:
            found = in_words(faithfulness(model, pair, explanation, background=background))
            self._known.put(key, found)
        return found


def _both(values: Two | None) -> str:
    return "" if values is None else f"A {_number(values[0])}, B {_number(values[1])}"


def _shares(values: Two | None) -> str:
    return "" if values is None else f"{_share(values[0])}, {_share(values[1])}"


def _number(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")


def _share(value: float) -> str:
    return f"{value:.0%} of it" if value < 10 else "over ten times"
