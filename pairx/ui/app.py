"""Builds the page."""

from __future__ import annotations

from typing import Any

import gradio as gr
from gradio.events import api
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from pairx.assets import ASSETS
from pairx.ui.about.examples import EXAMPLES
from pairx.ui.about.tab import build_about
from pairx.ui.api import ExplainApi
from pairx.ui.compare.tab import COMPARE, CompareTab
from pairx.ui.explain.references import References
from pairx.ui.explain.samples import opening_pair, ready_pairs
from pairx.ui.explain.tab import ExplainTab
from pairx.ui.explore.events import TAB
from pairx.ui.explore.parts import PLOTLY, RunWatch
from pairx.ui.explore.tab import ExploreTab
from pairx.ui.figure.tab import FigureTab
from pairx.ui.gate import OwnMachineOnly, fetch_nothing
from pairx.ui.review.desk import ReviewDesk
from pairx.ui.review.routes import ReviewRoutes
from pairx.ui.review.tab import REVIEW, ReviewTab
from pairx.ui.shared.events import QUEUE
from pairx.ui.shared.judgements import Judgements
from pairx.ui.shared.library import Library, Places
from pairx.ui.shared.page import FOLDERS, Revalidated, head
from pairx.ui.shared.parts import Keyboard
from pairx.ui.shared.photos import PhotoShelf
from pairx.ui.shared.session import AppState, Request
from pairx.ui.shared.sweeping import keep_sweeping
from pairx.ui.shared.theme import theme
from pairx.ui.trust.events import TRUST
from pairx.ui.trust.tab import TrustTab

OPENING = ASSETS / "opening.npz"
MODEL = "reid-lite0"
DAY = 24 * 3600
MOST_WAITING = 128
"""Requests that wait at the same time; more are told that the queue is full."""
TITLE = "PAIR-X Explorer"
SUBTITLE = (
    "Why a re-identification model finds two photographs similar: which places match, and which pixels carry them."
)


def open_app_state() -> tuple[AppState, tuple, Request]:
    """What sessions share, the sample pairs, and the request that the page opens on."""
    app_state = AppState(PhotoShelf())
    pairs = ready_pairs(app_state.shelf)
    first = opening_pair(pairs)
    samples = app_state.shelf.samples
    request = Request(samples[first.a], samples[first.b], MODEL, app_state.model(MODEL).default_layer)
    return app_state, pairs, request


def build(places: Places) -> tuple[gr.Blocks, ReviewDesk]:
    """The whole app, not yet launched, and what answers for its reviews. places: whose data it may open."""
    fetch_nothing()
    app_state, pairs, opening = open_app_state()
    library = Library(places)
    judgements, desk = Judgements(library), ReviewDesk(app_state, library)
    ready = OPENING.is_file() and app_state.stored(OPENING, opening)
    with gr.Blocks(title=TITLE, fill_width=True, delete_cache=(3600, DAY), analytics_enabled=False) as page:
        with gr.Row(elem_classes="px-head"):
            gr.HTML(f"<h1>{TITLE}</h1><p>{SUBTITLE}</p>", elem_classes="px-top")
            Keyboard(elem_classes="px-at-keyboard")
            runs = RunWatch("Explore", elem_classes="px-unseen")
        # Before the tabs, whose events would take the name otherwise.
        api(ExplainApi(app_state).explain, api_name="explain", **QUEUE)
        with gr.Tabs() as tabs:
            with gr.Tab("Explain", id="explain", elem_id="px-tab-explain"):
                explain = ExplainTab(page, app_state, pairs, opening, ready, References(library))
            with gr.Tab("Compare", id=COMPARE, elem_id="px-tab-compare") as tab:
                CompareTab(page, tabs, tab, "explain", app_state, judgements, explain.form, opening, pairs)
            with gr.Tab("Trust", id=TRUST, elem_id="px-tab-trust") as tab:
                TrustTab(page, tabs, tab, app_state, library, judgements, explain.form.model)
            with gr.Tab("Explore", id=TAB, elem_id="px-tab-explore") as tab:
                explore = ExploreTab(page, tabs, tab, runs, app_state, library, MODEL)
            with gr.Tab("Review", id=REVIEW, elem_id="px-tab-review") as tab:
                ReviewTab(tab, app_state, library, desk, MODEL).take_from(explore.chips, tabs)
            with gr.Tab("Figure", elem_id="px-tab-figure"):
                FigureTab(page, app_state, library, desk)
            with gr.Tab("About", elem_id="px-tab-about"):
                build_about(app_state)
    keep_sweeping(page, app_state.shelf)
    return page.queue(max_size=MOST_WAITING, default_concurrency_limit=8), desk


def launch_options(places: Places, desk: ReviewDesk) -> dict[str, Any]:
    """What `launch` needs: gradio 6 takes theme and style there. places: as `build` was given them. desk: of
    `build`."""
    packed = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/octet-stream", "application/pdf")
    compressed = Middleware(GZipMiddleware, compresslevel=6, exclude_content_types=packed)
    gates = [Middleware(OwnMachineOnly)] if places.own_machine else []
    return {
        "app_kwargs": {
            "middleware": [*gates, Middleware(Revalidated), compressed, Middleware(ReviewRoutes, desk=desk)]
        },
        "theme": theme(),
        "head": head(),
        "allowed_paths": [str(PLOTLY), str(EXAMPLES.parent), *map(str, FOLDERS)],
        "max_file_size": "100mb",
        "enable_monitoring": False,
        "show_error": False,
        "ssr_mode": False,
        "state_session_capacity": 500,
        "footer_links": ["api"],
        # Otherwise gradio asks itself for its page first, and ends where that takes more than 3 seconds.
        "_frontend": False,
    }
