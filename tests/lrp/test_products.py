"""Sums of products of two features: each takes half, by what its products add, and mixing makes `auto` conserve."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pairx.lrp import Policy, record
from pairx.lrp.engine import TapeRecording
from tests.lrp.by_hand import EPSILON, assert_near, noise

COMPOSITES = ["epsilon-plus", "conserving"]


class Two(nn.Module):
    """Two features of one photograph, (B, 16, 4) each, and what is made of them."""

    def __init__(self, mix: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.left, self.right, self.mix = nn.Linear(3, 4), nn.Linear(3, 4), mix
        self.double().eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).mT
        return self.mix(self.left(tokens), self.right(tokens)).flatten(1)


def halves(a: np.ndarray, b: np.ndarray, relevance: np.ndarray, magnitudes: bool) -> tuple[np.ndarray, np.ndarray]:
    """`R_a = a / 2 (R / y) b^T` and `R_b = b / 2 a^T (R / y)` of y = a b, or of |a| |b|."""
    if magnitudes:
        a, b = np.abs(a), np.abs(b)
    y = a @ b
    share = relevance / (y + EPSILON * np.where(y < 0, -1, 1)) / 2
    return a * (share @ b.T), b * (a.T @ share)


PRODUCTS = {
    "matmul": lambda a, b: a @ b.mT,
    "torch.matmul": lambda a, b: torch.matmul(a, other=b.mT),
    "bmm": lambda a, b: torch.bmm(a, b.mT),
    "mm": lambda a, b: torch.mm(a[0], b[0].T)[None],
    "einsum": lambda a, b: torch.einsum("bnd,bmd->bnm", a, b),
    "einsum of a list": lambda a, b: torch.einsum("bnd,bmd->bnm", [a, b]),
}


@pytest.mark.parametrize("composite", COMPOSITES)
@pytest.mark.parametrize("name", PRODUCTS)
def test_each_of_two_features_takes_half(name: str, composite: str) -> None:
    network, x = Two(PRODUCTS[name]), noise(4)
    with record(network, x, ["left", "right"], Policy(composite=composite), "exact") as recording:
        a, b = (recording.activations[layer][0].numpy() for layer in ("left", "right"))
        seeds = torch.randn(2, 256, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        found = [recording.relevance(layer, seeds)[:, 0] for layer in ("left", "right")]
    for place, seed in enumerate(seeds.view(2, 16, 16)):
        left, right = halves(a, b.T, seed.numpy(), composite == "conserving")
        assert_near(found[0][place], torch.from_numpy(left))
        assert_near(found[1][place], torch.from_numpy(right.T))
        for one in found:
            assert float(one[place].sum()) == pytest.approx(float(seed.sum()) / 2, rel=1e-3)


@pytest.mark.parametrize("composite", COMPOSITES)
def test_a_feature_times_itself_takes_both_halves(composite: str) -> None:
    network, x = Two(lambda a, _b: a.mT @ a), noise(4)  # second-order pooling
    with record(network, x, ["left"], Policy(composite=composite), "exact") as recording:
        a = recording.activations["left"][0].numpy()
        seed = torch.randn(1, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
        found = recording.relevance("left", seed)[0, 0]
    left, right = halves(a.T, a, seed.view(4, 4).numpy(), composite == "conserving")
    assert_near(found, torch.from_numpy(left.T + right))


def test_each_of_three_features_takes_a_third() -> None:
    network = Two(
        lambda a, b: torch.einsum("bnd,bnd,bne,e->bde", a, b, a + 1, torch.tensor([1.0, -2, 0.5, 3]).double())
    )
    with record(network, noise(4), ["right"], Policy(composite="conserving"), "exact") as recording:
        seed = torch.rand(1, 16, dtype=torch.float64)
        assert float(recording.relevance("right", seed).sum()) == pytest.approx(float(seed.sum()) / 3, rel=1e-4)


def linear_attention(a: Tensor, b: Tensor) -> Tensor:
    """EfficientViT's: positive queries and keys, over the sum of the keys' weights."""
    query, key, value = F.relu(a), F.relu(a.roll(1, -1)), F.pad(b, (0, 1), value=1)
    mixed = query @ (key.mT @ value)
    return mixed[..., :-1] / (mixed[..., -1:] + 1e-3)


def sigmoid_attention(a: Tensor, b: Tensor) -> Tensor:
    return torch.sigmoid(a @ a.mT) @ b


def bilinear_pooling(a: Tensor, b: Tensor) -> Tensor:
    return torch.einsum("bnd,bne->bde", F.relu(a), F.relu(b))


@pytest.mark.parametrize("mix", [linear_attention, sigmoid_attention, bilinear_pooling])
def test_mixing_without_a_softmax_conserves(mix: Callable) -> None:
    network, x = Two(mix), noise(4)
    with record(network, x, ["right"], engine="exact") as recording:
        assert isinstance(recording, TapeRecording)
        seed = recording.output**2
        account = recording.account(seed)
        right = float(recording.relevance("right", seed[None]).sum() / seed.sum())
    assert account.error < 1e-4
    wanted = {linear_attention: 0.25, sigmoid_attention: 1, bilinear_pooling: 0.5}
    assert right == pytest.approx(wanted[mix], abs=1e-3)


@pytest.mark.parametrize("mix", [linear_attention, sigmoid_attention, bilinear_pooling])
def test_single_precision_gives_the_same(mix: Callable) -> None:
    network, x = Two(mix), noise(4)
    found = {}
    for dtype in (torch.float64, torch.float32):
        with record(network.to(dtype), x.to(dtype), [], engine="exact") as recording:
            seed = recording.output.square()
            (found[dtype],) = recording.pixels("", seed[None, None])
    assert_near(found[torch.float32].double(), found[torch.float64], 1e-4)


class Mixing(nn.Module):
    """A convolution, and signals that mix each other or not."""

    def __init__(self, mix: Callable[[nn.Module, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem, self.heads, self.mix = nn.Conv2d(3, 4, 3), nn.MultiheadAttention(4, 2, batch_first=True), mix
        self.last = nn.Linear(4, 4)
        self.double().eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.stem(x).flatten(2).mT
        return self.last(self.mix(self.heads, tokens)).mean(1)


def attended(_heads: nn.Module, tokens: Tensor) -> Tensor:
    return (tokens @ tokens.mT).softmax(-1) @ tokens


def summed_up(_heads: nn.Module, tokens: Tensor) -> Tensor:
    return torch.einsum("bnm,bmc->bnc", (tokens @ tokens.mT).softmax(-1), tokens)


def selected(_heads: nn.Module, tokens: Tensor) -> Tensor:
    return tokens * tokens.mean(1, keepdim=True).softmax(-1)


@pytest.mark.parametrize(
    ("mix", "composite"),
    [
        (attended, "conserving"),
        (summed_up, "conserving"),
        (lambda _heads, tokens: F.scaled_dot_product_attention(tokens, tokens, tokens), "conserving"),
        (lambda heads, tokens: heads(tokens, tokens, tokens)[0], "conserving"),
        (lambda _heads, tokens: tokens @ torch.eye(4).double(), "epsilon-plus"),
        (lambda _heads, tokens: torch.ones(4, 4).double().softmax(-1) @ tokens[:, :4], "epsilon-plus"),
        (selected, "epsilon-plus"),
    ],
)
@pytest.mark.parametrize("pixels", [True, False])
def test_auto_conserves_where_signals_mix_each_other(mix: Callable, composite: str, pixels: bool) -> None:
    """Without layer normalisation; a softmax that only weighs channels does not count."""
    network, x = Mixing(mix), noise(6)
    found = {}
    for name in ("auto", *COMPOSITES):
        with record(network, x, ["stem"], Policy(composite=name), "exact", pixels=pixels) as recording:
            found[name] = recording.relevance("stem", recording.output[None])
    assert torch.equal(found["auto"], found[composite])
    assert not torch.equal(*(found[name] for name in COMPOSITES))
