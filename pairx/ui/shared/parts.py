"""What the parts of the page have in common, and those that all tabs use."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import gradio as gr

from pairx.ui.shared.page import imported
from pairx.ui.shared.payload import (
    MessengerConstants,
    SheetConstants,
    StatusConstants,
    StatusValue,
    StripChoice,
    StripConstants,
    StripEntry,
)

LOST = "This part of the page could not be fetched. Reload the page."


class Part(gr.HTML):
    """A part of the page that a module of ours draws.

    template: the node that it fills. module: its file, by its path in `pairx.ui`, whose `mount` gets the node, the
    value and what is given. takes: type of the value. constants: type of what is given once. sends: its events, each
    with the type of what comes with it.
    """

    template: ClassVar[str] = "<div></div>"
    module: ClassVar[str] = ""
    takes: ClassVar[Any] = type(None)
    constants: ClassVar[Any] = None
    sends: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, value: Any = None, given: Any = None, **how: Any) -> None:
        """given: constants, JSON-ready; props of `gr.HTML` would be gone after a `gr.skip()`. how: of `gr.HTML`."""
        # gradio knows those events only whose names stand in quotes in the script.
        script = f"""const given = {json.dumps(given)};
const sends = {json.dumps([*self.sends])};
const lost = () => {{ element.textContent = {json.dumps(LOST)}; }};
{imported(self.module)}.then(({{ mount }}) => mount({{ element, props, trigger, watch, given }}), lost);"""
        super().__init__(value, html_template=self.template, js_on_load=script, apply_default_css=False, **how)


class SampleStrip(Part):
    """Ready photographs as buttons."""

    template = '<div class="px-strip" role="group"></div>'
    module = "page/strip.js"
    takes = list[StripEntry]
    constants = StripConstants
    sends: ClassVar = {"choose": StripChoice}

    def __init__(self, entries: Sequence[StripEntry], label: str, **how: Any) -> None:
        """label: of the whole strip."""
        super().__init__(entries, StripConstants(label=label), **how)


class Keyboard(Part):
    """The button of the sheet of keys; with it, the arrows lead through the list of tabs."""

    template = '<div class="px-keyboard"></div>'
    module = "page/keyboard.js"


class SheetButton(Part):
    """Opens the tab's `px-sheet`, which on a narrow screen lies over the page from below. Seen only there."""

    template = '<div class="px-sheet-button"></div>'
    module = "page/sheet.js"
    constants = SheetConstants

    def __init__(self, label: str, **how: Any) -> None:
        """label: of the button, and of the sheet."""
        super().__init__(given=SheetConstants(label=label), min_width=0, **how)


class Messenger(Part):
    """Hands each value that it gets to the page's bus, as an event of this name. Shows nothing."""

    module = "page/messenger.js"
    takes = Any
    constants = MessengerConstants

    def __init__(self, event: str, **how: Any) -> None:
        """event: its name, one of page/bus.js."""
        super().__init__(given=MessengerConstants(event=event), **how)


class Status(Part):
    """What runs and how far, or what went wrong."""

    template = '<div class="px-status" role="status"></div>'
    module = "page/status.js"
    takes = StatusValue
    constants = StatusConstants

    def __init__(self, event: str | None = None, **how: Any) -> None:
        """event: its name on the page's bus, for the picture that it is about; None where none is."""
        super().__init__({}, StatusConstants(event=event), **how)
