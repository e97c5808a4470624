"""Tables of made-up scores: means, intervals, paired differences, and who is no better than a control."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from pairx.judging.contenders import CENTRE, EDGES, RANDOM
from pairx.judging.criteria import CRITERIA, Criterion
from pairx.judging.table import INDIVIDUALS, flags, interval, tabulate

ENERGY, DELETION = CRITERIA["energy"], CRITERIA["deletion"]


def scores(values: dict[str, np.ndarray], criterion: str = "energy", individuals: int = 10) -> pd.DataFrame:
    """Pair i is of individual i, modulo their number."""
    return pd.DataFrame(
        [
            {"number": i, "individual": f"a{i % individuals}", "method": name, "criterion": criterion, "value": value}
            for name, own in values.items()
            for i, value in enumerate(own)
        ]
    )


def row(table: pd.DataFrame, method: str) -> pd.Series:
    return table[table["method"] == method].iloc[0]


def test_an_interval_is_that_of_the_mean_of_as_many_individuals() -> None:
    values = np.random.default_rng(1).standard_normal(400)
    low, high = interval(values, np.arange(400).astype(str))
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)


def test_pairs_of_one_individual_count_as_one() -> None:
    values, owners = np.random.default_rng(1).standard_normal(40), np.arange(40).astype(str)
    low, high = interval(values, owners)
    assert interval(np.repeat(values, 5), np.repeat(owners, 5)) == pytest.approx((low, high))


def test_few_individuals_have_no_interval_and_no_flag() -> None:
    few = INDIVIDUALS - 1
    assert all(map(math.isnan, interval(np.arange(49.0), np.arange(49) % few)))
    table = tabulate(scores({"m": np.zeros(14), RANDOM: np.ones(14)}, individuals=few), ["m", RANDOM], [ENERGY], "m")
    assert math.isnan(row(table, "m")["low"]) and row(table, "m")["flagged"] == ""
    assert (row(table, "m")["pairs"], row(table, "m")["individuals"]) == (14, few)


def test_differences_are_of_the_same_pairs() -> None:
    base = np.linspace(0, 1, 20)
    table = tabulate(scores({"ours": base, "better": base + 0.1}), ["ours", "better"], [ENERGY], "ours")
    better = row(table, "better")
    assert [better[one] for one in ("difference", "difference_low", "difference_high")] == pytest.approx([0.1] * 3)
    assert better["high"] - better["low"] > 0.1  # though each of the two varies
    assert math.isnan(row(table, "ours")["difference"])


def test_a_pair_without_a_number_is_left_out_of_the_difference() -> None:
    one = scores({"ours": np.arange(20.0), "other": np.arange(20.0) + 1})
    table = tabulate(one[~((one["method"] == "other") & (one["number"] > 11))], ["ours", "other"], [ENERGY], "ours")
    assert (row(table, "other")["pairs"], row(table, "other")["difference"]) == (12, 1)


@pytest.mark.parametrize(("criterion", "sign"), [(ENERGY, 1), (DELETION, -1)])
def test_who_is_no_better_than_a_control_is_flagged(criterion: Criterion, sign: int) -> None:
    base = np.random.default_rng(2).uniform(size=20)
    values = {"good": base + sign, "same": base, "bad": base - sign, RANDOM: base, CENTRE: base - sign / 2}
    values[EDGES] = base + 2 * sign
    table = tabulate(scores(values, criterion.name), list(values), [criterion], "good")
    assert row(table, "good")["flagged"] == EDGES
    assert row(table, "same")["flagged"] == f"{RANDOM}, {EDGES}"
    assert row(table, "bad")["flagged"] == f"{RANDOM}, {CENTRE}, {EDGES}"
    assert row(table, EDGES)["flagged"] == ""
    assert flags(table)["bad"] == 1 and flags(table)[EDGES] == 0


def test_what_only_rounding_makes_is_no_difference() -> None:
    one = np.ones(20)
    table = tabulate(scores({"m": one - 1e-16, CENTRE: one}, "partner"), ["m", CENTRE], [CRITERIA["partner"]], "m")
    assert row(table, "m")["flagged"] == CENTRE


def test_criteria_are_told_whole() -> None:
    for name, one in CRITERIA.items():
        assert one.name == name and one.title and one.unit and one.paper and one.definition.endswith(".")
