"""The runs of the Explore tab: the list, a new run, how far it is, several runs side by side."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path
from typing import Any, NamedTuple

import gradio as gr

from pairx.datasets import load_steps
from pairx.evaluation.reading import RunState
from pairx.evaluation.run import evaluate_steps
from pairx.types import InputError, Step
from pairx.ui.explore.payload import RunEntry, RunsValue, TablesValue
from pairx.ui.explore.running import Progress, Runner, in_form_words, in_words, left_out
from pairx.ui.explore.tables import tables
from pairx.ui.shared.events import SKIP, sent
from pairx.ui.shared.library import Library
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.session import AppState
from pairx.ui.shared.words import layer_choices

RESUMED = ("layers", "pairs", "seed", "query_split", "gallery_split", "exclude_encounter", "features", "transform")
ONLY_HERE = "Runs are started where the app runs on one's own machine."
STOPPED = "Stopped. What is finished is kept: press Continue on the run to go on."
STOPPED_EARLY = "Stopped before the run itself began: there is nothing to continue. Press Start to begin again."


class RunOutputs(NamedTuple):
    """What changes with the runs: what the page knows of them, and which of them can be compared."""

    runs: Any = SKIP
    compared: Any = SKIP


class Runs:
    """The events' functions about runs as a whole."""

    def __init__(self, app_state: AppState, library: Library, runner: Runner | None = None) -> None:
        self.app_state = app_state
        self.library = library
        self.runner = runner or Runner()

    def listed(self, status: StatusValue | None = None) -> RunsValue:
        """What the page is told. status: None where what it said last stays."""
        at, progress = time.monotonic(), self.runner.progress
        busy = None if progress is None or progress.over else progress.name
        mine = self.library.places.own_machine
        value: RunsValue = {
            "at": at,
            "runs": [describe_state(state, mine, state.name == busy) for state in self.library.states()],
            "running": busy,
            "finished": self.runner.finished,
        }
        return value if status is None else value | {"status": status}

    def refresh(self) -> RunOutputs:
        """The page or the tab was opened."""
        progress = self.runner.progress
        return self._told(None if progress is None or progress.over else under_way(progress))

    def watch(self) -> RunOutputs:
        """A run was under way a second ago: how far it is, or what became of it."""
        progress = self.runner.progress
        if progress is None:
            return self._told({})
        if not progress.over:
            return RunOutputs(self.listed(under_way(progress)))
        done = f"{progress.name} is finished. {progress.note}".strip()
        if progress.stopped:
            done = STOPPED if self._unfinished(progress.name) else STOPPED_EARLY
        return self._told(StatusValue(text=progress.error or done, error=bool(progress.error)))

    def start(
        self, name: str, dataset: str, model: str, layers: list[str], pairs: float, seed: float, own: bool, skip: bool,
    ) -> RunOutputs:  # fmt: skip
        """A new run was asked for. own: leave a query's own encounter out. skip: go on without faulty photographs."""
        try:
            self._require_free()
            source = self.library.source(str(dataset or ""))
            name = (name or "").strip() or self.library.new_name(str(source), model)
            folder = self.library.folder(name)
            if folder.exists():
                raise InputError(f"There is a run {name} already. Choose another name, or continue it.")
            counts = {"pairs": whole(pairs, "Pairs", 2), "seed": whole(seed, "The seed", 0)}
            options = {"layers": layers, "exclude_encounter": bool(own), **counts}
            self.runner.start(name, lambda: self._steps(source, model, folder, bool(skip), options))
        except InputError as error:
            return self._refused(error)
        return self._begun(name)

    def resume(self, typed: str, event: gr.EventData) -> RunOutputs:
        """Continue was pressed on an unfinished run. typed: the data set in the form, which may be the run's."""
        name = str(sent(event).get("name"))
        try:
            self._require_free()
            settings = self._unfinished(name)
            if not settings:
                raise InputError(f"There is no unfinished run {name} here.")
            source = self._source_of(settings["dataset"], str(typed or ""))
            options = {key: settings[key] for key in RESUMED if key in settings}
            folder, model = self.library.folder(name), str(settings["model"])
            # What was left out when it began is left out again; the run's settings hold that nothing else changed.
            self.runner.start(name, lambda: self._steps(source, model, folder, True, options))
        except InputError as error:
            return self._refused(error)
        return self._begun(name)

    def halt(self) -> None:
        """Stop was pressed on the running run."""
        if self.library.places.own_machine:
            self.runner.stop()

    def list_layers(self, name: str) -> Any:
        """The layers of a model chosen for a new run."""
        try:
            model = self.app_state.model(name)
        except InputError as error:
            gr.Warning(str(error), duration=15, title="This model cannot be used")
            return gr.update(choices=[], value=[])
        return gr.update(choices=layer_choices(model), value=[model.default_layer])

    def summary(self, name: str | None) -> TablesValue:
        """The opened run's table 1."""
        try:
            return {"tables": tables([self.library.run(name)]) if name else []}
        except InputError as error:
            return {"tables": [], "note": str(error)}

    def compare(self, names: list[str]) -> TablesValue:
        """Several runs side by side."""
        try:
            if len(names or []) < 2:
                return {"tables": [], "note": "Choose two or more finished runs."}
            return {"tables": tables([self.library.run(name) for name in names[:6]], names[:6])}
        except InputError as error:
            return {"tables": [], "note": str(error)}

    def _unfinished(self, name: str) -> dict[str, Any] | None:
        """The settings of a run that can be continued; None where there is none of this name."""
        states = (one for one in self.library.states() if one.name == name and not one.finished)
        return next((one.settings for one in states if one.settings), None)

    def _source_of(self, dataset: str, typed: str) -> Any:
        """Where the data set of a run is, of which the run knows the name. Several may have it, so that what is typed
        goes before the list. Whether it still holds the same is checked when the run goes on."""
        for one in (typed.strip(), *self.library.datasets()):
            if dataset in (one, Path(one).name, Path(one).stem) and one:
                return self.library.source(one)
        raise InputError(f"Where is the data set {dataset}? Type its folder under New run, then press Continue.")

    def _steps(
        self, source: Any, model: str, folder: Any, skip: bool, options: dict[str, Any]
    ) -> Generator[Step, None, str]:
        """The steps of a run. Returns what was left out of its data set, in words."""
        yield Step(0, 0, "loading the model")
        loaded = self.app_state.model(model)
        yield Step(0, 0, "reading the data set")
        try:
            dataset = yield from load_steps(source, skip, links_out=False)
        except InputError as error:
            raise InputError(in_form_words(str(error))) from error
        yield from evaluate_steps(dataset, loaded, out=folder, **options)
        return left_out(dataset.problems)

    def _require_free(self) -> None:
        """Raises InputError where no run may begin now."""
        if not self.library.places.own_machine:
            raise InputError(ONLY_HERE)
        self.runner.require_idle()

    def _told(self, status: StatusValue | None) -> RunOutputs:
        value = self.listed(status)
        finished = [run["name"] for run in value["runs"] if run["finished"]]
        return RunOutputs(value, gr.update(choices=finished))

    def _begun(self, name: str) -> RunOutputs:
        return RunOutputs(self.listed(StatusValue(text="Starting", busy=True)) | {"begun": name})

    def _refused(self, error: InputError) -> RunOutputs:
        """Nothing began. While a run is under way, perhaps of another page, this one watches it from now on."""
        progress = self.runner.progress
        status = StatusValue(text=str(error), error=True)
        if progress is not None and not progress.over:
            gr.Warning(str(error), duration=15, title="One run at a time")
            status = under_way(progress)
        return RunOutputs(self.listed(status) | {"begun": None})


def under_way(progress: Progress) -> StatusValue:
    """The status of a run, which may be another page's: it begins with its name."""
    text = f"{progress.name} · {in_words(progress)}"
    return {"text": text, "done": progress.done, "total": progress.total, "busy": True}


def whole(value: Any, what: str, least: int) -> int:
    """A number that a person typed, as a whole one. Raises InputError."""
    if not isinstance(value, int | float) or value != value or value < least or value > 10**7:
        raise InputError(f"{what} is a whole number, {least} or more.")
    return int(value)


def describe_state(state: RunState, mine: bool, running: bool) -> RunEntry:
    """A run as the list shows it. mine: whether it may be continued here."""
    settings = state.settings or {}
    hints = [str(settings[name]) for name in ("dataset", "model") if name in settings]
    if state.problem:
        hints = [f"cannot be read: {state.problem}"]
    elif running:
        hints.append("running")
    elif state.finished:
        hints.append(f"{state.total:,} pairs")
    else:
        hints.append(f"{state.done:,} of {state.total:,} pairs" if state.total else "not begun")
    return {
        "name": state.name,
        "hint": " · ".join(hints),
        "finished": state.finished,
        "resumable": mine and not (state.finished or running or state.problem),
    }
