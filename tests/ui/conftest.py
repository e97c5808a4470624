"""A app_state with two photographs of noise and an explainer that takes no time."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from PIL import Image

import pairx
from pairx.models import EmbeddingModel
from pairx.testing import smooth_noise
from pairx.types import Explanation, ImagePair, Matches, Step
from pairx.ui.compare.background import BackgroundChoice
from pairx.ui.compare.events import CompareEvents
from pairx.ui.explain.events import ExplainEvents
from pairx.ui.explain.references import References
from pairx.ui.explain.samples import SamplePair
from pairx.ui.shared.form import Form
from pairx.ui.shared.judgements import Judgements
from pairx.ui.shared.library import Library, Places
from pairx.ui.shared.links import CHOICES
from pairx.ui.shared.photos import PhotoShelf
from pairx.ui.shared.session import AppState, Request


def explanation_of(pair: ImagePair, layer: str = "stage", seed: int = 0, n: int = 12, k: int = 4) -> Explanation:
    """Made-up evidence of the right form."""
    random = np.random.default_rng(seed)
    cells = random.integers(0, 6, (2, n, 2))
    keypoints = [
        (one[:, ::-1] + 0.5) / 6 * image.shape[1::-1]
        for one, image in zip(cells, (pair.image0, pair.image1), strict=True)
    ]
    relevance = np.sort(random.gamma(1, 1, n))[::-1]
    maps = random.standard_normal((2, 6, 6)).astype(np.float32)
    pixels = random.random((2, k, 12, 12)).astype(np.float32)
    matches = Matches(cells[0], cells[1], *keypoints, relevance, random.random(n))
    settings = {"model": "tiny", "layer": layer, "stride": 2}
    return Explanation("pair-x", 0.5, *maps, matches, *pixels, settings=settings, seconds=2.0)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch, tiny: EmbeddingModel) -> list[tuple]:
    """Replaces models and explainer; every call of the explainer is noted here."""
    calls: list[tuple] = []

    def explain_steps(
        model: EmbeddingModel, pair: ImagePair, layers: tuple[str, ...], **options
    ) -> Generator[Step, None, list]:
        calls.append((pair.id0, pair.id1, layers, options))
        yield Step(1, 2, "painting match 1")
        yield Step(2, 2, "done")
        return [explanation_of(pair, layer, seed=len(calls)) for layer in layers]

    monkeypatch.setattr(pairx, "load_model", lambda name: tiny)
    monkeypatch.setattr(pairx, "explain_steps", explain_steps)
    return calls


@pytest.fixture
def photo_files(tmp_path: Path) -> list[Path]:
    """Three photographs of different sizes."""
    paths = [tmp_path / f"photo {i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        Image.fromarray(smooth_noise(i, 48 + i, 64)).save(path)
    return paths


@pytest.fixture
def app_state(runs: list[tuple], photo_files: list[Path]) -> AppState:
    """Two samples, `one` and `two`."""
    shelf = PhotoShelf()
    shelf.add_sample("one", photo_files[0], "one")
    shelf.add_sample("two", photo_files[1], "two")
    return AppState(shelf)


@pytest.fixture
def request_of(app_state: AppState) -> Request:
    """The samples at the tiny network's layer."""
    samples = app_state.shelf.samples
    return Request(samples["one"], samples["two"], "reid-lite0", "stage")


@pytest.fixture
def answers(app_state, tmp_path) -> CompareEvents:
    places = Places(None, tmp_path / "runs", own_machine=False, judgements=tmp_path / "judgements")
    with gr.Blocks():
        wells = gr.Textbox(), gr.Textbox()
        form = Form(wells, gr.Textbox(), gr.Textbox(), {name: gr.Textbox() for name in CHOICES}, gr.State())
        background = BackgroundChoice(app_state.shelf)
        pairs = (SamplePair("same", "one", "two", "Same animal", "One animal."),)
        return CompareEvents(app_state, Judgements(Library(places)), form, background, gr.State(), pairs)


@pytest.fixture
def photos(app_state, photo_files) -> list:
    return [app_state.shelf.open(path, path.name) for path in photo_files]


@pytest.fixture
def explain_events(app_state, request_of, tmp_path) -> ExplainEvents:
    with gr.Blocks():
        wells = gr.Textbox(), gr.Textbox()
        form = Form(wells, gr.Textbox(), gr.Textbox(), {name: gr.Textbox() for name in CHOICES}, gr.State())
    pairs = (SamplePair("same", "one", "two", "Same animal", "One animal."),)
    references = References(Library(Places(None, tmp_path / "runs", own_machine=False)))
    return ExplainEvents(app_state, pairs, request_of, form, references)
