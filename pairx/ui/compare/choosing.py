"""What may be chosen at the left of the Compare tab."""

from __future__ import annotations

from pairx.figures.presets import CAMS
from pairx.methods import cards
from pairx.ui.compare.axes import AXES, SIX, Axis, Ground
from pairx.ui.compare.payload import ChooserAxis, ChooserPreset, ChooserValue
from pairx.ui.compare.times import Times
from pairx.ui.shared.session import Request
from pairx.ui.shared.words import duration


def presets() -> list[ChooserPreset]:
    """The methods that one button chooses."""
    known = cards()
    return [
        {"title": "Six", "choices": list(SIX)},
        {"title": "Fast", "choices": [name for name, card in known.items() if not card.slow]},
        {"title": "Figure 9 of the PAIR-X paper", "choices": [name for name in known if name in CAMS]},
    ]


def chooser_value(ground: Ground, times: Times) -> ChooserValue:
    """All axes with their choices. Raises InputError where the model cannot be had."""
    ground.app_state.model(ground.request.model)  # what its forward costs says how long a method takes
    return {"axes": [_axis(axis, ground, times) for axis in AXES.values()], "presets": presets()}


def _axis(axis: Axis, ground: Ground, times: Times) -> ChooserAxis:
    choices = axis.offered(ground)
    return {
        "id": axis.id,
        "title": axis.title,
        "info": axis.info,
        "choices": [
            {
                "id": one.id,
                "title": one.title,
                "group": one.group,
                "seconds": "" if axis.method else _seconds(times, ground.request, one.id),
            }
            for one in choices
        ],
        "default": list(axis.default(choices)),
        "method": axis.method,
        "methods": [name for name in cards() if axis.takes(name)] if axis.method else [],
    }


def _seconds(times: Times, request: Request, method: str) -> str:
    """What a method takes, in words: an estimate says that it is one."""
    found = times.expected(request.model, request.layer, method)
    if found is None:
        return ""
    return duration(found.seconds) if found.measured else f"about {duration(found.seconds)}"
