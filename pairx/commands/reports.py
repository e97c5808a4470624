"""Runs in lines of text: one run's summary, and several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pairx.evaluation.comparing import Comparison


def report(summary: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """A run's summary in lines: how good the model is, how often the transform failed, and a line a metric and layer
    with rho, Delta, its bootstrap interval and where it lies by chance.
    """
    found = summary["retrieval"]
    statuses = ", ".join(f"{name} {count}" for name, count in summary["status"].items())
    lines = [
        f"{settings['dataset']}: {settings['photographs']} photographs, {settings['model']}",
        f"retrieval of {found['queries']} queries: top-1 {_percent(found['top_1'])}, top-5 {_percent(found['top_5'])}, "
        f"mAP {_percent(found['map'])}",
        f"{summary['pairs']} pairs of the top {summary['k']}: {summary['correct']} correct, "
        f"{summary['incorrect']} incorrect",
        f"{settings['features']}, {settings['transform']}: {statuses}; "
        f"inliers {_number(summary['median_inliers'], '.0f')} (median)",
        "",
        f"{'layer':<12}{'metric':<42}{'pairs':>12}{'rho':>7}{'Delta':>7}{'95 % interval':>17}{'by chance':>17}{'p':>7}",
    ]
    for layer, metrics in summary["layers"].items():
        for name, values in metrics.items():
            counts = f"{values['correct']}+{values['incorrect']}"
            lines.append(
                f"{layer:<12}{name:<42}{counts:>12}{_number(values['rho']):>7}{_number(values['delta']):>7}"
                f"{_range(values['delta_interval']):>17}{_range(values['delta_null']):>17}"
                f"{_number(values['delta_p'], '.3f'):>7}"
            )
            if values["delta_reason"]:
                lines.append(f"{'':<12}no Delta: {values['delta_reason']}")
    if len(summary["layers"]) > 1:
        lines += ["", f"best layer, by rho of inverted_residual_mean: {summary['best_layer'] or '-'}"]
    return lines


def comparison_report(found: Comparison) -> list[str]:
    """Runs side by side in lines: what each is, the settings in which they differ, their rho and Delta."""
    shares = dict.fromkeys(("top_1", "top_5", "map"), "{:.1%}".format)
    lines = found.runs.to_string(index=False, formatters=shares, na_rep="-").splitlines()
    if len(found.differing):
        lines += ["", "settings that differ:", *found.differing.to_string().splitlines()]
    table = found.scores[["metric", "layer", "run"]].copy()
    table["pairs"] = [f"{row.correct}+{row.incorrect}" for row in found.scores.itertuples()]
    table["rho"], table["Delta"] = found.scores["rho"], found.scores["delta"]
    for name, ends in (("95 % interval", ("delta_low", "delta_high")), ("by chance", ("chance_low", "chance_high"))):
        table[name] = [_range(values) for values in found.scores[list(ends)].to_numpy()]
    table["p"] = found.scores["delta_p"]
    numbers = {"p": "{:.3f}".format}
    text = table.to_string(index=False, formatters=numbers, float_format="{:.2f}".format, na_rep="-")
    return [*lines, "", *text.splitlines()]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else f"{value:{form}}"


def _range(values: Sequence[float | None]) -> str:
    return "-" if values[0] is None or values[0] != values[0] else f"{values[0]:.2f} to {values[1]:.2f}"
