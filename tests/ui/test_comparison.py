"""What the Compare tab answers."""

import io
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from pairx import methods
from pairx.testing import make_pair
from pairx.types import Explanation, InputError, Refusal, Step
from pairx.ui.compare.axes import AXES, MOST_PANELS, SIX, Asked
from pairx.ui.compare.background import OWN, PHOTOGRAPH
from pairx.ui.compare.choosing import chooser_value, presets
from pairx.ui.compare.events import CompareEvents
from pairx.ui.compare.files import Files
from pairx.ui.compare.panels import panel_scene
from pairx.ui.shared.links import CHOICES, MOST_COLORS, Options
from tests.ui.conftest import explanation_of

SESSION = SimpleNamespace(session_hash="me")
THREE = ("pair-x", "grad-cam", "sam")
pytestmark = pytest.mark.usefixtures("computed")


@pytest.fixture
def computed(monkeypatch) -> list[str]:
    """Replaces the methods but PAIR-X: SAM refuses, the others answer at once. Every method that ran is noted here."""
    ran: list[str] = []

    def compare_each(model, pair, names, layer=None, **_options):
        for number, name in enumerate(names):
            yield Step(100 * number, 100 * len(names), methods.cards()[name].title)
            ran.append(name)
            found = explanation_of(pair, layer, seed=len(ran))
            yield (
                Refusal(name, "it needs <b>this</b>")
                if name == "sam"
                else Explanation(name, 0.5, found.map0, found.map1, settings=found.settings, seconds=0.25)
            )

    monkeypatch.setattr(methods, "compare_each", compare_each)
    return ran


def values(answers: CompareEvents, photos, asked=THREE, background=(OWN, None), **form) -> dict:
    """What the form holds, and what is asked for: methods, or an `Asked`."""
    asked = asked if isinstance(asked, Asked) else Asked("methods", tuple(asked))
    options = {name: known[0] for name, known in CHOICES.items()} | form
    settings = [*photos, options.pop("model", "reid-lite0"), options.pop("layer", "stage"), *options.values()]
    components = [*answers.form.settings, *answers.background.inputs, answers.asked]
    return dict(zip(components, [*settings, *background, asked], strict=True))


def boards(outputs) -> list[dict]:
    return [board for board, *_ in outputs if board != gr.skip()]


def ran(answers: CompareEvents, filled: dict) -> tuple[dict, object]:
    """The last board of a run, and what the session then holds."""
    outputs = list(answers.run(filled, SESSION))
    return boards(outputs)[-1], next(one.shown for one in outputs if one.shown != gr.skip())


def panels(board: dict) -> dict[str, dict | None]:
    """What the panels of a board show, by title."""
    files = {panel["title"]: panel["file"] for panel in board["panels"]}
    return {title: file and json.loads(Path(file["path"]).read_text()) for title, file in files.items()}


def download(answers: CompareEvents, shown, **asked) -> Path:
    return Path(Files(answers.cells).download(shown, gr.EventData(None, asked)))


def asking(answers: CompareEvents, photos, axis: str, **how):
    return values(answers, photos, Asked(axis, **how))


def test_opening_the_tab_shows_what_is_known_and_computes_nothing(answers, photos, computed, runs):
    filled = values(answers, photos[:2])
    empty = answers.show(filled).board
    assert [panel["file"] for panel in empty["panels"]] == [None] * 3 and empty["over"]
    assert "s" in empty["expected"] and computed == [] == runs
    ran(answers, filled)
    before = list(computed)
    known = answers.show(filled)
    assert all(panels(known.board).values()) and known.board["expected"] == "about 0.1 s" and computed == before
    assert known.status == {"text": ""}


def test_what_explain_has_computed_is_not_computed_again(answers, photos, runs):
    """PAIR-X of the same pair, model, layer and options is the tab Explain's result."""
    filled = values(answers, photos[:2], ["pair-x"], cells="abs_of_sum")
    answers.app_state.explain(answers.form.request(filled))
    assert len(runs) == 1
    assert panels(answers.show(filled).board)["PAIR-X"] is not None, "at once"
    ran(answers, filled)
    assert len(runs) == 1
    ran(answers, values(answers, photos[:2], ["pair-x"]))
    assert len(runs) == 2, "other options are another result"


def test_a_panel_of_pair_x_traces_no_match_until_its_file_needs_it(answers, photos, runs):
    """The pixels behind each match cost most of PAIR-X, and no panel shows them."""
    _, shown = ran(answers, values(answers, photos[:2], ["pair-x"]))
    download(answers, shown, kind="png")
    assert [options["k_colors"] for *_, options in runs] == [0]
    for kind in ("npz", "svg", "zip"):
        download(answers, shown, kind=kind, **({} if kind == "zip" else {"id": "pair-x"}))
    assert [options["k_colors"] for *_, options in runs] == [0, MOST_COLORS], "once for all files"


def test_other_options_of_pair_x_compute_no_other_method_again(answers, photos, computed):
    ran(answers, values(answers, photos[:2], ["grad-cam"]))
    ran(answers, values(answers, photos[:2], ["grad-cam"], cells="abs_of_sum"))
    assert computed == ["grad-cam"]


@pytest.mark.slow
def test_each_panel_shows_as_soon_as_it_is_through(answers, photos):
    outputs = list(answers.run(values(answers, photos[:2]), SESSION))
    drawn = [[title for title, scene in panels(board).items() if scene] for board in boards(outputs)]
    titles = ["PAIR-X", "Grad-CAM", "SAM"]
    assert drawn == [titles[:0], titles[:1], titles[:2], titles, titles]
    said = [one.status for one in outputs if one.status != gr.skip()]
    assert [one["text"] for one in said] == [
        "Waiting for a free place", "PAIR-X: 1 of 3", "Grad-CAM: 2 of 3", "SAM: 3 of 3", "",
    ]  # fmt: skip
    assert [one.get("panel") for one in said] == [None, *THREE, None]
    assert [board["over"] for board in boards(outputs)] == [False] * 4 + [True]


def test_a_panel_that_computes_says_its_share_and_the_time_that_is_left():
    from pairx.ui.compare.axes import Cell
    from pairx.ui.compare.events import Progress

    progress = Progress(2)
    cell = Cell("sam", "SAM", "sam", None)
    progress.through()
    assert progress.said(cell, Step(0, 100, "x")) | {"left": 0} == {
        "text": "SAM: 2 of 2", "done": 100, "total": 200, "busy": True, "panel": "sam", "share": 0.0, "left": 0,
    }  # fmt: skip
    assert progress.said(cell, Step(1, 100, "x")) is None, "not so often"
    progress._spoke -= 10
    progress._began -= 3
    said = progress.said(cell, Step(75, 100, "x"))
    assert said["share"] == 0.75 and said["left"] == pytest.approx(1, abs=0.1)
    assert progress.said(replace(cell, id="other"), Step(0, 0, "Loading the model"))["text"] == "Loading the model"


@pytest.mark.slow
def test_a_panel_holds_its_maps_or_the_reason_why_not(answers, photos):
    last, _ = ran(answers, values(answers, photos[:2]))
    shown = panels(last)
    assert shown["SAM"]["reason"] == "it needs <b>this</b>" and "heat" not in shown["SAM"]
    scene = shown["Grad-CAM"]
    assert all(src.startswith("data:image/webp") for src in scene["heat"])
    assert scene["seconds"] == "0.25 s" and scene["note"] == methods.cards()["grad-cam"].caveat
    card = dict(scene["card"])
    assert card["Paper"] == methods.cards()["grad-cam"].paper and card["Cost"] == methods.cards()["grad-cam"].cost
    assert [[photo["name"] for photo in pair] for pair in last["pairs"]] == [["one", "two"]]


def test_matches_come_along_and_what_ignores_the_partner_says_so():
    pair = make_pair()
    scene = panel_scene(explanation_of(pair), pair, methods.cards()["pair-x"])
    assert len(scene["marks"]) == 12 == scene["traced"] and dict(scene["card"])["Matches"] == "12"
    looks = {
        name: dict(panel_scene(Refusal(name, ""), pair, card)["card"])["Looks at"]
        for name, card in methods.cards().items()
    }
    assert {name for name, text in looks.items() if "not the other" in text} == {"eigen-cam", "kpca-cam"}


@pytest.mark.slow
def test_the_second_time_is_not_computed_again(answers, photos, computed):
    filled = values(answers, photos[:2])
    ran(answers, filled)
    assert computed == ["grad-cam", "sam"]
    last, _ = ran(answers, filled)
    assert computed == ["grad-cam", "sam", "sam"], "only what refused is asked again"
    assert all(panels(last).values())
    ran(answers, values(answers, photos[1:]))
    assert len(computed) == 5, "another pair is another result"


def test_stop_keeps_what_is_through_and_ends_the_work(answers, photos, computed):
    outputs = answers.run(values(answers, photos[:2], ["grad-cam", "hirescam", "layercam"]), SESSION)
    while "HiResCAM" not in str(next(outputs).status):
        pass
    answers.halt(SESSION)
    *_, last = list(outputs)
    assert "Stopped" in last.status["text"] and last.board["over"]
    assert [bool(scene) for scene in panels(last.board).values()] == [True, False, False]
    assert computed == ["grad-cam"]
    assert "Stopped" in list(answers.run(values(answers, photos[:2]), SESSION))[-1].status["text"], "while waiting"


@pytest.mark.slow
def test_two_sessions_get_their_own_and_stop_their_own(answers, photos):
    other = SimpleNamespace(session_hash="other")
    names = ["grad-cam", "hirescam", "layercam"]
    started = [
        answers.run(values(answers, photos[:2], names), SESSION),
        answers.run(values(answers, photos[1:], names), other),
    ]
    outputs: list[list] = [[], []]
    for _ in range(4):
        for run, seen in zip(started, outputs, strict=True):
            seen.append(next(run))
    answers.halt(SESSION)
    for run, seen in zip(started, outputs, strict=True):
        seen.extend(run)
    mine, others = (boards(seen)[-1] for seen in outputs)
    assert [[photo["name"] for photo in board["pairs"][0]] for board in (mine, others)] == [
        ["one", "two"],
        ["two", "photo 2.png"],
    ]
    assert None in panels(mine).values() and all(panels(others).values())


def test_what_is_missing_or_broken_is_one_calm_line(answers, photos, monkeypatch):
    for filled, said in (
        (values(answers, photos[:2], []), "at least one of the methods"),
        (values(answers, [photos[0], None]), "two photographs"),
        (asking(answers, photos[:2], "/etc"), "no such comparison"),
        (values(answers, photos[:2], background=("/etc/passwd", None)), "no such background"),
        (values(answers, photos[:2], background=(PHOTOGRAPH, None)), "Choose the photograph"),
    ):
        ((board, _, status),) = answers.run(filled, SESSION)
        assert said in status["text"] and status["error"] and board == gr.skip()
        assert answers.show(filled).status == status

    def broken(*_):
        yield Step(0, 1, "x")
        raise RuntimeError("secret path /srv/app")

    monkeypatch.setattr(methods, "compare_each", broken)
    *_, last = answers.run(values(answers, photos[:2]), SESSION)
    assert last.status["error"] and "secret" not in last.status["text"] and last.board["over"]


def test_what_the_browser_sends_may_be_anything(answers, photos):
    for sent in ({}, {"choices": 7}, {"axis": None, "methods": {}}, {"choices": [1, None, {"a": 1}]}):
        assert isinstance(Asked.of(sent), Asked)
    assert Asked.of({"axis": "methods", "choices": ["sam", 3, "sam"]}).choices == ("sam",)
    unknown = answers.show(asking(answers, photos[:2], "methods", choices=("sam", "no such method"))).board
    assert [panel["id"] for panel in unknown["panels"]] == ["sam"]
    assert [one["id"] for one in answers.show(asking(answers, photos[:2], "methods")).board["panels"]] == list(SIX)


@pytest.mark.slow
def test_downloads_hold_every_panel_in_the_order_of_the_screen(answers, photos):
    _, shown = ran(answers, values(answers, photos[:2]))
    order = ["grad-cam", "sam", "pair-x"]
    picture = download(answers, shown, kind="png", order=order, look={"opacity": 1.0})
    assert picture.name == "pairx_compare_one_two_reid-lite0_stage.png"
    strong = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    weak = download(answers, shown, kind="png", order=order, look={"opacity": 0})
    weak = np.asarray(Image.open(weak).convert("RGB")).astype(int)
    assert strong.shape == weak.shape and np.abs(strong - weak).max() > 50, "at the board's opacity"
    assert download(answers, shown, kind="pdf", order=order).read_bytes().startswith(b"%PDF")
    text = download(answers, shown, kind="svg", order=order, width=85).read_text()
    assert text.index(">Grad-CAM<") < text.index(">SAM<") < text.index(">PAIR-X<")
    assert "0.25 s" not in text and "0.25 s" in download(answers, shown, kind="svg", seconds=True).read_text()
    with zipfile.ZipFile(download(answers, shown, kind="zip", order=order)) as archive:
        assert archive.namelist() == ["grad-cam.npz", "pair-x.npz"]
        raw = np.load(io.BytesIO(archive.read("grad-cam.npz")))
        assert raw["map0"].shape == (6, 6)


@pytest.mark.slow
def test_one_panel_is_downloaded_alone(answers, photos):
    _, shown = ran(answers, values(answers, photos[:2]))
    raw = download(answers, shown, kind="npz", id="grad-cam")
    assert raw.name == "pairx_grad-cam_one_two_reid-lite0_stage.npz" and Explanation.load(raw).method == "grad-cam"
    assert min(Image.open(download(answers, shown, kind="png", id="grad-cam")).size) > 100
    for name in ("lrp", "../grad-cam", 7):
        with pytest.raises(gr.Error, match="no longer kept"):
            download(answers, shown, kind="npz", id=name)


@pytest.mark.slow
def test_downloads_of_nothing_or_of_anything_are_refused(answers, photos):
    _, shown = ran(answers, values(answers, photos[:2]))
    with pytest.raises(gr.Error, match="Press Compare"):
        download(answers, None, kind="png")
    with pytest.raises(gr.Error, match="no download of this kind"):
        download(answers, shown, kind="../etc")
    answers.app_state.results._held.clear()
    with pytest.raises(gr.Error, match="no longer kept"):
        download(answers, shown, kind="png", id="grad-cam")


def test_presets_and_what_is_measured():
    six, fast, figure = (one["choices"] for one in presets())
    assert six == list(SIX) and not any(methods.cards()[name].slow for name in (*six, *fast))
    assert len({methods.cards()[name].family for name in six}) == 6
    assert {methods.cards()[name].family for name in figure} == {"class activation"} and len(figure) == 12
    assert not {"vesm", "grad-cam-no-norm"} & {*figure}


def titles(answers, photos, axis, **how) -> list[str]:
    return [panel["title"] for panel in answers.show(asking(answers, photos[:2], axis, **how)).board["panels"]]


def cells(answers, photos, axis, **how):
    filled = asking(answers, photos[:2], axis, **how)
    return filled[answers.asked].cells(answers.ground(filled, filled[answers.asked]))


def test_every_axis_varies_what_it_says_and_nothing_else(answers, photos):
    """The keys of results follow from the requests: each panel of an axis is a result of its own."""
    names = {"methods": "method", "layers": "layer", "models": "model", "options": "options",
             "backgrounds": "background", "pairs": "photo0"}  # fmt: skip
    assert names.keys() == AXES.keys()
    for axis, name in names.items():
        choices = None
        if axis == "models":
            choices = ("reid-lite0", "lite0-imagenet")
        if axis == "pairs":
            choices = ("one~two", "two~one")
        found = cells(answers, photos, axis, choices=choices)
        assert len(found) > 1 or axis == "layers"
        flat = [{"method": one.method, **vars(one.request)} for one in found]
        assert len({str(one[name]) for one in flat}) == len(flat)
        for other in flat[0].keys() - {name, "photo1", *(["layer"] if axis == "models" else [])}:
            assert len({str(one[other]) for one in flat}) == 1 or axis == "pairs", (axis, other)


def test_models_are_compared_at_their_own_layers_but_for_the_one_of_the_form(answers, photos):
    first, second = cells(answers, photos, "models", choices=("reid-lite0", "lite0-imagenet"))
    assert (first.request.layer, second.request.layer) == ("stage", "")
    ran(answers, asking(answers, photos[:2], "models", choices=("reid-lite0", "lite0-imagenet")))
    board = answers.show(asking(answers, photos[:2], "models", choices=("reid-lite0", "lite0-imagenet"))).board
    assert all(panels(board).values()), "and found again"


def test_a_model_that_cannot_be_had_fails_alone(answers, photos, monkeypatch):
    own = answers.app_state.model

    def model(name):
        if name == "dinov2-s":
            raise InputError("The weights of dinov2-s cannot be fetched.")
        return own(name)

    monkeypatch.setattr(answers.app_state, "model", model)
    board, _ = ran(answers, asking(answers, photos[:2], "models", choices=("dinov2-s", "reid-lite0")))
    refused, found = panels(board).values()
    assert "cannot be fetched" in refused["reason"] and "heat" in found


def test_options_are_those_of_the_form_but_for_one(answers, photos):
    found = cells(answers, photos, "options", choices=("paper", "pairx", "cells.sum_of_abs"))
    assert [one.request.options.cells for one in found] == ["signed", "abs_of_sum", "sum_of_abs"]
    assert found[2].request.options == replace(Options(), cells="sum_of_abs")
    assert {one.method for one in found} == {"pair-x"}
    assert titles(answers, photos, "options")[0] == "The paper"


@pytest.mark.slow
def test_several_pairs_by_several_methods_are_a_table(answers, photos):
    uploaded = f"{photos[2].ref.id}~one"
    filled = asking(
        answers, photos[:2], "pairs", choices=("one~two", uploaded), methods=("pair-x", "grad-cam", "hirescam")
    )
    board, shown = ran(answers, filled)
    assert board["columns"] == 3 and [panel["pair"] for panel in board["panels"]] == [0, 0, 0, 1, 1, 1]
    assert [panel["about"] for panel in board["panels"]][:3] == ["PAIR-X", "Grad-CAM", "HiResCAM"]
    assert [[photo["name"] for photo in pair] for pair in board["pairs"]] == [["one", "two"], ["photo 2.png", "one"]]
    text = download(answers, shown, kind="svg").read_text()
    assert text.count(">Grad-CAM<") == 1, "a column has its name once"
    assert "one and two" in text and "photo 2.png and one" in text
    ((_, _, status),) = answers.run(asking(answers, photos[:2], "pairs", choices=("one~" + "0" * 24,)), SESSION)
    assert "no longer on the server" in status["text"]


def test_too_many_panels_are_one_line(answers, photos):
    many = tuple(methods.cards())
    filled = asking(answers, photos[:2], "pairs", choices=("one~two", "two~one"), methods=many)
    status = answers.show(filled).status
    assert f"{2 * len(many)} panels are too many" in status["text"] and str(MOST_PANELS) in status["text"]


def test_seconds_are_measured_or_said_to_be_an_estimate(answers, photos):
    ground = answers.ground(values(answers, photos[:2]), Asked())
    of = {one["id"]: one["seconds"] for one in chooser_value(ground, answers.boards.times)["axes"][0]["choices"]}
    assert of["grad-cam"].startswith("about ") and of["kernel-shap"].startswith("about ") and of["disk"] == ""
    for seconds in (9.0, 2.0, 3.0):
        answers.app_state.timings.add("reid-lite0", Explanation("grad-cam", 0.5, seconds=seconds))
    of = {one["id"]: one["seconds"] for one in chooser_value(ground, answers.boards.times)["axes"][0]["choices"]}
    assert of["grad-cam"] == "3.0 s", "the median"
    for name in ("hirescam", "layercam"):
        answers.app_state.timings.add("reid-lite0", Explanation(name, 0.5, seconds=30.0))
    of = {one["id"]: one["seconds"] for one in chooser_value(ground, answers.boards.times)["axes"][0]["choices"]}
    assert of["vesm"] == "about 30 s", "as what is alike took on this machine"


def test_a_link_opens_the_tab_with_its_background(answers):
    def opened(**query):
        return answers.open(SimpleNamespace(query_params=query))

    assert opened(a="one", b="two") == (gr.skip(),) * 3
    tabs, choice, photo = opened(axis="layers", background="mean")
    assert tabs.selected == "compare" and choice == "mean" and photo == gr.skip()
    _, choice, photo = opened(axis="methods", background="one")
    assert choice == PHOTOGRAPH and photo.name == "one"
    assert opened(axis="methods", background="/etc/passwd")[1:] == (gr.skip(),) * 2


def test_copies_of_one_photograph_share_results_but_not_names(answers, photos, photo_files, tmp_path):
    ran(answers, values(answers, photos[:2], ["grad-cam"]))
    copies = [answers.app_state.shelf.open(shutil.copy(photo_files[2], tmp_path / name), name) for name in ("x.png",)]
    board = answers.show(values(answers, [photos[0], copies[0]], ["grad-cam"])).board
    assert [photo["name"] for photo in board["pairs"][0]] == ["one", copies[0].ref.name]
