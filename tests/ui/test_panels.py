"""What the Compare tab does with its panels: tensors for the browser, backgrounds, faithfulness. With real methods on a
tiny network.
"""

import json
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from pairx import methods
from pairx.evaluation.faithfulness import Faithfulness
from pairx.types import Explanation
from pairx.ui.compare import faithfulness as measuring
from pairx.ui.compare.axes import Asked
from pairx.ui.compare.background import NONE, OWN, PHOTOGRAPH
from pairx.ui.compare.events import CompareEvents
from pairx.ui.compare.panels import MOST_CELLS, packed
from pairx.ui.shared.links import CHOICES

SESSION = SimpleNamespace(session_hash="me")
NAMES = ["grad-cam", "sam"]


def compared(answers: CompareEvents, photos, background=(OWN, None), names=NAMES) -> tuple[dict, object, dict]:
    """The last board, what the session holds, and the last status."""
    settings = [*photos[:2], "reid-lite0", "stage", *(known[0] for known in CHOICES.values())]
    inputs = [*answers.form.settings, *answers.background.inputs, answers.asked]
    filled = dict(zip(inputs, [*settings, *background, Asked("methods", tuple(names))], strict=True))
    board, shown, status = {}, None, {}
    for outputs in answers.run(filled, SESSION):
        board, shown, status = (
            kept if new == gr.skip() else new for new, kept in zip(outputs[:3], (board, shown, status), strict=True)
        )
    return board, shown, status


def scene(board: dict, name: str) -> dict:
    (panel,) = [one for one in board["panels"] if one["id"] == name]
    return json.loads(Path(panel["file"]["path"]).read_text())


def held(answers: CompareEvents, shown, name: str) -> Explanation:
    (cell,) = [one for one in shown.cells if one.id == name]
    return answers.cells.known(cell)


@pytest.mark.slow
def test_a_tensor_travels_apart_and_only_where_there_is_one(answers, photos):
    board, shown, _ = compared(answers, photos)
    first, second = board["panels"]
    assert first["tensor"] is None and "tensor" not in scene(board, "grad-cam")
    about = scene(board, "sam")["tensor"]
    values = np.fromfile(second["tensor"]["path"], "<i2").reshape(about["shape"]) * about["step"]
    tensor = held(answers, shown, "sam").tensor
    assert np.abs(values - tensor).max() <= about["step"] / 2 and about["step"] < np.abs(tensor).max() / 30000
    assert 0 < about["scale"] <= np.abs(tensor).max()


def test_a_fine_tensor_is_pooled():
    about, values = packed(np.ones((2 * MOST_CELLS, 3, 2, 2 * MOST_CELLS), np.float32))
    assert about["shape"] == (MOST_CELLS, 3, 2, MOST_CELLS)
    assert np.frombuffer(values, "<i2") * about["step"] == pytest.approx(1)
    assert packed(np.zeros((1, 1, 1, 1)))[1] == b"\0\0"


@pytest.mark.slow
def test_a_background_reaches_the_methods_that_take_one_and_the_others_say_so(answers, photos):
    own, shown, _ = compared(answers, photos)
    assert not scene(own, "sam")["background"] and own["ends"] == ["against the match", "for the match"]
    maps = {OWN: held(answers, shown, "sam").map0}
    for choice, words in (("mean", "background of the mean"), ("zero", "black background")):
        board, shown, _ = compared(answers, photos, (choice, None))
        assert scene(board, "sam")["background"] == words and words in board["about"]
        assert scene(board, "grad-cam")["background"] == NONE
        assert held(answers, shown, "sam").settings["background"] == choice
        maps[choice] = held(answers, shown, "sam").map0
    board, shown, _ = compared(answers, photos, (PHOTOGRAPH, photos[2]))
    assert scene(board, "sam")["background"] == "rather than photo 2.png"
    assert "photo 2.png" in board["ends"][0] and board["background"] == photos[2].ref.id
    maps[PHOTOGRAPH] = held(answers, shown, "sam").map0
    expected = methods.explain(
        answers.app_state.model("reid-lite0"),
        answers.app_state.pair(shown.cells[0].request),
        "sam",
        "stage",
        background=photos[2].image,
    )
    np.testing.assert_allclose(maps[PHOTOGRAPH], expected.map0, rtol=1e-5, atol=1e-8)
    all_maps = list(maps.values())
    assert all(not np.allclose(a, b) for i, a in enumerate(all_maps) for b in all_maps[:i])


@pytest.mark.slow
def test_another_background_computes_only_what_depends_on_it(answers, photos, monkeypatch):
    compared(answers, photos)
    ran = []
    original = methods.compare_each
    monkeypatch.setattr(
        methods,
        "compare_each",
        lambda model, pair, names, *how, **options: ran.append(names) or original(model, pair, names, *how, **options),
    )
    compared(answers, photos, ("mean", None))
    compared(answers, photos)
    compared(answers, photos, ("mean", None))
    assert ran == [["sam"]]


def test_a_background_without_its_photograph_is_one_line(answers, photos):
    for background, said in (
        ((PHOTOGRAPH, None), "Choose the photograph"),
        (("/etc/passwd", None), "no such background"),
    ):
        board, shown, status = compared(answers, photos, background)
        assert board == {} and shown is None and status["error"] and said in status["text"]


def test_a_sample_becomes_the_background(answers):
    assert answers.background.take(gr.EventData(None, {"id": "one"})).name == "one"
    with pytest.raises(gr.Error, match="no such sample"):
        answers.background.take(gr.EventData(None, {"id": "../one"}))


def measured(answers: CompareEvents, shown, **asked) -> list:
    return list(answers.measure(shown, SESSION, gr.EventData(None, asked)))


@pytest.mark.slow
def test_faithfulness_is_measured_for_the_panels_asked_for_and_only_once(answers, photos, monkeypatch):
    _, shown, _ = compared(answers, photos)
    *_, (message, status) = measured(answers, shown, run=shown.run, ids=["sam"])
    assert message["run"] == shown.run and message["found"].keys() == {"sam"} and status["text"] == ""
    rows = {row["name"]: row for row in message["found"]["sam"]["rows"]}
    assert set(rows) >= {"Faithfulness", "Faithfulness of pairs"} and "random" in message["found"]["sam"]["line"]
    every = measured(answers, shown, run=shown.run, ids=NAMES)
    said = [one.status["text"] for one in every]
    assert said == ["Waiting for a free place", "Measuring Grad-CAM", "Measuring SAM", ""]
    found = [one.measured for one in every if one.measured != gr.skip()]
    assert [len(one["found"]) for one in found] == [0, 1, 2], "each as soon as it is through"

    monkeypatch.setattr(measuring, "faithfulness", lambda *_, **__: pytest.fail("measured again"))
    assert measured(answers, shown, run=shown.run, ids=NAMES)[-1].measured == found[-1]
    board, _, _ = compared(answers, photos)
    assert [panel["measured"] for panel in board["panels"]] == [found[-1]["found"][name] for name in NAMES], "known"


def test_faithfulness_in_numbers_and_words():
    told = measuring.in_words(
        Faithfulness((0.25, -0.1), (0.05, 0.02), inefficiency=(0.5, 0.0), relative_inefficiency=(1.25, 0.0))
    )
    assert told["drop"] == pytest.approx(0.075) and told["random"] == pytest.approx(0.035)
    assert "0.075" in told["line"] and "0.035" in told["line"]
    assert [row["name"] for row in told["rows"]] == ["Faithfulness", "Inefficiency"]
    assert "A 0.250, B −0.100" in told["rows"][0]["value"] and "125% of it" in told["rows"][1]["value"]
    nothing = measuring.in_words(Faithfulness())
    assert nothing["line"] == measuring.NO_MAP and nothing["drop"] is None
    assert measuring.in_words(Faithfulness((0, 0), (0, 0)))["rows"][-1]["value"] == measuring.NO_SHARES


@pytest.mark.slow
def test_measuring_what_is_gone_or_was_never_there_is_one_line(answers, photos):
    _, shown, _ = compared(answers, photos)
    for asked in (
        {"run": "another", "ids": NAMES},
        {"run": shown.run, "ids": ["nothing"]},
        {"run": shown.run, "ids": 7},
    ):
        *_, (message, status) = measured(answers, shown, **asked)
        assert message == gr.skip() and status["error"] and "Press Compare" in status["text"]
    assert measured(answers, None)[-1].status["error"]


@pytest.mark.slow
def test_stop_ends_a_measurement(answers, photos):
    _, shown, _ = compared(answers, photos)
    steps = answers.measure(shown, SESSION, gr.EventData(None, {"run": shown.run, "ids": NAMES}))
    while "Measuring" not in str(next(steps).status):
        pass
    answers.halt(SESSION)
    *_, last = steps
    assert "Stopped" in last.status["text"] and last.measured == gr.skip()


def test_each_background_is_a_panel_and_the_photograph_is_the_one_of_the_well(answers, photos):
    settings = [*photos[:2], "reid-lite0", "stage", *(known[0] for known in CHOICES.values())]
    inputs = [*answers.form.settings, *answers.background.inputs, answers.asked]
    asked = Asked("backgrounds", ("own", "zero", PHOTOGRAPH))

    def filled(photo):
        return dict(zip(inputs, [*settings, "mean", photo, asked], strict=True))

    board = answers.show(filled(photos[2])).board
    assert [panel["title"] for panel in board["panels"]] == [
        "As in each method's paper", "Black, or no features", "photo 2.png",
    ]  # fmt: skip
    assert "SAM" in board["about"] and "mean" not in board["about"], "each panel has its own"
    assert "Choose the photograph" in answers.show(filled(None)).status["text"]
