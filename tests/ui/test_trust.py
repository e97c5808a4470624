"""What the app says of judgements: a line in Compare, a table, the pairs behind a number; nothing without one."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs

import gradio as gr
import pytest

from pairx.judging.contenders import RANDOM
from pairx.judging.criteria import CRITERIA
from pairx.judging.results import shipped_results
from pairx.types import InputError
from pairx.ui.compare.axes import Cell
from pairx.ui.compare.judged import judged, line, no_better, panel_judged
from pairx.ui.compare.payload import PanelJudged
from pairx.ui.shared.judgements import Judged, Judgements
from pairx.ui.shared.library import Library, Places
from pairx.ui.shared.links import Options
from pairx.ui.shared.numbers import interval, plain
from pairx.ui.trust.events import TrustEvents
from pairx.ui.trust.payload import TrustCriterion, TrustPairs, TrustValue
from pairx.ui.trust.table import criteria, table
from tests.ui.judged import PAIRS, results, write
from tests.ui.payloads import faults

KNOWN = Judged("herd", "Sample herd, reid-lite0", results())


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(Places(None, tmp_path / "runs", own_machine=False, judgements=tmp_path / "judgements"))


@pytest.fixture
def judgements(library: Library) -> Judgements:
    return Judgements(library)


@pytest.fixture
def trust(app_state, library, judgements) -> TrustEvents:
    write(library.places.judgements / "mine", results())
    return TrustEvents(app_state, library, judgements)


def pairs(trust: TrustEvents, **asked) -> TrustPairs:
    """What is answered to a press on a number."""
    return trust.pairs(gr.EventData(None, {"ticket": 3, "judgement": "mine", **asked}))


def said(method: str) -> list[tuple[str, str]]:
    return [(one["text"], one["fails"]) for one in line(results(), method)]


def test_a_line_says_how_a_method_fared_and_what_it_fails():
    assert said("pair-x") == [
        ("right partner 81 %", ""),
        ("falls 2.1 × random", "no better than the photograph's edges"),
        ("changes with the partner", ""),
    ]
    assert said("grad-cam") == [
        ("30 % of the evidence on the animal", "no better than a blob in the middle or the photograph's edges"),
        ("falls 1.5 × random", ""),
        ("changes with the partner", ""),
        ("", "hardly changes without what was learned"),
    ]
    everything = "no better than a random map, a blob in the middle or the photograph's edges"
    assert said("eigen-cam")[1:] == [("falls −0.5 × random", everything), ("", "hardly changes with the partner")]
    assert said("sam") == [] and no_better(()) == ""


def test_without_a_random_map_the_fall_is_told_as_it_is():
    found = results()
    alone = replace(found, cells=tuple(one for one in found.cells if one.method != RANDOM))
    assert line(alone, "pair-x")[1]["text"] == "falls by 0.42"


def test_a_panel_names_data_set_pairs_and_every_number():
    found = panel_judged(KNOWN, "pair-x")
    assert faults(found, PanelJudged) == []
    assert "Sample herd: 12 pairs of 11 individuals, reid-lite0 at stage." in found["about"]
    rows = {one["criterion"]: (one["text"], one["fails"]) for one in found["rows"]}
    assert rows["right-places"] == ("0.81 (0.71 to 0.91)", "") and rows["partner"] == ("0.50", "")
    assert rows["faithfulness"][1] == "no better than the photograph's edges"
    assert panel_judged(KNOWN, "sam") is None


def test_nothing_is_claimed_for_what_was_not_judged(app_state, request_of, library, judgements):
    def of(method: str = "pair-x", **changed):
        return judged(Cell("x", "X", method, replace(request_of, **changed)), app_state, judgements)

    model = app_state.model("reid-lite0")
    assert of() is None, "there is no judgement of this network"
    write(library.places.judgements / "mine", results(model.key))
    assert of()["judgement"] == "mine" and of(layer="")["judgement"] == "mine", "the model's own layer"
    assert of(layer="stem") is None, "another layer"
    assert of(options=Options(cells="abs_of_sum")) is None, "other options"
    assert of("grad-cam", background="blur") is not None and of("sam") is None, "it takes none; nobody judged it"
    write(library.places.judgements / "others", results("another key"))
    assert of()["judgement"] == "mine", "of other weights"
    app_state.facts.clear()
    assert of() is None, "nobody knows the model's weights yet"


def test_a_method_with_another_background_than_its_own_is_not_judged(app_state, request_of, library, judgements):
    found = results(app_state.model("reid-lite0").key)
    cells = tuple(replace(one, method="sam") if one.method == "grad-cam" else one for one in found.cells)
    write(library.places.judgements / "mine", replace(found, cells=cells))
    panel = Cell("sam", "SAM", "sam", request_of)
    assert judged(panel, app_state, judgements) is not None
    assert judged(replace(panel, request=replace(request_of, background="blur")), app_state, judgements) is None


def test_a_judged_model_is_named_and_not_addressed_by_its_module(judgements):
    titles = [one.title for one in judgements.all()]
    assert "Sample herd, MobileNetV2 (ImageNet)" in titles and "nyala, EfficientNet-Lite2 (ImageNet)" in titles
    for known in judgements.all():
        assert "benchmarks" not in panel_judged(known, "pair-x")["about"]
        assert "benchmarks" not in table(known, [])["about"]


def test_a_folders_judgements_come_first_and_a_broken_one_is_left_out(library, judgements):
    shipped = judgements.all()
    assert [one.results for one in shipped] == [*shipped_results()]
    folder = library.places.judgements
    write(folder / "mine", results())
    write(folder / "with a space", results())
    for name in ("dataset", "model_key", "layer", "whole_photographs"):
        found = results()
        settings = {key: value for key, value in found.settings.items() if key != name}
        write(folder / f"without-{name}", replace(found, settings=settings))
    (folder / "broken").mkdir()
    (folder / "broken" / "results.json").write_text("{}")
    known = judgements.all()
    assert [one.id for one in known] == ["mine", *(one.id for one in shipped)]
    assert len({one.id for one in known}) == len(known)
    assert judgements.find("mine").title == "mine: Sample herd, reid-lite0"
    with pytest.raises(InputError):
        judgements.find("broken")
    (folder / "mine" / "results.json").unlink()
    results(model="other").save(folder / "mine" / "results.json")
    assert judgements.find("mine").results.settings["model"] == "other", "read again when it has changed"


def test_the_table_has_every_number_with_its_interval_and_the_controls_apart():
    found = table(KNOWN, [{"id": "herd", "title": "Sample herd"}])
    assert faults(found, TrustValue) == [] == [line for one in criteria() for line in faults(one, TrustCriterion)]
    json.dumps(found, allow_nan=False)
    assert [(one["title"], one["control"]) for one in found["rows"]][2:5] == [
        ("Eigen-CAM", False), ("Random map", True), ("Centre blob", True),
    ]  # fmt: skip
    rows = {one["method"]: one for one in found["rows"]}
    assert rows["pair-x"]["cells"]["deletion"] == {
        "mean": 0.2, "low": pytest.approx(0.1), "high": pytest.approx(0.3), "text": "0.20", "interval": "0.10 to 0.30",
        "difference": "", "count": "12 pairs of 11 individuals", "fails": "", "short": "",
    }  # fmt: skip
    cell = rows["grad-cam"]["cells"]["energy"]
    assert cell["difference"] == "0.40 less than PAIR-X; 95 % interval of the difference −0.60 to −0.20"
    assert cell["short"] == "centre blob, edges" and "blob in the middle" in cell["fails"]
    unknown = rows["eigen-cam"]["cells"]["partner"]
    assert (unknown["low"], unknown["interval"]) == (None, "") and "right-places" not in rows["eigen-cam"]["cells"]
    assert "12 pairs of 11 individuals, with reid-lite0 at stage" in found["about"]
    assert [one["name"] for one in criteria()] == list(CRITERIA)
    assert all(one["page"] == f"docs/judge.md#{one['name']}" and one["definition"] for one in criteria())


def test_a_number_opens_its_best_and_worst_pairs(trust):
    answer = pairs(trust, method="grad-cam", criterion="energy")
    assert faults(answer, TrustPairs) == [] and answer["ticket"] == 3
    assert [one["value"] for one in answer["best"]] == ["0.50", "0.40"]
    assert [one["value"] for one in answer["worst"]] == ["0.10", "0.20"]
    first = answer["best"][0]
    assert first["names"] == ["amara-1", "amara-2"] and all(Path(one["path"]).is_file() for one in first["files"])
    asked = parse_qs(first["compare"].removeprefix("?"))
    assert asked["choices"] == ["pair-x,grad-cam"] and asked["axis"] == ["methods"] and asked["model"] == ["reid-lite0"]
    opened = [trust.pairs_of.app_state.shelf.find(asked[name][0]) for name in "ab"]
    assert [one.name for one in opened] == ["amara-1", "amara-2"]
    assert parse_qs(first["explain"].removeprefix("?"))["layer"] == ["stage"]
    trust.pairs_of.app_state.model("reid-lite0")
    assert "other weights" in pairs(trust, method="grad-cam", criterion="energy")["note"]


def test_pairs_of_photographs_that_are_not_here_are_named(trust, library):
    write(library.places.judgements / "theirs", results(dataset="nyala", model="their model"))
    answer = pairs(trust, judgement="theirs", method="pair-x", criterion="energy")
    assert faults(answer, TrustPairs) == [] and "does not have their model" in answer["note"]
    assert answer["best"][0]["names"] == ["amara-1", "amara-2"] and "nyala" in answer["best"][0]["problem"]
    assert "files" not in answer["best"][0] and "explain" not in answer["best"][0]


@pytest.mark.parametrize("whole", [False, True])
def test_pairs_of_a_data_set_that_the_app_knows_are_shown_as_they_were_judged(app_state, tmp_path, photo_files, whole):
    sets = tmp_path / "sets"
    (sets / "nyala").mkdir(parents=True)
    lines = ["image_id,path,identity,x,y,w,h"]
    for i, name in enumerate(one for pair in PAIRS for one in pair):
        shutil.copy(photo_files[0], sets / "nyala" / f"{i}.png")
        lines.append(f"{name},{i}.png,{name[:3]},8,4,20,30")
    (sets / "nyala" / "metadata.csv").write_text("\n".join(lines))
    library = Library(Places(sets, tmp_path / "runs", own_machine=False, judgements=tmp_path / "judgements"))
    write(library.places.judgements / "mine", results(dataset="nyala", whole_photographs=whole))
    trust = TrustEvents(app_state, library, Judgements(library))
    first = pairs(trust, method="pair-x", criterion="energy")["best"][0]
    opened = parse_qs(first["explain"].removeprefix("?"))
    size = app_state.shelf.load(app_state.shelf.find(opened["a"][0])).image.shape[:2]
    assert size == ((48, 64) if whole else (30, 20))


@pytest.mark.parametrize(
    "asked", [{}, {"ticket": "x", "judgement": []}, {"judgement": "mine", "method": "pair-x", "criterion": "../x"}]
)
def test_a_number_that_does_not_exist_is_answered_with_a_line(trust, asked):
    answer = trust.pairs(gr.EventData(None, asked))
    assert faults(answer, TrustPairs) == [] and answer["note"] and answer["best"] == []


def test_the_tab_opens_on_the_models_judgement_or_the_one_that_is_chosen(trust, library):
    write(library.places.judgements / "theirs", results(model="their model"))
    assert trust.show("", "their model").chosen == "theirs"
    assert trust.show("mine", "their model").chosen == "mine"
    chosen = trust.choose(gr.EventData(None, {"judgement": "theirs"}))
    assert chosen.board["chosen"] == "theirs" and {"mine", "theirs"} <= {one["id"] for one in chosen.board["choices"]}
    linked = trust.open_link(SimpleNamespace(query_params={"judged": "mine"}))
    assert linked.chosen == "mine" and linked.tabs is not None
    assert trust.open_link(SimpleNamespace(query_params={})).board == gr.skip()


def test_where_there_is_none_it_is_said(trust, monkeypatch):
    monkeypatch.setattr(trust.judgements, "all", list)
    shown = trust.show("mine").board
    assert faults(shown, TrustValue) == [] and "pairx judge" in shown["problem"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.814, "0.81"), (-0.4, "−0.40"), (-0.001, "0.00"), (9.996, "10"), (1204.4, "1,204")]
)
def test_numbers_in_words(value, text):
    assert plain(value) == text
    assert interval(value, float("nan")) == ""
