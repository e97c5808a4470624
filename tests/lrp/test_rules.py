"""Every rule against an independent float64 rewrite of its equation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from pairx.lrp import Policy, record
from pairx.models import GeM
from pairx.testing import TinyNet
from pairx.types import InputError
from tests.lrp.by_hand import (
    EPSILON,
    FAST,
    Rewrite,
    assert_near,
    both,
    calibrated,
    dense_convolution,
    epsilon,
    noise,
    only,
    pixels,
    stabilized,
    zplus,
    zplus_or_all,
)

REFERENCES = ["exact", "zennit"]
CONSERVING = Policy(composite="conserving")


@pytest.mark.parametrize(("engine", "tolerance"), [("exact", 1e-9), ("zennit", 1e-9), ("fast", FAST)])
def test_tiny_network_equals_the_equations(engine: str, tolerance: float) -> None:
    torch.manual_seed(1)
    network = TinyNet().double().eval().requires_grad_(False)
    x = noise(12, seed=2)
    recording, rewrite = record(network, x, ["stage"], engine=engine), Rewrite(network, x[0].numpy())
    np.testing.assert_allclose(recording.output.numpy(), rewrite.output, rtol=1e-12)
    seeds = np.random.default_rng(0).normal(size=(3, 5))
    for seed, relevance in zip(seeds, recording.relevance("stage", torch.from_numpy(seeds)), strict=True):
        at_stage = torch.from_numpy(rewrite.at_stage(seed))
        assert_near(relevance[0], at_stage, tolerance)
        at_pixels = torch.from_numpy(rewrite.at_pixels(at_stage.numpy()))
        assert_near(pixels(recording, "stage", at_stage[None]), at_pixels, tolerance)


@pytest.mark.parametrize(
    ("channels", "side", "geometry"),
    [
        ((3, 5), 9, {"kernel_size": 3, "padding": 1}),
        ((3, 5), 9, {"kernel_size": 1}),
        ((3, 5), 9, {"kernel_size": 1, "stride": 2}),
        ((3, 5), 9, {"kernel_size": 3, "padding": 1, "stride": 2}),
        ((3, 5), 10, {"kernel_size": 3, "padding": 0, "stride": 3}),
        ((3, 5), 10, {"kernel_size": 4, "stride": 4}),
        ((3, 5), 9, {"kernel_size": 2, "padding": 1}),
        ((3, 4), 8, {"kernel_size": 7, "padding": 3, "stride": 2}),
        ((3, 5), 9, {"kernel_size": 3, "padding": 2, "dilation": 2}),
        ((3, 5), 9, {"kernel_size": 3, "padding": 1, "dilation": 2, "stride": 2}),
        ((3, 5), 9, {"kernel_size": 5, "padding": "same"}),
        ((3, 6), 9, {"kernel_size": 3, "padding": 1, "groups": 3}),
        ((3, 6), 9, {"kernel_size": 5, "padding": 2, "groups": 3, "stride": 2, "bias": False}),
        ((3, 5), 6, {"kernel_size": 5, "padding": 2, "bias": False}),  # 75 inputs: the wide form of the denominator
    ],
    ids=str,
)
@pytest.mark.parametrize(("engine", "tolerance"), [("exact", 1e-9), ("zennit", 1e-9), ("fast", FAST)])
def test_zplus_of_a_convolution(channels: tuple[int, int], side: int, geometry: dict, engine: str, tolerance: float):
    """From all outputs, and from only the first, a middle and the last one."""
    torch.manual_seed(0)
    convolution = nn.Conv2d(*channels, **geometry).double().requires_grad_(False)
    network, x = nn.Sequential(convolution, nn.Flatten()), noise(side)
    kernel, dilation = geometry["kernel_size"], geometry.get("dilation", 1)
    same = (kernel - 1) * dilation // 2
    numbers = {
        "padding": same if geometry.get("padding") == "same" else geometry.get("padding", 0),
        **{name: geometry[name] for name in ("stride", "dilation", "groups") if name in geometry},
    }
    matrix = dense_convolution(convolution.weight.numpy(), side, **numbers)
    with record(network, x, ["0"], engine=engine) as recording:
        y = recording.activations["0"]
        last = y.shape[-1] - 1
        seeds = torch.cat(
            [torch.randn_like(y)[None], only(torch.randn_like(y), [(0, 0), (last // 2, 0), (last, last)])]
        )
        bias = np.zeros(channels[1]) if convolution.bias is None else convolution.bias.numpy()
        for seed, found in zip(seeds, recording.pixels("0", seeds), strict=True):
            expected = zplus(x.numpy().ravel(), matrix, bias.repeat((last + 1) ** 2), seed.numpy().ravel())
            assert_near(found, torch.from_numpy(expected).reshape(3, side, side), tolerance)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("bias", [True, False])
def test_outputs_without_a_positive_part_share_by_magnitude(kernel: int, bias: bool) -> None:
    """In the composite that conserves; both forms of the denominator: 27 and 75 inputs."""
    torch.manual_seed(0)
    convolution = nn.Conv2d(3, 5, kernel, bias=bias).double().requires_grad_(False)
    x = noise(8)
    convolution.weight[:2] = -convolution.weight[:2].abs() * x.sign()[0, :, :1, :1]
    x = x.abs() * x.sign()[:, :, :1, :1]
    if bias:
        convolution.bias[:2] = -convolution.bias[:2].abs()
    network = nn.Sequential(convolution, nn.Flatten())
    matrix = dense_convolution(convolution.weight.numpy(), 8, padding=0)
    shifts = (convolution.bias.numpy() if bias else np.zeros(5)).repeat((9 - kernel) ** 2)
    with record(network, x, ["0"], CONSERVING, "exact") as recording:
        y = recording.activations["0"]
        seeds = torch.cat([torch.randn_like(y)[None], only(torch.randn_like(y), [(0, 0), (2, 1)])])
        assert (np.maximum(matrix * x.numpy().ravel(), 0).sum(1) == 0).sum() >= 2 * (9 - kernel) ** 2
        for seed, found in zip(seeds, recording.pixels("0", seeds), strict=True):
            expected = zplus_or_all(x.numpy().ravel(), matrix, shifts, seed.numpy().ravel())
            assert_near(found, torch.from_numpy(expected).reshape(3, 8, 8), 1e-9)


@pytest.mark.parametrize("width", [27, 108])
@pytest.mark.parametrize("bias", [True, False])
def test_zplus_of_a_linear_layer(width: int, bias: bool) -> None:
    torch.manual_seed(0)
    side = int((width // 3) ** 0.5)
    linear = nn.Linear(width, 7, bias).double().requires_grad_(False)
    x, seed = noise(side), torch.randn(1, 7, dtype=torch.float64)
    found = pixels(record(nn.Sequential(nn.Flatten(), linear), x, ["1"], CONSERVING, "exact"), "1", seed)
    added = linear.bias.numpy() if bias else np.zeros(7)
    expected = zplus_or_all(x.numpy().ravel(), linear.weight.numpy(), added, seed.numpy().ravel())
    assert_near(found.flatten(), torch.from_numpy(expected))


@pytest.mark.parametrize("engine", ["exact", "zennit", "fast"])
@pytest.mark.parametrize("bias", [True, False])
def test_epsilon_of_a_linear_layer(engine: str, bias: bool) -> None:
    torch.manual_seed(0)
    linear = nn.Linear(27, 7, bias).double().requires_grad_(False)
    x, seed = noise(3), torch.randn(1, 7, dtype=torch.float64)
    found = pixels(record(nn.Sequential(nn.Flatten(), linear), x, ["1"], engine=engine), "1", seed)
    added = linear.bias.numpy() if bias else np.zeros(7)
    expected = epsilon(x.numpy().ravel(), linear.weight.numpy(), added, seed.numpy().ravel())
    assert_near(found.flatten(), torch.from_numpy(expected))


@pytest.mark.parametrize("engine", REFERENCES)
@pytest.mark.parametrize(
    ("pool", "kernel", "stride", "padding"),
    [
        (nn.AvgPool2d(2), 2, 2, 0),
        (nn.AvgPool2d(3, 2, 1), 3, 2, 1),
        (nn.AvgPool2d(3, 1, 1), 3, 1, 1),
        (nn.AdaptiveAvgPool2d(1), 8, 1, 0),
    ],
    ids=["2", "3/2", "3/1", "all"],
)
def test_norm_of_average_pooling(engine: str, pool: nn.Module, kernel: int, stride: int, padding: int) -> None:
    x, network = noise(8), nn.Sequential(pool, nn.Flatten())
    weight = np.full((3, 1, kernel, kernel), 1 / kernel**2)
    matrix = dense_convolution(weight, 8, stride, padding, groups=3)
    with record(network, x, ["0"], engine=engine) as recording:
        y = recording.activations["0"]
        for seed in (torch.randn_like(y), only(torch.randn_like(y), [(0, 0)])[0]):
            expected = epsilon(x.numpy().ravel(), matrix, np.zeros(len(matrix)), seed.numpy().ravel())
            assert_near(pixels(recording, "0", seed).flatten(), torch.from_numpy(expected))


class Between(nn.Module):
    """An operation, in no module, on the outputs of two layers."""

    def __init__(self, operation: Callable[..., Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second, self.operation = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 1), operation
        self.double().eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.operation(self.first(x), self.second(x)).flatten(1)


def shares(
    operation: Callable[..., Tensor], engine: str = "exact", policy: Policy | None = None
) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """The operands of an operation, relevance of its output, and what each operand is given of it."""
    network, x = Between(operation), noise(6)
    with record(network, x, ["first", "second"], policy, engine) as recording:
        seed = torch.randn(1, len(recording.output), dtype=torch.float64)
        found = [recording.relevance(layer, seed)[0] for layer in ("first", "second")]
        return recording.activations["first"], recording.activations["second"], seed, found


@pytest.mark.parametrize("engine", [*REFERENCES, "fast"])
def test_a_sum_shares_relevance_in_proportion(engine: str) -> None:
    a, b, seed, found = shares(torch.add, engine)
    for operand, share in zip((a, b), found, strict=True):
        expected = operand.numpy() * seed.view_as(a).numpy() / stabilized((a + b).numpy())
        assert_near(share, torch.from_numpy(expected))


def test_a_conserving_sum_shares_by_magnitude() -> None:
    a, b, seed, found = shares(torch.add, policy=CONSERVING)
    for operand, share in zip((a, b), found, strict=True):
        assert_near(share, seed.view_as(a) * operand.abs() / (a.abs() + b.abs() + EPSILON))


def test_a_sum_with_itself_takes_all() -> None:
    a, _, seed, found = shares(lambda a, b: a + a + 0 * b)
    assert_near(found[0], seed.view_as(a), 1e-4)


@pytest.mark.parametrize("engine", REFERENCES)
def test_a_plain_sum_copies_relevance(engine: str) -> None:
    _, _, seed, found = shares(torch.add, engine, Policy(residual="plain"))
    for share in found:
        assert torch.equal(share.flatten(), seed[0])


class Added(nn.Module):
    """A parameter, of the signal's own shape or broadcast to it, added to a layer's output."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.place = nn.Conv2d(3, 4, 1), nn.Parameter(torch.randn(shape))
        self.double().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return (self.layer(x) + self.place).flatten(1)


@pytest.mark.parametrize("shape", [(1, 4, 5, 5), (4, 1, 1), (5,)])
def test_a_parameter_takes_its_share_of_a_sum(shape: tuple[int, ...]) -> None:
    network = Added(*shape)
    with record(network, noise(5), ["layer"], CONSERVING, "exact") as recording:
        a, seed = recording.activations["layer"], torch.randn(1, 100, dtype=torch.float64)
        expected = seed.view_as(a) * a.abs() / (a.abs() + network.place.abs() + EPSILON)
        assert_near(recording.relevance("layer", seed)[0], expected)
    with record(network, noise(5), ["layer"], None, "exact") as recording:
        assert torch.equal(recording.relevance("layer", seed).flatten(), seed[0])


@pytest.mark.parametrize("engine", REFERENCES)
@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: F.relu(a),
        lambda a, b: F.silu(a),
        lambda a, b: F.hardswish(a),
        lambda a, b: torch.sigmoid(a) / 2,
        lambda a, b: 3.0 * a * torch.sigmoid(b.mean((2, 3), keepdim=True)),
    ],
    ids=["relu", "silu", "hardswish", "sigmoid", "gate"],
)
def test_activations_factors_and_gates_pass_all_relevance(engine: str, operation: Callable[..., Tensor]) -> None:
    network = Between(operation)
    with record(network, noise(6), ["first"], engine=engine) as recording:
        seed = torch.randn(1, 144, dtype=torch.float64)
        assert torch.equal(recording.relevance("first", seed).flatten(), seed[0])


@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: F.layer_norm(a, a.shape[1:]),
        lambda a, b: F.gelu(a),
        lambda a, b: F.softplus(a),
        lambda a, b: (a - 0.3) / torch.full((4, 1, 1), 3.0, dtype=torch.float64),
        lambda a, b: a * b.cumsum(1).exp().mean((2, 3), keepdim=True),
    ],
    ids=["layer_norm", "gelu", "softplus", "standardised", "gate of what has no rule"],
)
def test_what_only_our_engine_passes(operation: Callable[..., Tensor]) -> None:
    _, b, seed, found = shares(lambda a, b: torch.cat([operation(a, b), b], 1))
    assert torch.equal(found[0].flatten(), seed[0, : b.numel()])
    assert torch.equal(found[1].flatten(), seed[0, b.numel() :])


def test_the_same_features_twice_take_both_relevances() -> None:
    a, _, seed, found = shares(lambda a, b: torch.cat([a, a, b], 1))
    first, second, _ = seed.view(3, *a.shape)
    assert_near(found[0], first + second)


@pytest.mark.parametrize("engine", REFERENCES)
def test_gem_takes_relevance_in_proportion_to_powers(engine: str) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 2, 1), GeM()).double().requires_grad_(False)
    x = torch.rand(1, 3, 4, 4, dtype=torch.float64)
    seed = torch.tensor([[1.0, 2.0]], dtype=torch.float64)
    relevance = record(network, x, ["0"], engine=engine).relevance("0", seed)[0, 0]
    powers = network[0](x)[0].clamp(min=1e-6) ** 3
    pooled = powers.mean((1, 2)) ** (1 / 3)
    rest = pooled / (pooled + EPSILON)
    expected = (seed[0] * rest)[:, None, None] * powers / powers.sum((1, 2), keepdim=True)
    torch.testing.assert_close(relevance, expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("engine", REFERENCES)
def test_a_sum_keeps_relevance_and_plain_doubles_it(engine: str) -> None:
    network = calibrated(torchvision.models.resnet18(num_classes=8), 32)
    for part in network.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.bias = nn.Parameter(torch.zeros_like(part.bias))
            part.running_mean.zero_()
    network.fc.bias.data.zero_()
    x = torch.rand(1, 3, 32, 32, dtype=torch.float64)
    seed = torch.rand(8, dtype=torch.float64)

    def total(policy: Policy) -> float:
        recording = record(network, x, ["layer1"], policy, engine)
        return float(recording.relevance("layer1", seed[None]).sum() / seed.sum())

    assert total(Policy("norm", "merge")) == pytest.approx(1, abs=1e-3)
    assert total(Policy("plain", "merge")) == pytest.approx(2**6, rel=1e-3)


@pytest.mark.parametrize("wrong", [{"residual": "half"}, {"batchnorm": "drop"}, {"composite": "flat"}])
def test_unknown_policies_are_refused(wrong: dict) -> None:
    with pytest.raises(InputError, match=next(iter(wrong.values()))):
        Policy(**wrong)


def test_the_reference_refuses_rules_that_it_does_not_have() -> None:
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Flatten()).double()
    for composite in ("conserving", "gradient"):
        with pytest.raises(InputError, match=composite):
            record(network, noise(4), [], Policy(composite=composite), "zennit")


@pytest.mark.parametrize("first", ["features", "normalised"])
def test_batchnorm_is_not_merged_where_somebody_else_reads_the_features(first: str) -> None:
    class Read(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
            self.norm.running_var.uniform_(0.1, 2), nn.init.normal_(self.norm.bias)

        def forward(self, x: Tensor) -> Tensor:
            features = self.conv(x)
            branch = 2 * features if first == "features" else None
            normalised = self.norm(features)
            return (normalised + (2 * features if branch is None else branch)).flatten(1)

    network, x = Read().double().eval().requires_grad_(False), noise(6)
    merged, passed = (both(network, x, "conv", "exact", Policy("norm", choice)) for choice in ("merge", "pass"))
    assert all(torch.equal(*pair) for pair in zip(merged, passed, strict=True))


def test_batchnorm_over_another_axis_is_not_merged() -> None:
    """A linear layer's features are on the last axis; BatchNorm's channels are the second."""

    class Tokens(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.linear, self.norm = nn.Linear(6, 6), nn.BatchNorm1d(6)
            self.norm.running_var.uniform_(0.1, 2), nn.init.uniform_(self.norm.weight)

        def forward(self, x: Tensor) -> Tensor:
            return self.norm(self.linear(x.mean(1))).flatten(1)

    network, x = Tokens().double().eval().requires_grad_(False), noise(6)
    merged, passed = (both(network, x, "linear", "exact", Policy("norm", choice)) for choice in ("merge", "pass"))
    assert all(torch.equal(*pair) for pair in zip(merged, passed, strict=True))


class Preactivated(nn.Module):
    """Two residual sums that cancel, each read by a normalisation."""

    def __init__(self, norm: Callable[[], nn.Module]) -> None:
        super().__init__()
        self.stem, self.norms = nn.Conv2d(3, 4, 1, bias=False), nn.ModuleList([norm() for _ in range(3)])
        self.branches = nn.ModuleList([nn.Conv2d(4, 4, 3, padding=1, bias=False) for _ in range(2)])

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for branch, norm in zip(self.branches, self.norms, strict=False):
            x = x + branch(norm(x).relu())
        return self.norms[-1](x).relu().mean((2, 3))


@pytest.mark.parametrize("norm", [lambda: nn.BatchNorm2d(4), lambda: nn.GroupNorm(2, 4)], ids=["batch", "group"])
def test_auto_shares_sums_that_a_normalisation_shifts_by_magnitude(norm: Callable[[], nn.Module]) -> None:
    torch.manual_seed(0)
    network = Preactivated(norm).double().eval().requires_grad_(False)
    for part in network.norms:
        part.bias.fill_(1)
    with torch.no_grad():
        for branch in network.branches:
            branch.weight[:] = 0
        network.branches[1].bias = nn.Parameter(-network.stem(x := noise(1))[0, :, 0, 0] * (1 + 1e-5))
    grown = {}
    for composite in ("auto", "epsilon-plus", "conserving"):
        with record(network, x, ["stem"], Policy(composite=composite), engine="exact") as recording:
            relevance = recording.relevance("stem", recording.output[None])
            grown[composite] = float(relevance.abs().sum() / recording.output.abs().sum())
    assert grown["epsilon-plus"] > 10
    assert grown["auto"] == pytest.approx(grown["conserving"])
    assert grown["auto"] <= 1
