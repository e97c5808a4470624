"""What the Figure tab answers when a person acts: the events' functions, without any layout."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from pairx import figures
from pairx.assets import ASSETS
from pairx.figures import Figure, SpecError
from pairx.figures.drawing import table_of
from pairx.types import InputError, Steps
from pairx.ui.figure.bundle import bundle
from pairx.ui.figure.payload import FigureFacts, FigureValue
from pairx.ui.figure.photographs import Photographs
from pairx.ui.figure.sources import AppSources
from pairx.ui.figure.specs import AXES, TITLES, opened, photographs, placed, places, spec_of
from pairx.ui.review.desk import ReviewDesk
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.files import cached, file_of, fresh
from pairx.ui.shared.library import Library
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.session import AppState, return_memory
from pairx.ui.shared.words import capitalised, layer_choices

log = logging.getLogger(__name__)

KINDS = ("pdf", "svg", "png", "yaml", "zip")
PREVIEW_DPI = 192  # twice a screen's
MOST_LETTERS = 200_000
MOST_LOOKED_AT = 240
OFTEN = 0.25
"""Seconds between two words on what is computed."""
WAITING = StatusValue(text="Waiting for a free place", busy=True)
IDLE = StatusValue(text="")
STOPPED = StatusValue(text="Stopped. What was computed is kept: Draw goes on from there.")
OUR_FAULT = "The figure could not be made: a fault of ours. Leave out the row or column that you added last."
NO_FIGURE = "This is no figure. Reload the page."


@dataclass(frozen=True)
class Asked:
    """text: the figure as JSON. kind: of the file that is asked for, "" for the preview."""

    text: str
    kind: str = ""


class FigureOutputs(NamedTuple):
    """What a drawing changes: the preview, or the file that is taken away."""

    shown: Any = SKIP
    status: Any = SKIP


class OpenOutputs(NamedTuple):
    """What an upload changes."""

    opened: Any = SKIP
    status: Any = SKIP


class FigureEvents:
    """The events' functions."""

    def __init__(self, app_state: AppState, library: Library, desk: ReviewDesk) -> None:
        self.app_state = app_state
        self.library = library
        self.desk = desk
        self.photographs = Photographs()

    def sources(self) -> AppSources:
        """Where one figure's photographs come from."""
        return AppSources(self.app_state, self.library, self.desk)

    def look(self, event: gr.EventData) -> FigureFacts:
        """What is known of photographs and a model. What the page sends may hold anything."""
        asked = sent(event)
        ticket, photos, model = asked.get("ticket"), asked.get("photos"), str(asked.get("model"))
        wanted = [one for one in photos if isinstance(one, str)] if isinstance(photos, list) else []
        sources = self.sources()
        try:
            layers = layer_choices(self.app_state.model(model))
        except InputError:
            layers = []
        return {
            "ticket": ticket if isinstance(ticket, int) else 0,
            "photos": [self.photographs.told(one, sources) for one in wanted[:MOST_LOOKED_AT]],
            "model": model,
            "layers": layers,
        }

    @staticmethod
    def open(file: Any) -> OpenOutputs:
        """A specification or a figure was uploaded. file: its path in gradio's cache."""
        if not file:
            return OpenOutputs()
        try:
            return OpenOutputs(fresh({"figure": opened(Path(file))}), IDLE)
        except InputError as error:
            return OpenOutputs(status=StatusValue(text=str(error), error=True))

    def begin(self, session: gr.Request, event: gr.EventData) -> tuple[Asked, StatusValue]:
        """A drawing was asked for; one that the session began before ends."""
        self.app_state.turns.take(turn_of(session))
        asked = sent(event)
        return Asked(str(asked.get("text"))[: MOST_LETTERS + 1], str(asked.get("kind", ""))), WAITING

    def begin_file(self, session: gr.Request, event: gr.EventData) -> tuple[Asked, StatusValue, None]:
        """As `begin`; the file from before is not to be saved again."""
        return *self.begin(session, event), None

    def halt(self, session: gr.Request) -> StatusValue:
        """Stop was pressed."""
        self.app_state.turns.take(turn_of(session), stopped=True)
        return STOPPED

    def draw(self, asked: Asked | None, session: gr.Request) -> Generator[FigureOutputs]:
        """The preview of a figure, step by step."""

        def preview(figure: Figure, notes: list[str]) -> FigureValue:
            data = figures.draw(figure, "png", dpi=PREVIEW_DPI)
            return {
                "text": asked.text if asked else "",
                "file": file_of(data, "figure.png"),
                "width": figure.spec.width,
                "height": table_of(figure).height,
                "notes": notes,
            }

        yield from self._run(asked or Asked(""), session, preview)

    def save(self, asked: Asked | None, session: gr.Request) -> Generator[FigureOutputs]:
        """A file of a figure, step by step."""
        asked = asked or Asked("")

        def file(figure: Figure, notes: list[str]) -> str:
            return cached(figures.draw(figure, asked.kind), f"figure.{asked.kind}")

        if asked.kind in ("yaml", "zip"):
            yield self._specification(asked)
        elif asked.kind in KINDS:
            yield from self._run(asked, session, file)
        else:
            yield FigureOutputs(status=StatusValue(text=f"A figure is saved as {', '.join(KINDS)}.", error=True))

    def _specification(self, asked: Asked) -> FigureOutputs:
        """The specification, alone or with its photographs."""
        try:
            spec = spec_of(figure_from(asked.text))
            if asked.kind == "zip":
                return FigureOutputs(cached(bundle(spec, self.sources()), "figure.zip"), IDLE)
            text = spec.source.written() if spec.source else ""
            return FigureOutputs(cached(text.encode(), "figure.yaml"), IDLE)
        except InputError as error:
            return FigureOutputs(status=StatusValue(text=str(error), error=True))

    def _run(
        self, asked: Asked, session: gr.Request, made: Callable[[Figure, list[str]], Any]
    ) -> Generator[FigureOutputs]:
        """Compute a figure until the session asks for another. made: what is shown of it, and of what it lacks."""
        name, turns = turn_of(session), self.app_state.turns
        turn, figure = turns.now(name), None
        if turn[1]:
            yield FigureOutputs(status=STOPPED)
            return
        try:
            sources = self.sources()
            figure, notes = here(figure_from(asked.text), sources)
            with self.app_state.waiting:
                steps = Steps(computing := figures.figure_steps(spec_of(figure), ASSETS, sources))
                spoke = -OFTEN
                for step in steps:
                    if turns.now(name) != turn:
                        break
                    if time.monotonic() - spoke >= OFTEN:
                        text = capitalised(step.what)
                        yield FigureOutputs(status=StatusValue(text=text, done=step.done, total=step.total, busy=True))
                        spoke = time.monotonic()
                computing.close()
                if turns.now(name) == turn:
                    yield FigureOutputs(made(steps.result, notes), IDLE)
            if turns.now(name)[1]:
                yield FigureOutputs(status=STOPPED)
        except SpecError as error:
            yield FigureOutputs(status=StatusValue(text=placed(error, places(figure or {})), error=True))
        except InputError as error:
            yield FigureOutputs(status=StatusValue(text=str(error), error=True))
        except Exception:
            log.exception("a figure could not be made")
            yield FigureOutputs(status=StatusValue(text=OUR_FAULT, error=True))
        finally:
            return_memory()


def figure_from(text: str) -> dict[str, Any]:
    """The figure that the browser sent as JSON: it may be anything. Raises InputError."""
    try:
        figure = json.loads(text) if len(text) <= MOST_LETTERS else None
    except (ValueError, RecursionError):
        figure = None
    if not isinstance(figure, dict):
        raise InputError(NO_FIGURE)
    return figure


def here(figure: dict[str, Any], sources: AppSources) -> tuple[dict[str, Any], list[str]]:
    """A figure without the rows and columns whose photographs are not here, and a sentence on each of these."""
    kept, notes = dict(figure), []
    for axis in AXES:
        entries = figure.get(axis)
        found = []
        for number, entry in enumerate(entries if isinstance(entries, list) else []):
            problem = next((why for one in photographs(entry) if (why := sources.problem(one))), "")
            if problem:
                notes.append(f"{TITLES[axis]} {number + 1} is left out: {problem}")
            else:
                found.append(entry)
        kept[axis] = found
        if entries and not found and notes:
            raise InputError(" ".join(notes[:3]))
    return kept, notes


def turn_of(session: gr.Request) -> str:
    """The session's name among the turns of this tab."""
    return f"{session.session_hash}:figure"
