"""What goes to the page of the Review tab and comes back from it."""

from __future__ import annotations

from typing import TypedDict

from pairx.ui.explain.payload import Scene
from pairx.ui.shared.payload import FigurePart, LookDefaults


class ReviewPhoto(TypedDict):
    """A photograph of a review. path: where the page fetches it, below the page's address. facts: what is known of it,
    (name, value)."""

    id: str
    identity: str
    path: str
    facts: list[tuple[str, str]]


class ReviewTask(TypedDict):
    """A pair to decide. rank: of the candidate, from 1."""

    query: ReviewPhoto
    candidate: ReviewPhoto
    cosine: float | None
    rank: int | None
    figure: FigurePart


class ReviewProgress(TypedDict):
    """Of one reviewer. open: still to decide, the skipped ones among them."""

    decided: int
    skipped: int
    open: int


class ReviewQueue(TypedDict):
    """The next pairs of a reviewer. about: what the review is of. note: what to beware of, or "". layer: at which
    PAIR-X explains a pair. conflicts: pairs on which reviewers differ."""

    name: str
    about: str
    note: str
    layer: str
    conflicts: int
    tasks: list[ReviewTask]
    progress: ReviewProgress


class ReviewDecision(TypedDict):
    """A verdict that the page sends. ticket: so that one that is sent twice is kept once. blind: whether similarity,
    ranks and names were hidden. settles: whether it ends a conflict of reviewers. share: as it stood on screen, see
    `ReviewShare`; None where it did not."""

    ticket: str
    reviewer: str
    query: str
    candidate: str
    verdict: str
    note: str
    blind: bool
    settles: bool
    share: tuple[float, float, float] | None


class ReviewUndo(TypedDict):
    """Undo was pressed."""

    ticket: str
    reviewer: str


class ReviewKept(TypedDict):
    """The answer once a decision is on disk. number: in the log."""

    number: int
    progress: ReviewProgress


class ReviewUndone(TypedDict):
    """The answer to an undo. task: whose decision was taken back; None where nothing was left to undo, or the pair is
    no longer in the queue."""

    number: int | None
    task: ReviewTask | None
    progress: ReviewProgress


class ReviewOthers(TypedDict):
    """The photographs of a candidate's individual, each with its cosine similarity to the query, None where that was
    not asked."""

    identity: str
    photos: list[ReviewPhoto]
    cosines: list[float | None]


class VersusSide(TypedDict):
    """A candidate with what speaks for it rather than for the other. alone: PAIR-X's matches that raise its similarity
    alone; shared: those that both have."""

    photo: ReviewPhoto
    similarity: float
    alone: int
    shared: int
    scene: Scene


class ReviewVersus(TypedDict):
    """The candidate on show, and the best other one of its query. difference: of their cosine similarities."""

    difference: float
    sides: list[VersusSide]


class ReviewWarning(TypedDict):
    """What to beware of in a pair. name: of the check. words: one line. number: that it is about."""

    name: str
    words: str
    number: float


class ReviewWarnings(TypedDict):
    """All of a pair's."""

    warnings: list[ReviewWarning]


class ReviewShare(TypedDict):
    """What speaks for a pair. parts: what its scores say, one by one. share: of such pairs those that were the same
    animal, and its interval: (share, low, high), 0 to 1; None where that is not known. words: the line. note: from what
    it was learned, or why it is not known."""

    parts: list[str]
    share: tuple[float, float, float] | None
    words: str
    note: str


class ReviewRegionAsked(TypedDict):
    """A box (x, y, w, h), fractions, was drawn on the query. candidates: whose order is asked for."""

    query: str
    box: list[float]
    candidates: list[str]


class ReviewRegion(TypedDict):
    """Candidates, each with what the box adds to its cosine, the most first. note: what to know of it, or ""."""

    order: list[tuple[str, float]]
    note: str


class ReviewConstants(TypedDict):
    """root: of what the page asks for, below its address. verdicts: (name, words, key), in the order of the buttons.
    look: how a picture is drawn. signed: colours of evidence from -1 to 1."""

    root: str
    verdicts: list[tuple[str, str, str]]
    signed: list[str]
    look: LookDefaults


class ReviewName(TypedDict):
    """The review that is open."""

    name: str
