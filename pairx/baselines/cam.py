"""Class activation maps, for a similarity in place of a class.

All look at the features `A` (C, h, w) of a layer and, but for Eigen-CAM and KPCA-CAM, at `g = ds/dA`, the derivative of
the cosine with the partner's embedding held constant. Maps are (h, w), signed, neither rectified nor scaled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from pairx.baselines.registry import NoOptions, each_side, method, sides_card
from pairx.baselines.sides import Side
from pairx.types import Game, InputError, MethodCard

FAMILY = "class activation"
MOST_KERNEL = 64 * 64
"""Cells of which KPCA-CAM compares all pairs at most: 134 MB of numbers."""
ROUNDING = 1e-4
"""Share of its terms below which a sum of them in float32 is noise."""
ALONE = "Does not look at the partner photograph. "
SIGN = "Its sign is a convention: red stands apart from the photograph's mean features. "
HOMOGENEOUS = "Cosine does not change with an embedding's length, so evidence for and against tends to cancel. "


def _card(name: str, title: str, summary: str, paper: str, equation: str, caveat: str = "", **facts: Any) -> MethodCard:
    return sides_card(
        name=name,
        title=title,
        family=FAMILY,
        summary=summary,
        paper=paper,
        equation=equation,
        needs=("partner embedding", "activations", "gradient"),
        cost="1 forward and 1 backward of each photograph",
        caveat=caveat.strip(),
        **facts,
    )


def _card_alone(name: str, title: str, summary: str, paper: str, equation: str) -> MethodCard:
    return sides_card(
        name=name,
        title=title,
        family=FAMILY,
        summary=ALONE + summary,
        paper=paper,
        equation=equation,
        needs=("activations",),
        cost="1 forward of each photograph",
        caveat=(ALONE + SIGN).strip(),
        signed=False,
    )


def _cam(card: MethodCard) -> Callable[[Callable[[Tensor, Tensor], Tensor]], Callable[[Tensor, Tensor], Tensor]]:
    """Register an equation of (A, g), both (C, h, w), with g the derivative of the cosine."""

    def register(equation: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
        def one(side: Side, _options: NoOptions) -> Tensor:
            return equation(side.activation, side.cosine_gradient)

        method(card)(each_side(one))
        return equation

    return register


GRAD_CAM = "Selvaraju et al.: Grad-CAM"


@_cam(
    _card(
        "grad-cam",
        "Grad-CAM",
        "Weighs each channel by its mean gradient.",
        GRAD_CAM,
        "eq. 1 and 2, without the rectifier",
        "Averages gradients over the photograph, so places that the model ignores may light up. " + HOMOGENEOUS,
        game=Game("cells"),
    )
)
def grad_cam(a: Tensor, g: Tensor) -> Tensor:
    """`sum_c mean(g_c) A_c`."""
    return torch.einsum("c,chw->hw", g.mean((1, 2)), a)


@method(
    _card(
        "grad-cam-no-norm",
        "Grad-CAM (no norm)",
        "Grad-CAM of e . f, so that the embedding's length is not divided out.",
        "Zhu, Yang, Chen: Visual Explanation for Deep Metric Learning",
        "section V and appendix A",
        "Averages gradients over the photograph, so places that the model ignores may light up.",
        game=Game("cells", norm=False),
    )
)
@each_side
def grad_cam_no_norm(side: Side, _options: NoOptions) -> Tensor:
    """`sum_c mean(g_c) A_c` with `g` the derivative of `e . f`, over the constant `|e| |f|`."""
    return grad_cam(side.activation, side.gradient(side.product))


@_cam(
    _card(
        "hirescam",
        "HiResCAM",
        "Gradient times activation, place by place.",
        "Draelos, Carin: Use HiResCAM instead of Grad-CAM",
        "eq. 3",
        HOMOGENEOUS,
        game=Game("cells"),
    )
)
def hires_cam(a: Tensor, g: Tensor) -> Tensor:
    """`sum_c g_c A_c`. Raises InputError where the sums are nothing but rounding, as where a network normalises every
    cell: then it does not change when a cell's features grow, and its gradient is orthogonal to them.
    """
    products = g * a
    total = products.sum(0)
    if products.any() and total.abs().max() < ROUNDING * products.abs().sum(0).max():
        raise InputError(
            "Gradient times activation cancels in every cell, as where the network after the layer normalises them. "
            "Choose another layer or method."
        )
    return total


@_cam(
    _card(
        "grad-cam-elementwise",
        "Grad-CAM element-wise",
        "The positive products of gradient and activation.",
        GRAD_CAM + ", as in the package pytorch-grad-cam",
        "HiResCAM's products, rectified before the sum",
        "Shows evidence for the match only.",
    )
)
def grad_cam_elementwise(a: Tensor, g: Tensor) -> Tensor:
    """`sum_c max(g_c A_c, 0)`."""
    return (g * a).clamp(min=0).sum(0)


@_cam(
    _card(
        "layercam",
        "LayerCAM",
        "Activations, weighed by positive gradients place by place.",
        "Jiang et al.: LayerCAM",
        "eq. 5 and 6, without the rectifier",
        "Gradients against the match are dropped; blue is where the activation itself is negative.",
    )
)
def layer_cam(a: Tensor, g: Tensor) -> Tensor:
    """`sum_c max(g_c, 0) A_c`."""
    return (g.clamp(min=0) * a).sum(0)


@_cam(
    _card(
        "grad-cam++",
        "Grad-CAM++",
        "Weighs each channel by its positive gradients, the more the fewer places share them.",
        "Chattopadhyay et al.: Grad-CAM++",
        "eq. 19",
        "Its weights assume that the score is an exponential, which a cosine is not. "
        "Gradients against the match are dropped; blue is where the activation itself is negative.",
    )
)
def grad_cam_plus_plus(a: Tensor, g: Tensor) -> Tensor:
    """`sum_c w_c A_c` with `w_c = sum max(g, 0) g^2 / (2 g^2 + g^3 sum A_c)`, where g > 0, without the constant
    that the package pytorch-grad-cam adds to the denominator, which outweighs the gradients of a cosine.
    """
    denominator = 2 + a.sum((1, 2), keepdim=True).double() * g.double()
    weights = torch.where((g > 0) & (denominator != 0), g / denominator, 0).sum((1, 2))
    return torch.einsum("c,chw->hw", weights, a.double()).float()


@_cam(
    _card(
        "xgrad-cam",
        "XGrad-CAM",
        "Weighs each channel by its gradient where it is active.",
        "Fu et al.: Axiom-based Grad-CAM",
        "eq. 7 and 8",
        "Unstable where a channel's activations sum to almost zero. " + HOMOGENEOUS,
        game=Game("cells"),
    )
)
def xgrad_cam(a: Tensor, g: Tensor) -> Tensor:
    """`sum_c w_c A_c` with `w_c = sum g_c A_c / (sum A_c + 1e-7)`."""
    weights = (g * a).sum((1, 2)) / (a.sum((1, 2)) + 1e-7)
    return torch.einsum("c,chw->hw", weights, a)


@_cam(
    _card(
        "eigengrad-cam",
        "EigenGrad-CAM",
        "The first principal component of gradient times activation.",
        "Muhammad, Yeasin: Eigen-CAM, with gradients as in the package pytorch-grad-cam",
        "first principal component over the places",
        "Its sign is a convention: red leans to where the products sum to more. ",
        signed=False,
    )
)
def eigen_grad_cam(a: Tensor, g: Tensor) -> Tensor:
    """First principal component of `g A` over the cells, towards where the products sum to more."""
    products = g * a
    return oriented(principal_component(products), products.sum(0))


@method(
    _card_alone(
        "eigen-cam",
        "Eigen-CAM",
        "The first principal component of the activations.",
        "Muhammad, Yeasin: Eigen-CAM",
        "section III, with centred activations",
    )
)
@each_side
def eigen_cam(side: Side, _options: NoOptions) -> Tensor:
    """First principal component of `A` over the cells, away from the photograph's mean features."""
    return oriented(principal_component(side.activation), apart(side.activation))


@method(
    _card_alone(
        "kpca-cam",
        "KPCA-CAM",
        "The first kernel principal component of the activations, with a sigmoid kernel.",
        "Karmani et al.: KPCA-CAM",
        "section 3, sigmoid kernel tanh(x . y / C + 1) of centred activations",
    )
)
@each_side
def kpca_cam(side: Side, _options: NoOptions) -> Tensor:
    """First kernel principal component of `A` over the cells, away from the photograph's mean features. Raises
    InputError for a layer with more than 64 x 64 cells.
    """
    return oriented(kernel_principal_component(side.activation), apart(side.activation))


def principal_component(values: Tensor) -> Tensor:
    """(C, h, w) to (h, w): the cells, each a point in C dimensions, on their first principal axis."""
    points = _centred_points(values)
    _, vectors = torch.linalg.eigh(points.T @ points)
    return (points @ vectors[:, -1]).reshape(values.shape[1:]).float()


def kernel_principal_component(values: Tensor) -> Tensor:
    """(C, h, w) to (h, w): the same under the kernel `tanh(x . y / C + 1)`. Raises InputError for more than 64 x 64
    cells.
    """
    points = _centred_points(values)
    if len(points) > MOST_KERNEL:
        raise InputError("It compares every cell with every other, of 64 x 64 at most. Choose a coarser layer.")
    kernel = (points @ points.T).div_(points.shape[1]).add_(1).tanh_()
    mean = kernel.mean(0)
    kernel.sub_(mean).sub_(mean[:, None]).add_(mean.mean())
    if not kernel.any():
        return kernel.new_zeros(values.shape[1:]).float()
    from scipy.sparse.linalg import eigsh  # not with the module: every command would import it

    # The start is of no consequence, but that it is always the same and not orthogonal to the answer.
    largest, vector = eigsh(kernel.numpy(), k=1, which="LA", v0=kernel[kernel.diagonal().argmax()].numpy())
    component = torch.from_numpy(vector[:, 0]) * max(0.0, float(largest[0])) ** 0.5
    return component.reshape(values.shape[1:]).float()


def _centred_points(values: Tensor) -> Tensor:
    points = values.flatten(1).T.double()
    return points - points.mean(0)


def apart(values: Tensor) -> Tensor:
    """(C, h, w) to (h, w): how far each cell lies from the mean, against the mean's own direction. It gives components
    of photographs that are alike the same sign, which the place where a component is strongest does not.
    """
    mean = values.double().mean((1, 2))
    return torch.einsum("c,chw->hw", mean, mean[:, None, None] - values.double())


def oriented(component: Tensor, reference: Tensor) -> Tensor:
    """A component (h, w), with the sign with which it agrees with a reference (h, w)."""
    return component if (component * reference).sum() >= 0 else -component
