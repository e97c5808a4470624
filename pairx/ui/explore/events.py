"""What the Explore tab answers when a person acts: the events' functions, without any layout."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import gradio as gr

from pairx.evaluation.reading import OpenRun
from pairx.evaluation.remarks import layer_sentence
from pairx.evaluation.store import SIZE
from pairx.evaluation.views import VIEWS
from pairx.models import EmbeddingModel
from pairx.types import InputError, Steps, said_size
from pairx.ui.explain.scene import scene_of
from pairx.ui.explore.choice import Choice, chosen_rows, fitting
from pairx.ui.explore.chosen_pair import Thumbnails, Tickets, describe_pair, pair_rows, photo_of
from pairx.ui.explore.doubts import metric_choices, turned
from pairx.ui.explore.payload import PlotValue, Show
from pairx.ui.explore.scene import figure_of, scene_of_run, standing
from pairx.ui.explore.sheet import csv_bytes
from pairx.ui.shared import links
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.files import cached, json_file
from pairx.ui.shared.library import READY, Library
from pairx.ui.shared.line import Line
from pairx.ui.shared.links import MOST_VALUES, Options, RunLink
from pairx.ui.shared.photos import Photo, pair_of
from pairx.ui.shared.session import AppState, Request
from pairx.ui.shared.words import capitalised
from pairx.viz.scatter import stand_alone

log = logging.getLogger(__name__)

TAB = "explore"
"""Id of the tab."""
KINDS = ("csv", "parquet", "html")
CORRECTNESS = ("Correct or incorrect", "")
OUR_FAULT = "This could not be shown: a fault of ours. Choose another pair, or another layer."
TELL_SECONDS = 0.3  # between two words on progress: each costs the page and the queue some time
NO_RUN = "This link names a run that is not here, or that cannot be opened. Here is the sample herd's instead."
LOST = "This link asks for what the run does not have: {lost}. The rest is as the link says."
NO_MODEL = "The run used {model}, which this app does not have: its scores are shown, PAIR-X is not."
OTHER_SIZE = "The run used {model} at {size} and found {then:.2f}; here it is explained at {here}: {now:.2f}."
OTHER_COSINE = "The run found {then:.2f}, this app's model {now:.2f}: {why}."
SAME_COSINE = 0.01  # computed elsewhere, a cosine differs by less


def ticket_of(values: dict[str, Any]) -> int:
    """The number of a click; 0 where there is none."""
    found = values.get("ticket")
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**31 else 0


class OpenOutputs(NamedTuple):
    """What the choice of a run changes: the tab on show, its name, what can be chosen of it, its plot."""

    tabs: Any = SKIP
    opened: Any = SKIP
    layer: Any = SKIP
    metric: Any = SKIP
    color: Any = SKIP
    column: Any = SKIP
    values: Any = SKIP
    text: Any = SKIP
    plot: Any = SKIP


class LayerOutputs(NamedTuple):
    """What the choice of a layer changes."""

    metric: Any = SKIP
    values: Any = SKIP


class TurnOutputs(NamedTuple):
    """What a button of a doubt changes."""

    metric: Any = SKIP
    column: Any = SKIP
    values: Any = SKIP
    text: Any = SKIP
    plot: Any = SKIP


class ExploreEvents:
    """The events' functions about one run and its pairs."""

    def __init__(self, app_state: AppState, library: Library) -> None:
        self.app_state = app_state
        self.library = library
        self.tickets = Tickets()
        self.thumbnails = Thumbnails()

    def open(self, name: str) -> OpenOutputs:
        """A run was chosen."""
        try:
            return self._opened(RunLink(name))
        except InputError as error:
            return OpenOutputs(plot=PlotValue(note=str(error)))

    def open_link(self, request: gr.Request) -> OpenOutputs:
        """The page's address may name a run: the tab to show, and what `open` answers."""
        link = links.parse_run(dict(request.query_params))
        if link is None:
            return OpenOutputs()
        try:
            return self._opened(link)._replace(tabs=gr.Tabs(selected=TAB))
        except InputError:
            opened = self.open(READY)
            return opened._replace(tabs=gr.Tabs(selected=TAB), plot=opened.plot | {"show": Show(note=NO_RUN)})

    def _opened(self, link: RunLink) -> OpenOutputs:
        """A run as a link asks for it; what the run does not have is said. Raises InputError."""
        run = self.library.run(link.run)
        choice, lost = fitting(run, link)
        scene = scene_of_run(run, choice)
        ids = zip(scene["query_id"], scene["gallery_id"], strict=True)
        numbers = dict(zip(ids, scene["number"], strict=True))
        number = numbers.get((link.query, link.gallery))
        if number is None and (link.query or link.gallery):
            lost.append(f"pair “{link.query[:80]}” and “{link.gallery[:80]}” among those on show")
        offered = [view["id"] for view in scene["views"]]
        if link.pairs and link.pairs not in offered:
            lost.append(f"view “{VIEWS[link.pairs].title if link.pairs in VIEWS else link.pairs[:80]}”")
        columns = [(column.replace("_", " ").capitalize(), column) for column in run.columns]
        note = LOST.format(lost="; ".join(lost)) if lost else ""
        show = Show(view=link.pairs if link.pairs in offered else None, number=number, note=note)
        return OpenOutputs(
            opened=link.run,
            layer=gr.update(choices=run.layers, value=choice.layer, info=best_layer(run)),
            metric=gr.update(choices=metric_choices(run, choice.layer), value=choice.metric),
            color=gr.update(choices=[CORRECTNESS, *columns], value=choice.color),
            column=gr.update(choices=[("All pairs", ""), *columns], value=choice.column),
            values=values_of(run, choice),
            text=choice.text,
            plot=PlotValue(scene=json_file(scene, "run.json"), show=show),
        )

    def list_values(self, name: str, layer: str, column: str) -> Any:
        """The values of a column to filter by."""
        try:
            return values_of(self.library.run(name), Choice(name, layer, "", column=column))
        except (InputError, KeyError):
            return gr.update(choices=[], value=[], visible=False)

    def change_layer(self, *values: Any) -> LayerOutputs:
        """Another layer was chosen: the metrics with what they are worth there, and the filter's values with their
        counts there."""
        try:
            choice = choice_of(*values)
            run = self.library.run(choice.run)
            run.at(choice.layer)
            return LayerOutputs(gr.update(choices=metric_choices(run, choice.layer)), values_of(run, choice))
        except (InputError, KeyError):
            return LayerOutputs()

    def turn(
        self, name: str, layer: str, metric: str, color: str, column: str, values: list, text: str, event: gr.EventData
    ) -> TurnOutputs:
        """A button of what speaks against the metric was pressed: metric, filter, values, text, plot."""
        try:
            shown = choice_of(name, layer, metric, color, column, values, text)
            choice = turned(shown, str(sent(event).get("to")))
            run = self.library.run(choice.run)
            scene = scene_of_run(run, choice)
        except InputError as error:
            return TurnOutputs(plot=PlotValue(note=str(error)))
        return TurnOutputs(
            metric=choice.metric,
            column=choice.column,
            values=values_of(run, choice),
            text=choice.text,
            plot=PlotValue(scene=json_file(scene, "run.json")),
        )

    def show(self, *values: Any) -> PlotValue:
        """What is to be seen of the run changed: the plot."""
        if None in values:  # of a page that is being filled: what fills it brings the plot
            return SKIP
        try:
            choice = choice_of(*values)
            return PlotValue(scene=json_file(scene_of_run(self.library.run(choice.run), choice), "run.json"))
        except InputError as error:
            return PlotValue(note=str(error))

    def choose(self, session: gr.Request, event: gr.EventData) -> Any:
        """A point was clicked: its photographs and scores, at once."""
        values = sent(event)
        ticket = ticket_of(values)
        if not self.tickets.ask(str(session.session_hash), ticket):
            return gr.skip()
        try:
            _, _, photos, pair = self._pair(values)
            if isinstance(photos, InputError):
                return {"ticket": ticket, "pair": pair, "note": str(photos), "error": True}
            return {"ticket": ticket, "pair": pair, "busy": True, "note": "Waiting for a free place"}
        except InputError as error:
            return {"ticket": ticket, "pair": None, "note": str(error), "error": True}

    async def wait(self, line: Line, session: gr.Request, event: gr.EventData) -> AsyncGenerator[Any]:
        """How many are before the clicked point's PAIR-X, while it waits."""
        shown = await asyncio.to_thread(self.choose, session, event)
        if not shown.get("busy"):
            yield gr.skip()
            return
        async for value in line.tell(str(session.session_hash), lambda text: shown | {"note": text}):
            yield value

    def explain(self, session: gr.Request, event: gr.EventData) -> Generator[Any]:
        """PAIR-X of the clicked point, step by step, until the session clicks another."""
        values = sent(event)
        name, ticket = str(session.session_hash), ticket_of(values)
        if not self.tickets.ask(name, ticket):
            yield gr.skip()
            return
        shown: dict[str, Any] = {"ticket": ticket, "pair": None}
        try:
            run, layer, photos, pair = self._pair(values)
            shown["pair"] = pair
            if isinstance(photos, InputError):
                raise photos
            request = Request(photos[0].ref, photos[1].ref, str(run.settings["model"]), layer)
            if request.model not in self.app_state.cards:
                raise InputError(NO_MODEL.format(model=request.model))
            both = pair_of(*photos)
            steps, said = Steps(self.app_state.steps(request, both)), -TELL_SECONDS
            for step in steps:
                note = capitalised(step.what)
                if time.monotonic() - said >= TELL_SECONDS:
                    yield shown | {"busy": True, "note": note, "done": step.done, "total": step.total}
                    said = time.monotonic()
                if not self.tickets.ask(name, ticket):
                    return
            cosine = float(pair_rows(run, layer, values["number"])["cosine"])
            note = unlike(run.settings, cosine, self.app_state.model(request.model), steps.result.similarity)
            scene = json_file(scene_of(steps.result, both), "scene.json")
            link = links.query(photos[0].ref.id, photos[1].ref.id, request.model, layer, Options())
            yield shown | {"scene": scene, "link": f"?{urlencode(link)}", "note": note}
        except InputError as error:
            yield shown | {"note": str(error), "error": True}
        except Exception:
            log.exception("a pair could not be explained")
            yield shown | {"note": OUR_FAULT, "error": True}

    def halt(self, session: gr.Request, event: gr.EventData) -> Any:
        """Stop was pressed: what runs for an earlier click ends."""
        self.tickets.ask(str(session.session_hash), ticket_of(sent(event)))

    def browse(self, event: gr.EventData) -> Any:
        """A page of the gallery."""
        values = sent(event)
        numbers = values.get("numbers")
        try:
            run = self.library.run(str(values.get("run")))
            items = self.thumbnails.gallery(run, numbers if isinstance(numbers, list) else [])
            return {"ticket": ticket_of(values), "items": items}
        except InputError as error:
            return {"ticket": ticket_of(values), "items": [], "note": str(error)}

    def download(
        self, name: str, layer: str, metric: str, color: str, column: str, values: list, text: str, event: gr.EventData
    ) -> str:
        """Write what is shown, or the pairs that were selected, to a file of the cache."""
        try:
            choice, wanted = choice_of(name, layer, metric, color, column, values, text), sent(event)
            run = self.library.run(choice.run)
            data = content(run, choice, str(wanted.get("kind")), wanted.get("numbers"))
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        stem = "sample-herd" if choice.run == READY else choice.run
        file = f"pairx_{stem}_{choice.layer}_{choice.metric}.{wanted['kind']}"
        return cached(data, file)

    def _pair(self, values: dict[str, Any]) -> tuple[OpenRun, str, list[Photo] | InputError, dict[str, Any]]:
        """Run, layer, photographs or why they cannot be shown, and what is said of the pair. Raises InputError where
        there is no such pair."""
        run, layer, chosen = self.library.run(str(values.get("run"))), str(values.get("layer")), values.get("number")
        row = pair_rows(run, layer, chosen)
        try:
            photos = [photo_of(self.app_state.shelf, run, row[f"{side}_id"]) for side in ("query", "gallery")]
        except InputError as error:
            return run, layer, error, describe_pair(run, layer, chosen, [])
        return run, layer, photos, describe_pair(run, layer, chosen, photos)


def unlike(settings: Mapping[str, Any], then: float, model: EmbeddingModel, now: float) -> str:
    """Why the app does not find what the run found, if so. then, now: the pair's cosine, in the run and by the app's
    model."""
    size = settings.get(SIZE)
    said, here = said_size(size), said_size(model.size)
    if size and said != here:
        return OTHER_SIZE.format(model=settings["model"], size=said, then=then, here=here, now=now)
    if abs(now - then) <= SAME_COSINE:
        return ""
    why = "the run was made with other weights" + ("" if size else " or another input size")
    if settings.get("model_key") == model.key:
        why = "the photographs have changed since"
    return OTHER_COSINE.format(then=then, now=now, why=why)


def best_layer(run: OpenRun) -> str:
    """Why the run opens at the layer that it opens at."""
    best = run.summary.get("best_layer")
    if not best or len(run.layers) < 2:
        return ""
    return f"Opens at {best}. {capitalised(layer_sentence(run.summary))}."


def values_of(run: OpenRun, choice: Choice) -> Any:
    """The list of values to filter by, of the choice's column, with how many pairs of its layer have each; hidden where
    there is no column. Raises InputError and KeyError."""
    counts = run.at(choice.layer)[choice.column].astype(str).value_counts() if choice.column else {}
    known = [*counts.items()][:MOST_VALUES]
    known += [(value, counts[value]) for value in choice.values if value not in dict(known)]
    choices = [(f"{value or 'unknown'} ({count})", value) for value, count in known]
    return gr.update(choices=choices, value=list(choice.values), visible=bool(choices))


def choice_of(run: Any, layer: Any, metric: Any, color: Any, column: Any, values: Any, text: Any) -> Choice:
    """A choice from the values of the tab's components. Raises InputError where no run is open."""
    if not run:
        raise InputError("Choose a run first.")
    chosen = tuple(map(str, values)) if isinstance(values, list) else ()
    return Choice(run, str(layer), str(metric), str(color or ""), str(column or ""), chosen, str(text or "")[:200])


def content(run: OpenRun, choice: Choice, kind: str, numbers: Any = None) -> bytes:
    """The bytes of a file: the shown rows as CSV or Parquet, only those of some numbers where given, or the plot as a
    page. Raises InputError for another kind."""
    if kind not in KINDS:
        raise InputError(f"There is no download of this kind: choose {', '.join(KINDS)}.")
    rows = chosen_rows(run, choice)
    if kind == "html":
        figure = figure_of(choice, rows, standing(run, choice, rows))
        return stand_alone(figure.update_layout(paper_bgcolor="white")).encode()
    if isinstance(numbers, list):
        rows = rows.loc[[one for one in numbers if isinstance(one, int) and one in rows.index]]
    table = rows.drop(columns="number")
    if kind == "csv":
        return csv_bytes(table)
    file = io.BytesIO()
    table.to_parquet(file, index=False)
    return file.getvalue()
