"""Photographs arrive in the wells, and a part of one is chosen: what the picture is of, its key, its link."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from gradio.data_classes import ImageData
from gradio.utils import get_upload_folder
from PIL import Image

from pairx import images
from pairx.testing import smooth_noise
from pairx.types import InputError
from pairx.ui.api import ExplainApi
from pairx.ui.explain.opening import Opening
from pairx.ui.explain.wells import WellEvents
from pairx.ui.shared import cuts, links
from pairx.ui.shared.cuts import Cut
from pairx.ui.shared.links import Options
from pairx.ui.shared.photos import PhotoShelf
from pairx.ui.shared.session import Request
from pairx.ui.shared.uploads import SafeImage


@pytest.fixture
def shelf(app_state) -> PhotoShelf:
    return app_state.shelf


@pytest.fixture
def wells(shelf, tmp_path) -> WellEvents:
    return WellEvents(shelf, str(tmp_path / "cache"))


@pytest.fixture
def well(shelf) -> SafeImage:
    return SafeImage(shelf=shelf, label="Photograph A")


@pytest.fixture
def mine(shelf, tmp_path):
    path = tmp_path / "mine.png"
    Image.fromarray(smooth_noise(7, 61, 90)).save(path)
    return shelf.open(path, "mine.png")


@pytest.mark.parametrize("box", [(0, 0, 90, 61), (7, 9, 31, 22), (10, 4, 40, 51)])
@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_cut_is_the_photographs_own_pixels(box, turns, mirrored):
    photograph = np.random.default_rng(0).integers(0, 255, (61, 90, 3)).astype(np.uint8)
    image, view = images.load_image(photograph, **Cut(box, turns, mirrored).arguments())
    x, y, w, h = box
    expected = np.rot90(photograph[y : y + h, x : x + w], -turns)
    assert np.array_equal(image, expected[:, ::-1] if mirrored else expected)
    (point,) = view.to_photograph(np.array([[0.5, 0.5]]))
    column, row = np.floor(point).astype(int)
    assert np.array_equal(photograph[row, column], image[0, 0]), "the view knows where each pixel came from"
    np.testing.assert_allclose(view.to_image(point[None]), [[0.5, 0.5]], atol=1e-9)


def sent(**data):
    return gr.EventData(None, data)


def through(well: SafeImage, value):
    """What the well hands out once the browser has what it was given."""
    data = well.postprocess(value)
    return well.preprocess(ImageData(path=data.path, orig_name=data.orig_name))


def test_a_part_comes_back_from_the_well_and_can_be_chosen_again(wells, well, mine):
    part, other = wells.cut(mine, None, sent(side=0, box=[10, 5, 40, 30], turns=1, mirrored=True))
    assert other == gr.skip() and part.cut == Cut((10, 5, 40, 30), 1, True)
    photo = through(well, part)
    expected = np.rot90(mine.image[5:35, 10:50], -1)[:, ::-1]
    assert np.array_equal(photo.image, expected) and photo.ref.id == mine.ref.id and photo.ref.cut == part.cut
    assert np.array_equal(images.decode(photo.ref.path), expected), "and that is what the well shows"
    assert np.array_equal(wells.shelf.load(photo.ref).image, expected)
    answer = wells.edit(photo, None, sent(side=0))
    assert (answer["box"], answer["turns"], answer["mirrored"]) == ([10, 5, 40, 30], 1, True)
    assert np.array_equal(images.decode(answer["file"]["path"]), mine.image), "the whole photograph is offered again"
    larger, _ = wells.cut(photo, None, sent(side=0, box=[0, 0, 60, 61], turns=0, mirrored=False))
    assert np.array_equal(through(well, larger).image, mine.image[:, :60])
    whole, _ = wells.cut(photo, None, sent(side=0, box=[0, 0, 90, 61], turns=0, mirrored=False))
    assert whole.cut is None and whole == mine.ref


@pytest.mark.parametrize(
    "asked",
    [
        {"box": None},
        {"box": [0, 0, 10]},
        {"box": [0, 0, float("nan"), 10]},
        {"box": [0, 0, float("inf"), 10]},
        {"box": [0, 0, -5, 10]},
        {"box": ["0", 0, 9, 9]},
        {"box": [200, 0, 50, 50]},
        {"box": [-80, -80, 50, 50]},
        {"box": [0, 0, 1, 1]},
        {"box": [0, 0, 50, 50], "turns": 7},
        {"box": [0, 0, 50, 50], "turns": None},
        {"box": [0, 0, 50, 50], "side": 2},
        {"box": [0, 0, 50, 50], "side": "0"},
        {"box": [0, 0, 50, 50], "side": 1},
    ],
)
def test_what_is_no_part_gets_one_line(wells, mine, asked):
    with pytest.raises(gr.Error) as told:
        wells.cut(mine, None, sent(**{"side": 0, "turns": 0, "mirrored": False} | asked))
    assert "\n" not in str(told.value) and len(str(told.value)) > 20


def test_a_rectangle_that_reaches_out_is_clipped():
    found = cuts.from_page({"box": [-5, -5, 1e9, 20], "turns": 2, "mirrored": "yes"}, 90, 61)
    assert found == Cut((0, 0, 90, 15), 2, False)


def test_the_part_is_in_the_key_and_in_the_link(shelf, wells, well, mine, app_state, request_of):
    def request(photo) -> Request:
        return Request(photo.ref, request_of.photo1, "reid-lite0", "stage")

    one, two = (
        through(well, wells.cut(mine, None, sent(side=0, box=[10, 5, 40, 30], turns=turns))[0]) for turns in (0, 2)
    )
    assert len({app_state.key(request(photo)) for photo in (mine, one, two)}) == 3
    query = links.query(one.ref.id, "one", "reid-lite0", "stage", Options(), (one.ref.cut, None))
    assert query["cut_a"] == "10,5,40,30,0" and "cut_b" not in query and {*query} <= {*links.NAMES}
    found = Opening(app_state, request_of, True).open(SimpleNamespace(query_params=query))
    assert (found.photo0.digest, found.photo0.cut) == (one.ref.digest, one.ref.cut) and found.asked.cuts == (
        one.ref.cut,
        None,
    )


@pytest.mark.parametrize(
    "text",
    ["1,2,3", "0,0,0,5,0", "-1,0,5,5,0", "nan,0,5,5,0", "0,0,5,5,4", "0,0,5,5,0,x", "0,0,9999999,5,0", "x" * 999],
)
def test_a_link_with_what_is_no_part_says_so(app_state, request_of, text):
    found = Opening(app_state, request_of, True).open(
        SimpleNamespace(query_params={"a": "one", "b": "two", "cut_a": text})
    )
    assert found.photo0 is found.asked is None and "part of a photograph" in found.status["text"]


def test_a_link_with_a_part_outside_of_its_photograph_says_so(app_state, request_of):
    query = {"a": "one", "b": "two", "cut_b": "5000,0,50,50,0"}
    found = Opening(app_state, request_of, True).open(SimpleNamespace(query_params=query))
    assert found.asked is None and "outside the photograph" in found.status["text"] and found.status["error"]


def test_a_cut_is_written_as_it_is_read():
    for cut in (Cut((1, 2, 4, 5)), Cut((0, 0, 999_999, 4), 3, True)):
        assert cuts.parse(str(cut)) == cut
    assert cuts.parse("") is None
    for wrong in (((0, 0, 5, 5), 9), ((0, 0, 1, 1), 0)):
        with pytest.raises(InputError):
            Cut(*wrong)


def test_a_sample_makes_room_for_the_second_photograph_of_a_person(wells, shelf, mine):
    sample = shelf.load(shelf.samples["one"])
    assert wells.arrive(mine, sample) == (mine, None, {})
    assert wells.arrive(mine, mine) == (mine, gr.skip(), {}) and wells.arrive(sample, sample) == (sample, gr.skip(), {})
    assert wells.arrive(mine, None) == (mine, gr.skip(), {})


def test_what_is_no_photograph_is_said_where_one_looks_and_not_overwritten(wells, explain_events):
    came, other, status = wells.arrive(InputError("notes.jpg is a text"), None)
    assert came is None and other == gr.skip()
    assert status == {"text": "This file cannot be used: notes.jpg is a text", "error": True}
    session = SimpleNamespace(session_hash="me")
    assert explain_events.begin_filled(None, {"path": "b"}, status, session).status == gr.skip()
    assert "other photograph" in explain_events.begin_filled(None, {"path": "b"}, {}, session).status["text"]
    assert explain_events.begin_filled({"path": "a"}, {"path": "b"}, {}, session).status["busy"]


@pytest.mark.slow
def test_the_endpoint_takes_the_part_that_the_command_line_takes(app_state, photo_files, runs):
    folder = Path(get_upload_folder())
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for path in photo_files[:2]:
        (folder / path.name).write_bytes(path.read_bytes())
        files.append({"path": str(folder / path.name), "orig_name": path.name, "meta": {"_type": "gradio.FileData"}})
    api = ExplainApi(app_state)
    api.explain(*files)
    summary, *_ = api.explain(*files, box_a=[8, 4, 30, 20], mirrored_a=True)
    assert len(runs) == 2, "another part is another result"
    a = np.array([match["a"] for match in summary["matches"]])
    assert (a >= (8, 4)).all() and (a <= (38, 24)).all(), "places are in pixels of the photograph"
    for wrong in ({"box_a": [1, 2]}, {"box_b": [500, 0, 20, 20]}, {"theta_a": float("nan")}, {"box_a": "all"}):
        with pytest.raises(gr.Error) as told:
            api.explain(*files, **wrong)
        assert "\n" not in str(told.value)
