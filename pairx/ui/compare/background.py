"""What stands for "absent" in a comparison: the control at the left of the Compare tab."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.components import Component

from pairx.types import InputError
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.files import thumbnails
from pairx.ui.shared.page import imported
from pairx.ui.shared.parts import SampleStrip
from pairx.ui.shared.payload import StripEntry
from pairx.ui.shared.photos import Photo, PhotoShelf, Ref
from pairx.ui.shared.uploads import SafeImage, checked

OWN, PHOTOGRAPH = "own", "photograph"
BACKGROUNDS = [
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
        self.choice = gr.Dropdown(
            BACKGROUNDS, value=OWN, label="Background", info=INFO, interactive=True, elem_classes="px-background-choice"
        )
        with gr.Column(elem_classes="px-background"):
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
        self.strip.choose(self.take, outputs=self.photo, **at_once)
        self.photo.upload(checked, self.photo, self.photo, **quiet).failure(lambda: None, outputs=self.photo, **at_once)
        changed = f"(...values) => {imported('page/state.js')}.then((state) => state.backgroundChanged(...values))"
        gr.on([self.choice.change, self.photo.change], None, self.inputs, js=changed, **quiet)

    def asked(self, background: str) -> tuple[Any, Any]:
        """Values of the two controls for what a link names: a choice, or a photograph's id."""
        if background in WORDS:
            return background, SKIP
        try:
            return (PHOTOGRAPH, self.shelf.find(background)) if background else (SKIP, SKIP)
        except InputError:
            return SKIP, SKIP

    def take(self, event: gr.EventData) -> Ref:
        """A sample goes into the well."""
        ref = self.shelf.samples.get(str(sent(event).get("id")))
        if ref is None:
            raise gr.Error("There is no such sample photograph.", print_exception=False)
        return ref

    @staticmethod
    def key(background: str | Ref | None) -> str:
        """A background as the browser names it."""
        return str(background.path) if isinstance(background, Ref) else background or OWN


def background_of(choice: str, photo: Photo | Ref | InputError | None) -> str | Ref | None:
    """What a choice stands for, None for each method's own. photo: of "another photograph". Raises InputError."""
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
    return photo.ref if isinstance(photo, Photo) else photo


def words(background: str | Ref | None, taken: bool) -> str:
    """What a panel says of the background; taken: whether its method takes one."""
    if background is None:
        return ""
    if not taken:
        return NONE
    return f"rather than {background.name}" if isinstance(background, Ref) else WORDS[background]
