"""The part of the page that the Trust tab alone uses."""

from __future__ import annotations

from typing import Any, ClassVar

from pairx.ui.shared.links import NAMES
from pairx.ui.shared.parts import Part
from pairx.ui.trust.payload import TrustAsked, TrustCellAsked, TrustConstants, TrustValue
from pairx.ui.trust.table import criteria


class TrustBoard(Part):
    """A judgement as a table, and beside it what is chosen there: a criterion, a method, or a number with its pairs."""

    template = '<div class="px-viewer px-trust"></div>'
    module = "trust/page/board.js"
    takes = TrustValue
    constants = TrustConstants
    sends: ClassVar = {"choose": TrustAsked, "pairs": TrustCellAsked}

    def __init__(self, **how: Any) -> None:
        super().__init__(given=TrustConstants(names=[*NAMES], criteria=criteria()), **how)
