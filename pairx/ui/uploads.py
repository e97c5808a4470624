"""The upload wells: every file goes through our own decoder, and what the browser cannot show comes back as a PNG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
from gradio.data_classes import ImageData
from gradio.processing_utils import save_bytes_to_cache

from pairx import images
from pairx.types import InputError
from pairx.ui.photos import Photo, PhotoShelf, Ref

SHOWN_BY_BROWSERS = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}
LONGEST_NAME = 120


class SafeImage(gr.Image):
    """An image well that hands out `Photo`s and takes `Ref`s or `Photo`s. Any other file is a gr.Error."""

    def __init__(self, *, shelf: PhotoShelf, **kwargs: Any) -> None:
        self.shelf = shelf
        super().__init__(**kwargs)

    def get_block_name(self) -> str:
        return "image"

    def get_config(self) -> dict[str, Any]:  # type: ignore[override]
        return super().get_config(gr.Image)  # the signature that the browser's component knows

    def preprocess(self, payload: ImageData | None) -> Photo | None:
        if payload is None or not payload.path:
            return None
        name = Path(payload.orig_name or payload.path).name[:LONGEST_NAME]
        try:
            return self.shelf.open(payload.path, name)
        except InputError as error:
            raise gr.Error(str(error), duration=15, title="This file cannot be used", print_exception=False) from error

    def postprocess(self, value: Photo | Ref | None) -> ImageData | None:
        if value is None:
            return None
        ref = value.ref if isinstance(value, Photo) else value
        return ImageData(path=str(ref.path), orig_name=ref.name)


def showable(photo: Photo | None, cache_dir: str) -> Photo | None:
    """A photograph that browsers can preview: HEIC, TIFF and the like become PNG, everything else stays the file it
    is."""
    if photo is None or photo.ref.path.suffix.lower() in SHOWN_BY_BROWSERS:
        return photo
    png = save_bytes_to_cache(images.encode_png(photo.image), "photograph.png", cache_dir)
    return Photo(Ref(photo.ref.id, photo.ref.digest, photo.ref.name, Path(png)), photo.image, photo.view)
