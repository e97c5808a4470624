"""Class activation maps that weigh a channel by what happens when it alone is kept, or taken away."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from pairx.baselines.cam import FAMILY
from pairx.baselines.registry import NoOptions, each_side, in_batches, method, sides_card
from pairx.baselines.sides import Side
from pairx.types import Computation, InputError

BATCH = 32


@method(
    sides_card(
        name="score-cam",
        title="Score-CAM",
        family=FAMILY,
        summary="Weighs each channel by the similarity that is left when the photograph is seen through it.",
        paper="Wang et al.: Score-CAM",
        equation="eq. 1 and 4, with all other pixels at the model's mean colour, and softmax weights",
        needs=("partner embedding", "activations", "masked photograph"),
        cost="1 forward a channel, of each photograph",
        slow=True,
        caveat="Cosines differ so little that the softmax weighs all channels almost alike: close to the mean of all "
        "channels. Blue is where the activation itself is negative.",
    )
)
@each_side
def score_cam(side: Side, _options: NoOptions) -> Computation[Tensor]:
    """`sum_c w_c A_c`, `w` the softmax over channels of `cos(embed(x M_c), f)`; `M_c` is `A_c` upsampled (bilinear,
    each cell's value at its centre) and scaled to 0..1.
    """
    size = side.x.shape[2:]

    def scores(channels: Tensor) -> Tensor:
        return side.cosine(side.embed(side.x * masks(channels, size)))

    a = side.activation
    found = yield from in_batches(scores, a.split(BATCH), len(a), "seeing through channels")
    return torch.einsum("c,chw->hw", found.softmax(0), a)


def masks(channels: Tensor, size: Sequence[int]) -> Tensor:
    """Channels (B, h, w) as masks (B, 1, H, W), 0 to 1, that lie where the cells do."""
    upsampled = nn.functional.interpolate(channels[:, None], size, mode="bilinear")
    low, high = upsampled.amin((2, 3), keepdim=True), upsampled.amax((2, 3), keepdim=True)
    return (upsampled - low) / (high - low + 1e-8)


@method(
    sides_card(
        name="ablation-cam",
        title="Ablation-CAM",
        family=FAMILY,
        summary="Weighs each channel by how much of the similarity goes when it is set to zero.",
        paper="Desai, Ramaswamy: Ablation-CAM",
        equation="eq. 3 and 4, without the rectifier",
        needs=("partner embedding", "activations"),
        cost="1 pass of the network after the layer a channel, of each photograph",
        slow=True,
        caveat="Divides by the similarity, so maps of hardly similar pairs are large.",
    )
)
@each_side
def ablation_cam(side: Side, _options: NoOptions) -> Computation[Tensor]:
    """`sum_c w_c A_c` with `w_c = (s - s_c) / s`, `s_c` the cosine with channel c at zero. Raises InputError where s is
    not positive.
    """
    s = float(side.cosine(side.embedding[None]))
    if s <= 0:
        raise InputError(f"Ablation-CAM divides by the similarity, which is {s:.3f} here: give a pair above zero.")
    a = side.activation

    def without(channels: Tensor) -> Tensor:
        grids = a.repeat(len(channels), 1, 1, 1)
        grids[torch.arange(len(channels)), channels] = 0
        return side.cosine(side.head(grids))

    channels = torch.arange(len(a), device=a.device)
    left = yield from in_batches(without, channels.split(BATCH), len(a), "ablating channels")
    return torch.einsum("c,chw->hw", (s - left) / s, a)
