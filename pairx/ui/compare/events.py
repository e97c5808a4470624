"""What the Compare tab answers when a person acts: the events' functions, without any layout."""

from __future__ import annotations

import io
import logging
import tempfile
import time
import uuid
import zipfile
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component

from pairx import methods, viz
from pairx.methods import card_of, cards, families
from pairx.types import Explanation, ImagePair, InputError, Refusal, Step
from pairx.ui.compare.background import BackgroundChoice, words
from pairx.ui.compare.panels import panel_files
from pairx.ui.compare.payload import BoardValue
from pairx.ui.shared import export
from pairx.ui.shared.cache import Turns
from pairx.ui.shared.events import SKIP, Switches, resting, sent, waiting
from pairx.ui.shared.files import cached, photos_of
from pairx.ui.shared.form import Form
from pairx.ui.shared.links import Options
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.photos import Ref, pair_of
from pairx.ui.shared.session import AppState, Request, takes_background
from pairx.ui.shared.words import layer_title

log = logging.getLogger(__name__)

KINDS = ("png", "pdf", "zip")
ENDS = ["against the match", "for the match"]
"""What blue and red mean."""
OFTEN = 0.25
"""Seconds between two words on what a method does; every one of them costs the browser some work."""
NONE_CHOSEN = "Choose at least one method."
STOPPED = "Stopped. The methods that were through stay."
OUR_FAULT = "The comparison broke off: a fault of ours. Leave out the method that ran last, or try another layer."
GONE = "The numbers of this comparison are no longer kept. Press Compare again, then download."


@dataclass(frozen=True)
class Shown:
    """The comparison on a session's board, without its numbers, which the app_state keeps. run: its id."""

    run: str
    request: Request
    names: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = field(default=())


def by_family(names: Sequence[str]) -> list[list[str]]:
    """The names of each family, in the order of families and cards."""
    return [[name for name, card in cards().items() if card.family == one and name in names] for one in families()]


FIGURE_9 = (
    "grad-cam", "hirescam", "grad-cam-elementwise", "layercam", "grad-cam++", "xgrad-cam", "eigengrad-cam", "eigen-cam",
    "kpca-cam", "fullgrad", "score-cam", "ablation-cam",
)  # fmt: skip
"""The twelve techniques that the paper compares there (section A.1)."""
FAST = "Fast"


def presets() -> dict[str, list[str]]:
    """The methods that one button chooses, by its label."""
    known = cards()
    return {
        FAST: [name for name, card in known.items() if not card.slow],
        "Figure 9 of the PAIR-X paper": [name for name in known if name in FIGURE_9],
        "None": [],
    }


class RunOutputs(NamedTuple):
    """What a comparison changes."""

    board: Any = SKIP
    shown: Any = SKIP
    status: Any = SKIP
    go: Any = SKIP
    stop: Any = SKIP


class CompareEvents:
    """The events' functions. groups: the components in which the methods of each family are chosen. opening: what the
    page opens on."""

    def __init__(
        self,
        app_state: AppState,
        form: Form,
        groups: Sequence[Component],
        background: BackgroundChoice,
        opening: Request,
    ) -> None:
        self.app_state = app_state
        self.form = form
        self.groups = groups
        self.background = background
        self.opening = opening

    @property
    def inputs(self) -> set[Component]:
        """What `run` reads."""
        return {*self.form.settings, *self.groups, *self.background.inputs}

    def open(self, values: dict[Component, Any], session: gr.Request) -> Generator[RunOutputs]:
        """The tab is on show: while the session has asked for nothing, compare the pair that the page opens on."""
        name, turns = turn_of(session), self.app_state.turns
        if turns.now(name) != Turns.NONE or not self._untouched(values):
            yield RunOutputs()  # of a generator that yields nothing gradio sends None, which empties the buttons
            return
        turns.take(name)
        yield RunOutputs(**waiting() | {"go": SKIP})  # another choice need not wait for this one
        yield from self.run(values, session)

    def _untouched(self, values: dict[Component, Any]) -> bool:
        """Whether the form holds what the page opened on."""
        try:
            return replace(self.form.request(values), options=Options()).key("") == self.opening.key("")
        except InputError:
            return False

    def begin(self, request: gr.Request) -> Switches:
        """A comparison was asked for; one that the session ran before ends."""
        self.app_state.turns.take(turn_of(request))
        return Switches(**waiting())

    def halt(self, request: gr.Request) -> Switches:
        """Stop was pressed."""
        self.app_state.turns.take(turn_of(request), stopped=True)
        return Switches(**resting(STOPPED))

    def run(self, values: dict[Component, Any], session: gr.Request) -> Generator[RunOutputs]:
        """Compare what the form holds by the chosen methods: the board after each of them, and what runs meanwhile."""
        name, turns = turn_of(session), self.app_state.turns
        turn = turns.now(name)
        if turn[1]:
            yield RunOutputs(**resting(STOPPED))
            return
        board: dict[str, Any] | None = None
        try:
            chosen = {one for group in self.groups for one in values[group]}
            known = cards()
            names = [one for one in known if one in chosen]
            if not names:
                raise InputError(NONE_CHOSEN)
            photos = self.form.photos(values)
            background = self.background.chosen(values)
            request = replace(self.form.request(values), options=Options(), background=background)
            pair = pair_of(*photos)
            yield RunOutputs(status=StatusValue(text="Loading the model", busy=True))
            board = self._board(request, names, pair, [str(photo.ref.path) for photo in photos])
            shown = Shown(board["run"], request)
            yield RunOutputs(board, shown)
            steps = self.app_state.compare(request, names, pair)
            said, titles = 0.0, {known[name].title for name in names}
            for item in steps:
                if isinstance(item, Step):
                    if item.what in titles or time.monotonic() > said + OFTEN:
                        said = time.monotonic()
                        status = StatusValue(text=item.what, done=item.done, total=item.total, busy=True)
                        yield RunOutputs(status=status)
                else:
                    shown, board = _with(shown, item), _filled(board, item, pair, background)
                    yield RunOutputs(board, shown)
                if turns.now(name) != turn:
                    steps.close()
                    if turns.now(name)[1]:
                        yield RunOutputs(board | {"over": True}, **resting(STOPPED))
                    return
            yield RunOutputs(board | {"over": True}, **resting())
        except InputError as error:
            yield RunOutputs(board | {"over": True} if board else SKIP, **resting(str(error), error=True))
        except Exception:
            log.exception("a comparison failed")
            yield RunOutputs(board | {"over": True} if board else SKIP, **resting(OUR_FAULT, error=True))

    def _board(self, request: Request, names: Sequence[str], pair: ImagePair, paths: list[str]) -> BoardValue:
        """The board before the first method is through."""
        model, background = self.app_state.model(request.model), request.background
        about = [model.title, layer_title(model, request.layer), words(background, True)]
        return {
            "run": uuid.uuid4().hex,
            "photos": photos_of(pair),
            "about": " · ".join(part for part in about if part),
            "ends": [f"against the match, for {background.name}", ENDS[1]] if isinstance(background, Ref) else ENDS,
            "form": [*paths, request.model, request.layer, self.background.key(background)],
            "over": False,
            "panels": [{"title": card_of(name).title, "name": name, "file": None, "tensor": None} for name in names],
        }

    def download(self, shown: Shown | None, event: gr.EventData) -> str:
        """Write the figure or the numbers of the board, or of one panel, to a file of the cache."""
        asked = sent(event)
        try:
            if shown is None or not shown.names:
                raise InputError("No method is through yet. Press Compare first.")
            pair = self.app_state.pair(shown.request)
            what, data = self._packed(shown, pair, asked)
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        settings = {"model": shown.request.model, "layer": shown.request.layer}
        name = export.file_name(Explanation("", 0, settings=settings), pair, str(asked["kind"]))
        return cached(data, name.replace("pairx_", f"pairx_{what}_", 1))

    def _packed(self, shown: Shown, pair: ImagePair, asked: dict[str, Any]) -> tuple[str, bytes]:
        """What is asked for, the name of one method or "compare", and the bytes of its file. Raises InputError."""
        kind, look = str(asked.get("kind")), export.look_from(asked)
        found, one = self.app_state.compared(shown.request, shown.names), asked.get("name")
        known = {name: methods.noted(explanation, pair) for name, explanation in found.items()}
        refusals = {refusal.method: refusal for refusal in shown.refusals}
        if one is not None:
            if not isinstance(one, str) or one not in known:
                raise InputError(GONE)
            return one, export.content(known[one], pair, kind, look)
        if set(shown.names) - refusals.keys() - known.keys():
            raise InputError(GONE)
        results = [refusals.get(name) or known[name] for name in cards() if name in shown.names]
        return "compare", content(results, pair, kind, look)


def content(results: Sequence[Explanation | Refusal], pair: ImagePair, kind: str, look: viz.Look) -> bytes:
    """The bytes of a file: the figure of all methods, or a ZIP with one .npz each. Raises InputError for another."""
    if kind not in KINDS:
        raise InputError(f"There is no download of this kind: choose {', '.join(KINDS)}.")
    with tempfile.TemporaryDirectory(prefix="pairx-") as folder:
        if kind != "zip":
            path = Path(folder) / f"grid.{kind}"
            viz.draw_grid(results, pair, cards(), look).save(path)
            return path.read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for result in results:
                if isinstance(result, Explanation):
                    path = Path(folder) / f"{result.method}.npz"
                    result.save(path)
                    archive.write(path, path.name)
        return packed.getvalue()


def turn_of(request: gr.Request) -> str:
    """The session's name among the turns of this tab."""
    return f"{request.session_hash}:compare"


def _with(shown: Shown, item: Explanation | Refusal) -> Shown:
    refused = (item,) if isinstance(item, Refusal) else ()
    return replace(shown, names=(*shown.names, item.method), refusals=(*shown.refusals, *refused))


def _filled(
    board: dict[str, Any], item: Explanation | Refusal, pair: ImagePair, background: str | Ref | None
) -> dict[str, Any]:
    """The board with one more panel."""
    files = panel_files(item, pair, card_of(item.method), words(background, takes_background(item.method)))
    return board | {"panels": [one | (files if one["name"] == item.method else {}) for one in board["panels"]]}
