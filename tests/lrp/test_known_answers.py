"""What operands of an operation are given of its relevance, against equations written out in this file."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pairx.lrp import Policy, record
from pairx.models.networks import gem
from tests.lrp.by_hand import assert_near, noise, stabilized, zplus

CONSERVING = Policy(composite="conserving")
SIZE = 4 * 5 * 6


class Operation(nn.Module):
    """An operation on the outputs a and b, both (1, 4, 5, 6), of two modules, and these beside it."""

    def __init__(self, operation: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.first, self.second, self.operation = nn.Identity(), nn.Identity(), operation

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.first(x[:, :, :5]), self.second(x[:, :, 5:])
        return torch.cat([a.flatten(1), b.flatten(1), self.operation(a, b).flatten(1)], 1)


def given(
    operation: Callable[[Tensor, Tensor], Tensor], policy: Policy | None = None, scale: float = 1
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """a, b, relevance of the operation's output (1, …), and what of it a and b are given."""
    x = scale * torch.randn(1, 4, 10, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    a, b = x[:, :, :5], x[:, :, 5:]
    with record(Operation(operation), x, ["first", "second"], policy, "exact") as recording:
        y = operation(a.clone(), b.clone())
        torch.testing.assert_close(recording.output[2 * SIZE :], y.flatten())
        seed = torch.rand(1, y.numel(), dtype=torch.float64, generator=torch.Generator().manual_seed(2))
        start = torch.cat([torch.zeros(1, 2 * SIZE).double(), seed], 1)
        to_a, to_b = (recording.relevance(layer, start)[0] for layer in ("first", "second"))
    return a, b, seed.view_as(y), to_a, to_b


@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: F.normalize(a, dim=1),
        lambda a, b: a / a.norm(dim=1, keepdim=True),
        lambda a, b: a / torch.linalg.vector_norm(a, dim=(2, 3), keepdim=True).expand_as(a),
        lambda a, b: a / (a**2).sum((1, 2, 3), keepdim=True).sqrt(),
        lambda a, b: a * a.square().mean(1, keepdim=True).add(1e-6).rsqrt(),
        lambda a, b: F.instance_norm(a),
        lambda a, b: F.local_response_norm(a, 2),
        lambda a, b: (a - a.mean(1, keepdim=True)) / (a.var(1, keepdim=True) + 1e-6).sqrt(),
        lambda a, b: a.abs().sqrt(),
        lambda a, b: (0.1 * a).exp().clamp(max=1).pow(1.5),
        lambda a, b: 2 - a,
        lambda a, b: a.clone().mul_(3).abs_(),
        lambda a, b: a * a,
        lambda a, b: a * torch.sigmoid(a),
        lambda a, b: a * F.relu6(a + 3) / 6,
        lambda a, b: a * torch.sigmoid(b),
        lambda a, b: F.hardsigmoid(b[:, :1]).expand_as(a) * a,
        lambda a, b: a / (1 + b.mean(1, keepdim=True).abs()),
        lambda a, b: a * b.mean((2, 3), keepdim=True).expand_as(a),
        lambda a, b: a * F.interpolate(b.sigmoid()[..., ::2], (5, 6)),
        lambda a, b: a * b.softmax(1),
    ],
)
@pytest.mark.parametrize("policy", [None, CONSERVING])
def test_what_stays_at_its_element_has_all_relevance_and_gates_have_none(operation, policy: Policy | None) -> None:
    _, _, seed, to_a, to_b = given(operation, policy)
    assert_near(to_a, seed)
    assert not to_b.any()


@pytest.mark.parametrize("operation", [torch.mul, lambda a, b: F.silu(a) * b, lambda a, b: F.gelu(b) * a])
def test_two_features_halve_the_relevance_of_their_product(operation: Callable) -> None:
    _, _, seed, to_a, to_b = given(operation)
    assert torch.equal(to_a, seed / 2)
    assert torch.equal(to_b, seed / 2)


def test_a_product_that_is_larger_than_both_halves_its_sum_over_copies() -> None:
    _, _, seed, to_a, to_b = given(lambda a, b: a[:, :, :1, :1] * b[:, :1])
    assert_near(to_a[..., 0, 0], seed.sum((2, 3)) / 2)
    assert_near(to_b[:, 0], seed.sum(1) / 2)


def test_glu_gives_all_to_the_half_that_its_gate_lets_through() -> None:
    _, _, seed, to_a, to_b = given(lambda a, b: F.glu(torch.cat([a, b], 1), 1))
    assert torch.equal(to_a, seed)
    assert not to_b.any()


@pytest.mark.parametrize("policy", [None, CONSERVING, Policy("plain")])
def test_a_difference_is_shared_by_magnitude(policy: Policy | None) -> None:
    a, b, seed, to_a, to_b = given(torch.sub, policy)
    for operand, share in ((a, to_a), (b, to_b)):
        assert_near(share, seed * operand.abs() / (a.abs() + b.abs()), 1e-4)


@pytest.mark.parametrize("axes", [(2, 3), (1,), (-1, 2)])
def test_sum_and_mean_are_given_alike(axes: tuple[int, ...]) -> None:
    a, _, seed, to_a, _ = given(lambda a, b: a.abs().sum(axes, keepdim=True))
    expected = seed * a.abs() / a.abs().sum(axes, keepdim=True)
    assert_near(to_a, expected, 1e-5)
    assert_near(given(lambda a, b: a.abs().mean(axes))[3], expected, 1e-4)


@pytest.mark.parametrize("scale", [1, 1e-3])
def test_gem_written_out_is_gem(scale: float) -> None:
    """And small features lose nothing in small powers."""
    a, _, seed, to_a, _ = given(lambda a, b: a.clamp(min=1e-12).pow(3).mean((2, 3)).pow(1 / 3), scale=scale)
    powers = a.clamp(min=0) ** 3
    assert_near(to_a, seed[..., None, None] * powers / powers.sum((2, 3), keepdim=True), 1e-5)
    assert float(to_a.sum()) == pytest.approx(float(seed.sum()), rel=1e-5)
    if scale == 1:
        assert_near(given(lambda a, b: gem(a, torch.tensor(3.0).double(), 1e-12))[3], to_a, 1e-5)
        pooled = given(lambda a, b: F.avg_pool2d(a.clamp(min=1e-12) ** 3, (5, 6)).pow(1 / 3).flatten(1))[3]
        assert_near(pooled, to_a, 1e-5)


def test_maxima_give_all_to_the_largest() -> None:
    a, _, seed, to_a, _ = given(lambda a, b: a.amax((2, 3)))
    assert torch.equal(to_a, seed[..., None, None] * (a == a.amax((2, 3), keepdim=True)))
    a, b, seed, to_a, to_b = given(torch.maximum)
    assert torch.equal(to_a, seed * (a > b))
    assert torch.equal(to_b, seed * (b > a))


def test_masks_and_repeats_give_back_what_they_took() -> None:
    mask = torch.rand(5, 6) < 0.5
    _, _, seed, to_a, _ = given(lambda a, b: a.masked_fill(mask, 7))
    assert torch.equal(to_a, seed * ~mask)
    _, _, seed, to_a, to_b = given(lambda a, b: torch.where(mask, a, b))
    assert torch.equal(to_a, seed * mask)
    assert torch.equal(to_b, seed * ~mask)
    _, _, seed, to_a, _ = given(lambda a, b: a[:, :, :1].expand(-1, -1, 3, -1))
    assert_near(to_a[:, :, 0], seed.sum(2))
    _, _, seed, to_a, _ = given(lambda a, b: a.repeat(1, 3, 1, 1))
    assert_near(to_a, seed.unflatten(1, (3, 4)).sum(1))


def by_magnitude(weights: np.ndarray, x: np.ndarray, relevance: np.ndarray) -> Tensor:
    """`R_i = sum_j |w_ji x_i| / sum_i' |w_ji' x_i'| R_j`. weights: (outputs, inputs)."""
    weights, x = np.abs(weights), np.abs(x)
    return torch.from_numpy(x * (weights.T @ (relevance / stabilized(weights @ x))))


def matrix(operation: Callable[[Tensor], Tensor], shape: tuple[int, ...]) -> np.ndarray:
    """A linear operation on (1, *shape) as a matrix, column by column."""
    columns = [
        operation(unit.view(1, *shape)).flatten() for unit in torch.eye(int(np.prod(shape)), dtype=torch.float64)
    ]
    return torch.stack(columns, 1).numpy()


@pytest.mark.parametrize(
    "options",
    [
        {"size": (7, 4), "mode": "bilinear"},
        {"size": (9, 9), "mode": "bilinear", "align_corners": True},
        {"scale_factor": (1.7, 0.6), "mode": "bicubic"},
        {"size": (3, 4), "mode": "bicubic", "antialias": True},
        {"size": (3, 4), "mode": "area"},
        {"scale_factor": 1.5, "mode": "nearest"},
    ],
    ids=str,
)
def test_resampling_is_given_by_its_weights(options: dict) -> None:
    a, _, seed, to_a, _ = given(lambda a, b: F.interpolate(a, **options))
    weights = matrix(lambda x: F.interpolate(x, **options), (4, 5, 6))
    expected = by_magnitude(weights, a.numpy().ravel(), seed.numpy().ravel())
    assert_near(to_a.flatten(), expected, 1e-9 if options["mode"] != "nearest" else 1e-2)


def turned(equation: str) -> str:
    """With its operands in the other order."""
    operands, output = equation.split("->")
    return ",".join(reversed(operands.split(","))) + "->" + output


@pytest.mark.parametrize("equation", ["bchw,dc->bdhw", "bchw,hd->bcd", "bchw,c->b", "bchw,bk->khw"])
def test_einsum_with_a_constant_is_given_by_its_weights(equation: str) -> None:
    shape = {"dc": (3, 4), "hd": (5, 2), "c": (4,), "bk": (1, 3)}[equation.split(",")[1].split("->")[0]]
    constant = torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    for operation in (
        lambda a: torch.einsum(equation, a, constant),
        lambda a: torch.einsum(turned(equation), constant, a),
    ):
        a, _, seed, to_a, _ = given(lambda a, b, operation=operation: operation(a)[None])
        expected = by_magnitude(matrix(operation, (4, 5, 6)), a.numpy().ravel(), seed.numpy().ravel())
        assert_near(to_a.flatten(), expected)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (nn.ConvTranspose2d(4, 3, 3, 2), (4, 5, 6)),
        (nn.ConvTranspose2d(4, 6, (3, 2), (1, 3), (1, 0), (0, 2), groups=2, dilation=(2, 1)), (4, 5, 6)),
        (nn.ConvTranspose2d(80, 3, 3, 1, bias=False), (80, 3, 2)),
        (nn.ConvTranspose1d(4, 3, 4, 2, 1, 1), (4, 3, 3)),
        (nn.Conv1d(4, 3, 4, padding="same"), (4, 3, 3)),
        (nn.Conv1d(4, 6, 3, 2, padding=2, groups=2, dilation=2), (4, 3, 3)),
        (nn.Conv2d(4, 3, (4, 3), padding="same", dilation=(1, 2)), (4, 5, 6)),
        (nn.Conv2d(4, 3, 2, padding="same", bias=False), (4, 5, 6)),
    ],
    ids=str,
)
@pytest.mark.parametrize("normalised", [False, True])
def test_zplus_of_every_convolution(layer: nn.Module, shape: tuple[int, ...], normalised: bool) -> None:
    """With a BatchNorm behind it to fold in, too."""
    torch.manual_seed(0)
    flat = isinstance(layer, nn.Conv1d | nn.ConvTranspose1d)
    parts = [nn.Flatten(2)] if flat else []
    parts.append(layer.double().requires_grad_(False).eval())
    if normalised and not flat:
        norm = nn.BatchNorm2d(layer.out_channels).double().eval().requires_grad_(False)
        for value in (norm.weight, norm.running_mean, norm.bias, norm.running_var):
            nn.init.uniform_(value, 0.5, 1.5)
        parts.append(norm)
    network, x = nn.Sequential(*parts, nn.Flatten()), torch.randn(1, *shape, dtype=torch.float64)
    bias = network(torch.zeros_like(x)).flatten()
    weights = matrix(lambda unit: network(unit).flatten() - bias, shape)
    with record(network, x, [], None, "exact") as recording:
        seed = torch.randn_like(bias)
        (found,) = recording.pixels("", seed[None, None])
    assert_near(found.flatten(), torch.from_numpy(zplus(x.numpy().ravel(), weights, bias.numpy(), seed.numpy())))


class Heads(nn.Module):
    """Multi-head attention, by torch's module or written out from its parameters."""

    def __init__(self, written_out: bool, **options: object) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.tokens, self.written_out, self.options = nn.Linear(3, 8), written_out, options
        self.heads = nn.MultiheadAttention(8, 2, batch_first=True)
        for parameter in self.heads.parameters():
            nn.init.normal_(parameter, std=0.5)
        self.double().eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.tokens(x.flatten(2).mT)
        if not self.written_out:
            return self.heads(tokens, tokens, tokens, **self.options)[0].flatten(1)
        packed = F.linear(tokens, self.heads.in_proj_weight, self.heads.in_proj_bias)
        query, key, value = (part.unflatten(-1, (2, 4)).transpose(1, 2) for part in packed.chunk(3, -1))
        mask = self.options.get("attn_mask")
        mixed = F.scaled_dot_product_attention(query, key, value, None if mask is None else ~mask)
        return self.heads.out_proj(mixed.transpose(1, 2).flatten(2)).flatten(1)


@pytest.mark.parametrize(
    "options",
    [{}, {"need_weights": False}, {"average_attn_weights": False}, {"attn_mask": torch.ones(16, 16).triu(1).bool()}],
    ids=["weights", "no weights", "weights of each head", "masked"],
)
@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_multi_head_attention_is_what_it_is_made_of(options: dict, engine: str) -> None:
    seed = torch.randn(1, 128, dtype=torch.float64)
    module, parts = (
        record(Heads(written_out, **options), noise(4), ["tokens"], CONSERVING, engine) for written_out in (False, True)
    )
    torch.testing.assert_close(module.output, Heads(False, **options)(noise(4))[0], rtol=1e-9, atol=1e-9)
    assert_near(module.relevance("tokens", seed), parts.relevance("tokens", seed), 1e-6)
    account = module.account(seed[0].abs(), "tokens")
    assert {"heads", "heads.out_proj"} <= {name for name, value in account.parameters.items() if value}


@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("averaged", [True, False])
def test_multi_head_attention_gives_its_weights_and_takes_padding(batched: bool, averaged: bool) -> None:
    torch.manual_seed(0)
    heads = nn.MultiheadAttention(8, 2, kdim=5, vdim=3).double().eval().requires_grad_(False)
    padding = torch.arange(7) > 4

    class Padded(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            query, key = x.view(9, 1, 8), x.view(9, 1, 8)[:7, :, 2:7]
            if not batched:
                query, key = query[:, 0], key[:, 0]
            mask = padding[None] if batched else padding
            named = {"key_padding_mask": mask, "average_attn_weights": averaged}
            output, self.weights = heads(query, key, key[..., :3], **named)
            return output.flatten()[None]

    network, x = Padded(), torch.randn(1, 1, 9, 8, dtype=torch.float64)
    output, weights = network(x)[0], network.weights
    with record(network, x, [], CONSERVING, "exact") as recording:
        torch.testing.assert_close(recording.output, output, rtol=1e-9, atol=1e-9)
        torch.testing.assert_close(network.weights, weights, rtol=1e-9, atol=1e-9)


def test_rotations_of_query_and_key_leave_the_values_theirs() -> None:
    angles = torch.linspace(0, 2, 16 * 4, dtype=torch.float64).view(16, 4)

    def rotated(x: Tensor) -> Tensor:
        return x * angles.cos() + torch.cat([-x[..., 2:], x[..., :2]], -1) * angles.sin()

    class Rotary(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.query, self.value = nn.Linear(3, 4), nn.Linear(3, 4)
            self.double().requires_grad_(False)

        def forward(self, x: Tensor) -> Tensor:
            tokens = x.flatten(2).mT
            query = self.query(tokens)
            return F.scaled_dot_product_attention(rotated(query), rotated(query), self.value(tokens)).flatten(1)

    network, x, seed = Rotary(), noise(4), torch.randn(1, 64, dtype=torch.float64)
    query, value = network.query(x.flatten(2).mT[0]), network.value(x.flatten(2).mT[0])
    weights = (rotated(query) @ rotated(query).mT / 2).softmax(-1)
    expected = value.abs() * (weights.mT @ (seed.view(16, 4) / (weights @ value.abs())))
    with record(network, x, ["value"], CONSERVING, "exact") as recording:
        assert_near(recording.relevance("value", seed)[0, 0], expected, 1e-4)
