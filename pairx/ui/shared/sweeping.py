"""Uploads that nobody uses are deleted long before gradio deletes what is a day old, the sooner the more there are."""

from __future__ import annotations

import threading
import time
import weakref
from contextlib import suppress
from pathlib import Path

import gradio as gr

from pairx.ui.shared.photos import PhotoShelf

UNUSED_SECONDS = 15 * 60
"""From an upload to its deletion where it was in no well and in no request."""
MOST_BYTES = 4 * 2**30
"""Of all uploads together, beyond which the oldest unused ones go at once."""
EVERY_SECONDS = 60


def sweep(page: gr.Blocks, shelf: PhotoShelf, now: float) -> None:
    """Delete uploads of a page that the shelf never opened. now: seconds since the epoch."""
    sizes = {path: found for path in list(page.upload_file_set) if (found := _born_and_size(Path(path)))}
    total = sum(size for _, size in sizes.values())
    unused = [path for path in sizes if path not in shelf.opened]
    for path in sorted(unused, key=lambda one: sizes[one][0]):
        born, size = sizes[path]
        if now - born > UNUSED_SECONDS or total > MOST_BYTES:
            with suppress(OSError):
                Path(path).unlink()
            page.upload_file_set.discard(path)
            total -= size
    shelf.opened -= {path for path in list(shelf.opened) if not Path(path).exists()}


def keep_sweeping(page: gr.Blocks, shelf: PhotoShelf) -> None:
    """Sweep every minute for as long as the page exists."""
    known = weakref.ref(page)

    def work() -> None:
        while True:
            time.sleep(EVERY_SECONDS)
            page = known()
            if page is None:
                return
            sweep(page, shelf, time.time())
            del page

    threading.Thread(target=work, name="sweeping", daemon=True).start()


def _born_and_size(path: Path) -> tuple[float, int] | None:
    """When a file came, and its bytes; None where it is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ctime, found.st_size
