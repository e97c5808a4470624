"""What speaks against a metric is said, and nothing is built on it."""

import json
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pandas as pd
import pytest

from pairx.evaluation.views import view_rows
from pairx.ui.explore.choice import Choice
from pairx.ui.explore.events import ExploreEvents
from pairx.ui.explore.scene import scene_of_run, sentence, standing
from pairx.ui.shared.library import Library, Places
from tests.evaluation.made_up import write_run

MEAN = "inverted_residual_mean"
WEAK = {"auc": 0.01, "auc_interval": [-0.1, 0.12]}
STRONG = {"auc": 0.3, "auc_interval": [0.2, 0.4]}


@pytest.fixture
def exploration(app_state, tmp_path) -> ExploreEvents:
    return ExploreEvents(app_state, Library(Places(None, tmp_path, own_machine=False)))


@pytest.fixture
def make(exploration, tmp_path):
    """Writes a run of 60 pairs, of which some transforms are usable, and returns it opened."""

    def run(usable: int, over_control: dict | None, of_usable: dict | None = None):
        folder = tmp_path / "cows"
        write_run(folder, 60)
        table = pd.read_parquet(folder / "pairs.parquet")
        status = ["ok" if i < usable else "non-convex" for i in range(60)] * 2
        table.assign(status=status).to_parquet(folder / "pairs.parquet")
        summary = json.loads((folder / "summary.json").read_text())
        summary["status"] = {"ok": usable, "non-convex": 60 - usable}
        found = summary["layers"]["stage"]
        if over_control:
            found[MEAN] = {**found[MEAN], "over_control": over_control}
        if of_usable:
            found[MEAN + "_usable"] = {**found[MEAN], "rho": 0.9, "over_control": of_usable}
        (folder / "summary.json").write_text(json.dumps(summary))
        return exploration.library.run("cows")

    return run


def offered(scene: dict) -> list[str]:
    return [view["id"] for view in scene["views"]]


def test_a_metric_no_better_than_its_control_is_greyed_and_nothing_is_built_on_it(make):
    scene = scene_of_run(make(3, WEAK), Choice("cows", "stage", MEAN))
    against = scene["doubt"]
    assert against["grey"] and against["text"].startswith(
        "3 of 60 transforms between the photographs are usable: this metric says little here. "
        "It tells correct from incorrect pairs no better than its control"
    )
    assert [one["to"] for one in against["turns"]] == ["match_coverage", "usable"]
    assert offered(scene) == ["all", "sure", "far"]


def test_a_metric_that_beats_its_control_keeps_its_views_though_few_transforms_are_usable(make):
    scene = scene_of_run(make(3, STRONG), Choice("cows", "stage", MEAN))
    assert scene["doubt"]["text"].startswith("3 of 60") and not scene["doubt"]["grey"]
    assert offered(scene) == ["all", "plausible", "implausible", "sure", "far"]


def test_nothing_is_said_against_a_sound_metric_nor_against_one_without_transforms(make):
    run = make(50, STRONG)
    assert scene_of_run(run, Choice("cows", "stage", MEAN))["doubt"] == {}
    assert scene_of_run(run, Choice("cows", "stage", "match_coverage"))["doubt"] == {}


def test_a_control_is_said_to_be_one(make):
    scene = scene_of_run(make(50, STRONG), Choice("cows", "stage", "resize_" + MEAN))
    assert scene["doubt"]["text"].startswith("This is a control") and "plausible" not in offered(scene)


def test_where_no_transform_is_usable_there_are_no_usable_pairs_to_turn_to(make):
    scene = scene_of_run(make(0, WEAK), Choice("cows", "stage", MEAN))
    assert [one["to"] for one in scene["doubt"]["turns"]] == ["match_coverage"]


@pytest.mark.parametrize(("of_usable", "left"), [(WEAK, ["match_coverage"]), (STRONG, ["match_coverage", "usable"])])
def test_no_button_leads_to_usable_pairs_that_say_as_little(make, of_usable, left):
    scene = scene_of_run(make(20, WEAK, of_usable=of_usable), Choice("cows", "stage", MEAN))
    assert [one["to"] for one in scene["doubt"]["turns"]] == left


def test_suspects_are_correct_pairs_far_below_the_others_in_similarity(make):
    rows = make(3, WEAK).at("stage").copy()
    rows["correct"] = rows.index < 30
    similar = {n: 0.6 + 0.01 * (n % 7) for n in range(30)} | {7: 0.25, 21: 0.21}
    rows["cosine"] = [similar.get(n, 0.1 + 0.001 * n) for n in rows.index]  # the incorrect are all below the suspects
    assert view_rows(rows, MEAN, "far").index.tolist() == [21, 7], "the least similar first"


def test_the_usable_pairs_are_judged_by_their_own_numbers(make):
    run = make(30, WEAK, of_usable=STRONG)
    usable = Choice("cows", "stage", MEAN, column="status", values=("ok",))
    assert scene_of_run(run, usable)["doubt"] == {}
    rows = run.at("stage").query("status == 'ok'")
    assert sentence(standing(run, usable, rows), rows).startswith("rho 0.90")
    part = Choice("cows", "stage", MEAN, column="status", values=("ok",), text="Animal 1")
    assert scene_of_run(run, part)["doubt"]["grey"], "other pairs are judged by all"


@pytest.mark.parametrize(
    ("to", "left"), [("match_coverage", ("match_coverage", "", "")), ("usable", (MEAN, "status", ""))]
)
def test_the_buttons_lead_there(make, exploration, to, left):
    make(10, WEAK)
    event = gr.EventData(None, {"to": to})
    metric, column, values, text, plot = exploration.turn("cows", "stage", MEAN, "", "", [], "", event)
    assert (metric, column, text) == left
    scene = json.loads(Path(plot["scene"]["path"]).read_text())
    assert len(scene["number"]) == (10 if to == "usable" else 60)
    assert values["value"] == (["ok"] if to == "usable" else [])


def test_the_menu_says_which_metrics_can_tell_nothing_at_this_layer(make, exploration):
    make(40, WEAK)
    titles = {name: title for title, name in exploration.open("cows").metric["choices"]}
    assert titles[MEAN].endswith("(says little here)") and titles["match_coverage"] == "Match coverage"
    metrics, _ = exploration.change_layer("cows", "early", MEAN, "", "", [], "")
    assert not any(title.endswith("here)") for title, _ in metrics["choices"])


def test_a_link_to_a_view_that_is_not_offered_says_so(make, exploration):
    make(3, WEAK)
    query = {"run": "cows", "metric": MEAN, "layer": "stage", "pairs": "plausible"}
    *_, plot = exploration.open_link(SimpleNamespace(query_params=query))
    assert plot["show"]["view"] is None and "Incorrect but plausible" in plot["show"]["note"]


def test_filters_count_the_pairs_of_the_layer_on_show(make, exploration):
    make(10, WEAK)
    listed = exploration.list_values("cows", "stage", "status")
    assert listed["choices"] == [("non-convex (50)", "non-convex"), ("ok (10)", "ok")]
    kept = exploration.change_layer("cows", "early", MEAN, "", "status", ["ok"], "")[1]
    assert kept["value"] == ["ok"] and ("ok (10)", "ok") in kept["choices"]
