"""What the Review tab tells beside a pair: warnings, computed ahead, and candidates in the order of a box."""

import asyncio

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


async def wanted() -> bool:
    return True


async def unwanted() -> bool:
    return False


@pytest.fixture(scope="module")
def closer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reviews")
    places = Places(None, folder / "runs", own_machine=True, reviews=folder)
    with ReviewLog(folder / "herd", {"dataset": "sample", "model": "reid-lite0", "model_key": "x"}) as log:
        log.add_tasks([(QUERY, one, 0.5, None, n + 1) for n, one in enumerate(CANDIDATES)])
    return Closer(ReviewDesk(AppState(), Library(places)))


def test_the_other_flank_is_told_and_a_pair_of_one_flank_is_not_warned_of(closer):
    told = asyncio.run(closer.warnings("herd", QUERY, "zuri-4", wanted))
    (mirror,) = [one for one in told["warnings"] if one["name"] == "mirror"]
    assert mirror["words"].startswith("zuri-4 is more similar when it is mirrored") and mirror["number"] > 0.02
    told = asyncio.run(closer.warnings("herd", QUERY, "zuri-2", wanted))
    assert not [one for one in told["warnings"] if one["name"] in ("mirror", "copy", "encounter")]


def test_what_nobody_wants_any_more_is_not_computed(closer):
    assert asyncio.run(closer.warnings("herd", QUERY, "duma-1", unwanted)) is None


def test_unknown_photographs_are_refused(closer):
    with pytest.raises(InputError, match="no photograph 'nobody'"):
        asyncio.run(closer.warnings("herd", QUERY, "nobody", wanted))


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
    found = client.get(f"{base}/warnings", params={"query": QUERY, "candidate": "zuri-4"})
    assert "mirror" in [one["name"] for one in found.json()["warnings"]]
    assert client.get(f"{base}/warnings", params={"query": QUERY, "candidate": "?"}).status_code == 400
    sent = {"query": QUERY, "box": BOX, "candidates": CANDIDATES}
    assert len(client.post(f"{base}/region", json=sent).json()["order"]) == 4
    assert client.post(f"{base}/region", json={**sent, "box": []}).status_code == 400
    assert client.post(f"{base}/region", content="{}", headers={"content-type": "text/plain"}).status_code == 415
