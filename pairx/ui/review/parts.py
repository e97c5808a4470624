"""The part of the page that the Review tab alone uses."""

from __future__ import annotations

from typing import Any

from pairx import viz
from pairx.reviews import VERDICTS
from pairx.ui.explain.parts import look_defaults
from pairx.ui.review.desk import ROOT
from pairx.ui.review.payload import ReviewConstants, ReviewName
from pairx.ui.shared.parts import Part

KEYS = {"match": "Y", "no_match": "N", "unsure": "U", "skip": "Space", "bad_photograph": "B", "new_individual": "I"}
"""The key of each verdict, as it is printed on its button."""


class ReviewBoard(Part):
    """The pair to decide, its verdicts, and the candidates of its query."""

    template = '<div class="px-viewer px-review"></div>'
    module = "review/page/board.js"
    takes = ReviewName
    constants = ReviewConstants

    def __init__(self, **how: Any) -> None:
        verdicts = [(name, words, KEYS[name]) for name, words in VERDICTS.items()]
        constants = ReviewConstants(
            root=ROOT, verdicts=verdicts, signed=list(viz.signed_colors()), look=look_defaults()
        )
        super().__init__({"name": ""}, constants, **how)
