"""Windows of relevance: the arithmetic on them, and that a map in windows is the map without."""

from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from pairx.lrp import record
from pairx.lrp.patch import Patch
from tests.lrp.by_hand import EPSILON, assert_near, build, noise, only, pixels


def window(top: int, bottom: int, left: int, right: int, seed: int = 0) -> Tensor:
    """(2, 3, 7, 9), not zero in the window only."""
    values = torch.zeros(2, 3, 7, 9)
    generator = torch.Generator().manual_seed(seed)
    values[..., top:bottom, left:right] = torch.randn(2, 3, bottom - top, right - left, generator=generator)
    return values


@pytest.mark.parametrize("edges", [(0, 7, 0, 9), (2, 5, 3, 4), (0, 1, 8, 9), (6, 7, 0, 9)])
def test_the_smallest_window_around_what_is_not_zero(edges: tuple[int, int, int, int]) -> None:
    values = window(*edges)
    patch = Patch.around(values)
    assert (patch.top, patch.bottom, patch.left, patch.right) == edges
    assert torch.equal(patch.dense(), values)
    assert torch.equal(patch.of(values), patch.values)


def test_the_window_holds_every_signal_and_channel() -> None:
    values = torch.zeros(2, 3, 7, 9)
    values[0, 2, 1, 6], values[1, 0, 4, 2] = 1, -1
    patch = Patch.around(values)
    assert (patch.top, patch.bottom, patch.left, patch.right) == (1, 5, 2, 7)
    assert torch.equal(patch.dense(), values)


def test_nothing_has_a_window_too() -> None:
    patch = Patch.around(torch.zeros(2, 3, 7, 9))
    assert patch.values.numel() == 6
    assert torch.equal(patch.dense(), torch.zeros(2, 3, 7, 9))


def test_cropping_keeps_places() -> None:
    values = window(1, 6, 2, 8)
    kept = torch.zeros_like(values)
    kept[..., 2:4, 5:8] = values[..., 2:4, 5:8]
    assert torch.equal(Patch.around(values).cropped(2, 4, 5, 8).dense(), kept)


@pytest.mark.parametrize("other", [(0, 7, 0, 9), (2, 4, 3, 5), (6, 7, 0, 1), (0, 3, 7, 9), (1, 5, 2, 6)])
def test_windows_add_up_where_they_lie(other: tuple[int, int, int, int]) -> None:
    a, b = window(1, 5, 2, 6), window(*other, seed=1)
    assert torch.equal((Patch.around(a) + Patch.around(b)).dense(), a + b)
    assert torch.equal((Patch.around(b) + Patch.around(a)).dense(), a + b)


@pytest.mark.parametrize("share", [0.0, 1e-3, 1e-2, 0.1])
def test_trimming_loses_at_most_the_share_on_each_side(share: float) -> None:
    distance = (torch.arange(41) - 20.0).abs()
    values = torch.randn(1, 4, 41, 41) * torch.exp(-(distance[:, None] + distance) / 3)
    whole = Patch.whole(values)
    trimmed = whole.trimmed(share)
    assert torch.equal(trimmed.values, trimmed.of(values))
    assert (values - trimmed.dense()).abs().sum() <= 4 * share * values.abs().sum() * (1 + 1e-6)
    assert trimmed.values.numel() < values.numel() if share else torch.equal(trimmed.dense(), values)


def test_trimming_nothing_drops_only_zeros() -> None:
    values = window(2, 5, 3, 4)
    trimmed = Patch.whole(values).trimmed(0.0)
    assert torch.equal(trimmed.dense(), values)
    assert trimmed.values.shape[-2:] == (3, 1)
    assert torch.equal(Patch.whole(torch.zeros(1, 3, 7, 9)).trimmed(0.0).dense(), torch.zeros(1, 3, 7, 9))


def test_relevance_of_a_window_is_that_of_the_whole() -> None:
    """ZPlus as autograd computes it without windows, over geometries and windows drawn at random."""
    generator = torch.Generator().manual_seed(0)

    def drawn(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=generator))

    for _ in range(100):
        groups, kernel, dilation = drawn(1, 3), (drawn(1, 5), drawn(1, 4)), (drawn(1, 2), drawn(1, 2))
        padding = tuple(drawn(0, (k - 1) * d) for k, d in zip(kernel, dilation, strict=True))
        stride, size = (drawn(1, 3), drawn(1, 3)), (drawn(9, 14), drawn(9, 14))
        convolution = nn.Conv2d(
            3, 2 * groups, kernel, stride, padding, dilation, groups if 3 % groups == 0 else 1, False
        )
        convolution = convolution.double().requires_grad_(False)
        x = torch.randn(1, 3, *size, dtype=torch.float64, generator=generator)
        parts = [x.clamp(min=0).requires_grad_(), x.clamp(max=0).requires_grad_()]
        weights = convolution.weight.clamp(min=0), convolution.weight.clamp(max=0)
        forward = partial(nn.functional.conv2d, bias=None, stride=stride, padding=padding, dilation=dilation)
        y = sum(forward(*both, groups=convolution.groups) for both in zip(parts, weights, strict=True))
        h, w = y.shape[-2:]
        seed, top, left = torch.zeros_like(y), drawn(0, h - 1), drawn(0, w - 1)
        seed[..., top : drawn(top + 1, h), left : drawn(left + 1, w)] = 1
        gradients = torch.autograd.grad(y, parts, seed / (y.detach() + EPSILON))
        expected = sum(part.detach() * gradient for part, gradient in zip(parts, gradients, strict=True))[0]
        with record(nn.Sequential(convolution, nn.Flatten()), x, ["0"], engine="exact") as recording:
            torch.testing.assert_close(pixels(recording, "0", seed), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "side", "layer"),
    [
        ("resnet18", 32, "layer1"),
        ("mobilenetv3_small_050", 64, "blocks.1"),
        ("densenet121", 64, "features.transition1"),
    ],
)
def test_maps_of_all_cells_add_up_to_the_map_of_the_whole(name: str, side: int, layer: str) -> None:
    with record(build(name, side), noise(side), [layer], engine="exact") as recording:
        relevance = recording.relevance(layer, recording.output[None])[0]
        cells = only(relevance, [(row, column) for row, column in torch.ones(relevance.shape[-2:]).nonzero().tolist()])
        (whole,) = recording.pixels(layer, relevance[None])
        parts = torch.stack(list(recording.pixels(layer, cells)))
        assert len(parts) > 10
        assert_near(parts.sum(0), whole)
        assert (parts[0] == 0).any(), "a corner cell does not see the whole image"


@pytest.mark.parametrize("pad", [(0, 1, 0, 1), (2, 3, 1, 4), (0, 2), (1, 0), (0, 0, 3, 0)])
@pytest.mark.parametrize("window", [(0, 8, 0, 9), (0, 2, 0, 2), (3, 5, 4, 7), (6, 8, 7, 9)])
def test_inside_constants_is_what_their_derivative_says(pad: tuple[int, ...], window: tuple[int, ...]) -> None:
    left, right, top, bottom = (*pad, 0, 0)[:4]
    x = torch.zeros(1, 2, 8 - top - bottom, 9 - left - right, requires_grad=True)
    whole = torch.zeros(1, 2, 8, 9)
    whole[..., slice(*window[:2]), slice(*window[2:])] = torch.randn(1, 2, window[1] - window[0], window[3] - window[2])
    (expected,) = torch.autograd.grad(torch.nn.functional.pad(x, pad), x, whole)
    for patch in (Patch.whole(whole), Patch.around(whole)):
        found = patch.inside(top, left, tuple(x.shape[-2:]))
        torch.testing.assert_close(found.dense(), expected, rtol=0, atol=0)
        assert found.values.shape == Patch.around(expected).values.shape, "no larger than it has to be"
