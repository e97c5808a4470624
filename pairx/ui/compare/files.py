"""What people take away from a board: the figure as it stands on the screen, and the raw values."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from pairx import methods, viz
from pairx.methods import card_of
from pairx.types import Explanation, InputError, Refusal
from pairx.ui.compare.axes import Cell
from pairx.ui.compare.boards import Shown
from pairx.ui.compare.cells import Cells
from pairx.ui.shared import export
from pairx.ui.shared.events import sent
from pairx.ui.shared.files import cached

KINDS = ("png", "svg", "pdf", "zip")
GONE = "The numbers of this comparison are no longer kept. Press Compare again, then download."
NOTHING = "No panel is through yet. Press Compare first."


class Files:
    """The event's function."""

    def __init__(self, cells: Cells) -> None:
        self.cells = cells
        self.app_state = cells.app_state

    def download(self, shown: Shown | None, event: gr.EventData) -> str:
        """Write the figure or the numbers of the board, or of one panel, to a file of the cache."""
        asked = sent(event)
        kind, one = str(asked.get("kind")), asked.get("id")
        try:
            entries = [] if shown is None else self._entries(shown, asked.get("order"), one, kind)
            if shown is None or not entries:
                raise InputError(GONE if one is not None else NOTHING)
            (cell, entry), *_ = entries
            if one is not None and isinstance(entry.result, Explanation):
                look = asked.get("look")
                drawn = export.look_from(look), export.detail_from(look)
                what, data = _plain(one), export.content(entry.result, entry.pair, kind, *drawn)
            else:
                what, data, kind = "compare", *self._board(shown, entries, kind, asked)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        settings = {"model": cell.request.model, "layer": cell.request.layer}
        name = export.file_name(Explanation("", 0, settings=settings), entry.pair, kind)
        return cached(data, name.replace("pairx_", f"pairx_{what}_", 1))

    def _entries(self, shown: Shown, order: Any, one: Any, kind: str) -> list[tuple[Cell, viz.Entry]]:
        """What is through, in the order of the screen. one: id of the only panel, None for all. Raises InputError."""
        places = {id: place for place, id in enumerate(order)} if isinstance(order, list) else {}
        cells = sorted(shown.cells, key=lambda cell: places.get(cell.id, len(places)))
        found = []
        for cell in cells:
            if one not in (None, cell.id) or (result := self.cells.known(cell)) is None:
                continue
            pair = self.app_state.pair(cell.request)
            if one is not None or kind == "zip":  # with what no panel shows
                result = self.cells.whole(cell, pair) or result
            noted = methods.noted(result, pair) if isinstance(result, Explanation) else result
            entry = viz.Entry(cell.title, noted, pair, card_of(cell.method), card_of(cell.method).title)
            found.append((cell, entry))
        return found

    def _board(
        self, shown: Shown, entries: Sequence[tuple[Cell, viz.Entry]], kind: str, asked: dict[str, Any]
    ) -> tuple[bytes, str]:
        """The bytes of the board's file and its kind: a ZIP of pages where there are several and a file holds but one.
        Raises InputError."""
        if kind not in KINDS:
            raise InputError(f"There is no download of this kind: choose {', '.join(KINDS)}.")
        if kind == "zip":
            return _zipped({f"{_plain(cell.id)}.npz": entry.result for cell, entry in entries}), "zip"
        width = next((one for one in viz.WIDTHS if one == asked.get("width")), viz.WIDTHS[0])
        figure = viz.draw_entries(
            [entry for _, entry in entries],
            export.look_from(asked.get("look")),
            detail=export.detail_from(asked.get("look")),
            width=width,
            columns=shown.columns,
            seconds=asked.get("seconds") is True,
            cautions=asked.get("cautions") is True,
        )
        files = figure.files(kind)
        if len(files) == 1:
            return files[0], kind
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for number, page in enumerate(files):
                archive.writestr(f"page-{number + 1}.{kind}", page)
        return packed.getvalue(), "zip"


def _zipped(results: dict[str, Explanation | Refusal]) -> bytes:
    packed = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder, zipfile.ZipFile(packed, "w") as archive:
        for name, result in results.items():
            if isinstance(result, Explanation):
                result.save(Path(folder) / name)
                archive.write(Path(folder) / name, name)
    return packed.getvalue()


def _plain(id: str) -> str:
    """A panel's id as a part of a file's name."""
    return "".join(letter if letter.isalnum() or letter in "-.+" else "_" for letter in id)
