"""Models and inputs whose relevance cannot be followed are refused by name; where it can, the mode does not matter."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from pairx.lrp import record
from pairx.types import InputError
from tests.lrp.by_hand import assert_near, noise


def small() -> nn.Module:
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    return nn.Sequential(*layers).eval().requires_grad_(False)


def compiled_in_place() -> nn.Module:
    network = small()
    network.compile()
    return network


class Checkpointed(nn.Module):
    """Whose `inner` is never called itself, as in timm's networks."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = small()

    def forward(self, x: Tensor) -> Tensor:
        for part in self.inner:
            x = checkpoint(part, x, use_reentrant=True)
        return x


def both_ways(network: nn.Module, x: Tensor, engine: str = "exact") -> list[Tensor]:
    with record(network, x, ["0"], engine=engine) as recording:
        relevance = recording.relevance("0", recording.output[None])
        return [relevance[0], next(recording.pixels("0", relevance))]


@pytest.mark.parametrize(
    ("network", "said"),
    [
        (lambda: torch.compile(small()), "is compiled"),
        (compiled_in_place, "is compiled"),
        (lambda: torch.jit.trace(small(), noise(8, dtype=torch.float32)), "traced"),
        (lambda: small().half(), "float16"),
        (Checkpointed, "gradient checkpointing"),
    ],
    ids=["compiled", "compiled in place", "traced", "half", "checkpointed"],
)
@pytest.mark.filterwarnings("ignore")
def test_what_cannot_be_followed_is_refused(network: Callable[[], nn.Module], said: str) -> None:
    network = network()
    dtype = next(network.parameters()).dtype
    with pytest.raises(InputError, match=said):
        record(network, noise(8, dtype=dtype), ["inner"] if said == "gradient checkpointing" else [], engine="exact")


@pytest.mark.parametrize("engine", ["exact", "fast", "zennit"])
def test_two_photographs_at_once_are_refused(engine: str) -> None:
    with pytest.raises(InputError, match="one photograph"):
        record(small(), torch.zeros(2, 3, 8, 8), ["0"], engine=engine)


def test_inference_mode_changes_nothing() -> None:
    x = noise(8, dtype=torch.float32)
    right = both_ways(small(), x)
    with torch.inference_mode():
        for own, other in zip(both_ways(small(), x.clone()), right, strict=True):
            torch.testing.assert_close(own, other, rtol=0, atol=0)


def test_bfloat16_models_are_explained_on_any_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    from pairx.lrp import operators

    x, network = noise(8, dtype=torch.float32), small()
    right = both_ways(network, x)
    monkeypatch.setattr(operators, "_of_mkldnn", lambda: (torch.float32,))
    for own, other in zip(both_ways(network.bfloat16(), x.bfloat16()), right, strict=True):
        assert_near(own.float(), other, 5e-2)
