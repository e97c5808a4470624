"""One tiny network an operation: forward, conservation, gradient and both engines of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pairx.lrp import Policy, record, seed
from pairx.lrp.engine import TapeRecording
from tests.lrp.by_hand import FAST, assert_near, noise, pixels


class Network(nn.Module):
    """A convolution to (1, 8, 6, 6), an operation, and a mean over whatever is left of space."""

    def __init__(self, operation: Callable[[nn.Module, Tensor], Tensor], **parts: nn.Module | nn.Parameter) -> None:
        super().__init__()
        self.first, self.operation = nn.Conv2d(3, 8, 3), operation
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x: Tensor) -> Tensor:
        y = self.operation(self, self.first(x))
        return y.mean((2, 3)) if y.ndim == 4 else y


def tokens(y: Tensor) -> Tensor:
    return y.flatten(2).transpose(1, 2)


def rotated(y: Tensor, angles: Tensor) -> Tensor:
    half = torch.cat([-y[..., 4:], y[..., :4]], -1)
    return y * angles.cos() + half * angles.sin()


def rotary(net: nn.Module, y: Tensor) -> Tensor:
    query, key, value = net.qkv(tokens(y)).chunk(3, -1)
    return F.scaled_dot_product_attention(rotated(query, net.angles), rotated(key, net.angles), value).mean(1)


def pooled_by_a_query(net: nn.Module, y: Tensor) -> Tensor:
    return net.heads(net.query.expand(1, -1, -1), tokens(y), tokens(y), need_weights=False)[0][:, 0]


def class_attention(net: nn.Module, y: Tensor) -> Tensor:
    """Talking heads: the weights are mixed after their softmax, too."""
    both = torch.cat([net.query.expand(1, -1, -1), tokens(y)], 1)
    query, key, value = (part.unflatten(-1, (2, 4)).transpose(1, 2) for part in net.qkv(both).chunk(3, -1))
    weights = net.mix(net.mix((query[:, :, :1] @ key.mT).permute(0, 2, 3, 1)).softmax(2))
    return (weights.permute(0, 3, 1, 2) @ value).transpose(1, 2).flatten(2)[:, 0]


def selective(net: nn.Module, y: Tensor) -> Tensor:
    """Branches weighed by a softmax over them (SKNet, ResNeSt)."""
    branches = torch.stack([F.relu(y), F.relu(net.second(y))], 1)
    weights = net.third(branches.sum(1).mean((2, 3), keepdim=True)).unflatten(1, (2, 8)).softmax(1)
    return (branches * weights).sum(1)


def eca(net: nn.Module, y: Tensor) -> Tensor:
    weights = net.along(y.mean((2, 3)).view(1, 1, -1)).sigmoid()
    return y * weights.view(1, -1, 1, 1).expand_as(y)


def focal(net: nn.Module, y: Tensor) -> Tensor:
    query, context, gates = net.second(y).split([3, 3, 2], 1)
    whole = F.gelu(context) * gates[:, :1] + context.mean((2, 3), keepdim=True) * gates[:, 1:]
    return query * whole


def spatial_gating(net: nn.Module, y: Tensor) -> Tensor:
    u, v = tokens(y).chunk(2, -1)
    return (u * net.mixer(F.layer_norm(v, (4,)).transpose(1, 2)).transpose(1, 2)).mean(1)


def in_place(net: nn.Module, y: Tensor) -> Tensor:
    y.mul_(0.5).sub_(3)
    y += net.second(y.clone())
    F.leaky_relu(y, inplace=True)
    return y


def written_out_norm(net: nn.Module, y: Tensor) -> Tensor:
    centred = y - y.mean(1, keepdim=True)
    return centred / (centred.pow(2).mean(1, keepdim=True) + 1e-6).sqrt()


def mean(y: Tensor) -> Tensor:
    return F.relu(y).mean((2, 3))


MASK = torch.rand(6, 6, generator=torch.Generator().manual_seed(0)) < 0.3
POSITIONS = torch.linspace(0, 3, 36 * 8, dtype=torch.float64).view(36, 8)


def mixer() -> dict[str, nn.Module]:
    return {"heads": nn.MultiheadAttention(8, 2, batch_first=True)}


def second(outputs: int = 8, kernel: int = 3) -> dict[str, nn.Module]:
    return {"second": nn.Conv2d(8, outputs, kernel, padding=kernel // 2)}


CASES: dict[str, tuple[Callable[[nn.Module, Tensor], Tensor], Callable[[], dict]]] = {
    "normalize": (lambda net, y: F.normalize(mean(y)), dict),
    "over its norm": (lambda net, y: mean(y) / mean(y).norm(dim=1, keepdim=True), dict),
    "over its linalg norm": (lambda net, y: y / torch.linalg.vector_norm(y, dim=1, keepdim=True), dict),
    "over the root of its squares": (lambda net, y: mean(y) / (mean(y) ** 2).sum(1, keepdim=True).sqrt(), dict),
    "times an inverse norm": (lambda net, y: mean(y) * mean(y).square().sum(1, True).clamp(min=1e-9).rsqrt(), dict),
    "normalisation written out": (written_out_norm, dict),
    "sum": (lambda net, y: F.relu(y).sum((2, 3)), dict),
    "sum of one axis": (lambda net, y: torch.sum(F.relu(y), -1, keepdim=True), dict),
    "mean of one axis": (lambda net, y: torch.mean(F.relu(y), dim=2, keepdim=True), dict),
    "amax": (lambda net, y: y.amax((2, 3)), dict),
    "max": (lambda net, y: y.flatten(2).max(-1).values, dict),
    "max of one axis": (lambda net, y: torch.max(y, 2, keepdim=True)[0], dict),
    "maximum": (lambda net, y: torch.maximum(y, net.second(y)), second),
    "top": (lambda net, y: y.flatten(2).topk(5)[0].mean(-1), dict),
    "einsum": (
        lambda net, y: torch.einsum("bchw,cd->bd", F.relu(y), net.w),
        lambda: {"w": nn.Parameter(torch.randn(8, 5))},
    ),
    "einsum of attention": (
        lambda net, y: torch.einsum("bnm,bmc->bnc", (tokens(y) @ tokens(y).mT / 99).softmax(-1), tokens(y)).mean(1),
        dict,
    ),
    "interpolate": (lambda net, y: F.interpolate(F.relu(y), scale_factor=2, mode="bilinear"), dict),
    "interpolate to corners": (
        lambda net, y: F.interpolate(F.relu(y), (9, 4), mode="bilinear", align_corners=True),
        dict,
    ),
    "interpolate bicubic": (lambda net, y: F.interpolate(F.relu(y), (9, 13), mode="bicubic"), dict),
    "interpolate smoothly": (lambda net, y: F.interpolate(y, (4, 5), mode="bilinear", antialias=True), dict),
    "interpolate area": (lambda net, y: F.interpolate(F.relu(y), (4, 5), mode="area"), dict),
    "interpolate nearest": (lambda net, y: F.interpolate(y, scale_factor=1.5), dict),
    "upsample": (lambda net, y: nn.Upsample(scale_factor=2, mode="bilinear")(y), dict),
    "conv_transpose2d": (lambda net, y: F.relu(net.up(F.relu(y))), lambda: {"up": nn.ConvTranspose2d(8, 6, 3, 2)}),
    "conv_transpose2d, odd": (
        lambda net, y: net.norm(net.up(F.relu(y))),
        lambda: {
            "up": nn.ConvTranspose2d(8, 6, (3, 2), (2, 3), (1, 0), (1, 2), groups=2, bias=False),
            "norm": nn.BatchNorm2d(6),
        },
    ),
    "conv_transpose1d": (
        lambda net, y: net.up(F.relu(y).flatten(2)).mean(-1),
        lambda: {"up": nn.ConvTranspose1d(8, 5, 3, 2, output_padding=1)},
    ),
    "conv1d": (
        lambda net, y: net.along(F.relu(y).flatten(2)).mean(-1),
        lambda: {"along": nn.Conv1d(8, 5, 4, 2, padding=1, dilation=2, groups=1)},
    ),
    "conv1d same": (
        lambda net, y: net.along(F.relu(y).flatten(2)).mean(-1),
        lambda: {"along": nn.Conv1d(8, 5, 4, padding="same", bias=False)},
    ),
    "conv2d same": (
        lambda net, y: net.second(F.relu(y)),
        lambda: {"second": nn.Conv2d(8, 6, (4, 3), padding="same", dilation=(1, 2))},
    ),
    "instance_norm": (lambda net, y: F.relu(net.norm(y)), lambda: {"norm": nn.InstanceNorm2d(8, affine=True)}),
    "group_norm": (lambda net, y: F.relu(net.norm(y)), lambda: {"norm": nn.GroupNorm(2, 8)}),
    "rms_norm": (lambda net, y: net.norm(tokens(y)).mean(1), lambda: {"norm": nn.RMSNorm(8)}),
    "local_response_norm": (lambda net, y: F.local_response_norm(y, 3), dict),
    "multi-head attention": (lambda net, y: net.heads(*[tokens(y)] * 3)[0].mean(1), mixer),
    "multi-head attention without weights": (
        lambda net, y: net.heads(*[tokens(y)] * 3, need_weights=False, attn_mask=POSITIONS @ POSITIONS.T > 40)[0].mean(
            1
        ),
        mixer,
    ),
    "multi-head attention of two": (
        lambda net, y: net.heads(tokens(y), tokens(y)[..., :5], tokens(y)[..., :3])[0].mean(1),
        lambda: {"heads": nn.MultiheadAttention(8, 2, kdim=5, vdim=3, batch_first=True)},
    ),
    "attention pooling": (pooled_by_a_query, lambda: mixer() | {"query": nn.Parameter(torch.randn(1, 1, 8))}),
    "transformer layer": (
        lambda net, y: net.block(tokens(y)).mean(1),
        lambda: {"block": nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, norm_first=True)},
    ),
    "class attention": (
        class_attention,
        lambda: {"query": nn.Parameter(torch.randn(1, 1, 8)), "qkv": nn.Linear(8, 24), "mix": nn.Linear(2, 2)},
    ),
    "rotary": (rotary, lambda: {"qkv": nn.Linear(8, 24), "angles": nn.Parameter(POSITIONS)}),
    "rotated features": (
        lambda net, y: rotated(tokens(y), net.angles).mean(1),
        lambda: {"angles": nn.Parameter(POSITIONS)},
    ),
    "masked_fill": (lambda net, y: y.masked_fill(MASK, 0), dict),
    "masked by its sign": (lambda net, y: y.masked_fill(y < 0, 0), dict),
    "where": (lambda net, y: torch.where(MASK, y, torch.zeros_like(y)), dict),
    "where of two": (lambda net, y: torch.where(y > 0, y, 0.1 * y), dict),
    "expand": (lambda net, y: y.mean((2, 3), keepdim=True).expand(-1, -1, 3, 3), dict),
    "expand_as": (lambda net, y: F.relu(y).mean((2, 3), keepdim=True).expand_as(y), dict),
    "repeat": (lambda net, y: F.relu(y).repeat(1, 2, 1, 1), dict),
    "repeat_interleave": (lambda net, y: F.relu(y).repeat_interleave(2, 1), dict),
    "broadcast sum": (lambda net, y: F.relu(y) + F.relu(y).mean((2, 3), keepdim=True), dict),
    "weighted sum": (lambda net, y: torch.add(F.relu(y), F.relu(net.second(y)), alpha=0.3), second),
    "in place": (in_place, second),
    "GeM written out": (lambda net, y: y.clamp(min=1e-6).pow(3).mean((2, 3)).pow(1 / 3), dict),
    "lp_pool2d": (lambda net, y: F.lp_pool2d(F.relu(y), 2.0, 3), dict),
    "sqrt": (lambda net, y: F.relu(y).sqrt(), dict),
    "exp": (lambda net, y: (y / 1e4).exp(), dict),
    "abs": (lambda net, y: y.abs(), dict),
    "square": (lambda net, y: y * y, dict),
    "one minus": (lambda net, y: 1 - y, dict),
    "negative": (lambda net, y: -y, dict),
    "glu": (lambda net, y: F.glu(y, 1), dict),
    "SwiGLU": (lambda net, y: F.silu(y[:, :4]) * y[:, 4:], dict),
    "GeGLU": (lambda net, y: F.gelu(y[:, :4]) * y[:, 4:], dict),
    "gMLP": (spatial_gating, lambda: {"mixer": nn.Linear(36, 36)}),
    "sigmoid gate": (lambda net, y: y * net.second(y).sigmoid(), second),
    "spatial gate": (lambda net, y: y * net.second(y).sigmoid(), lambda: second(1)),
    "hard gate": (lambda net, y: F.hardsigmoid(net.second(y)) * y, second),
    "efficient channel attention": (eca, lambda: {"along": nn.Conv1d(1, 1, 3, padding=1, bias=False)}),
    "pool minus x": (lambda net, y: y + F.avg_pool2d(y, 3, 1, 1, count_include_pad=False) - y, dict),
    "selective kernels": (selective, lambda: second() | {"third": nn.Conv2d(8, 16, 1)}),
    "focal modulation": (focal, lambda: second(8, 1)),
    "outer product": (lambda net, y: y.mean((2, 3), keepdim=True) * y.amax(1, keepdim=True), dict),
    "fold": (lambda net, y: F.fold(F.unfold(F.relu(y), 3), (6, 6), 3), dict),
    "pixel_shuffle": (lambda net, y: F.pixel_shuffle(y, 2), dict),
    "channel shuffle": (lambda net, y: F.channel_shuffle(y, 2), dict),
    "flip": (lambda net, y: y.flip(-1).narrow(2, 1, 4), dict),
    "avg_pool1d": (lambda net, y: F.avg_pool1d(F.relu(y).flatten(2), 3).mean(-1), dict),
}
# What takes relevance by parts that may cancel, where the stabiliser of 1e-6 takes more of it.
LOOSE = {
    "multi-head attention": 1e-4, "multi-head attention without weights": 1e-4, "multi-head attention of two": 1e-4,
    "attention pooling": 1e-4, "transformer layer": 1e-3, "class attention": 1e-4, "rotary": 1e-4, "gMLP": 1e-4,
    "instance_norm": 1e-4, "group_norm": 1e-4, "rms_norm": 1e-3, "exp": 1e-4, "normalisation written out": 1e-3,
    "over its linalg norm": 1e-3, "expand": 1e-5, "interpolate smoothly": 1e-5, "local_response_norm": 1e-5,
    "conv_transpose1d": 1e-5,
}  # fmt: skip


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[str, nn.Module, Tensor]:
    torch.manual_seed(0)
    operation, parts = CASES[request.param]
    network = Network(operation, **parts()).double().eval().requires_grad_(False)
    for part in network.modules():
        if isinstance(part, nn.MultiheadAttention | nn.BatchNorm2d):
            for parameter in part.parameters():
                nn.init.normal_(parameter, std=0.5)
    return request.param, network, 1000 * noise(8)


@pytest.mark.parametrize("composite", ["epsilon-plus", "conserving"])
def test_relevance_is_conserved(case: tuple[str, nn.Module, Tensor], composite: str) -> None:
    name, network, x = case
    output = network(x)[0]
    with record(network, x, ["first"], Policy(composite=composite), "exact") as recording:
        assert isinstance(recording, TapeRecording)
        torch.testing.assert_close(recording.output, output, rtol=1e-9, atol=1e-12)
        account = recording.account(seed(output, output + 0.5 * output.roll(1)), "first")
    books = account.parameters, account.unowned, account.lost
    assert account.arrived + sum(sum(book.values()) for book in books) == pytest.approx(1, abs=1e-9)
    assert account.error < LOOSE.get(name, 1e-6)


def test_the_gradient_composite_is_autograd(case: tuple[str, nn.Module, Tensor]) -> None:
    _, network, x = case
    x = x / 1000
    start = network(x)[0].roll(1)
    with record(network, x, [], Policy(composite="gradient"), "exact") as recording:
        found = pixels(recording, "", start[None])
    x.requires_grad_()
    (expected,) = torch.autograd.grad(network(x)[0] @ start, x)
    assert_near(found, expected[0])


def test_fast_is_near(case: tuple[str, nn.Module, Tensor]) -> None:
    _, network, x = case
    start = seed(network(x)[0], network(x)[0])
    exact = record(network, x, ["first"], engine="exact").relevance("first", start[None])
    fast = record(network.float(), x.float(), ["first"], engine="fast").relevance("first", start[None].float())
    assert_near(fast.double(), exact, FAST)
