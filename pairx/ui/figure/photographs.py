"""Small pictures of a figure's photographs."""

from __future__ import annotations

from pathlib import Path

from pairx import images
from pairx.types import InputError
from pairx.ui.figure.payload import FigurePhoto
from pairx.ui.figure.sources import AppSources, said
from pairx.ui.shared.cache import Recent
from pairx.ui.shared.files import cached, encoded, file_data

THUMBNAIL = 120  # px
KEPT = 1000


class Photographs:
    """Makes each picture once for as long as its file stays the same."""

    def __init__(self) -> None:
        self._made: Recent[str] = Recent(KEPT)

    def told(self, source: str, sources: AppSources) -> FigurePhoto:
        """A photograph's name and picture, or why it cannot be shown."""
        try:
            file = sources.file(source)
            return {"name": said(source), "thumb": file_data(self._thumbnail(file, source))}
        except (InputError, OSError) as error:
            return {"name": said(source), "problem": str(error)}

    def _thumbnail(self, file: Path, source: str) -> str:
        key = str(file), file.stat().st_mtime_ns
        made = self._made.get(key)
        if made is None or not Path(made).is_file():  # gradio deletes files of its cache after a day
            image, _ = images.load_image(file, name=source)
            small = encoded(images.thumbnail(image, THUMBNAIL), "jpeg", quality=82)
            self._made.put(key, made := cached(small, "thumbnail.jpg"))
        return made
