"""What the Explore tab answers: what may be opened, the plot, the chosen pair, galleries, downloads."""

import html
import io
import json
import re
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pandas as pd
import pytest
from gradio.utils import get_upload_folder

from pairx.evaluation.reading import open_run
from pairx.evaluation.views import VIEWS
from pairx.types import InputError
from pairx.ui.explore import pair_events
from pairx.ui.explore.choice import Choice, chosen_rows
from pairx.ui.explore.downloads import content
from pairx.ui.explore.events import NO_RUN, TAB, ExploreEvents, choice_of
from pairx.ui.explore.pair_events import OUR_FAULT, PairEvents
from pairx.ui.explore.scene import scene_of_run, sentence, standing
from pairx.ui.shared.library import READY, Library, Places
from pairx.viz.scatter import CROWD, scatter_figure
from pairx.viz.scatter_print import PrintedScatter
from tests.evaluation.made_up import scored, write_run

SESSION = SimpleNamespace(session_hash="me")


@pytest.fixture
def library(tmp_path) -> Library:
    write_run(tmp_path / "runs" / "cows")
    (tmp_path / "sets" / "herd").mkdir(parents=True)
    (tmp_path / "sets" / "list.csv").write_text("image_id,path,identity\n")
    return Library(Places(tmp_path / "sets", tmp_path / "runs", own_machine=False))


@pytest.fixture
def exploration(app_state, library) -> ExploreEvents:
    return ExploreEvents(app_state, library)


@pytest.fixture
def pairs(app_state, library, monkeypatch) -> PairEvents:
    monkeypatch.setattr(pair_events, "TELL_SECONDS", 0)
    return PairEvents(app_state, library)


def clicked(number, ticket: int = 1, layer: str = "stage", run: str = "cows") -> gr.EventData:
    return gr.EventData(None, {"number": number, "ticket": ticket, "layer": layer, "run": run})


def read(file: dict) -> dict:
    return json.loads(Path(file["path"]).read_text())


def test_only_what_lies_in_the_named_folders_can_be_opened(library, tmp_path):
    assert library.datasets() == ["sample", "herd", "list.csv"]
    assert library.source("herd") == tmp_path / "sets" / "herd" and library.source("sample") == "sample"
    for name in ("/etc", "..", "../runs", "herd/..", str(tmp_path), "", "wildlife:NyalaData", "~"):
        with pytest.raises(InputError, match="no such data set"):
            library.source(name)
    for name in ("../runs/cows", "/etc", ".", "..", "", "a/b", "x" * 61, "cows\n", READY.lower()):
        with pytest.raises(InputError):
            library.run(name)
    assert [state.name for state in library.states()] == [READY, "cows"]


def test_on_ones_own_machine_paths_may_be_typed(library, tmp_path):
    mine = Library(Places(None, tmp_path / "none yet", own_machine=True))
    assert mine.source(str(tmp_path)) == tmp_path and mine.source("wildlife:X") == "wildlife:X"
    assert [state.name for state in mine.states()] == [READY]
    with pytest.raises(InputError, match="no such folder"):
        mine.source(str(tmp_path / "nowhere"))


def test_an_opened_run_is_read_again_when_it_changed(library, tmp_path, pairs):
    first = library.run("cows")
    assert library.run("cows") is first
    table = pd.read_parquet(tmp_path / "runs" / "cows" / "pairs.parquet")
    table.assign(status="ok").to_parquet(tmp_path / "runs" / "cows" / "pairs.parquet")
    assert set(library.run("cows").table["status"]) == {"ok"}
    assert library.new_name("/data/My cows (2)", "reid-lite0") == "My-cows-2-reid-lite0"


def test_a_scene_holds_every_pair_its_views_and_the_window(library):
    run = library.run("cows")
    scene = scene_of_run(run, Choice("cows", "stage", "match_coverage"))
    json.dumps(scene, allow_nan=False)
    assert scene["number"] == list(range(40)) and scene["value"][-1] is None
    points = [trace for trace in scene["figure"]["data"] if trace.get("customdata")]
    drawn = {trace["name"]: trace["customdata"] for trace in points}
    assert drawn == {"correct": list(range(20)), "incorrect": list(range(20, 39))}
    assert [trace["marker"]["symbol"] for trace in points] == ["circle", "x"]
    area, *edges = scene["figure"]["layout"]["shapes"]
    assert (area["x0"], area["x1"], len(edges)) == (0.3, 0.7, 3)
    assert scene["sentence"] == (
        "rho 0.50 · Delta 0.25 (95 % 0.10 to 0.40, by chance −0.10 to 0.10) · 39 pairs, 1 without this metric"
    )
    views = {view["id"]: view["numbers"] for view in scene["views"]}
    assert scene["views"][0]["meaning"].startswith("Every pair of the run")
    assert views["all"] == list(range(40)) and views["implausible"] == [] and views["plausible"] == []
    bars = [trace for trace in scene["figure"]["data"] if trace["type"] == "bar"]
    assert len(bars) == 4, "two classes at two margins"


def test_a_filter_counts_anew(library):
    run = library.run("cows")
    choice = Choice("cows", "stage", "match_coverage", column="status", values=("ok",), text="animal 1")
    rows = chosen_rows(run, choice)
    assert rows["status"].eq("ok").all() and 0 < len(rows) < 20
    assert "95 %" not in (said := sentence(standing(run, choice, rows), rows)) and f"{len(rows)} pairs" in said
    everything, *others = scene_of_run(run, choice)["views"]
    assert everything["meaning"].startswith("Every pair that the filters leave") and everything["numbers"]
    assert [view["meaning"] for view in others] == [view.meaning for view in list(VIEWS.values())[1:]]
    for wrong in ({"metric": "beauty"}, {"color": "mood"}, {"layer": "late"}, {"column": "mood", "values": ("x",)}):
        with pytest.raises(InputError):
            chosen_rows(run, Choice(**{"run": "cows", "layer": "stage", "metric": "match_coverage", **wrong}))


def test_colours_by_a_column_leave_the_shapes():
    rows = scored().query("layer == 'stage'").assign(day=[f"day {i % 12}" for i in range(40)])
    figure = scatter_figure(rows, "match_coverage", [], color="day")
    named = [trace for trace in figure.data if trace.customdata]
    assert len({trace.marker.color for trace in named}) == 8, "seven days and the others"
    assert {(trace.marker.symbol) for trace in named} == {"circle", "x"}
    assert sum(len(trace.customdata) for trace in named) == 39
    legend = [trace.name for trace in figure.data if trace.showlegend]
    assert sorted(legend) == sorted({trace.name for trace in named}), "every colour once"
    by_number = scatter_figure(rows, "match_coverage", [], color="cosine")
    assert np.array_equal(by_number.data[0].marker.color, rows["cosine"][:20])
    assert not any(trace.showlegend for trace in by_number.data), "its colours have a scale"
    of_one = rows.assign(day=np.where(rows["correct"], "day 1", "day 2"))
    legend = [trace for trace in scatter_figure(of_one, "match_coverage", [], color="day").data if trace.showlegend]
    assert {(trace.name, trace.marker.symbol) for trace in legend} == {("day 1", "circle"), ("day 2", "x")}
    many = pd.concat([rows] * (CROWD // 39 + 1), ignore_index=True)
    assert scatter_figure(many, "match_coverage", []).data[0].marker.size < figure.data[0].marker.size
    assert len(scatter_figure(rows[:0], "match_coverage", []).data) == 2, "no pair is no fault"


def test_opening_a_run_and_what_is_wrong_with_one(exploration, tmp_path):
    opened = exploration.open("cows")
    assert (opened.opened, opened.layer["value"]) == ("cows", "stage")
    assert opened.metric["value"] == "inverted_residual_mean"
    assert read(opened.plot["scene"])["run"] == "cows" and opened.plot["show"]["note"] == ""
    (tmp_path / "runs" / "cows" / "summary.json").unlink()
    *kept, plot = ExploreEvents(exploration.app_state, Library(exploration.library.places)).open("cows")
    assert all(one == gr.skip() for one in kept) and "no summary.json" in plot["note"]
    values = exploration.list_values("cows", "stage", "status")
    assert values["choices"] == [("ok (20)", "ok"), ("few inliers (20)", "few inliers")] and values["visible"]
    assert not exploration.list_values("cows", "stage", "nothing")["visible"]
    assert "no layer" in exploration.show("cows", "late", "match_coverage", "", "", [], "")["note"]


def linked(exploration: ExploreEvents, **query: str) -> list:
    """The values of the tab's choices that a link leads to, and of the plot."""
    tabs, *opened = exploration.open_link(SimpleNamespace(query_params=query))
    assert tabs.selected == TAB
    return [one["value"] if isinstance(one, dict) and "value" in one else one for one in opened]


def test_a_link_opens_exactly_its_view(exploration):
    asked = {
        "run": "cows", "layer": "early", "metric": "match_coverage", "color": "species", "column": "status",
        "values": '["few inliers"]', "text": "Animal 3", "pairs": "implausible", "query": "q3", "gallery": "g3",
    }  # fmt: skip
    *choices, plot = linked(exploration, **asked)
    assert choices == ["cows", "early", "match_coverage", "species", "status", ["few inliers"], "Animal 3"]
    assert plot["show"] == {"view": "implausible", "number": 3, "note": ""}
    scene = read(plot["scene"])
    assert scene["number"] == [3, 31, 33, 35, 37, 39] and scene["layer"] == "early"
    written = {name: asked[name] for name in asked if name not in ("pairs", "query", "gallery")}
    assert scene["link"] == written, "the browser adds the view and the pair"
    nothing = exploration.open_link(SimpleNamespace(query_params={"a": "one", "layer": "early"}))
    assert all(one == gr.skip() for one in nothing), "the page of another link stays as it is"


def test_numbers_colour_the_pairs_but_are_no_categories_to_filter_by(exploration):
    opened = exploration.open("cows")
    assert ("Matches", "n_matches") in opened.color["choices"] and ("Transform", "status") in opened.column["choices"]
    assert {name for _, name in opened.column["choices"]} == {"", "status", "species", "orientation"}
    assert "column “n_matches”" in linked(exploration, run="cows", column="n_matches")[-1]["show"]["note"]


def test_a_link_holds_a_selection_by_hand(exploration):
    *_, plot = linked(exploration, run="cows", selected="3-5,17,39-999999999")
    assert (
        plot["show"]["selected"] == sorted(plot["show"]["selected"]) == [3, 4, 5, 17, 39] and not plot["show"]["note"]
    )
    *_, plot = linked(exploration, run="cows", text="Animal 3", selected="1-5")
    assert plot["show"]["selected"] == [3], "of the pairs on show"
    for wrong in ("x", "1-", "-5", "1--5", "777", "1,,2", "1" * 5000):
        *_, plot = linked(exploration, run="cows", selected=wrong)
        assert "selected" not in plot["show"] and "selected pairs" in plot["show"]["note"]


def test_back_leads_to_the_view_of_before(exploration):
    asked = {"run": "cows", "layer": "early", "metric": "match_coverage", "selected": "1-2"}
    opened = exploration.go_back(gr.EventData(None, {"query": asked}))
    assert (opened.opened, opened.layer["value"], opened.tabs) == ("cows", "early", gr.skip())
    assert opened.plot["show"]["selected"] == [1, 2]
    for nothing in ({}, {"query": {}}, {"query": "x"}):
        assert exploration.go_back(gr.EventData(None, nothing)).opened == READY, "the page as it opened"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"layer": "late"}, "layer “late”"),
        ({"metric": "__class__"}, "metric “__class__”"),
        ({"color": "<b>mood</b>"}, "colour “<b>mood</b>”"),
        ({"column": "mood", "values": '["good"]'}, "column “mood”. "),
        ({"column": "status", "values": '["ok", "gone"]'}, "status “gone”"),
        ({"pairs": "../all"}, "view “../all”"),
        ({"query": "q1", "gallery": "g2"}, "pair “q1” and “g2”"),
        ({"query": "q1", "gallery": "g1", "text": "animal 2"}, "pair “q1” and “g1” among those on show"),
    ],
)
def test_what_a_run_does_not_have_is_said_and_left_as_it_opens(exploration, query, said):
    name, layer, metric, color, column, values, text, plot = linked(exploration, run="cows", **query)
    assert said in plot["show"].pop("note")
    assert (name, layer, metric, color) == ("cows", "stage", "inverted_residual_mean", "")
    assert column == ("status" if "ok" in query.get("values", "") else "") and values == (["ok"] if column else [])
    assert plot["show"] == {"view": None, "number": None} and text == query.get("text", "")


@pytest.mark.parametrize("run", ["../runs/cows", "/etc", "gone", "cows\0", "x" * 10_000, "cows/"])
def test_a_link_to_no_run_shows_the_sample_and_says_so(exploration, run):
    name, *_, plot = linked(exploration, run=run, layer="stage")
    assert name == READY and plot["show"] == {"note": NO_RUN} and plot["scene"]


def test_the_list_of_layers_says_why_a_run_opens_at_one(exploration, tmp_path):
    told = "Opens at stage. Highest rho of the inverted residual mean, without an interval: early 0.500, stage 0.500."
    assert exploration.open("cows").layer["info"] == told
    summary = tmp_path / "runs" / "cows" / "summary.json"
    summary.write_text(json.dumps(json.loads(summary.read_text()) | {"best_layer": None}))
    opened = ExploreEvents(exploration.app_state, Library(exploration.library.places)).open("cows")
    assert (opened.layer["value"], opened.layer["info"]) == ("early", ""), "no layer is best"


@pytest.mark.slow
def test_a_clicked_pair_shows_at_once_and_then_its_explanation(pairs, runs):
    shown = pairs.choose(SESSION, clicked(30))
    assert shown["ticket"] == 1 and shown["busy"] and not runs
    pair = shown["pair"]
    assert (pair["number"], pair["correct"]) == (30, False)
    assert pair["owners"] == "two individuals: Animal 30 and Other 30" and len(pair["photos"]) == 2
    assert ("Cosine similarity", "0.285", "") in pair["scores"] and ("Species", "cow", "") in pair["scores"]
    *steps, last = pairs.explain(SESSION, clicked(30))
    assert [step["note"] for step in steps] == ["Loading the model", "Painting match 1", "Done"]
    assert read(last["scene"])["similarity"] == 0.5 and last["link"].startswith("?a=") and "layer=stage" in last["link"]
    assert "found 0.28, this app's model 0.50" in last["note"]
    list(pairs.explain(SESSION, clicked(30, ticket=2)))
    assert len(runs) == 1, "the second time it is known"
    json.dumps([shown, last], allow_nan=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"size": 24}, "The run used reid-lite0 at 24 px and found 0.40; here it is explained at 12 px: 0.50."),
        ({"size": 12}, "found 0.40, this app's model 0.50: the run was made with other weights."),
        ({}, "the run was made with other weights or another input size."),
        ({"model_key": "tiny"}, "found 0.40, this app's model 0.50: the photographs have changed since."),
    ],
)
def test_what_the_runs_model_differs_in_is_said(pairs, tmp_path, tiny, settings, said):
    settings |= {"model_key": tiny.key} if "model_key" in settings else {}
    write_run(tmp_path / "runs" / "others", pairs=100, **settings)
    *_, last = pairs.explain(SESSION, clicked(62, run="others"))
    assert last["note"].endswith(said) and last["scene"]
    *_, last = pairs.explain(SESSION, clicked(50, ticket=2, run="others"))
    assert bool(last["note"]) == (settings == {"size": 24}), "the cosines agree"


def test_fast_clicks_end_at_the_last(exploration, pairs, runs):
    first = pairs.explain(SESSION, clicked(3, ticket=1))
    next(first), next(first)
    pairs.choose(SimpleNamespace(session_hash="somebody else"), clicked(4, ticket=9))
    next(first)
    assert pairs.choose(SESSION, clicked(5, ticket=2))["pair"]["number"] == 5
    assert list(first) == [], "superseded: it says no more"
    assert pairs.choose(SESSION, clicked(3, ticket=1)) == gr.skip(), "it comes late"
    assert list(pairs.explain(SESSION, clicked(3, ticket=1))) == [gr.skip()]
    second = pairs.explain(SESSION, clicked(5, ticket=2))
    next(second)
    pairs.halt(SESSION, clicked(None, ticket=3))
    assert list(second) == [] and len(exploration.app_state.results) == 0


@pytest.mark.parametrize(
    ("number", "photographs", "said"),
    [
        (3, False, "individuals unknown"),
        (30, False, "individuals unknown"),
        (3, True, "one individual: Animal 3"),
        (30, True, "two individuals: unknown and Other 30"),
    ],
)
def test_a_pair_without_names_is_not_said_to_be_one_individual(pairs, tmp_path, number, photographs, said):
    """photographs: whether the run knows those of the gallery; those of the queries it does not."""
    path = tmp_path / "runs" / "cows" / "photographs.parquet"
    known = pd.read_parquet(path)
    known[known["image_id"].str.startswith("g") & photographs].to_parquet(path)
    pair = pairs.choose(SESSION, clicked(number))["pair"]
    assert (pair["correct"], pair["owners"]) == (number < 20, said)


@pytest.mark.parametrize("number", [40, -1, None, "3", True, 2.5, [1]])
def test_what_is_no_pair_is_said(pairs, number):
    shown = pairs.choose(SESSION, clicked(number))
    assert shown["pair"] is None and shown["error"] and "no such pair" in shown["note"]
    *_, last = pairs.explain(SESSION, clicked(number))
    assert last["error"] and "no such pair" in last["note"]


def test_photographs_that_moved_and_other_faults(exploration, pairs, tmp_path, monkeypatch):
    (tmp_path / "runs" / "cows" / "photo0.png").unlink()
    shown = pairs.choose(SESSION, clicked(0))
    assert "no longer where the run found it" in shown["note"] and shown["error"] and not shown.get("busy")
    assert shown["pair"]["photos"] == [] and shown["pair"]["owners"] == "one individual: Animal 0", "it says which pair"
    (told,) = pairs.explain(SESSION, clicked(0))
    assert told == shown
    page = exploration.browse(gr.EventData(None, {"numbers": [0, 1, 99, "x"], "ticket": 4, "run": "cows"}))
    assert [item["number"] for item in page["items"]] == [0, 1] and page["ticket"] == 4
    assert "no longer" in page["items"][0]["files"][0]["problem"]
    assert Path(page["items"][1]["files"][1]["path"]).read_bytes().startswith(b"\xff\xd8")
    assert exploration.browse(gr.EventData(None, {"run": "../x"}))["items"] == []
    monkeypatch.setattr(exploration.app_state, "steps", lambda *_: 1 / 0)
    *_, last = pairs.explain(SESSION, clicked(1))
    assert last["note"] == OUR_FAULT


def test_a_run_of_a_model_that_is_not_here_still_shows_its_pairs(pairs, tmp_path):
    write_run(tmp_path / "runs" / "foreign", model="my-model")
    assert pairs.choose(SESSION, clicked(2, run="foreign"))["pair"]["number"] == 2
    *_, last = pairs.explain(SESSION, clicked(2, run="foreign"))
    assert last["pair"]["number"] == 2 and last["pair"]["scores"] and last["error"]
    assert last["note"] == "The run used my-model, which this app does not have: its scores are shown, PAIR-X is not."


def test_boxes_are_cut_out(pairs, tmp_path):
    photographs = write_run(tmp_path / "runs" / "boxed")
    boxed = photographs.assign(x=4.0, y=6.0, w=20.0, h=10.0, theta=0.0)
    boxed.to_parquet(tmp_path / "runs" / "boxed" / "photographs.parquet")
    pair = pairs.choose(SESSION, clicked(2, run="boxed"))["pair"]
    assert [(photo["width"], photo["height"]) for photo in pair["photos"]] == [(20, 10)] * 2


def test_downloads(exploration, library):
    values = ("cows", "stage", "match_coverage", "", "status", ["ok"], "")
    path = Path(exploration.download(*values, gr.EventData(None, {"kind": "csv", "numbers": [4, 2, 999, "x"]})))
    assert path.name == "pairx_cows_stage_match_coverage.csv" and path.is_relative_to(get_upload_folder())
    assert pd.read_csv(path)["query_id"].tolist() == ["q4", "q2"]
    run, choice = library.run("cows"), choice_of(*values)
    table = pd.read_parquet(io.BytesIO(content(run, choice, "parquet")))
    assert len(table) == 20 and {"query_identity", "match_coverage", "species"} <= set(table)
    page = content(run, choice, "html").decode()
    assert "Plotly.newPlot" in page and "sendChartToCloud" in page[page.rindex("Plotly.newPlot") :]
    assert "<title>Match coverage against cosine similarity, cows</title></head>" in page
    for wrong in ("exe", "../../x", None):
        with pytest.raises(gr.Error):
            exploration.download(*values, gr.EventData(None, {"kind": wrong}))
    with pytest.raises(gr.Error, match="Choose a run"):
        exploration.download("", *values[1:], gr.EventData(None, {"kind": "csv"}))


def texts_of(svg: bytes) -> str:
    """All that is written in an SVG, line by line."""
    return "\n".join(html.unescape(one) for one in re.findall(r"<text[^>]*>([^<]*)</text>", svg.decode()))


def test_a_figure_says_what_it_shows(library):
    run, choice = library.run("cows"), Choice("cows", "stage", "match_coverage", "", "status", ("ok",), "animal")
    written = texts_of(content(run, choice, "svg", [4, 2]))
    for said in (
        "Match coverage against cosine similarity",
        "cosine similarity",
        "Match coverage",
        "Data set cows · model reid-lite0 · layer stage · run cows",
        "Only pairs of which transform is ok, and a photograph or individual is called “animal” in part · 2 selected,",
        "correct",
        "incorrect",
    ):
        assert said in written, said
    assert content(run, choice, "pdf").startswith(b"%PDF") and content(run, choice, "png").startswith(b"\x89PNG")
    page = content(run, choice, "html").decode()
    assert "layer stage \\u00b7 run cows" in page or "layer stage · run cows" in page


def test_a_figure_shows_the_part_of_the_plot_that_is_seen(library):
    run, choice = library.run("cows"), Choice("cows", "stage", "match_coverage")
    part = {"x": [0.3, 0.5], "y": [0.25, 0.75]}
    written = texts_of(content(run, choice, "svg", None, part)).split("\n")
    assert {"0.300", "0.500"} <= set(written) and not {"0.8", "1.0", "0.9"} & set(written)
    whole = content(run, choice, "svg")
    for wrong in ("x", {"x": [1]}, {"x": [2, 1]}, {"y": ["<b>", 1]}, {"x": [float("nan"), 1]}, {"x": None}):
        assert content(run, choice, "svg", None, wrong) == whole, "what is no range is left out"


def test_names_of_others_are_only_text_in_a_figure(library):
    names = {"day": ["<b>x</b>", "$\\frac{1}{0}$", "_hidden", "נמר"] * 10}
    rows = scored().query("layer == 'stage'").assign(**names)
    figure = PrintedScatter(rows, "match_coverage", [], "Match coverage", "<i>t</i>", ("$a_1$",), color="day")
    assert figure.png().startswith(b"\x89PNG")
    page = figure.page()
    legend = [text.get_text().strip("\u200e") for text in page.axes[0].get_legend().get_texts()]
    assert set(names["day"]) <= set(legend)


def test_runs_with_the_same_pairs_do_not_mix(pairs, tmp_path):
    write_run(tmp_path / "runs" / "others", pairs=20)
    assert pairs.choose(SESSION, clicked(12, run="others"))["pair"]["correct"] is False
    assert pairs.choose(SESSION, clicked(12, ticket=2, run="cows"))["pair"]["correct"] is True
    assert open_run(tmp_path / "runs" / "others").at("stage").index.max() == 19
