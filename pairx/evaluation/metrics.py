"""The metrics of a pair, one record each: columns of a run, its summary, the words of the app follow from them.

from pairx.evaluation.metrics import METRICS, Metric

METRICS.add("match_spread", Metric("Match spread", lambda case: float(np.std(case.explanation.matches.keypoints1))))
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pairx.core import metrics
from pairx.plugins import Registry
from pairx.types import Explanation, Extent, Matches

CONTROL, USABLE = "resize_", "_usable"
"""Before the name of a metric's control, and behind that of a metric over pairs whose transform is usable."""


@dataclass(frozen=True)
class Case:
    """A pair at one layer, as metrics see it.

    explanation: of PAIR-X, whose matches' keypoints are in pixels of the images. matrix: (3, 3) transform of image 0 to
    image 1, NaN where there is none. size1: (width, height) of image 1. extent1: what the model sees of it, (x, y, w,
    h). input_size: (height, width) of the model's input, pixels.
    """

    explanation: Explanation
    matrix: np.ndarray
    size1: tuple[int, int]
    extent1: Extent
    input_size: tuple[int, int]

    @property
    def maps_and_matches(self) -> tuple[np.ndarray, np.ndarray, Matches]:
        """The maps of both images and the matches, all of which PAIR-X gives."""
        one = self.explanation
        assert one.map0 is not None and one.map1 is not None and one.matches is not None, f"{one.method} has no matches"
        return one.map0, one.map1, one.matches

    @cached_property
    def in_input(self) -> dict[str, float]:
        """`pairx.core.metrics.residual_metrics` of the matches, in pixels of the model's input."""
        stretch = np.array(self.input_size[::-1]) / self.extent1[2:]
        return self._residuals(stretch, np.sqrt(np.prod(self.input_size)))

    @cached_property
    def in_image(self) -> dict[str, float]:
        """The same in parts of image 1's diagonal."""
        diagonal = float(np.hypot(*self.size1))
        return self._residuals(np.full(2, 1 / diagonal), np.sqrt(self.extent1[2] * self.extent1[3]) / diagonal)

    def _residuals(self, stretch: np.ndarray, side: float) -> dict[str, float]:
        """Residuals in image 1 stretched by (x, y); side: of what the grid of cells covers, in the same unit."""
        _, map1, matches = self.maps_and_matches
        cells = np.sqrt(np.prod(map1.shape))
        if np.isnan(self.matrix).any():
            return dict.fromkeys(metrics.residual_metrics(np.ones(1), 1.0), math.nan)
        matrix = np.diag([*stretch, 1]) @ self.matrix
        found = metrics.residuals(matches.keypoints0, matches.keypoints1 * stretch, matrix)
        return metrics.residual_metrics(found, side / cells)


@dataclass(frozen=True)
class Metric:
    """How plausible a pair is, in a number; more is more plausible.

    title: as shown, with its unit. compute: of a Case; NaN where there is no number. of_transform: whether it asks how
    well the matches follow the transform between the photographs. Such a metric has a control, by the name of CONTROL
    and its own: the same with a transform that only lays one photograph over the other.
    """

    title: str
    compute: Callable[[Case], float]
    of_transform: bool = False


METRICS: Registry[Metric] = Registry("metrics")
"""By name, in the order they are shown."""


def controlled() -> list[str]:
    """The names of the metrics that have a control."""
    return [name for name, metric in METRICS.items() if metric.of_transform]


def columns() -> tuple[str, ...]:
    """The names of all numbers of a pair: metrics that have controls, the controls, the other metrics."""
    own = controlled()
    others = (name for name, metric in METRICS.items() if not metric.of_transform)
    return (*own, *(CONTROL + name for name in own), *others)


def measured(case: Case, control: Case) -> dict[str, float]:
    """All numbers of a pair by their names. control: the case with the control's transform."""
    found = {name: metric.compute(case) for name, metric in METRICS.items()}
    return found | {CONTROL + name: METRICS[name].compute(control) for name in controlled()}


def _coverage(case: Case) -> float:
    return math.nan if case.explanation.withheld else metrics.match_coverage(*case.maps_and_matches)


METRICS.add(
    "inverted_residual_mean",
    Metric("Inverted residual mean, 1/px", lambda case: case.in_input["inverted_residual_mean"], True),
)
METRICS.add(
    "inverted_residual_mean_normalised",
    Metric("Inverted residual mean, 1/diagonal", lambda case: case.in_image["inverted_residual_mean"], True),
)
METRICS.add(
    "inverted_residual_median",
    Metric("Inverted residual median, 1/px", lambda case: case.in_input["inverted_residual_median"], True),
)
METRICS.add(
    "inverted_residual_top20",
    Metric("Inverted residual of the 20 best, 1/px", lambda case: case.in_input["inverted_residual_top20"], True),
)
METRICS.add("match_coverage", Metric("Match coverage", _coverage))
