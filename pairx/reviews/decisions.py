"""What a reviewer decides about a query and a candidate, and what was on screen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from pairx.types import InputError

MATCH, NO_MATCH, UNSURE, SKIP = "match", "no_match", "unsure", "skip"
BAD_PHOTOGRAPH, NEW_INDIVIDUAL = "bad_photograph", "new_individual"
VERDICTS = {
    MATCH: "Match",
    NO_MATCH: "No match",
    UNSURE: "Unsure",
    SKIP: "Skip",
    BAD_PHOTOGRAPH: "Bad photograph",
    NEW_INDIVIDUAL: "New individual",
}
"""Each verdict with its words. `skip`: asked again at the end. `new_individual` is of the query alone, which no
candidate shows: its candidate_id is ""."""
FINAL = tuple(verdict for verdict in VERDICTS if verdict != SKIP)
"""Those after which a reviewer is not asked again."""
MOST_TEXT = 2000
"""Characters of any text of a decision."""


@dataclass(frozen=True)
class Decision:
    """One verdict of one reviewer about a pair of photographs.

    query_id, candidate_id: image ids. decided_at: when, ISO 8601 with its zone. What was on screen: model, layer, the
    cosine similarity, the score that the candidates were sorted by with its name, the candidate's rank (from 1) and
    whether these were hidden (blind); share, share_low, share_high: of such pairs those that were the same animal, with
    its interval, 0 to 1; version: of the package. settles: whether it ends a conflict of others.
    """

    query_id: str
    candidate_id: str
    verdict: str
    reviewer: str
    decided_at: str
    model: str = ""
    layer: str = ""
    cosine: float | None = None
    score_name: str = ""
    score: float | None = None
    rank: int | None = None
    blind: bool = False
    note: str = ""
    version: str = ""
    settles: bool = False
    share: float | None = None
    share_low: float | None = None
    share_high: float | None = None

    def __post_init__(self) -> None:
        """Raises InputError for what no reviewer can have decided."""
        if self.verdict not in VERDICTS:
            raise InputError(f"There is no verdict {self.verdict!r}: it is one of {', '.join(VERDICTS)}.")
        alone = self.verdict == NEW_INDIVIDUAL
        if not self.query_id or bool(self.candidate_id) == alone:
            told = "names the query alone" if alone else "names a query and a candidate"
            raise InputError(f"A decision {self.verdict!r} {told}.")
        if self.query_id == self.candidate_id:
            raise InputError(f"{self.query_id!r} is compared with itself: choose another candidate.")
        if not self.reviewer.strip():
            raise InputError("A decision has the name of its reviewer. Say who reviews.")
        texts = (self.query_id, self.candidate_id, self.reviewer, self.model, self.layer, self.score_name, self.note)
        if any(len(text) > MOST_TEXT for text in texts):
            raise InputError(f"A text of this decision has more than {MOST_TEXT:,} characters. Shorten it.")
        if any(number is not None and not math.isfinite(number) for number in (self.cosine, self.score)):
            raise InputError("The cosine and the score of a decision are finite numbers, or absent.")
        shares = (self.share, self.share_low, self.share_high)
        if any(number is not None and not 0 <= number <= 1 for number in shares):
            raise InputError("The share of a decision and its interval are from 0 to 1, or absent.")
        _require_time(self.decided_at)


def now() -> str:
    """The time, ISO 8601 to the millisecond, with the zone of this machine."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")


def _require_time(text: str) -> None:
    try:
        known = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text[:40]!r} is no time: write it as 2026-05-31T14:03:07+02:00.") from None
    if known.tzinfo is None:
        raise InputError(f"{text!r} has no zone: write it as {text}+02:00, or {text}Z.")
