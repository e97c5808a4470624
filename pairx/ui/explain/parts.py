"""The parts of the page that the Explain tab alone uses."""

from __future__ import annotations

from typing import Any, ClassVar

from pairx import viz
from pairx.ui.explain.payload import (
    PointQuestion,
    ViewerConstants,
    ViewerDownload,
    ViewerQuery,
    ViewerValue,
    WellChoice,
    WellCut,
)
from pairx.ui.shared.files import fresh, json_file
from pairx.ui.shared.links import MOST_COLORS, MOST_LINES, NAMES
from pairx.ui.shared.parts import Part, SampleStrip
from pairx.ui.shared.payload import LookDefaults


def look_defaults() -> LookDefaults:
    """How a picture is drawn until somebody changes it, and how far that goes."""
    look = viz.Look()
    return {
        "lines": look.k_lines,
        "colors": look.k_colors,
        "opacity": look.opacity,
        "most_lines": MOST_LINES,
        "most_colors": MOST_COLORS,
    }


class Viewer(Part):
    """Shows a scene, which travels as a file of the cache, so that neither the queue nor the session holds it."""

    template = '<div class="px-viewer"></div>'
    module = "explain/page/viewer.js"
    takes = ViewerValue
    constants = ViewerConstants
    sends: ClassVar = {"download": ViewerDownload, "point": PointQuestion, "reopen": ViewerQuery}

    def __init__(self, value: dict[str, Any] | None = None, **how: Any) -> None:
        """value: as `postprocess` takes it."""
        super().__init__(value, ViewerConstants(names=[*NAMES], look=look_defaults()), **how)

    def postprocess(self, value: dict[str, Any] | None) -> dict[str, Any] | None:
        """value: a `ViewerValue` whose scene is the `AnsweredScene` itself."""
        if value is None:
            return None
        return fresh({**value, "scene": json_file(value["scene"], "scene.json")})


class LookPanel(Part):
    """Sliders and palette of the viewer, wholly in the browser."""

    template = '<div class="px-look" role="group" aria-label="Look"></div>'
    module = "explain/page/look.js"
    constants = LookDefaults

    def __init__(self, **how: Any) -> None:
        super().__init__(given=look_defaults(), **how)


class Wells(Part):
    """What can be done with the photographs in the wells: replace one, choose a part of it."""

    template = '<div class="px-wells"></div>'
    module = "explain/page/wells.js"
    sends: ClassVar = {"edit": WellChoice, "cut": WellCut}


class Samples(SampleStrip):
    """The sample pairs behind a line that opens: open until a picture of a person's own photographs is on show."""

    template = (
        '<details class="px-samples" open><summary>Sample pairs</summary>'
        '<div class="px-strip" role="group"></div></details>'
    )
    module = "explain/page/samples.js"


class RecentPairs(Part):
    """The pairs that were explained in this browser, which alone keeps them."""

    template = '<div class="px-recent" hidden></div>'
    module = "explain/page/recent.js"
    sends: ClassVar = {"open": ViewerQuery}
