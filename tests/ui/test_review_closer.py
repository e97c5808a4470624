"""What the Review tab answers to a closer look: in the order of a box, and photographs of an individual."""

import numpy as np
import pytest
from starlette.testclient import TestClient

from pairx.datasets import load_dataset
from pairx.evaluation.regions import take_apart
from pairx.reviews import ReviewLog
from pairx.types import InputError
from pairx.ui.review.closer import MOST_CANDIDATES, Closer
from pairx.ui.review.desk import ROOT, ReviewDesk
from pairx.ui.review.routes import ReviewRoutes
from pairx.ui.shared.library import Library, Places
from pairx.ui.shared.session import AppState

QUERY, CANDIDATES = "zuri-1", ["zuri-2", "zuri-4", "duma-1", "otis-1"]
BOX = [0.2, 0.3, 0.4, 0.3]


@pytest.fixture(scope="module")
def closer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reviews")
    places = Places(None, folder / "runs", own_machine=True, reviews=folder)
    with ReviewLog(folder / "herd", {"dataset": "sample", "model": "reid-lite0", "model_key": "x"}) as log:
        log.add_tasks([(QUERY, one, 0.5, None, n + 1) for n, one in enumerate(CANDIDATES)])
    return Closer(ReviewDesk(AppState(), Library(places)))


def test_photographs_of_an_individual_come_the_most_similar_first(closer):
    found = closer.others("herd", "zuri-4", QUERY)
    assert found["identity"] == "Zuri" and QUERY not in [one["id"] for one in found["photos"]]
    assert found["cosines"] == sorted(found["cosines"], reverse=True) and len(found["photos"]) == len(found["cosines"])
    sample = load_dataset("sample")
    e, f = closer.desk.app_state.model("reid-lite0").embed(
        [sample.load(sample.row(one))[0] for one in (QUERY, found["photos"][0]["id"])]
    )
    assert found["cosines"][0] == pytest.approx(e @ f / np.linalg.norm(e) / np.linalg.norm(f), abs=1e-5)
    blind = closer.others("herd", "zuri-4", "")
    own = sample.table.loc[sample.table["identity"] == "Zuri", "image_id"]
    assert [one["id"] for one in blind["photos"]] == list(own) and set(blind["cosines"]) == {None}


def test_candidates_come_in_the_order_of_the_box(closer):
    found = closer.by_region("herd", {"query": QUERY, "box": BOX, "candidates": CANDIDATES})
    model, sample = closer.desk.app_state.model("reid-lite0"), load_dataset("sample")
    apart = take_apart(model, sample.load(sample.row(QUERY))[0])
    part = apart.part(apart.cover(BOX))
    others = model.embed([sample.load(sample.row(one))[0] for one in CANDIDATES])
    by_hand = others @ part / np.linalg.norm(others, axis=1)
    assert [one for one, _ in found["order"]] == [CANDIDATES[i] for i in np.argsort(-by_hand)]
    assert [added for _, added in found["order"]] == pytest.approx(sorted(by_hand, reverse=True), abs=1e-5)
    assert not found["note"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"box": BOX}, "1 to 200 candidates"),
        ({"box": BOX, "candidates": []}, "1 to 200 candidates"),
        ({"box": BOX, "candidates": ["zuri-2"] * (MOST_CANDIDATES + 1)}, "1 to 200 candidates"),
        ({"box": BOX, "candidates": "zuri-2"}, "1 to 200 candidates"),
        ({"box": [0, 0, 0, 1], "candidates": ["zuri-2"]}, "has no area"),
        ({"box": [3000, 1, 50, 50], "candidates": ["zuri-2"]}, "outside the photograph"),
        ({"box": ["x", None], "candidates": ["zuri-2"]}, "four numbers"),
        ({"box": 7, "candidates": ["zuri-2"]}, "four numbers"),
        ({"box": BOX, "candidates": ["nobody"]}, "no photograph 'nobody'"),
        ({"query": "../x", "box": BOX, "candidates": ["zuri-2"]}, "no photograph '../x'"),
    ],
)
def test_a_region_that_holds_anything_is_one_line(closer, sent, said):
    with pytest.raises(InputError, match=said) as error:
        closer.by_region("herd", {"query": QUERY, **sent})
    assert "\n" not in str(error.value)


def test_the_addresses_answer(closer):
    client = TestClient(ReviewRoutes(None, closer.desk))
    base = f"/{ROOT}/herd"
    asked = {"id": "zuri-4", "query": QUERY}
    assert (
        client.get(f"{base}/others", params=asked).json()["cosines"]
        == closer.others("herd", "zuri-4", QUERY)["cosines"]
    )
    assert client.get(f"{base}/others", params={**asked, "query": "?"}).status_code == 400
    sent = {"query": QUERY, "box": BOX, "candidates": CANDIDATES}
    assert len(client.post(f"{base}/region", json=sent).json()["order"]) == 4
    assert client.post(f"{base}/region", json={**sent, "box": []}).status_code == 400
    assert client.post(f"{base}/region", content="{}", headers={"content-type": "text/plain"}).status_code == 415
