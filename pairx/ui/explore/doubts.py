"""What speaks against a metric of a run, and what to look at instead."""

from __future__ import annotations

from dataclasses import replace

from pairx.evaluation.metrics import CONTROL, USABLE, controlled
from pairx.evaluation.reading import OpenRun
from pairx.evaluation.remarks import COVERAGE, USABLE_ENOUGH, no_better_than_control, usable_share
from pairx.ui.explore.choice import Choice
from pairx.ui.explore.payload import Doubt, Turn
from pairx.ui.shared.words import metric_title

TURNS = {COVERAGE: "Show match coverage", "usable": "Show the usable pairs only"}
"""What a person may turn to, with the words on its button."""
FILTER = "status", ("ok",)
"""Column and values that leave the pairs whose transform is usable."""
SAYS_LITTLE = " (says little here)"
IS_CONTROL = "This is a control: it only resizes one photograph to the other, and knows nothing of what they show."


def only_usable(choice: Choice) -> bool:
    """Whether a choice leaves exactly the pairs whose transform is usable."""
    return (choice.column, choice.values) == FILTER and not choice.text.strip()


def summarised(choice: Choice) -> str:
    """The name under which a run's summary has what a choice shows; "" where it shows other pairs."""
    if only_usable(choice):
        return choice.metric + USABLE
    return "" if choice.filtering else choice.metric


def reason(run: OpenRun, choice: Choice) -> str:
    """Why a choice's metric cannot tell correct from incorrect pairs, in a sentence; "" where nothing says so. Pairs
    that the summary does not know are judged by all of the run's."""
    if choice.metric.startswith(CONTROL):
        return IS_CONTROL
    known = summarised(choice)
    found = known if known in run.summary["layers"].get(choice.layer, {}) else choice.metric
    return no_better_than_control(run.summary, choice.layer, found)


def doubt(run: OpenRun, choice: Choice) -> Doubt:
    """What the plot says against its metric: {"text", "turns": [{"to", "label"}], "grey"}; {} where nothing does."""
    few = "" if only_usable(choice) else too_few_usable(run, choice.metric)
    why = reason(run, choice)
    if not few and not why:
        return {}
    there = {COVERAGE: COVERAGE in run.metrics, "usable": bool(few) and usable_say_something(run, choice)}
    turns = [Turn(to=to, label=label) for to, label in TURNS.items() if there[to]]
    return {"text": " ".join(filter(None, (few, why))), "turns": turns, "grey": bool(why)}


def too_few_usable(run: OpenRun, metric: str) -> str:
    """That too few transforms are usable for a metric that is measured with them; "" where there are enough."""
    if not usable_share(run.summary) < USABLE_ENOUGH or metric.removeprefix(CONTROL) not in controlled():
        return ""
    usable, total = run.summary["status"].get("ok", 0), sum(run.summary["status"].values())
    return f"{usable} of {total} transforms between the photographs are usable: this metric says little here."


def usable_say_something(run: OpenRun, choice: Choice) -> bool:
    """Whether there are usable pairs, and nothing says that the metric tells them apart no better than its control."""
    usable = replace(choice, column=FILTER[0], values=FILTER[1], text="")
    judged = usable.metric + USABLE in run.summary["layers"].get(choice.layer, {})
    return run.summary["status"].get("ok", 0) > 1 and not (judged and reason(run, usable))


def turned(choice: Choice, to: str) -> Choice:
    """The choice that a button leads to; the same for any other word."""
    if to == COVERAGE:
        return replace(choice, metric=COVERAGE)
    return replace(choice, column=FILTER[0], values=FILTER[1], text="") if to == "usable" else choice


def metric_choices(run: OpenRun, layer: str) -> list[tuple[str, str]]:
    """Title and name of a run's metrics; the title says which of them can tell nothing at this layer."""
    weak = {one: bool(reason(run, Choice(run.name, layer, one))) for one in run.metrics}
    return [(metric_title(one) + SAYS_LITTLE * (weak[one] and not one.startswith(CONTROL)), one) for one in run.metrics]
