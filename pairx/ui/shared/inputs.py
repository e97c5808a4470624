"""Inputs that several tabs have."""

from __future__ import annotations

import gradio as gr

from pairx.ui.shared.library import Library
from pairx.ui.shared.session import AppState
from pairx.ui.shared.words import model_choices


def dataset_input(library: Library) -> gr.Dropdown:
    """A data set, by its name or as typed."""
    return gr.Dropdown(
        library.datasets(), value=library.datasets()[0], allow_custom_value=True, interactive=True,
        label="Data set", info="One of the list, or the path of a folder or CSV.",
    )  # fmt: skip


def model_input(app_state: AppState, model: str) -> gr.Dropdown:
    """A registered model. model: the one that is chosen at first."""
    return gr.Dropdown(model_choices(app_state.cards.values()), value=model, label="Model", interactive=True)
