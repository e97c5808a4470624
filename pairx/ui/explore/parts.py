"""The parts of the page that the Explore tab alone uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import plotly

from pairx import viz
from pairx.ui.explore.chosen_pair import PAGE
from pairx.ui.explore.payload import (
    Browse,
    GalleryConstants,
    GalleryValue,
    PairChoice,
    PairConstants,
    PairsDownload,
    PairsReview,
    PairValue,
    PairWish,
    PlotConstants,
    PlotTurn,
    PlotValue,
    RunName,
    RunQuery,
    RunsValue,
    RunWatchConstants,
    TablesValue,
    Ticket,
    ViewChipsConstants,
)
from pairx.ui.shared.files import fresh
from pairx.ui.shared.links import NAMES
from pairx.ui.shared.page import address
from pairx.ui.shared.parts import Part

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
"""plotly's own JavaScript, served by this app: the one that gradio brings is older."""


class RunWatch(Part):
    """Knows of the runs, and asks every second while one is under way. Outside of the tabs, of which gradio lays out
    only those that were opened: the tab's label shows that a run goes on."""

    template = "<div></div>"
    module = "explore/page/runwatch.js"
    takes = RunsValue
    constants = RunWatchConstants
    sends: ClassVar = {"look": dict[str, str], "open": RunName, "resume": RunName, "halt": dict[str, str]}

    def __init__(self, tab: str, **how: Any) -> None:
        """tab: title of the tab."""
        super().__init__(given=RunWatchConstants(tab=tab), **how)


class RunList(Part):
    """The runs as a list of buttons, wholly in the browser."""

    template = '<div class="px-runs" role="group" aria-label="Runs"></div>'
    module = "explore/page/runs.js"


class RunProgress(Part):
    """How far the run under way is, and the button that stops it, wholly in the browser."""

    template = '<div id="px-running"></div>'
    module = "explore/page/runprogress.js"


class ScatterPlot(Part):
    """Shows a choice of a run as a plot."""

    template = '<div class="px-viewer px-explore"></div>'
    module = "explore/page/scatter.js"
    takes = PlotValue
    constants = PlotConstants
    sends: ClassVar = {"choose": PairChoice, "turn": PlotTurn, "download": PairsDownload, "back": RunQuery}

    def __init__(self, **how: Any) -> None:
        super().__init__(given=PlotConstants(plotly=address(PLOTLY), names=[*NAMES]), **how)

    def postprocess(self, value: PlotValue | None) -> dict[str, Any] | None:
        return fresh(dict(value)) if value else None


class ViewChips(Part):
    """The ready-made views as chips, and the button that sends the pairs on show to Review."""

    template = '<div class="px-viewer px-views"></div>'
    module = "explore/page/chips.js"
    constants = ViewChipsConstants
    sends: ClassVar = {"review": PairsReview}

    def __init__(self, reviews: bool, **how: Any) -> None:
        """reviews: whether pairs can be sent to be reviewed."""
        super().__init__(given=ViewChipsConstants(reviews=reviews), **how)


class PairTable(Part):
    """The pairs on show as a table, wholly in the browser."""

    template = '<div class="px-viewer px-pairtable"></div>'
    module = "explore/page/pairtable.js"


class PairPanel(Part):
    """Shows the chosen pair."""

    template = '<div class="px-viewer px-pairpanel"></div>'
    module = "explore/page/pairpanel.js"
    takes = PairValue
    constants = PairConstants
    sends: ClassVar = {"halt": Ticket, "ahead": PairWish}

    def __init__(self, **how: Any) -> None:
        super().__init__(given=PairConstants(lines=viz.Look().k_lines, opacity=viz.Look().opacity), **how)


class PairGallery(Part):
    """Shows a page of selected pairs, sorted in the browser."""

    template = '<div class="px-viewer px-gallery"></div>'
    module = "explore/page/gallery.js"
    takes = GalleryValue
    constants = GalleryConstants
    sends: ClassVar = {"browse": Browse, "download": PairsDownload}

    def __init__(self, **how: Any) -> None:
        super().__init__(given=GalleryConstants(page=PAGE), **how)


class Tables(Part):
    """Tables of texts."""

    template = '<div class="px-viewer px-tables"></div>'
    module = "explore/page/tables.js"
    takes = TablesValue
