"""What the Compare tab answers when a person acts: the events' functions, without any layout."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component

from pairx.types import Explanation, InputError, Step
from pairx.ui.compare.axes import AXES, Asked, Cell, Ground
from pairx.ui.compare.background import BackgroundChoice, background_of
from pairx.ui.compare.boards import Boards, Shown, filled, pair_key
from pairx.ui.compare.cells import Cells
from pairx.ui.compare.choosing import chooser_value
from pairx.ui.compare.faithfulness import Measures
from pairx.ui.compare.payload import Measured, RunStatus
from pairx.ui.explain.samples import SamplePair
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.form import Form
from pairx.ui.shared.judgements import Judgements
from pairx.ui.shared.session import AppState

log = logging.getLogger(__name__)

OFTEN = 0.25
"""Seconds between two words on what a method does; every one of them costs the browser some work."""
SURE = 0.05
"""Share of a panel from which on its time left is said."""
WAITING = RunStatus(text="Waiting for a free place", busy=True)
IDLE = RunStatus(text="")
STOPPED = RunStatus(text="Stopped. The panels that were through stay.")
OUR_FAULT = "The comparison broke off: a fault of ours. Leave out the panel that ran last, or try another layer."
MEASURE_FAULT = "The measurement broke off: a fault of ours. Measure the panels one by one."
GONE = "The numbers of this comparison are no longer kept. Press Compare again, then measure."


def failed(text: str) -> RunStatus:
    """What went wrong."""
    return RunStatus(text=text, error=True)


class ShowOutputs(NamedTuple):
    """What another choice changes."""

    chooser: Any = SKIP
    board: Any = SKIP
    shown: Any = SKIP
    status: Any = SKIP


class RunOutputs(NamedTuple):
    """What a comparison changes."""

    board: Any = SKIP
    shown: Any = SKIP
    status: Any = SKIP


class MeasureOutputs(NamedTuple):
    """What a measurement changes."""

    measured: Any = SKIP
    status: Any = SKIP


class CompareEvents:
    """The events' functions. asked: the state in which a run finds what the browser asked for."""

    def __init__(
        self,
        app_state: AppState,
        judgements: Judgements,
        form: Form,
        background: BackgroundChoice,
        asked: Component,
        pairs: tuple[SamplePair, ...],
    ) -> None:
        self.app_state = app_state
        self.form = form
        self.background = background
        self.asked = asked
        self.pairs = pairs
        self.cells = Cells(app_state)
        self.measures = Measures()
        self.boards = Boards(app_state, judgements, self.cells, self.measures)

    @property
    def inputs(self) -> set[Component]:
        """What a comparison reads."""
        return {*self.form.settings, *self.background.inputs, self.asked}

    def ground(self, values: dict[Component, Any], asked: Asked) -> Ground:
        """What a comparison starts from. Raises InputError."""
        choice, photo = (values[one] for one in self.background.inputs)
        # Along the backgrounds each panel has its own.
        background = None if asked.axis == "backgrounds" else background_of(choice, photo)
        request = replace(self.form.request(values), background=background)
        return Ground(self.app_state, request, self.pairs, getattr(photo, "ref", photo))

    def shown_form(self, values: dict[Component, Any]) -> list[str]:
        """The form's values as the page names them."""
        photos, request = self.form.photos(values), self.form.request(values)
        paths = [str(photo.ref.path) for photo in photos]
        return [*paths, request.model, request.layer, *asdict(request.options).values()]

    def open(self, request: gr.Request) -> tuple[Any, Any, Any]:
        """A link to a comparison opens the tab, with the background that it names."""
        params = request.query_params
        if params.get("axis") not in AXES:
            return SKIP, SKIP, SKIP
        return gr.Tabs(selected="compare"), *self.background.asked(str(params.get("background", "")))

    def show(self, values: dict[Component, Any]) -> ShowOutputs:
        """What can be chosen, and what is known already of the choice; nothing is computed."""
        asked, chooser = values[self.asked] or Asked(), SKIP
        try:
            ground = self.ground(values, asked)
            chooser = chooser_value(ground, self.boards.times)
            shown, board = self.boards.begin(asked, ground, self.shown_form(values))
        except InputError as error:
            return ShowOutputs(chooser, status=failed(str(error)))
        return ShowOutputs(chooser, board, shown, IDLE)

    @staticmethod
    def ask(event: gr.EventData) -> Asked:
        """What the browser asks for."""
        return Asked.of(sent(event))

    def begin(self, session: gr.Request, event: gr.EventData) -> tuple[Asked, RunStatus]:
        """A comparison was asked for; one that the session ran before ends."""
        self.app_state.turns.take(turn_of(session))
        return self.ask(event), WAITING

    def halt(self, session: gr.Request) -> RunStatus:
        """Stop was pressed."""
        self.app_state.turns.take(turn_of(session), stopped=True)
        return STOPPED

    def run(self, values: dict[Component, Any], session: gr.Request) -> Generator[RunOutputs]:
        """Compute what is missing: the board after each panel, and what runs meanwhile."""
        name, turns = turn_of(session), self.app_state.turns
        turn = turns.now(name)
        if turn[1]:
            yield RunOutputs(status=STOPPED)
            return
        asked, board = values[self.asked] or Asked(), None
        try:
            ground = self.ground(values, asked)
            shown, board = self.boards.begin(asked, ground, self.shown_form(values))
            board |= {"over": False}
            yield RunOutputs(board, shown, WAITING)
            missing = [cell for cell in shown.cells if not isinstance(self.cells.known(cell), Explanation)]
            pairs = {pair_key(cell.request): self.boards.decoded(cell.request) for cell in missing}
            progress = Progress(len(missing))
            steps = self.cells.run(missing)
            for cell, item in steps:
                if not isinstance(item, Step):
                    progress.through()
                    panel = self.boards.panel(cell, shown, pairs[pair_key(cell.request)])
                    yield RunOutputs(board := filled(board, panel))
                elif turns.now(name) == turn and (said := progress.said(cell, item)):
                    yield RunOutputs(status=said)
                if turns.now(name) != turn:
                    steps.close()
                    if turns.now(name)[1]:
                        yield RunOutputs(board | {"over": True}, status=STOPPED)
                    return
            yield RunOutputs(board | {"over": True}, status=IDLE)
        except InputError as error:
            yield RunOutputs(board | {"over": True} if board else SKIP, status=failed(str(error)))
        except Exception:
            log.exception("a comparison failed")
            yield RunOutputs(board | {"over": True} if board else SKIP, status=failed(OUR_FAULT))

    def measure(self, shown: Shown | None, session: gr.Request, event: gr.EventData) -> Generator[MeasureOutputs]:
        """Measure the faithfulness of the panels asked for, one after the other: all that is known so far."""
        asked = sent(event)
        name, turns = turn_of(session), self.app_state.turns
        turns.take(name)
        turn = turns.now(name)
        yield MeasureOutputs(status=WAITING)
        try:
            wanted = asked.get("ids")
            if shown is None or asked.get("run") != shown.run or not isinstance(wanted, list):
                raise InputError(GONE)
            results = [(cell, self.cells.known(cell)) for cell in shown.cells if cell.id in wanted]
            known = [(cell, found) for cell, found in results if isinstance(found, Explanation)]
            if not known:
                raise InputError(GONE)
            found: dict[str, Any] = {}
            for number, (cell, explanation) in enumerate(known):
                status = RunStatus(text=f"Measuring {cell.title}", done=number, total=len(known), busy=True)
                yield MeasureOutputs(Measured(run=shown.run, found=dict(found)), status)
                if turns.now(name) != turn:
                    if turns.now(name)[1]:
                        yield MeasureOutputs(status=STOPPED)
                    return
                found[cell.id] = self._measured(cell, explanation)
            yield MeasureOutputs(Measured(run=shown.run, found=found), IDLE)
        except InputError as error:
            yield MeasureOutputs(status=failed(str(error)))
        except Exception:
            log.exception("a measurement failed")
            yield MeasureOutputs(status=failed(MEASURE_FAULT))

    def _measured(self, cell: Cell, explanation: Explanation) -> Any:
        background = self.app_state.background(cell.request)
        model, pair = self.app_state.model(cell.request.model), self.app_state.pair(cell.request)
        photograph = None if isinstance(background, str) else background
        return self.measures.measure(str(self.cells.key(cell)), model, pair, explanation, photograph)


class Progress:
    """What is said of a run while it computes. total: its panels."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self._spoke = self._began = time.monotonic()
        self._panel = ""

    def said(self, cell: Cell, step: Step) -> RunStatus | None:
        """The status of a step, unless the last one was said a moment ago."""
        now, new = time.monotonic(), cell.id != self._panel
        if not new and now < self._spoke + OFTEN:
            return None
        if new:
            self._began, self._panel = now, cell.id
        self._spoke = now
        share = step.done / step.total if step.total else 0.0
        text = f"{cell.title}: {self.done + 1} of {self.total}" if step.total else step.what
        status = RunStatus(text=text, done=100 * self.done + round(100 * share), total=100 * self.total, busy=True)
        status |= {"panel": cell.id, "share": share}
        return status | {"left": (now - self._began) * (1 / share - 1)} if share > SURE else status

    def through(self) -> None:
        """One more panel is."""
        self.done += 1


def turn_of(request: gr.Request) -> str:
    """The session's name among the turns of this tab."""
    return f"{request.session_hash}:compare"
