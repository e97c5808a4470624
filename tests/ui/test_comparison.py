"""What the Compare tab answers."""

import io
import json
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from PIL import Image

from pairx import methods
from pairx.testing import make_pair
from pairx.types import Explanation, Refusal, Step
from pairx.ui.compare.background import OWN
from pairx.ui.compare.events import CompareEvents, RunOutputs, by_family, presets
from pairx.ui.compare.panels import panel_scene
from pairx.ui.shared.links import CHOICES
from tests.ui.conftest import explanation_of

SESSION = SimpleNamespace(session_hash="me")
FAST = ["pair-x", "grad-cam", "sam"]
pytestmark = pytest.mark.usefixtures("computed")


@pytest.fixture
def computed(monkeypatch) -> list[str]:
    """Replaces the methods: SAM refuses, the others answer at once. Every method that ran is noted here."""
    ran: list[str] = []

    def compare_each(model, pair, names, layer=None, **_options):
        for number, name in enumerate(names):
            yield Step(number, len(names), methods.cards()[name].title)
            ran.append(name)
            found = explanation_of(pair, layer, seed=len(ran))
            yield (
                Refusal(name, "it needs <b>this</b>")
                if name == "sam"
                else Explanation(name, 0.5, found.map0, found.map1, settings=found.settings, seconds=0.25)
            )

    monkeypatch.setattr(methods, "compare_each", compare_each)
    return ran


def values(answers: CompareEvents, photos, names=FAST, background=(OWN, None)) -> dict:
    settings = [*photos, "reid-lite0", "stage", *(known[0] for known in CHOICES.values())]
    return dict(
        zip(
            [*answers.form.settings, *answers.groups, *answers.background.inputs],
            [*settings, *(group[::-1] for group in by_family(names)), *background],
            strict=True,
        )
    )


def boards(outputs) -> list[dict]:
    return [board for board, *_ in outputs if board != gr.skip()]


def panels(board: dict) -> dict[str, dict | None]:
    """What the panels of a board show, by title."""
    files = {panel["title"]: panel["file"] for panel in board["panels"]}
    return {title: file and json.loads(Path(file["path"]).read_text()) for title, file in files.items()}


def download(answers: CompareEvents, shown, **asked) -> Path:
    return Path(answers.download(shown, gr.EventData(None, asked)))


@pytest.mark.slow
def test_the_tab_opens_on_a_comparison_and_only_once(answers, app_state, computed, photo_files, tmp_path):
    copies = [shutil.copy(path, tmp_path / f"{i}.png") for i, path in enumerate(photo_files[:2])]
    samples = [app_state.shelf.open(path, "of gradio's cache") for path in copies]
    filled = values(answers, samples)
    outputs = list(answers.open(filled, SESSION))
    assert computed == FAST and boards(outputs)[-1]["over"]
    assert all(go == gr.skip() for *_, go, _ in outputs[:-1]), "another choice need not wait"
    assert list(answers.open(filled, SESSION)) == [RunOutputs()]
    assert list(answers.open(values(answers, samples[::-1]), SimpleNamespace(session_hash="other"))) == [RunOutputs()]
    assert list(answers.open(values(answers, [samples[0], None]), SimpleNamespace(session_hash="third"))) == [
        RunOutputs()
    ]


@pytest.mark.slow
def test_each_method_shows_as_soon_as_it_is_through(answers, photos):
    outputs = list(answers.run(values(answers, photos[:2]), SESSION))
    drawn = [[title for title, scene in panels(board).items() if scene] for board in boards(outputs)]
    titles = ["PAIR-X", "Grad-CAM", "SAM"]
    assert drawn == [titles[:0], titles[:1], titles[:2], titles, titles]
    said = [status["text"] for _, _, status, *_ in outputs if status != gr.skip()]
    assert said == ["Loading the model", "Loading the model", *titles, ""]
    assert [board["over"] for board in boards(outputs)] == [False] * 4 + [True]


@pytest.mark.slow
def test_a_panel_holds_its_maps_or_the_reason_why_not(answers, photos):
    *_, last = boards(answers.run(values(answers, photos[:2]), SESSION))
    shown = panels(last)
    assert shown["SAM"]["reason"] == "it needs <b>this</b>" and "heat" not in shown["SAM"]
    scene = shown["Grad-CAM"]
    assert all(src.startswith("data:image/webp") for src in scene["heat"])
    assert scene["seconds"] == "0.25 s" and scene["note"] == methods.cards()["grad-cam"].caveat
    card = dict(scene["card"])
    assert card["Paper"] == methods.cards()["grad-cam"].paper and card["Cost"] == methods.cards()["grad-cam"].cost
    assert [photo["name"] for photo in last["photos"]] == ["one", "two"]


def test_matches_come_along_and_what_ignores_the_partner_says_so():
    pair = make_pair()
    scene = panel_scene(explanation_of(pair), pair, methods.cards()["pair-x"])
    assert len(scene["marks"]) == 12 and dict(scene["card"])["Matches"] == "12"
    looks = {
        name: dict(panel_scene(Refusal(name, ""), pair, card)["card"])["Looks at"]
        for name, card in methods.cards().items()
    }
    assert {name for name, text in looks.items() if "not the other" in text} == {"eigen-cam", "kpca-cam"}


@pytest.mark.slow
def test_the_second_time_is_not_computed_again(answers, photos, computed):
    filled = values(answers, photos[:2])
    list(answers.run(filled, SESSION))
    assert computed == FAST
    *_, last = boards(answers.run(filled, SESSION))
    assert computed == [*FAST, "sam"], "only what refused is asked again"
    assert all(panels(last).values())
    list(answers.run(values(answers, photos[1:]), SESSION))
    assert len(computed) == 7, "another pair is another result"


def test_stop_keeps_what_is_through_and_ends_the_work(answers, photos, computed):
    outputs = answers.run(values(answers, photos[:2]), SESSION)
    while "Grad-CAM" not in str(next(outputs)[2]):
        pass
    answers.halt(SESSION)
    *_, last = list(outputs)
    assert "Stopped" in last[2]["text"] and last[0]["over"]
    assert [bool(scene) for scene in panels(last[0]).values()] == [True, False, False]
    assert computed == ["pair-x"]
    assert "Stopped" in list(answers.run(values(answers, photos[:2]), SESSION))[-1][2]["text"], "stopped while waiting"


@pytest.mark.slow
def test_two_sessions_get_their_own_and_stop_their_own(answers, photos):
    other = SimpleNamespace(session_hash="other")
    runs = [answers.run(values(answers, photos[:2]), SESSION), answers.run(values(answers, photos[1:]), other)]
    outputs: list[list] = [[], []]
    for _ in range(4):
        for run, seen in zip(runs, outputs, strict=True):
            seen.append(next(run))
    answers.halt(SESSION)
    for run, seen in zip(runs, outputs, strict=True):
        seen.extend(run)
    mine, others = (boards(seen)[-1] for seen in outputs)
    assert [[photo["name"] for photo in board["photos"]] for board in (mine, others)] == [
        ["one", "two"],
        ["two", "photo 2.png"],
    ]
    assert None in panels(mine).values() and all(panels(others).values())


def test_what_is_missing_or_broken_is_one_calm_line(answers, photos, monkeypatch):
    for filled, said in (
        (values(answers, photos[:2], []), "at least one method"),
        (values(answers, [photos[0], None]), "two photographs"),
    ):
        ((board, _, status, *_),) = answers.run(filled, SESSION)
        assert said in status["text"] and status["error"] and board == gr.skip()

    def broken(*_):
        yield Step(0, 1, "x")
        raise RuntimeError("secret path /srv/app")

    monkeypatch.setattr(methods, "compare_each", broken)
    *_, last = answers.run(values(answers, photos[:2]), SESSION)
    assert last[2]["error"] and "secret" not in last[2]["text"] and last[0]["over"]


@pytest.mark.slow
def test_downloads_hold_every_panel(answers, photos):
    *_, (_, shown, *_) = [one for one in answers.run(values(answers, photos[:2]), SESSION) if one[1] != gr.skip()]
    picture = download(answers, shown, kind="png", opacity=1.0)
    assert picture.name == "pairx_compare_one_two_reid-lite0_stage.png"
    strong = np.asarray(Image.open(picture).convert("RGB")).astype(int)
    weak = np.asarray(Image.open(download(answers, shown, kind="png", opacity=0)).convert("RGB")).astype(int)
    assert strong.shape == weak.shape and np.abs(strong - weak).max() > 50, "at the board's opacity"
    assert download(answers, shown, kind="pdf").read_bytes().startswith(b"%PDF")
    with zipfile.ZipFile(download(answers, shown, kind="zip")) as archive:
        assert archive.namelist() == ["pair-x.npz", "grad-cam.npz"]
        raw = np.load(io.BytesIO(archive.read("grad-cam.npz")))
        assert raw["map0"].shape == (6, 6)


@pytest.mark.slow
def test_one_panel_is_downloaded_alone(answers, photos):
    *_, (_, shown, *_) = [one for one in answers.run(values(answers, photos[:2]), SESSION) if one[1] != gr.skip()]
    raw = download(answers, shown, kind="npz", name="grad-cam")
    assert raw.name == "pairx_grad-cam_one_two_reid-lite0_stage.npz" and Explanation.load(raw).method == "grad-cam"
    assert min(Image.open(download(answers, shown, kind="png", name="grad-cam")).size) > 100
    for name in ("sam", "../grad-cam", 7):
        with pytest.raises(gr.Error, match="no longer kept"):
            download(answers, shown, kind="npz", name=name)


@pytest.mark.slow
def test_downloads_of_nothing_or_of_anything_are_refused(answers, photos):
    *_, (_, shown, *_) = [one for one in answers.run(values(answers, photos[:2]), SESSION) if one[1] != gr.skip()]
    with pytest.raises(gr.Error, match="Press Compare"):
        download(answers, None, kind="png")
    with pytest.raises(gr.Error, match="no download of this kind"):
        download(answers, shown, kind="../etc")
    answers.app_state.results._held.clear()
    with pytest.raises(gr.Error, match="no longer kept"):
        download(answers, shown, kind="png")


@pytest.mark.slow
def test_panels_stand_in_the_order_of_the_cards_however_they_were_ticked(answers, photos):
    last = boards(answers.run(values(answers, photos[:2], presets()["Fast"]), SESSION))[-1]
    assert [panel["title"] for panel in last["panels"]] == [methods.cards()[name].title for name in presets()["Fast"]]


def test_presets():
    assert not any(methods.cards()[name].slow for name in presets()["Fast"]) and "pair-x" in presets()["Fast"]
    figure = presets()["Figure 9 of the PAIR-X paper"]
    assert {methods.cards()[name].family for name in figure} == {"class activation"} and len(figure) == 12
    assert not {"vesm", "grad-cam-no-norm"} & {*figure}
    assert [name for group in by_family(figure) for name in group] == figure
    assert not any(by_family(presets()["None"]))
