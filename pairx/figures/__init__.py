"""Figures of papers, from a specification.

spec = read_spec(text)                          # checked: every problem with its line
computed = finished(figure_steps(spec, folder)) # raw numbers, nothing twice
data = draw(computed, "pdf")                    # computes nothing; the file knows how it was made
"""

from pairx.figures.computed import Figure, Panel
from pairx.figures.computing import figure_steps
from pairx.figures.drawing import draw
from pairx.figures.making import figure
from pairx.figures.nodes import SpecError
from pairx.figures.presets import PRESETS, Preset, preset
from pairx.figures.reading import read_spec
from pairx.figures.record import read_record
from pairx.figures.remaking import Remade, remake_steps
from pairx.figures.sources import Sources
from pairx.figures.spec import WIDTHS, Spec

__all__ = [
    "PRESETS",
    "WIDTHS",
    "Figure",
    "Panel",
    "Preset",
    "Remade",
    "Sources",
    "Spec",
    "SpecError",
    "draw",
    "figure",
    "figure_steps",
    "preset",
    "read_record",
    "read_spec",
    "remake_steps",
]
