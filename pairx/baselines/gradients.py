"""Two methods on gradients: integrated over the pixels, and of what both embeddings agree on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pairx.baselines import backgrounds
from pairx.baselines.backgrounds import Background
from pairx.baselines.cam import grad_cam
from pairx.baselines.registry import NoOptions, each_side, method, sides_card
from pairx.baselines.sides import Side
from pairx.types import Computation, Game, InputError, Step

BATCH = 8


@dataclass(frozen=True)
class IntegratedOptions:
    """samples: points on the way from the background to the photograph. background: "blur", "mean", "zero", or a
    photograph (H, W, 3) uint8.
    """

    samples: int = 50
    background: Background = "blur"

    def __post_init__(self) -> None:
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
def integrated_gradients(side: Side, options: IntegratedOptions) -> Computation[Tensor]:
    """`sum over colours of (x - b) mean over alpha of ds/dx at b + alpha (x - b)`: (height, width)."""
    background = backgrounds.of_pixels(side, options.background)
    change = side.x[0] - background
    gradient = yield from path_gradient(lambda x: side.cosine(side.embed(x)), background, change, options.samples)
    return (change * gradient).sum(0)


def path_gradient(
    score: Callable[[Tensor], Tensor], background: Tensor, change: Tensor, samples: int
) -> Computation[Tensor]:
    """Mean gradient of a score on the straight way from a background over a change, both (C, h, w), by the midpoint
    rule (Sundararajan et al., eq. 1): (C, h, w) float64. score: (B, C, h, w) to (B,). samples: points on the way; fewer
    than 1 raise InputError.
    """
    if samples < 1:
        raise InputError(f"samples is 1 or more, not {samples}.")
    alphas = (torch.arange(samples, device=change.device) + 0.5) / samples
    gradient = torch.zeros_like(change, dtype=torch.float64)
    for start in range(0, samples, BATCH):
        yield Step(start, samples, "integrating")
        x = (background + alphas[start : start + BATCH, None, None, None] * change).detach().requires_grad_()
        with torch.enable_grad():
            reached = score(x).sum()
        gradient += torch.autograd.grad(reached, x)[0].double().sum(0) / samples
    return gradient


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
