"""What crosses between Python and the page is of the types that both know."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import NotRequired, TypedDict

import gradio as gr
import pytest

from pairx import methods
from pairx.testing import make_pair
from pairx.types import Refusal
from pairx.ui.compare.axes import Ground
from pairx.ui.compare.choosing import chooser_value
from pairx.ui.compare.panels import panel_files
from pairx.ui.compare.payload import BoardValue, ChooserValue, Measured, PanelScene, RunStatus
from pairx.ui.explain.parts import Viewer
from pairx.ui.explain.payload import AnsweredScene, PointAnswer, Scene, ViewerValue
from pairx.ui.explain.scene import scene_of
from pairx.ui.explore.choice import Choice
from pairx.ui.explore.events import ExploreEvents
from pairx.ui.explore.pair_events import PairEvents
from pairx.ui.explore.payload import GalleryValue, PairValue, PlotValue, RunScene, RunsValue, TablesValue
from pairx.ui.explore.runs import Runs
from pairx.ui.explore.scene import scene_of_run
from pairx.ui.shared.library import Library, Places
from pairx.ui.shared.page import FOLDERS, UI, address, head
from pairx.ui.shared.payload import StatusValue
from tests.evaluation.made_up import write_run
from tests.ui.conftest import explanation_of
from tests.ui.payloads import faults
from tests.ui.test_answers import ask, opened, values
from tests.ui.test_panels import compared
from tools.make_types import FILE, parts, written

ROOT = Path(__file__).resolve().parents[2]
SESSION = SimpleNamespace(session_hash="me")


class Example(TypedDict):
    one: int
    two: NotRequired[list[float | None]]


def read(file: dict) -> dict:
    return json.loads(Path(file["path"]).read_text())


def test_a_fault_of_a_payload_is_named():
    assert faults({"one": 1, "two": [1, None, 0.5]}, Example) == [] == faults({"one": 1}, Example)
    assert faults({"tow": []}, Example) == ["value has no one", "value has a tow, which Example has not"]
    assert "value.two[1]" in faults({"one": 1, "two": [1.0, "x"]}, Example)[0]
    assert faults({"one": True}, Example) and faults({"one": 0.5}, Example) and faults([], Example)


def test_the_types_of_the_page_are_those_of_python():
    assert FILE.read_text(encoding="utf-8") == written(), "stale: run `python -m tools.make_types`"
    assert all((UI / part.module).is_file() for part in parts())


@pytest.mark.slow
def test_the_scene_of_an_explanation(explain_events, photo_files, request_of):
    events = explain_events
    assert faults(scene_of(explanation_of(make_pair()), make_pair()), Scene) == []
    *before, last = events.run(values(events, opened(events, photo_files[:2])), SESSION)
    outputs = [*before, last]
    assert faults(last[0]["scene"], AnsweredScene) == []
    with gr.Blocks():
        assert faults(Viewer().postprocess(last[0]), ViewerValue) == []
    assert [line for one in outputs for line in faults(one[2], StatusValue)] == []
    assert faults(ask(events, request_of), PointAnswer) == [] == faults(ask(events, request_of, side=7), PointAnswer)


@pytest.mark.slow
def test_a_board_its_panels_and_what_is_measured(answers, photos):
    board, shown, status = compared(answers, photos)
    assert faults(board, BoardValue) == [] == faults(status, RunStatus)
    ground = Ground(answers.app_state, shown.cells[0].request, answers.pairs)
    assert faults(chooser_value(ground, answers.boards.times), ChooserValue) == []
    scenes = [read(panel["file"]) for panel in board["panels"]]
    assert [line for scene in scenes for line in faults(scene, PanelScene)] == []
    assert any("tensor" in scene for scene in scenes)
    refusal = read(panel_of(Refusal("sam", "why")))
    assert faults(refusal, PanelScene) == [] and refusal["reason"] == "why"
    asked = gr.EventData(None, {"run": shown.run, "ids": ["sam"]})
    *_, (measured, _) = answers.measure(shown, SESSION, asked)
    assert faults(measured, Measured) == []


def panel_of(refusal: Refusal) -> dict:
    return panel_files(refusal, make_pair(), methods.card_of(refusal.method))["file"]


@pytest.mark.slow
def test_a_run_its_pairs_and_its_tables(app_state, tmp_path):
    write_run(tmp_path / "runs" / "cows")
    library = Library(Places(None, tmp_path / "runs", own_machine=False))
    events, runs = ExploreEvents(app_state, library), Runs(app_state, library)
    assert faults(scene_of_run(library.run("cows"), Choice("cows", "stage", "match_coverage")), RunScene) == []
    *_, plot = events.open("cows")
    assert faults(plot, PlotValue) == [] == faults(events.open("nothing")[-1], PlotValue)
    click = gr.EventData(None, {"number": 2, "ticket": 1, "layer": "stage", "run": "cows"})
    pairs = PairEvents(app_state, library)
    steps = [pairs.choose(SESSION, click), *pairs.explain(SESSION, click)]
    assert [line for one in steps for line in faults(one, PairValue)] == []
    assert faults(read(steps[-1]["scene"]), Scene) == []
    page = events.browse(gr.EventData(None, {"numbers": [0, 1], "ticket": 4, "run": "cows"}))
    assert faults(page, GalleryValue) == [] and len(page["items"]) == 2
    assert faults(runs.listed(), RunsValue) == [] == faults(runs.summary("cows"), TablesValue)
    assert faults(runs.compare(["cows", "Sample herd"]), TablesValue) == []


def test_every_file_of_the_page_has_an_address_and_is_fetched_at_once():
    modules = [module for folder in FOLDERS for module in folder.glob("*.js")]
    assert len(modules) > 25 and all(f'href="{address(module)}"' in head() for module in modules)
    assert address(Path("/a b/ü/x.js")) == "gradio_api/file=/a%20b/%C3%BC/x.js"


@pytest.mark.parametrize("command", ["types", "lint", "format", "test"])
def test_the_scripts_of_the_page(command):
    npm = shutil.which("npm")
    if npm is None or not (ROOT / "node_modules" / ".package-lock.json").is_file():
        pytest.skip("npm's packages are not installed here: `npm ci`")
    done = subprocess.run([npm, "run", "--silent", command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_file_of_types_says_when_it_is_stale():
    done = subprocess.run([sys.executable, "-m", "tools.make_types", "--check"], cwd=ROOT, capture_output=True)
    assert done.returncode == 0
