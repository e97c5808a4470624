"""What is said of a run beside its numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pairx.assets import ASSETS
from pairx.evaluation import remarks
from pairx.evaluation.summary import RESIDUAL

METRICS = ("inverted_residual_mean", "match_coverage")


def summary(**changes: Any) -> dict[str, Any]:
    """Of a run without anything to be careful of."""
    over = {"auc": 0.2, "auc_interval": [0.1, 0.3]}
    layers = {
        layer: {RESIDUAL: {"rho": rho, "rho_interval": [rho - 0.1, rho + 0.1], "over_control": over}}
        for layer, rho in (("early", 0.3), ("late", 0.6))
    }
    found = {
        "pairs": 60, "queries": 30, "retrieval": {"queries": 40}, "status": {"ok": 50, "few inliers": 10},
        "duplicates": {"photographs": 0, "contradictory": 0, "pairs": 0, "examples": []}, "layers": layers,
        "best_layer": "late", "other_layers": {"early": {"rho": 0.3, "rho_interval": [0.2, 0.4]}},
    }  # fmt: skip
    return found | changes


def test_a_run_without_faults_has_no_remarks() -> None:
    assert remarks.remarks(summary()) == []
    assert remarks.opening_metric(summary(), "late", METRICS) == "inverted_residual_mean"


def test_few_queries_are_said() -> None:
    (found,) = remarks.remarks(summary(retrieval={"queries": 2}, pairs=2, queries=2))
    assert found == (
        "Top-1, top-5 and mAP are over 2 queries only; rho, Delta and AUC are over 2 pairs only; the pairs are of 2 "
        "queries, and fewer than 8 give no interval."
    )
    assert remarks.remarks(summary(retrieval={"queries": 1})) == ["Top-1, top-5 and mAP are over 1 query only."]


def test_copies_are_said() -> None:
    copies = {"photographs": 6, "contradictory": 1, "pairs": 2, "examples": [["A/0.jpg", "A/0 (1).jpg"]]}
    (found,) = remarks.remarks(summary(duplicates=copies))
    assert found.startswith(
        "6 photographs are copies of another (A/0.jpg = A/0 (1).jpg); 2 of the pairs join two copies"
    )
    assert "1 is there under several identities" in found
    (found,) = remarks.remarks(summary(duplicates={**copies, "photographs": 1, "pairs": 1, "contradictory": 0}))
    assert found.startswith("1 photograph is a copy") and "1 of the pairs joins two copies. Retrieval" in found


def test_a_metric_of_unusable_transforms_does_not_open() -> None:
    poor = summary(status={"non-convex": 56, "ok": 3, "few inliers": 1})
    assert remarks.usable_share(poor) == 0.05
    (found,) = remarks.remarks(poor)
    assert found.startswith("Only 3 of 60 transforms") and "non-convex 56, few inliers 1" in found
    assert remarks.opening_metric(poor, "late", METRICS) == "match_coverage"
    assert remarks.opening_metric(poor, "late", METRICS[:1]) == "inverted_residual_mean"


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"auc": 0.1, "auc_interval": [0.02, 0.2]}, ""),
        ({"auc": 0.1, "auc_interval": [-0.02, 0.2]}, "+0.10 apart (95 % -0.02 to +0.20)"),
        ({"auc": -0.3, "auc_interval": [-0.5, -0.1]}, "no better than its control"),
        ({"auc": 0.1, "auc_interval": [None, None]}, "no better than its control"),
        ({"auc": None, "auc_interval": [None, None]}, "too few pairs"),
    ],
)
def test_a_metric_is_held_against_its_control(over: dict[str, Any], said: str) -> None:
    found = summary(layers={"late": {RESIDUAL: {"rho": 0.5, "over_control": over}}})
    sentence = remarks.no_better_than_control(found, "late", RESIDUAL)
    assert said in sentence and bool(sentence) == bool(said)
    opened = remarks.opening_metric(found, "late", METRICS)
    assert opened == ("match_coverage" if said else "inverted_residual_mean")
    assert remarks.no_better_than_control(found, "late", "match_coverage") == ""


def test_a_layer_is_best_only_where_intervals_part() -> None:
    numbers = "late 0.600 (0.500 to 0.700), early 0.300 (0.200 to 0.400)"
    assert remarks.layer_sentence(summary()) == f"best layer, by rho of the inverted residual mean: {numbers}"
    level = summary(other_layers={"early": {"rho": 0.3, "rho_interval": [-0.1, 0.7]}})
    assert remarks.layer_sentence(level) == f"no layer is clearly best, by rho of the inverted residual mean: {numbers}"
    unknown = summary(other_layers={"early": {"rho": 0.3, "rho_interval": [None, None]}})
    assert "no layer is clearly best" in remarks.layer_sentence(unknown)
    assert "none has a rho" in remarks.layer_sentence(summary(best_layer=None))


def test_a_p_value_that_can_be_no_smaller_says_so() -> None:
    assert remarks.p_value(1 / 201, 1 / 201) == "<=0.005" and remarks.p_value(2 / 201, 1 / 201) == "0.010"
    assert remarks.p_value(None, None) == "-" and remarks.p_value(0.005, None) == "0.005"


def test_older_runs_are_read() -> None:
    """A summary without what newer ones add says what it can."""
    found = summary()
    for name in ("duplicates", "queries", "other_layers"):
        found.pop(name)
    del found["layers"]["late"][RESIDUAL]["over_control"], found["layers"]["late"][RESIDUAL]["rho_interval"]
    assert remarks.remarks(found) == [] and remarks.no_better_than_control(found, "late", RESIDUAL) == ""
    assert "without an interval: late 0.600, early" in remarks.layer_sentence(found)
    assert remarks.remarks(json.loads((ASSETS / "run" / "summary.json").read_text())) is not None
