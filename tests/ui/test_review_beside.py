"""What the Review tab tells beside a pair: warnings, and what speaks for it, computed ahead."""

import asyncio
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from starlette.testclient import TestClient

import pairx
from pairx.datasets import load_dataset
from pairx.ranking import Fusion
from pairx.reviews import ReviewLog
from pairx.types import InputError
from pairx.ui.review.beside import Beside
from pairx.ui.review.desk import ROOT, ReviewDesk
from pairx.ui.review.routes import ReviewRoutes
from pairx.ui.shared.library import Library, Places
from pairx.ui.shared.session import AppState

QUERY, OTHERS = "zuri-1", ["zuri-2", "zuri-4", "otis-2", "duma-1"]


async def wanted() -> bool:
    return True


async def unwanted() -> bool:
    return False


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Some of the herd, called nyala but for one; two masks, of which one has another size."""
    folder = tmp_path_factory.mktemp("some")
    herd = load_dataset("sample").table.set_index("image_id").loc[[QUERY, *OTHERS]].reset_index()
    for path in herd["path"]:
        shutil.copy(path, folder)
    table = herd[["image_id", "identity"]].assign(path=herd["path"].str.rsplit("/").str[-1], species="nyala", mask="")
    table["encounter"] = ["e1", "e1", "e2", "e3", ""]
    table.loc[table["image_id"] == "duma-1", "species"] = "cheetah"
    table.loc[table["image_id"].isin([QUERY, "otis-2"]), "mask"] = ["half.png", "small.png"]
    width, height = Image.open(folder / table["path"][0]).size
    mask = np.zeros((height, width), np.uint8)
    mask[: height // 2] = 255
    Image.fromarray(mask).save(folder / "half.png")
    Image.fromarray(mask[:9, :9]).save(folder / "small.png")
    table.to_csv(folder / "metadata.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def beside(folder, tmp_path_factory):
    reviews = tmp_path_factory.mktemp("reviews")
    state = AppState()
    facts = {"model": "reid-lite0", "model_key": state.model("reid-lite0").key}
    of = {
        "herd": {"dataset": "sample"},
        "some": {"dataset": str(folder)},
        "layered": {"dataset": str(folder), "layer": "blocks.3"},
        "older": {"dataset": str(folder), "model_key": "x"},
    }
    for name, more in of.items():
        with ReviewLog(reviews / name, facts | more) as log:
            log.add_tasks([(QUERY, one, 0.5, None, n + 1 if one != "zuri-4" else None) for n, one in enumerate(OTHERS)])
    return Beside(ReviewDesk(state, Library(Places(None, reviews, own_machine=True, reviews=reviews))))


def shared(beside, name: str, candidate: str):
    return asyncio.run(beside.share(name, QUERY, candidate, wanted))


@pytest.mark.slow
def test_the_other_flank_is_told_and_a_pair_of_one_flank_is_not_warned_of(beside):
    told = asyncio.run(beside.warnings("herd", QUERY, "zuri-4", wanted))
    (mirror,) = [one for one in told["warnings"] if one["name"] == "mirror"]
    assert mirror["words"].startswith("zuri-4 is more similar when it is mirrored") and mirror["number"] > 0.02
    told = asyncio.run(beside.warnings("herd", QUERY, "zuri-2", wanted))
    assert not [one for one in told["warnings"] if one["name"] in ("mirror", "copy", "encounter")]


@pytest.mark.slow
def test_the_column_mask_says_where_the_animal_is_and_one_that_does_not_fit_is_told(beside, folder):
    table = load_dataset(folder, unknown=True).table
    rows = {name: row for row, name in enumerate(table["image_id"])}
    animal = beside._photograph("some", rows[QUERY]).animal
    assert animal[: len(animal) // 2].all() and not animal[len(animal) // 2 + 1 :].any()
    assert beside._photograph("some", rows["zuri-2"]).animal is None
    told = asyncio.run(beside.warnings("some", QUERY, "otis-2", wanted))["warnings"]
    assert told[0]["name"] == "mask" and told[0]["words"].startswith("The mask of otis-2 has 9 x 9 px")
    assert not [
        one
        for one in asyncio.run(beside.warnings("some", QUERY, "duma-1", wanted))["warnings"]
        if one["name"] == "mask"
    ]


@pytest.mark.slow
def test_the_share_is_the_one_that_rank_gives(beside, folder):
    found = shared(beside, "some", "otis-2")
    model = beside.desk.app_state.model("reid-lite0")
    ranked = pairx.rank(load_dataset(folder, unknown=True), model, QUERY, rerank=True).set_index("image_id")
    row = ranked.loc["otis-2"]
    assert found["share"] == pytest.approx((row["share"], row["low"], row["high"]), abs=1e-6)
    assert row["words"].lower() == f"{'; '.join([*found['parts'], found['words'].split(', among')[0]])}.".lower()
    assert "among nyala left out of every training" in found["words"] and "4,740 pairs of 42" in found["note"]
    assert pd.isna(ranked.loc["duma-1", "share"]) and "of such pairs" not in ranked.loc["duma-1", "words"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "candidate", "why"),
    [
        ("herd", "otis-2", "by the column species"),
        ("some", "duma-1", "by the column species"),
        ("some", "zuri-4", "was chosen otherwise"),
        ("some", "zuri-2", "these are of one"),
        ("layered", "otis-2", "at blocks.4, and this review is at blocks.3"),
        ("older", "otis-2", "other weights"),
    ],
)
def test_nothing_is_claimed_of_pairs_that_it_was_not_learned_from(beside, name, candidate, why):
    found = shared(beside, name, candidate)
    assert found["share"] is None and why in found["note"] and "of such pairs" not in found["words"].lower()
    assert len(found["parts"]) == 3 and found["words"] == f"{found['parts'][1]}."


def test_a_fusion_knows_its_species_and_one_of_no_species_knows_those_without():
    curve = [0.0, 1.0]
    of = lambda learned: Fusion({}, learned, {}, {}, {}, curve, curve, curve, curve)  # noqa: E731
    named = of({"species": ["nyala", "Tragelaphus angasii"]})
    assert named.knows("Nyala") and named.knows("tragelaphus angasii", "nyala")
    assert not named.knows("") and not named.knows("nyala", "zebra") and "nyala" in named.about_species
    assert of({}).knows("", "") and not of({"species": [""]}).knows("zebra")


def test_what_nobody_wants_any_more_is_not_computed(beside):
    assert asyncio.run(beside.warnings("herd", QUERY, "duma-1", unwanted)) is None
    assert asyncio.run(beside.share("herd", QUERY, "duma-1", unwanted)) is None


def test_unknown_photographs_are_refused(beside):
    for ask in (beside.warnings, beside.share):
        with pytest.raises(InputError, match="no photograph 'nobody'"):
            asyncio.run(ask("herd", QUERY, "nobody", wanted))


@pytest.mark.slow
def test_the_addresses_answer(beside):
    client = TestClient(ReviewRoutes(None, beside.desk))
    base = f"/{ROOT}/herd"
    found = client.get(f"{base}/warnings", params={"query": QUERY, "candidate": "zuri-4"})
    assert "mirror" in [one["name"] for one in found.json()["warnings"]]
    assert client.get(f"{base}/share", params={"query": QUERY, "candidate": "zuri-4"}).json()["parts"]
    for what in ("warnings", "share"):
        assert client.get(f"{base}/{what}", params={"query": QUERY, "candidate": "?"}).status_code == 400
