"""The upload wells: every file goes through our own decoder, and what the browser cannot show comes back as a PNG."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData
from gradio.processing_utils import save_file_to_cache

from pairx import images
from pairx.types import InputError
from pairx.ui.shared.files import cached
from pairx.ui.shared.photos import Photo, PhotoShelf, Ref

SHOWN_BY_BROWSERS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}
LONGEST_NAME = 120


class SafeImage(gr.Image):
    """An image well that takes `Ref`s or `Photo`s and hands out a `Photo`, or the InputError of a file that is none."""

    def __init__(self, *, shelf: PhotoShelf, **kwargs: Any) -> None:
        self.shelf = shelf
        super().__init__(**kwargs)

    def get_block_name(self) -> str:
        return "image"

    def get_config(self) -> dict[str, Any]:  # type: ignore[override]
        return super().get_config(gr.Image)  # the signature that the browser's component knows

    def preprocess(self, payload: ImageData | None) -> Photo | InputError | None:
        if payload is None or not payload.path:
            return None
        name = Path(payload.orig_name or payload.path).name[:LONGEST_NAME]
        try:
            return self.shelf.open(payload.path, name)
        except InputError as error:
            return error

    def postprocess(self, value: Photo | Ref | None) -> ImageData | None:
        if value is None:
            return None
        ref = value.ref if isinstance(value, Photo) else value
        # A copy, because gradio hands out files of its cache and of the working folder only.
        path = save_file_to_cache(ref.path, self.GRADIO_CACHE)
        self.shelf.given(path, ref)
        return ImageData(path=path, orig_name=ref.name)


def checked(photo: Photo | InputError | None) -> Photo | None:
    """An upload as the well should show it: HEIC, TIFF and the like become PNG. What is no photograph is a gr.Error."""
    if isinstance(photo, InputError):
        raise gr.Error(str(photo), duration=15, title="This file cannot be used", print_exception=False)
    if photo is None or photo.ref.path.suffix.lower() in SHOWN_BY_BROWSERS:
        return photo
    png = cached(images.encode_png(photo.image), "photograph.png")
    return Photo(replace(photo.ref, path=Path(png)), photo.image, photo.view)
