"""What the Explore tab answers when a person acts: the events' functions, without any layout."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from pairx.evaluation.reading import OpenRun
from pairx.evaluation.remarks import layer_sentence
from pairx.evaluation.views import VIEWS
from pairx.types import InputError
from pairx.ui.explore.choice import Choice, categories, fitting
from pairx.ui.explore.chosen_pair import Thumbnails, Tickets, ticket_of
from pairx.ui.explore.doubts import metric_choices, turned
from pairx.ui.explore.downloads import content
from pairx.ui.explore.payload import PlotValue, Show
from pairx.ui.explore.scene import scene_of_run
from pairx.ui.shared import links
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.files import cached, json_file
from pairx.ui.shared.library import READY, Library
from pairx.ui.shared.links import MOST_VALUES, RunLink
from pairx.ui.shared.session import AppState
from pairx.ui.shared.words import capitalised, column_title

TAB = "explore"
"""Id of the tab."""
CORRECTNESS = ("Correct or incorrect", "")
NO_RUN = "This link names a run that is not here, or that cannot be opened. Here is the sample herd's instead."
LOST = "This link asks for what the run does not have: {lost}. The rest is as the link says."


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
        return OpenOutputs() if link is None else self._linked(link)._replace(tabs=gr.Tabs(selected=TAB))

    def go_back(self, event: gr.EventData) -> OpenOutputs:
        """The browser's Back or Forward leads to a view of other pairs than those on show."""
        asked = sent(event).get("query")
        link = links.parse_run(asked) if isinstance(asked, dict) else None
        return self._linked(link or RunLink(READY))

    def _linked(self, link: RunLink) -> OpenOutputs:
        """A run as a link asks for it; the sample's where there is none of its name."""
        try:
            return self._opened(link)
        except InputError:
            opened = self.open(READY)
            return opened._replace(plot=opened.plot | {"show": Show(note=NO_RUN)})

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
        selected = links.among(scene["number"], link.selected)
        if link.selected and not selected:
            lost.append("selected pairs")
        columns = [(column_title(column), column) for column in run.columns]
        filters = [(column_title(column), column) for column in categories(run)]
        note = LOST.format(lost="; ".join(lost)) if lost else ""
        show = Show(view=link.pairs if link.pairs in offered else None, number=number, note=note)
        if selected:
            show["selected"] = selected
        return OpenOutputs(
            opened=link.run,
            layer=gr.update(choices=run.layers, value=choice.layer, info=best_layer(run)),
            metric=gr.update(choices=metric_choices(run, choice.layer), value=choice.metric),
            color=gr.update(choices=[CORRECTNESS, *columns], value=choice.color),
            column=gr.update(choices=[("All pairs", ""), *filters], value=choice.column),
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
            data = content(run, choice, str(wanted.get("kind")), wanted.get("numbers"), wanted.get("ranges"))
        except InputError as error:
            raise gr.Error(str(error), print_exception=False) from error
        stem = "sample-herd" if choice.run == READY else choice.run
        file = f"pairx_{stem}_{choice.layer}_{choice.metric}.{wanted['kind']}"
        return cached(data, file)


def best_layer(run: OpenRun) -> str:
    """Why the run opens at the layer that it opens at."""
    best = run.summary.get("best_layer")
    if not best or len(run.layers) < 2:
        return ""
    return f"Opens at {best}. {capitalised(layer_sentence(run.summary))}."


def values_of(run: OpenRun, choice: Choice) -> Any:
    """The list of values to filter by, of the choice's column, with how many pairs of its layer have each; hidden where
    there is no column. Raises InputError and KeyError."""
    counts: Any = run.at(choice.layer)[choice.column].astype(str).value_counts() if choice.column else {}
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
