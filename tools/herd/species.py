"""The species of the herd: body, carriage, coat, and where they are photographed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tools.herd import plans
from tools.herd.body import Body, Plan
from tools.herd.coat import Antelope, BlotchLoom, Cheetah, Coat, Giraffe, Leopard, StripeLoom, Zebra
from tools.herd.pose import Habit

UPRIGHT, WIDE = (0.667, 0.75, 0.8, 1.0), (1.0, 1.25, 1.333, 1.5)


@dataclass(frozen=True)
class Species:
    """loom: makes what all coats of the species share; coat: makes an individual's from that and a generator.

    kinds: of poses, as often as they stand here. aspects: formats of the pictures, width / height.
    """

    plan: Callable[[], Plan]
    habit: Habit
    loom: Callable[[Body], object]
    coat: Callable[[object, np.random.Generator], Coat]
    kinds: tuple[str, ...]
    biomes: tuple[str, ...]
    aspects: tuple[float, ...]
    names: tuple[str, ...]


SPECIES = {
    "zebra": Species(
        plans.zebra,
        Habit((-0.12, 0.40), 1.5, -0.75, 0.55, 0.16),
        StripeLoom.of,
        Zebra.born,
        ("walk", "stand", "look", "walk", "graze"),
        ("savanna", "plain", "plain", "bush"),
        (*WIDE, 0.8),
        ("Zuri", "Marty", "Domino", "Amara", "Pepper", "Inka", "Otis"),
    ),
    "giraffe": Species(
        plans.giraffe,
        Habit((-0.12, 0.45), 0.75, 0.1, 0.90, 0.22),
        lambda body: body,
        Giraffe.born,
        ("walk", "stand", "look", "graze"),
        ("savanna", "plain", "bush", "forest"),
        UPRIGHT,
        ("Twiga", "Ossie", "Lofty", "Saffron", "Jirani", "Tembe"),
    ),
    "antelope": Species(
        plans.antelope,
        Habit((-0.15, 0.45), 1.55, -0.75, 0.40, 0.13),
        lambda body: body,
        Antelope.born,
        ("walk", "stand", "look", "walk", "graze"),
        ("bush", "forest", "forest", "plain", "savanna"),
        (0.8, 1.0, 1.25, 1.333),
        ("Nala", "Fern", "Basil", "Kiki", "Rowan", "Sorrel", "Tansy"),
    ),
    "leopard": Species(
        plans.leopard,
        Habit((-0.25, 0.40), 0.7, -0.3, 0.38, 0.09, 0.03),
        lambda body: body,
        Leopard.born,
        ("walk", "stand", "look", "walk"),
        ("bush", "forest", "soil", "savanna"),
        (*WIDE, 1.6),
        ("Chui", "Mosaic", "Rosa", "Ember", "Sable", "Juno"),
    ),
    "cheetah": Species(
        plans.cheetah,
        Habit((-0.25, 0.35), 0.8, -0.3, 0.46, 0.10, 0.02),
        BlotchLoom.of,
        Cheetah.born,
        ("walk", "stand", "look", "walk"),
        ("savanna", "plain", "soil"),
        WIDE,
        ("Duma", "Kito", "Freckle", "Swift", "Lulu", "Tano"),
    ),
}
