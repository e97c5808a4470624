"""rho and Delta against an independent rewrite of algorithm 1, and on distributions with known distance."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from pairx.evaluation import separability, side_by_side


def algorithm_1(scores: list, cosines: list, labels: list) -> float:
    """Written from the paper's listing, pair by pair, with SciPy's densities."""
    correct = [(c, s) for c, s, label in zip(cosines, scores, labels, strict=True) if label]
    incorrect = [(c, s) for c, s, label in zip(cosines, scores, labels, strict=True) if not label]
    left = max(np.percentile([c for c, _ in pairs], 2.5) for pairs in (correct, incorrect))
    right = min(np.percentile([c for c, _ in pairs], 97.5) for pairs in (correct, incorrect))
    size = (right - left) / 10
    weighted, counted = 0.0, 0
    for i in range(10):
        start = left + i * size
        end = left + (i + 1) * size
        p = [s for c, s in correct if start < c < end]
        n = [s for c, s in incorrect if start < c < end]
        if len(p) < 3 or len(n) < 3:
            continue
        points = np.linspace(min(p + n), max(p + n), 1000)
        densities = [stats.gaussian_kde(values)(points) for values in (p, n)]
        densities = [density / density.sum() for density in densities]
        distance = -np.log(np.sqrt(densities[0] * densities[1]).sum())
        if np.mean(p) < np.mean(n):
            distance = -distance
        weighted += distance * (len(p) + len(n))
        counted += len(p) + len(n)
    return weighted / counted if counted else np.nan


def pairs(seed: int, n: int = 400, shift: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Metric, cosine and labels: correct pairs have a somewhat higher cosine and a metric higher by `shift`."""
    rng = np.random.default_rng(seed)
    correct = rng.random(n) < 0.4
    cosine = rng.normal(0.5 + 0.05 * correct, 0.1)
    return rng.gamma(2, 0.5, n) + cosine + shift * correct, cosine, correct


@pytest.mark.parametrize("shift", [-1.0, 0.0, 0.3, 2.0])
def test_delta_is_algorithm_1(shift: float) -> None:
    for seed in range(3):
        metric, cosine, correct = pairs(seed, shift=shift)
        found = separability.delta(metric, cosine, correct)
        assert found.value == pytest.approx(algorithm_1(metric, cosine, correct), rel=1e-9)
        assert len(found.bins) == 10 and found.reason == ""


def test_rho_is_spearman() -> None:
    metric, cosine, _ = pairs(0)
    tied, rough = metric.round(1), cosine.round(1)
    assert separability.rho(metric, cosine) == pytest.approx(stats.spearmanr(metric, cosine).statistic)
    assert separability.rho(tied, rough) == pytest.approx(stats.spearmanr(tied, rough).statistic)
    assert separability.rho(np.exp(cosine), cosine) == pytest.approx(1)
    assert separability.rho(-cosine, cosine) == pytest.approx(-1)
    assert np.isnan(separability.rho(np.ones(5), np.arange(5.0)))
    assert np.isnan(separability.rho(np.arange(2.0), np.arange(2.0)))


def test_distance_of_known_distributions() -> None:
    """Two normal distributions with one spread s and means d apart are d^2 / (8 s^2) apart; the kernel widens s^2 by
    its own variance, which is known. The samples are exact quantiles.
    """
    n = 4000
    quantiles = stats.norm.ppf((np.arange(n) + 0.5) / n)
    variance = 1 + n**-0.4
    for d in (0.5, 1.0, 2.0):
        expected = d**2 / (8 * variance)
        assert separability.signed_distance(quantiles + d, quantiles) == pytest.approx(expected, rel=0.02)
        assert separability.signed_distance(quantiles, quantiles + d) == pytest.approx(-expected, rel=0.02)
    assert separability.signed_distance(quantiles, quantiles) == pytest.approx(0, abs=1e-12)


def test_delta_of_known_distributions() -> None:
    """The same distance in every bin is Delta. One group of cosines lies in the middle of each bin; the groups at the
    window's ends, whose metric would say otherwise, are left out.
    """
    quantiles = stats.norm.ppf((np.arange(500) + 0.5) / 500)
    centres, ends = np.repeat(np.linspace(0.05, 0.95, 10), 500), np.repeat([0.0, 1.0], 500)
    cosine = np.concatenate([centres, ends, centres, ends])
    metric = np.concatenate([np.tile(quantiles + 1, 10), np.tile(quantiles - 9, 2), np.tile(quantiles, 12)])
    found = separability.delta(metric, cosine, np.arange(12_000) < 6000)
    one = separability.signed_distance(quantiles + 1, quantiles)
    assert found.window == (0, 1)
    assert [(b.correct, b.incorrect) for b in found.bins] == [(500, 500)] * 10
    assert [b.distance for b in found.bins] == pytest.approx([one] * 10)
    assert found.value == pytest.approx(one) and one == pytest.approx(1 / 8, rel=0.1)


def test_far_distributions_have_a_finite_distance() -> None:
    """Where densities would vanish in floating point: kernels of width h, means 1 apart, meet at 1/2 from both."""
    rng = np.random.default_rng(0)
    near, far = rng.normal(0, 1e-4, 50), rng.normal(1, 1e-4, 50)
    found = separability.signed_distance(far, near)
    assert np.isfinite(found) and found > 1e5
    assert separability.signed_distance(near, far) == pytest.approx(-found)


def test_bins_need_three_of_either_class() -> None:
    """By hand: ten bins over (0, 1); only the first and the last hold enough of both."""
    cosine, metric, correct = [0.0, 1.0, 0.0, 1.0], [5.0, 5.0, 5.0, 5.0], [True, True, False, False]
    rng = np.random.default_rng(1)
    for centre, n_correct, n_incorrect in ((0.05, 3, 3), (0.35, 2, 9), (0.65, 9, 2), (0.95, 40, 30)):
        for label, count in ((True, n_correct), (False, n_incorrect)):
            cosine += [centre + 0.01 * rng.random() for _ in range(count)]
            metric += list(rng.normal(label, 1, count))
            correct += [label] * count
    cosine, metric, correct = np.array(cosine), np.array(metric), np.array(correct)
    found = separability.delta(metric, cosine, correct)
    assert found.value == pytest.approx(algorithm_1(metric, cosine, correct))
    counted = [b for b in found.bins if b.distance == b.distance]
    assert all(min(b.correct, b.incorrect) >= 3 for b in counted) and 1 <= len(counted) < 4
    weights = [b.correct + b.incorrect for b in counted]
    assert found.value == pytest.approx(np.average([b.distance for b in counted], weights=weights))


def test_no_delta_says_why() -> None:
    metric, cosine, correct = pairs(0)
    assert "no correct pair has" in separability.delta(metric, cosine, np.zeros(len(metric), bool)).reason
    assert "no incorrect pair has" in separability.delta(metric, cosine, np.ones(len(metric), bool)).reason
    assert "no cosines in common" in separability.delta(metric, cosine + 9 * correct, correct).reason
    constant = separability.delta(np.ones(len(metric)), cosine, correct)
    assert np.isnan(constant.value) and "varies" in constant.reason


def test_auc_is_the_share_of_contests_won_within_bins() -> None:
    """Contest by contest, with ties; the same whatever the metric's scale, while Delta is not."""
    metric, cosine, correct = pairs(3, shift=0.4)
    metric = metric.round(1)
    won = []
    for one in separability.delta(metric, cosine, correct).bins:
        inside = (one.start < cosine) & (cosine < one.stop)
        won += [(a > b) + (a == b) / 2 for a in metric[inside & correct] for b in metric[inside & ~correct]]
    found = separability.auc(metric, cosine, correct)
    assert found == pytest.approx(np.mean(won)) and 0.5 < found < 1
    assert separability.auc(np.exp(3 * metric), cosine, correct) == found
    assert separability.auc(-metric, cosine, correct) == pytest.approx(1 - found)
    deltas = [separability.delta(values, cosine, correct).value for values in (metric, np.exp(3 * metric))]
    assert abs(deltas[0] - deltas[1]) > 0.01
    assert np.isnan(separability.auc(metric, cosine, np.ones(400, bool)))


def test_a_contest_or_two_give_no_auc() -> None:
    """By hand: of ten bins over (0, 1) the first has 2 correct and 9 incorrect pairs, all of its contests lost, and the
    last, where there is one, 3 and 3, of whose 9 contests 6 are won.
    """
    ends = [(0.0, 5.0, True), (1.0, 5.0, True), (0.0, 5.0, False), (1.0, 5.0, False)]
    few = [(0.05, 0.0, True)] * 2 + [(0.05, 1.0, False)] * 9
    enough = [(0.95, value, True) for value in (2.0, 2.0, 0.0)] + [(0.95, 1.0, False)] * 3
    for more, expected in (([], np.nan), (enough, 2 / 3)):
        cosine, metric, correct = (np.array(column) for column in zip(*sorted([*ends * 40, *few, *more]), strict=True))
        once = np.ones((2, len(metric)), int)
        assert separability.auc(metric, cosine, correct) == pytest.approx(expected, nan_ok=True)
        found = side_by_side.aucs(metric, cosine, once * correct, once * ~correct)
        assert found == pytest.approx([expected] * 2, nan_ok=True)


def test_pairs_without_a_metric_do_not_count() -> None:
    metric, cosine, correct = pairs(2)
    missing = np.arange(len(metric)) % 7 == 0
    with_gaps = np.where(missing, np.where(correct, np.nan, np.inf), metric)
    kept = [values[~missing] for values in (metric, cosine, correct)]
    assert separability.delta(with_gaps, cosine, correct) == separability.delta(*kept)
    assert separability.rho(with_gaps, cosine) == separability.rho(*kept[:2])


def test_many_values_are_counted_in_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    correct, incorrect = rng.normal(0.5, 1, 3000), rng.exponential(1, 2000)
    each = separability.signed_distance(correct, incorrect)
    monkeypatch.setattr(separability, "MANY", 1000)
    counted = separability.signed_distance(correct, incorrect)
    assert counted != each and counted == pytest.approx(each, rel=1e-3)
