"""What the tape sees of a forward: operations without a rule, writing in place, weights that change, gradients."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pairx.lrp import Account, Policy, record, seed
from pairx.lrp.belief import error_in
from pairx.models import EmbeddingModel
from pairx.testing import smooth_noise
from pairx.types import InputError
from tests.lrp.by_hand import assert_near, both, build, noise, only, pixels

TAPES = ["exact", "fast"]


class Functional(nn.Module):
    """A forward written out between two convolutions: `operation(the second, the first's output)`."""

    def __init__(self, operation: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.last = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.operation = operation
        self.double().eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        return self.operation(self.last, self.layer(x)).flatten(1)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda last, x: torch.lgamma(x), "lgamma"),
        (lambda last, x: last(torch.lgamma(x)), "lgamma"),
        (lambda last, x: x.cumsum(1), "cumsum"),
        (lambda last, x: torch.fft.hfft(x), "hfft"),
        (lambda last, x: x.detach() + x, "detach"),
        (lambda last, x: torch.softmax(x, 1), "softmax"),
        (lambda last, x: last(x).softmax(1)[:, :2].repeat(1, 2, 1, 1) / 2, "softmax"),
        (lambda last, x: x.round(), "round"),
        (lambda last, x: x.norm(dim=1), "norm"),
        (lambda last, x: x.std(1), "std"),
        (lambda last, x: x.sum()[None, None], "sum"),
        (lambda last, x: F.conv2d(x, x[:, :, :1, :1]), "conv2d"),
        (lambda last, x: F.conv2d(x, torch.ones(3, 4, 1, 1).double(), x[0, :3, 0, 0]), "conv2d"),
        (lambda last, x: F.conv3d(x[None], torch.ones(1, 1, 2, 2, 2).double()), "conv3d"),
        (lambda last, x: torch.einsum("bchw,bchw->", x, last(x))[None, None], "einsum"),
        (lambda last, x: x @ torch.ones(6).double(), "matmul"),
        (lambda last, x: x / last(x), "quotient"),
        (lambda last, x: x.mean((2, 3), keepdim=True) / x, "quotient"),
        (lambda last, x: torch.div(x, 2, rounding_mode="floor"), "div"),
        (lambda last, x: x ** last(x), "pow"),
        (lambda last, x: F.interpolate(x[:, :, 0], scale_factor=2, mode="linear"), "interpolate"),
        (lambda last, x: F.batch_norm(x, None, None, training=True), "batch_norm"),
    ],
)
@pytest.mark.parametrize("engine", TAPES)
def test_an_operation_without_a_rule_is_named(operation, name: str, engine: str) -> None:
    with pytest.raises(InputError, match=name):
        record(Functional(operation), noise(6), ["layer"], engine=engine)


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        (lambda last, x: x.exp(), "exp"),
        (lambda last, x: torch.softmax(x, 1), "softmax"),
        (lambda last, x: F.conv2d(x, torch.ones(3, 4, 1, 1).double()), "conv2d"),
        (lambda last, x: F.layer_norm(x, x.shape[1:]), "layer_norm"),
        (lambda last, x: x * x, "product"),
    ],
)
def test_the_reference_names_it_too(operation, name: str) -> None:
    with pytest.raises(InputError, match=name):
        record(Functional(operation), noise(6), ["layer"], engine="zennit")


@pytest.mark.parametrize("engine", TAPES)
def test_what_relevance_never_reaches_needs_no_rule(engine: str) -> None:
    """Inside a gate."""
    plain = Functional(lambda last, x: 2 * last(x))
    gated = Functional(lambda last, x: last(x) * torch.lgamma(x.cumsum(2)).mean((2, 3), keepdim=True))
    seed = torch.randn(1, 144, dtype=torch.float64)
    found = [record(one, noise(6), ["layer"], engine=engine).relevance("layer", seed) for one in (plain, gated)]
    assert torch.equal(*found)


def added(last: nn.Module, x: Tensor) -> Tensor:
    y = last(x)
    y += x
    return y


def scaled(last: nn.Module, x: Tensor) -> Tensor:
    y = last(x)
    y *= x.mean((2, 3), keepdim=True)
    y /= 3
    return y


def result_ignored(last: nn.Module, x: Tensor) -> Tensor:
    y = last(x)
    F.relu(y, inplace=True)
    return y


def sum_ignored(last: nn.Module, x: Tensor) -> Tensor:
    y = last(x)
    y.add_(x)
    return y


def scaled_sum_ignored(last: nn.Module, x: Tensor) -> Tensor:
    y = last(x)
    y.add_(x, alpha=0.5)
    return y


def raised(last: nn.Module, x: Tensor) -> Tensor:
    """Read by others before it is written over, and after."""
    y = last(x)
    y.abs_()
    y **= 2
    kept = y * x.sigmoid()
    y += kept
    return y


def clamped(last: nn.Module, x: Tensor) -> Tensor:
    y = last(x)
    y.clamp_(min=0)
    return y


@pytest.mark.parametrize(
    ("in_place", "out_of_place"),
    [
        (added, lambda last, x: last(x) + x),
        (scaled, lambda last, x: last(x) * x.mean((2, 3), keepdim=True) / 3),
        (lambda last, x: last(x).add_(x), lambda last, x: last(x) + x),
        (lambda last, x: last(x).mul_(2).div_(3), lambda last, x: last(x) * 2 / 3),
        (lambda last, x: last(F.relu(x, inplace=True)), lambda last, x: last(F.relu(x))),
        (lambda last, x: last(F.relu(x, True)), lambda last, x: last(F.relu(x))),
        (lambda last, x: last(torch.relu_(x)), lambda last, x: last(F.relu(x))),
        (lambda last, x: last(x.relu_()), lambda last, x: last(F.relu(x))),
        (lambda last, x: last(F.silu(x, inplace=True)), lambda last, x: last(F.silu(x))),
        (lambda last, x: last(F.hardswish(x, inplace=True)), lambda last, x: last(F.hardswish(x))),
        (lambda last, x: F.relu(added(last, x), inplace=True), lambda last, x: F.relu(last(x) + x)),
        (result_ignored, lambda last, x: F.relu(last(x))),
        (sum_ignored, lambda last, x: last(x) + x),
        (scaled_sum_ignored, lambda last, x: torch.add(last(x), x, alpha=0.5)),
        (scaled_sum_ignored, lambda last, x: last(x) + 0.5 * x),
        (clamped, lambda last, x: last(x).clamp(min=0)),
        (raised, lambda last, x: last(x).abs() ** 2 + last(x).abs() ** 2 * x.sigmoid()),
        (lambda last, x: last(F.leaky_relu_(x)), lambda last, x: last(F.leaky_relu(x))),
    ],
)
@pytest.mark.parametrize("engine", TAPES)
def test_writing_in_place_gives_what_new_memory_gives(in_place, out_of_place, engine: str) -> None:
    network = Functional(in_place)
    output = network(noise(6))
    with record(network, noise(6), ["layer"], engine=engine) as recording:
        torch.testing.assert_close(recording.output, output[0], rtol=1e-12, atol=1e-12)
    found, expected = (both(one, noise(6), "layer", engine) for one in (network, Functional(out_of_place)))
    for ours, theirs in zip(found, expected, strict=True):
        assert_near(ours, theirs, 1e-12)


def through_a_view(last: nn.Module, x: Tensor) -> Tensor:
    y = last(x)
    half = y[:, :2]
    half += x[:, :2]
    return y


def through_another_shape(last: nn.Module, x: Tensor) -> Tensor:
    y = last(x)
    y.view(1, 4, 36).mul_(2)
    return y


def into_a_constant(last: nn.Module, x: Tensor) -> Tensor:
    y, buffer = last(x), torch.zeros_like(last.weight[0, 0, 0, 0]).repeat(1, 4, 6, 6)
    buffer.add_(x)
    return y + buffer


def by_index(last: nn.Module, x: Tensor) -> Tensor:
    y, buffer = last(x), torch.zeros(1, 4, 6, 6, dtype=torch.float64)
    buffer[:, :2] = x[:, :2]
    return y + buffer


@pytest.mark.parametrize(
    "forward",
    [
        through_a_view,
        through_another_shape,
        into_a_constant,
        by_index,
    ],
)
@pytest.mark.parametrize("engine", TAPES)
def test_who_reads_what_was_written_over_is_refused(forward, engine: str) -> None:
    with pytest.raises(InputError):
        record(Functional(forward), noise(6), ["layer"], engine=engine)


@pytest.mark.parametrize("engine", TAPES)
def test_a_layer_keeps_its_output_where_the_model_writes_over_it(engine: str) -> None:
    """Its activation and its relevance are of what it gave, not of what was made of it."""
    networks = Functional(lambda last, x: F.relu(x, inplace=True)), Functional(lambda last, x: F.relu(x))
    written, kept = (record(network, noise(6), ["layer"], engine=engine) for network in networks)
    assert float(kept.activations["layer"].min()) < 0
    assert torch.equal(written.activations["layer"], kept.activations["layer"])
    seed = torch.randn(1, 144, dtype=torch.float64)
    assert torch.equal(written.relevance("layer", seed), kept.relevance("layer", seed))


@pytest.mark.parametrize("output", [lambda x: (x, 1), lambda x: [x], lambda x: {"embedding": x}])
def test_a_model_that_gives_more_than_its_embedding_is_told_so(output: Callable) -> None:
    class Several(nn.Flatten):
        def forward(self, x: Tensor) -> object:
            return output(super().forward(x))

    with pytest.raises(InputError, match=f"The model gives a {type(output(0)).__name__}, not one tensor"):
        record(Several(), noise(4), [], engine="exact")


@pytest.mark.parametrize("engine", TAPES)
@pytest.mark.parametrize("shape", [(1, -1), (1, 4, 36), (1, 2, 2, 6, 6), (1, -1, 12)])
def test_a_view_is_possible_wherever_the_model_has_it(shape: tuple[int, ...], engine: str) -> None:
    """However the engine lays features out in memory."""
    networks = Functional(lambda last, x: last(x).view(*shape)), Functional(lambda last, x: last(x).reshape(shape))
    viewed, reshaped = (both(network.float(), noise(6).float(), "layer", engine) for network in networks)
    for ours, theirs in zip(viewed, reshaped, strict=True):
        assert_near(ours, theirs, 1e-6)


@pytest.mark.parametrize("engine", TAPES)
def test_arguments_by_name_are_the_same_operation(engine: str) -> None:
    networks = (
        Functional(lambda last, x: torch.mul(torch.add(x, other=last(x)), other=2.0)),
        Functional(lambda last, x: (x + last(x)) * 2.0),
    )
    named, plain = (both(network, noise(6), "layer", engine) for network in networks)
    assert all(torch.equal(*pair) for pair in zip(named, plain, strict=True))


def changed_weight(network: nn.Sequential) -> None:
    network[0].weight.mul_(torch.linspace(-1, 2, network[0].weight.numel()).view_as(network[0].weight))


def changed_statistics(network: nn.Sequential) -> None:
    network[1].running_var.add_(torch.rand(8))


def changed_shift(network: nn.Sequential) -> None:
    network[1].bias.add_(torch.rand(8))


def new_statistics(network: nn.Sequential) -> None:
    network[1].running_mean, network[1].running_var = torch.rand(8), 1 + torch.rand(8)


def loaded(network: nn.Sequential) -> None:
    network.load_state_dict({name: value + 1 for name, value in network.state_dict().items()})


def other_dtype(network: nn.Sequential) -> None:
    network.double().float()


@pytest.mark.parametrize(
    "change", [changed_weight, changed_statistics, changed_shift, new_statistics, loaded, other_dtype]
)
@pytest.mark.parametrize("batchnorm", ["merge", "pass"])
@pytest.mark.parametrize("engine", [*TAPES, "zennit"])
def test_a_changed_model_is_propagated_as_it_is_now(change: Callable, batchnorm: str, engine: str) -> None:
    torch.manual_seed(0)
    parts = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 4, 3), nn.Flatten()
    network, x, policy = nn.Sequential(*parts).eval().requires_grad_(False), noise(6).float(), Policy("norm", batchnorm)
    before = both(network, x, "2", engine, policy)
    with torch.no_grad():
        change(network)
    found = both(network, x, "2", engine, policy)
    expected = both(copy.deepcopy(network), x, "2", engine, policy)
    assert all(torch.equal(*pair) for pair in zip(found, expected, strict=True))
    if change is changed_weight:
        assert not torch.equal(found[1], before[1])


@pytest.mark.parametrize(
    ("name", "side", "layer"), [("resnet18", 32, "layer3"), ("vit_tiny_patch16_224", 32, "blocks.6")]
)
def test_the_gradient_composite_is_autograd(name: str, side: int, layer: str) -> None:
    network, x = build(name, side), noise(side).requires_grad_()
    outputs: list[Tensor] = []
    handle = network.get_submodule(layer).register_forward_hook(lambda _m, _i, output: outputs.append(output))
    y = network(x)
    handle.remove()
    seeds = torch.randn(2, y.shape[1], dtype=torch.float64)
    with record(network, x.detach(), [layer], Policy(composite="gradient"), "exact") as recording:
        found = recording.relevance(layer, seeds)
        for seed, relevance in zip(seeds, found, strict=True):
            (at_layer,) = torch.autograd.grad(y, outputs[0], seed[None], retain_graph=True)
            assert_near(relevance, at_layer)
        for start in (found[0], only(found[0], [(1, 1)])[0]):
            (at_pixels,) = torch.autograd.grad(outputs[0], x, start, retain_graph=True)
            assert_near(pixels(recording, layer, start), at_pixels[0])


def test_narrowed_recordings_hold_less_and_say_the_same(lite0: EmbeddingModel) -> None:
    x = lite0.preprocessing(smooth_noise(0))[None]
    paths = [lite0.path(layer) for layer in ("blocks.5", "blocks.3")]
    with record(lite0.module, x, paths) as recording:
        start = seed(recording.output, recording.output.flip(0))[None]
        before, held = [recording.relevance(path, start) for path in paths], recording.memory
        recording.narrow(paths)
        assert recording.memory < held / 2
        for path, expected in zip(paths, before, strict=True):
            assert torch.equal(recording.relevance(path, start), expected)


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_the_last_relevance_of_a_layer_frees_its_way_and_is_the_same(lite0: EmbeddingModel, engine: str) -> None:
    x, path, account = lite0.preprocessing(smooth_noise(0))[None], lite0.path("blocks.3"), Account()
    whole, freed = (record(lite0.module, x, [path], engine=engine) for _ in (0, 1))
    with whole, freed:
        start = seed(whole.output, whole.output.flip(0))
        found = freed.relevance(path, start[None], account, last=True)
        assert torch.equal(found, whole.relevance(path, start[None]))
        assert error_in(account) == pytest.approx(error_in(whole.account(start, path)))
        with pytest.raises(InputError, match="No relevance flows"):
            freed.relevance(path, start[None])
        whole.keep([path])
        assert freed.memory < 1.1 * whole.memory
        assert torch.equal(pixels(freed, path, found[0]), pixels(whole, path, found[0]))


class Bypassed(nn.Module):
    """A layer beside which the photograph's features go on, too; a BatchNorm to fold on either side of it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first, self.layer, self.last = (nn.Conv2d(i, 4, 3, padding=1) for i in (3, 4, 4))
        self.norms = nn.ModuleList(nn.BatchNorm2d(4) for _ in range(3))
        self.eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norms[0](self.first(x)), inplace=True)
        inside = F.silu(self.norms[1](self.layer(x)))
        return self.norms[2](self.last(inside + x)).mean((2, 3))


@pytest.mark.parametrize("engine", TAPES)
@pytest.mark.parametrize(
    ("network", "layers"),
    [("bypassed", ["layer"]), ("bypassed", ["norms.1", "first"]), ("lite0", ["blocks.4", "blocks.3"])],
)
def test_without_pixels_the_layers_get_the_same_and_memory_is_free(network, layers, engine, request) -> None:
    if network == "lite0":
        model = request.getfixturevalue("lite0")
        module, layers = model.module, [model.path(layer) for layer in layers]
        x = model.preprocessing(smooth_noise(0))[None]
    else:
        module, x = Bypassed(), noise(9).float()
    whole, part = (record(module, x, layers, engine=engine, pixels=pixels) for pixels in (True, False))
    assert torch.equal(part.output, whole.output)
    chosen = seed(whole.output, whole.output.flip(0))[None]
    for layer in layers:
        found, expected = (one.relevance(layer, chosen) for one in (part, whole))
        assert_near(found, expected)
    assert part.memory < whole.memory
    with pytest.raises(InputError, match="keeps no way to the pixels"):
        next(part.pixels(layers[0], torch.ones_like(found)))


@pytest.mark.parametrize("inplace", [True, False])
def test_an_activation_in_place_leaves_the_values_that_rules_keep(inplace: bool) -> None:
    """Wide convolutions of both signs take their denominators from the forward's output."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 64, 1), nn.Conv2d(64, 6, 1), nn.BatchNorm2d(6), nn.SiLU(), nn.Flatten()]
    network = nn.Sequential(*layers).double().eval().requires_grad_(False)
    x, seed = torch.randn(1, 3, 4, 4, dtype=torch.float64), torch.linspace(-1, 1, 96, dtype=torch.float64)
    with record(network, x, ["0"], engine="exact") as recording:
        right = recording.relevance("0", seed[None])
    network[3].inplace = inplace
    with record(network, x, ["0"], engine="exact") as recording:
        torch.testing.assert_close(recording.relevance("0", seed[None]), right, rtol=0, atol=0)
