"""Two methods on gradients: integrated over the pixels, and of what both embeddings agree on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pairx.baselines import backgrounds, stopping
from pairx.baselines.backgrounds import Background
from pairx.baselines.cam import grad_cam
from pairx.baselines.registry import NoOptions, each_side, method, sides_card
from pairx.baselines.sides import Side
from pairx.baselines.stopping import Reached, Stopping
from pairx.types import Computation, Game, InputError, Step

BATCH = 8


@dataclass(frozen=True)
class IntegratedOptions(Stopping):
    """samples: points on the way from the background to the photograph. background: "blur", "mean", "zero", or a
    photograph (H, W, 3) uint8. error: see `Stopping`.
    """

    samples: int = 50
    background: Background = "blur"

    def __post_init__(self) -> None:
        super().__post_init__()
        backgrounds.check(self.background)


@method(
    sides_card(
        name="integrated-gradients",
        title="Integrated gradients",
        family="perturbation",
        summary="Adds up the pixels' gradients on the way from a blurred photograph to the photograph itself.",
        paper="Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks",
        equation="eq. 1, midpoint rule, summed over colours",
        needs=("partner embedding", "pixels", "gradient", "background"),
        cost="50 forwards and backwards of each photograph",
        slow=True,
        game=Game("pixels"),
        caveat="Gradients of pixels are noisy: single dots mean little. Sums to the similarity less the background's.",
    ),
    IntegratedOptions,
)
@each_side
def integrated_gradients(side: Side, options: IntegratedOptions) -> Computation[tuple[Tensor, dict[str, float]]]:
    """`sum over colours of (x - b) mean over alpha of ds/dx at b + alpha (x - b)`: (height, width)."""
    background = backgrounds.of_pixels(side, options.background)
    change, score = side.x[0] - background, lambda x: side.cosine(side.embed(x))
    pixels, reached = yield from on_the_way(score, background, change, options.samples, options.error)
    return pixels, reached.metrics


def on_the_way(
    score: Callable[[Tensor], Tensor], background: Tensor, change: Tensor, samples: int, error: float
) -> Computation[tuple[Tensor, Reached]]:
    """A change (C, h, w) times the mean gradient of a score on the straight way over it from a background (C, h, w), by
    the midpoint rule (Sundararajan et al., eq. 1), summed over channels: (h, w) float64, and its error. score:
    (B, C, h, w) to (B,). samples: points on the way; fewer than 1 raise InputError. error: at which it stops, see
    `pairx.baselines.stopping`.
    """
    if samples < 1:
        raise InputError(f"samples is 1 or more, not {samples}.")
    order = stopping.evenly(samples) if error else torch.arange(samples)
    return (yield from stopping.sampled(_Way(score, background, change, order), samples, error, splits=1))


class _Way:
    """Gradients at points of a way, as far as they were taken; see `stopping.Sampling`. order: (N,) of the points."""

    def __init__(self, score: Callable[[Tensor], Tensor], background: Tensor, change: Tensor, order: Tensor) -> None:
        self._score, self._background, self._change = score, background, change
        self._alphas = (order.to(change.device) + 0.5) / len(order)
        self._sums = {half: torch.zeros_like(change, dtype=torch.float64) for half in (None, 0, 1)}
        self._taken = 0

    def take(self, count: int) -> Computation[None]:
        """See `stopping.Sampling`."""
        total = len(self._alphas)
        while self._taken < count:
            yield Step(self._taken, total, "integrating")
            alphas = self._alphas[self._taken : min(self._taken + BATCH, count)]
            x = (self._background + alphas[:, None, None, None] * self._change).detach().requires_grad_()
            with torch.enable_grad():
                reached = self._score(x).sum()
            gradients = torch.autograd.grad(reached, x)[0].double()
            self._sums[None] += gradients.sum(0) / total
            for half in (0, 1):
                self._sums[half] += gradients[(half + self._taken) % 2 :: 2].sum(0) / total
            self._taken += len(alphas)

    def found(self, half: int | None) -> Tensor:
        """See `stopping.Sampling`."""
        count = self._taken if half is None else (self._taken + 1 - half) // 2
        share = len(self._alphas) / count
        return (self._change * (self._sums[half] * share)).sum(0)


@method(
    sides_card(
        name="vesm",
        title="VESM",
        family="class activation",
        summary="Grad-CAM of the embedding's numbers, each weighed by how closely both photographs agree on it.",
        paper="Zheng et al.: Towards Visually Explaining Similarity Models; Hamilton et al.",
        equation="w = 1 - |e - f| of the unit embeddings, Grad-CAM of w . e",
        needs=("partner embedding", "activations", "gradient"),
        cost="1 forward and 1 backward of each photograph",
        caveat="The weights of a long embedding are all close to 1, so the partner has little to say.",
    )
)
@each_side
def vesm(side: Side, _options: NoOptions) -> Tensor:
    """Grad-CAM (h, w) of `w . e / |e|` with `w = 1 - |e / |e| - f / |f||` held constant."""
    e, f = (one / one.norm().clamp(min=1e-12) for one in (side.embedding, side.partner))
    weights = 1 - (e - f).abs()

    def agreement(embeddings: Tensor) -> Tensor:
        return embeddings @ weights / embeddings.norm(dim=1).clamp(min=1e-12)

    return grad_cam(side.activation, side.gradient(agreement))
