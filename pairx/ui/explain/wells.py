"""What happens to the photographs in the wells: they arrive, and a part of one is chosen."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.processing_utils import save_file_to_cache

from pairx.types import InputError
from pairx.ui.explain.payload import WellAnswer
from pairx.ui.shared import cuts
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.files import file_data
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.photos import Photo, PhotoShelf
from pairx.ui.shared.uploads import checked

Received = Photo | InputError | None
"""What a well hands out."""


class WellEvents:
    """The events' functions."""

    def __init__(self, shelf: PhotoShelf, cache: str) -> None:
        """cache: gradio's, from which the browser may fetch."""
        self.shelf = shelf
        self.cache = cache

    def arrive(self, photo: Received, other: Received) -> tuple[Any, Any, StatusValue]:
        """A photograph was uploaded beside another one, with the status. A sample makes room for the second photograph
        of a person; what is no photograph leaves its place empty, and the status says why."""
        if isinstance(photo, InputError):
            return None, SKIP, StatusValue(text=f"This file cannot be used: {photo}", error=True)
        came = checked(photo)
        samples = self.shelf.samples
        own = came is not None and came.ref.id not in samples
        return came, None if own and isinstance(other, Photo) and other.ref.id in samples else SKIP, StatusValue()

    def edit(self, photo0: Received, photo1: Received, event: gr.EventData) -> WellAnswer:
        """The whole photograph of which a part is to be chosen: a message for the page."""
        side, photo = _asked((photo0, photo1), event)
        ref = photo.ref
        box, turns, mirrored = (ref.cut.box, ref.cut.turns, ref.cut.mirrored) if ref.cut else (None, 0, False)
        file = file_data(save_file_to_cache(ref.source or ref.path, self.cache))
        return {"side": side, "file": file, "box": box and [*box], "turns": turns, "mirrored": mirrored}

    def cut(self, photo0: Received, photo1: Received, event: gr.EventData) -> tuple[Any, Any]:
        """A part was chosen: the well shows it."""
        side, photo = _asked((photo0, photo1), event)
        try:
            whole = self.shelf.whole(photo.ref)
            part = cuts.from_page(sent(event), photo.view.width, photo.view.height)
            shown = whole if part.is_whole(photo.view.width, photo.view.height) else self.shelf.cut(whole, part).ref
        except InputError as error:
            raise gr.Error(f"No part was cut out: {error}", print_exception=False) from error
        return (shown, SKIP) if side == 0 else (SKIP, shown)


def _asked(photos: tuple[Received, Received], event: gr.EventData) -> tuple[int, Photo]:
    """The photograph that the browser asked about. Raises gr.Error where there is none."""
    side = sent(event).get("side")
    if isinstance(side, int) and side in (0, 1) and isinstance(photo := photos[side], Photo):
        return side, photo
    raise gr.Error("There is no photograph in this place: choose one first.", print_exception=False)
