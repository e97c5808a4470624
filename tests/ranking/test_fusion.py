"""Scores, weights and calibration, against known answers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pairx import geometry
from pairx.assets import ASSETS
from pairx.models import EmbeddingModel, load_model
from pairx.ranking.fusion import Fusion, facts_of, learn, packaged_or_none
from pairx.ranking.scores import SCORES, given, local_scores, resize_distance
from pairx.ranking.words import words_of
from pairx.types import InputError


def made_up(seed: int = 0, queries: int = 300) -> pd.DataFrame:
    """Pairs whose chance to be correct rises with the coverage, and with nothing else."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({name: rng.uniform(0, 0.5, 20 * queries) for name in SCORES})
    chance = 1 / (1 + np.exp(-(12 * table["match_coverage"] - 5)))
    query = np.repeat(np.arange(queries), 20)
    return table.assign(
        query=query, individual=query // 5, correct=rng.uniform(size=len(query)) < chance, chance=chance
    )


def test_the_distance_from_a_resize() -> None:
    resize = geometry.resize_only((100, 50), (300, 100))
    assert resize_distance(resize, (100, 50), (300, 100)) == 0
    moved = np.array([[1, 0, 30.0], [0, 1, 40], [0, 0, 1]]) @ resize
    assert resize_distance(moved, (100, 50), (300, 100)) == pytest.approx(50 / math.hypot(300, 100))
    mirrored = np.array([[-1.0, 0, 100], [0, 1, 0], [0, 0, 1]])
    # Over -1, -.5, 0, .5, 1 half widths from the middle, places move by twice as much: root of the mean of 0, 1, 4 …
    expected = 100 * math.sqrt((1 + 0.25 + 0 + 0.25 + 1) / 5) / math.hypot(100, 50)
    assert resize_distance(mirrored, (100, 50), (100, 50)) == pytest.approx(expected)
    assert math.isnan(resize_distance(None, (1, 1), (1, 1)))


def test_local_scores_of_one_photograph_shifted() -> None:
    image = np.kron(np.random.default_rng(0).integers(0, 256, (40, 50, 1)), np.ones((8, 8, 3))).astype(np.uint8)
    features = [geometry.local_features(one, "sift") for one in (image[:280, :360], image[32:312, 32:392])]
    found, alignment = local_scores(*features)
    assert alignment.status == geometry.OK and found["inliers"] > 50 and found["local_matches"] >= found["inliers"]
    shift = math.hypot(32, 32) / math.hypot(360, 280)
    assert found["resize_distance"] == pytest.approx(shift, abs=0.002)
    assert found["resize_distance_loose"] == pytest.approx(shift, abs=0.005)
    nothing, _ = local_scores(features[0], geometry.local_features(np.zeros((60, 60, 3), np.uint8), "sift"))
    assert nothing["inliers"] == 0 and math.isnan(nothing["resize_distance"])


def test_no_number_counts_as_the_worst() -> None:
    table = pd.DataFrame({name: [math.nan, 0.2] for name in SCORES}).assign(cosine=[0.5, 0.5])
    values = given(table, [name for name in SCORES if name not in ("cosine", "inliers")])
    assert np.isfinite(values).all() and (values[1] > values[0]).all()


def test_weights_are_those_of_the_truth() -> None:
    """One candidate of each query is correct, chosen by Luce's rule."""
    table = made_up(0, 1500)
    odds = np.exp(12 * table["match_coverage"] + 4 * table["cosine"]).to_numpy().reshape(-1, 20)
    rng = np.random.default_rng(5)
    chosen = [rng.choice(20, p=one / one.sum()) for one in odds]
    table["correct"] = np.arange(20 * 1500) % 20 == np.repeat(chosen, 20)
    fusion = learn(table, list(SCORES), {}, {})
    raw = {name: fusion.weight[name] / fusion.std[name] for name in SCORES}
    assert raw["match_coverage"] == pytest.approx(12, rel=0.1) and raw["cosine"] == pytest.approx(4, rel=0.2)
    assert max(abs(fusion.weight[name]) for name in set(SCORES) - {"match_coverage", "cosine"}) < 0.1


def test_shares_are_those_of_the_truth() -> None:
    fusion, unseen = learn(made_up(), ["match_coverage"], {}, {}), made_up(1)
    found = fusion.calibrated(fusion.fused(unseen))
    assert abs(found["share"] - unseen["chance"]).mean() < 0.03
    assert ((found["low"] <= found["share"]) & (found["share"] <= found["high"])).all()
    assert ((found["low"] <= unseen["chance"]) & (unseen["chance"] <= found["high"])).mean() > 0.8
    assert (np.diff(fusion.share) >= 0).all() and fusion.low[0] >= 0 and fusion.high[-1] <= 1


def test_fewer_individuals_are_less_sure() -> None:
    widths = []
    for queries in (300, 30):
        fusion = learn(made_up(0, queries), ["cosine", "match_coverage"], {}, {})
        widths.append(np.mean(np.subtract(fusion.high, fusion.low)))
    assert widths[1] > 1.5 * widths[0]


def test_nothing_to_learn_from() -> None:
    for correct in (True, False):
        with pytest.raises(InputError, match="nothing to learn from"):
            learn(made_up().assign(correct=correct), ["cosine"], {}, {})


def test_a_file_says_what_it_was_learned_from(tiny: EmbeddingModel, tmp_path: Path) -> None:
    path, facts = tmp_path / "fusion.json", facts_of(tiny)
    fusion = learn(made_up(), list(SCORES), facts, {"individuals": 60})
    fusion.save(path)
    again = Fusion.load(path)
    assert again == fusion and json.loads(path.read_text())["learned"] == {"individuals": 60}
    again.require(tiny)
    for name in facts:
        stale = Fusion(**{**vars(fusion), "facts": facts | {name: "other"}})
        with pytest.raises(InputError, match=f"are for another {name.replace('_', ' ')}: other"):
            stale.require(tiny)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"facts": {}}', "null", "[" * 9999])
def test_other_files_are_no_fusions(text: str, tmp_path: Path) -> None:
    (tmp_path / "other.json").write_text(text)
    with pytest.raises(InputError, match="holds no learned weights"):
        Fusion.load(tmp_path / "other.json")
    with pytest.raises(InputError, match="cannot be read"):
        Fusion.load(tmp_path / "none.json")


def test_without_weights_a_warning_says_so(tiny: EmbeddingModel, caplog: pytest.LogCaptureFixture) -> None:
    assert packaged_or_none(tiny) is None
    assert "tiny: candidates are in the order of match coverage" in caplog.text


def test_the_weights_of_the_embedded_model_fit_it(caplog: pytest.LogCaptureFixture) -> None:
    found = packaged_or_none(load_model("reid-lite0", device="cpu"))
    assert found is not None and set(found.weight) == set(SCORES) and not caplog.text
    assert (ASSETS / "fusion-reid-lite0.json").stat().st_size < 20_000
    assert packaged_or_none(load_model("reid-lite0", device="cpu", size=96)) is None
    assert "another model key" in caplog.text


def test_words() -> None:
    row = {"cosine": 0.71, "inliers": 34, "local_matches": 120, "resize_distance": 0.04, "match_coverage": 0.62}
    row |= {"inverted_residual": 1 / 31, "share": 0.87, "low": 0.8, "high": 0.92}
    assert words_of(pd.Series(row)) == (
        "The cosine is 0.71; 34 local matches agree on one transform, which is close to a plain resize; matched places "
        "hold 62 % of PAIR-X's relevance, and lie 31 px from where the transform has them; of such pairs 87 % [80, 92] "
        "were the same animal."
    )
    bare = row | {"inliers": 0, "match_coverage": math.nan, "inverted_residual": math.nan, "share": math.nan}
    assert words_of(pd.Series(bare)) == (
        "The cosine is 0.71; its 120 local matches agree on no transform; most of PAIR-X's relevance lowers the "
        "similarity."
    )
    assert "far from a plain resize" in words_of(pd.Series(row | {"resize_distance": 0.4}))
