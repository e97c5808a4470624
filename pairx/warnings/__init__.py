"""Warnings that save from false matches: what of a pair's similarity need not come from the animals.

Each is a number with a threshold and one line of plain English. `python -m benchmarks.warnings` measures how often each
is right; none is here that does no better than chance.
"""

from pairx.warnings.checks import WARNINGS, Check, PairWarning, pair_warnings, warn_steps
from pairx.warnings.measures import Case
from pairx.warnings.photograph import Neighbourhood, Photograph

__all__ = ["WARNINGS", "Case", "Check", "Neighbourhood", "PairWarning", "Photograph", "pair_warnings", "warn_steps"]
