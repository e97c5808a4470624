"""Parallel linear branches give the relevance of the one convolution that their sum is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from pairx.lrp import Policy, branches, record

CHANNELS, SIDE = 4, 9


def scrambled(module: nn.Module, seed: int = 0) -> nn.Module:
    """With random weights and statistics, in float64."""
    generator = torch.Generator().manual_seed(seed)
    module = module.double().eval()
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        if value.is_floating_point():
            random = torch.randn(value.shape, generator=generator, dtype=value.dtype)
            value.data = random.abs() + 0.5 if name.endswith("running_var") else random
    return module


def conv(kernel: int, groups: int = 1, stride: int = 1, dilation: int = 1, norm: bool = True) -> nn.Module:
    padding = kernel // 2 * dilation
    layer = nn.Conv2d(CHANNELS, CHANNELS, kernel, stride, padding, dilation, groups, bias=not norm)
    return nn.Sequential(layer, nn.BatchNorm2d(CHANNELS)) if norm else layer


class Parallel(nn.Module):
    """join(x, [part(x), …]) of some parts."""

    def __init__(self, join: Callable[[Tensor, list[Tensor]], Tensor], *parts: nn.Module) -> None:
        super().__init__()
        self.join, self.parts = join, nn.ModuleList(parts)

    def forward(self, x: Tensor) -> Tensor:
        return self.join(x, [part(x) for part in self.parts])


class Around(nn.Module):
    """What is under test between two layers and their activations, the second of which may be missing."""

    def __init__(self, inner: nn.Module, activated: bool = True) -> None:
        super().__init__()
        self.then = torch.relu if activated else nn.Identity()
        self.stem, self.inner, self.head = nn.Conv2d(3, CHANNELS, 3, padding=1), inner, nn.Conv2d(CHANNELS, 5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.then(self.inner(self.stem(x).relu()))).relu().mean((2, 3))


@torch.no_grad()
def fused(inner: nn.Module, stride: int, groups: int = 1) -> nn.Conv2d:
    """The convolution that a linear map of images is, from what it makes of single pixels."""
    reach, middle = 3, 8
    pixels = torch.zeros(CHANNELS + 1, CHANNELS, 2 * middle + 1, 2 * middle + 1, dtype=torch.float64)
    pixels[range(CHANNELS), range(CHANNELS), middle, middle] = 1
    kernel = pixels.new_zeros(CHANNELS, CHANNELS, 2 * reach + 1, 2 * reach + 1)
    for i in range(2 * reach + 1):
        for j in range(2 * reach + 1):
            moved = pixels.roll((i - reach, j - reach), (2, 3))
            answer = inner(moved)[..., middle // stride, middle // stride]
            kernel[:, :, i, j] = (answer[:-1] - answer[-1]).T
            bias = answer[-1]
    layer = nn.Conv2d(CHANNELS, CHANNELS, 2 * reach + 1, stride, reach, groups=groups).double()
    own = CHANNELS // groups
    layer.weight.data = torch.cat([kernel[g * own : (g + 1) * own, g * own : (g + 1) * own] for g in range(groups)])
    layer.bias.data = bias
    return layer.eval()


def added(x: Tensor, parts: list[Tensor]) -> Tensor:
    return sum(parts)  # begins with 0


def added_in_place(x: Tensor, parts: list[Tensor]) -> Tensor:
    y = parts[0]
    for part in parts[1:]:
        y += part
    return y


def with_itself(x: Tensor, parts: list[Tensor]) -> Tensor:
    return x + added(x, parts)


def mixer(x: Tensor, parts: list[Tensor]) -> Tensor:
    gamma = torch.tensor([0.5, -2.0, 1.5, 0.3], dtype=x.dtype).reshape(-1, 1, 1)
    return x + (parts[0] - parts[1]) * gamma


CASES = {
    "kernels of two sizes": (Parallel(added, conv(3), conv(1)), 1, 1),
    "and the identity under a BatchNorm": (Parallel(added_in_place, conv(3), conv(1), nn.BatchNorm2d(CHANNELS)), 1, 1),
    "strided": (Parallel(added, conv(3, stride=2), conv(1, stride=2)), 2, 1),
    "depthwise": (Parallel(with_itself, conv(5, CHANNELS), conv(1, CHANNELS)), 1, CHANNELS),
    "groups of two kinds": (Parallel(added, conv(3, 2), conv(3, CHANNELS), conv(1, 2, norm=False)), 1, 2),
    "dilated": (Parallel(added, conv(3, dilation=2), conv(5), conv(3, dilation=3)), 1, 1),
    "a BatchNorm after the sum": (
        nn.Sequential(
            Parallel(with_itself, conv(3, CHANNELS), conv(1, CHANNELS, norm=False)), nn.BatchNorm2d(CHANNELS)
        ),
        1,
        CHANNELS,
    ),
    "a difference under a factor": (Parallel(mixer, conv(3, CHANNELS), nn.BatchNorm2d(CHANNELS)), 1, CHANNELS),
    "only the identity beside a convolution": (Parallel(with_itself, conv(3, norm=False)), 1, 1),
}


def maps(network: nn.Module, policy: Policy, engine: str = "exact", layer: str = "stem") -> list[Tensor]:
    x = torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    with record(network, x, [layer], policy, engine) as recording:
        relevance = recording.relevance(layer, recording.output[None])
        return [recording.output, relevance, *recording.pixels(layer, relevance)]


@pytest.mark.parametrize("activated", [True, False])
@pytest.mark.parametrize("composite", ["auto", "conserving"])
@pytest.mark.parametrize("name", CASES)
def test_parallel_branches_give_the_relevance_of_their_fused_convolution(
    name: str, composite: str, activated: bool
) -> None:
    inner, stride, groups = CASES[name]
    network = scrambled(Around(inner, activated))
    other = scrambled(Around(nn.Identity(), activated))
    other.load_state_dict({key: value for key, value in network.state_dict().items() if "inner" not in key})
    other.inner = fused(network.inner, stride, groups)
    policy = Policy(composite=composite)
    for own, right in zip(maps(network, policy), maps(other, policy), strict=True):
        assert right.abs().max() > 1e-6
        torch.testing.assert_close(own, right, rtol=1e-8, atol=1e-10)


def test_a_sum_that_cancels_does_not_enlarge_relevance() -> None:
    network = scrambled(Around(Parallel(added, conv(3, norm=False), conv(3, norm=False))))
    first, second = network.inner.parts
    second.weight.data = -first.weight * 0.999
    output, relevance, *_ = maps(network, Policy())
    assert 0 < relevance.abs().sum() <= output.abs().sum() * 1.001


def test_depthwise_branches_stay_depthwise() -> None:
    x = torch.randn(1, CHANNELS, SIDE, SIDE)
    parts = [
        branches.Convolution(torch.randn(CHANNELS, 1, k, k), None, (1, 1), (k // 2, k // 2), (1, 1), CHANNELS)
        for k in (3, 1)
    ]
    whole = branches.Branches(parts)
    assert (whole.groups, tuple(whole.raw.shape)) == (CHANNELS, (CHANNELS, 1, 3, 3))
    own = whole.forward(x, whole.weight(), whole.bias())
    torch.testing.assert_close(own, sum(part.forward(x, part.weight(), None) for part in parts))


def test_a_layer_within_a_branch_still_has_relevance() -> None:
    network = scrambled(Around(Parallel(added, conv(3), conv(1))))
    _, relevance, *pixels = maps(network, Policy(composite="conserving"), layer="inner.parts.0")
    assert relevance.abs().max() > 1e-6
    assert pixels[0].abs().max() > 1e-9


def test_a_kernel_that_would_be_too_large_stays_a_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    network = scrambled(Around(Parallel(added, conv(3), conv(1))))
    fused_maps = maps(network, Policy(composite="conserving"))
    monkeypatch.setattr(branches, "MOST", 3)
    summed = maps(network, Policy(composite="conserving"))
    assert not torch.allclose(fused_maps[1], summed[1])
    torch.testing.assert_close(fused_maps[0], summed[0])


def test_changed_weights_of_any_branch_are_seen() -> None:
    network = scrambled(Around(Parallel(added, conv(3), conv(1))))
    maps(network, Policy())
    for part in network.inner.parts:
        part[0].weight.data.mul_(-1)
        own, fresh = maps(network, Policy()), maps(copied(network), Policy())
        for one, other in zip(own, fresh, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)


def copied(network: Around) -> Around:
    """A copy with tensors of its own, so that nothing that was kept of the other's is found."""
    copy = Around(Parallel(added, conv(3), conv(1))).double().eval()
    copy.load_state_dict({name: value.clone() for name, value in network.state_dict().items()})
    return copy
