"""Relevance through attention and tokens: the mixing rule against its equation, and whole transformers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pairx.lrp import Policy, record
from pairx.types import InputError
from tests.lrp.by_hand import FAST, assert_near, both, build, noise, only, pixels, stabilized

CONSERVING = Policy(composite="conserving")
MASK = torch.ones(16, 16).tril().bool()
BIAS = torch.linspace(-1, 1, 256, dtype=torch.float64).view(16, 16)


def softmaxed(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return ((query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)).softmax(dim=-1) @ value


def softmaxed_with_dropout(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    weights = torch.softmax(torch.matmul(query / 2, key.mT), -1)
    return torch.matmul(F.dropout(weights, 0.5, training=False), value)


def fused(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return F.scaled_dot_product_attention(query, key, value)


class Attention(nn.Module):
    """Two heads of width 4 over 16 tokens, with no projection behind them."""

    def __init__(self, attend: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.query, self.key, self.value = nn.Linear(3, 8), nn.Linear(3, 8), nn.Linear(3, 8)
        self.attend = attend
        self.double().eval().requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        tokens = x.flatten(2).transpose(1, 2)
        heads = (part(tokens).unflatten(2, (2, 4)).transpose(1, 2) for part in (self.query, self.key, self.value))
        return self.attend(*heads).transpose(1, 2).flatten(1)


def by_hand(network: Attention, x: Tensor, seed: Tensor, added: np.ndarray | float = 0.0) -> np.ndarray:
    """`R_i = sum_j |a_ji v_i| / sum_i' |a_ji' v_i'| R_j` of the values (16, 8), each head for itself."""
    tokens = x[0].flatten(1).T.numpy()
    projected = [
        tokens @ part.weight.numpy().T + part.bias.numpy() for part in (network.query, network.key, network.value)
    ]
    relevance = np.zeros((16, 8))
    for head in (slice(0, 4), slice(4, 8)):
        query, key, value = (part[:, head] for part in projected)
        weights = np.exp(query @ key.T / 2 + added)
        weights /= weights.sum(1, keepdims=True)
        factor = seed.reshape(16, 8).numpy()[:, head] / stabilized(weights @ np.abs(value))
        relevance[:, head] = np.abs(value) * (weights.T @ factor)
    return relevance


@pytest.mark.parametrize(
    ("attend", "added"),
    [
        (softmaxed, 0),
        (softmaxed_with_dropout, 0),
        (fused, 0),
        (lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=MASK), np.where(MASK.numpy(), 0, -np.inf)),
        (lambda q, k, v: F.scaled_dot_product_attention(q, k, v, attn_mask=BIAS), BIAS.numpy()),
        (lambda q, k, v: ((q @ k.mT / 2) + BIAS).softmax(-1) @ v, BIAS.numpy()),
        (lambda q, k, v: F.scaled_dot_product_attention(q / 3, k, v, scale=1.5), 0),
    ],
    ids=["softmax", "dropout", "fused", "masked", "biased", "softmax biased", "scaled"],
)
def test_attention_is_held_constant(attend: Callable, added: np.ndarray | float) -> None:
    network, x = Attention(attend), noise(4)
    with record(network, x, ["value"], CONSERVING, "exact") as recording:
        seed = torch.randn(1, 128, dtype=torch.float64)
        found = recording.relevance("value", seed)[0, 0]
    assert_near(found, torch.from_numpy(by_hand(network, x, seed, added)))
    assert float(found.sum()) == pytest.approx(float(seed.sum()), rel=1e-4)


@pytest.mark.parametrize(
    ("mix", "matrix"),
    [
        (lambda constant, x: constant @ x, lambda constant: np.kron(constant, np.eye(6))),
        (lambda constant, x: x @ constant, lambda constant: np.kron(np.eye(6), constant.T)),
    ],
    ids=["left", "right"],
)
def test_a_product_with_a_constant_matrix(mix: Callable, matrix: Callable) -> None:
    constant = torch.randn(6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    class Mixed(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return mix(constant, x[:, 0]).flatten(1)

    x, seed = noise(6), torch.randn(1, 36, dtype=torch.float64)
    found = pixels(record(Mixed(), x, [], None, "exact"), "", seed)
    magnitude, weights = np.abs(x[0, 0].numpy().ravel()), np.abs(matrix(constant.numpy()))
    expected = magnitude * (weights.T @ (seed[0].numpy() / stabilized(weights @ magnitude)))
    assert_near(found[0].flatten(), torch.from_numpy(expected))
    assert not found[1:].any()


@pytest.mark.parametrize("engine", ["exact", "fast"])
def test_attention_that_looks_back_only_is_named(engine: str) -> None:
    network = Attention(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True))
    with pytest.raises(InputError, match="scaled_dot_product_attention"):
        record(network, noise(4), [], engine=engine)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "side", "layer", "place"),
    [
        ("vit_tiny_patch16_224", 64, "blocks.6", (3, 5)),
        ("swin_tiny_patch4_window7_224", 64, "layers.2", (3, 5)),
        ("convnext_atto", 64, "stages.1", (2, 2)),
    ],
)
def test_single_precision_and_fast_are_near(name: str, side: int, layer: str, place: tuple[int, int]) -> None:
    network, x = build(name, side), noise(side)
    exact = both(network, x, layer, "exact")
    with record(network, x, [layer], engine="exact") as recording:
        start = only(recording.activations[layer], [place])[0]
        cell = pixels(recording, layer, start)
    single = network.float()
    for engine, tolerance in (("exact", 1e-3), ("fast", FAST)):
        with record(single, x.float(), [layer], engine=engine) as recording:
            assert_near(recording.relevance(layer, recording.output[None])[0].double(), exact[0], tolerance)
            assert_near(pixels(recording, layer, exact[0].float()).double(), exact[1], tolerance)
            assert_near(pixels(recording, layer, start.float()).double(), cell, tolerance)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layer"), [("vit_tiny_patch16_224", "blocks.6"), ("swin_tiny_patch4_window7_224", "layers.2")]
)
def test_fused_attention_and_its_parts_give_the_same(name: str, layer: str) -> None:
    network = build(name, 64)
    found = both(network, noise(64), layer, "exact")
    switched = [part for part in network.modules() if hasattr(part, "fused_attn")]
    assert len(switched) == 12
    for part in switched:
        part.fused_attn = not part.fused_attn
    for ours, theirs in zip(both(network, noise(64), layer, "exact"), found, strict=True):
        assert_near(ours, theirs)


def test_heads_that_share_their_values_each_hand_relevance_to_them() -> None:
    """Multi-query attention: the shares of all heads add up."""

    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.value = nn.Identity()

        def forward(self, x: Tensor) -> Tensor:
            value = self.value(x.flatten(2).mT[:, None])
            query = torch.stack([x.flatten(2).mT * scale for scale in (0.3, -0.7)], 1)
            return fused(query, value, value).flatten(1)

    x = noise(4, seed=3)
    seed = torch.linspace(-1, 1, 96, dtype=torch.float64)[None]
    recording = record(Shared(), x, ["value"], CONSERVING, "exact")
    value = x.flatten(2).mT[0]
    expected = torch.zeros_like(value)
    for head, scale in enumerate((0.3, -0.7)):
        weights = (value * scale @ value.mT * 3**-0.5).softmax(-1)
        owed = seed.view(2, 16, 3)[head] / (weights @ value.abs() + 1e-6)
        expected += value.abs() * (weights.mT @ owed)
    assert_near(recording.relevance("value", seed)[0, 0, 0], expected, 1e-9)
