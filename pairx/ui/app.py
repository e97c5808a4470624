"""Builds the page."""

from __future__ import annotations

from typing import Any

import gradio as gr
from starlette.middleware import Middleware

from pairx.assets import ASSETS
from pairx.ui.about import build_about
from pairx.ui.api import ExplainApi
from pairx.ui.compare import CompareTab
from pairx.ui.explain import QUEUE, ExplainTab
from pairx.ui.exploration import TAB
from pairx.ui.explore import ExploreTab
from pairx.ui.gate import OwnMachineOnly, fetch_nothing
from pairx.ui.library import Library, Places
from pairx.ui.meaning import References
from pairx.ui.photos import PhotoShelf
from pairx.ui.samples import opening_pair, ready_pairs
from pairx.ui.scatter import PLOTLY
from pairx.ui.session import Request, Workshop
from pairx.ui.sweeping import keep_sweeping
from pairx.ui.theme import head, theme

OPENING = ASSETS / "opening.npz"
MODEL = "reid-lite0"
DAY = 24 * 3600
MOST_WAITING = 128
"""Requests that wait at the same time; more are told that the queue is full."""
TITLE = "PAIR-X Explorer"
SUBTITLE = (
    "Why a re-identification model finds two photographs similar: which places match, and which pixels carry them."
)


def open_workshop() -> tuple[Workshop, tuple, Request]:
    """What sessions share, the sample pairs, and the request that the page opens on."""
    workshop = Workshop(PhotoShelf())
    pairs = ready_pairs(workshop.shelf)
    first = opening_pair(pairs)
    samples = workshop.shelf.samples
    request = Request(samples[first.a], samples[first.b], MODEL, workshop.model(MODEL).default_layer)
    return workshop, pairs, request


def build(places: Places) -> gr.Blocks:
    """The whole app, not yet launched. places: whose data it may open."""
    fetch_nothing()
    workshop, pairs, opening = open_workshop()
    library = Library(places)
    ready = OPENING.is_file() and workshop.stored(OPENING, opening)
    with gr.Blocks(title=TITLE, fill_width=True, delete_cache=(3600, DAY), analytics_enabled=False) as page:
        gr.HTML(
            f"<h1>{TITLE}</h1><p>{SUBTITLE}</p>",
            elem_classes="px-top",
        )
        # Before the tabs, whose events would take the name otherwise.
        gr.api(ExplainApi(workshop).explain, api_name="explain", **QUEUE)
        with gr.Tabs() as tabs:
            with gr.Tab("Explain", id="explain"):
                explain = ExplainTab(page, workshop, pairs, opening, ready, References(library))
            with gr.Tab("Compare") as tab:
                CompareTab(page, tabs, tab, "explain", workshop, explain.form, opening)
            with gr.Tab("Explore", id=TAB) as tab:
                ExploreTab(page, tabs, tab, workshop, library, MODEL)
            with gr.Tab("About"):
                build_about(workshop.cards.values())
    keep_sweeping(page, workshop.shelf)
    return page.queue(max_size=MOST_WAITING, default_concurrency_limit=8)


def launch_options(places: Places) -> dict[str, Any]:
    """What `launch` needs: gradio 6 takes theme and style there. places: as `build` was given them."""
    return {
        "app_kwargs": {"middleware": [Middleware(OwnMachineOnly)] if places.own_machine else []},
        "theme": theme(),
        "head": head(),
        "allowed_paths": [str(PLOTLY)],
        "max_file_size": "100mb",
        "enable_monitoring": False,
        "show_error": False,
        "ssr_mode": False,
        "state_session_capacity": 500,
        "footer_links": ["api"],
        # Otherwise gradio asks itself for its page first, and ends where that takes more than 3 seconds.
        "_frontend": False,
    }
