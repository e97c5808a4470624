"""Photographs in a folder, and sources whose model is tiny."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PIL import Image

from pairx.figures import Figure, Sources, figure_steps, read_spec
from pairx.testing import smooth_noise, tiny_model
from pairx.types import finished

TINY = tiny_model()
SPEC = """
title: Stripes
width: 90
model: reid-lite0
rows:
  pairs:
    - {a: a.png, b: b.png, correct: true}
    - {a: a.png, b: c.png, correct: false}
columns:
  methods: [pair-x, grad-cam]
"""


def photographs(folder: Path) -> Path:
    """Three photographs, of different shapes."""
    for number, name in enumerate("abc"):
        Image.fromarray(smooth_noise(number, 48 + 8 * number, 64)).save(folder / f"{name}.png")
    return folder


class TinySources(Sources):
    """Any model is the tiny one."""

    def _model(self, _wanted: Any) -> Any:
        return TINY


def computed(text: str, folder: Path) -> Figure:
    """The figure that a text specifies."""
    return finished(figure_steps(read_spec(text), folder, TinySources(folder)))
