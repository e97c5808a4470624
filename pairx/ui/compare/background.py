"""What stands for "absent" in a comparison: the control at the left of the Compare tab."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from pairx.types import InputError
from pairx.ui.shared.events import sent
from pairx.ui.shared.files import thumbnails
from pairx.ui.shared.page import imported
from pairx.ui.shared.parts import SampleStrip
from pairx.ui.shared.payload import StripEntry
from pairx.ui.shared.photos import PhotoShelf, Ref
from pairx.ui.shared.uploads import SafeImage, checked

OWN, PHOTOGRAPH = "own", "photograph"
CHOICES = [
    ("As in each method's paper", OWN),
    ("Blurred", "blur"),
    ("Mean colour", "mean"),
    ("Black, or no features", "zero"),
    ("Another photograph", PHOTOGRAPH),
]
INFO = "What stands for an absent place. With another photograph: why B rather than that one?"
WORDS = {"blur": "blurred background", "mean": "background of the mean", "zero": "black background"}
NONE = "takes no background"
MISSING = "Choose the photograph to compare with, or another background."


class BackgroundChoice:
    """Lays the control out when built inside a column. `inputs`: the components that `chosen` reads."""

    def __init__(self, shelf: PhotoShelf) -> None:
        self.shelf = shelf
        self.choice = gr.Dropdown(CHOICES, value=OWN, label="Background", info=INFO, interactive=True)
        with gr.Column(visible=False, elem_classes="px-background") as self.photo_column:
            self.photo = SafeImage(
                shelf=shelf,
                label="Rather than this photograph",
                alt_text="Photograph of the background",
                height=150,
                sources=["upload"],
                buttons=[],
                interactive=True,
            )
            thumbs = thumbnails({id: shelf.load(ref).image for id, ref in shelf.samples.items()})
            entries = [StripEntry(id=id, title="", caption=id, thumbs=[thumb]) for id, thumb in thumbs.items()]
            self.strip = SampleStrip(entries, "Sample photographs")

    @property
    def inputs(self) -> list[Component]:
        """What a comparison has to be given."""
        return [self.choice, self.photo]

    def wire(self, **quiet: Any) -> None:
        """quiet: how events run that nobody waits for."""
        at_once = {"queue": False, **quiet}
        self.choice.input(
            lambda choice: gr.Column(visible=choice == PHOTOGRAPH), self.choice, self.photo_column, **at_once
        )
        self.strip.choose(self.take, outputs=self.photo, **at_once)
        self.photo.upload(checked, self.photo, self.photo, **quiet).failure(lambda: None, outputs=self.photo, **at_once)
        changed = f"(...values) => {imported('page/state.js')}.then((state) => state.backgroundChanged(...values))"
        gr.on([self.choice.change, self.photo.change], None, self.inputs, js=changed, **quiet)

    def take(self, event: gr.EventData) -> Ref:
        """A sample goes into the well."""
        ref = self.shelf.samples.get(str(sent(event).get("id")))
        if ref is None:
            raise gr.Error("There is no such sample photograph.", print_exception=False)
        return ref

    def chosen(self, values: dict[Component, Any]) -> str | Ref | None:
        """The background that the values ask for, None for each method's own. Raises InputError."""
        choice, photo = (values[one] for one in self.inputs)
        if choice == OWN:
            return None
        if choice != PHOTOGRAPH:
            if choice not in WORDS:
                raise InputError("There is no such background. Choose one from the list.")
            return choice
        if photo is None:
            raise InputError(MISSING)
        if isinstance(photo, InputError):
            raise photo
        return photo.ref

    @staticmethod
    def key(background: str | Ref | None) -> str:
        """A background as the browser names it."""
        return str(background.path) if isinstance(background, Ref) else background or OWN


def words(background: str | Ref | None, taken: bool) -> str:
    """What a panel says of the background; taken: whether its method takes one."""
    if background is None:
        return ""
    if not taken:
        return NONE
    return f"rather than {background.name}" if isinstance(background, Ref) else WORDS[background]


def _shown(choice: str) -> gr.Column:
    """The column of the photograph, on show while it is chosen."""
    return gr.Column(visible=choice == PHOTOGRAPH)
