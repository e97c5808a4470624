"""The Review tab: which review, or a new one, at the left; the pair to decide at the right."""

from __future__ import annotations

import logging
from collections.abc import Generator
from typing import Any, NamedTuple

import gradio as gr

from pairx import __version__
from pairx.datasets import load_steps
from pairx.evaluation.search import split_queries
from pairx.reviews.exporting import EXPORTS, export_table
from pairx.reviews.queues import ORDERS, begin_steps, candidate_steps, listed_steps
from pairx.sheets import csv_bytes
from pairx.types import Computation, InputError, Step, Steps
from pairx.ui.explore.parts import ViewChips
from pairx.ui.explore.runs import whole
from pairx.ui.review.desk import ReviewDesk
from pairx.ui.review.parts import ReviewBoard
from pairx.ui.review.sending import HERE, Sending, SentOutputs
from pairx.ui.shared.events import LAST, QUEUE, QUIET, SAVE_FILE, SKIP
from pairx.ui.shared.files import cached
from pairx.ui.shared.inputs import dataset_input, model_input
from pairx.ui.shared.library import Library
from pairx.ui.shared.parts import SheetButton, Status
from pairx.ui.shared.payload import StatusValue
from pairx.ui.shared.session import AppState
from pairx.ui.shared.words import capitalised

log = logging.getLogger(__name__)
OUR_FAULT = "The review could not be begun: a fault of ours. Start it again."
REVIEW = "review"
"""The tab's id."""
NONE_YET = "There is no review yet: begin one below."


class BeginOutputs(NamedTuple):
    """What the beginning of a review changes."""

    status: Any = SKIP
    go: Any = SKIP
    chosen: Any = SKIP
    board: Any = SKIP


class ReviewTab:
    """Lays the tab out when built inside a `gr.Tab`, and wires it."""

    def __init__(self, tab: gr.Tab, app_state: AppState, library: Library, desk: ReviewDesk, model: str) -> None:
        """model: that a new review takes unless another is chosen."""
        self.app_state, self.library, self.desk = app_state, library, desk
        with gr.Row(elem_classes="px-columns px-reviewing"):
            with gr.Column(scale=1, min_width=260, elem_classes="px-controls"):
                with gr.Row(elem_classes="px-dock"):
                    SheetButton("Reviews")
                with gr.Column(elem_classes="px-sheet"):
                    self.chosen = gr.Dropdown(
                        [], value=None, label="Review", info="A queue of pairs to decide.", interactive=True
                    )
                    self._new_review(library, app_state, model)
                    if library.places.own_machine:  # the tables name files of this machine
                        self._export()
            with gr.Column(scale=4, min_width=560, elem_classes="px-picture"):
                self.board = ReviewBoard()
        self._wire(tab)

    def _new_review(self, library: Library, app_state: AppState, model: str) -> None:
        own = library.places.own_machine
        if not own:
            gr.HTML(f'<p class="px-hint">{HERE}</p>', apply_default_css=False)
        with gr.Accordion("New review", open=False, visible=own):
            self.dataset, self.model = dataset_input(library), model_input(app_state, model)
            self.top_k = gr.Number(10, label="Candidates of a query", precision=0, minimum=1, interactive=True)
            self.order = gr.Dropdown(
                [(capitalised(words), name) for name, words in ORDERS.items()],
                value="queries", label="Order", interactive=True,
            )  # fmt: skip
            self.own = gr.Checkbox(label="Leave out pairs of one encounter", interactive=True)
            self.listed = gr.File(
                label="Only these pairs (a CSV, such as Explore's selected pairs)", file_types=[".csv"]
            )
            self.name = gr.Textbox(label="Name", placeholder="made from the data set", max_lines=1)
            self.go = gr.Button("Begin", variant="primary", elem_id="px-begin-review")
        self.status = Status()

    def _export(self) -> None:
        with gr.Accordion("Export", open=False):
            tables = [(capitalised(words), name) for name, words in EXPORTS.items()]
            table = gr.Dropdown(tables, value="decisions", label="Table", interactive=True)
            save = gr.Button("Save as CSV", elem_id="px-export-review")
        told, file = Status(), gr.File(visible="hidden")
        saved = save.click(self.export, [self.chosen, table], [file, told], **QUEUE, **QUIET)
        saved.success(None, file, js=SAVE_FILE, **QUIET)

    def _wire(self, tab: gr.Tab) -> None:
        at_once = {"queue": False, **QUIET}
        tab.select(self.list_reviews, self.chosen, [self.chosen, self.board], **at_once)
        self.chosen.input(lambda name: {"name": name or ""}, self.chosen, self.board, queue=False, **LAST)
        outputs = BeginOutputs(status=self.status, go=self.go, chosen=self.chosen, board=self.board)
        self.go.click(
            self.begin, [self.dataset, self.model, self.top_k, self.order, self.own, self.listed, self.name],
            [*outputs], **QUEUE, **QUIET,
        )  # fmt: skip

    def take_from(self, chips: ViewChips, tabs: gr.Tabs) -> None:
        """Wire the button with which Explore sends pairs here."""
        taken = SentOutputs(chosen=self.chosen, board=self.board, tabs=tabs)
        chips.review(Sending(self.app_state, self.library, REVIEW).take, None, [*taken], **QUIET)

    def list_reviews(self, chosen: str | None) -> tuple[Any, Any]:
        """The reviews that there are; the newest is open unless another is."""
        names = self.library.reviews()
        if chosen in names:
            return gr.update(choices=names), SKIP
        first = names[0] if names else None
        return gr.update(choices=names, value=first, info="" if names else NONE_YET), {"name": first or ""}

    def export(self, name: str | None, table: str) -> tuple[Any, StatusValue]:
        """The file of a review's table, and what it lacks for the tool that takes it."""
        try:
            if not name:
                raise InputError("Choose a review above.")
            review = self.desk.open(name)
            found, told = export_table(review.log, review.dataset, table)
        except InputError as error:
            return None, StatusValue(text=str(error), error=True)
        text = " ".join([f"{len(found):,} rows.", *told])
        return cached(csv_bytes(found), f"{name}_{table}.csv"), StatusValue(text=text)

    def begin(
        self, dataset: str, model: str, top_k: float, order: str, own: bool, listed: str | None, name: str
    ) -> Generator[BeginOutputs]:
        """Begin a review of a data set, step by step."""
        yield BeginOutputs(status=StatusValue(text="Starting", busy=True), go=gr.update(interactive=False))
        try:
            steps = Steps(
                self._steps(dataset, model, whole(top_k, "Candidates of a query", 1), order, own, listed, name)
            )
            for step in steps:
                text = capitalised(step.what)
                yield BeginOutputs(StatusValue(text=text, done=step.done, total=step.total, busy=True))
            begun = steps.result
            chosen = gr.update(choices=self.library.reviews(), value=begun, info="")
            yield BeginOutputs({}, gr.update(interactive=True), chosen, {"name": begun})
        except InputError as error:
            yield BeginOutputs(StatusValue(text=str(error), error=True), gr.update(interactive=True))
        except Exception:
            log.exception("a review could not be begun")
            yield BeginOutputs(StatusValue(text=OUR_FAULT, error=True), gr.update(interactive=True))

    def _steps(
        self, dataset: str, model: str, top_k: int, order: str, own: bool, listed: str | None, name: str
    ) -> Computation[str]:
        """The steps of a new review; returns its name."""
        if not self.library.places.own_machine:
            raise InputError(HERE)
        source = self.library.source(str(dataset or ""))
        yield Step(0, 0, "loading the model")
        loaded = self.app_state.model(model)
        yield Step(0, 0, "reading the data set")
        found = yield from load_steps(source, skip_problems=True, unknown=True, links_out=False)
        name = (name or "").strip() or self.library.new_review_name(found.name)
        folder = self.library.review_folder(name)
        if folder.exists():
            raise InputError(f"There is a review {name} already. Choose another name.")
        pairs = candidate_steps(found, loaded, split_queries(found, None, None, bool(own)), top_k)
        if listed:
            pairs = listed_steps(listed, found)
        yield from begin_steps(folder, found, source, loaded, model, pairs, order, __version__)
        return name
