"""What the Figure tab answers: a figure of the page is drawn, saved and opened again, and nothing is read that the app
does not keep."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from pairx.figures import read_record, read_spec
from pairx.types import InputError
from pairx.ui.figure.events import FigureEvents, figure_from
from pairx.ui.figure.payload import FigureFacts, FigureValue
from pairx.ui.figure.specs import opened, spec_of
from pairx.ui.review.desk import ReviewDesk
from pairx.ui.shared.figures import of_run, parts_of, reference
from pairx.ui.shared.library import SAMPLE_RUN, Library, Places
from tests.evaluation.made_up import write_run
from tests.ui.payloads import faults

ME, YOU = SimpleNamespace(session_hash="me"), SimpleNamespace(session_hash="you")
PAIR = {"a": "sample:marty-2", "b": "sample:marty-3"}
SMALL = {"rows": [PAIR], "columns": [{"show": "photographs"}], "width": "60"}


@pytest.fixture
def events(app_state, tmp_path) -> FigureEvents:
    write_run(tmp_path / "runs" / "cows")
    library = Library(Places(None, tmp_path / "runs", own_machine=False, reviews=tmp_path / "reviews"))
    return FigureEvents(app_state, library, ReviewDesk(app_state, library))


def event(figure, **more) -> gr.EventData:
    return gr.EventData(None, {"text": json.dumps(figure), **more})


def drawn(events: FigureEvents, figure, session=ME) -> list:
    asked, _ = events.begin(session, event(figure))
    return list(events.draw(asked, session))


def saved(events: FigureEvents, figure, kind: str, session=ME) -> Path:
    asked, _, nothing = events.begin_file(session, event(figure, kind=kind))
    assert nothing is None
    *_, last = events.save(asked, session)
    assert not last.status.get("error"), last.status
    return Path(last.shown)


def told(outputs: list) -> str:
    """What went wrong."""
    assert outputs[-1].status.get("error"), outputs[-1]
    return outputs[-1].status["text"]


@pytest.mark.slow
def test_two_sessions_draw_each_its_own(events):
    mine, yours = SMALL | {"title": "Mine"}, SMALL | {"title": "Yours", "width": "80"}
    asked = [events.begin(one, event(figure))[0] for one, figure in ((ME, mine), (YOU, yours))]
    first = [*events.draw(asked[0], ME)][-1].shown
    second = [*events.draw(asked[1], YOU)][-1].shown
    assert faults(first, FigureValue) == []
    assert [json.loads(one["text"])["title"] for one in (first, second)] == ["Mine", "Yours"]
    assert (first["width"], second["width"]) == (60, 80) and first["file"]["path"] != second["file"]["path"]
    assert figure_from(first["text"]) == mine
    made = read_record(Path(first["file"]["path"]))
    assert "marty-2" in made["spec"] and made["photographs"][0]["source"] == "marty-2"


@pytest.mark.slow
def test_uploads_runs_and_samples_are_computed_by_a_method(events, photos):
    upload = reference("uploads", photos[2].ref.id, photos[2].ref.name)
    runs = {"a": "runs/cows/q1", "b": {"file": "runs/cows/g1", "box": [0, 0, 40, 40]}, "correct": True}
    figure = {
        "rows": [PAIR | {"title": "Samples"}, {"a": upload, "b": "sample:marty-2"}, runs],
        "columns": [{"method": "pair-x"}, {"method": "grad-cam"}],
        "model": "reid-lite0",
        "layer": "stage",
        "width": "60",
    }
    outputs = drawn(events, figure)
    assert outputs[0].status["busy"] and outputs[-1].shown["notes"] == []
    assert saved(events, figure, "pdf").read_bytes().startswith(b"%PDF")
    text = saved(events, figure, "yaml").read_text()
    assert upload in text and "runs/cows/g1" in text and len(read_spec(text).rows) == 3
    with zipfile.ZipFile(io.BytesIO(saved(events, figure, "zip").read_bytes())) as archive:
        assert sorted(archive.namelist()) == sorted(["figure.yaml", upload, "runs/cows/q1", "runs/cows/g1"])
        assert archive.read(upload) == photos[2].ref.path.read_bytes()


@pytest.mark.slow
def test_what_was_saved_is_opened_again(events):
    figure = SMALL | {"rows": [PAIR | {"title": "Two: of 'them'"}], "scale": "row", "font_size": "8"}
    for kind in ("png", "svg", "pdf", "yaml"):
        again = events.open(str(saved(events, figure, kind))).opened["figure"]
        assert spec_of(again) == spec_of(figure), kind
        assert again["rows"] == figure["rows"] and again["columns"] == figure["columns"]


def test_short_forms_of_a_specification_become_lists(tmp_path):
    path = tmp_path / "figure.yaml"
    path.write_text(
        "rows: {pairs: [[sample:marty-2, sample:marty-3], {a: sample:inka-1, b: sample:inka-2, title: T}]}\n"
        "columns:\n  methods: [pair-x, {method: grad-cam, title: G}]\nwidth: nature-single\n"
    )
    figure = opened(path)
    assert figure["rows"] == [PAIR, {"a": "sample:inka-1", "b": "sample:inka-2", "title": "T"}]
    assert figure["columns"] == [{"method": "pair-x"}, {"method": "grad-cam", "title": "G"}]
    assert spec_of(figure) == read_spec(path.read_text())
    path.write_text("rows: [{run: sample, view: most plausible correct, first: 2}]\n")
    assert opened(path)["rows"][0]["first"] == "2" and opened(path)["columns"] == []
    path.write_text("rows: {methods: grad-cam}\npair: [sample:marty-2, sample:marty-3]\n")
    assert opened(path)["rows"] == [{"method": "grad-cam"}]


@pytest.mark.slow
def test_an_upload_that_expired_leaves_its_row_out_and_says_so(events, photos):
    upload = reference("uploads", photos[2].ref.id, "my cow.png")
    gone = {"a": upload, "b": "sample:marty-2"}
    look = events.look(gr.EventData(None, {"ticket": 3, "photos": [upload, "sample:marty-2"], "model": "reid-lite0"}))
    assert faults(look, FigureFacts) == [] and look["ticket"] == 3 and "thumb" in look["photos"][0]
    assert look["layers"][-1][1] == "stage"
    photos[2].ref.path.unlink()
    look = events.look(gr.EventData(None, {"ticket": 4, "photos": [upload], "model": "reid-lite0"}))
    assert look["photos"][0]["name"] == "my cow.png" and "no longer on the server" in look["photos"][0]["problem"]
    *_, last = drawn(events, SMALL | {"rows": [gone, PAIR]})
    (note,) = last.shown["notes"]
    assert note.startswith("Row 1 is left out: my cow.png is no longer on the server")
    assert "my cow" not in read_record(Path(last.shown["file"]["path"]))["spec"]
    assert "Row 1 is left out" in told(drawn(events, SMALL | {"rows": [gone]}))


HOSTILE = [
    "/etc/passwd",
    "../../secret.png",
    "~/secret.png",
    "file:///etc/passwd",
    "sample:../../secret",
    "uploads/../x",
    "uploads/0123456789abcdef01234567/../../x.png",
    "uploads/0123456789abcdef01234567/x.png",
    "runs/..%2F..%2Fetc/passwd",
    "runs/cows/..",
    "reviews/../x",
    "reviews/none/x",
    "C:\\x.png",
    "a\x00b",
]


@pytest.mark.parametrize("source", HOSTILE)
def test_a_path_is_no_photograph(events, source):
    assert "left out" in told(drawn(events, SMALL | {"rows": [{"a": source, "b": "sample:marty-2"}]}))
    look = events.look(gr.EventData(None, {"ticket": 1, "photos": [source], "model": "../x"}))
    assert look["photos"][0]["problem"] and look["layers"] == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"model": {"name": "reid-lite0", "weights": "/x"}, "columns": [{"method": "pair-x"}]}, "by their names"),
        ({"model": "./model.pt", "columns": [{"method": "pair-x"}]}, "no such model"),
        ({"rows": [{"run": "/etc", "view": "most similar pairs"}]}, "Row 1"),
        ({"rows": [{"run": "..", "view": "most similar pairs"}]}, "Row 1"),
        ({"scatter": {"run": "../x"}}, "Name the run"),
        ({"columns": [{"method": "sam", "show": "labels", "labels": [{"name": "n", "mask": "/x"}]}]}, "not on this"),
        ({"columns": [{"method": "sam", "background": "/etc/passwd"}]}, "left out"),
        ({"columns": [{"method": "<b>no</b>"}]}, "Column 1"),
        ({"rows": [PAIR, PAIR | {"tittle": "x"}]}, "Row 2"),
        ({"rows": [PAIR] * 31, "columns": [{"show": "photographs"}] * 2}, "62 panels are too many"),
        ({"rows": [{"run": "cows", "view": "most similar pairs", "first": 60}] * 2}, "too many"),
        ({"rows": []}, "no rows"),
        ({"rows": "x"}, "no rows"),
        ({"rows": [None]}, "Row 1"),
        ({"rows": [[[[[[[[[[[[[[1]]]]]]]]]]]]]]}, "deep"),
        ({"width": 1e9}, "width"),
        ({"title": "a\u2028b\u0085\ud800"}, ""),
    ],
)  # fmt: skip
def test_a_hostile_specification_is_an_answer(events, change, said):
    assert said in told(drawn(events, SMALL | change))


@pytest.mark.parametrize("text", ["", "[", "7", "null", "[" * 100_000, "x" * 300_000])
def test_what_is_no_figure_is_refused(events, text):
    with pytest.raises(InputError, match="no figure"):
        figure_from(text)
    asked, _ = events.begin(ME, gr.EventData(None, {"text": text}))
    assert told(list(events.draw(asked, ME)))
    assert told(list(events.draw(events.begin(ME, gr.EventData(None, ["x"]))[0], ME)))


def test_what_is_no_specification_is_not_opened(events, tmp_path):
    for name, data in (("a.yaml", b"rows: &a [*a]"), ("b.png", b"x"), ("c.svg", b"<svg/>"), ("d.json", b"\xff\xfe")):
        (tmp_path / name).write_bytes(data)
        assert told([events.open(str(tmp_path / name))])
    assert events.open(None).opened == gr.skip()


@pytest.mark.slow
def test_stop_ends_a_drawing_and_another_takes_its_place(events):
    asked, _ = events.begin(ME, event(SMALL | {"columns": [{"method": "pair-x"}], "layer": "stage"}))
    steps = events.draw(asked, ME)
    assert next(steps).status["busy"]
    assert "Stopped" in events.halt(ME)["text"]
    assert "Stopped" in [*steps][-1].status["text"]
    assert "Stopped" in next(events.draw(asked, ME)).status["text"]
    asked, _ = events.begin(ME, event(SMALL))
    steps = events.draw(asked, ME)
    next(steps)
    events.begin(ME, event(SMALL))
    assert [*steps] == []


def test_a_reference_names_one_photograph(tmp_path):
    for name in ("a b.png", "../x", ".hidden", "a/b\\c", "100 %", "ü – 斑马.jpg", 'x"<>|?*:y'):
        source = reference("runs", "cows", name)
        assert parts_of(source) == ("runs", "cows", name)
        assert len(source.split("/")) == 3 and ".." not in source.split("/") and "\\" not in source
    assert of_run(SAMPLE_RUN, "marty-2") == "sample:marty-2" and of_run(tmp_path / "cows", "q1") == "runs/cows/q1"
    for other in ("runs/cows/%2e%2e", "runs/cows/..", "runs/cows", "x/y/z", "runs/cows/a%zz"):
        assert parts_of(other) is None
