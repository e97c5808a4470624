"""The options of PAIR-X are one list: what computes, what is typed and what is linked to know the same ones."""

from __future__ import annotations

from dataclasses import fields

from pairx.choices import CHOICES, OFFERED, values_of
from pairx.core import PRESETS, Options
from pairx.lrp import ENGINES, Policy
from pairx.ui.shared import links


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
