"""What the Review tab answers: the queue, decisions that are kept, photographs, and what is refused."""

import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from pairx.datasets import load_dataset
from pairx.reviews import ReviewLog
from pairx.types import InputError
from pairx.ui.review.closer import Closer
from pairx.ui.review.desk import MOST_TASKS, ROOT, ReviewDesk
from pairx.ui.review.parts import KEYS
from pairx.ui.review.routes import ReviewRoutes
from pairx.ui.shared.library import Library, Places
from pairx.ui.shared.session import AppState

IDS = list(load_dataset("sample").table["image_id"])
PAIRS = [(IDS[0], one, 0.5 - 0.01 * n, None, n + 1) for n, one in enumerate(IDS[1:6])]


@pytest.fixture
def places(tmp_path):
    places = Places(None, tmp_path / "runs", own_machine=True, reviews=tmp_path / "reviews")
    with ReviewLog(places.reviews / "herd", {"dataset": "sample", "model": "reid-lite0", "model_key": "x"}) as log:
        log.add_tasks(PAIRS)
    return places


@pytest.fixture
def desk(places):
    return ReviewDesk(AppState(), Library(places))


def sent(number: int = 0, verdict: str = "match", ticket: str = "t", **more) -> dict:
    pair = {"query": PAIRS[number][0], "candidate": PAIRS[number][1]}
    return {"ticket": ticket, "reviewer": "Ada", "verdict": verdict, "note": "", "blind": False, **pair, **more}


def test_the_queue_is_what_is_still_to_decide(desk):
    queue = desk.queue("herd", "Ada")
    assert [task["candidate"]["id"] for task in queue["tasks"]] == [pair[1] for pair in PAIRS]
    assert queue["progress"] == {"decided": 0, "skipped": 0, "open": 5}
    assert queue["tasks"][0]["cosine"] == 0.5 and queue["tasks"][0]["rank"] == 1
    assert "other weights" in queue["note"]
    kept = desk.decide("herd", sent(0))
    assert kept["progress"] == {"decided": 1, "skipped": 0, "open": 4}
    assert desk.queue("herd", "Ada", 10**6)["tasks"][0]["candidate"]["id"] == PAIRS[1][1]
    assert len(desk.queue("herd", "Ada", 2)["tasks"]) == 2 <= MOST_TASKS
    assert len(desk.queue("herd", "Bo")["tasks"]) == 5


def test_photographs_behind_links_show_to_whom_they_belong(tmp_path):
    """The command line follows links, and so does the app where only the person at this machine reaches it."""
    folder, store = tmp_path / "linked", tmp_path / "store"
    store.mkdir()
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        Image.new("RGB", (40, 30), "tan").save(store / f"{name}.jpg")
        (folder / name / f"{name}.jpg").symlink_to(store / f"{name}.jpg")
    for own in (True, False):
        places = Places(None, tmp_path / "runs", own_machine=own, reviews=tmp_path / f"reviews-{own}")
        with ReviewLog(places.reviews / "r", {"dataset": str(folder), "model": "reid-lite0", "model_key": "x"}) as log:
            log.add_tasks([("a/a.jpg", "b/b.jpg", 0.5, None, 1)])
        desk = ReviewDesk(AppState(), Library(places))
        if own:
            assert desk.queue("r", "Ada")["tasks"][0]["candidate"]["id"] == "b/b.jpg"
        else:
            with pytest.raises(InputError, match="linked"):
                desk.queue("r", "Ada")


def test_a_decision_holds_what_was_on_screen_and_not_what_the_page_says_of_it(desk, places):
    desk.decide("herd", sent(2, "no_match", cosine=9.0, model="other", note="ear", blind=True))
    with ReviewLog(places.reviews / "herd") as log:
        (row,) = log.entries().to_dict("records")
    assert row["cosine"] == PAIRS[2][2] and row["rank"] == 3 and row["model"] == "reid-lite0"
    assert row["layer"] == "blocks.4" and row["blind"] and row["note"] == "ear"


def test_the_share_on_screen_is_kept_with_the_decision(desk, places):
    desk.decide("herd", sent(0, ticket="a", share=[0.82, 0.77, 1]))
    desk.decide("herd", sent(1, ticket="b", share=None))
    for wrong in (0.5, [0.5], [0.5, 0.4, "x"], [0.5, 0.4, True], [2, 0.4, 0.5], [float("nan"), 0, 1], {"share": 1}):
        with pytest.raises(InputError, match="share"):
            desk.decide("herd", sent(2, ticket="c", share=wrong))
    with ReviewLog(places.reviews / "herd") as log:
        rows = log.entries()
    assert rows[["share", "share_low", "share_high"]].to_numpy()[0].tolist() == [0.82, 0.77, 1]
    assert len(rows) == 2 and rows["share"].isna().tolist() == [False, True]


def test_undo_gives_the_pair_back(desk):
    desk.decide("herd", sent(0, ticket="a"))
    desk.decide("herd", sent(1, ticket="b"))
    undone = desk.undo("herd", {"reviewer": "Ada", "ticket": "u"})
    assert undone["task"]["candidate"]["id"] == PAIRS[1][1] and undone["progress"]["decided"] == 1
    assert desk.undo("herd", {"reviewer": "Bo", "ticket": "v"})["number"] is None


def test_conflicts_are_told_and_settled(desk):
    desk.decide("herd", sent(0, ticket="a"))
    assert desk.queue("herd", "Ada")["conflicts"] == 0
    desk.decide("herd", sent(0, "no_match", "b", reviewer="Bo"))
    queue = desk.queue("herd", "Cleo", conflicts=True)
    assert queue["conflicts"] == 1 and [task["candidate"]["id"] for task in queue["tasks"]] == [PAIRS[0][1]]
    desk.decide("herd", sent(0, "match", "c", reviewer="Cleo"))
    assert desk.queue("herd", "Cleo")["conflicts"] == 1
    desk.decide("herd", sent(0, "match", "d", reviewer="Cleo", settles=True))
    assert desk.queue("herd", "Cleo", conflicts=True)["tasks"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"reviewer": " "}, {"verdict": "maybe"}, {"query": "elsewhere"}, {"candidate": "../x"}, {"ticket": ""},
        {"note": "x" * 3000}, {"candidate": ""}, {"verdict": "new_individual"}, {"query": None}, {"ticket": "x" * 200},
    ],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_decided_is_refused_and_not_kept(desk, places, wrong):
    with pytest.raises(InputError) as told:
        desk.decide("herd", sent(**wrong))
    assert "\n" not in str(told.value)
    with ReviewLog(places.reviews / "herd") as log:
        assert not len(log.entries())


@pytest.mark.parametrize("name", ["none", "../herd", "", "a/b", "x" * 100])
def test_a_review_that_is_not_there(desk, name):
    with pytest.raises(InputError):
        desk.queue(name, "Ada")


def test_photographs_come_small_enough_and_only_of_the_data_set(desk):
    small = Image.open(io.BytesIO(desk.photo("herd", IDS[0], 100)))
    assert max(small.size) == 100
    with pytest.raises(InputError):
        desk.photo("herd", "/etc/passwd")


def test_every_verdict_has_a_key_of_its_own():
    assert len(set(KEYS.values())) == len(KEYS) == 6


@pytest.fixture
def client(desk):
    async def nothing(scope, receive, send):
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return TestClient(ReviewRoutes(nothing, desk))


def test_the_addresses_answer_and_leave_the_rest_to_the_app(client):
    assert client.get("/").status_code == 418
    assert client.get(f"/{ROOT}/herd/queue?reviewer=Ada").json()["progress"]["open"] == 5
    kept = client.post(f"/{ROOT}/herd/decide", json=sent(0))
    assert kept.status_code == 200 and kept.json()["number"] == 1
    assert client.post(f"/{ROOT}/herd/decide", json=sent(0)).json()["number"] == 1  # sent again by the network
    assert client.post(f"/{ROOT}/herd/undo", json={"reviewer": "Ada", "ticket": "u"}).json()["number"] == 1
    photo = client.get(f"/{ROOT}/herd/photo", params={"id": IDS[0], "longest": "80"})
    assert photo.headers["content-type"] == "image/jpeg" and np.asarray(Image.open(io.BytesIO(photo.content))).ndim == 3


def test_what_is_no_decision_is_refused_with_a_sentence(client):
    decide = f"/{ROOT}/herd/decide"
    assert client.post(decide, content="{}", headers={"content-type": "text/plain"}).status_code == 415
    assert client.post(decide, content="[]", headers={"content-type": "application/json"}).status_code == 400
    assert client.post(decide, content="{", headers={"content-type": "application/json"}).status_code == 400
    assert client.post(decide, json={"note": "x" * 100_000}).status_code == 413
    assert client.get(decide).status_code == 405
    told = client.post(decide, json=sent(0, reviewer="")).json()["error"]
    assert "your name" in told and client.get(f"/{ROOT}/herd/photo?id=/etc/passwd").status_code == 404
    assert client.get(f"/{ROOT}/..%2fherd/queue?reviewer=Ada").status_code in (400, 404)


@pytest.mark.slow
def test_pair_x_of_a_pair_comes_without_its_photographs(client):
    query, candidate = PAIRS[0][:2]
    asked = f"/{ROOT}/herd/scene?query={query}&candidate={candidate}"
    scene = client.get(asked).json()
    assert scene["photos"] == [] and scene["marks"] and len(scene["heat"]) == 2
    assert client.get(f"{asked}&ahead=1").json()["similarity"] == scene["similarity"]
    assert client.get(f"/{ROOT}/herd/scene?query={query}&candidate=none").status_code == 400


@pytest.mark.slow
def test_a_candidate_is_set_against_the_best_other_one(desk, places):
    found = Closer(desk).versus("herd", PAIRS[2][0], PAIRS[2][1])
    assert [side["photo"]["id"] for side in found["sides"]] == [PAIRS[2][1], PAIRS[0][1]]
    first = Closer(desk).versus("herd", *PAIRS[0][:2])
    assert [side["photo"]["id"] for side in first["sides"]] == [PAIRS[0][1], PAIRS[1][1]]
    one, other = (side["similarity"] for side in first["sides"])
    assert first["difference"] == pytest.approx(one - other) and first["sides"][0]["scene"]["photos"] == []
    assert {scale["high"] for side in first["sides"] for scale in side["scene"]["scales"]} == {"for this one"}
    with ReviewLog(places.reviews / "herd") as log:
        log.add_tasks([(IDS[7], IDS[8], None, None, None)])
    with pytest.raises(InputError, match="no other candidate"):
        Closer(desk).versus("herd", IDS[7], IDS[8])


@pytest.mark.slow
def test_a_place_is_answered_by_the_other_photograph_and_what_is_no_place_is_refused(client):
    query, candidate = PAIRS[0][:2]
    asked = f"/{ROOT}/herd/point?query={query}&candidate={candidate}"
    answer = client.get(f"{asked}&side=0&place=0.5,0.5,0.5,0.5").json()
    h, w = answer["grid"]
    assert len(answer["cells"]) == h * w and answer["scale"] > 0
    back = client.get(f"{asked}&side=1&place=0.5,0.5,0.5,0.5").json()
    assert back["cells"] != answer["cells"]
    for wrong in ("side=0&place=0.5,0.5", "side=2&place=0,0,0,0", "side=0&place=a,b,c,d", "side=0&place=nan,0,0,0", ""):
        assert "no place" in client.get(f"{asked}&{wrong}").json()["error"]
