"""What a reader of a run's numbers has to know before believing them: plain sentences from its summary.

Summaries of older runs lack some of what is asked for here, and then nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pairx.evaluation.duplicates import duplicates_sentence
from pairx.evaluation.resampling import QUERIES
from pairx.evaluation.summary import RESIDUAL

FEW = 20  # queries or pairs up to which their number is said as a caution
USABLE_ENOUGH = 0.5  # share of usable transforms from which the residual metrics are worth a look
COVERAGE = "match_coverage"
Numbers = Mapping[str, Any]


def remarks(summary: Numbers) -> list[str]:
    """Cautions on a whole run, each a sentence: copies, few queries or pairs, unusable transforms."""
    found = [duplicates_sentence(summary.get("duplicates")), _few(summary), usable_sentence(summary)]
    return [one for one in found if one]


def usable_share(summary: Numbers) -> float:
    """Share of the pairs whose transform is usable, 0 to 1; NaN where there are no pairs."""
    total = sum(summary["status"].values())
    return summary["status"].get("ok", 0) / total if total else float("nan")


def usable_sentence(summary: Numbers) -> str:
    """That too few transforms are usable for the residual metrics; empty where there are enough."""
    if not usable_share(summary) < USABLE_ENOUGH:
        return ""
    status = dict(summary["status"])
    usable, total = status.pop("ok", 0), sum(summary["status"].values())
    why = ", ".join(f"{name} {count}" for name, count in status.items())
    return (
        f"Only {usable} of {total} transforms between the photographs are usable ({why}): the residual metrics say "
        "little here. Match coverage needs no transform."
    )


def no_better_than_control(summary: Numbers, layer: str, metric: str) -> str:
    """Why a metric is not to be trusted to tell correct from incorrect pairs: it does not do so better than its
    control, which knows nothing of the photographs. Empty where it does, where it has no control, and where an older
    run did not ask.
    """
    found = summary["layers"].get(layer, {}).get(metric, {}).get("over_control")
    if found is None:
        return ""
    if found["auc"] is None:
        return "There are too few pairs of either kind to tell whether it does better than its control."
    low, high = found["auc_interval"]
    if low is not None and low > 0:
        return ""
    between = f" (95 % {low:+.2f} to {high:+.2f})" if low is not None else ""
    return (
        "It tells correct from incorrect pairs no better than its control, which only resizes: the AUC within bins is "
        f"{found['auc']:+.2f} apart{between}."
    )


def opening_metric(summary: Numbers, layer: str, metrics: Sequence[str]) -> str:
    """The metric of a run's that its data support best: PAIR-X's residual, where enough transforms are usable and it
    does better than its control, else match coverage, which needs neither."""
    first = RESIDUAL
    sound = not usable_sentence(summary) and not no_better_than_control(summary, layer, first)
    return next((name for name in ((first,) if sound else (COVERAGE, first)) if name in metrics), metrics[0])


def layer_sentence(summary: Numbers) -> str:
    """Which layer is best by the rho of the inverted residual mean, and how sure that is; empty for a single layer."""
    layers, best = summary["layers"], summary["best_layer"]
    if len(layers) < 2:
        return ""
    if best is None:
        return "no layer is best: none has a rho of the inverted residual mean"
    found = {layer: numbers[RESIDUAL] for layer, numbers in layers.items()}
    known = [layer for layer in found if found[layer]["rho"] is not None]
    said = ", ".join(
        f"{layer} {found[layer]['rho']:.3f}{_span(found[layer].get('rho_interval'))}"
        for layer in sorted(known, key=lambda layer: -found[layer]["rho"])
    )
    others = summary.get("other_layers")
    if others is None:
        return f"highest rho of the inverted residual mean, without an interval: {said}"
    level = [name for name, one in others.items() if one["rho"] is not None and not _above_zero(one["rho_interval"])]
    if level:
        return f"no layer is clearly best, by rho of the inverted residual mean: {said}"
    return f"best layer, by rho of the inverted residual mean: {said}"


def p_value(p: float | None, floor: float | None) -> str:
    """A p-value in words: "<= 0.005" where no smaller one can come of so many draws."""
    if p is None or p != p:
        return "-"
    return f"<={p:.3f}" if floor is not None and p <= floor * 1.0001 else f"{p:.3f}"


def _few(summary: Numbers) -> str:
    """That numbers are of few queries or pairs."""
    searched, pairs, queries = summary["retrieval"]["queries"], summary["pairs"], summary.get("queries")
    parts = []
    if searched <= FEW:
        parts.append(f"top-1, top-5 and mAP are over {_count(searched, 'query', 'queries')} only")
    if pairs <= FEW:
        parts.append(f"rho, Delta and AUC are over {_count(pairs, 'pair', 'pairs')} only")
    if queries is not None and queries < QUERIES:
        parts.append(
            f"the pairs are of {_count(queries, 'query', 'queries')}, and fewer than {QUERIES} give no interval"
        )
    text = "; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if parts else ""


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _above_zero(interval: Sequence[float | None]) -> bool:
    return interval[0] is not None and interval[0] > 0


def _span(interval: Sequence[float | None] | None) -> str:
    return f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval and interval[0] is not None else ""
