"""Kernel SHAP and LIME over superpixels: fair shares, and a local linear model, of the similarity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pairx.baselines import backgrounds, shapley, stopping
from pairx.baselines.backgrounds import Background
from pairx.baselines.registry import each_side, method, sides_card
from pairx.baselines.sides import Side
from pairx.baselines.stopping import Stopping
from pairx.types import Computation, Game, InputError, MethodCard, Step

FAMILY = "perturbation"
BATCH = 16
LIME_WIDTH = 0.25
LIME_RIDGE = 1.0


@dataclass(frozen=True)
class ShapOptions(Stopping):
    """segments: superpixels of a photograph, about. compactness, sigma: of SLIC. samples: coalitions. background:
    "blur", "mean", "zero", or a photograph (H, W, 3) uint8: what absent superpixels show. seed: of the sampling. error:
    see `Stopping`.
    """

    segments: int = 50
    compactness: float = 10.0
    sigma: float = 3.0
    samples: int = 5000
    background: Background = "blur"
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        backgrounds.check(self.background)


@dataclass(frozen=True)
class PairXShapOptions(ShapOptions):
    """As in PAIR-X's comparison: 500 superpixels, 1000 samples; black, as the paper names no background. See
    `ShapOptions`.
    """

    segments: int = 500
    sigma: float = 0.0
    samples: int = 1000
    background: Background = "zero"


@dataclass(frozen=True)
class LimeOptions(Stopping):
    """segments, compactness, sigma, samples, seed, error: see `ShapOptions`. background: "blur", "mean", "zero", a
    photograph (H, W, 3) uint8, or None: an absent superpixel shows its own mean colour.
    """

    segments: int = 50
    compactness: float = 10.0
    sigma: float = 3.0
    samples: int = 5000
    background: Background | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.background is not None:
            backgrounds.check(self.background)
        if self.samples < 1:
            raise InputError(f"samples is 1 or more, not {self.samples}.")


def _card(name: str, title: str, summary: str, paper: str, equation: str, cost: str, caveat: str) -> MethodCard:
    needs = ("partner embedding", "masked photograph")
    return sides_card(
        name=name, title=title, family=FAMILY, summary=summary, paper=paper, equation=equation, needs=needs, cost=cost,
        slow=True, game=Game("pixels"), caveat=caveat,
    )  # fmt: skip


SHAP = "Lundberg, Lee: A Unified Approach to Interpreting Model Predictions"


@method(
    _card(
        "kernel-shap",
        "Kernel SHAP",
        "Shapley values of about 50 superpixels; absent ones are blurred.",
        f"{SHAP}; settings of Hamilton et al.",
        "theorem 2",
        "5000 forwards of each photograph",
        "Sampled. Sums to the similarity less that of the background.",
    ),
    ShapOptions,
)
@each_side
def kernel_shap(side: Side, options: ShapOptions) -> Computation[tuple[Tensor, dict[str, float]]]:
    """Shapley values of `v(S) = s` with the superpixels outside S replaced: (height, width), each value spread
    evenly over its superpixel's pixels.
    """
    return (yield from _fair_shares(side, options))


@method(
    _card(
        "kernel-shap-500",
        "Kernel SHAP (500 superpixels)",
        "Shapley values of about 500 superpixels; absent ones are black.",
        f"{SHAP}; settings of the PAIR-X paper",
        "theorem 2; PAIR-X, section A.1",
        "1000 forwards of each photograph",
        "1000 samples hardly tell 500 superpixels apart: mostly noise.",
    ),
    PairXShapOptions,
)
@each_side
def kernel_shap_500(side: Side, options: PairXShapOptions) -> Computation[tuple[Tensor, dict[str, float]]]:
    """See `kernel_shap`."""
    return (yield from _fair_shares(side, options))


@method(
    _card(
        "lime",
        "LIME",
        "A linear model of the similarity near the photograph, over about 50 superpixels; absent ones show their mean "
        "colour.",
        "Ribeiro, Singh, Guestrin: Why Should I Trust You?; settings of Hamilton et al.",
        "eq. 1 with a ridge of 1, kernel sqrt(exp(-(d / 0.25)^2)), d the cosine distance of coalitions",
        "5000 forwards of each photograph",
        "Sampled. Its values do not sum to the similarity, and shrink where samples are few.",
    ),
    LimeOptions,
)
@each_side
def lime(side: Side, options: LimeOptions) -> Computation[tuple[Tensor, dict[str, float]]]:
    """Coefficients of a ridge regression of the similarity on which superpixels are there: (height, width), each
    spread evenly over its superpixel's pixels. The metric `left` is the similarity without any superpixel.
    """
    segments = superpixels(side.photo, options.segments, options.compactness, options.sigma)
    if options.background is None:
        absent = side.input_of(mean_colors(side.photo, segments))
    else:
        absent = backgrounds.of_pixels(side, options.background)
    generator = torch.Generator().manual_seed(options.seed)
    who = (torch.rand(options.samples, int(segments.max()) + 1, generator=generator) < 0.5).float()
    who[0] = 1
    sampling = _Lime(lambda some: _similarity(side, segments, absent, some), who, torch.from_numpy(segments))
    found, reached = yield from stopping.sampled(sampling, len(who), options.error, unknown=who.shape[1])
    with torch.no_grad():
        left = float(side.cosine(side.embed(absent[None])))
    return found, {"left": left, **reached.metrics}


class _Lime:
    """Coalitions (m, n), as far as their similarity was taken; see `stopping.Sampling`."""

    def __init__(self, similarity: Callable[[Tensor], Tensor], who: Tensor, labels: Tensor) -> None:
        self._similarity, self._who, self._labels = similarity, who, labels
        self._scores = torch.zeros(0)

    def take(self, count: int) -> Computation[None]:
        """See `stopping.Sampling`."""
        while (done := len(self._scores)) < count:
            yield Step(done, len(self._who), "sampling superpixels")
            with torch.no_grad():
                some = self._similarity(self._who[done : min(done + BATCH, count)]).cpu()
            self._scores = torch.cat([self._scores, some])

    def found(self, half: int | None) -> Tensor:
        """See `stopping.Sampling`."""
        rows = stopping.part(half, count := len(self._scores))
        values = local_linear(self._who[:count][rows], self._scores[rows])
        return shapley.spread(values, self._labels)


def _fair_shares(side: Side, options: ShapOptions) -> Computation[tuple[Tensor, dict[str, float]]]:
    segments = superpixels(side.photo, options.segments, options.compactness, options.sigma)
    absent, labels = backgrounds.of_pixels(side, options.background), torch.from_numpy(segments)
    shares = yield from shapley.shapley_values(
        lambda who: _similarity(side, segments, absent, who),
        int(segments.max()) + 1,
        options.samples,
        options.seed,
        BATCH,
        "sampling superpixels",
        error=options.error,
        as_map=lambda values: shapley.spread(values, labels),
    )
    return shapley.spread(shares.singles, labels), shares.reached.metrics


def superpixels(photo: np.ndarray, segments: int, compactness: float, sigma: float) -> np.ndarray:
    """(height, width) int labels 0, 1, … of SLIC's superpixels. Raises InputError where there are not two."""
    if segments < 2:
        raise InputError(f"segments is 2 or more, not {segments}.")
    from skimage.segmentation import slic  # it imports much of scipy

    labels = slic(photo, n_segments=segments, compactness=compactness, sigma=sigma, start_label=0)
    found = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    if found.max() == 0:
        raise InputError("SLIC finds a single superpixel in this photograph. Ask for more segments.")
    return found


def mean_colors(photo: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """(height, width, 3) uint8: a photograph with each superpixel in its mean colour."""
    flat = segments.ravel()
    sums = np.stack([np.bincount(flat, photo[..., channel].ravel()) for channel in range(3)], 1)
    return (sums / np.bincount(flat)[:, None]).round().astype(np.uint8)[segments]


def local_linear(who: Tensor, scores: Tensor) -> Tensor:
    """LIME's coefficients (n,) from coalitions (m, n) and their similarities (m,): ridge regression with an intercept,
    each coalition weighed by `exp(-(d / 0.25)^2)`, under a root as in the authors' code, of its cosine distance d to
    all.
    """
    who, scores = who.double(), scores.double()
    distance = 1 - (who.sum(1) / who.shape[1]).sqrt()
    weights = (-((distance / LIME_WIDTH) ** 2)).exp().sqrt()
    centred = who - weights @ who / weights.sum()
    rest = scores - weights @ scores / weights.sum()
    gram = centred.T @ (weights[:, None] * centred) + LIME_RIDGE * torch.eye(who.shape[1], dtype=torch.float64)
    return torch.linalg.solve(gram, centred.T @ (weights * rest))


def _similarity(side: Side, segments: np.ndarray, absent: Tensor, who: Tensor) -> Tensor:
    """(B,) of coalitions (B, superpixels)."""
    shown = who[:, torch.from_numpy(segments)][:, None].to(side.x.device) > 0.5
    return side.cosine(side.embed(torch.where(shown, side.x, absent)))
