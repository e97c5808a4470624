"""The options of PAIR-X are one list: what computes, what is typed and what is linked to know the same ones."""

from __future__ import annotations

from dataclasses import fields
from inspect import signature
from typing import Literal, get_args, get_origin, get_type_hints

from pairx.choices import CHOICES, OFFERED, values_of
from pairx.commands.pair import FIGURES
from pairx.core import PRESETS, Options
from pairx.lrp import ENGINES, Policy
from pairx.ui.api import ExplainApi
from pairx.ui.shared import links
from pairx.viz import Look


def test_every_option_is_computed_with_and_has_its_default() -> None:
    defaults = {one.name: one.default for one in fields(Options)}
    assert defaults.keys() - CHOICES.keys() == {"k_lines", "k_colors"}
    assert {name: choice.default for name, choice in CHOICES.items()}.items() <= defaults.items()
    assert {one.name for one in fields(Policy)} <= CHOICES.keys()


def test_every_engine_can_be_chosen() -> None:
    assert set(values_of("engine")) == set(ENGINES)


def test_links_hold_what_has_a_control() -> None:
    assert {one.name: one.default for one in fields(links.Options)} == {
        name: next(iter(choice.offered)) for name, choice in OFFERED.items()
    }


def test_presets_are_of_what_can_be_chosen() -> None:
    assert all(value in values_of(name) for preset in PRESETS.values() for name, value in preset.items())


def test_the_endpoint_for_programs_takes_what_can_be_chosen() -> None:
    hints = get_type_hints(ExplainApi.explain)
    taken = {name: get_args(hint) for name, hint in hints.items() if get_origin(hint) is Literal}
    options = {name: values for name, values in taken.items() if name in OFFERED}
    assert len(options) >= 4 and options == {name: tuple(OFFERED[name].offered) for name in options}
    assert set(taken) - set(options) == {"figure", "preset"}
    assert set(taken["preset"]) == set(PRESETS) and {f".{kind}" for kind in taken["figure"]} == {*FIGURES}
    defaults = {name: one.default for name, one in signature(ExplainApi.explain).parameters.items() if name in taken}
    assert defaults == {name: values[0] for name, values in taken.items()}, "the first is the default"
    assert [signature(ExplainApi.explain).parameters[name].default for name in ("lines", "colors")] == [
        Look.k_lines,
        Look.k_colors,
    ]
