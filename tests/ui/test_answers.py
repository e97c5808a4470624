"""What the tab answers, and the endpoint for programs."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from gradio.utils import get_upload_folder

import pairx
from pairx import methods, viz
from pairx.baselines import encode_pair
from pairx.core import correspondence
from pairx.testing import make_pair
from pairx.types import NOTHING_RAISES, Explanation, InputError, Step, View
from pairx.ui.api import ExplainApi, summary
from pairx.ui.explain.events import ExplainEvents
from pairx.ui.explain.scene import scene_of
from pairx.ui.shared import export, session
from pairx.ui.shared.links import CHOICES
from tests.ui.conftest import explanation_of


@pytest.fixture
def answers(explain_events) -> ExplainEvents:
    return explain_events


def values(answers: ExplainEvents, photos, layer: str = "stage", **options: str) -> dict:
    chosen = {name: options.get(name, known[0]) for name, known in CHOICES.items()}
    return dict(zip(answers.form.settings, [*photos, "reid-lite0", layer, *chosen.values()], strict=True))


SESSION = SimpleNamespace(session_hash="me")


def run(answers: ExplainEvents, filled: dict):
    return answers.run(filled, SESSION)


def opened(answers: ExplainEvents, paths) -> list:
    return [answers.app_state.shelf.open(path, path.name) for path in paths]


@pytest.mark.slow
def test_a_run_tells_how_far_it_is_and_ends_with_the_scene(answers, photo_files):
    *before, last = run(answers, values(answers, opened(answers, photo_files[:2])))
    assert [one[2]["text"] for one in before] == [
        "Waiting for a free place",
        "Loading the model",
        "Painting match 1",
        "Done",
    ]
    value, request, status = last[:3]
    scene = value["scene"]
    assert scene["sample"] == "same" and scene["story"] == "One animal." and status == {"text": "", "error": False}
    assert scene["form"] == [
        *map(str, photo_files[:2]),
        "reid-lite0",
        "stage",
        *(known[0] for known in CHOICES.values()),
    ]
    assert scene["key"] == answers.app_state.key(request)
    assert scene["references"] == [], "too small to mean anything"
    assert all(note.startswith(("one: It has only 64 x 48 px", "two: It has only")) for note in scene["notes"])
    assert scene["link"] == {"a": "one", "b": "two", "model": "reid-lite0", "layer": "stage"}
    json.dumps(scene, allow_nan=False)


def test_what_is_missing_or_wrong_is_said_and_nothing_shown(answers, photo_files):
    good = opened(answers, photo_files[:1])
    for photos, said in (([*good, None], "two photographs"), ([InputError("x is damaged"), *good], "x is damaged")):
        *_, (viewer, shown, status, *_) = run(answers, values(answers, photos))
        assert said in status["text"] and status["error"]
        assert viewer == shown == gr.skip()
    *_, last = run(answers, values(answers, good * 2, layer="no.such.layer"))
    assert "no layer" in last[2]["text"]
    *_, last = run(answers, values(answers, good * 2, cells="anything"))
    assert "cells" in last[2]["text"]


def test_a_run_ends_when_its_session_asks_for_something_else(answers, photo_files):
    filled = values(answers, opened(answers, photo_files[:2]))
    first = run(answers, filled)
    next(first), next(first)
    answers.begin(SimpleNamespace(session_hash="somebody else"))
    next(first)
    answers.begin(SESSION)
    assert list(first) == [], "superseded: it says no more"
    second = run(answers, filled)
    next(second), next(second)
    answers.halt(SESSION)
    ((_, _, status, *_),) = list(second)
    assert "Stopped" in status["text"]
    assert "Stopped" in list(run(answers, filled))[-1][2]["text"], "a run that was still waiting when Stop was pressed"
    assert len(answers.app_state.results) == 0


def test_a_fault_of_ours_is_one_calm_line(answers, photo_files, monkeypatch):
    def broken(*_, **__):
        yield Step(0, 1, "x")
        raise RuntimeError("secret path /srv/app")

    monkeypatch.setattr(pairx, "explain_steps", broken)
    *_, last = run(answers, values(answers, opened(answers, photo_files[:2])))
    assert last[2]["error"] and "secret" not in last[2]["text"]


def test_a_preset_sets_all_options_and_is_named_where_they_are_its_own(answers):
    for name in ("paper", "pairx", "wildme"):
        assert answers.published_as(*answers.as_published(name)) == name
    assert dict(zip(CHOICES, answers.as_published("wildme"), strict=True)) == {
        "cells": "sum_of_abs", "start": "activation", "residual": "plain", "batchnorm": "pass",
        "seed": "gradient_times_cosine", "pooling": "gradient", "pixels": "absolute", "engine": "exact",
        "positions": "centres", "strength": "relevance",
    }  # fmt: skip
    assert answers.published_as("sum_of_abs", *answers.as_published("pairx")[1:]) is None


@pytest.mark.slow
def test_a_download_is_what_the_screen_shows(answers, request_of, monkeypatch):
    looks = []
    draw = viz.draw
    monkeypatch.setattr(viz, "draw", lambda *drawn, **part: looks.append((drawn[2], part)) or draw(*drawn, **part))
    look = {"lines": 3, "colors": 2, "opacity": 0.5, "palette": "ranked", "isolate": 1}
    look |= {"zoom": 2.25, "centers": [[0.4, 0.5], [0.5, 0.5]], "point": None}
    asked = {"kind": "png", "look": look, "key": answers.app_state.key(request_of)}
    path = Path(answers.download(request_of, SimpleNamespace(_data=asked)))
    detail = viz.Detail(2.25, ((0.4, 0.5), (0.5, 0.5)))
    assert looks == [(viz.Look(3, 2, 0.5, "ranked", 1), {"detail": detail, "answer": None})]
    assert path.name == "pairx_one_two_tiny_stage_match2.png" and path.read_bytes().startswith(b"\x89PNG")
    assert path.is_relative_to(get_upload_folder())
    raw = answers.download(request_of, SimpleNamespace(_data=asked | {"kind": "npz"}))
    assert np.array_equal(Explanation.load(raw).map0, answers.app_state.explain(request_of).map0)
    with pytest.raises(gr.Error, match="two is not laid over one: only"):
        answers.download(request_of, SimpleNamespace(_data=asked | {"kind": "gif"}))
    for wrong in ({"key": "other"}, {"kind": "exe"}, {"kind": "../../x"}):
        with pytest.raises(gr.Error):
            answers.download(request_of, SimpleNamespace(_data=asked | wrong))


def test_a_points_answer_is_in_the_download(answers, request_of, monkeypatch):
    drawn = []
    monkeypatch.setattr(export, "content", lambda *how: drawn.append(how[-1]) or b"x")
    place = [0.3, 0.6, 0.3, 0.6]
    asked = {"kind": "svg", "key": answers.app_state.key(request_of), "look": {"point": {"side": 1, "place": place}}}
    answers.download(request_of, SimpleNamespace(_data=asked))
    (answer,) = drawn
    assert (answer.side, answer.place) == (1, tuple(place))
    np.testing.assert_array_equal(answer.cells, answers.app_state.point_map(request_of, 1, place))
    for wrong in ({"side": 3, "place": place}, {"side": 0, "place": [float("nan")] * 4}, {"place": "here"}):
        with pytest.raises(gr.Error, match="no place"):
            answers.download(request_of, SimpleNamespace(_data=asked | {"look": {"point": wrong}}))


@pytest.mark.parametrize(
    "look",
    [None, "text", {"zoom": 2}, {"zoom": "2", "centers": [[0, 0], [0, 0]]}, {"zoom": 2, "centers": [[0, 0]]},
     {"zoom": float("nan"), "centers": [[0, 0], [0, 0]]}, {"zoom": 2, "centers": [[0, 0], [0, float("inf")]]},
     {"zoom": 2, "centers": [[0, 0, 0], [0]]}, {"zoom": 2, "centers": {"a": 1, "b": 2}}],
)  # fmt: skip
def test_a_detail_that_means_nothing_is_the_whole(look):
    assert export.detail_from(look) is None


def test_a_detail_is_forced_into_range():
    found = export.detail_from({"zoom": 1e9, "centers": [[-5, 0.5], [2, 7]]})
    assert found == viz.Detail(viz.MOST_ZOOM, ((0, 0.5), (1, 1)))


def test_the_matches_as_a_table_are_all_of_them_in_pixels_of_the_files():
    pair = make_pair()
    box = View(200, 100, (10.0, 20.0, float(pair.image0.shape[1]), float(pair.image0.shape[0])))
    known = explanation_of(pair)
    rows = export.content(known, replace(pair, view0=box), "csv", viz.Look(2, 1)).decode("utf-8-sig").splitlines()
    assert rows[0] == "match,relevance,share,distance,a_x,a_y,b_x,b_y" and len(rows) == 1 + len(known.matches)
    first = [float(value) for value in rows[1].split(",")]
    assert first[0] == 1 and first[1] == pytest.approx(known.matches.relevance[0], rel=1e-5)
    assert first[4:6] == pytest.approx(known.matches.keypoints0[0] + (10, 20), abs=0.01)
    assert first[6:] == pytest.approx(known.matches.keypoints1[0], abs=0.01)


@pytest.mark.parametrize(
    "look",
    [None, "text", {}, {"lines": "9", "colors": None, "opacity": "all", "palette": 7},
     {"lines": 1e9, "colors": -5, "opacity": float("nan"), "isolate": True},
     {"isolate": 10**6, "palette": "__class__"}, {"isolate": "x"}],
)  # fmt: skip
def test_a_look_may_hold_anything(look):
    found = export.look_from(look, explanation_of(make_pair()).matches)
    assert 0 <= found.k_lines <= 40 and 0 <= found.k_colors <= 10 and 0 <= found.opacity <= 1
    assert found.palette in viz.palettes() and found.isolate is None


def test_file_names_hold_no_path():
    pair = make_pair()
    hostile = type(pair)(pair.image0, pair.image1, "../../etc/pass wd.jpg", "<b>ü" * 40, pair.view0, pair.view1)
    name = export.file_name(explanation_of(pair), hostile, "svg")
    assert "/" not in name and "<" not in name and len(name) < 200 and name.endswith(".svg") and "pass-wd" in name


def test_a_scene_has_colours_for_every_number_of_painted_matches():
    pair = make_pair()
    scene = scene_of(explanation_of(pair), pair)
    assert [len(colors) for colors in scene["palettes"]["bright"]] == list(range(11))
    assert [len(one) for one in scene["alphas"]] == [4, 4] and len(scene["marks"]) == 12
    assert [photo["name"] for photo in scene["photos"]] == ["first", "second"]


@pytest.mark.slow
def test_the_endpoint_answers_with_numbers_and_files(app_state, photo_files, runs):
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    sent = []
    for path in photo_files[:2]:
        copy = folder / path.name
        copy.write_bytes(path.read_bytes())
        sent.append({"path": str(copy), "orig_name": path.name, "meta": {"_type": "gradio.FileData"}})
    summary, figure, raw = ExplainApi(app_state).explain(*sent, lines=3, colors=2)
    json.dumps(summary, allow_nan=False)
    assert summary["similarity"] == 0.5 and [match["rank"] for match in summary["matches"]] == list(range(1, 13))
    assert sum(match["share"] for match in summary["matches"]) == pytest.approx(1)
    assert (
        Path(figure["path"]).read_bytes().startswith(b"\x89PNG") and Explanation.load(raw["path"]).matches is not None
    )
    ExplainApi(app_state).explain(*sent, preset="wildme", positions="between", strength="agreement")
    chosen = [{name: call[3][name] for name in ("cells", "positions", "strength")} for call in runs]
    assert chosen[0] == {"cells": "signed", "positions": "centres", "strength": "relevance"}
    assert chosen[1] == {"cells": "sum_of_abs", "positions": "between", "strength": "agreement"}


@pytest.mark.parametrize("path", ["/etc/passwd", "", None, "../../../etc/passwd", "http://127.0.0.1/x.jpg"])
def test_the_endpoint_opens_only_what_was_uploaded(app_state, photo_files, path):
    for file in ({"path": path}, {"path": str(photo_files[0])}):
        with pytest.raises(gr.Error, match="no uploaded file"):
            ExplainApi(app_state).explain(file, file)


def ask(answers: ExplainEvents, request, **asked) -> dict:
    known = {"key": answers.app_state.key(request), "ticket": 7, "side": 0, "place": [0.5, 0.5, 0.5, 0.5]}
    return answers.point(request, gr.EventData(None, known | asked))


def test_a_place_is_answered_by_the_other_photograph(answers, request_of, tiny):
    pair = answers.app_state.pair(request_of)
    tensor = methods.explain(tiny, pair, "point-to-point", "stage").tensor
    for side, place in ((0, [0.3, 0.6, 0.3, 0.6]), (1, [0.1, 0.1, 0.8, 0.5])):
        found = ask(answers, request_of, side=side, place=place)
        point = correspondence.at_point(place[:2], (6, 6)) if side == 0 else correspondence.in_box(place, (6, 6))
        expected = correspondence.partners(tensor, point, side)
        assert found["ticket"] == 7 and tuple(found["grid"]) == (6, 6)
        np.testing.assert_allclose(np.reshape(found["cells"], (6, 6)), expected, rtol=1e-3, atol=1e-7)
        assert found["scale"] == pytest.approx(viz.scale_of(expected), rel=1e-3)


def test_the_photographs_are_seen_once_for_many_places(answers, request_of, monkeypatch):
    seen = []
    monkeypatch.setattr(session, "encode_pair", lambda *how: seen.append(how) or encode_pair(*how))
    for x in (0.1, 0.5, 0.9):
        assert "cells" in ask(answers, request_of, place=[x, 0.5, x, 0.5])
    assert len(seen) == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"key": "another picture's"},
        {"side": 2},
        {"side": None},
        {"place": [0.1, 0.2]},
        {"place": "everywhere"},
        {"place": [0.1, 0.2, float("nan"), 0.4]},
        {"place": [0, 0, 7, 1]},
        {"place": [0.5, 0.5, 0.5, 0.9]},
    ],
)
def test_what_is_no_place_gets_one_line(answers, request_of, asked):
    found = ask(answers, request_of, **asked)
    assert found.keys() == {"ticket", "error"} and "\n" not in found["error"] and len(found["error"]) > 10
    assert "error" in answers.point(None, gr.EventData(None, "nonsense"))


def test_a_fault_while_a_place_is_asked_is_one_calm_line(answers, request_of, monkeypatch):
    monkeypatch.setattr(session, "point_map", lambda *_: 1 / 0)
    assert "fault of ours" in ask(answers, request_of)["error"]


def test_a_scene_tells_which_matches_lower_the_similarity_and_that_nothing_raises_it():
    pair = make_pair()
    one = explanation_of(pair)
    against = replace(one, matches=replace(one.matches, relevance=-one.matches.relevance))
    scene = scene_of(against, pair)
    assert all(mark["against"] and mark["share"] < 0 for mark in scene["marks"]) and len(scene["marks"]) == 12
    assert [mark["at"] for mark in scene["marks"]] == list(range(1, 13))
    assert scene["against"] == viz.AGAINST and scene["banner"] == NOTHING_RAISES and len(scene["alphas"][0]) == 4
    told = summary(against, SimpleNamespace(model="tiny", layer="stage"), pair)
    assert sum(match["share"] for match in told["matches"]) == pytest.approx(-1) and told["notes"] == []
    assert not scene_of(one, pair)["banner"]


def test_only_a_match_that_is_drawn_can_be_isolated():
    matches = explanation_of(make_pair()).matches
    lowering = replace(matches, relevance=np.concatenate([matches.relevance[:6], [-99.0, -1e-9, 0, 0, 0, 0]]))
    look = {"lines": 3, "colors": 2}
    isolated = [export.look_from({**look, "isolate": i}, lowering).isolate for i in range(12)]
    assert [i for i in isolated if i is not None] == [0, 1, 2, 6]
