"""Runs in lines of text: one run's summary, and several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pairx.evaluation.remarks import layer_sentence, p_value, remarks

if TYPE_CHECKING:
    import numpy as np

    from pairx.evaluation.comparing import Comparison


HEAD = ("pairs", "rho", "95 % interval", "Delta", "95 % interval", "by chance", "p", "AUC", "95 % interval")
WIDTHS = (12, 7, 16, 7, 16, 16, 9, 7, 16)


def report(summary: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """A run's summary in lines: how good the model is, how often the transform failed, what to be careful of, and a
    line a metric and layer with rho, Delta, where it lies by chance, the AUC within bins, and their intervals; under a
    metric with a control, by how much its numbers are more than the control's.
    """
    found = summary["retrieval"]
    statuses = ", ".join(f"{name} {count}" for name, count in summary["status"].items())
    lines = [
        f"{settings['dataset']}: {settings['photographs']} photographs, {settings['model']}",
        f"top-1 over {found['queries']} queries: {_percent(found['top_1'])}, top-5: {_percent(found['top_5'])}, "
        f"mAP: {_percent(found['map'])}",
        f"{summary['pairs']} pairs of the top {summary['k']}: {summary['correct']} correct, "
        f"{summary['incorrect']} incorrect",
        f"{settings['features']}, {settings['transform']}: {statuses}; "
        f"inliers {_number(summary['median_inliers'], '.0f')} (median)",
        *remarks(summary),
        "",
        f"{'layer':<12}{'metric':<42}{_row(HEAD)}",
    ]
    for layer, metrics in summary["layers"].items():
        for name, values in metrics.items():
            lines.append(f"{layer:<12}{name:<42}{_row(_cells(values))}")
            if "over_control" in values:
                lines.append(f"{'':<12}{'  more than its control':<42}{_row(_cells(values['over_control']))}")
            for what, reason in (("Delta", "delta_reason"), ("p", "delta_p_reason")):
                if values.get(reason):
                    lines.append(f"{'':<14}no {what}: {values[reason]}")
    sure = layer_sentence(summary)
    return [*lines, *["", sure] * bool(sure)]


def comparison_report(found: Comparison) -> list[str]:
    """Runs side by side in lines: what each is, the settings in which they differ, their rho and Delta."""
    shares = dict.fromkeys(("top_1", "top_5", "map"), "{:.1%}".format)
    lines = found.runs.to_string(index=False, formatters=shares, na_rep="-").splitlines()
    if len(found.differing):
        lines += ["", "settings that differ:", *found.differing.to_string().splitlines()]
    table = found.scores[["metric", "layer", "run"]].copy()
    table["pairs"] = [f"{row.correct}+{row.incorrect}" for row in found.scores.itertuples()]
    for title, name in (("rho", "rho"), ("Delta", "delta"), ("AUC", "auc")):
        table[title] = found.scores[name]
        table[f"{title} 95 %"] = [_range(ends) for ends in found.scores[[f"{name}_low", f"{name}_high"]].to_numpy()]
    table["by chance"] = [_range(ends) for ends in found.scores[["chance_low", "chance_high"]].to_numpy()]
    table["p"] = [p_value(*one) for one in found.scores[["delta_p", "delta_p_floor"]].to_numpy(float)]
    text = table.to_string(index=False, float_format="{:.2f}".format, na_rep="-")
    return [*lines, "", *text.splitlines()]


def _cells(values: dict[str, Any]) -> list[str]:
    """What stands under HEAD; of differences, only what they have."""
    pairs = f"{values['correct']}+{values['incorrect']}" if "correct" in values else ""
    rho, delta, auc = (
        [_number(values.get(name)), _range(values.get(f"{name}_interval"))] for name in ("rho", "delta", "auc")
    )
    chance = ["", ""]
    if "delta_null" in values:
        chance = [_range(values["delta_null"]), p_value(values["delta_p"], values.get("delta_p_floor"))]
    return [pairs, *rho, *delta, *chance, *auc]


def _row(cells: Sequence[str]) -> str:
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, WIDTHS, strict=True)).rstrip()


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None, form: str = ".2f") -> str:
    return "-" if value is None else f"{value:{form}}"


def _range(values: Sequence[float | None] | np.ndarray | None) -> str:
    return (
        "-" if values is None or values[0] is None or values[0] != values[0] else f"{values[0]:.2f} to {values[1]:.2f}"
    )
