"""The board as the page gets it: its panels, from what is known of their cells."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from pairx import methods, viz
from pairx.methods import card_of
from pairx.types import Explanation, ImagePair, Refusal
from pairx.ui.compare.axes import AXES, Asked, Cell, Ground
from pairx.ui.compare.background import BackgroundChoice, words
from pairx.ui.compare.cells import Cells
from pairx.ui.compare.faithfulness import Measures
from pairx.ui.compare.judged import judged
from pairx.ui.compare.panels import panel_files
from pairx.ui.compare.payload import BoardPanel, BoardValue, PanelFiles
from pairx.ui.compare.times import Times
from pairx.ui.compare.to_figure import part_of_panel
from pairx.ui.shared import links
from pairx.ui.shared.cache import Recent
from pairx.ui.shared.files import photos_of
from pairx.ui.shared.judgements import Judgements
from pairx.ui.shared.payload import FilePhoto
from pairx.ui.shared.photos import Ref
from pairx.ui.shared.session import AppState, Request, takes_background
from pairx.ui.shared.words import duration, layer_title

KEPT_FILES, KEPT_PHOTOS = 400, 40


@dataclass(frozen=True)
class Shown:
    """The comparison on a session's board, without its numbers, which the app keeps. run: its id."""

    run: str
    asked: Asked
    cells: tuple[Cell, ...] = ()
    columns: int = 0
    form: list[str] = field(default_factory=list)


class Boards:
    """Makes boards, and keeps the files that they name."""

    def __init__(self, app_state: AppState, judgements: Judgements, cells: Cells, measures: Measures) -> None:
        self.app_state = app_state
        self.judgements = judgements
        self.cells = cells
        self.measures = measures
        self.times = Times(app_state)
        self._files: Recent[PanelFiles] = Recent(KEPT_FILES)
        self._photos: Recent[tuple[FilePhoto, FilePhoto]] = Recent(KEPT_PHOTOS)

    def begin(self, asked: Asked, ground: Ground, form: list[str]) -> tuple[Shown, BoardValue]:
        """A board with what is known already. Raises InputError."""
        cells = asked.cells(ground)
        several = AXES[asked.axis].method and len({cell.method for cell in cells}) > 1
        columns = len({cell.method for cell in cells}) if several else 0
        shown = Shown(uuid.uuid4().hex, asked, tuple(cells), columns, form)
        return shown, self.board(shown, ground)

    def board(self, shown: Shown, ground: Ground) -> BoardValue:
        """The board as far as it is known."""
        requests = {pair_key(cell.request): cell.request for cell in shown.cells}
        pairs = {key: self.decoded(request) for key, request in requests.items()}
        panels = [self.panel(cell, shown, pairs[pair_key(cell.request)]) for cell in shown.cells]
        missing = [cell for cell, panel in zip(shown.cells, panels, strict=True) if not panel["file"]]
        background = ground.request.background
        asked = shown.asked
        choices = None if asked.choices is None else list(asked.choices)
        return {
            "run": shown.run,
            "pairs": [self._photos_of(key, pair) for key, pair in pairs.items()],
            "about": self._about(shown, ground),
            "ends": list(_ends(background)),
            "asked": {"axis": asked.axis, "choices": choices, "methods": list(asked.methods)},
            "form": shown.form,
            "link": _link(ground.request),
            "background": background.id if isinstance(background, Ref) else BackgroundChoice.key(background),
            "columns": shown.columns,
            "expected": self._expected(missing),
            "over": True,
            "panels": panels,
        }

    def decoded(self, request: Request) -> Callable[[], ImagePair]:
        """A pair, decoded when it is first needed."""
        return cache(lambda: self.app_state.pair(request))

    def panel(self, cell: Cell, shown: Shown, pair: Callable[[], ImagePair]) -> BoardPanel:
        """A cell's panel, with its files where its result is known."""
        found = self.cells.known(cell)
        files: PanelFiles = {"file": None, "tensor": None} if found is None else self.files(cell, found, pair)
        return {
            "id": cell.id,
            "title": cell.title,
            "about": cell.about if shown.columns or not AXES[shown.asked.axis].method else "",
            "family": card_of(cell.method).family,
            "pair": list(dict.fromkeys(pair_key(one.request) for one in shown.cells)).index(pair_key(cell.request)),
            "measured": self.measures.known(self.cells.key(cell)),
            "judged": judged(cell, self.app_state, self.judgements),
            "figure": part_of_panel(cell, self.app_state, *shown.form[2:4]),
            **files,
        }

    def files(self, cell: Cell, found: Explanation | Refusal, pair: Callable[[], ImagePair]) -> PanelFiles:
        """The files of a result, written once."""
        said = words(cell.request.background, takes_background(cell.method))
        key = self.cells.key(cell), pair_key(cell.request), said, found if isinstance(found, Refusal) else None
        known = self._files.get(key)
        if known is None or not _there(known):
            noted = methods.noted(found, pair()) if isinstance(found, Explanation) else found
            known = panel_files(noted, pair(), card_of(cell.method), said)
            self._files.put(key, known)
        return known

    def _photos_of(self, key: tuple[str, ...], pair: Callable[[], ImagePair]) -> tuple[FilePhoto, FilePhoto]:
        known = self._photos.get(key)
        if known is None or not all(Path(photo["file"]["path"]).is_file() for photo in known):
            first, second = photos_of(pair())
            self._photos.put(key, known := (first, second))
        return known

    def _about(self, shown: Shown, ground: Ground) -> str:
        """What all panels have in common."""
        axis, request = shown.asked.axis, ground.request
        named = {cell.method for cell in shown.cells}
        parts = [card_of(next(iter(named))).title if AXES[axis].method and len(named) == 1 else ""]
        if axis != "models":
            model = self.app_state.model(request.model)
            parts += [model.title, "" if axis == "layers" else layer_title(model, request.layer)]
        parts.append("" if axis == "backgrounds" else words(request.background, True))
        return " · ".join(part for part in parts if part)

    def _expected(self, missing: Sequence[Cell]) -> str:
        """How long cells take together, in words."""
        times = [self.times.expected(cell.request.model, cell.request.layer, cell.method) for cell in missing]
        said = duration(sum(one.seconds for one in times if one))
        if None in times:
            return f"more than {said}" if any(times) else ""
        return f"about {said}"


def _link(request: Request) -> dict[str, str]:
    """The query of a request's pair."""
    a, b = request.photo0, request.photo1
    return links.query(a.id, b.id, request.model, request.layer, request.options, (a.cut, b.cut))


def _ends(background: str | Ref | None) -> tuple[str, str]:
    against, supports = viz.ENDS
    return (f"{against}, for {background.name}" if isinstance(background, Ref) else against), supports


def pair_key(request: Request) -> tuple[str, str, str, str]:
    """What tells pairs apart: the same photographs of another person have other names."""
    return request.photo0.digest, request.photo1.digest, request.photo0.name, request.photo1.name


def _there(files: PanelFiles) -> bool:
    """Whether the files were not deleted yet."""
    return all(Path(one["path"]).is_file() for one in (files["file"], files["tensor"]) if one is not None)


def filled(board: BoardValue, panel: BoardPanel) -> BoardValue:
    """The board with one panel anew."""
    return board | {"panels": [panel if one["id"] == panel["id"] else one for one in board["panels"]]}
